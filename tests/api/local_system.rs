//! `cargo local`, which runs the whole product on one machine: its data folder, its token issuer and its error
//! messages.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use local::{LocalStack, StackOptions, TokenIdentity};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::events::wait_until_some;
use crate::harness::{TestCaller, TestResponse, TestStack, example_lead, with_api};
use crate::receiver::{EndpointBehaviour, WebhookReceiver};

#[tokio::test]
async fn a_data_folder_survives_a_restart() {
    let folder = tempfile::TempDir::new().unwrap();
    let options = || StackOptions { data: Some(folder.path().to_owned()), ..StackOptions::default() };
    let (first, token) = {
        let api = TestStack::start_stack(options()).await;
        let owner = api.owner_caller();
        let id = owner.create_lead(example_lead("a@example.com")).await;
        let error = LocalStack::start_stack(options()).await.err().map(|error| format!("{error:#}")).unwrap();
        assert_eq!(error, format!("another process uses {}", folder.path().display()));
        let kept = (owner.get(&format!("/leads/{id}")).await.expect_status(200), owner.authorization.clone());
        api.stop_stack().await;
        kept
    };
    let api = TestStack::start_stack(options()).await;
    let again = api.owner_caller();
    assert_eq!(again.get("/leads/1").await.expect_status(200), first);
    assert_eq!(again.create_lead(example_lead("b@example.com")).await, 2);
    assert!(token.is_some());
    api.audit_all_teams().await;
}

