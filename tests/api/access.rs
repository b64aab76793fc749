//! Access control: every route is tested with missing and invalid tokens, with each role, and as a member of another
//! team.

use local::examples::PIXEL_GIF_BASE64;
use local::{ApiRoute, SamTemplate, TokenIdentity};
use serde_json::{Value, json};

use crate::harness::{TestResponse, example_lead, example_lead_with, put_body_with, with_api};

fn request_body_for(route: &ApiRoute) -> Value {
    match (route.method.as_str(), route.path.as_str()) {
        ("GET", _) => Value::Null,
        ("DELETE", path) if path.contains('{') => Value::Null,
        ("POST", "/leads/upload-photo") => json!({ "id": 1, "photo": PIXEL_GIF_BASE64 }),
        ("POST", "/leads") => example_lead("new@example.com"),
        ("POST", "/leads/batch") => {
            json!({ "mode": "upsert", "leads": [{ "firstName": "M", "lastName": "B", "email": "batch@example.com" }] })
        }
        ("PATCH", "/leads/{id}") => json!({ "firstName": "Mallory" }),
        ("PATCH", "/leads/by/{system}/{id}") => json!({ "email": "by-id@example.com" }),
        ("PUT", "/leads/{id}") => put_body_with(json!({ "firstName": "Mallory" })),
        ("PUT", "/leads/change-status") => json!({ "ids": [1], "statusId": 2 }),
        (_, "/leads" | "/leads/archive" | "/leads/restore") => json!({ "ids": [1] }),
        ("POST" | "PUT", "/leads/status" | "/leads/status/{id}") => json!({ "name": "Mine", "primaryColor": "pink" }),
        ("PUT", "/leads/statuses/order") => json!([{ "id": 4, "statusOrder": 1 }]),
        ("POST" | "PUT", "/leads/comments/{id}") => json!({ "content": "Mine" }),
        ("POST" | "PUT", "/businesses" | "/businesses/{id}") => json!({ "name": "Mine" }),
        ("POST" | "PUT", "/views" | "/views/{id}") => json!({ "name": "Mine", "layout": "table" }),
        ("POST" | "PUT", "/forms" | "/forms/{id}") => json!({ "name": "Mine" }),
        ("POST" | "PUT", "/webhooks" | "/webhooks/{id}") => json!({ "url": "https://example.com/" }),
        ("POST", "/webhooks/{id}/replay") => json!({ "since": "2026-01-01T00:00:00Z" }),
        ("POST", path) if path.starts_with("/webhooks/{id}/") => Value::Null,
        ("POST", "/keys") => json!({ "name": "Mine", "role": "Viewer" }),
        other => panic!("no body is known for {other:?}"),
    }
}

async fn call_route(caller: &crate::harness::TestCaller<'_>, route: &ApiRoute) -> TestResponse {
    let path =
        route.path.replace("{id}", "1").replace("{fileName}", "photo.jpg").replace("search", "search?search=john");
    let path = path.replace("{eventId}", "evt_team_1").replace("{system}", "hubspot");
    caller.send_json(&route.method, &path, &request_body_for(route)).await
}

#[tokio::test]
async fn every_route_refuses_roles_without_permission() {
    with_api(async |api| {
        let owner = api.owner_caller();
        owner.create_numbered_businesses(1).await;
        owner.create_lead(example_lead_with("a@example.com", json!({ "externalIds": { "hubspot": "1" } }))).await;
        let items = api.scan_all_items().await;
        for route in SamTemplate::compiled_in().unwrap().api_routes().into_iter().filter(|route| !route.public) {
            let managing = route.path.starts_with("/leads/status") || route.path.starts_with("/businesses");
            let owners = ["/keys", "/forms", "/webhooks"].iter().any(|path| route.path.starts_with(path));
            let denied: &[&str] = match (route.method.as_str(), managing) {
                _ if owners => &["Viewer", "Manager"],
                // Everybody has views of their own; `views.rs` tests who may share and change shared ones.
                _ if route.path.starts_with("/views") => &[],
                ("GET", _) => &[],
                (_, false) => &["Viewer"],
                (_, true) => &["Viewer", "Manager"],
            };
            for role in ["Viewer", "Manager"] {
                if denied.contains(&role) {
                    call_route(&api.caller_with_role("team", role), &route).await.expect_error(403, "Access denied");
                }
            }
            if route.method == "GET" && !owners {
                call_route(&api.caller_with_role("team", "Viewer"), &route).await.expect_status(200);
            }
        }
        assert_eq!(api.scan_all_items().await, items, "a refusal writes nothing");
        for (route, status) in [("/leads", 201), ("/leads/status", 403), ("/businesses", 403)] {
            let route = ApiRoute { method: "POST".into(), path: route.into(), ..ApiRoute::default() };
            assert_eq!(
                call_route(&api.caller_with_role("team", "Manager"), &route).await.status,
                status,
                "{}",
                route.path
            );
        }
    })
    .await;
}

