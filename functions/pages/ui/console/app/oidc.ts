// Sign-in at an OpenID Connect issuer: the authorization code flow with PKCE (RFC 6749, RFC 7636).

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

interface PendingSignIn {
  state: string;
  verifier: string;
  /** The console's URL fragment when the sign-in started, which is restored afterwards. */
  hash: string;
}

const STORAGE_KEY = "sign-in";
/** Name of the broadcast channel on which a sign-in pop-up sends its response to the tab that opened it. */
const CHANNEL_NAME = "sign-in";
const POPUP_STATE_PREFIX = "beside-";

let discoveryPromise: Promise<Discovery> | undefined;

function readDiscovery(): Promise<Discovery> {
  discoveryPromise ??= fetchFromIssuer(`${signIn.issuer?.replace(/\/$/, "")}/.well-known/openid-configuration`).then(
    (response) => {
      if (!response.ok) throw new Error(`The issuer answered ${response.status}.`);
      return response.json();
    },
  );
  discoveryPromise.catch(() => {
    discoveryPromise = undefined;
  });
  return discoveryPromise;
}

function base64url(bytes: Uint8Array): string {
  const base64 = btoa(String.fromCharCode(...bytes));
  return base64.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

const createRandomString = (): string => base64url(crypto.getRandomValues(new Uint8Array(32)));
const getRedirectUri = (): string => `${location.origin}/`;

async function buildAuthorizationUrl(pendingSignIn: PendingSignIn): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(pendingSignIn.verifier));
  const { authorization_endpoint, scopes_supported } = await readDiscovery();
  const query = new URLSearchParams({
    response_type: "code",
    client_id: signIn.clientId ?? "",
    redirect_uri: getRedirectUri(),
    // Most issuers grant a refresh token only with the scope `offline_access`.
    scope: [
      "openid",
      "profile",
      "email",
      ...(scopes_supported?.includes("offline_access") ? ["offline_access"] : []),
    ].join(" "),
    state: pendingSignIn.state,
    code_challenge: base64url(new Uint8Array(digest)),
    code_challenge_method: "S256",
  });
  return `${authorization_endpoint}${authorization_endpoint.includes("?") ? "&" : "?"}${query}`;
}

/** Starts a sign-in by redirecting to the issuer, which redirects back to this page. */
export async function startRedirect(): Promise<void> {
  const pendingSignIn = { state: createRandomString(), verifier: createRandomString(), hash: location.hash };
  const authorizationUrl = await buildAuthorizationUrl(pendingSignIn);
  sessionStorage.setItem(STORAGE_KEY, JSON.stringify(pendingSignIn));
  location.assign(authorizationUrl);
}

/** Starts a sign-in in a pop-up, so that this page keeps its state. Resolves with the grant. */
export async function startPopup(): Promise<Grant> {
  const popup = open("", "sign-in", "popup,width=480,height=640");
  if (!popup) throw new Error("The browser blocked the window to sign in. Allow pop-ups for this page.");
  const pendingSignIn = {
    state: `${POPUP_STATE_PREFIX}${createRandomString()}`,
    verifier: createRandomString(),
    hash: "",
  };
  const channel = new BroadcastChannel(CHANNEL_NAME);
  try {
    popup.location.href = await buildAuthorizationUrl(pendingSignIn).catch((error) => {
      popup.close();
      throw error;
    });
    return await new Promise((resolve, reject) => {
      channel.onmessage = ({ data }) => {
        const authorizationResponse = new URLSearchParams(data);
        // The channel also carries responses for other tabs that are signing in.
        if (authorizationResponse.get("state") === pendingSignIn.state)
          exchangeCode(authorizationResponse, pendingSignIn).then(resolve, reject);
      };
    });
  } finally {
    channel.close();
  }
}

/**
 * Completes a sign-in and returns the grant. Returns `undefined` if the URL contains no authorization response. In a pop-up, it
 * sends the response to the page that opened the pop-up, closes the pop-up, and never resolves.
 */
export async function completeSignIn(): Promise<Grant | undefined> {
  const answer = new URLSearchParams(location.search);
  if (!answer.has("state") || !(answer.has("code") || answer.has("error"))) return undefined;
  if (answer.get("state")?.startsWith(POPUP_STATE_PREFIX)) {
    history.replaceState(null, "", "/");
    new BroadcastChannel(CHANNEL_NAME).postMessage(answer.toString());
    close();
    return new Promise(() => undefined);
  }
  const storedSignIn = sessionStorage.getItem(STORAGE_KEY);
  sessionStorage.removeItem(STORAGE_KEY);
  const pendingSignIn: PendingSignIn | undefined = storedSignIn ? JSON.parse(storedSignIn) : undefined;
  replaceUrl(`/${pendingSignIn?.hash ?? ""}`);
  if (!pendingSignIn) throw new Error("This sign-in was begun elsewhere. Sign in again.");
  return exchangeCode(answer, pendingSignIn);
}

async function exchangeCode(answer: URLSearchParams, { state, verifier }: PendingSignIn): Promise<Grant> {
  if (answer.get("state") !== state) throw new Error("This sign-in was not begun here. Sign in again.");
  const code = answer.get("code");
  if (!code) throw new Error(answer.get("error_description") ?? `The issuer says ${answer.get("error")}.`);
  return requestToken({
    grant_type: "authorization_code",
    code,
    redirect_uri: getRedirectUri(),
    code_verifier: verifier,
  });
}

export function refreshGrant(refreshToken: string): Promise<Grant> {
  return requestToken({ grant_type: "refresh_token", refresh_token: refreshToken }, refreshToken);
}

async function requestToken(parameters: Record<string, string>, previousRefreshToken?: string): Promise<Grant> {
  const { token_endpoint } = await readDiscovery();
  const body = new URLSearchParams({ ...parameters, client_id: signIn.clientId ?? "" });
  const response = await fetchFromIssuer(token_endpoint, { method: "POST", body });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error_description ?? `The issuer says ${answer.error}.`);
  const { id_token, access_token, refresh_token = previousRefreshToken } = answer as Record<string, string | undefined>;
  // The API checks the token's audience: if the audience is the client id, the API accepts the ID token, else the access token.
  const token = signIn.audience === signIn.clientId ? id_token : (access_token ?? id_token);
  if (!token) throw new Error("The issuer gave no token.");
  return {
    token,
    ...(refresh_token ? { refresh: refresh_token } : {}),
    ...(id_token && id_token !== token ? { idToken: id_token } : {}),
  };
}

/** Redirects to the issuer's logout page, which ends the issuer's session. Does nothing if the issuer has no such page. */
export async function endIssuerSession(token: string): Promise<void> {
  const { end_session_endpoint } = await readDiscovery();
  if (!end_session_endpoint) return;
  const query = new URLSearchParams({
    id_token_hint: token,
    post_logout_redirect_uri: getRedirectUri(),
    client_id: signIn.clientId ?? "",
  });
  location.assign(`${end_session_endpoint}?${query}`);
}
