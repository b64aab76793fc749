//! Endpoints of the local token issuer: the authorization code flow with PKCE, which the console uses, and an endpoint
//! that mints any token.
//! <https://www.rfc-editor.org/rfc/rfc6749>, <https://www.rfc-editor.org/rfc/rfc7636>,
//! <https://openid.net/specs/openid-connect-core-1_0.html>

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::http::{HeaderMap, Request, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};
use serde_json::json;

use crate::gateway::{GatewayResponse, json_response, set_header};
use crate::identity::TokenIdentity;
use crate::issuer::{TOKEN_AUDIENCE, TokenIssuer};

/// Path that exchanges authorization codes and refresh tokens, and mints tokens.
pub(crate) const TOKEN_ENDPOINT: &str = "/local/token";
const AUTHORIZATION_ENDPOINT: &str = "/local/authorize";
const END_SESSION_ENDPOINT: &str = "/local/logout";

/// Lifetime of an authorization code.
const CODE_LIFETIME: Duration = Duration::from_secs(60);
/// Lifetime of a token from a sign-in, in seconds.
const TOKEN_LIFETIME_SECONDS: i64 = 60 * 60;

const TEAM_ROLES: [&str; 3] = ["Owner", "Manager", "Viewer"];

const PAGE_CSS: &str = "body{font:1rem/1.5 system-ui,sans-serif;max-width:24rem;margin:4rem auto;padding:0 1rem}\
                     label,input{display:block;font:inherit}input{box-sizing:border-box;width:100%;padding:.5rem}\
                     fieldset{border:0;margin:1.5rem 0;padding:0;display:flex;gap:.5rem}legend{padding:0}\
                     button{flex:1;font:inherit;padding:.5rem;cursor:pointer}";

/// A sign-in that the authorization endpoint has granted. The token endpoint exchanges its code for tokens.
struct SignInGrant {
    redirect_uri: String,
    code_challenge: String,
    nonce: Option<String>,
    identity: TokenIdentity,
    expires: Instant,
}

/// An error code of OAuth (RFC 6749, sections 4.1.2.1 and 5.2) or OpenID Connect Core (section 3.1.2.6).
type OauthErrorCode = &'static str;

/// The HTTP endpoints of the local token issuer. Authorization codes and refresh tokens are in memory and are lost when
/// the process ends.
pub(crate) struct AuthorizationServer {
    issuer: TokenIssuer,
    codes: Mutex<HashMap<String, SignInGrant>>,
    refresh_tokens: Mutex<HashMap<String, TokenIdentity>>,
}

impl AuthorizationServer {
    pub(crate) fn new(issuer: TokenIssuer) -> Self {
        Self { issuer, codes: Mutex::default(), refresh_tokens: Mutex::default() }
    }

    pub(crate) fn token_issuer(&self) -> &TokenIssuer {
        &self.issuer
    }

    /// Answers a request to one of the issuer's endpoints. `None` for any other request.
    pub(crate) fn answer_oauth_request(&self, request: &Request<Bytes>) -> Option<GatewayResponse> {
        match (request.method().as_str(), request.uri().path()) {
            ("GET", "/local/.well-known/jwks.json") => {
                Some(json_response(StatusCode::OK, self.issuer.json_web_key_set()))
            }
            ("GET", "/local/.well-known/openid-configuration") => Some(self.discovery_document_response()),
            ("GET", AUTHORIZATION_ENDPOINT) => Some(self.authorization_endpoint(request)),
            ("POST", TOKEN_ENDPOINT) if has_form_body(request) => Some(self.token_endpoint(request.body())),
            ("POST", TOKEN_ENDPOINT) => Some(self.mint_token_response(request.body())),
            ("GET", END_SESSION_ENDPOINT) => Some(end_session_endpoint(request)),
            _ => None,
        }
    }

    /// The discovery document with the URLs of the issuer's endpoints.
    /// <https://openid.net/specs/openid-connect-discovery-1_0.html>
    fn discovery_document_response(&self) -> GatewayResponse {
        let issuer = self.issuer.issuer_url();
        let at = |endpoint: &str| format!("{}{endpoint}", issuer.trim_end_matches("/local"));
        let metadata = json!({
            "issuer": issuer,
            "authorization_endpoint": at(AUTHORIZATION_ENDPOINT),
            "token_endpoint": at(TOKEN_ENDPOINT),
            "jwks_uri": format!("{issuer}/.well-known/jwks.json"),
            "end_session_endpoint": at(END_SESSION_ENDPOINT),
            "scopes_supported": ["openid", "email", "profile", "offline_access"],
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "token_endpoint_auth_methods_supported": ["none"],
            "code_challenge_methods_supported": ["S256"],
        });
        json_response(StatusCode::OK, &metadata)
    }

