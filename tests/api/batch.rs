//! Batches of leads.

use std::collections::BTreeSet;

use local::Fault;
use local::examples::PIXEL_GIF_BASE64;
use serde_json::{Value, json};

use crate::harness::{
    TestCaller, TestResponse, example_lead, example_lead_with, with_api, with_fault_injection, with_faults_and_deadline,
};

fn lead_row(n: usize) -> Value {
    json!({ "firstName": "Łucja", "lastName": format!("O’Connor {n}"), "email": format!("lucja{n}@example.com") })
}

fn batch_body(mode: &str, leads: &[Value]) -> Value {
    json!({ "mode": mode, "leads": leads })
}

async fn post_batch(caller: &TestCaller<'_>, body: &Value) -> TestResponse {
    caller.post("/leads/batch", body.clone()).await
}

async fn post_batch_with_key(caller: &TestCaller<'_>, key: &str, body: &Value) -> TestResponse {
    let once = [("content-type", "application/json"), ("idempotency-key", key)];
    caller.send_request("POST", "/leads/batch", &once, body.to_string()).await
}

/// The result of each row of a batch response (`created`, `updated`, `unchanged` or `failed`), after checking the
/// totals.
fn row_results(answer: &Value) -> Vec<&str> {
    let rows = answer["results"].as_array().expect("results");
    assert!(rows.iter().enumerate().all(|(n, row)| row["index"] == n), "{answer}");
    let outcomes: Vec<&str> = rows.iter().map(|row| row["result"].as_str().expect("a result")).collect();
    for of in ["created", "updated", "unchanged", "failed"] {
        assert_eq!(answer[of], outcomes.iter().filter(|one| **one == of).count(), "{answer}");
    }
    outcomes
}

fn error_fields(row: &Value) -> Vec<&str> {
    row["errors"].as_array().into_iter().flatten().filter_map(|error| error["field"].as_str()).collect()
}

#[tokio::test]
async fn a_batch_creates_leads_in_the_order_of_its_rows() {
    with_api(async |api| {
        let owner = api.owner_caller();
        owner.create_numbered_businesses(2).await;
        let rows =
            [lead_row(0), example_lead_with("john@example.com", json!({ "business": [2, "business 1"] })), lead_row(2)];
        let answer = post_batch(&owner, &batch_body("create", &rows)).await.expect_status(200);
        assert_eq!(row_results(&answer), ["created"; 3]);
        assert_eq!(answer["results"][0], json!({ "index": 0, "id": 1, "result": "created" }));
        assert_eq!((&answer["results"][1]["id"], &answer["results"][2]["id"]), (&json!(2), &json!(3)));
        let first = owner.get("/leads/1").await.expect_status(200);
        for (field, value) in [
            ("firstName", json!("Łucja")),
            ("state", json!("Active")),
            ("status", json!("New")),
            ("phoneNumber", json!([])),
            ("business", json!([])),
            ("company", json!("")),
            ("socialMedia", json!({})),
        ] {
            assert_eq!(first[field], value, "{field}");
        }
        let second = owner.get("/leads/2").await.expect_status(200);
        assert_eq!(second["business"], json!([{ "id": 2, "name": "Business 2" }, { "id": 1, "name": "Business 1" }]));
        // A row of a batch has the same effect as a `POST /leads` with the same fields.
        let alone = owner.create_lead(example_lead_with("alone@example.com", json!({ "business": [2, 1] }))).await;
        let log = async |id: u64| owner.get(&format!("/leads/logs/{id}")).await.expect_status(200)["logs"][0].clone();
        let (mut of_row, mut of_one) = (log(2).await, log(alone).await);
        for entry in [&mut of_row, &mut of_one] {
            for own in ["id", "entityId", "createdAt"] {
                entry[own] = Value::Null;
            }
            entry["changes"]["email"] = Value::Null;
        }
        assert_eq!(of_row, of_one);
        assert_eq!(owner.get("/leads?business=1").await.expect_status(200)["count"], 2);
        let found = owner.get("/leads/search?search=oconnor").await.expect_status(200);
        assert_eq!(found.as_array().map(Vec::len), Some(2));
    })
    .await;
}

