// The configuration that the deployment puts into its HTML pages.

/** Sign-in methods of the deployment. A method without its properties is not offered. */
interface SignInConfiguration {
  /** URL of the demo system's token endpoint, which grants a token to anyone. */
  tokens?: string;
  issuer?: string;
  audience?: string;
  clientId?: string;
  /** URL of Cognito's API, if the issuer is a Cognito user pool. */
  cognito?: string;
}

export const signInConfiguration: SignInConfiguration = JSON.parse(
  document.querySelector<HTMLMetaElement>('meta[name="sign-in"]')?.content || "{}",
);