    /// Mints a token with the claims in a JSON body. An empty body stands for the default claims.
    fn mint_token_response(&self, body: &[u8]) -> GatewayResponse {
        let identity = if body.is_empty() { Ok(TokenIdentity::default()) } else { serde_json::from_slice(body) };
        let token = identity.map_err(anyhow::Error::from).and_then(|identity| self.issuer.sign_token(&identity));
        match token {
            Ok(token) => json_response(StatusCode::OK, &json!({ "token": token })),
            Err(error) => json_response(StatusCode::BAD_REQUEST, &json!({ "message": error.to_string() })),
        }
    }

    /// The authorization endpoint: shows the sign-in page, or redirects the browser back with a code or an error.
    fn authorization_endpoint(&self, request: &Request<Bytes>) -> GatewayResponse {
        let parameters = parse_parameters(request.uri().query().unwrap_or_default().as_bytes());
        let Some(parameters) = parameters else { return error_page_response("A parameter is there twice.") };
        let get = |name: &str| parameters.get(name).map(String::as_str);
        if get("client_id") != Some(TOKEN_AUDIENCE) {
            return error_page_response("The client_id is not known.");
        }
        let Some(redirect_uri) = get("redirect_uri").filter(|uri| is_allowed_redirect(uri, request.headers())) else {
            return error_page_response("The redirect_uri leads elsewhere.");
        };
        let mut response = match self.issue_code(&parameters, redirect_uri) {
            Ok(Some(code)) => vec![("code", code)],
            Ok(None) => return sign_in_page_response(&parameters),
            Err(error) => vec![("error", error.to_owned())],
        };
        response.extend(get("state").map(|state| ("state", state.to_owned())));
        redirect_response(redirect_uri, &response)
    }

    /// Creates an authorization code for the role and team that a request names. `None` if the request names no role
    /// yet.
    fn issue_code(
        &self,
        parameters: &HashMap<String, String>,
        redirect_uri: &str,
    ) -> Result<Option<String>, OauthErrorCode> {
        let get = |name: &str| parameters.get(name).map(String::as_str);
        if get("response_type").ok_or("invalid_request")? != "code" {
            return Err("unsupported_response_type");
        }
        let challenge = get("code_challenge").filter(|_| get("code_challenge_method") == Some("S256"));
        let challenge = challenge.ok_or("invalid_request")?;
        let Some(role) = get("role") else {
            // The issuer has no sessions, so `prompt=none` cannot succeed without a role.
            return if get("prompt") == Some("none") { Err("login_required") } else { Ok(None) };
        };
        let role = TEAM_ROLES.into_iter().find(|known| *known == role).ok_or("invalid_request")?;
        let mut identity = TokenIdentity { expires_in: TOKEN_LIFETIME_SECONDS, ..TokenIdentity::demo_member(role) };
        if let Some(team) = get("team") {
            team.clone_into(&mut identity.team);
        }
        let grant = SignInGrant {
            redirect_uri: redirect_uri.to_owned(),
            code_challenge: challenge.to_owned(),
            nonce: get("nonce").map(str::to_owned),
            identity,
            expires: Instant::now() + CODE_LIFETIME,
        };
        let code = random_code()?;
        self.codes.lock().map_err(|_| "server_error")?.insert(code.clone(), grant);
        Ok(Some(code))
    }

    /// The token endpoint: exchanges an authorization code or a refresh token for new tokens. Each code and refresh
    /// token works once.
    fn token_endpoint(&self, body: &[u8]) -> GatewayResponse {
        let parameters = parse_parameters(body).ok_or("invalid_request");
        let tokens = parameters.and_then(|parameters| {
            let (identity, nonce) = self.redeem_grant(&parameters, Instant::now())?;
            let token = self.issuer.sign_id_token(&identity, nonce.as_deref()).map_err(|_| "server_error")?;
            let refresh_token = random_code()?;
            let answer = json!({
                "token_type": "Bearer",
                "expires_in": identity.expires_in,
                "id_token": token,
                "access_token": token,
                "refresh_token": refresh_token,
            });
            self.refresh_tokens.lock().map_err(|_| "server_error")?.insert(refresh_token, identity);
            Ok(answer)
        });
        let mut answer = match tokens {
            Ok(tokens) => json_response(StatusCode::OK, &tokens),
            Err(error) => json_response(StatusCode::BAD_REQUEST, &json!({ "error": error })),
        };
        set_header(answer.headers_mut(), header::CACHE_CONTROL, "no-store");
        answer
    }

