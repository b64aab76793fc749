//! Conventions of all endpoints: request bodies, parameters, error responses, idempotency keys and CORS.

use local::Fault;
use serde_json::{Value, json};

use crate::harness::{
    TestResponse, TestStack, example_lead, example_lead_with, put_body_with, test_options, with_api,
    with_faults_and_deadline,
};

#[tokio::test]
async fn bodies_that_are_not_json_are_refused() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let form_key = owner.post("/forms", json!({ "name": "Contact" })).await.expect_status(201)["key"].clone();
        let form_key = form_key.as_str().unwrap().to_owned();
        let routes = local::SamTemplate::compiled_in().unwrap().api_routes();
        let says_all = |path: &str| ["/secret", "/test", "/{eventId}"].iter().any(|end| path.ends_with(end));
        let with_body = routes.iter().filter(|r| r.method != "GET" && !(r.method == "DELETE" && r.path.contains('{')));
        let with_body = with_body.filter(|route| !says_all(&route.path));
        for route in with_body {
            let upload = route.path == "/leads/upload-photo";
            let path = route.path.replace("{id}", "1").replace("{key}", &form_key).replace("{system}", "hubspot");
            let send = async |kind: &str, body: Vec<u8>| {
                owner.send_request(&route.method, &path, &[("content-type", kind)], body).await
            };
            for bad in ["", "{", "{\"a\":1}}", "nonsense", "{\"a\":\"\u{1}\"}"] {
                send("application/json", bad.into()).await.expect_error(400, "Malformed JSON");
            }
            send("application/json", vec![b'"', 0xff, b'"']).await.expect_error(400, "Malformed JSON");
            send("application/json", "[".repeat(100_000).into()).await.expect_error(400, "Malformed JSON");
            let form = if upload { "multipart/mixed" } else { "multipart/form-data" };
            let page = route.path == "/forms/{key}/leads";
            for kind in ["text/plain", "application/x-www-form-urlencoded", form, ""] {
                // The submission route accepts the media types of HTML forms, so they are not refused there.
                if page && [form, "application/x-www-form-urlencoded"].contains(&kind) {
                    continue;
                }
                send(kind, "{}".into()).await.expect_error(415, "Unsupported media type");
            }
            let most = match path.as_str() {
                _ if upload => 6 * 1024 * 1024,
                "/leads/batch" => 4 * 1024 * 1024,
                _ => 256 * 1024,
            };
            send("application/json", vec![b' '; most + 1]).await.expect_error(413, "Payload too large");
            let query = owner
                .send_request(&route.method, &format!("{path}?x=1"), &[("content-type", "application/json")], "{}")
                .await;
            if page {
                // The submission route ignores unknown query parameters, so only the missing `email` is named.
                query.expect_bad_fields(&["email"]);
            } else {
                query.expect_bad_fields(&["x"]);
            }
        }
        let kinds = ["application/json; charset=utf-8", "Application/JSON", "application/vnd.api+json"];
        for (n, kind) in kinds.iter().enumerate() {
            let body = example_lead(&format!("a{n}@example.com")).to_string();
            owner.send_request("POST", "/leads", &[("content-type", kind)], body).await.expect_status(201);
        }
    })
    .await;
}

