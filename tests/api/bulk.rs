//! Archive, restore, delete and change status: many leads, all or none.

use local::Fault;
use serde_json::{Value, json};

use crate::harness::{Caller, example, ids, with_api, with_door};

async fn leads(owner: &Caller<'_>, n: usize) -> Vec<u64> {
    let mut made = Vec::new();
    for n in 0..n {
        made.push(owner.create(example(&format!("a{n}@example.com"))).await);
    }
    made
}

async fn state(owner: &Caller<'_>) -> (Value, Value) {
    (owner.get("/leads?limit=100").await.expect(200), owner.get("/leads?limit=100&archived=true").await.expect(200))
}

#[tokio::test(flavor = "multi_thread")]
async fn repeating_a_request_is_harmless() {
    with_api(async |api| {
        let owner = api.owner();
        leads(&owner, 3).await;
        let some = json!({ "ids": [1, 3, 1, 1] });
        for _ in 0..2 {
            let done = owner.patch("/leads/archive", some.clone()).await.expect(200);
            let expected = json!({ "message": "Leads archived successfully", "description": "The leads have been archived successfully." });
            assert_eq!(done, expected);
            let (live, archived) = state(&owner).await;
            assert_eq!((&live["count"], &archived["count"]), (&json!(1), &json!(2)));
            assert_eq!(ids(archived["leads"].as_array().unwrap()), [3, 1]);
        }
        assert_eq!(owner.get("/leads/1").await.expect(200)["archived"], true, "by id it is still there");
        for _ in 0..2 {
            let changed = owner.put("/leads/change-status", json!({ "ids": [3, 2], "statusId": 4 })).await.expect(200);
            assert_eq!((&changed[0]["id"], &changed[0]["status"]), (&json!(2), &json!("Closed")));
            assert_eq!(changed.as_array().map(Vec::len), Some(2));
        }
        for _ in 0..2 {
            let done = owner.patch("/leads/restore", some.clone()).await.expect(200);
            assert_eq!(done["message"], "Leads restored successfully");
            assert_eq!(state(&owner).await.0["count"], 3);
        }
        let done = owner.delete("/leads", some.clone()).await.expect(200);
        let expected = json!({ "message": "Leads deleted successfully", "description": "The leads have been deleted successfully." });
        assert_eq!(done, expected);
        owner.delete("/leads", some).await.refused(400, "One or more leads not found");
        owner.get("/leads/1").await.refused(404, "Lead not found");
        assert_eq!(state(&owner).await.0["count"], 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_unknown_id_changes_nothing() {
    with_api(async |api| {
        let owner = api.owner();
        leads(&owner, 3).await;
        api.caller("other", "Owner").create(example("x@example.com")).await;
        owner.patch("/leads/archive", json!({ "ids": [3] })).await.expect(200);
        let before = state(&owner).await;
        let some = json!({ "ids": [1, 2, 3, 4] });
        owner.patch("/leads/archive", some.clone()).await.refused(400, "One or more leads not found");
        owner.patch("/leads/restore", some.clone()).await.refused(400, "One or more leads not found");
        owner.delete("/leads", some).await.refused(400, "One or more leads not found");
        let change = |ids: &[u64], status: u64| json!({ "ids": ids, "statusId": status });
        owner.put("/leads/change-status", change(&[1, 4], 2)).await.refused(404, "Lead not found");
        owner.put("/leads/change-status", change(&[1, 2], 5)).await.refused(400, "Invalid status ID");
        assert_eq!(state(&owner).await, before);
        for bad in [
            json!({}),
            json!({ "ids": [] }),
            json!({ "ids": ["1"] }),
            json!({ "ids": [0] }),
            json!({ "ids": null }),
            json!({ "ids": (1..=101).collect::<Vec<u64>>() }),
        ] {
            owner.patch("/leads/archive", bad.clone()).await.names(&["ids"]);
            owner.patch("/leads/restore", bad.clone()).await.names(&["ids"]);
            owner.delete("/leads", bad.clone()).await.names(&["ids"]);
            owner.put("/leads/change-status", bad).await.names(&["ids", "statusId"]);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_at_once() {
    with_api(async |api| {
        let owner = api.owner();
        let all = json!({ "ids": leads(&owner, 100).await });
        owner.patch("/leads/archive", all.clone()).await.expect(200);
        assert_eq!(state(&owner).await.1["count"], 100);
        owner.patch("/leads/restore", all.clone()).await.expect(200);
        let changed = owner.put("/leads/change-status", json!({ "ids": all["ids"], "statusId": 2 })).await.expect(200);
        assert_eq!(changed.as_array().map(Vec::len), Some(100));
        assert_eq!(owner.get("/leads?status=2").await.expect(200)["count"], 100);
        owner.delete("/leads", all).await.expect(200);
        assert_eq!(state(&owner).await.0["count"], 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_in_the_middle_says_what_was_applied_and_can_be_sent_again() {
    with_door(async |api| {
        let owner = api.owner();
        let all = json!({ "ids": leads(&owner, 100).await });
        // The first chunk passes; then more conflicts than any retry stands.
        let door = api.door();
        let give_up = || std::iter::once(Fault::Pass).chain(std::iter::repeat_n(Fault::Conflict, 13));
        door.fail("TransactWriteItems", give_up());
        let failed = owner.patch("/leads/archive", all.clone()).await.refused(409, "Conflict");
        let applied = failed["applied"].as_array().unwrap().len() as u64;
        assert!((1..100).contains(&applied), "{failed}");
        assert_eq!(state(&owner).await.1["count"], applied);
        owner.patch("/leads/archive", all.clone()).await.expect(200);
        assert_eq!(state(&owner).await.1["count"], 100);

        door.fail("TransactWriteItems", give_up());
        let failed = owner.delete("/leads", all.clone()).await.refused(409, "Conflict");
        let gone = failed["applied"].as_array().unwrap().len() as u64;
        assert!((1..100).contains(&gone), "{failed}");
        assert_eq!(state(&owner).await.1["count"], 100 - gone);
        owner.get(&format!("/leads/{}", failed["applied"][0])).await.refused(404, "Lead not found");
        owner.delete("/leads", all).await.expect(200);
        assert_eq!(state(&owner).await.1["count"], 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_cut_short_is_invisible_and_finished_by_the_next() {
    with_door(async |api| {
        let owner = api.owner();
        leads(&owner, 2).await;
        // What is left of the leads cannot be cleared: every try of the SDK fails.
        api.door().fail("BatchWriteItem", [Fault::Throttle; 4]);
        owner.delete("/leads", json!({ "ids": [1, 2] })).await.refused(503, "Service unavailable");
        assert_eq!(state(&owner).await.0["count"], 0);
        owner.get("/leads/1").await.refused(404, "Lead not found");
        assert_eq!(owner.get("/leads/search?search=john").await.expect(200), json!([]));
        owner.patch("/leads/archive", json!({ "ids": [1] })).await.refused(400, "One or more leads not found");
        owner.create(example("a0@example.com")).await;
        owner.delete("/leads", json!({ "ids": [1, 2] })).await.expect(200);
    })
    .await;
}
