// Sign-in at an OpenID Connect issuer: the authorization code flow with PKCE (RFC 6749, RFC 7636).

import { signInConfiguration } from "./configuration";
import { fetchFromIssuer } from "./connection";
import type { TokenGrant } from "./grant";
import { replaceUrl } from "./route";

interface DiscoveryDocument {
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

const PENDING_SIGN_IN_STORAGE_KEY = "sign-in";
/** Name of the broadcast channel on which a sign-in pop-up sends its response to the tab that opened it. */
const SIGN_IN_CHANNEL_NAME = "sign-in";
const POPUP_STATE_PARAM_PREFIX = "beside-";

let discoveryPromise: Promise<DiscoveryDocument> | undefined;

function readDiscoveryDocument(): Promise<DiscoveryDocument> {
  discoveryPromise ??= fetchFromIssuer(
    `${signInConfiguration.issuer?.replace(/\/$/, "")}/.well-known/openid-configuration`,
  ).then((response) => {
    if (!response.ok) throw new Error(`The issuer answered ${response.status}.`);
    return response.json();
  });
  discoveryPromise.catch(() => {
    discoveryPromise = undefined;
  });
  return discoveryPromise;
}

function encodeBase64url(bytes: Uint8Array): string {
  const base64 = btoa(String.fromCharCode(...bytes));
  return base64.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

const createRandomString = (): string => encodeBase64url(crypto.getRandomValues(new Uint8Array(32)));
const getRedirectUri = (): string => `${location.origin}/`;

async function buildAuthorizationUrl(pendingSignIn: PendingSignIn): Promise<string> {
  const verifierDigest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(pendingSignIn.verifier));
  const { authorization_endpoint, scopes_supported } = await readDiscoveryDocument();
  const authorizationQuery = new URLSearchParams({
    response_type: "code",
    client_id: signInConfiguration.clientId ?? "",
    redirect_uri: getRedirectUri(),
    // Most issuers grant a refresh token only with the scope `offline_access`.
    scope: [
      "openid",
      "profile",
      "email",
      ...(scopes_supported?.includes("offline_access") ? ["offline_access"] : []),
    ].join(" "),
    state: pendingSignIn.state,
    code_challenge: encodeBase64url(new Uint8Array(verifierDigest)),
    code_challenge_method: "S256",
  });
  return `${authorization_endpoint}${authorization_endpoint.includes("?") ? "&" : "?"}${authorizationQuery}`;
}

/** Starts a sign-in by redirecting to the issuer, which redirects back to this page. */
export async function startRedirectSignIn(): Promise<void> {
  const pendingSignIn = { state: createRandomString(), verifier: createRandomString(), hash: location.hash };
  const authorizationUrl = await buildAuthorizationUrl(pendingSignIn);
  sessionStorage.setItem(PENDING_SIGN_IN_STORAGE_KEY, JSON.stringify(pendingSignIn));
  location.assign(authorizationUrl);
}

/** Starts a sign-in in a pop-up, so that this page keeps its state. Resolves with the grant. */
export async function startPopupSignIn(): Promise<TokenGrant> {
  const popupWindow = open("", "sign-in", "popup,width=480,height=640");
  if (!popupWindow) throw new Error("The browser blocked the window to sign in. Allow pop-ups for this page.");
  const pendingSignIn = {
    state: `${POPUP_STATE_PARAM_PREFIX}${createRandomString()}`,
    verifier: createRandomString(),
    hash: "",
  };
  const signInChannel = new BroadcastChannel(SIGN_IN_CHANNEL_NAME);
  try {
    popupWindow.location.href = await buildAuthorizationUrl(pendingSignIn).catch((error) => {
      popupWindow.close();
      throw error;
    });
    return await new Promise((resolve, reject) => {
      signInChannel.onmessage = ({ data }) => {
        const authorizationResponseParams = new URLSearchParams(data);
        // The channel also carries responses for other tabs that are signing in.
        if (authorizationResponseParams.get("state") === pendingSignIn.state)
          exchangeAuthorizationCode(authorizationResponseParams, pendingSignIn).then(resolve, reject);
      };
    });
  } finally {
    signInChannel.close();
  }
}

/**
 * Completes a sign-in and returns the grant. Returns `undefined` if the URL contains no authorization response. In a pop-up, it
 * sends the response to the page that opened the pop-up, closes the pop-up, and never resolves.
 */
export async function completeSignIn(): Promise<TokenGrant | undefined> {
  const authorizationResponseParams = new URLSearchParams(location.search);
  if (
    !authorizationResponseParams.has("state") ||
    !(authorizationResponseParams.has("code") || authorizationResponseParams.has("error"))
  )
    return undefined;
  if (authorizationResponseParams.get("state")?.startsWith(POPUP_STATE_PARAM_PREFIX)) {
    history.replaceState(null, "", "/");
    new BroadcastChannel(SIGN_IN_CHANNEL_NAME).postMessage(authorizationResponseParams.toString());
    close();
    return new Promise(() => undefined);
  }
  const storedSignInJson = sessionStorage.getItem(PENDING_SIGN_IN_STORAGE_KEY);
  sessionStorage.removeItem(PENDING_SIGN_IN_STORAGE_KEY);
  const pendingSignIn: PendingSignIn | undefined = storedSignInJson ? JSON.parse(storedSignInJson) : undefined;
  replaceUrl(`/${pendingSignIn?.hash ?? ""}`);
  if (!pendingSignIn) throw new Error("This sign-in was begun elsewhere. Sign in again.");
  return exchangeAuthorizationCode(authorizationResponseParams, pendingSignIn);
}

async function exchangeAuthorizationCode(
  authorizationResponse: URLSearchParams,
  { state, verifier }: PendingSignIn,
): Promise<TokenGrant> {
  if (authorizationResponse.get("state") !== state) throw new Error("This sign-in was not begun here. Sign in again.");
  const authorizationCode = authorizationResponse.get("code");
  if (!authorizationCode)
    throw new Error(
      authorizationResponse.get("error_description") ?? `The issuer says ${authorizationResponse.get("error")}.`,
    );
  return requestTokenGrant({
    grant_type: "authorization_code",
    code: authorizationCode,
    redirect_uri: getRedirectUri(),
    code_verifier: verifier,
  });
}

export function renewTokenGrant(refreshToken: string): Promise<TokenGrant> {
  return requestTokenGrant({ grant_type: "refresh_token", refresh_token: refreshToken }, refreshToken);
}

async function requestTokenGrant(
  parameters: Record<string, string>,
  previousRefreshToken?: string,
): Promise<TokenGrant> {
  const { token_endpoint } = await readDiscoveryDocument();
  const tokenRequestBody = new URLSearchParams({ ...parameters, client_id: signInConfiguration.clientId ?? "" });
  const tokenEndpointHttpResponse = await fetchFromIssuer(token_endpoint, { method: "POST", body: tokenRequestBody });
  const tokenResponseBody = await tokenEndpointHttpResponse.json();
  if (!tokenEndpointHttpResponse.ok)
    throw new Error(tokenResponseBody.error_description ?? `The issuer says ${tokenResponseBody.error}.`);
  const {
    id_token,
    access_token,
    refresh_token = previousRefreshToken,
  } = tokenResponseBody as Record<string, string | undefined>;
  // The API checks the token's audience: if the audience is the client id, the API accepts the ID token, else the access token.
  const apiToken =
    signInConfiguration.audience === signInConfiguration.clientId ? id_token : (access_token ?? id_token);
  if (!apiToken) throw new Error("The issuer gave no token.");
  return {
    token: apiToken,
    ...(refresh_token ? { refresh: refresh_token } : {}),
    ...(id_token && id_token !== apiToken ? { idToken: id_token } : {}),
  };
}

/** Redirects to the issuer's logout page, which ends the issuer's session. Does nothing if the issuer has no such page. */
export async function endIssuerSession(token: string): Promise<void> {
  const { end_session_endpoint } = await readDiscoveryDocument();
  if (!end_session_endpoint) return;
  const logoutQuery = new URLSearchParams({
    id_token_hint: token,
    post_logout_redirect_uri: getRedirectUri(),
    client_id: signInConfiguration.clientId ?? "",
  });
  location.assign(`${end_session_endpoint}?${logoutQuery}`);
}
