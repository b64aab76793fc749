//! API keys.

use std::time::Duration;

use local::examples::PIXEL_GIF_BASE64;
use local::{Fault, SamTemplate};
use serde_json::{Value, json};

use crate::harness::{TestCaller, TestStack, example_lead, example_lead_with, with_api, with_fault_injection};

async fn create_api_key(owner: &TestCaller<'_>, name: &str, role: &str) -> Value {
    owner.post("/keys", json!({ "name": name, "role": role })).await.expect_status(201)
}

/// Number of distinct IAM permissions (action and resource) that the authorizer's calls to AWS have used so far.
fn authorizer_permission_count(api: &TestStack) -> usize {
    api.usage.all_used().into_iter().filter(|(function, _)| function == "AuthorizerFunction").count()
}

#[tokio::test]
async fn a_key_acts_for_its_creator_until_it_is_revoked() {
    with_api(async |api| {
        let owner = api.owner_caller();
        owner.get("/leads").await.expect_status(200);
        assert_eq!(authorizer_permission_count(api), 0, "a token is nothing to the table");
        let created = create_api_key(&owner, "Zapier", "Manager").await;
        let secret = created["secret"].as_str().unwrap();
        assert!(secret.starts_with("lk_team.1.") && secret.len() == 53, "{}", secret.len());
        assert_eq!(created["hint"], secret[secret.len() - 4..]);
        assert_eq!(
            (&created["role"], &created["expiresAt"], &created["lastUsedOn"]),
            (&json!("Manager"), &Value::Null, &Value::Null)
        );
        assert_eq!(created["createdBy"]["email"], "owner@example.com");

        let machine = api.caller_with_api_key(&created);
        let lead = machine.create_lead(example_lead("a@example.com")).await;
        let log = owner.get(&format!("/leads/logs/{lead}")).await.expect_status(200)["logs"][0].clone();
        assert_eq!((&log["user"]["id"], &log["key"]), (&json!(1), &json!({ "id": 1, "name": "Zapier" })));
        machine.post(&format!("/leads/comments/{lead}"), json!({ "content": "Hello" })).await.expect_status(201);
        let logs = owner.get(&format!("/leads/logs/{lead}")).await.expect_status(200)["logs"].clone();
        assert!(logs.as_array().unwrap().iter().all(|log| log["key"]["id"] == 1), "{logs}");
        let by_hand = owner.create_lead(example_lead("b@example.com")).await;
        let log = owner.get(&format!("/leads/logs/{by_hand}")).await.expect_status(200)["logs"][0].clone();
        assert_eq!(log.get("key"), None);

        let listed = owner.get("/keys").await.expect_status(200);
        let today = jiff::Timestamp::now().to_string()[..10].to_owned();
        assert_eq!((&listed["count"], &listed["keys"][0]["lastUsedOn"]), (&json!(1), &json!(today)));
        assert!(!listed.to_string().contains(secret) && listed["keys"][0].get("hash").is_none(), "{listed}");
        for (key, item) in api.scan_all_items().await {
            assert!(!format!("{key:?}{item:?}").contains(&secret[10..]), "the secret is stored at {key:?}");
        }

        owner.delete("/keys/1", Value::Null).await.expect_status(200);
        owner.delete("/keys/1", Value::Null).await.expect_error(404, "API key not found");
        owner.delete("/keys/one", Value::Null).await.expect_error(404, "API key not found");
        // Sends another spelling of `Bearer`, because the gateway caches the authorizer's decision for a minute by the
        // exact header.
        let again = api.caller_with_authorization(Some(format!("bearer {secret}")));
        assert_eq!(again.get("/leads").await.expect_status(403), json!({ "message": "Forbidden" }));
        assert_eq!(create_api_key(&owner, "Next", "Viewer").await["id"], 2, "ids are never given again");
    })
    .await;
}