#[tokio::test]
async fn each_mode_creates_or_updates_only_its_rows() {
    with_api(async |api| {
        let owner = api.owner_caller();
        owner.create_lead(example_lead("john@example.com")).await;
        owner.create_lead(example_lead_with("gone@example.com", json!({}))).await;
        owner.patch("/leads/archive", json!({ "ids": [2] })).await.expect_status(200);
        let rows =
            [json!({ "email": "JOHN@example.com", "company": "Acme" }), json!({ "email": "gone@example.com" }), lead_row(0)];
        let answer = post_batch(&owner, &batch_body("create", &rows)).await.expect_status(200);
        assert_eq!(row_results(&answer), ["failed", "failed", "created"]);
        assert_eq!(answer["results"][0]["message"], "Email already exists");
        assert_eq!(answer["results"][0]["existing"], json!({ "id": 1, "archived": false }));
        assert_eq!(answer["results"][1]["existing"], json!({ "id": 2, "archived": true }));
        assert_eq!(answer["results"][0].get("id"), None);

        let answer = post_batch(&owner, &batch_body("update", &[rows[0].clone(), rows[1].clone(), lead_row(9)])).await.expect_status(200);
        assert_eq!(row_results(&answer), ["updated", "unchanged", "failed"]);
        assert_eq!((&answer["results"][0]["id"], &answer["results"][1]["id"]), (&json!(1), &json!(2)));
        assert_eq!((&answer["results"][2]["message"], error_fields(&answer["results"][2])), (&json!("Lead not found"), vec!["email"]));
        let lead = owner.get("/leads/1").await.expect_status(200);
        assert_eq!((&lead["company"], &lead["email"]), (&json!("Acme"), &json!("JOHN@example.com")));
        let log = owner.get("/leads/logs/1").await.expect_status(200)["logs"][0].clone();
        assert_eq!((&log["action"], &log["changes"]["company"]["previous"]), (&json!("UpdateLead"), &json!("Company Name")));

        // A row with `null` clears a field, and an array replaces the whole array, as in a JSON merge patch.
        let patch = json!({ "email": "john@example.com", "source": null, "phoneNumber": ["1"], "socialMedia": { "youtube": null } });
        let answer = post_batch(&owner, &batch_body("upsert", &[patch.clone(), lead_row(3)])).await.expect_status(200);
        assert_eq!(row_results(&answer), ["updated", "created"]);
        let lead = owner.get("/leads/1").await.expect_status(200);
        assert_eq!((&lead["source"], &lead["phoneNumber"]), (&json!(""), &json!(["1"])));
        assert_eq!((&lead["socialMedia"]["youtube"], &lead["socialMedia"]["facebook"]), (&Value::Null, &json!("facebook.com/lead")));
        assert_eq!(row_results(&post_batch(&owner, &batch_body("upsert", &[patch])).await.expect_status(200)), ["unchanged"]);

        // With `fill`, a row changes only the fields that are empty in the existing lead.
        let fill = json!({ "email": "john@example.com", "firstName": "Jane", "source": "Fair", "company": "Other",
            "phoneNumber": ["2"], "statusId": 3, "socialMedia": { "youtube": "y", "facebook": "f" } });
        let mut body = batch_body("upsert", &[fill]);
        body["fill"] = json!(true);
        assert_eq!(row_results(&post_batch(&owner, &body).await.expect_status(200)), ["updated"]);
        let lead = owner.get("/leads/1").await.expect_status(200);
        assert_eq!((&lead["firstName"], &lead["source"], &lead["company"]), (&json!("John"), &json!("Fair"), &json!("Acme")));
        assert_eq!((&lead["statusId"], &lead["phoneNumber"]), (&json!(1), &json!(["1"])));
        assert_eq!((&lead["socialMedia"]["youtube"], &lead["socialMedia"]["facebook"]), (&json!("y"), &json!("facebook.com/lead")));
        assert_eq!(row_results(&post_batch(&owner, &body).await.expect_status(200)), ["unchanged"]);
    })
    .await;
}

