//! Requests while DynamoDB or S3 has faults: transaction conflicts, throttling, lost replies and slow responses.

use std::time::Duration;

use futures_util::future::join_all;
use local::{Fault, FaultRates, StackOptions};
use serde_json::{Value, json};

use crate::harness::{
    TestResponse, TestStack, example_lead, example_lead_with, put_body_with, test_options, with_fault_injection,
    with_faults_and_deadline,
};

#[tokio::test]
async fn conflicts_and_throttles_are_retried() {
    with_fault_injection(async |api| {
        let owner = api.owner_caller();
        let faults = api.dynamodb_faults();
        let trouble = [Fault::Conflict, Fault::Throttle, Fault::Conflict];
        faults.inject_next("TransactWriteItems", trouble);
        owner.create_numbered_businesses(1).await;
        faults.inject_next("TransactWriteItems", trouble);
        faults.inject_next("UpdateItem", [Fault::Throttle]);
        let id = owner.create_lead(example_lead_with("a@example.com", json!({ "business": [1] }))).await;
        faults.inject_next("TransactWriteItems", trouble);
        owner.put(&format!("/leads/{id}"), put_body_with(json!({ "firstName": "Jane" }))).await.expect_status(200);
        for path in ["/leads/archive", "/leads/restore"] {
            faults.inject_next("TransactWriteItems", trouble);
            owner.patch(path, json!({ "ids": [id] })).await.expect_status(200);
        }
        faults.inject_next("BatchGetItem", [Fault::Throttle]);
        faults.inject_next("Query", [Fault::Throttle, Fault::Throttle]);
        owner.get(&format!("/leads/{id}")).await.expect_status(200);
        owner.get("/leads").await.expect_status(200);
        faults.inject_next("TransactWriteItems", trouble);
        faults.inject_next("BatchWriteItem", [Fault::Throttle]);
        owner.delete("/leads", json!({ "ids": [id] })).await.expect_status(200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_keeps_conflicting_is_a_409_and_changes_nothing() {
    with_faults_and_deadline(async |api| {
        let owner = api.owner_caller();
        let id = owner.create_lead(example_lead("a@example.com")).await;
        let before = owner.get(&format!("/leads/{id}")).await.expect_status(200);
        let faults = api.dynamodb_faults();
        let writes = [
            ("POST", "/leads".to_owned(), example_lead("b@example.com")),
            ("PUT", format!("/leads/{id}"), put_body_with(json!({ "firstName": "Jane" }))),
            ("PATCH", format!("/leads/{id}"), json!({ "firstName": "Jane" })),
            ("PATCH", "/leads/archive".to_owned(), json!({ "ids": [id] })),
            ("DELETE", "/leads".to_owned(), json!({ "ids": [id] })),
            ("DELETE", format!("/leads/{id}"), Value::Null),
            ("POST", format!("/leads/comments/{id}"), json!({ "content": "Hello" })),
            ("POST", "/leads/status".to_owned(), json!({ "name": "X", "primaryColor": "blue" })),
        ];
        for (fault, status, message) in
            [(Fault::Conflict, 409, "Conflict"), (Fault::Throttle, 503, "Service unavailable")]
        {
            faults.inject_always("TransactWriteItems", fault);
            let replies = writes.iter().map(|(method, path, body)| owner.send_json(method, path, body));
            let replies: Vec<TestResponse> = join_all(replies).await;
            for reply in replies {
                assert_eq!(reply.headers["retry-after"], "1");
                let body = reply.expect_error(status, message);
                assert!(body.get("applied").is_none(), "{body}");
                assert!(!body["description"].as_str().unwrap().contains("not known"), "{body}");
            }
            faults.stop_faults();
            assert_eq!(owner.get("/leads").await.expect_status(200)["count"], 1);
            assert_eq!(owner.get(&format!("/leads/{id}")).await.expect_status(200), before);
        }
    })
    .await;
}

/// If the reply to a transaction is lost, the SDK sends it again with the same idempotency token, so the transaction is
/// applied once.
#[tokio::test]
async fn a_transaction_whose_reply_is_lost_is_applied_once() {
    with_fault_injection(async |api| {
        let owner = api.owner_caller();
        api.dynamodb_faults().inject_next("TransactWriteItems", [Fault::LostAnswer]);
        let id = owner.create_lead(example_lead("a@example.com")).await;
        api.dynamodb_faults().inject_next("TransactWriteItems", [Fault::LostAnswer]);
        let reply = owner.put(&format!("/leads/{id}"), put_body_with(json!({ "firstName": "Jane" }))).await;
        assert_eq!(reply.lead_version_from_etag(), 2);
        assert_eq!(owner.get("/leads").await.expect_status(200)["count"], 1);
    })
    .await;
}

/// Sends one write of every kind, and calls `trouble` before each to inject faults. Asserts that all of them succeed.
async fn send_every_kind_of_write(api: &TestStack, trouble: impl Fn()) {
    let owner = api.owner_caller();
    let lead = owner.create_lead(example_lead("a@example.com")).await;
    let gone = [
        owner.create_lead(example_lead("b@example.com")).await,
        owner.create_lead(example_lead("c@example.com")).await,
    ];
    let status = owner.post("/leads/status", json!({ "name": "S", "primaryColor": "blue" })).await.expect_status(201);
    let business = owner.post("/businesses", json!({ "name": "B" })).await.expect_status(201);
    let upload = json!({ "photo": local::examples::PIXEL_GIF_BASE64 });
    let photo = owner.post("/leads/upload-photo", upload.clone()).await.expect_status(200);
    let comment =
        owner.post(&format!("/leads/comments/{lead}"), json!({ "content": "Hello" })).await.expect_status(201);
    let path = format!("/leads/{lead}");
    let (status, business, comment) = (&status["id"], &business["id"], &comment["id"]);
    let etag = owner.get(&path).await.headers["etag"].to_str().unwrap().to_owned();
    let writes = [
        ("POST", "/leads".to_owned(), example_lead("d@example.com"), 201),
        ("PUT", path.clone(), put_body_with(json!({ "firstName": "Jane" })), 200),
        ("PATCH", path.clone(), json!({ "lastName": "Roe", "photo": photo }), 200),
        ("PATCH", "/leads/archive".to_owned(), json!({ "ids": [lead] }), 200),
        ("PATCH", "/leads/restore".to_owned(), json!({ "ids": [lead] }), 200),
        ("PUT", "/leads/change-status".to_owned(), json!({ "ids": [lead], "statusId": 2 }), 200),
        ("DELETE", "/leads".to_owned(), json!({ "ids": [gone[0]] }), 200),
        ("DELETE", format!("/leads/{}", gone[1]), Value::Null, 200),
        ("PATCH", "/leads/by/hubspot/512".to_owned(), json!({ "email": "e@example.com" }), 201),
        ("PATCH", "/leads/by/sap/7".to_owned(), json!({ "email": "a@example.com" }), 200),
        ("POST", format!("/leads/comments/{lead}"), json!({ "content": "Hello" }), 201),
        ("PUT", format!("/leads/comments/{comment}"), json!({ "content": "Hello!" }), 200),
        ("DELETE", format!("/leads/comments/{comment}"), Value::Null, 200),
        ("POST", "/leads/status".to_owned(), json!({ "name": "T", "primaryColor": "blue" }), 201),
        ("PUT", format!("/leads/status/{status}"), json!({ "name": "U", "primaryColor": "pink" }), 200),
        ("PUT", "/leads/statuses/order".to_owned(), json!({ "id": status, "statusOrder": 1 }), 200),
        ("DELETE", format!("/leads/status/{status}"), Value::Null, 200),
        ("POST", "/businesses".to_owned(), json!({ "name": "C" }), 201),
        ("PUT", format!("/businesses/{business}"), json!({ "name": "D" }), 200),
        ("DELETE", format!("/businesses/{business}"), Value::Null, 200),
        ("POST", "/leads/upload-photo".to_owned(), upload, 200),
        ("DELETE", format!("/leads/delete-photo/{}", photo.as_str().unwrap()), Value::Null, 200),
    ];
    for (method, path, body, status) in writes {
        trouble();
        let tag = if method == "PUT" && path.ends_with(&format!("/leads/{lead}")) { &etag } else { "*" };
        let body = if body.is_null() { String::new() } else { body.to_string() };
        // No tag matches a lead that does not exist yet.
        let creates = status == 201;
        let headers = [("content-type", "application/json"), ("if-match", tag)];
        let reply = owner.send_request(method, &path, &headers[..if creates { 1 } else { 2 }], body).await;
        assert_eq!(reply.status, status, "{method} {path}: {}", reply.body);
    }
    let timeline = owner.get(&format!("/leads/logs-and-comments/{lead}?limit=100")).await.expect_status(200);
    // The log has nine entries of the lead (the PATCH with a photo makes two) and four of comments (two created, one
    // edited, one deleted).
    assert_eq!((&timeline["logsCount"], &timeline["commentsCount"]), (&json!(13), &json!(1)), "{timeline}");
    let statuses = owner.get("/leads/statuses").await.expect_status(200);
    assert_eq!(statuses["statuses"].as_array().map(Vec::len), Some(5));
    assert_eq!(owner.get("/businesses").await.expect_status(200)["count"], 1);
}

/// If the reply to a write is lost, the API recognises that the write was applied and does not repeat it.
#[tokio::test]
async fn a_write_whose_reply_was_lost_is_recognised() {
    let troubles: [&[Fault]; 3] = [
        &[Fault::LostAnswer],
        &[Fault::LostAnswer, Fault::InProgress, Fault::Conflict],
        &[Fault::Unavailable, Fault::LostAnswer, Fault::LostAnswer],
    ];
    join_all(troubles.map(|trouble| {
        with_fault_injection(async |api| {
            send_every_kind_of_write(api, || {
                api.dynamodb_faults().inject_next("TransactWriteItems", trouble.iter().copied())
            })
            .await;
            assert_eq!(api.owner_caller().get("/leads").await.expect_status(200)["count"], 3);
        })
    }))
    .await;
}

/// A transaction that takes longer than the SDK's timeout of one attempt still succeeds.
#[tokio::test]
async fn a_transaction_slower_than_one_attempt_succeeds() {
    let calls = [
        ("POST", "/leads", example_lead("b@example.com"), 201, 2),
        ("PATCH", "/leads/1", json!({ "firstName": "Jane" }), 200, 1),
        ("POST", "/leads/comments/1", json!({ "content": "Hello" }), 201, 1),
        ("DELETE", "/leads/1", Value::Null, 200, 0),
    ];
    join_all(calls.map(async |(method, path, body, status, leads)| {
        let api = TestStack::start_stack(StackOptions { inject_faults: true, patient: false, ..test_options() }).await;
        api.dynamodb_faults().simulate_load(FaultRates::CONFLICTS_ONLY);
        let (owner, faults) = (api.owner_caller(), api.dynamodb_faults());
        owner.create_lead(example_lead("a@example.com")).await;
        faults.inject_next("TransactWriteItems", [Fault::Slow]);
        let began = std::time::Instant::now();
        let reply = owner.send_json(method, path, &body).await;
        assert_eq!(reply.status, status, "{method} {path}: {}", reply.body);
        assert!(began.elapsed().as_secs() < 9, "{:?}", began.elapsed());
        assert_eq!(owner.get("/leads").await.expect_status(200)["count"], leads);
        faults.stop_faults();
        api.audit_all_teams().await;
    }))
    .await;
}

/// Every request gets a response before Lambda's timeout, whichever DynamoDB operation is slow.
#[tokio::test(flavor = "multi_thread")]
async fn every_request_is_answered_before_the_function_timeout() {
    let upload = json!({ "id": 1, "photo": local::examples::PIXEL_GIF_BASE64 });
    let calls = [
        ("GET", "/leads/1", Value::Null, "BatchGetItem"),
        ("GET", "/leads?business=1", Value::Null, "Query"),
        ("GET", "/leads/search?search=john", Value::Null, "Query"),
        ("POST", "/leads", example_lead("b@example.com"), "UpdateItem"),
        ("PUT", "/leads/comments/1", json!({ "content": "x" }), "BatchGetItem"),
        ("POST", "/leads/upload-photo", upload, "BatchGetItem"),
        ("DELETE", "/leads/2", Value::Null, "TransactWriteItems"),
    ];
    join_all(calls.map(async |(method, path, body, operation)| {
        let api = TestStack::start_stack(options_with_deployed_timeouts()).await;
        let (owner, faults) = (api.owner_caller(), api.dynamodb_faults());
        for email in ["a1@example.com", "a2@example.com"] {
            owner.create_lead(example_lead(email)).await;
        }
        owner.post("/leads/comments/1", json!({ "content": "Hello" })).await.expect_status(201);
        faults.inject_always(operation, Fault::Slow);
        let began = std::time::Instant::now();
        let reply = owner.send_json(method, path, &body).await;
        let took = began.elapsed();
        faults.stop_faults();
        reply.expect_error(503, "Service unavailable");
        assert!(took < Duration::from_millis(5000), "{method} {path}: {took:?}");
        // DynamoDB finishes the slow request although the function no longer waits for it.
        faults.wait_for_slow_requests().await;
        api.audit_all_teams().await;
    }))
    .await;
}

/// A bulk request that reaches its deadline lists the leads that it has changed.
#[tokio::test]
async fn a_bulk_request_at_its_deadline_lists_applied_leads() {
    let api = TestStack::start_stack(options_with_deployed_timeouts()).await;
    let (owner, faults) = (api.owner_caller(), api.dynamodb_faults());
    for n in 0..30 {
        owner.create_lead(example_lead(&format!("a{n}@example.com"))).await;
    }
    // The request sends two transactions: the first succeeds, and the second is slow.
    faults.inject_next("TransactWriteItems", [Fault::Pass]);
    faults.inject_always("TransactWriteItems", Fault::Slow);
    let failed = owner.patch("/leads/archive", json!({ "ids": (3..=30).collect::<Vec<_>>() })).await;
    faults.stop_faults();
    let failed = failed.expect_error(503, "Service unavailable");
    assert!(failed["applied"].as_array().is_some_and(|applied| applied.len() == 14), "{failed}");
    faults.wait_for_slow_requests().await;
    api.audit_all_teams().await;
}

/// Options with fault injection and with the timeouts of the deployed functions.
fn options_with_deployed_timeouts() -> StackOptions {
    StackOptions { inject_faults: true, patient: false, timeout: Some(Duration::from_millis(6500)), ..test_options() }
}
