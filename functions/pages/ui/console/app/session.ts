// The session of the signed-in user. Tokens are stored only in session storage, which ends with the tab. A new tab receives
// them from another tab, so that a lead can be opened in a new tab.

import { signal } from "@preact/signals";
import * as cognito from "./cognito";
import { signInConfiguration } from "./configuration";
import { fetchFromIssuer, UnreachableError } from "./connection";
import { type DemoIdentity, type TokenGrant, USER_ROLES, type UserRole } from "./grant";
import * as oidc from "./oidc";
import { replaceUrl } from "./route";

export interface User {
  id: number;
  name: string;
  email: string;
  team: string;
  role: UserRole;
}

export type SessionState =
  | { is: "out" }
  /** The token was rejected and could not be renewed: the user signs in again in a dialog over the current screen. */
  | { is: "lost"; user: User }
  | { is: "in"; user: User };

const GRANT_STORAGE_KEY = "session";
/** How long a new tab waits for the grant of another tab. */
const OTHER_TAB_GRANT_TIMEOUT_MS = 1000;
/** A token that expires sooner than this is renewed before a request. */
const MIN_TOKEN_VALIDITY_SECONDS = 30;

interface TokenClaims {
  exp?: number;
  email?: string;
  given_name?: string;
  family_name?: string;
  [claim: `custom:${string}`]: string | undefined;
}