#[tokio::test]
async fn a_key_has_the_rights_of_its_role() {
    with_api(async |api| {
        let owner = api.owner_caller();
        owner.create_lead(example_lead("a@example.com")).await;
        let (manager, viewer) =
            (create_api_key(&owner, "M", "Manager").await, create_api_key(&owner, "V", "Viewer").await);
        let (manager, viewer) = (api.caller_with_api_key(&manager), api.caller_with_api_key(&viewer));
        for caller in [&manager, &viewer] {
            caller.get("/leads/1").await.expect_status(200);
            caller.get("/keys").await.expect_error(403, "Access denied");
            caller.post("/keys", json!({ "name": "x", "role": "Viewer" })).await.expect_error(403, "Access denied");
            caller.delete("/keys/1", Value::Null).await.expect_error(403, "Access denied");
            caller.post("/businesses", json!({ "name": "x" })).await.expect_error(403, "Access denied");
        }
        manager.patch("/leads/1", json!({ "company": "Acme" })).await.expect_status(200);
        viewer.patch("/leads/1", json!({ "company": "Acme" })).await.expect_error(403, "Access denied");
    })
    .await;
}

/// Somebody who steals an API key with the role `Sender` can read no data.
#[tokio::test]
async fn a_sender_key_only_creates_leads() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let sender = api.caller_with_api_key(&create_api_key(&owner, "Web site", "Sender").await);
        owner.create_lead(example_lead("a@example.com")).await;
        for route in SamTemplate::compiled_in().unwrap().api_routes().into_iter().filter(|route| !route.public) {
            let route_key = format!("{} {}", route.method, route.path);
            if ["POST /leads", "POST /leads/upload-photo", "POST /leads/batch"].contains(&route_key.as_str()) {
                continue;
            }
            let path = route.path.replace("{id}", "1").replace("{fileName}", "photo.jpg");
            sender.send_request(&route.method, &path, &[], "").await.expect_error(403, "Access denied");
        }
        sender.post("/leads/upload-photo", json!({ "id": 1, "photo": PIXEL_GIF_BASE64 })).await.expect_error(403, "Access denied");
        let photo = sender.post("/leads/upload-photo", json!({ "photo": PIXEL_GIF_BASE64 })).await.expect_status(200);
        sender.create_lead(example_lead_with("b@example.com", json!({ "photo": photo }))).await;
        // The error says that the email address exists, but not which lead has it.
        let taken = sender.post("/leads", example_lead("a@example.com")).await.expect_error(400, "Email already exists");
        assert_eq!(taken.get("existing"), None);

        for mode in ["update", "upsert"] {
            let body = json!({ "mode": mode, "leads": [example_lead("x@example.com")] });
            sender.post("/leads/batch", body).await.expect_error(403, "Access denied");
        }
        let mut rows =
            json!({ "mode": "create", "dryRun": true, "leads": [example_lead("a@example.com"), example_lead("d@example.com")] });
        sender.post("/leads/batch", rows.clone()).await.expect_error(403, "Access denied");
        rows["dryRun"] = json!(false);
        let answer = sender.post("/leads/batch", rows).await.expect_status(200);
        assert_eq!((&answer["created"], &answer["failed"]), (&json!(1), &json!(1)));
        assert_eq!(answer["results"][0].get("existing"), None);

        // An idempotency key of another caller gives the API key no stored response, not even one of the key's creator.
        let once = [("content-type", "application/json"), ("idempotency-key", "1")];
        let body = example_lead("c@example.com").to_string();
        owner.send_request("POST", "/leads", &once, body.clone()).await.expect_status(201);
        sender.send_request("POST", "/leads", &once, body).await.expect_error(400, "Email already exists");
    })
    .await;
}

