// Who is signed in. Tokens live in session storage alone, which ends with the tab; a tab that is opened beside it is told them,
// so that a lead can be opened in one.

import * as cognito from "./cognito";
import { signIn } from "./configuration";
import { asked, Unreachable } from "./connection";
import * as oidc from "./oidc";

export const ROLES = ["Owner", "Manager", "Viewer"] as const;
export type Role = (typeof ROLES)[number];

export interface User {
  id: number;
  name: string;
  email: string;
  team: string;
  role: Role;
}

/** Whom a token is for, where it can be had for the asking. */
export interface Identity {
  team?: string;
  role: Role;
  userId?: number;
  firstName?: string;
  lastName?: string;
  email?: string;
}

/** A token, and how to have the next. */
export interface Grant {
  token: string;
  refresh?: string;
  identity?: Identity;
  /** By which its issuer ends the session, where that is not the token. */
  idToken?: string;
}

export type State =
  | { is: "out" }
  /** The token was refused and no other could be had: whoever it was signs in again over what is shown. */
  | { is: "lost"; user: User }
  | { is: "in"; user: User };

const STORED = "session";
/** How long a new tab listens for others, in milliseconds. */
const LISTENS = 1000;
/** A token that ends within this many seconds is renewed before it is used. */
const MARGIN = 30;

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

/** Whom a token names. Only shown: what is allowed is the API's to say. */
function userOf(token: string): User {
  const of = claims(token);
  const role = ROLES.find((role) => role === of["custom:team_role"]);
  const id = Number(of["custom:user_id"]);
  if (!role || !of["custom:team_id"] || !(id > 0)) {
    throw new Error("The token names no team, no role or no user of this API.");
  }
  const name = [of.given_name, of.family_name].filter(Boolean).join(" ");
  return {
    id,
    name: name || (of.email ?? "You"),
    email: of.email ?? "",
    team: of["custom:team_id"],
    role,
  };
}

let grant: Grant | undefined;
let state: State = { is: "out" };
const listeners = new Set<(state: State) => void>();
let renewing: Promise<string> | undefined;
/** Who waits for whoever it is to sign in again. */
let waiting: ((token: string) => void)[] = [];

/** What tabs tell each other. */
type Word = { is: "new" } | { is: "entered"; grant: Grant } | { is: "left"; user: User };
const tabs = new BroadcastChannel("session");
const tell = (word: Word): void => tabs.postMessage(word);
let isNew = false;

const same = (one: User, other: User): boolean => one.team === other.team && one.id === other.id;

tabs.onmessage = ({ data }: MessageEvent<Word>) => {
  const user = state.is === "out" ? undefined : state.user;
  if (data.is === "new") {
    if (grant && state.is === "in") tell({ is: "entered", grant });
  } else if (data.is === "left") {
    if (user && same(user, data.user)) forget();
  } else if (user ? same(user, userOf(data.grant.token)) : isNew) {
    adopt(data.grant);
  }
};

function become(next: State): void {
  state = next;
  for (const listener of listeners) listener(next);
}

export const current = (): State => state;

export function listen(listener: (state: State) => void): () => void {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

/** Goes on with what this tab had, if that can still be read, or with what another has. */
export function restore(): void {
  try {
    const stored = sessionStorage.getItem(STORED);
    if (stored) {
      adopt(JSON.parse(stored) as Grant);
      return;
    }
  } catch {
    sessionStorage.removeItem(STORED);
  }
  isNew = true;
  tell({ is: "new" });
  setTimeout(() => {
    isNew = false;
  }, LISTENS);
}

/** Signs in, in every tab of the same person. */
export function enter(next: Grant): void {
  adopt(next);
  tell({ is: "entered", grant: next });
}

/** Goes on with a token; as somebody else than before, everything is read anew. */
function adopt(next: Grant): void {
  const user = userOf(next.token);
  const before = state.is === "out" ? undefined : state.user;
  grant = next;
  sessionStorage.setItem(STORED, JSON.stringify(next));
  if (before && !same(before, user)) {
    location.reload();
    return;
  }
  become({ is: "in", user });
  for (const resolve of waiting) resolve(next.token);
  waiting = [];
}

/** A token from a system that gives them out. */
export async function ask(identity: Identity): Promise<Grant> {
  const headers = { "content-type": "application/json" };
  const response = await asked(signIn.tokens ?? "", { method: "POST", headers, body: JSON.stringify(identity) });
  if (!response.ok) throw new Error(`No token could be had (${response.status}).`);
  const { token } = (await response.json()) as { token: string };
  return { token, identity };
}

async function next(): Promise<Grant> {
  if (grant?.identity) return ask(grant.identity);
  if (grant?.refresh && signIn.cognito) return cognito.refresh(grant.refresh);
  if (grant?.refresh) return oidc.refresh(grant.refresh);
  throw new Error("There is nothing to renew it with.");
}

/** Has whoever it is sign in again over what is shown, and waits for the token of that. */
export function lose(refused: string): Promise<string> {
  if (grant && grant.token !== refused) return Promise.resolve(grant.token);
  if (state.is === "in") become({ is: "lost", user: state.user });
  return new Promise((resolve) => {
    waiting.push(resolve);
  });
}

/**
 * Another token in the place of one that is refused. Where its issuer gives none, whoever it is signs in again; where the
 * issuer cannot be reached, that is no answer.
 */
export function renew(refused: string): Promise<string> {
  if (grant && grant.token !== refused) return Promise.resolve(grant.token);
  const before = grant;
  renewing ??= next()
    .then((renewed) => {
      // Whoever has signed out meanwhile stays so.
      if (grant !== before) throw new Unreachable("The session");
      enter(renewed);
      return renewed.token;
    })
    .catch(async (error) => {
      if (error instanceof Unreachable) throw error;
      // A refresh token may be good once, and another tab was faster.
      await new Promise((resolve) => setTimeout(resolve, LISTENS / 2));
      return lose(refused);
    })
    .finally(() => {
      renewing = undefined;
    });
  return renewing;
}

/** The token to call with. */
export async function token(): Promise<string> {
  if (!grant) throw new Error("Nobody is signed in.");
  const { exp } = claims(grant.token);
  return exp && exp - Date.now() / 1000 < MARGIN ? renew(grant.token) : grant.token;
}

function forget(): void {
  grant = undefined;
  sessionStorage.clear();
  waiting = [];
  document.title = "Leads";
  become({ is: "out" });
  history.replaceState(null, "", "/");
}

/** Forgets the tokens, in every tab and where they came from. */
export async function leave(): Promise<void> {
  const { refresh, identity, token, idToken = token } = grant ?? {};
  if (state.is !== "out") tell({ is: "left", user: state.user });
  forget();
  // Without a connection the issuer is not told, and its session ends by itself.
  if (refresh && signIn.cognito) await cognito.revoke(refresh).catch(() => undefined);
  else if (!identity && idToken && signIn.clientId && !signIn.cognito)
    await oidc.signOut(idToken).catch(() => undefined);
}