#[tokio::test]
async fn a_bad_row_fails_alone_and_names_every_fault() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let rows = [
            lead_row(0),
            json!({ "email": "no-address", "firstName": "", "stauts": 1 }),
            json!({ "email": "new@example.com", "statusId": 9, "business": [7, "Nobody’s"] }),
            lead_row(0),
            json!({ "firstName": "x", "lastName": "y" }),
            json!("row"),
            json!({ "email": "LUCJA0@example.com", "state": "Sleeping" }),
            json!({ "email": "named@example.com", "firstName": "x", "lastName": "y", "photo": "nowhere.jpg" }),
            lead_row(1),
        ];
        let answer = post_batch(&owner, &batch_body("upsert", &rows)).await.expect_status(200);
        let failed = "failed";
        assert_eq!(
            row_results(&answer),
            ["created", failed, failed, failed, failed, failed, failed, failed, "created"]
        );
        let row = |n: usize| error_fields(&answer["results"][n]).into_iter().collect::<BTreeSet<_>>();
        assert_eq!(row(1), ["email", "stauts"].into());
        assert_eq!(row(2), ["business", "statusId"].into());
        assert_eq!(answer["results"][2]["code"], "invalid_request");
        assert_eq!(
            (&answer["results"][3]["code"], &answer["results"][4]["code"]),
            (&json!("duplicate"), &json!("contact_required"))
        );
        assert_eq!((row(3), row(4), row(5)), (["email"].into(), ["email"].into(), ["leads"].into()));
        assert_eq!(row(6), ["email", "state"].into());
        assert_eq!((row(7), &answer["results"][7]["message"]), (["photo"].into(), &json!("Invalid lead data")));
        assert_eq!(owner.get("/leads").await.expect_status(200)["count"], 2);
    })
    .await;
}

#[tokio::test]
async fn invalid_batch_requests_are_refused() {
    with_api(async |api| {
        let owner = api.owner_caller();
        post_batch(&owner, &json!({})).await.expect_bad_fields(&["mode", "leads"]);
        post_batch(
            &owner,
            &json!({ "mode": "merge", "leads": [], "fill": 1, "dryRun": "yes", "format": "xml", "more": 1 }),
        )
        .await
        .expect_bad_fields(&["mode", "leads", "fill", "dryRun", "format", "more"]);
        let many: Vec<Value> = (0..101).map(lead_row).collect();
        post_batch(&owner, &batch_body("create", &many)).await.expect_bad_fields(&["leads"]);
        let viewer = api.caller_with_role("team", "Viewer");
        post_batch(&viewer, &batch_body("create", &[lead_row(0)])).await.expect_error(403, "Access denied");
        let mut body = batch_body(
            "create",
            &[json!({ "email": "a@example.com", "firstName": "A", "lastName": "B",
            "business": ["Acme; Sons", "ACME; sons", "Beta"] })],
        );
        body["createBusinesses"] = json!(true);
        post_batch(&api.caller_with_role("team", "Manager"), &body).await.expect_error(403, "Access denied");
        assert_eq!(row_results(&post_batch(&owner, &body).await.expect_status(200)), ["created"]);
        let lead = owner.get("/leads/1").await.expect_status(200);
        assert_eq!(lead["business"], json!([{ "id": 1, "name": "Acme; Sons" }, { "id": 2, "name": "Beta" }]));
        // A failed row does not create the new businesses that it names.
        body["leads"][0]["business"] = json!(["Gamma"]);
        assert_eq!(row_results(&post_batch(&owner, &body).await.expect_status(200)), ["failed"]);
        for bad in [
            json!({ "email": "b@example.com", "company": "x".repeat(300) }),
            json!({ "email": "b@example.com", "status": "Gone" }),
            json!({ "email": "b@example.com", "nickname": "B" }),
            json!({ "firstName": "B" }),
        ] {
            body["leads"] = json!([bad]);
            body["leads"][0]["business"] = json!(["Gamma"]);
            assert_eq!(row_results(&post_batch(&owner, &body).await.expect_status(200)), ["failed"]);
        }
        assert_eq!(owner.get("/businesses").await.expect_status(200)["count"], 2);
    })
    .await;
}