    /// Redeems an authorization code or a refresh token. Returns the identity that signed in, and for a code the
    /// sign-in's nonce.
    fn redeem_grant(
        &self,
        parameters: &HashMap<String, String>,
        now: Instant,
    ) -> Result<(TokenIdentity, Option<String>), OauthErrorCode> {
        let get = |name: &str| parameters.get(name).map(String::as_str).ok_or("invalid_request");
        let grant_type = get("grant_type")?;
        if get("client_id")? != TOKEN_AUDIENCE {
            return Err("invalid_client");
        }
        match grant_type {
            "authorization_code" => {
                let (code, redirect_uri, verifier) = (get("code")?, get("redirect_uri")?, get("code_verifier")?);
                // The code is removed even if the redemption then fails.
                let grant = self.codes.lock().map_err(|_| "server_error")?.remove(code).ok_or("invalid_grant")?;
                let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
                let good = now < grant.expires
                    && redirect_uri == grant.redirect_uri
                    && (43..=128).contains(&verifier.len())
                    && challenge == grant.code_challenge;
                good.then_some((grant.identity, grant.nonce)).ok_or("invalid_grant")
            }
            "refresh_token" => {
                let token = get("refresh_token")?;
                let identity = self.refresh_tokens.lock().map_err(|_| "server_error")?.remove(token);
                Ok((identity.ok_or("invalid_grant")?, None))
            }
            _ => Err("unsupported_grant_type"),
        }
    }
}

/// The end-session endpoint: redirects the browser back, or shows a page. The issuer has no sessions to end.
fn end_session_endpoint(request: &Request<Bytes>) -> GatewayResponse {
    let parameters = parse_parameters(request.uri().query().unwrap_or_default().as_bytes()).unwrap_or_default();
    let back = parameters.get("post_logout_redirect_uri").filter(|uri| is_allowed_redirect(uri, request.headers()));
    let state = parameters.get("state").map(|state| ("state", state.clone()));
    back.map_or_else(
        || html_page_response(StatusCode::OK, "Signed out", "<p>This window can be closed.</p>"),
        |back| redirect_response(back, &Vec::from_iter(state)),
    )
}

/// Whether a redirect URI is allowed: it must be the root of this server, or the root of an HTTP server on the
/// browser's own machine.
fn is_allowed_redirect(uri: &str, headers: &HeaderMap) -> bool {
    let here = headers.get(header::HOST).and_then(|host| host.to_str().ok()).filter(|host| !host.is_empty());
    let plain = uri.strip_prefix("http://");
    let authority = plain.or_else(|| uri.strip_prefix("https://")).and_then(|rest| rest.strip_suffix('/'));
    let Some(authority) = authority else { return false };
    let (host, port) = authority.split_once(':').unwrap_or((authority, "80"));
    let loopback = ["127.0.0.1", "localhost"].contains(&host) && port.bytes().all(|byte| byte.is_ascii_digit());
    here == Some(authority) || (plain.is_some() && loopback)
}

/// Whether the body is form data. The media type is not enough, because `curl -d` also labels JSON as a form.
fn has_form_body(request: &Request<Bytes>) -> bool {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let body = request.body().trim_ascii_start();
    kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") && !body.is_empty() && !body.starts_with(b"{")
}

/// Decodes form parameters and leaves out empty ones. `None` if a parameter is repeated (RFC 6749, section 3.1).
fn parse_parameters(form: &[u8]) -> Option<HashMap<String, String>> {
    let mut parameters = HashMap::new();
    for (name, value) in form_urlencoded::parse(form).filter(|(_, value)| !value.is_empty()) {
        if parameters.insert(name.into_owned(), value.into_owned()).is_some() {
            return None;
        }
    }
    Some(parameters)
}

fn random_code() -> Result<String, OauthErrorCode> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|_| "server_error")?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

fn redirect_response(to: &str, parameters: &[(&str, String)]) -> GatewayResponse {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    let mut answer = GatewayResponse::default();
    *answer.status_mut() = StatusCode::FOUND;
    let mark = if query.is_empty() { "" } else { "?" };
    set_header(answer.headers_mut(), header::LOCATION, &format!("{to}{mark}{query}"));
    set_header(answer.headers_mut(), header::CACHE_CONTROL, "no-store");
    set_header(answer.headers_mut(), header::REFERRER_POLICY, "no-referrer");
    answer
}

