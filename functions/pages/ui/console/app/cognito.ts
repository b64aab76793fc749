// Sign-in with Cognito's API, for deployments with their own user pool.

import { signInConfiguration } from "./configuration";
import { fetchFromIssuer } from "./connection";
import type { TokenGrant } from "./grant";

/** A challenge that must be answered before Cognito grants a token. */
export interface SignInChallenge {
  name: "NEW_PASSWORD_REQUIRED" | "SOFTWARE_TOKEN_MFA";
  username: string;
  session: string;
}

interface CognitoAuthResponse {
  AuthenticationResult?: { IdToken: string; RefreshToken?: string };
  ChallengeName?: string;
  ChallengeParameters?: { USER_ID_FOR_SRP?: string };
  Session?: string;
}

/** The e-mail address or the password is wrong. Cognito does not say which, so that nobody can probe for accounts. */
export class WrongCredentialsError extends Error {
  constructor() {
    super("The address and the password do not belong together.");
  }
}

const COGNITO_ERROR_MESSAGES: Record<string, string> = {
  PasswordResetRequiredException: "The password was reset. Choose a new one with “Forgot the password”.",
  CodeMismatchException: "The code is wrong.",
  ExpiredCodeException: "The code has expired. Go back and have another sent.",
  LimitExceededException: "Too many attempts. Try again in a while.",
  TooManyRequestsException: "Too many attempts. Try again in a while.",
};

async function callCognito(action: string, body: object): Promise<CognitoAuthResponse> {
  const cognitoHttpResponse = await fetchFromIssuer(signInConfiguration.cognito ?? "", {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.1",
      "x-amz-target": `AWSCognitoIdentityProviderService.${action}`,
    },
    body: JSON.stringify({ ClientId: signInConfiguration.clientId, ...body }),
  });
  const cognitoResponseText = await cognitoHttpResponse.text();
  const cognitoResponseBody = cognitoResponseText ? JSON.parse(cognitoResponseText) : {};
  if (cognitoHttpResponse.ok) return cognitoResponseBody;
  const cognitoErrorType = String(cognitoResponseBody.__type ?? "").replace(/^.*#/, "");
  if (cognitoErrorType === "NotAuthorizedException" || cognitoErrorType === "UserNotFoundException")
    throw new WrongCredentialsError();
  throw new Error(
    COGNITO_ERROR_MESSAGES[cognitoErrorType] ??
      cognitoResponseBody.message ??
      `Cognito answered ${cognitoHttpResponse.status}.`,
  );
}

function parseGrantOrChallenge(
  authResponse: CognitoAuthResponse,
  username: string,
  previousRefreshToken?: string,
): TokenGrant | SignInChallenge {
  const authenticationResult = authResponse.AuthenticationResult;
  if (authenticationResult) {
    const refreshToken = authenticationResult.RefreshToken ?? previousRefreshToken;
    return refreshToken
      ? { token: authenticationResult.IdToken, refresh: refreshToken }
      : { token: authenticationResult.IdToken };
  }
  const challengeName = authResponse.ChallengeName;
  if (challengeName !== "NEW_PASSWORD_REQUIRED" && challengeName !== "SOFTWARE_TOKEN_MFA") {
    throw new Error(`This page cannot answer ${challengeName}.`);
  }
  return {
    name: challengeName,
    username: authResponse.ChallengeParameters?.USER_ID_FOR_SRP ?? username,
    session: authResponse.Session ?? "",
  };
}

export async function signInWithPassword(username: string, password: string): Promise<TokenGrant | SignInChallenge> {
  const AuthParameters = { USERNAME: username, PASSWORD: password };
  return parseGrantOrChallenge(
    await callCognito("InitiateAuth", { AuthFlow: "USER_PASSWORD_AUTH", AuthParameters }),
    username,
  );
}

/** Answers a challenge with the new password, or with the code from an authenticator app. */
export async function respondToChallenge(
  { name, username, session }: SignInChallenge,
  passwordOrCode: string,
): Promise<TokenGrant | SignInChallenge> {
  const challengeAnswerFieldName = name === "NEW_PASSWORD_REQUIRED" ? "NEW_PASSWORD" : "SOFTWARE_TOKEN_MFA_CODE";
  const ChallengeResponses = { USERNAME: username, [challengeAnswerFieldName]: passwordOrCode };
  const challengeAnswerBody = { ChallengeName: name, Session: session, ChallengeResponses };
  return parseGrantOrChallenge(await callCognito("RespondToAuthChallenge", challengeAnswerBody), username);
}

/** Requests an e-mail with a code for setting a new password. */
export async function requestPasswordResetCode(username: string): Promise<void> {
  await callCognito("ForgotPassword", { Username: username });
}

export async function resetPassword(username: string, code: string, password: string): Promise<void> {
  await callCognito("ConfirmForgotPassword", { Username: username, ConfirmationCode: code, Password: password });
}

export async function renewTokenGrant(refreshToken: string): Promise<TokenGrant> {
  const AuthParameters = { REFRESH_TOKEN: refreshToken };
  const renewedGrant = parseGrantOrChallenge(
    await callCognito("InitiateAuth", { AuthFlow: "REFRESH_TOKEN_AUTH", AuthParameters }),
    "",
    refreshToken,
  );
  if ("name" in renewedGrant) throw new Error("Cognito asks for more than the refresh token.");
  return renewedGrant;
}

export async function revokeRefreshToken(refreshToken: string): Promise<void> {
  await callCognito("RevokeToken", { Token: refreshToken });
}