#[tokio::test]
async fn a_port_in_use_is_reported_in_one_line() {
    let stack = LocalStack::start_stack(StackOptions::default()).await.unwrap();
    let taken = StackOptions { port: stack.address.port(), ..StackOptions::default() };
    let error = LocalStack::start_stack(taken).await.err().map(|error| format!("{error:#}")).unwrap();
    assert!(error.starts_with(&format!("cannot listen on 127.0.0.1:{}", stack.address.port())), "{error}");
    assert!(!error.contains('\n'));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disconnected_client_does_not_affect_others() {
    for pause in [0, 1, 2, 3, 5, 8, 13] {
        let mut stack = LocalStack::start_stack(StackOptions::default()).await.unwrap();
        let token = stack.gateway().token_issuer().sign_token(&TokenIdentity::demo_member("Owner")).unwrap();
        let (address, request) = (
            stack.address,
            format!("GET /leads HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"),
        );
        let serving = tokio::spawn(async move { stack.serve_connections(std::future::pending()).await });
        let asked = async || {
            let mut client = TcpStream::connect(address).await.unwrap();
            client.write_all(request.as_bytes()).await.unwrap();
            client
        };
        let gone = asked().await;
        tokio::time::sleep(Duration::from_millis(pause)).await;
        drop(gone);
        let mut answer = String::new();
        asked().await.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{pause} ms: {answer}");
        serving.abort();
    }
}

#[tokio::test]
async fn a_stack_without_the_demo_option_has_no_demo_data() {
    let api = TestStack::start_stack(crate::harness::test_options()).await;
    assert_eq!(
        api.caller_with_role("demo", "Owner").get("/leads").await.expect_status(200),
        json!({ "count": 0, "leads": [] })
    );
}

/// The console's OAuth authorization request, with the PKCE code challenge of RFC 7636, appendix B.
const AUTHORIZE_PATH_AND_QUERY: &str = "/local/authorize?response_type=code&client_id=leads-api&redirect_uri=http://localhost/\
                         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";
/// The PKCE code verifier of the challenge in [`AUTHORIZE_PATH_AND_QUERY`].
const PKCE_CODE_VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// Asserts a redirect (302) and returns its target.
fn redirect_target(reply: &TestResponse) -> &str {
    assert_eq!(reply.status, 302, "{}", reply.body);
    reply.headers["location"].to_str().unwrap()
}

/// Signs in with a team and a role, and returns the authorization code.
async fn sign_in_for_code(anyone: &TestCaller<'_>, team: &str, role: &str) -> String {
    let answer = anyone.get(&format!("{AUTHORIZE_PATH_AND_QUERY}&nonce=n1&team={team}&role={role}")).await;
    redirect_target(&answer).strip_prefix("http://localhost/?code=").unwrap().to_owned()
}

async fn request_tokens(anyone: &TestCaller<'_>, form: &str) -> TestResponse {
    let answer = anyone
        .send_request("POST", "/local/token", &[("content-type", "application/x-www-form-urlencoded")], form.to_owned())
        .await;
    assert_eq!(answer.headers["cache-control"], "no-store");
    answer
}

fn token_request_form(code: &str) -> String {
    format!(
        "grant_type=authorization_code&client_id=leads-api&redirect_uri=http://localhost/&code={code}\
         &code_verifier={PKCE_CODE_VERIFIER}"
    )
}

fn id_token_claims(tokens: &Value) -> Value {
    let claims = tokens["id_token"].as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap()
}

#[tokio::test]
async fn the_local_issuer_supports_sign_in_refresh_and_sign_out() {
    with_api(async |api| {
        let anyone = api.caller_with_authorization(None);
        let metadata = anyone.get("/local/.well-known/openid-configuration").await.expect_status(200);
        assert_eq!(metadata["issuer"], api.gateway.token_issuer().issuer_url());
        for (endpoint, path) in [
            ("authorization_endpoint", "/local/authorize"),
            ("token_endpoint", "/local/token"),
            ("jwks_uri", "/local/.well-known/jwks.json"),
            ("end_session_endpoint", "/local/logout"),
        ] {
            let url = metadata[endpoint].as_str().unwrap();
            assert!(url.starts_with("http://127.0.0.1:") && url.ends_with(path), "{url}");
        }

        let question = anyone.get(&format!("{AUTHORIZE_PATH_AND_QUERY}&state=%22%3E%3Cscript%3E&nonce=n1")).await;
        let policy = question.headers["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-") && !policy.contains("unsafe"), "{policy}");
        let html = question.expect_status(200);
        let html = html.as_str().unwrap();
        assert!(html.contains(r#"name="state" value="&quot;>&lt;script>""#) && !html.contains("<script"), "{html}");

        let signed_in =
            anyone.get(&format!("{AUTHORIZE_PATH_AND_QUERY}&state=a%26b&nonce=n1&team=t&role=Viewer")).await;
        let (code, state) = redirect_target(&signed_in).split_once("&state=").unwrap();
        assert_eq!(state, "a%26b");
        let tokens =
            request_tokens(&anyone, &token_request_form(code.strip_prefix("http://localhost/?code=").unwrap())).await;
        let tokens = tokens.expect_status(200);
        assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(3600)));
        let said = id_token_claims(&tokens);
        assert_eq!((&said["aud"], &said["nonce"]), (&json!("leads-api"), &json!("n1")));
        assert_eq!((&said["custom:team_id"], &said["custom:team_role"]), (&json!("t"), &json!("Viewer")));
        let bearer = |tokens: &Value| Some(format!("Bearer {}", tokens["id_token"].as_str().unwrap()));
        let viewer = api.caller_with_authorization(bearer(&tokens));
        viewer.get("/leads").await.expect_status(200);
        viewer.post("/businesses", json!({ "name": "X" })).await.expect_error(403, "Access denied");

        let refresh = |tokens: &Value| {
            let token = tokens["refresh_token"].as_str().unwrap();
            format!("grant_type=refresh_token&client_id=leads-api&refresh_token={token}")
        };
        let again = request_tokens(&anyone, &refresh(&tokens)).await.expect_status(200);
        assert_eq!(
            (&id_token_claims(&again)["custom:team_role"], &id_token_claims(&again)["nonce"]),
            (&json!("Viewer"), &Value::Null)
        );
        api.caller_with_authorization(bearer(&again)).get("/leads").await.expect_status(200);
        assert_eq!(
            request_tokens(&anyone, &refresh(&tokens)).await.expect_status(400),
            json!({ "error": "invalid_grant" })
        );
        request_tokens(&anyone, &refresh(&again)).await.expect_status(200);

        for (asked, answered) in [
            ("?post_logout_redirect_uri=http://localhost/&state=s", "http://localhost/?state=s"),
            ("?post_logout_redirect_uri=http://127.0.0.1:4000/", "http://127.0.0.1:4000/"),
        ] {
            assert_eq!(redirect_target(&anyone.get(&format!("/local/logout{asked}")).await), answered);
        }
        for elsewhere in ["", "?post_logout_redirect_uri=https://example.com/"] {
            anyone.get(&format!("/local/logout{elsewhere}")).await.expect_status(200);
        }
    })
    .await;
}

