//! Bulk requests, which archive, restore or delete several leads or change their status. One unknown id makes the whole
//! request change nothing.

use local::Fault;
use serde_json::{Value, json};

use crate::harness::{TestCaller, example_lead, lead_ids, with_api, with_fault_injection, with_faults_and_deadline};

async fn create_example_leads(owner: &TestCaller<'_>, n: usize) -> Vec<u64> {
    let mut made = Vec::new();
    for n in 0..n {
        made.push(owner.create_lead(example_lead(&format!("a{n}@example.com"))).await);
    }
    made
}

async fn live_and_archived_leads(owner: &TestCaller<'_>) -> (Value, Value) {
    (
        owner.get("/leads?limit=100").await.expect_status(200),
        owner.get("/leads?limit=100&archived=true").await.expect_status(200),
    )
}

#[tokio::test]
async fn repeated_archive_restore_and_status_requests_succeed() {
    with_api(async |api| {
        let owner = api.owner_caller();
        create_example_leads(&owner, 3).await;
        let some = json!({ "ids": [1, 3, 1, 1] });
        for _ in 0..2 {
            let done = owner.patch("/leads/archive", some.clone()).await.expect_status(200);
            let expected = json!({ "message": "Leads archived successfully", "description": "The leads have been archived successfully." });
            assert_eq!(done, expected);
            let (live, archived) = live_and_archived_leads(&owner).await;
            assert_eq!((&live["count"], &archived["count"]), (&json!(1), &json!(2)));
            assert_eq!(lead_ids(archived["leads"].as_array().unwrap()), [3, 1]);
        }
        assert_eq!(owner.get("/leads/1").await.expect_status(200)["archived"], true, "by id it is still there");
        for _ in 0..2 {
            let changed = owner.put("/leads/change-status", json!({ "ids": [3, 2], "statusId": 4 })).await.expect_status(200);
            assert_eq!((&changed[0]["id"], &changed[0]["status"]), (&json!(2), &json!("Closed")));
            assert_eq!(changed.as_array().map(Vec::len), Some(2));
        }
        for _ in 0..2 {
            let done = owner.patch("/leads/restore", some.clone()).await.expect_status(200);
            assert_eq!(done["message"], "Leads restored successfully");
            assert_eq!(live_and_archived_leads(&owner).await.0["count"], 3);
        }
        let done = owner.delete("/leads", some.clone()).await.expect_status(200);
        let expected = json!({ "message": "Leads deleted successfully", "description": "The leads have been deleted successfully." });
        assert_eq!(done, expected);
        owner.delete("/leads", some).await.expect_error(400, "One or more leads not found");
        owner.get("/leads/1").await.expect_error(404, "Lead not found");
        assert_eq!(live_and_archived_leads(&owner).await.0["count"], 1);
    })
    .await;
}

#[tokio::test]
async fn a_bulk_request_with_an_unknown_id_changes_nothing() {
    with_api(async |api| {
        let owner = api.owner_caller();
        create_example_leads(&owner, 3).await;
        api.caller_with_role("other", "Owner").create_lead(example_lead("x@example.com")).await;
        owner.patch("/leads/archive", json!({ "ids": [3] })).await.expect_status(200);
        let before = live_and_archived_leads(&owner).await;
        let some = json!({ "ids": [1, 2, 3, 4] });
        for refused in [
            owner.patch("/leads/archive", some.clone()).await,
            owner.patch("/leads/restore", some.clone()).await,
            owner.delete("/leads", some).await,
        ] {
            let body = refused.expect_error(400, "One or more leads not found");
            assert_eq!(body["errors"], json!([{ "field": "ids", "code": "lead_not_found", "message": "unknown: 4" }]));
        }
        let change = |ids: &[u64], status: u64| json!({ "ids": ids, "statusId": status });
        owner.put("/leads/change-status", change(&[1, 4], 2)).await.expect_error(404, "Lead not found");
        let body = owner.put("/leads/change-status", change(&[1, 2], 5)).await.expect_error(400, "Invalid status ID");
        assert_eq!((&body["code"], &body["errors"][0]["field"]), (&json!("unknown_status"), &json!("statusId")));
        assert_eq!(live_and_archived_leads(&owner).await, before);
        for bad in [
            json!({}),
            json!({ "ids": [] }),
            json!({ "ids": ["1"] }),
            json!({ "ids": [0] }),
            json!({ "ids": null }),
            json!({ "ids": (1..=101).collect::<Vec<u64>>() }),
        ] {
            owner.patch("/leads/archive", bad.clone()).await.expect_bad_fields(&["ids"]);
            owner.patch("/leads/restore", bad.clone()).await.expect_bad_fields(&["ids"]);
            owner.delete("/leads", bad.clone()).await.expect_bad_fields(&["ids"]);
            owner.put("/leads/change-status", bad).await.expect_bad_fields(&["ids", "statusId"]);
        }
    })
    .await;
}

#[tokio::test]
async fn a_bulk_request_takes_a_hundred_leads() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let all = json!({ "ids": create_example_leads(&owner, 100).await });
        owner.patch("/leads/archive", all.clone()).await.expect_status(200);
        assert_eq!(live_and_archived_leads(&owner).await.1["count"], 100);
        owner.patch("/leads/restore", all.clone()).await.expect_status(200);
        let changed =
            owner.put("/leads/change-status", json!({ "ids": all["ids"], "statusId": 2 })).await.expect_status(200);
        assert_eq!(changed.as_array().map(Vec::len), Some(100));
        assert_eq!(owner.get("/leads?status=2").await.expect_status(200)["count"], 100);
        owner.delete("/leads", all).await.expect_status(200);
        assert_eq!(live_and_archived_leads(&owner).await.0["count"], 0);
    })
    .await;
}