#[tokio::test]
async fn a_dry_run_writes_nothing_and_answers_the_same() {
    with_api(async |api| {
        let owner = api.owner_caller();
        owner.create_lead(example_lead("john@example.com")).await;
        let photo = owner.post("/leads/upload-photo", json!({ "photo": PIXEL_GIF_BASE64 })).await.expect_status(200);
        let rows = [
            lead_row(0),
            json!({ "email": "john@example.com", "company": "Acme" }),
            json!({ "email": "john@example.com" }),
            json!({ "email": "p@example.com", "firstName": "P", "lastName": "Q", "photo": photo, "business": ["New"] }),
            json!({ "email": "q@example.com", "firstName": "P", "lastName": "Q", "photo": "nowhere.jpg" }),
            json!({ "email": "r@example.com", "firstName": "P", "status": "Won" }),
        ];
        let mut body = batch_body("upsert", &rows);
        body["createBusinesses"] = json!(true);
        body["dryRun"] = json!(true);
        let before = api.scan_all_items().await;
        let mut dry = post_batch_with_key(&owner, "dry", &body).await.expect_status(200);
        assert_eq!(api.scan_all_items().await, before);
        body["dryRun"] = json!(false);
        let mut done = post_batch(&owner, &body).await.expect_status(200);
        assert_eq!(row_results(&dry), ["created", "updated", "failed", "created", "failed", "failed"]);
        for (n, row) in rows.iter().enumerate() {
            if dry["results"][n]["result"] == "created" {
                assert_eq!(dry["results"][n].get("id"), None, "{row}");
                done["results"][n]["id"] = Value::Null;
                dry["results"][n]["id"] = Value::Null;
            }
        }
        assert_eq!(dry, done);
        assert_eq!(owner.get("/leads?business=1").await.expect_status(200)["count"], 1);
    })
    .await;
}