/// An error page, for errors that must not be sent to the redirect URI (RFC 6749, section 4.1.2.1).
fn error_page_response(why: &'static str) -> GatewayResponse {
    html_page_response(StatusCode::BAD_REQUEST, "Nobody can be signed in", &format!("<p>{why}</p>"))
}

/// The sign-in page, where the user selects a team and a role. Its form repeats the request's parameters.
fn sign_in_page_response(parameters: &HashMap<String, String>) -> GatewayResponse {
    let mut kept: Vec<_> = parameters.iter().filter(|(name, _)| *name != "team").collect();
    kept.sort();
    let hidden: String = kept
        .iter()
        .map(|(name, value)| {
            format!(r#"<input type="hidden" name="{}" value="{}">"#, escape_html(name), escape_html(value))
        })
        .collect();
    let team = escape_html(parameters.get("team").map_or("demo", String::as_str));
    let buttons = TEAM_ROLES.map(|role| format!(r#"<button name="role" value="{role}">{role}</button>"#)).concat();
    html_page_response(
        StatusCode::OK,
        "Sign in",
        &format!(
            r#"<p>The issuer of this machine takes no password. Whom should it name?</p>
<form action="{AUTHORIZATION_ENDPOINT}">{hidden}
<label for="team">Team</label><input id="team" name="team" value="{team}" maxlength="64" required autocomplete="off">
<fieldset><legend>Sign in as</legend>{buttons}</fieldset>
</form>"#
        ),
    )
}

fn html_page_response(status: StatusCode, title: &str, content: &str) -> GatewayResponse {
    let html = format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>{PAGE_CSS}</style>
</head>
<body>
<main>
<h1>{title}</h1>
{content}
</main>
</body>
</html>
"#
    );
    let style = STANDARD.encode(digest(&SHA256, PAGE_CSS.as_bytes()));
    // The policy has no `form-action`, because Chromium applies `form-action` also to the redirect after the form.
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; img-src data:; base-uri 'none'; frame-ancestors 'none'"
    );
    let mut answer = GatewayResponse::new(html.into());
    *answer.status_mut() = status;
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, policy.as_str()),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        set_header(answer.headers_mut(), name, value);
    }
    answer
}

fn escape_html(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authorization_code_expires_after_a_minute() -> anyhow::Result<()> {
        let server = AuthorizationServer::new(TokenIssuer::load_or_create("http://localhost/local".into(), None)?);
        // Code verifier and code challenge of the example in RFC 7636, appendix B.
        let asked = [
            ("response_type", "code"),
            ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
            ("code_challenge_method", "S256"),
            ("role", "Viewer"),
        ];
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        for (seconds, good) in [(59, true), (61, false)] {
            let code = server.issue_code(&asked.map(owned).into(), "http://localhost/").map_err(anyhow::Error::msg)?;
            let presented = [
                ("grant_type", "authorization_code"),
                ("client_id", TOKEN_AUDIENCE),
                ("redirect_uri", "http://localhost/"),
                ("code", &code.unwrap_or_default()),
                ("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            ];
            let redeemed =
                server.redeem_grant(&presented.map(owned).into(), Instant::now() + Duration::from_secs(seconds));
            assert_eq!(
                redeemed.map(|(identity, _)| identity.role),
                if good { Ok("Viewer".into()) } else { Err("invalid_grant") }
            );
        }
        Ok(())
    }

    #[test]
    fn only_roots_of_this_server_or_loopback_are_allowed_redirects() {
        let headers = HeaderMap::from_iter([(header::HOST, header::HeaderValue::from_static("leads.test:3000"))]);
        for ours in [
            "http://leads.test:3000/",
            "https://leads.test:3000/",
            "http://127.0.0.1:4000/",
            "http://localhost:5173/",
            "http://localhost/",
        ] {
            assert!(is_allowed_redirect(ours, &headers), "{ours}");
        }
        for other in [
            "",
            "/",
            "//leads.test:3000/",
            "http://leads.test:3000",
            "http://leads.test:3000/docs",
            "http://leads.test:3000/?a=/",
            "http://leads.test:3000/#/",
            "http://leads.test/",
            "http://leads.test:3000.example.com/",
            "http://leads.test:3000@example.com/",
            "http://example.com/",
            "http://localhost.example.com/",
            "http://localhost@example.com/",
            "http://localhost:@example.com/",
            "http://localhost:80@example.com/",
            "http://localhost\\@example.com/",
            "http://example.com/http://localhost/",
            "https://localhost:4000/",
            "javascript:alert(1)//http://localhost/",
        ] {
            assert!(!is_allowed_redirect(other, &headers), "{other}");
        }
        assert!(!is_allowed_redirect("http:///", &HeaderMap::new()));
    }
}
