// Sign-in with Cognito's API, for deployments with their own user pool.

import { signIn } from "./configuration";
import { fetchFromIssuer } from "./connection";
import type { Grant } from "./grant";

/** A challenge that must be answered before Cognito grants a token. */
export interface Challenge {
  name: "NEW_PASSWORD_REQUIRED" | "SOFTWARE_TOKEN_MFA";
  username: string;
  session: string;
}

interface Answer {
  AuthenticationResult?: { IdToken: string; RefreshToken?: string };
  ChallengeName?: string;
  ChallengeParameters?: { USER_ID_FOR_SRP?: string };
  Session?: string;
}

/** The e-mail address or the password is wrong. Cognito does not say which, so that nobody can probe for accounts. */
export class WrongCredentials extends Error {
  constructor() {
    super("The address and the password do not belong together.");
  }
}

const MESSAGES: Record<string, string> = {
  PasswordResetRequiredException: "The password was reset. Choose a new one with “Forgot the password”.",
  CodeMismatchException: "The code is wrong.",
  ExpiredCodeException: "The code has expired. Go back and have another sent.",
  LimitExceededException: "Too many attempts. Try again in a while.",
  TooManyRequestsException: "Too many attempts. Try again in a while.",
};

async function call(action: string, body: object): Promise<Answer> {
  const response = await fetchFromIssuer(signIn.cognito ?? "", {
    method: "POST",
    headers: {
      "content-type": "application/x-amz-json-1.1",
      "x-amz-target": `AWSCognitoIdentityProviderService.${action}`,
    },
    body: JSON.stringify({ ClientId: signIn.clientId, ...body }),
  });
  const text = await response.text();
  const answer = text ? JSON.parse(text) : {};
  if (response.ok) return answer;
  const kind = String(answer.__type ?? "").replace(/^.*#/, "");
  if (kind === "NotAuthorizedException" || kind === "UserNotFoundException") throw new WrongCredentials();
  throw new Error(MESSAGES[kind] ?? answer.message ?? `Cognito answered ${response.status}.`);
}

function grantOrChallenge(answer: Answer, username: string, refresh?: string): Grant | Challenge {
  const result = answer.AuthenticationResult;
  if (result) {
    const next = result.RefreshToken ?? refresh;
    return next ? { token: result.IdToken, refresh: next } : { token: result.IdToken };
  }
  const name = answer.ChallengeName;
  if (name !== "NEW_PASSWORD_REQUIRED" && name !== "SOFTWARE_TOKEN_MFA") {
    throw new Error(`This page cannot answer ${name}.`);
  }
  return { name, username: answer.ChallengeParameters?.USER_ID_FOR_SRP ?? username, session: answer.Session ?? "" };
}

export async function start(username: string, password: string): Promise<Grant | Challenge> {
  const AuthParameters = { USERNAME: username, PASSWORD: password };
  return grantOrChallenge(await call("InitiateAuth", { AuthFlow: "USER_PASSWORD_AUTH", AuthParameters }), username);
}

/** Answers a challenge with the new password, or with the code from an authenticator app. */
export async function respond({ name, username, session }: Challenge, answer: string): Promise<Grant | Challenge> {
  const field = name === "NEW_PASSWORD_REQUIRED" ? "NEW_PASSWORD" : "SOFTWARE_TOKEN_MFA_CODE";
  const ChallengeResponses = { USERNAME: username, [field]: answer };
  const body = { ChallengeName: name, Session: session, ChallengeResponses };
  return grantOrChallenge(await call("RespondToAuthChallenge", body), username);
}

/** Requests an e-mail with a code for setting a new password. */
export async function forgot(username: string): Promise<void> {
  await call("ForgotPassword", { Username: username });
}

export async function reset(username: string, code: string, password: string): Promise<void> {
  await call("ConfirmForgotPassword", { Username: username, ConfirmationCode: code, Password: password });
}

export async function refresh(refreshToken: string): Promise<Grant> {
  const AuthParameters = { REFRESH_TOKEN: refreshToken };
  const renewed = grantOrChallenge(
    await call("InitiateAuth", { AuthFlow: "REFRESH_TOKEN_AUTH", AuthParameters }),
    "",
    refreshToken,
  );
  if ("name" in renewed) throw new Error("Cognito asks for more than the refresh token.");
  return renewed;
}

export async function revoke(refreshToken: string): Promise<void> {
  await call("RevokeToken", { Token: refreshToken });
}
