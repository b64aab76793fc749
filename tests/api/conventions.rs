//! What every endpoint does alike: bodies, parameters, errors, idempotency, CORS (spec section 2).

use serde_json::json;

use crate::harness::{Api, Reply, example, options, with_api};

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_are_not_json() {
    with_api(async |api| {
        let owner = api.owner();
        let routes = local::Template::load().unwrap().routes();
        let with_body = routes.iter().filter(|r| r.method != "GET" && !(r.method == "DELETE" && r.path.contains('{')));
        for route in with_body {
            let upload = route.path == "/leads/upload-photo";
            let path = route.path.replace("{id}", "1");
            let send = async |kind: &str, body: Vec<u8>| {
                owner.send(&route.method, &path, &[("content-type", kind)], body).await
            };
            for bad in ["", "{", "{\"a\":1}}", "nonsense", "{\"a\":\"\u{1}\"}"] {
                send("application/json", bad.into()).await.refused(400, "Malformed JSON");
            }
            send("application/json", vec![b'"', 0xff, b'"']).await.refused(400, "Malformed JSON");
            send("application/json", "[".repeat(100_000).into()).await.refused(400, "Malformed JSON");
            let form = if upload { "multipart/mixed" } else { "multipart/form-data" };
            for kind in ["text/plain", "application/x-www-form-urlencoded", form, ""] {
                send(kind, "{}".into()).await.refused(415, "Unsupported media type");
            }
            let most = if upload { 6 * 1024 * 1024 } else { 256 * 1024 };
            send("application/json", vec![b' '; most + 1]).await.refused(413, "Payload too large");
            let query =
                owner.send(&route.method, &format!("{path}?x=1"), &[("content-type", "application/json")], "{}").await;
            query.names(&["x"]);
        }
        let kinds = ["application/json; charset=utf-8", "Application/JSON", "application/vnd.api+json"];
        for (n, kind) in kinds.iter().enumerate() {
            let body = example(&format!("a{n}@example.com")).to_string();
            owner.send("POST", "/leads", &[("content-type", kind)], body).await.expect(201);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn routes_that_do_not_exist() {
    with_api(async |api| {
        let owner = api.owner();
        for (method, path) in [
            ("GET", "/"),
            ("GET", "/lead"),
            ("POST", "/leads/1"),
            ("GET", "/leads/1/2"),
            ("PUT", "/leads"),
            ("HEAD", "/leads"),
        ] {
            let reply = owner.send(method, path, &[], "").await;
            assert_eq!(reply.status, 404, "{method} {path}: {reply:?}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_not_to_be_cached_and_are_json() {
    with_api(async |api| {
        let owner = api.owner();
        for reply in [owner.get("/leads").await, owner.get("/leads/1").await] {
            assert_eq!(reply.headers["content-type"], "application/json");
            assert_eq!(reply.headers["cache-control"], "no-store");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_may_call() {
    with_api(async |api| {
        let anyone = api.with_authorization(None);
        let asks = [("origin", "https://crm.example"), ("access-control-request-method", "PUT")];
        let preflight = anyone.send("OPTIONS", "/leads/1", &asks, "").await;
        assert_eq!(preflight.status, 204);
        assert_eq!(preflight.headers["access-control-allow-origin"], "*");
        assert_eq!(preflight.headers["access-control-allow-methods"], "GET,POST,PUT,PATCH,DELETE");
        assert_eq!(
            preflight.headers["access-control-allow-headers"],
            "authorization,content-type,idempotency-key,if-match"
        );
        let read = api.owner().send("GET", "/leads", &[("origin", "https://crm.example")], "").await;
        assert_eq!(read.headers["access-control-allow-origin"], "*");
        assert_eq!(read.headers["access-control-expose-headers"], "etag");
    })
    .await;
}

async fn keyed(caller: &crate::harness::Caller<'_>, path: &str, key: &str, body: &serde_json::Value) -> Reply {
    caller.send("POST", path, &[("content-type", "application/json"), ("idempotency-key", key)], body.to_string()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_makes_a_post_happen_once() {
    with_api(async |api| {
        let owner = api.owner();
        for (path, body, other) in [
            ("/leads", example("a@example.com"), example("b@example.com")),
            (
                "/leads/status",
                json!({ "name": "Won", "primaryColor": "blue" }),
                json!({ "name": "Lost", "primaryColor": "blue" }),
            ),
            ("/businesses", json!({ "name": "Acme" }), json!({ "name": "Bolt" })),
        ] {
            // One key is for one route too, so each path has keys of its own.
            let key = |n: u8| format!("{}-{n}", path.len());
            let first = keyed(&owner, path, &key(1), &body).await;
            let etag = first.headers.get("etag").cloned();
            let first = first.expect(201);
            let items = api.items().await;
            let again = keyed(&owner, path, &key(1), &body).await;
            assert_eq!(again.headers.get("etag").cloned(), etag);
            assert_eq!(again.expect(201), first);
            assert_eq!(api.items().await, items, "a repeated request writes nothing");
            keyed(&owner, path, &key(1), &other).await.refused(400, "Invalid Idempotency-Key");
            let second = keyed(&owner, path, &key(2), &other).await.expect(201);
            assert_ne!(second["id"], first["id"]);
            // A refusal is no answer to keep.
            assert_eq!(keyed(&owner, path, &key(3), &body).await.status, 400);
            for bad in ["", "with space", &"x".repeat(256)] {
                keyed(&owner, path, bad, &body).await.refused(400, "Invalid Idempotency-Key");
            }
        }
        keyed(&owner, "/businesses", "6-1", &json!({ "name": "New" })).await.refused(400, "Invalid Idempotency-Key");
        keyed(&api.caller("other", "Owner"), "/leads", "6-1", &example("b@example.com")).await.expect(201);
        keyed(&api.caller("team", "Manager"), "/leads", "6-1", &example("c@example.com")).await.expect(201);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_sent_twice_at_once_makes_one_lead() {
    with_api(async |api| {
        let owner = api.owner();
        let body = example("a@example.com");
        let all = futures_util::future::join_all((0..8).map(|_| keyed(&owner, "/leads", "key", &body))).await;
        let answers: Vec<_> = all.into_iter().map(|reply| reply.expect(201)).collect();
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
        assert_eq!(owner.get("/leads").await.expect(200)["count"], 1);
    })
    .await;
}

/// A table that is gone is our fault: 500, and nothing of why.
#[tokio::test(flavor = "multi_thread")]
async fn a_fault_says_nothing_internal() {
    let api = Api::start(options()).await;
    api.dynamodb.delete_table().table_name(&api.table).send().await.unwrap();
    let body = api.owner().get("/leads").await.refused(500, "Internal server error");
    let fields: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(fields, ["message", "requestId"]);
}