#[tokio::test]
async fn unknown_routes_are_404() {
    with_api(async |api| {
        let owner = api.owner_caller();
        for (method, path) in [
            ("POST", "/"),
            ("GET", "/lead"),
            ("POST", "/leads/1"),
            ("GET", "/leads/1/2"),
            ("PUT", "/leads"),
            ("HEAD", "/leads"),
        ] {
            let reply = owner.send_request(method, path, &[], "").await;
            assert_eq!(reply.status, 404, "{method} {path}: {reply:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn responses_are_json_and_not_cached() {
    with_api(async |api| {
        let owner = api.owner_caller();
        for reply in [owner.get("/leads").await, owner.get("/leads/1").await] {
            assert_eq!(reply.headers["content-type"], "application/json");
            assert_eq!(reply.headers["cache-control"], "no-store");
        }
    })
    .await;
}

#[tokio::test]
async fn cors_allows_calls_from_any_origin() {
    with_api(async |api| {
        let anyone = api.caller_with_authorization(None);
        let asks = [("origin", "https://crm.example"), ("access-control-request-method", "PUT")];
        let preflight = anyone.send_request("OPTIONS", "/leads/1", &asks, "").await;
        assert_eq!(preflight.status, 204);
        assert_eq!(preflight.headers["access-control-allow-origin"], "*");
        assert_eq!(preflight.headers["access-control-allow-methods"], "GET,POST,PUT,PATCH,DELETE");
        assert_eq!(
            preflight.headers["access-control-allow-headers"],
            "authorization,content-type,idempotency-key,if-match,if-none-match"
        );
        let read = api.owner_caller().send_request("GET", "/leads", &[("origin", "https://crm.example")], "").await;
        assert_eq!(read.headers["access-control-allow-origin"], "*");
        assert_eq!(
            read.headers["access-control-expose-headers"],
            "content-disposition,content-location,etag,leads-result,link,retry-after,search-complete"
        );
    })
    .await;
}

/// A field that an endpoint does not know is refused by name, because ignoring it would silently lose mistyped fields.
#[tokio::test]
async fn unknown_fields_are_refused_by_name() {
    with_api(async |api| {
        let owner = api.owner_caller();
        owner.create_lead(example_lead("a@example.com")).await;
        let with = |mut body: Value, name: &str| {
            body[name] = json!(1);
            body
        };
        let lead = with(example_lead("b@example.com"), "fristName");
        owner.post("/leads", lead).await.expect_bad_fields(&["fristName"]);
        let several = with(json!({ "email": "x", "socialMedia": { "tiktok": "x" } }), "stauts");
        owner.patch("/leads/1", several).await.expect_bad_fields(&["email", "socialMedia.tiktok", "stauts"]);
        owner.put("/leads/1", with(put_body_with(json!({})), "fristName")).await.expect_bad_fields(&["fristName"]);
        for path in ["/leads/archive", "/leads/restore"] {
            owner.patch(path, json!({ "ids": [1], "id": 2 })).await.expect_bad_fields(&["id"]);
        }
        owner.delete("/leads", json!({ "ids": [1], "id": 2 })).await.expect_bad_fields(&["id"]);
        owner
            .put("/leads/change-status", json!({ "ids": [1], "statusId": 1, "status": 1 }))
            .await
            .expect_bad_fields(&["status"]);
        let status = json!({ "name": "X", "primaryColor": "blue", "colour": "blue" });
        owner.post("/leads/status", status.clone()).await.expect_bad_fields(&["colour"]);
        owner.put("/leads/status/1", status).await.expect_bad_fields(&["colour"]);
        owner
            .put("/leads/statuses/order", json!([{ "id": 1, "statusOrder": 1, "order": 1 }]))
            .await
            .expect_bad_fields(&["order"]);
        owner.post("/businesses", json!({ "name": "X", "nmae": "X" })).await.expect_bad_fields(&["nmae"]);
        owner.post("/leads/comments/1", json!({ "content": "x", "text": "x" })).await.expect_bad_fields(&["text"]);
        let upload = json!({ "id": 1, "photo": local::examples::PIXEL_GIF_BASE64, "file": "x" });
        owner.post("/leads/upload-photo", upload).await.expect_bad_fields(&["file"]);
        for path in ["/leads/delete-photo/x.jpg", "/leads/status/1", "/businesses/1", "/leads/comments/1"] {
            owner.delete(&format!("{path}?force=true"), Value::Null).await.expect_bad_fields(&["force"]);
        }
    })
    .await;
}

#[tokio::test]
async fn read_only_fields_can_be_sent_back() {
    with_api(async |api| {
        let owner = api.owner_caller();
        owner.create_numbered_businesses(2).await;
        let photo = owner
            .post("/leads/upload-photo", json!({ "photo": local::examples::PIXEL_GIF_BASE64 }))
            .await
            .expect_status(200);
        let made = example_lead_with("a@example.com", json!({ "business": [1, 2], "photo": photo }));
        let created = owner.post("/leads", made).await.expect_status(201);
        let read = owner.get("/leads/1").await.expect_status(200);
        assert_eq!(created, read);
        assert!(read["photoUrl"].is_string() && read["business"][1]["name"] == "Business 2", "{read}");
        for reply in [owner.put("/leads/1", read.clone()).await, owner.patch("/leads/1", read.clone()).await] {
            assert_eq!(reply.lead_version_from_etag(), 1, "nothing changed");
            assert_eq!(reply.expect_status(200), read);
        }
        let mut copy = read.clone();
        (copy["email"], copy["photo"]) = (json!("b@example.com"), json!(""));
        let copied = owner.post("/leads", copy).await.expect_status(201);
        assert_eq!((&copied["id"], &copied["business"]), (&json!(2), &read["business"]));
        let listed = owner.get("/leads?limit=1").await.expect_status(200)["leads"][0].clone();
        owner.patch("/leads/2", listed).await.expect_status(200);
        let statuses = owner.get("/leads/statuses").await.expect_status(200)["statuses"].clone();
        assert_eq!(owner.put("/leads/statuses/order", statuses.clone()).await.expect_status(200), statuses);
        assert_eq!(owner.put("/leads/status/2", statuses[1].clone()).await.expect_status(200), statuses[1]);
        let business = owner.get("/businesses").await.expect_status(200)["businesses"][0].clone();
        assert_eq!(owner.put("/businesses/1", business.clone()).await.expect_status(200), business);
        let comment = owner.post("/leads/comments/1", json!({ "content": "Hello" })).await.expect_status(201);
        assert_eq!(owner.put("/leads/comments/1", comment.clone()).await.expect_status(200), comment);
        let entry =
            owner.get("/leads/logs-and-comments/1?limit=1").await.expect_status(200)["logsAndComments"][0].clone();
        assert_eq!(owner.put("/leads/comments/1", entry).await.expect_status(200), comment);
    })
    .await;
}

#[tokio::test]
async fn times_have_three_digits_of_fraction() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let noon = "2024-02-29T12:00:00Z".parse().unwrap();
        crate::dashboard::create_lead_at(api, noon, "a@example.com", json!({})).await;
        let (lead, log) =
            (owner.get("/leads/1").await.expect_status(200), owner.get("/leads/logs/1").await.expect_status(200));
        let listed = owner.get("/leads").await.expect_status(200)["leads"][0].clone();
        let entry = &log["logs"][0];
        for time in [&lead["createdAt"], &lead["updatedAt"], &listed["createdAt"], &entry["createdAt"]] {
            assert_eq!(time, "2024-02-29T12:00:00.000Z");
        }
    })
    .await;
}

/// API Gateway does not validate query strings. A malformed one must give a 400 and not crash the function.
#[tokio::test]
async fn a_malformed_url_is_a_bad_request() {
    with_api(async |api| {
        let route = local::SamTemplate::compiled_in()
            .unwrap()
            .api_routes()
            .into_iter()
            .find(|r| r.path == "/leads/search")
            .unwrap();
        let mut event: Value = serde_json::from_str(include_str!("../../events/leads-search.json")).unwrap();
        for query in ["search=a b", "search=\u{0}", "search=<b>\u{7f}", "search=\ttab"] {
            event["rawQueryString"] = json!(query);
            let answer = api.gateway.replay_sample_event(&route, &event).await.unwrap();
            let body: Value = serde_json::from_slice(answer.body()).unwrap();
            assert_eq!((answer.status().as_u16(), &body["message"]), (400, &json!("Malformed URL")), "{query:?}");
            assert_eq!(body["requestId"], "leads-search");
        }
        // API Gateway decodes the path, so each of these is a path that a client may send.
        event["rawQueryString"] = json!("");
        for path in ["/leads/a b", "/leads/50%", "/leads/%zz", "/leads/a?b#c", "/leads/山田\u{7f}"] {
            event["rawPath"] = json!(path);
            let answer = api.gateway.replay_sample_event(&route, &event).await.unwrap();
            let body: Value = serde_json::from_slice(answer.body()).unwrap();
            assert_eq!((answer.status().as_u16(), &body["message"]), (404, &json!("Lead not found")), "{path:?}");
        }
    })
    .await;
}

/// A retry may format its JSON or multipart body differently: bodies with the same content count as the same request.
#[tokio::test]
async fn a_reformatted_body_matches_its_idempotency_key() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let json = [("content-type", "application/json"), ("idempotency-key", "k")];
        let first = owner
            .send_request("POST", "/leads", &json, example_lead("a@example.com").to_string())
            .await
            .expect_status(201);
        let Value::Object(fields) = example_lead("a@example.com") else { unreachable!() };
        let reversed: serde_json::Map<String, Value> = fields.into_iter().rev().collect();
        let laid_out = serde_json::to_string_pretty(&reversed).unwrap().replace("John", "\\u004aohn");
        assert_eq!(owner.send_request("POST", "/leads", &json, laid_out).await.expect_status(201), first);

        let form = async |boundary: &str, id: u64| {
            let kind = format!("multipart/form-data; boundary={boundary}");
            let mut body =
                format!("--{boundary}\r\ncontent-disposition: form-data; name=\"id\"\r\n\r\n{id}\r\n").into_bytes();
            body.extend(
                format!("--{boundary}\r\ncontent-disposition: form-data; name=\"photo\"; filename=\"x\"\r\n\r\n")
                    .bytes(),
            );
            body.extend(include_bytes!("../local/demo/photo.jpg"));
            body.extend(format!("\r\n--{boundary}--\r\n").bytes());
            owner
                .send_request("POST", "/leads/upload-photo", &[("content-type", &kind), ("idempotency-key", "p")], body)
                .await
        };
        let photo = form("one", 1).await.expect_status(200);
        assert_eq!(form("another", 1).await.expect_status(200), photo);
        form("another", 2).await.expect_error(400, "Invalid Idempotency-Key");
        let bytes = base64::Engine::encode(
            &base64::engine::general_purpose::STANDARD,
            include_bytes!("../local/demo/photo.jpg"),
        );
        let same = [("content-type", "application/json"), ("idempotency-key", "p")];
        let body = json!({ "photo": bytes, "id": 1 }).to_string();
        assert_eq!(owner.send_request("POST", "/leads/upload-photo", &same, body).await.expect_status(200), photo);
        assert_eq!(owner.get("/leads/logs/1").await.expect_status(200)["count"], 2);
    })
    .await;
}