#[tokio::test]
async fn a_batch_takes_a_hundred_rows_of_every_kind() {
    with_api(async |api| {
        let owner = api.owner_caller();
        owner.create_numbered_businesses(3).await;
        let there: Vec<Value> = (0..100).step_by(3).map(lead_row).collect();
        assert_eq!(
            row_results(&post_batch(&owner, &batch_body("create", &there)).await.expect_status(200)),
            ["created"; 34]
        );
        let row = |n: usize| {
            let mut row = lead_row(n);
            row["company"] = json!(format!("Company {}", n % 7));
            row["business"] = json!([n % 3 + 1]);
            row["statusId"] = json!(n % 4 + 1);
            row["phoneNumber"] = json!([format!("+1 (555) 867-{n:04}")]);
            row
        };
        let all: Vec<Value> = (0..100).map(row).collect();
        let answer = post_batch(&owner, &batch_body("upsert", &all)).await.expect_status(200);
        let expected: Vec<&str> = (0..100).map(|n| if n % 3 == 0 { "updated" } else { "created" }).collect();
        assert_eq!(row_results(&answer), expected);
        let created = answer["results"].as_array().unwrap().iter().filter(|row| row["result"] == "created");
        let ids: Vec<u64> = created.map(|row| row["id"].as_u64().unwrap()).collect();
        assert!(ids.is_sorted_by(|one, other| one < other), "{ids:?}");
        assert_eq!(
            row_results(&post_batch(&owner, &batch_body("upsert", &all)).await.expect_status(200)),
            ["unchanged"; 100]
        );
        assert_eq!(owner.get("/leads?business=1&limit=1").await.expect_status(200)["count"], 34);
        assert_eq!(owner.get("/leads?status=2&limit=1").await.expect_status(200)["count"], 25);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_batch_with_an_idempotency_key_is_written_once() {
    with_fault_injection(async |api| {
        let owner = api.owner_caller();
        let rows: Vec<Value> = (0..30).map(lead_row).chain([json!({ "email": "bad" })]).collect();
        let body = batch_body("create", &rows);
        api.dynamodb_faults().inject_next("TransactWriteItems", [Fault::LostAnswer, Fault::Pass, Fault::LostAnswer]);
        let first = post_batch_with_key(&owner, "import", &body).await.expect_status(200);
        assert_eq!(row_results(&first).iter().filter(|one| **one == "created").count(), 30);
        let before = api.scan_all_items().await;
        assert_eq!(post_batch_with_key(&owner, "import", &body).await.expect_status(200), first);
        assert_eq!(api.scan_all_items().await, before);
        post_batch_with_key(&owner, "import", &batch_body("create", &rows[1..]))
            .await
            .expect_error(400, "Invalid Idempotency-Key");
        // Two concurrent requests with the same idempotency key and body create the leads once.
        let rows: Vec<Value> = (100..140).map(lead_row).collect();
        let body = batch_body("create", &rows);
        let (one, other) =
            tokio::join!(post_batch_with_key(&owner, "both", &body), post_batch_with_key(&owner, "both", &body));
        let (one, other) = (one.expect_status(200), other.expect_status(200));
        assert_eq!(one, other);
        assert_eq!(row_results(&one), ["created"; 40]);
        assert_eq!(owner.get("/leads").await.expect_status(200)["count"], 70);
        // Without an idempotency key, a second identical request fails the rows whose leads the first request has
        // created.
        let rows: Vec<Value> = (200..240).map(lead_row).collect();
        let body = batch_body("create", &rows);
        let (one, other) = tokio::join!(post_batch(&owner, &body), post_batch(&owner, &body));
        let (one, other) = (one.expect_status(200), other.expect_status(200));
        assert_eq!(one["created"].as_u64().unwrap() + other["created"].as_u64().unwrap(), 40, "{one} {other}");
        assert_eq!(owner.get("/leads").await.expect_status(200)["count"], 110);
    })
    .await;
}

/// A batch returns its response even if the table cannot store the response for idempotent retries. A retry still gets
/// the same results, because each row's result is stored in the transaction that writes the row.
#[tokio::test]
async fn a_batch_is_answered_even_if_the_answer_cannot_be_stored() {
    with_faults_and_deadline(async |api| {
        let owner = api.owner_caller();
        let body = batch_body("create", &[lead_row(1), json!({ "email": "bad" })]);
        api.dynamodb_faults().inject_next("TransactWriteItems", [Fault::Pass]);
        api.dynamodb_faults().inject_always("TransactWriteItems", Fault::Throttle);
        let first = post_batch_with_key(&owner, "throttled", &body).await.expect_status(200);
        assert_eq!(row_results(&first), ["created", "failed"]);
        api.dynamodb_faults().stop_faults();
        assert_eq!(post_batch_with_key(&owner, "throttled", &body).await.expect_status(200), first);
        // An answer larger than 400 KB cannot be stored, because it does not fit an item.
        let unknown = (0..64).map(|n| (format!("column {n}"), json!(""))).collect::<serde_json::Map<_, _>>();
        let rows: Vec<Value> = (0..99).map(|_| json!(unknown)).chain([lead_row(2)]).collect();
        let body = batch_body("create", &rows);
        let first = post_batch_with_key(&owner, "large", &body).await.expect_status(200);
        assert!(first.to_string().len() > 400 * 1024 && first["created"] == 1, "{}", first.to_string().len());
        assert_eq!(post_batch_with_key(&owner, "large", &body).await.expect_status(200), first);
        assert_eq!(owner.get("/leads").await.expect_status(200)["count"], 2);
    })
    .await;
}

/// If DynamoDB fails in the middle of a batch, each row is written completely or not at all, the response says which,
/// and a request with the same idempotency key writes the missing rows.
#[tokio::test]
async fn an_interrupted_batch_continues_when_it_is_repeated() {
    with_faults_and_deadline(async |api| {
        let owner = api.owner_caller();
        owner.create_lead(example_lead_with("lucja0@example.com", json!({}))).await;
        let rows: Vec<Value> = (0..60).map(lead_row).collect();
        let body = batch_body("upsert", &rows);
        let faults = api.dynamodb_faults();
        let mut done = BTreeSet::new();
        for fault in [Fault::Conflict, Fault::Throttle, Fault::LostAnswer] {
            faults.inject_next("TransactWriteItems", [Fault::Pass]);
            faults.inject_always("TransactWriteItems", fault);
            let cut = post_batch_with_key(&owner, "import", &body).await;
            faults.stop_faults();
            let before = done.len();
            if cut.status == 200 {
                for row in cut.body["results"].as_array().unwrap() {
                    let (index, failed) = (row["index"].as_u64().unwrap(), row["result"] == "failed");
                    assert!(!(failed && done.contains(&index)), "{row} was done before");
                    if failed {
                        let why = row["message"].as_str().unwrap();
                        let unknown = fault == Fault::LostAnswer && why == "Outcome unknown";
                        assert!(unknown || ["Conflict", "Service unavailable"].contains(&why), "{row}");
                    } else {
                        done.insert(index);
                    }
                }
                assert!(done.len() > before && done.len() < 60, "{} of 60, {} before", done.len(), before);
            } else {
                cut.expect_error(503, "Service unavailable");
            }
        }
        let answer = post_batch_with_key(&owner, "import", &body).await.expect_status(200);
        let expected: Vec<&str> = (0..60).map(|n| if n == 0 { "updated" } else { "created" }).collect();
        assert_eq!(row_results(&answer), expected);
        assert_eq!(post_batch_with_key(&owner, "import", &body).await.expect_status(200), answer);
        assert_eq!(owner.get("/leads").await.expect_status(200)["count"], 60);
        // If no row could be written, the whole request fails with 503 or 409.
        faults.inject_always("TransactWriteItems", Fault::Throttle);
        let rows: Vec<Value> = (100..103).map(lead_row).collect();
        post_batch(&owner, &batch_body("create", &rows)).await.expect_error(503, "Service unavailable");
        faults.inject_always("TransactWriteItems", Fault::Conflict);
        post_batch(&owner, &batch_body("create", &rows)).await.expect_error(409, "Conflict");
    })
    .await;
}

/// A row fails alone if its photo belongs to another lead or does not exist. Transaction conflicts are retried and fail
/// no row.
#[tokio::test(flavor = "multi_thread")]
async fn rows_with_unavailable_photos_fail_alone() {
    with_fault_injection(async |api| {
        let owner = api.owner_caller();
        let photo =
            async || owner.post("/leads/upload-photo", json!({ "photo": PIXEL_GIF_BASE64 })).await.expect_status(200);
        let (taken, free) = (photo().await, photo().await);
        owner.create_lead(example_lead_with("john@example.com", json!({ "photo": taken.clone() }))).await;
        let mut rows: Vec<Value> = (0..12).map(lead_row).collect();
        rows[3]["photo"] = taken;
        rows[5]["photo"] = free.clone();
        rows[8]["photo"] = json!("nowhere.png");
        api.dynamodb_faults().inject_next("TransactWriteItems", [Fault::Conflict, Fault::Conflict]);
        let answer = post_batch(&owner, &batch_body("create", &rows)).await.expect_status(200);
        let expected: Vec<&str> = (0..12).map(|n| if [3, 8].contains(&n) { "failed" } else { "created" }).collect();
        assert_eq!(row_results(&answer), expected);
        let id = answer["results"][5]["id"].as_u64().unwrap();
        assert_eq!(owner.get(&format!("/leads/{id}")).await.expect_status(200)["photo"], free);
        // Gives the lead another photo. The audit after the test asserts that the old photo's object was removed.
        let other = photo().await;
        let answer =
            post_batch(&owner, &batch_body("update", &[json!({ "email": "lucja5@example.com", "photo": other })]))
                .await;
        assert_eq!(row_results(&answer.expect_status(200)), ["updated"]);

        // Batches and single requests change the same leads concurrently: no change is lost, and each lead is changed
        // completely.
        let bulk = (0..4).map(|n| {
            let rows: Vec<Value> = (9..12)
                .map(|lead| json!({ "email": format!("lucja{lead}@example.com"), "company": format!("Company {n}") }))
                .collect();
            let owner = owner.clone();
            async move { post_batch(&owner, &batch_body("update", &rows)).await.expect_status(200) }
        });
        let path = format!("/leads/{}", lead_id_by_email(&owner, "lucja10@example.com").await);
        let alone = (0..4).map(|n| {
            let (owner, path) = (owner.clone(), path.clone());
            async move { owner.patch(&path, json!({ "position": format!("Position {n}") })).await.expect_status(200) }
        });
        let (bulk, _) = tokio::join!(futures_util::future::join_all(bulk), futures_util::future::join_all(alone));
        for answer in bulk {
            assert!(row_results(&answer).iter().all(|one| ["updated", "unchanged"].contains(one)), "{answer}");
        }
        let lead = owner.get(&path).await.expect_status(200);
        assert!(
            lead["company"].as_str().unwrap().starts_with("Company")
                && lead["position"].as_str().unwrap().starts_with("Position")
        );
    })
    .await;
}

async fn lead_id_by_email(owner: &TestCaller<'_>, email: &str) -> u64 {
    owner.get(&format!("/leads/search?search={email}")).await.expect_status(200)[0]["id"].as_u64().expect("a lead")
}

/// The result of a failed row names every bad field, including unknown statuses, businesses and photos.
#[tokio::test]
async fn unknown_references_of_a_row_are_named_beside_its_other_faults() {
    with_api(async |api| {
        let owner = api.owner_caller();
        owner.create_lead(example_lead("a@example.com")).await;
        let rows = [
            json!({ "email": "bad", "statusId": 9, "business": ["None"], "photo": "nowhere.jpg" }),
            json!({ "email": "b@example.com", "phoneNumber": [1], "status": "None", "photo": "nowhere.jpg" }),
            json!({ "email": "B@example.com", "statusId": 9 }),
            json!({ "email": "c@example.com", "photo": "nowhere.jpg" }),
            json!({ "email": "a@example.com", "statusId": 9, "photo": "nowhere.jpg" }),
        ];
        let expected: [&[&str]; 5] = [
            &["business", "email", "photo", "statusId"],
            &["phoneNumber", "photo", "status"],
            &["email", "statusId"],
            &["photo"],
            &["photo", "statusId"],
        ];
        for dry_run in [true, false] {
            let mut body = batch_body("upsert", &rows);
            body["dryRun"] = json!(dry_run);
            let answer = post_batch(&owner, &body).await.expect_status(200);
            let named: Vec<Vec<&str>> = (0..5)
                .map(|n| {
                    let mut fields = error_fields(&answer["results"][n]);
                    fields.sort_unstable();
                    fields
                })
                .collect();
            assert_eq!(named, expected, "{answer}");
        }
    })
    .await;
}

/// In an import, the names of statuses and businesses take precedence over their ids, because another team's export has
/// other ids.
#[tokio::test]
async fn names_take_precedence_over_ids_in_imported_rows() {
    with_api(async |api| {
        let (owner, other) = (api.owner_caller(), api.caller_with_role("other", "Owner"));
        other.create_numbered_businesses(2).await;
        other.put("/leads/status/4", json!({ "name": "Won", "primaryColor": null })).await.expect_status(200);
        other.put("/businesses/2", json!({ "name": "Acme" })).await.expect_status(200);
        other.create_lead(example_lead_with("a@example.com", json!({ "statusId": 4, "business": [2] }))).await;
        other.create_lead(example_lead_with("b@example.com", json!({ "statusId": 2, "business": [1] }))).await;
        let exported = other.get("/leads/export?format=ndjson&sort=createdAt").await.expect_status(200);
        let rows: Vec<Value> =
            exported.as_str().unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let answer = post_batch(&owner, &batch_body("create", &rows)).await.expect_status(200);
        assert_eq!(error_fields(&answer["results"][0]), ["business", "status"]);
        assert_eq!(answer["results"][0]["errors"][1]["message"], "unknown: Won");
        owner.post("/leads/status", json!({ "name": "Lost", "primaryColor": "gray" })).await.expect_status(201);
        owner.post("/leads/status", json!({ "name": "won", "primaryColor": "gray" })).await.expect_status(201);
        let mut body = batch_body("create", &rows);
        body["createBusinesses"] = json!(true);
        assert_eq!(post_batch(&owner, &body).await.expect_status(200)["created"], 2);
        let lead = owner.get("/leads/search?search=a@example.com").await.expect_status(200)[0].clone();
        assert_eq!(
            (&lead["status"], &lead["statusId"], &lead["business"][0]["name"]),
            (&json!("won"), &json!(6), &json!("Acme"))
        );
        assert_eq!(
            row_results(&post_batch(&owner, &batch_body("update", &rows)).await.expect_status(200)),
            ["unchanged", "unchanged"]
        );
        // The row names a status, and gives the id of another status of this team: the name wins.
        let row = json!({ "email": "a@example.com", "statusId": "4", "status": "LOST" });
        let mut sheet = batch_body("update", &[row]);
        sheet["format"] = json!("csv");
        assert_eq!(row_results(&post_batch(&owner, &sheet).await.expect_status(200)), ["updated"]);
        let find = async || owner.get("/leads/search?search=a@example.com").await.expect_status(200)[0].clone();
        assert_eq!(find().await["status"], "Lost");
        sheet["leads"][0] = json!({ "email": "a@example.com", "statusId": "2", "status": "" });
        assert_eq!(row_results(&post_batch(&owner, &sheet).await.expect_status(200)), ["updated"]);
        assert_eq!(find().await["status"], "Contacted");
        // The result of a row that changes an archived lead has `"archived": true`.
        owner.patch("/leads/archive", json!({ "ids": [lead["id"]] })).await.expect_status(200);
        let answer =
            post_batch(&owner, &batch_body("update", &[json!({ "email": "a@example.com", "company": "New" })]))
                .await
                .expect_status(200);
        assert_eq!(answer["results"][0]["archived"], true);
    })
    .await;
}
