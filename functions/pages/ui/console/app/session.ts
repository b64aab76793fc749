// The session of the signed-in user. Tokens are stored only in session storage, which ends with the tab. A new tab receives
// them from another tab, so that a lead can be opened in a new tab.

import { effect, signal, untracked } from "@preact/signals";
import * as cognito from "./cognito";
import { signIn } from "./configuration";
import { fetchFromIssuer, Unreachable } from "./connection";
import { type Grant, type Identity, ROLES, type Role } from "./grant";
import * as oidc from "./oidc";

export interface User {
  id: number;
  name: string;
  email: string;
  team: string;
  role: Role;
}

export type State =
  | { is: "out" }
  /** The token was rejected and could not be renewed: the user signs in again in a dialog over the current screen. */
  | { is: "lost"; user: User }
  | { is: "in"; user: User };

const STORED = "session";
/** How long a new tab waits for the grant of another tab. */
const TAB_WAIT_MS = 1000;
/** A token that expires sooner than this is renewed before a request. */
const MIN_VALIDITY_SECONDS = 30;

interface Claims {
  exp?: number;
  email?: string;
  given_name?: string;
  family_name?: string;
  [claim: `custom:${string}`]: string | undefined;
}

function claims(token: string): Claims {
  const payload = (token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
  const bytes = Uint8Array.from(atob(payload), (char) => char.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes));
}

/** Returns the user that a token names, for display only. The API decides what a user may do. */
function userOf(token: string): User {
  const payload = claims(token);
  const role = ROLES.find((role) => role === payload["custom:team_role"]);
  const id = Number(payload["custom:user_id"]);
  if (!role || !payload["custom:team_id"] || !(id > 0)) {
    throw new Error("The token names no team, no role or no user of this API.");
  }
  const name = [payload.given_name, payload.family_name].filter(Boolean).join(" ");
  return {
    id,
    name: name || (payload.email ?? "You"),
    email: payload.email ?? "",
    team: payload["custom:team_id"],
    role,
  };
}

let grant: Grant | undefined;
/** State of the session. Only this file writes this signal. */
export const session = signal<State>({ is: "out" });
let renewing: Promise<string> | undefined;
/** Resolvers of requests that wait until the user has signed in again. */
let waiting: ((token: string) => void)[] = [];

/** Messages between tabs: a new tab asks for a grant, a user signed in, a user signed out. */
type Message = { is: "new" } | { is: "entered"; grant: Grant } | { is: "left"; user: User };
const tabs = new BroadcastChannel("session");
const broadcast = (message: Message): void => tabs.postMessage(message);
let isNew = false;

const isSameUser = (one: User, other: User): boolean => one.team === other.team && one.id === other.id;

tabs.onmessage = ({ data }: MessageEvent<Message>) => {
  const state = session.peek();
  const user = state.is === "out" ? undefined : state.user;
  if (data.is === "new") {
    if (grant && state.is === "in") broadcast({ is: "entered", grant });
  } else if (data.is === "left") {
    if (user && isSameUser(user, data.user)) clearSession();
  } else if (user ? isSameUser(user, userOf(data.grant.token)) : isNew) {
    adoptGrant(data.grant);
  }
};

export const current = (): State => session.peek();

/** Calls the listener whenever the session changes. Returns the function that stops this. */
export function listen(listener: (state: State) => void): () => void {
  let before = session.peek();
  return effect(() => {
    const now = session.value;
    if (now === before) return;
    before = now;
    untracked(() => listener(now));
  });
}

/** Restores the session of this tab after a reload, or asks other tabs for their grant. */
export function restore(): void {
  try {
    const stored = sessionStorage.getItem(STORED);
    if (stored) {
      adoptGrant(JSON.parse(stored) as Grant);
      return;
    }
  } catch {
    sessionStorage.removeItem(STORED);
  }
  isNew = true;
  broadcast({ is: "new" });
  setTimeout(() => {
    isNew = false;
  }, TAB_WAIT_MS);
}

