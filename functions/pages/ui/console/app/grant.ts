// Types for sign-in: the grant (a token, with the refresh token or demo identity that gets the next one), the roles of
// users, and the demo identity.

export const USER_ROLES = ["Owner", "Manager", "Viewer"] as const;
export type UserRole = (typeof USER_ROLES)[number];

/** The identity in a request for a demo token. */
export interface DemoIdentity {
  team?: string;
  role: UserRole;
  userId?: number;
  firstName?: string;
  lastName?: string;
  email?: string;
}

/** A token, and the refresh token or identity for requesting the next one. */
export interface TokenGrant {
  token: string;
  refresh?: string;
  identity?: DemoIdentity;
  /**
   * The ID token, which is sent to the issuer when the user signs out. Set only if `token` is an access token and the
   * issuer also returned an ID token. Without it, `token` is sent.
   */
  idToken?: string;
}