/// If DynamoDB or S3 is down or throttles, with or without JSON in its response, the API answers 503 with
/// `Retry-After`.
#[tokio::test]
async fn an_unavailable_dependency_is_a_503() {
    with_faults_and_deadline(async |api| {
        let owner = api.owner_caller();
        owner.create_lead(example_lead("a@example.com")).await;
        owner.post("/leads/comments/1", json!({ "content": "Hello" })).await.expect_status(201);
        let upload = json!({ "id": 1, "photo": local::examples::PIXEL_GIF_BASE64 });
        for fault in [Fault::Unavailable, Fault::Throttle] {
            for (faults, operation, method, path, body) in [
                (api.dynamodb_faults(), "GetItem", "GET", "/leads/statuses", Value::Null),
                (api.dynamodb_faults(), "BatchGetItem", "GET", "/leads/1", Value::Null),
                (api.dynamodb_faults(), "Query", "GET", "/leads", Value::Null),
                (api.dynamodb_faults(), "UpdateItem", "POST", "/leads", example_lead("b@example.com")),
                (api.dynamodb_faults(), "TransactWriteItems", "POST", "/leads/comments/1", json!({ "content": "x" })),
                (api.s3_faults(), "PutObject", "POST", "/leads/upload-photo", upload.clone()),
                (api.s3_faults(), "CopyObject", "POST", "/leads/upload-photo", upload.clone()),
            ] {
                faults.inject_always(operation, fault);
                let reply = owner.send_json(method, path, &body).await;
                faults.stop_faults();
                assert_eq!(reply.headers["retry-after"], "1", "{operation}");
                reply.expect_error(503, "Service unavailable");
            }
        }
        // A single-item write (`UpdateItem`) that conflicts with a transaction is retried.
        api.dynamodb_faults().inject_next("UpdateItem", [Fault::Conflict; 3]);
        owner.create_lead(example_lead("c@example.com")).await;
    })
    .await;
}