#[tokio::test]
async fn malformed_and_unknown_keys_are_refused() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let secret = create_api_key(&owner, "Ours", "Manager").await["secret"].as_str().unwrap().to_owned();
        let theirs = create_api_key(&api.caller_with_role("other", "Owner"), "Theirs", "Manager").await;
        let theirs = theirs["secret"].as_str().unwrap();
        let random = &secret["lk_team.1.".len()..];
        let mut last = secret.clone();
        let end = if last.pop() == Some('A') { 'Q' } else { 'A' };
        last.push(end);
        for forged in [
            "lk_".to_owned(),
            "lk_team".to_owned(),
            "lk_team.1".to_owned(),
            "lk_team.1.".to_owned(),
            secret[..secret.len() - 1].to_owned(),
            last,
            format!("{secret}A"),
            secret.to_uppercase().replace("LK_", "lk_"),
            format!("lk_other.1.{random}"),
            format!("lk_team.2.{random}"),
            format!("lk_team.1.{}", &theirs["lk_other.1.".len()..]),
            format!("lk_team#.1.{random}"),
            format!("lk_.1.{random}"),
            format!("lk_team.0.{random}"),
            format!("lk_team.01.{random}"),
            format!("lk_team.99999999999999999999.{random}"),
        ] {
            let reply = api.caller_with_authorization(Some(format!("Bearer {forged}"))).get("/leads").await;
            assert_eq!(reply.expect_status(403), json!({ "message": "Forbidden" }), "{forged}");
        }
        let in_a_second = jiff::Timestamp::now() + Duration::from_millis(1500);
        let body = json!({ "name": "Short", "role": "Viewer", "expiresAt": in_a_second.to_string() });
        let short = owner.post("/keys", body).await.expect_status(201);
        api.caller_with_api_key(&short).get("/leads").await.expect_status(200);
        tokio::time::sleep(Duration::from_millis(1600)).await;
        let expired = format!("bearer {}", short["secret"].as_str().unwrap());
        api.caller_with_authorization(Some(expired)).get("/leads").await.expect_status(403);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_keys_are_not_created() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let post = async |body: Value| owner.post("/keys", body).await;
        post(json!({})).await.expect_bad_fields(&["name", "role"]);
        post(json!({ "name": "", "role": "Owner", "expiresAt": "tomorrow", "secret": "lk_mine" }))
            .await
            .expect_bad_fields(&["name", "role", "expiresAt", "secret"]);
        post(json!({ "name": "x", "role": "Viewer", "expiresAt": "2020-01-01T00:00:00Z" }))
            .await
            .expect_bad_fields(&["expiresAt"]);
        // An item of `GET /keys` is accepted as the body of `POST /keys`.
        let first = post(json!({ "name": "Łódź’s", "role": "Viewer", "expiresAt": null })).await.expect_status(201);
        let mut again = owner.get("/keys").await.expect_status(200)["keys"][0].take();
        again["name"] = json!("The same name is no fault");
        assert_eq!(post(again).await.expect_status(201)["id"], 2);
        assert_eq!(first["name"], "Łódź’s");
        for n in 3..=49 {
            create_api_key(&owner, &format!("Key {n}"), "Viewer").await;
        }
        // With 49 of 50 API keys created, one of two concurrent creations succeeds.
        let body = || json!({ "name": "Last", "role": "Viewer" });
        let (one, other) = tokio::join!(owner.post("/keys", body()), owner.post("/keys", body()));
        let refused = if one.status == 201 { other } else { one };
        refused.expect_error(400, "Too many API keys");
        assert_eq!(owner.get("/keys").await.expect_status(200)["count"], 50);
        owner.delete("/keys/7", Value::Null).await.expect_status(200);
        create_api_key(&owner, "Room again", "Viewer").await;
        let listed = owner.get("/keys").await.expect_status(200);
        let ids: Vec<u64> = listed["keys"].as_array().unwrap().iter().map(|key| key["id"].as_u64().unwrap()).collect();
        assert!(ids.is_sorted_by(|one, other| one > other) && ids.len() == 50, "{ids:?}");
    })
    .await;
}

/// A retry with the same idempotency key creates no second API key, and its response does not contain the secret.
#[tokio::test]
async fn a_repeated_request_creates_one_key() {
    with_fault_injection(async |api| {
        let owner = api.owner_caller();
        let once = [("content-type", "application/json"), ("idempotency-key", "key")];
        let body = json!({ "name": "Web site", "role": "Sender" }).to_string();
        let send = async || owner.send_request("POST", "/keys", &once, body.clone()).await.expect_status(201);
        api.dynamodb_faults().inject_next("TransactWriteItems", [Fault::LostAnswer]);
        let (first, second) = (send().await, send().await);
        assert!(first["secret"].is_string() && second["secret"].is_null());
        assert!(second.as_object().is_some_and(|second| second.contains_key("secret")));
        assert_eq!((&first["id"], &first["hint"]), (&second["id"], &second["hint"]));
        api.dynamodb_faults().inject_next("TransactWriteItems", [Fault::LostAnswer]);
        owner.delete("/keys/1", Value::Null).await.expect_status(200);
        assert_eq!(owner.get("/keys").await.expect_status(200)["count"], 0);
    })
    .await;
}

