//! Tests of the authorizer with token issuers that the tests run: signature algorithms, signing keys, and unreachable
//! issuers.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};

use authorizer::{ApiKeyVerifier, Authorizer};
use axum::http::StatusCode;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rsa::pkcs1::EncodeRsaPrivateKey as _;
use rsa::traits::PublicKeyParts as _;
use serde_json::{Value, json};
use shared::platform::config::{Environment, TokenIssuerConfig, TrustConfig};
use tokio::net::TcpListener;

const ISSUER_URL: &str = "https://issuer.example/pool";

/// A JSON Web Key Set (JWKS) served on a local port, and the number of requests that fetched it.
struct JwksServer {
    url: String,
    asked: Arc<AtomicU32>,
}

async fn serve_jwks(answers: Vec<(StatusCode, Value)>) -> JwksServer {
    let asked = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&asked);
    let answer = move || {
        let n = counter.fetch_add(1, Ordering::SeqCst) as usize;
        let (status, body) = answers[n.min(answers.len() - 1)].clone();
        async move { (status, body.to_string()) }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/jwks.json", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, axum::Router::new().fallback(answer)).await });
    JwksServer { url, asked }
}

fn authorizer_with_jwks(published: &JwksServer) -> Authorizer {
    let url = published.url.clone();
    let environment = Environment::from_lookup(move |name| match name {
        "TOKEN_ISSUER" => Some(ISSUER_URL.to_owned()),
        "TOKEN_AUDIENCE" => Some("client".to_owned()),
        "TOKEN_JWKS_URL" => Some(url.clone()),
        _ => None,
    });
    Authorizer::new(
        TokenIssuerConfig::from_environment(&environment).unwrap(),
        &TrustConfig { bundle: None },
        ApiKeyVerifier::default(),
    )
}

struct SigningKey {
    rsa: EncodingKey,
    jwk: Value,
    modulus: Vec<u8>,
}

static ONE: LazyLock<SigningKey> = LazyLock::new(|| generate_signing_key("one"));

fn generate_signing_key(kid: &str) -> SigningKey {
    use base64::Engine as _;
    let encode = |bytes: Vec<u8>| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
    let private = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).unwrap();
    let der = private.to_pkcs1_der().unwrap();
    let modulus = private.n().to_bytes_be();
    let jwk = json!({ "kty": "RSA", "kid": kid, "use": "sig", "alg": "RS256", "n": encode(modulus.clone()), "e": encode(private.e().to_bytes_be()) });
    SigningKey { rsa: EncodingKey::from_rsa_der(der.as_bytes()), jwk, modulus }
}

fn valid_claims() -> Value {
    let now = jiff::Timestamp::now().as_second();
    json!({ "iss": ISSUER_URL, "aud": "client", "exp": now + 60, "nbf": now - 1, "custom:team_id": "t", "custom:team_role": "Owner",
        "custom:user_id": "7", "email": "u@example.com", "given_name": "Una", "family_name": "Roe" })
}

fn sign_token(algorithm: Algorithm, kid: &str, key: &EncodingKey, claims: &Value) -> String {
    let header = Header { kid: Some(kid.into()), ..Header::new(algorithm) };
    jsonwebtoken::encode(&header, claims, key).unwrap()
}

/// Sends a token to the authorizer in an event as API Gateway builds it. Returns the response, or `None` if the
/// authorizer fails.
async fn authorize_token(authorizer: &Authorizer, token: &str) -> Option<Value> {
    let event = json!({
        "version": "2.0", "type": "REQUEST", "routeArn": "arn", "identitySource": [format!("Bearer {token}")],
        "routeKey": "GET /leads", "rawPath": "/leads", "rawQueryString": "", "headers": {},
        "requestContext": { "accountId": "1", "apiId": "a", "domainName": "d", "domainPrefix": "d", "requestId": "r",
            "http": { "method": "GET", "path": "/leads", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "t" },
            "routeKey": "GET /leads", "stage": "$default", "time": "", "timeEpoch": 1 },
    });
    let decision = authorizer.decide(&serde_json::from_value(event).unwrap()).await.ok()?;
    Some(serde_json::to_value(decision).unwrap())
}