#[tokio::test]
async fn every_route_hides_another_teams_things() {
    with_api(async |api| {
        let owner = api.owner_caller();
        owner.create_numbered_businesses(1).await;
        owner.create_lead(example_lead_with("a@example.com", json!({ "externalIds": { "hubspot": "1" } }))).await;
        owner.post("/leads/comments/1", json!({ "content": "Ours" })).await.expect_status(201);
        owner.post("/leads/status", json!({ "name": "Fifth", "primaryColor": "blue" })).await.expect_status(201);
        owner.post("/keys", json!({ "name": "Ours", "role": "Manager" })).await.expect_status(201);
        owner.post("/forms", json!({ "name": "Ours" })).await.expect_status(201);
        owner.post("/webhooks", json!({ "url": "https://example.com/" })).await.expect_status(201);
        let (stranger, nobody) = (api.caller_with_role("stranger", "Owner"), api.caller_with_role("nobody", "Owner"));
        let ours = async || {
            let mut all = Vec::new();
            for path in [
                "/leads",
                "/leads/1",
                "/leads/statuses",
                "/businesses",
                "/leads/logs-and-comments/1",
                "/leads/total-leads",
                "/keys",
                "/forms",
                "/webhooks",
                "/webhooks/1/deliveries",
                "/events",
            ] {
                all.push(owner.get(path).await.expect_status(200));
            }
            all
        };
        let before = ours().await;
        for route in SamTemplate::compiled_in().unwrap().api_routes().into_iter().filter(|route| !route.public) {
            // A member of another team must get the same response as a member of a team that never had data.
            let (mut theirs, mut none) = (call_route(&stranger, &route).await, call_route(&nobody, &route).await);
            for body in [&mut theirs.body, &mut none.body] {
                for volatile in ["requestId", "createdAt", "updatedAt", "secret", "hint", "key", "nextCursor"] {
                    body.as_object_mut().map(|body| body.remove(volatile));
                }
                for list in ["leads", "keys", "forms", "webhooks"] {
                    for item in body.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
                        (item["createdAt"], item["hint"], item["key"]) = (Value::Null, Value::Null, Value::Null);
                    }
                }
            }
            if theirs.body.is_array() && ["/leads/search", "/leads/recent-leads"].contains(&route.path.as_str()) {
                assert!(theirs.body.as_array().unwrap().iter().all(|lead| lead["email"] != "a@example.com"));
                continue;
            }
            if route.path == "/leads/export" {
                let file = theirs.body.as_str().unwrap();
                assert!(file.contains("new@example.com") && !file.contains("a@example.com"), "{file}");
                continue;
            }
            assert_eq!((theirs.status, theirs.body), (none.status, none.body), "{} {}", route.method, route.path);
            assert_eq!(ours().await, before, "{} {}", route.method, route.path);
        }
        stranger.get("/leads?status=5&business=1").await.expect_status(200);
    })
    .await;
}

#[tokio::test]
async fn invalid_tokens_are_refused() {
    with_api(async |api| {
        let anyone = api.caller_with_authorization(None);
        assert_eq!(anyone.get("/leads").await.expect_status(401), json!({ "message": "Unauthorized" }));
        let good = api.sign_token(&TokenIdentity::default());
        let token = |identity: TokenIdentity| format!("Bearer {}", api.sign_token(&identity));
        let with = |change: fn(&mut TokenIdentity)| {
            let mut identity = TokenIdentity::default();
            change(&mut identity);
            token(identity)
        };
        let (head, signature) = good.rsplit_once('.').unwrap();
        let (header, claims) = head.split_once('.').unwrap();
        let forged = signature.chars().rev().collect::<String>();
        for authorization in [
            "Bearer x".to_owned(),
            "Bearer".to_owned(),
            format!("Basic {good}"),
            good.clone(),
            format!("Bearer {head}."),
            format!("Bearer {head}.{forged}"),
            format!("Bearer {header}.e30.{signature}"),
            // {"alg":"none"}
            format!("Bearer eyJhbGciOiJub25lIn0.{claims}."),
            with(|identity| identity.expires_in = -1),
            with(|identity| identity.role = "Admin".into()),
            with(|identity| identity.role = "owner".into()),
            with(|identity| identity.role = String::new()),
            with(|identity| identity.team = String::new()),
            with(|identity| identity.team = "a#b".into()),
            with(|identity| identity.team = "x".repeat(65)),
            with(|identity| identity.user_id = 0),
        ] {
            let refused = api.caller_with_authorization(Some(authorization.clone())).get("/leads").await;
            assert_eq!(refused.expect_status(403), json!({ "message": "Forbidden" }), "{authorization}");
        }
        api.caller_with_authorization(Some(format!("bearer {good}"))).get("/leads").await.expect_status(200);
    })
    .await;
}

#[tokio::test]
async fn the_local_issuer_mints_tokens_with_the_requested_claims() {
    with_api(async |api| {
        let anyone = api.caller_with_authorization(None);
        let default = anyone.send_request("POST", "/local/token", &[], "").await.expect_status(200);
        let bearer = |body: &Value| Some(format!("Bearer {}", body["token"].as_str().unwrap()));
        api.caller_with_authorization(bearer(&default)).get("/businesses").await.expect_status(200);
        let viewer =
            anyone.post("/local/token", json!({ "team": "t", "role": "Viewer", "userId": 9, "expiresIn": 60 })).await;
        let viewer = api.caller_with_authorization(bearer(&viewer.expect_status(200)));
        viewer.get("/leads").await.expect_status(200);
        viewer.post("/businesses", json!({ "name": "X" })).await.expect_error(403, "Access denied");
        for odd in [json!({ "role": "Admin" }), json!({ "expiresIn": -5 })] {
            let token = anyone.post("/local/token", odd).await.expect_status(200);
            api.caller_with_authorization(bearer(&token)).get("/leads").await.expect_status(403);
        }
        anyone.post("/local/token", json!({ "rolle": "Owner" })).await.expect_status(400);
    })
    .await;
}
