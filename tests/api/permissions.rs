//! Each function has exactly the IAM permissions that it uses. The audit after other tests asserts that no function
//! uses more; this test asserts that each permission of the template is used.

use std::collections::BTreeSet;
use std::time::Duration;

use local::examples::PIXEL_GIF_BASE64;
use local::{Permission, SamTemplate, StackOptions};
use serde_json::{Value, json};

use crate::events::{wait_until_some, with_stack_options};
use crate::harness::{TestStack, example_lead, example_lead_with, put_body_with, test_options};

impl TestStack {
    /// The permissions that functions have used and `allowed` does not grant, with the function's name.
    pub(crate) fn permissions_not_granted(
        &self,
        allowed: impl Fn(&str) -> Vec<Permission>,
    ) -> BTreeSet<(String, Permission)> {
        let used = self.usage.all_used().into_iter();
        used.filter(|(function, used)| !allowed(function).iter().any(|one| one.covers_use(used))).collect()
    }
}

/// Sends requests and events until every function has used every permission that the template grants it.
async fn use_every_permission(api: &TestStack) {
    let owner = api.owner_caller();
    // A text of 48 words, more than the search index holds of one lead.
    let words = |letter: &str| (0..48).map(|n| format!("{letter}{n:02}")).collect::<Vec<_>>().join(" ");
    let once = [("content-type", "application/json"), ("idempotency-key", "once")];
    let post = async |path: &str, body: Value| owner.send_request("POST", path, &once, body.to_string()).await;
    owner.create_numbered_businesses(1).await;
    post("/businesses", json!({ "name": "Another" })).await.expect_status(201);
    owner.delete("/businesses/2", Value::Null).await.expect_status(200);
    owner.get("/businesses").await.expect_status(200);
    post("/leads/status", json!({ "name": "Another", "primaryColor": "pink" }))
        .await
        .expect_error(400, "Invalid Idempotency-Key");
    let headers = [("content-type", "application/json"), ("idempotency-key", "status")];
    let status = json!({ "name": "Another", "primaryColor": "pink" }).to_string();
    owner.send_request("POST", "/leads/status", &headers, status).await.expect_status(201);
    owner.delete("/leads/status/5", Value::Null).await.expect_status(200);
    owner.get("/leads/statuses").await.expect_status(200);

    let upload = async |lead: Option<u64>| -> String {
        let name = owner
            .post("/leads/upload-photo", json!({ "id": lead, "photo": PIXEL_GIF_BASE64 }))
            .await
            .expect_status(200);
        name.as_str().expect("a file name").to_owned()
    };
    let photo = upload(None).await;
    owner.create_lead(example_lead_with("a@example.com", json!({ "photo": photo, "business": [1] }))).await;
    owner.post("/leads", example_lead("a@example.com")).await.expect_error(400, "Email already exists");
    let headers = [("content-type", "application/json"), ("idempotency-key", "lead")];
    let second = owner
        .send_request("POST", "/leads", &headers, example_lead("b@example.com").to_string())
        .await
        .expect_status(201);
    for path in
        ["/leads", "/leads?status=1", "/leads?source=Referral", "/leads?business=1", "/leads/search?search=john"]
    {
        owner.get(path).await.expect_status(200);
    }
    owner.get("/leads/1").await.expect_status(200);
    owner.put("/leads/1", put_body_with(json!({ "email": "c@example.com", "photo": "" }))).await.expect_status(200);
    owner.post("/leads/comments/1", json!({ "content": "Hello" })).await.expect_status(201);
    owner.put("/leads/comments/1", json!({ "content": "Hello!" })).await.expect_status(200);
    owner.delete("/leads/comments/1", Value::Null).await.expect_status(200);
    owner.get("/leads/logs-and-comments/1").await.expect_status(200);
    for path in ["/leads/leads-volume", "/leads/recent-leads", "/leads/recent-leads?business=1"] {
        owner.get(path).await.expect_status(200);
    }
    let photo = upload(Some(1)).await;
    owner.get("/leads/recent-leads").await.expect_status(200);
    owner.delete(&format!("/leads/delete-photo/{photo}"), Value::Null).await.expect_status(200);
    upload(None).await;
    owner.delete("/leads", json!({ "ids": [1] })).await.expect_status(200);

    let headers = [("content-type", "application/json"), ("idempotency-key", "key")];
    let key = json!({ "name": "Web site", "role": "Manager" }).to_string();
    let key = owner.send_request("POST", "/keys", &headers, key).await.expect_status(201);
    owner.get("/keys").await.expect_status(200);
    api.caller_with_api_key(&key).get("/leads").await.expect_status(200);
    owner.delete("/keys/1", Value::Null).await.expect_status(200);

    let headers = [("content-type", "application/json"), ("idempotency-key", "view")];
    let view = json!({ "name": "Open", "query": { "status": "1" }, "layout": "table" });
    owner.send_request("POST", "/views", &headers, view.to_string()).await.expect_status(201);
    owner.get("/views").await.expect_status(200);
    owner.get("/leads?view=1").await.expect_status(200);
    let shared = json!({ "name": "Open", "query": { "status": "1" }, "layout": "table", "shared": true });
    owner.put("/views/1", shared).await.expect_status(200);
    owner.delete("/views/1", Value::Null).await.expect_status(200);

    let headers = [("content-type", "application/json"), ("idempotency-key", "form")];
    let form = owner
        .send_request("POST", "/forms", &headers, json!({ "name": "Contact" }).to_string())
        .await
        .expect_status(201);
    owner.get("/forms").await.expect_status(200);
    let path = format!("/forms/{}/leads", form["key"].as_str().expect("a key"));
    let visitor = api.caller_with_authorization(None);
    for message in ["Hello", ""] {
        visitor
            .post(&path, json!({ "email": "v@example.com", "message": message, "gclid": message }))
            .await
            .expect_status(201);
    }
    let once = [("content-type", "application/json"), ("idempotency-key", "post")];
    visitor
        .send_request("POST", &path, &once, json!({ "email": "v@example.com" }).to_string())
        .await
        .expect_status(201);
    // Two submissions for one lead: filling in a field makes the function replace the lead's search entries.
    for details in [json!({ "company": words("c") }), json!({ "phoneNumber": ["+49 30 123456"] })] {
        let mut post = details;
        post["email"] = json!("w@example.com");
        visitor.post(&path, post).await.expect_status(201);
    }
    owner.put("/forms/1", json!({ "name": "Contact", "active": false })).await.expect_status(200);
    owner.delete("/forms/1", Value::Null).await.expect_status(200);
    let rows = json!({ "mode": "upsert", "leads": [example_lead("a@example.com"), example_lead("e@example.com")] });
    post("/leads/batch", rows).await;
    owner.get("/leads/export").await.expect_status(200);

    // Creates a webhook to a closed port, so that its deliveries fail, and finally deletes the webhook.
    let headers = [("content-type", "application/json"), ("idempotency-key", "hook")];
    let hook = json!({ "url": "http://127.0.0.1:9/" });
    owner.send_request("POST", "/webhooks", &headers, hook.to_string()).await.expect_status(201);
    owner.put("/webhooks/1", hook.clone()).await.expect_status(200);
    owner.get("/webhooks").await.expect_status(200);
    post("/webhooks/1/secret", json!({})).await;
    owner.post("/webhooks/1/test", json!({})).await.expect_status(202);
    let cursor = owner.get("/events?after=latest").await.expect_status(200)["nextCursor"].clone();
    owner.post(&format!("/leads/comments/{}", second["id"]), json!({ "content": "Hello" })).await.expect_status(201);
    let told = wait_until_some("an event", async || {
        let page = owner.get(&format!("/events?after={}", cursor.as_str().expect("a cursor"))).await.expect_status(200);
        page["events"].as_array().expect("events").first().cloned()
    })
    .await;
    // A failed delivery has a second item in the table. Retrying the delivery must delete that item.
    let again = format!("/webhooks/1/deliveries/{}", told["id"].as_str().expect("an id"));
    let of = async |event: &Value| {
        let page = owner.get("/webhooks/1/deliveries").await.expect_status(200);
        let deliveries = page["deliveries"].as_array().expect("deliveries").clone();
        deliveries.into_iter().find(|one| one["event"]["id"] == *event)
    };
    // Advances the clock by 27 hours after each attempt, more than any pause between attempts. The clock must not
    // advance otherwise, because deliveries are listed for only 30 days.
    let mut made = 0;
    wait_until_some("the end of it", async || {
        let delivery = of(&told["id"]).await?;
        let attempts = delivery["attempts"].as_array().map_or(0, Vec::len);
        if attempts > made {
            made = attempts;
            api.advance_clock_when_idle(Duration::from_secs(27 * 60 * 60)).await;
        }
        Some(delivery).filter(|delivery| delivery["state"] == "Failed")
    })
    .await;
    owner.put("/webhooks/1", json!({ "url": "http://127.0.0.1:9/", "active": true })).await.expect_status(200);
    owner.post(&again, json!({})).await.expect_status(202);
    owner.post("/webhooks/1/replay", json!({ "since": "2026-01-01T00:00:00Z" })).await.expect_status(202);
    wait_until_some("another round", async || of(&told["id"]).await.filter(|delivery| delivery["state"] == "Pending"))
        .await;
    // Queues one ping eight times. One attempt is recorded first; the concurrent ones then fail their condition and
    // read the delivery again.
    let ping = json!({ "ping": { "id": "ping_team_2", "at": api.clock.current_time() } });
    let dispatch = json!({ "team": "team", "webhook": 1, "message": ping, "round": 0 }).to_string();
    (0..8).for_each(|_| drop(api.queues.send_message("DeliveriesQueue", None, &dispatch)));
    let raced = |delivery: &Value| delivery["attempts"].as_array().map(Vec::len) > Some(1);
    wait_until_some("two of them", async || of(&ping["ping"]["id"]).await.filter(raced)).await;
    // Poison.
    let sample: Value = serde_json::from_str(include_str!("../../events/publisher-stream.json")).expect("JSON");
    let mut poison = sample;
    poison["Records"][0]["dynamodb"]["NewImage"]["id"] = json!({ "S": "none" });
    api.invoke_with_event("PublisherFunction", &poison.to_string()).await;
    owner.delete("/webhooks/1", Value::Null).await.expect_status(200);
    // An endpoint that never answers: later deliveries go to the slow queue.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let hook = json!({ "url": format!("http://{}/", silent.local_addr().expect("an address")) });
    owner.post("/webhooks", hook).await.expect_status(201);
    let comment = async || {
        owner
            .post(&format!("/leads/comments/{}", second["id"]), json!({ "content": "Hello" }))
            .await
            .expect_status(201);
    };
    comment().await;
    let is_slow = async || owner.get("/webhooks/2").await.expect_status(200)["slowUntil"].as_str().map(str::to_owned);
    wait_until_some("a slow webhook", is_slow).await;
    comment().await;
    wait_until_some("two of them", async || {
        (api.queues.message_bodies("SlowDeliveriesQueue").len() == 2).then_some(())
    })
    .await;
    owner.delete("/webhooks/2", Value::Null).await.expect_status(200);
    drop(silent);

    // Creates tasks for the clean-up: a deleted lead and stale search entries.
    owner.delete(&format!("/leads/{}", second["id"]), Value::Null).await.expect_status(200);
    let id = owner.create_lead(example_lead_with("d@example.com", json!({ "company": words("a") }))).await;
    owner.put(&format!("/leads/{id}"), put_body_with(json!({ "company": words("b") }))).await.expect_status(200);
    // Counters to roll up.
    owner.write_until_rollup_is_due("team", id).await;
    api.run_clean_up_hours_ahead(26).await;
    api.run_clean_up_hours_ahead(28).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_permission_is_used() {
    let here =
        StackOptions { events: true, webhook_networks: "127.0.0.0/8".into(), inject_faults: true, ..test_options() };
    with_stack_options(here, async |api| {
        use_every_permission(api).await;
        let template = SamTemplate::compiled_in().unwrap();
        assert_eq!(
            api.permissions_not_granted(|function| template.allowed_permissions(function).unwrap()),
            BTreeSet::new()
        );
        let functions: BTreeSet<String> = api.usage.all_used().into_iter().map(|(function, _)| function).collect();
        assert_eq!(functions.len(), 14, "{functions:?}");
        for function in &functions {
            let policy = template.allowed_permissions(function).unwrap();
            for missing in &policy {
                let less = |of: &str| -> Vec<Permission> {
                    let mut allowed = template.allowed_permissions(of).unwrap();
                    if of == function {
                        allowed.retain(|one| one != missing);
                    }
                    allowed
                };
                assert!(!api.permissions_not_granted(less).is_empty(), "{function} never uses {missing:?}");
            }
        }
    })
    .await;
}