/** Starts a session in this tab, and in other tabs of the same user. */
export function startSession(next: Grant): void {
  adoptGrant(next);
  broadcast({ is: "entered", grant: next });
}

/** Adopts a grant. If it belongs to another user, the page is reloaded to remove the previous user's data. */
function adoptGrant(next: Grant): void {
  const user = userOf(next.token);
  const state = session.peek();
  const before = state.is === "out" ? undefined : state.user;
  grant = next;
  sessionStorage.setItem(STORED, JSON.stringify(next));
  if (before && !isSameUser(before, user)) {
    location.reload();
    return;
  }
  session.value = { is: "in", user };
  for (const resolve of waiting) resolve(next.token);
  waiting = [];
}

/** Requests a token from the demo system's token endpoint. */
export async function requestDemoToken(identity: Identity): Promise<Grant> {
  const headers = { "content-type": "application/json" };
  const response = await fetchFromIssuer(signIn.tokens ?? "", {
    method: "POST",
    headers,
    body: JSON.stringify(identity),
  });
  if (!response.ok) throw new Error(`The demo system gave no token (${response.status}).`);
  const { token } = (await response.json()) as { token: string };
  return { token, identity };
}

async function renewGrant(): Promise<Grant> {
  if (grant?.identity) return requestDemoToken(grant.identity);
  if (grant?.refresh && signIn.cognito) return cognito.refresh(grant.refresh);
  if (grant?.refresh) return oidc.refresh(grant.refresh);
  throw new Error("The session has no refresh token.");
}

/** Asks the user to sign in again in a dialog. Resolves with the new token. */
export function awaitSignIn(refused: string): Promise<string> {
  if (grant && grant.token !== refused) return Promise.resolve(grant.token);
  const state = session.peek();
  if (state.is === "in") session.value = { is: "lost", user: state.user };
  return new Promise((resolve) => {
    waiting.push(resolve);
  });
}

/**
 * Returns a new token after one was rejected. If the issuer grants none, the user signs in again.
 *
 * Throws `Unreachable` if the issuer cannot be reached.
 */
export function renewToken(refused: string): Promise<string> {
  if (grant && grant.token !== refused) return Promise.resolve(grant.token);
  const before = grant;
  renewing ??= renewGrant()
    .then((renewed) => {
      // The user signed out, or another grant arrived, during the renewal.
      if (grant !== before) throw new Unreachable("The session");
      startSession(renewed);
      return renewed.token;
    })
    .catch(async (error) => {
      if (error instanceof Unreachable) throw error;
      // Some refresh tokens are valid only once. If another tab has used it, that tab sends its new grant in the meantime.
      await new Promise((resolve) => setTimeout(resolve, TAB_WAIT_MS / 2));
      return awaitSignIn(refused);
    })
    .finally(() => {
      renewing = undefined;
    });
  return renewing;
}

/** Returns a token for a request, and renews one that expires soon. */
export async function token(): Promise<string> {
  if (!grant) throw new Error("Nobody is signed in.");
  const { exp } = claims(grant.token);
  return exp && exp - Date.now() / 1000 < MIN_VALIDITY_SECONDS ? renewToken(grant.token) : grant.token;
}

function clearSession(): void {
  grant = undefined;
  sessionStorage.clear();
  waiting = [];
  document.title = "Leads";
  session.value = { is: "out" };
  history.replaceState(null, "", "/");
}

/** Signs out in all tabs of the user and at the issuer. */
export async function signOut(): Promise<void> {
  const { refresh, identity, token, idToken = token } = grant ?? {};
  const state = session.peek();
  if (state.is !== "out") broadcast({ is: "left", user: state.user });
  clearSession();
  // Failures are ignored: without a connection, the issuer's session expires later.
  if (refresh && signIn.cognito) await cognito.revoke(refresh).catch(() => undefined);
  else if (!identity && idToken && signIn.clientId && !signIn.cognito)
    await oidc.signOut(idToken).catch(() => undefined);
}