#[tokio::test]
async fn the_local_issuer_refuses_invalid_sign_ins() {
    with_api(async |api| {
        let anyone = api.caller_with_authorization(None);
        for (from, to) in [
            ("http://localhost/", "https://example.com/"),
            ("http://localhost/", "http://localhost/docs"),
            ("&redirect_uri=http://localhost/", ""),
            ("client_id=leads-api", "client_id=other"),
            ("client_id=leads-api", "client_id=leads-api&client_id=leads-api"),
        ] {
            let refused = anyone.get(&format!("{}&role=Owner", AUTHORIZE_PATH_AND_QUERY.replace(from, to))).await;
            assert!(!refused.headers.contains_key("location"), "{to}");
            refused.expect_status(400);
        }
        for (from, to, error) in [
            ("response_type=code", "response_type=token", "unsupported_response_type"),
            ("response_type=code&", "", "invalid_request"),
            ("code_challenge_method=S256", "code_challenge_method=plain", "invalid_request"),
            ("&code_challenge_method=S256", "", "invalid_request"),
            ("code_challenge=", "challenge=", "invalid_request"),
            ("role=Owner", "role=Admin", "invalid_request"),
            ("role=Owner", "prompt=none", "login_required"),
        ] {
            let refused = anyone.get(&format!("{AUTHORIZE_PATH_AND_QUERY}&state=s&role=Owner").replace(from, to)).await;
            assert_eq!(redirect_target(&refused), format!("http://localhost/?error={error}&state=s"), "{to}");
        }
        for (from, to, error) in [
            (PKCE_CODE_VERIFIER, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXj", "invalid_grant"),
            ("http://localhost/", "http://127.0.0.1/", "invalid_grant"),
            ("client_id=leads-api", "client_id=other", "invalid_client"),
            ("grant_type=authorization_code", "grant_type=password", "unsupported_grant_type"),
            ("code_verifier=", "verifier=", "invalid_request"),
        ] {
            let form = token_request_form(&sign_in_for_code(&anyone, "t", "Owner").await).replace(from, to);
            assert_eq!(request_tokens(&anyone, &form).await.expect_status(400), json!({ "error": error }), "{to}");
        }
        let form = token_request_form(&sign_in_for_code(&anyone, "t", "Owner").await);
        request_tokens(&anyone, &form).await.expect_status(200);
        assert_eq!(request_tokens(&anyone, &form).await.expect_status(400), json!({ "error": "invalid_grant" }));
    })
    .await;
}

/// A webhook delivery that waits for its retry survives a restart of `cargo local`.
#[tokio::test(flavor = "multi_thread")]
async fn delayed_messages_survive_a_restart() {
    let folder = tempfile::TempDir::new().unwrap();
    let here = || StackOptions {
        data: Some(folder.path().to_owned()),
        events: true,
        webhook_networks: "127.0.0.0/8".into(),
        ..StackOptions::default()
    };
    let receiver = WebhookReceiver::start_receiver().await;
    receiver.set_path_behaviour("/hook", EndpointBehaviour::Answer(500, String::new()));
    let api = TestStack::start_stack(here()).await;
    let owner = api.owner_caller();
    let (hook, _) = owner.add_test_webhook(json!({ "url": format!("{}/hook", receiver.url) })).await;
    owner.create_lead(example_lead("a@example.com")).await;
    receiver.wait_for_requests("/hook", 1).await;
    owner.wait_for_delivery(hook, |delivery| delivery["state"] == "Pending").await;
    wait_until_some("what waits", async || (!api.queues.has_message_in_process()).then_some(())).await;
    assert_eq!(api.queues.message_bodies("DeliveriesQueue").len(), 1);
    api.stop_stack().await;
    receiver.set_path_behaviour("/hook", EndpointBehaviour::Well);
    let api = TestStack::start_stack(here()).await;
    assert_eq!(api.queues.message_bodies("DeliveriesQueue").len(), 1);
    api.clock.advance_clock(std::time::Duration::from_secs(60));
    receiver.wait_for_requests("/hook", 2).await;
    api.owner_caller().wait_for_delivery(hook, |delivery| delivery["state"] == "Delivered").await;
    api.wait_for_empty_delivery_queue().await;
    api.stop_stack().await;
}