#[tokio::test]
async fn rs256_tokens_are_accepted_only_with_valid_claims() {
    let keys = &*ONE;
    let published = serve_jwks(vec![(StatusCode::OK, json!({ "keys": [keys.jwk] }))]).await;
    let authorizer = authorizer_with_jwks(&published);
    let good =
        authorize_token(&authorizer, &sign_token(Algorithm::RS256, "one", &keys.rsa, &valid_claims())).await.unwrap();
    let context = json!({ "teamId": "t", "role": "Owner", "userId": "7", "email": "u@example.com", "firstName": "Una", "lastName": "Roe" });
    assert_eq!(good, json!({ "isAuthorized": true, "context": context }));
    let now = jiff::Timestamp::now().as_second();
    for (field, value) in [
        ("iss", json!("https://other.example")),
        ("iss", Value::Null),
        ("aud", json!("other")),
        ("aud", Value::Null),
        ("exp", json!(now - 1)),
        ("exp", Value::Null),
        ("nbf", json!(now + 70)),
        ("iss", json!([ISSUER_URL])),
        ("custom:team_id", Value::Null),
        ("custom:team_role", json!("Root")),
        ("custom:user_id", json!("0")),
        ("custom:user_id", json!("-1")),
        ("custom:user_id", json!("x")),
        ("custom:user_id", json!("+7")),
        ("custom:user_id", json!("07")),
        ("custom:user_id", json!(" 7")),
        ("custom:user_id", json!("7.0")),
        ("custom:user_id", json!("9007199254740992")),
        ("custom:user_id", json!(9_007_199_254_740_992u64)),
        ("custom:user_id", json!(1.5)),
    ] {
        let mut claims = valid_claims();
        claims[field] = value.clone();
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(field);
        }
        let refused =
            authorize_token(&authorizer, &sign_token(Algorithm::RS256, "one", &keys.rsa, &claims)).await.unwrap();
        assert_eq!(refused, json!({ "isAuthorized": false }), "{field}: {value}");
    }
    for (field, value, user) in [
        ("nbf", json!(now + 50), "7"),
        ("aud", json!(["other", "client"]), "7"),
        ("custom:user_id", json!(9_007_199_254_740_991u64), "9007199254740991"),
    ] {
        let mut claims = valid_claims();
        claims[field] = value;
        let good =
            authorize_token(&authorizer, &sign_token(Algorithm::RS256, "one", &keys.rsa, &claims)).await.unwrap();
        assert_eq!(good["context"]["userId"], user, "{claims}");
    }
    // The token's header has a `crit` entry that the authorizer does not understand, so the token must be refused (RFC
    // 7515, section 4.1.11).
    let header = Header { kid: Some("one".into()), crit: Some(vec!["b64".into()]), ..Header::new(Algorithm::RS256) };
    let critical = jsonwebtoken::encode(&header, &valid_claims(), &keys.rsa).unwrap();
    assert_eq!(authorize_token(&authorizer, &critical).await.unwrap()["isAuthorized"], false);
    // Algorithm confusion attack: an HS256 token whose HMAC secret is the issuer's public RSA key.
    let confused = sign_token(Algorithm::HS256, "one", &EncodingKey::from_secret(&keys.modulus), &valid_claims());
    let other = sign_token(Algorithm::RS512, "one", &keys.rsa, &valid_claims());
    for token in [confused, other, "a.b.c".to_owned(), String::new()] {
        assert_eq!(authorize_token(&authorizer, &token).await.unwrap()["isAuthorized"], false);
    }
    assert_eq!(published.asked.load(Ordering::SeqCst), 1, "the keys are kept");
}

#[tokio::test]
async fn unknown_key_ids_cause_at_most_two_jwks_fetches() {
    let (one, two) = (&*ONE, generate_signing_key("two"));
    let published = serve_jwks(vec![(StatusCode::OK, json!({ "keys": [one.jwk] }))]).await;
    let authorizer = authorizer_with_jwks(&published);
    assert_eq!(
        authorize_token(&authorizer, &sign_token(Algorithm::RS256, "one", &one.rsa, &valid_claims())).await.unwrap()["isAuthorized"],
        true
    );
    for n in 0..20 {
        let token = sign_token(Algorithm::RS256, &format!("invented-{n}"), &two.rsa, &valid_claims());
        assert_eq!(authorize_token(&authorizer, &token).await.unwrap()["isAuthorized"], false);
    }
    assert!(published.asked.load(Ordering::SeqCst) <= 2, "{} fetches", published.asked.load(Ordering::SeqCst));
}

#[tokio::test]
async fn an_unreachable_issuer_fails_the_authorizer_and_denies_no_token() {
    let keys = &*ONE;
    let down = (StatusCode::SERVICE_UNAVAILABLE, Value::Null);
    let published = serve_jwks(vec![down.clone(), down, (StatusCode::OK, json!({ "keys": [keys.jwk] }))]).await;
    let authorizer = authorizer_with_jwks(&published);
    let token = sign_token(Algorithm::RS256, "one", &keys.rsa, &valid_claims());
    for asked in [1, 2] {
        for _ in 0..20 {
            assert_eq!(authorize_token(&authorizer, &token).await, None);
        }
        assert_eq!(published.asked.load(Ordering::SeqCst), asked, "once a pause, not once a token");
        tokio::time::sleep(std::time::Duration::from_millis(1050)).await;
    }
    assert_eq!(authorize_token(&authorizer, &token).await.unwrap()["isAuthorized"], true, "it comes back by itself");
}

/// A published key whose `use`, `alg` or `key_ops` does not fit RS256 signatures verifies no token.
#[tokio::test]
async fn signing_keys_for_another_use_verify_no_token() {
    let keys = &*ONE;
    for (field, value, good) in [
        ("use", Value::Null, true),
        ("use", json!("enc"), false),
        ("alg", Value::Null, true),
        ("alg", json!("RS512"), false),
        ("alg", json!("ES256"), false),
        ("key_ops", json!(["verify"]), true),
        ("key_ops", json!(["encrypt"]), false),
    ] {
        let mut jwk = keys.jwk.clone();
        match value.is_null() {
            true => drop(jwk.as_object_mut().unwrap().remove(field)),
            false => jwk[field] = value.clone(),
        }
        let authorizer = authorizer_with_jwks(&serve_jwks(vec![(StatusCode::OK, json!({ "keys": [jwk] }))]).await);
        let decision = authorize_token(&authorizer, &sign_token(Algorithm::RS256, "one", &keys.rsa, &valid_claims()))
            .await
            .unwrap();
        assert_eq!(decision["isAuthorized"], good, "{field}: {value}");
    }
}
