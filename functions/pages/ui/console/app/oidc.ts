// Sign-in at the deployment's own issuer: the authorization code flow with PKCE (RFC 6749, RFC 7636).

import { signIn } from "./configuration";
import { fetchFromIssuer } from "./connection";
import type { Grant } from "./grant";
import { replaceUrl } from "./route";

interface Discovery {
  authorization_endpoint: string;
  token_endpoint: string;
  end_session_endpoint?: string;
  scopes_supported?: string[];
}

interface Started {
  state: string;
  verifier: string;
  /** The console's address when it began. */
  hash: string;
}

const STORED = "sign-in";
/** The channel by which a sign-in window tells the one that opened it, and the prefix of its states. */
const CHANNEL = "sign-in";
const BESIDE = "beside-";

let discovered: Promise<Discovery> | undefined;

function discovery(): Promise<Discovery> {
  discovered ??= fetchFromIssuer(`${signIn.issuer?.replace(/\/$/, "")}/.well-known/openid-configuration`).then(
    (response) => {
      if (!response.ok) throw new Error(`The issuer answered ${response.status}.`);
      return response.json();
    },
  );
  discovered.catch(() => {
    discovered = undefined;
  });
  return discovered;
}

function base64url(bytes: Uint8Array): string {
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

const randomText = (): string => base64url(crypto.getRandomValues(new Uint8Array(32)));
const redirectUri = (): string => `${location.origin}/`;

async function authorizationUrl(started: Started): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(started.verifier));
  const { authorization_endpoint, scopes_supported } = await discovery();
  const query = new URLSearchParams({
    response_type: "code",
    client_id: signIn.clientId ?? "",
    redirect_uri: redirectUri(),
    // Most issuers grant a refresh token only with the scope `offline_access`.
    scope: [
      "openid",
      "profile",
      "email",
      ...(scopes_supported?.includes("offline_access") ? ["offline_access"] : []),
    ].join(" "),
    state: started.state,
    code_challenge: base64url(new Uint8Array(digest)),
    code_challenge_method: "S256",
  });
  return `${authorization_endpoint}${authorization_endpoint.includes("?") ? "&" : "?"}${query}`;
}

/** Goes to the issuer, which sends the browser back. */
export async function start(): Promise<void> {
  const started = { state: randomText(), verifier: randomText(), hash: location.hash };
  const to = await authorizationUrl(started);
  sessionStorage.setItem(STORED, JSON.stringify(started));
  location.assign(to);
}

/** Signs in in a window of its own, so that this page keeps what was typed. */
export async function startBeside(): Promise<Grant> {
  const window = open("", "sign-in", "popup,width=480,height=640");
  if (!window) throw new Error("The browser blocked the window to sign in. Allow pop-ups for this page.");
  const started = { state: `${BESIDE}${randomText()}`, verifier: randomText(), hash: "" };
  const channel = new BroadcastChannel(CHANNEL);
  try {
    window.location.href = await authorizationUrl(started).catch((error) => {
      window.close();
      throw error;
    });
    return await new Promise((resolve, reject) => {
      channel.onmessage = ({ data }) => {
        const answer = new URLSearchParams(data);
        // Other tabs may be signing in too.
        if (answer.get("state") === started.state) exchange(answer, started).then(resolve, reject);
      };
    });
  } finally {
    channel.close();
  }
}

/** Returns the grant when the issuer has sent the browser back with a code. In a sign-in window it never returns. */
export async function finish(): Promise<Grant | undefined> {
  const answer = new URLSearchParams(location.search);
  if (!answer.has("state") || !(answer.has("code") || answer.has("error"))) return undefined;
  if (answer.get("state")?.startsWith(BESIDE)) {
    history.replaceState(null, "", "/");
    new BroadcastChannel(CHANNEL).postMessage(answer.toString());
    close();
    return new Promise(() => undefined);
  }
  const stored = sessionStorage.getItem(STORED);
  sessionStorage.removeItem(STORED);
  const started: Started | undefined = stored ? JSON.parse(stored) : undefined;
  replaceUrl(`/${started?.hash ?? ""}`);
  if (!started) throw new Error("This sign-in was begun elsewhere. Sign in again.");
  return exchange(answer, started);
}

async function exchange(answer: URLSearchParams, { state, verifier }: Started): Promise<Grant> {
  if (answer.get("state") !== state) throw new Error("This sign-in was not begun here. Sign in again.");
  const code = answer.get("code");
  if (!code) throw new Error(answer.get("error_description") ?? `The issuer says ${answer.get("error")}.`);
  return requestToken({ grant_type: "authorization_code", code, redirect_uri: redirectUri(), code_verifier: verifier });
}

export function refresh(refreshToken: string): Promise<Grant> {
  return requestToken({ grant_type: "refresh_token", refresh_token: refreshToken }, refreshToken);
}

async function requestToken(parameters: Record<string, string>, before?: string): Promise<Grant> {
  const { token_endpoint } = await discovery();
  const body = new URLSearchParams({ ...parameters, client_id: signIn.clientId ?? "" });
  const response = await fetchFromIssuer(token_endpoint, { method: "POST", body });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error_description ?? `The issuer says ${answer.error}.`);
  const { id_token, access_token, refresh_token = before } = answer as Record<string, string | undefined>;
  // The API accepts the token whose audience it is: the ID token where that is the client, else the access token.
  const token = signIn.audience === signIn.clientId ? id_token : (access_token ?? id_token);
  if (!token) throw new Error("The issuer gave no token.");
  return {
    token,
    ...(refresh_token ? { refresh: refresh_token } : {}),
    ...(id_token && id_token !== token ? { idToken: id_token } : {}),
  };
}

/** Ends the issuer's session too, where the issuer supports it. */
export async function signOut(token: string): Promise<void> {
  const { end_session_endpoint } = await discovery();
  if (!end_session_endpoint) return;
  const query = new URLSearchParams({
    id_token_hint: token,
    post_logout_redirect_uri: redirectUri(),
    client_id: signIn.clientId ?? "",
  });
  location.assign(`${end_session_endpoint}?${query}`);
}