async fn post_with_idempotency_key(
    caller: &crate::harness::TestCaller<'_>,
    path: &str,
    key: &str,
    body: &Value,
) -> TestResponse {
    caller
        .send_request("POST", path, &[("content-type", "application/json"), ("idempotency-key", key)], body.to_string())
        .await
}

#[tokio::test]
async fn an_idempotency_key_makes_a_post_take_effect_once() {
    with_api(async |api| {
        let owner = api.owner_caller();
        for (path, body, other) in [
            ("/leads", example_lead("a@example.com"), example_lead("b@example.com")),
            (
                "/leads/status",
                json!({ "name": "Won", "primaryColor": "blue" }),
                json!({ "name": "Lost", "primaryColor": "blue" }),
            ),
            ("/businesses", json!({ "name": "Acme" }), json!({ "name": "Bolt" })),
        ] {
            // An idempotency key is bound to one route, so each path uses keys of its own.
            let key = |n: u8| format!("{}-{n}", path.len());
            let first = post_with_idempotency_key(&owner, path, &key(1), &body).await;
            let etag = first.headers.get("etag").cloned();
            let first = first.expect_status(201);
            let items = api.scan_all_items().await;
            let again = post_with_idempotency_key(&owner, path, &key(1), &body).await;
            assert_eq!(again.headers.get("etag").cloned(), etag);
            assert_eq!(again.expect_status(201), first);
            assert_eq!(api.scan_all_items().await, items, "a repeated request writes nothing");
            post_with_idempotency_key(&owner, path, &key(1), &other).await.expect_error(400, "Invalid Idempotency-Key");
            let second = post_with_idempotency_key(&owner, path, &key(2), &other).await.expect_status(201);
            assert_ne!(second["id"], first["id"]);
            // A refused request is not stored under its idempotency key.
            assert_eq!(post_with_idempotency_key(&owner, path, &key(3), &body).await.status, 400);
            for bad in ["", "with space", &"x".repeat(256)] {
                post_with_idempotency_key(&owner, path, bad, &body).await.expect_error(400, "Invalid Idempotency-Key");
            }
        }
        post_with_idempotency_key(&owner, "/businesses", "6-1", &json!({ "name": "New" }))
            .await
            .expect_error(400, "Invalid Idempotency-Key");
        post_with_idempotency_key(
            &api.caller_with_role("other", "Owner"),
            "/leads",
            "6-1",
            &example_lead("b@example.com"),
        )
        .await
        .expect_status(201);
        post_with_idempotency_key(
            &api.caller_with_role("team", "Manager"),
            "/leads",
            "6-1",
            &example_lead("c@example.com"),
        )
        .await
        .expect_status(201);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_requests_with_one_idempotency_key_make_one_lead() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let body = example_lead("a@example.com");
        let all =
            futures_util::future::join_all((0..8).map(|_| post_with_idempotency_key(&owner, "/leads", "key", &body)))
                .await;
        let answers: Vec<_> = all.into_iter().map(|reply| reply.expect_status(201)).collect();
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
        assert_eq!(owner.get("/leads").await.expect_status(200)["count"], 1);
    })
    .await;
}

