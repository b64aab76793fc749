// What the deployment says to its pages.

/** How people sign in here; what is absent is not offered. */
interface SignIn {
  /** Where tokens can be had for the asking, of a system that is for trying out. */
  tokens?: string;
  issuer?: string;
  audience?: string;
  clientId?: string;
  /** Cognito's API, where its pool is the issuer. */
  cognito?: string;
}

export const signIn: SignIn = JSON.parse(
  document.querySelector<HTMLMetaElement>('meta[name="sign-in"]')?.content || "{}",
);