function parseTokenClaims(token: string): TokenClaims {
  const base64Payload = (token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
  const payloadBytes = Uint8Array.from(atob(base64Payload), (char) => char.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(payloadBytes));
}

/** Returns the user that a token names, for display only. The API decides what a user may do. */
function parseUserFromToken(token: string): User {
  const tokenClaims = parseTokenClaims(token);
  const userRole = USER_ROLES.find((role) => role === tokenClaims["custom:team_role"]);
  const id = Number(tokenClaims["custom:user_id"]);
  if (!userRole || !tokenClaims["custom:team_id"] || !(id > 0)) {
    throw new Error("The token names no team, no role or no user of this API.");
  }
  const userName = [tokenClaims.given_name, tokenClaims.family_name].filter(Boolean).join(" ");
  return {
    id,
    name: userName || (tokenClaims.email ?? "You"),
    email: tokenClaims.email ?? "",
    team: tokenClaims["custom:team_id"],
    role: userRole,
  };
}

let currentGrant: TokenGrant | undefined;
/** State of the session. Only this file writes this signal. */
export const sessionStateSignal = signal<SessionState>({ is: "out" });
let pendingRenewalPromise: Promise<string> | undefined;
/** Resolvers of requests that wait until the user has signed in again. */
let waitingResolvers: ((token: string) => void)[] = [];

/** Messages between tabs: a new tab asks for a grant, a user signed in, a user signed out. */
type CrossTabMessage = { is: "new" } | { is: "entered"; grant: TokenGrant } | { is: "left"; user: User };
const crossTabChannel = new BroadcastChannel("session");
const sendMessageToOtherTabs = (message: CrossTabMessage): void => crossTabChannel.postMessage(message);
let mayAdoptGrantOfOtherTab = false;

const isSameUser = (one: User, other: User): boolean => one.team === other.team && one.id === other.id;

crossTabChannel.onmessage = ({ data }: MessageEvent<CrossTabMessage>) => {
  const sessionState = sessionStateSignal.peek();
  const currentUser = sessionState.is === "out" ? undefined : sessionState.user;
  if (data.is === "new") {
    if (currentGrant && sessionState.is === "in") sendMessageToOtherTabs({ is: "entered", grant: currentGrant });
  } else if (data.is === "left") {
    if (currentUser && isSameUser(currentUser, data.user)) clearSession();
  } else if (currentUser ? isSameUser(currentUser, parseUserFromToken(data.grant.token)) : mayAdoptGrantOfOtherTab) {
    adoptGrant(data.grant);
  }
};

export const getSessionState = (): SessionState => sessionStateSignal.peek();

/** Restores the session of this tab after a reload, or asks other tabs for their grant. */
export function restoreSession(): void {
  try {
    const storedGrantJson = sessionStorage.getItem(GRANT_STORAGE_KEY);
    if (storedGrantJson) {
      adoptGrant(JSON.parse(storedGrantJson) as TokenGrant);
      return;
    }
  } catch {
    sessionStorage.removeItem(GRANT_STORAGE_KEY);
  }
  mayAdoptGrantOfOtherTab = true;
  sendMessageToOtherTabs({ is: "new" });
  setTimeout(() => {
    mayAdoptGrantOfOtherTab = false;
  }, OTHER_TAB_GRANT_TIMEOUT_MS);
}

/** Starts a session in this tab, and in other tabs of the same user. */
export function startSession(newGrant: TokenGrant): void {
  adoptGrant(newGrant);
  sendMessageToOtherTabs({ is: "entered", grant: newGrant });
}

/** Adopts a grant. If the grant belongs to another user, the page is reloaded to remove the previous user's data. */
function adoptGrant(newGrant: TokenGrant): void {
  const userOfGrant = parseUserFromToken(newGrant.token);
  const sessionState = sessionStateSignal.peek();
  const previousUser = sessionState.is === "out" ? undefined : sessionState.user;
  currentGrant = newGrant;
  sessionStorage.setItem(GRANT_STORAGE_KEY, JSON.stringify(newGrant));
  if (previousUser && !isSameUser(previousUser, userOfGrant)) {
    location.reload();
    return;
  }
  sessionStateSignal.value = { is: "in", user: userOfGrant };
  for (const resolveWaitingRequest of waitingResolvers) resolveWaitingRequest(newGrant.token);
  waitingResolvers = [];
}

/** Requests a token from the demo system's token endpoint. */
export async function requestDemoTokenGrant(identity: DemoIdentity): Promise<TokenGrant> {
  const demoTokenRequestHeaders = { "content-type": "application/json" };
  const demoTokenResponse = await fetchFromIssuer(signInConfiguration.tokens ?? "", {
    method: "POST",
    headers: demoTokenRequestHeaders,
    body: JSON.stringify(identity),
  });
  if (!demoTokenResponse.ok) throw new Error(`The demo system gave no token (${demoTokenResponse.status}).`);
  const { token } = (await demoTokenResponse.json()) as { token: string };
  return { token, identity };
}

async function requestRenewedGrant(): Promise<TokenGrant> {
  if (currentGrant?.identity) return requestDemoTokenGrant(currentGrant.identity);
  if (currentGrant?.refresh && signInConfiguration.cognito) return cognito.renewTokenGrant(currentGrant.refresh);
  if (currentGrant?.refresh) return oidc.renewTokenGrant(currentGrant.refresh);
  throw new Error("The session has no refresh token.");
}

/** Asks the user to sign in again in a dialog. Resolves with the new token. */
export function askToSignInAgain(rejectedToken: string): Promise<string> {
  if (currentGrant && currentGrant.token !== rejectedToken) return Promise.resolve(currentGrant.token);
  const sessionState = sessionStateSignal.peek();
  if (sessionState.is === "in") sessionStateSignal.value = { is: "lost", user: sessionState.user };
  return new Promise((resolve) => {
    waitingResolvers.push(resolve);
  });
}

/**
 * Returns a new token after one was rejected. If the issuer grants none, the user signs in again.
 *
 * Throws `UnreachableError` if the issuer cannot be reached.
 */
export function renewToken(rejectedToken: string): Promise<string> {
  if (currentGrant && currentGrant.token !== rejectedToken) return Promise.resolve(currentGrant.token);
  const previousGrant = currentGrant;
  pendingRenewalPromise ??= requestRenewedGrant()
    .then((renewedGrant) => {
      // If the user signed out or another grant arrived during the renewal, the renewed grant is discarded.
      if (currentGrant !== previousGrant) throw new UnreachableError("The session");
      startSession(renewedGrant);
      return renewedGrant.token;
    })
    .catch(async (error) => {
      if (error instanceof UnreachableError) throw error;
      // Some issuers accept a refresh token only once, and another tab may have used this one. The pause gives that tab time to
      // send its new grant.
      await new Promise((resolve) => setTimeout(resolve, OTHER_TAB_GRANT_TIMEOUT_MS / 2));
      return askToSignInAgain(rejectedToken);
    })
    .finally(() => {
      pendingRenewalPromise = undefined;
    });
  return pendingRenewalPromise;
}

/** Returns a token for a request, and renews one that expires soon. */
export async function getValidToken(): Promise<string> {
  if (!currentGrant) throw new Error("Nobody is signed in.");
  const { exp } = parseTokenClaims(currentGrant.token);
  return exp && exp - Date.now() / 1000 < MIN_TOKEN_VALIDITY_SECONDS
    ? renewToken(currentGrant.token)
    : currentGrant.token;
}

function clearSession(): void {
  currentGrant = undefined;
  sessionStorage.clear();
  waitingResolvers = [];
  document.title = "Leads";
  sessionStateSignal.value = { is: "out" };
  replaceUrl("/");
}

/** Signs out in all tabs of the user and at the issuer. */
export async function signOut(): Promise<void> {
  const { refresh, identity, token, idToken = token } = currentGrant ?? {};
  const sessionState = sessionStateSignal.peek();
  if (sessionState.is !== "out") sendMessageToOtherTabs({ is: "left", user: sessionState.user });
  clearSession();
  // A failed sign-out at the issuer is ignored, because the tokens and the issuer's session expire later.
  if (refresh && signInConfiguration.cognito) await cognito.revokeRefreshToken(refresh).catch(() => undefined);
  else if (!identity && idToken && signInConfiguration.clientId && !signInConfiguration.cognito)
    await oidc.endIssuerSession(idToken).catch(() => undefined);
}
