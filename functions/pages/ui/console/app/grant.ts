// Tokens, and for whom and how they were granted.

export const ROLES = ["Owner", "Manager", "Viewer"] as const;
export type Role = (typeof ROLES)[number];

/** For whom a demo system grants a token. */
export interface Identity {
  team?: string;
  role: Role;
  userId?: number;
  firstName?: string;
  lastName?: string;
  email?: string;
}

/** A token, and what the next one is requested with. */
export interface Grant {
  token: string;
  refresh?: string;
  identity?: Identity;
  /** The ID token that ends the issuer's session, where the API takes another token. */
  idToken?: string;
}