/// If the table does not exist, the API answers 500 without details.
#[tokio::test]
async fn an_internal_error_reveals_nothing() {
    let api = TestStack::start_stack(test_options()).await;
    api.dynamodb.delete_table().table_name(&api.table).send().await.unwrap();
    let body = api.owner_caller().get("/leads").await.expect_error(500, "Internal server error");
    let fields: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!((&fields[..], &body["code"]), (&["message", "code", "requestId"][..], &Value::from("internal_error")));
}

/// Every error response has a `code`. The code is `invalid_request` if several fields are bad.
#[tokio::test]
async fn every_error_has_a_code() {
    with_api(async |api| {
        let owner = api.owner_caller();
        owner.create_lead(example_lead("a@example.com")).await;
        let photo = |value: Value| json!({ "photo": value });
        let post = async |path: &str, body: Value| owner.post(path, body).await;
        let answers = [
            (owner.get("/leads/2").await, "lead_not_found"),
            (owner.get("/leads?limit=0").await, "invalid_value"),
            (owner.get("/leads?limit=0&stauts=1").await, "invalid_request"),
            (owner.get("/leads?stauts=1").await, "unknown_parameter"),
            (owner.get("/leads?cursor=x").await, "invalid_cursor"),
            (post("/leads", example_lead("A@example.com")).await, "email_exists"),
            (post("/leads", example_lead_with("b@example.com", json!({ "statusId": 9 }))).await, "unknown_status"),
            (post("/leads", example_lead_with("b@example.com", json!({ "business": [9] }))).await, "unknown_business"),
            (
                post("/leads", example_lead_with("b@example.com", json!({ "photo": "x.jpg" }))).await,
                "photo_unavailable",
            ),
            (
                post("/leads", example_lead_with("b@example.com", json!({ "company": "x".repeat(201) }))).await,
                "too_long",
            ),
            (post("/leads", example_lead_with("b@example.com", json!({ "company": 1 }))).await, "invalid_type"),
            (post("/leads", example_lead_with("b", json!({}))).await, "invalid_format"),
            (post("/leads", example_lead_with("b", json!({ "company": 1 }))).await, "invalid_request"),
            (post("/leads", example_lead_with("b@example.com", json!({ "more": 1 }))).await, "unknown_field"),
            (post("/leads/status", json!({ "name": "New", "primaryColor": "blue" })).await, "status_exists"),
            (owner.delete("/leads/status/1", Value::Null).await, "status_in_use"),
            (owner.delete("/leads/status/9", Value::Null).await, "unknown_status"),
            (owner.put("/leads/change-status", json!({ "ids": [1], "statusId": 9 })).await, "unknown_status"),
            (owner.patch("/leads/archive", json!({ "ids": [1, 7] })).await, "lead_not_found"),
            (owner.put("/leads/comments/9", json!({ "content": "x" })).await, "comment_not_found"),
            (owner.delete("/keys/9", Value::Null).await, "api_key_not_found"),
            (owner.delete("/views/9", Value::Null).await, "view_not_found"),
            (owner.delete("/forms/9", Value::Null).await, "form_not_found"),
            (owner.get("/webhooks/9").await, "webhook_not_found"),
            (owner.delete("/leads/delete-photo/x.jpg", Value::Null).await, "photo_not_found"),
            (post("/leads/upload-photo", photo(json!("!"))).await, "invalid_format"),
            (post("/leads/upload-photo", photo(json!("AAAA"))).await, "invalid_image"),
            (api.caller_with_role("team", "Viewer").post("/businesses", json!({ "name": "x" })).await, "access_denied"),
            (
                owner.send_request("POST", "/businesses", &[("content-type", "application/json")], "{").await,
                "malformed_json",
            ),
            (
                owner
                    .send_request(
                        "POST",
                        "/businesses",
                        &[("content-type", "application/json")],
                        r#"{"name":"a","name":"b"}"#,
                    )
                    .await,
                "duplicate_field",
            ),
            (
                owner.send_request("POST", "/businesses", &[("content-type", "text/plain")], "x").await,
                "unsupported_media_type",
            ),
            (
                owner
                    .send_request(
                        "PATCH",
                        "/leads/1",
                        &[("content-type", "application/json"), ("if-match", "\"9\"")],
                        "{}",
                    )
                    .await,
                "version_mismatch",
            ),
        ];
        for (n, (reply, code)) in answers.into_iter().enumerate() {
            assert_eq!(reply.body["code"], code, "{n}: {}", reply.body);
            if let [one] = reply.body["errors"].as_array().map_or(&[][..], Vec::as_slice) {
                assert_eq!(one["code"], code, "{}", reply.body);
            }
        }
        // `1.0` is an integer.
        let body = r#"{"ids":[1.0],"statusId":2.0}"#;
        owner
            .send_request("PUT", "/leads/change-status", &[("content-type", "application/json")], body)
            .await
            .expect_status(200);
        // Errors of the gateway itself, such as 401, have no `code`.
        let refused = api.caller_with_authorization(None).get("/leads").await;
        assert_eq!((refused.status, refused.body.get("code")), (401, None));
    })
    .await;
}