/// If DynamoDB is unavailable, a request with an API key gets a 500 and not a 403.
#[tokio::test]
async fn an_api_key_gets_500_while_the_table_is_unreachable() {
    with_fault_injection(async |api| {
        let owner = api.owner_caller();
        let created = create_api_key(&owner, "Web site", "Manager").await;
        api.dynamodb_faults().inject_next("GetItem", [Fault::Throttle; 4]);
        assert_eq!(
            api.caller_with_api_key(&created).get("/leads").await.expect_status(500),
            json!({ "message": "Internal Server Error" })
        );
        // If the date of the API key's last use cannot be written, the request succeeds all the same.
        api.dynamodb_faults().inject_next("UpdateItem", [Fault::Throttle; 4]);
        api.caller_with_api_key(&created).get("/businesses").await.expect_status(200);
        assert_eq!(owner.get("/keys").await.expect_status(200)["keys"][0]["lastUsedOn"], Value::Null);
    })
    .await;
}

/// An API key with the role `Sender` can find out whether an email address exists only by a valid request, and such a
/// request is logged.
#[tokio::test]
async fn a_sender_key_learns_nothing_from_an_invalid_request() {
    with_api(async |api| {
        // Tests run in parallel and share the collected log, so this test finds its log lines by a team of its own.
        let team = format!("sender-{}", fastrand::u32(..));
        let owner = api.caller_with_role(&team, "Owner");
        owner.create_lead(example_lead("known@example.com")).await;
        let key = owner.post("/keys", json!({ "name": "Zapier", "role": "Sender" })).await.expect_status(201);
        let sender = api.caller_with_api_key(&key);
        let before = owner.get("/leads").await.expect_status(200);
        for invalid in [
            json!({ "statusId": 99 }),
            json!({ "status": "Nowhere" }),
            json!({ "business": [9] }),
            json!({ "business": ["Nobody"] }),
            json!({ "company": "x".repeat(201) }),
            json!({ "photo": "nowhere.jpg" }),
            json!({ "stauts": 1 }),
        ] {
            let told = async |email: &str| {
                let mut row = invalid.clone();
                row["email"] = json!(email);
                let answer =
                    sender.post("/leads/batch", json!({ "mode": "create", "leads": [row] })).await.expect_status(200);
                assert_eq!(answer["failed"], 1, "{invalid}");
                answer["results"][0].clone()
            };
            assert_eq!(told("known@example.com").await, told("unknown@example.com").await, "{invalid}");
        }
        let alone = async |email: &str| {
            let mut body = sender
                .post("/leads", example_lead_with(email, json!({ "photo": "nowhere.jpg" })))
                .await
                .expect_status(400);
            body["requestId"] = Value::Null;
            body
        };
        assert_eq!(alone("known@example.com").await, alone("unknown@example.com").await);
        assert_eq!(owner.get("/leads").await.expect_status(200), before);
        // A valid row reveals that the address exists, and the request's log line names the API key.
        let row = json!({ "email": "known@example.com" });
        let answer = sender.post("/leads/batch", json!({ "mode": "create", "leads": [row] })).await.expect_status(200);
        assert_eq!(answer["results"][0]["code"], "email_exists");
        assert_eq!(answer["results"][0].get("existing"), None);
        assert_eq!(crate::log::last_request_line(&team)["key"], "Zapier");
    })
    .await;
}

/// A refusal costs the same trips and reads whether or not an API key with this id exists, so that its duration reveals
/// nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_costs_the_same_for_known_and_unknown_keys() {
    with_fault_injection(async |api| {
        let owner = api.owner_caller();
        let key = owner.post("/keys", json!({ "name": "Zapier", "role": "Viewer" })).await.expect_status(201);
        let secret = key["secret"].as_str().unwrap();
        let (start, end) = secret.split_at(secret.len() - 6);
        let cost = async |secret: String| {
            api.dynamodb_faults().start_counting_requests();
            let caller = api.caller_with_authorization(Some(format!("Bearer {secret}")));
            assert_eq!(caller.get("/leads").await.status, 403);
            api.dynamodb_faults().stop_counting_requests().0
        };
        let wrong = cost(format!("{start}{}", if end == "AAAAAA" { "AAAAAB" } else { "AAAAAA" })).await;
        let unknown = cost(secret.replacen(".1.", ".2.", 1)).await;
        assert_eq!((wrong.trips, wrong.reads), (unknown.trips, unknown.reads));
        assert!(wrong.trips > 0);
    })
    .await;
}