#[tokio::test]
async fn a_partly_failed_bulk_request_lists_applied_leads_and_can_be_repeated() {
    with_faults_and_deadline(async |api| {
        let owner = api.owner_caller();
        let all = json!({ "ids": create_example_leads(&owner, 100).await });
        // The first transaction of each request succeeds, and all others fail until the deadline.
        let faults = api.dynamodb_faults();
        for (fault, status, message) in
            [(Fault::Conflict, 409, "Conflict"), (Fault::Throttle, 503, "Service unavailable")]
        {
            for path in ["/leads/archive", "/leads/restore"] {
                faults.inject_next("TransactWriteItems", [Fault::Pass]);
                faults.inject_always("TransactWriteItems", fault);
                let failed = owner.patch(path, all.clone()).await.expect_error(status, message);
                let applied = failed["applied"].as_array().unwrap().len() as u64;
                assert!((1..100).contains(&applied), "{failed}");
                assert!(failed["description"].as_str().unwrap().contains("the others are as they were"), "{failed}");
                let archived = if path == "/leads/archive" { applied } else { 100 - applied };
                assert_eq!(live_and_archived_leads(&owner).await.1["count"], archived);
                faults.stop_faults();
                owner.patch(path, all.clone()).await.expect_status(200);
            }
            assert_eq!(live_and_archived_leads(&owner).await.0["count"], 100);
        }

        faults.inject_next("TransactWriteItems", [Fault::Pass]);
        faults.inject_always("TransactWriteItems", Fault::Conflict);
        let failed = owner.delete("/leads", all.clone()).await.expect_error(409, "Conflict");
        faults.stop_faults();
        let gone = failed["applied"].as_array().unwrap().len() as u64;
        assert!((1..100).contains(&gone), "{failed}");
        assert_eq!(live_and_archived_leads(&owner).await.0["count"], 100 - gone);
        owner.get(&format!("/leads/{}", failed["applied"][0])).await.expect_error(404, "Lead not found");
        // Another request that includes an already deleted lead is refused because of an unknown id. The same request,
        // sent again, deletes the rest.
        let others = json!({ "ids": all["ids"].as_array().unwrap()[1..] });
        owner.delete("/leads", others).await.expect_error(400, "One or more leads not found");
        owner.delete("/leads", all.clone()).await.expect_status(200);
        assert_eq!(live_and_archived_leads(&owner).await.0["count"], 0);
        owner.delete("/leads", all).await.expect_error(400, "One or more leads not found");
    })
    .await;
}

/// If it stays unknown whether a transaction was applied, the response says so, and the same request can be sent again
/// safely.
#[tokio::test]
async fn leads_with_an_unknown_outcome_are_not_reported_as_unchanged() {
    with_faults_and_deadline(async |api| {
        let owner = api.owner_caller();
        let all = json!({ "ids": create_example_leads(&owner, 8).await });
        api.dynamodb_faults().inject_always("TransactWriteItems", Fault::LostAnswer);
        let failed = owner.patch("/leads/archive", all.clone()).await.expect_error(503, "Service unavailable");
        assert!(failed["description"].as_str().unwrap().contains("not known"), "{failed}");
        api.dynamodb_faults().stop_faults();
        owner.patch("/leads/archive", all).await.expect_status(200);
        assert_eq!(live_and_archived_leads(&owner).await.1["count"], 8);
    })
    .await;
}

#[tokio::test]
async fn a_deleted_lead_is_invisible_before_the_clean_up() {
    with_fault_injection(async |api| {
        let owner = api.owner_caller();
        create_example_leads(&owner, 2).await;
        // Every attempt of the SDK to remove the deleted leads' search and business entries fails.
        api.dynamodb_faults().inject_next("BatchWriteItem", [Fault::Throttle; 4]);
        owner.delete("/leads", json!({ "ids": [1, 2] })).await.expect_status(200);
        assert_eq!(live_and_archived_leads(&owner).await.0["count"], 0);
        owner.get("/leads/1").await.expect_error(404, "Lead not found");
        assert_eq!(owner.get("/leads/search?search=john").await.expect_status(200), json!([]));
        owner.patch("/leads/archive", json!({ "ids": [1] })).await.expect_error(400, "One or more leads not found");
        owner.create_lead(example_lead("a0@example.com")).await;
        owner.delete("/leads", json!({ "ids": [1, 2] })).await.expect_error(400, "One or more leads not found");
    })
    .await;
}

#[tokio::test]
async fn one_lead_is_deleted_by_its_path() {
    with_api(async |api| {
        let owner = api.owner_caller();
        create_example_leads(&owner, 2).await;
        let done = owner.delete("/leads/1", Value::Null).await.expect_status(200);
        let expected =
            json!({ "message": "Lead deleted successfully", "description": "The lead has been deleted successfully." });
        assert_eq!(done, expected);
        for id in ["1", "99", "0", "x"] {
            owner.delete(&format!("/leads/{id}"), Value::Null).await.expect_error(404, "Lead not found");
        }
        api.caller_with_role("team", "Viewer").delete("/leads/2", Value::Null).await.expect_error(403, "Access denied");
        api.caller_with_role("other", "Owner")
            .delete("/leads/2", Value::Null)
            .await
            .expect_error(404, "Lead not found");
        owner.send_request("DELETE", "/leads/2?x=1", &[], "").await.expect_bad_fields(&["x"]);
        assert_eq!(lead_ids(live_and_archived_leads(&owner).await.0["leads"].as_array().unwrap()), [2]);
    })
    .await;
}
