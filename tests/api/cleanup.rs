//! The clean-up finishes what a crash cut short, and nothing else.

use jiff::{SignedDuration, Timestamp};
use local::Fault;
use serde_json::{Value, json};

use crate::harness::{example, example_with, with_door};

async fn clean_up(api: &crate::harness::Api, hours: i64) -> Value {
    json!(api.gateway.clean_up(Timestamp::now() + SignedDuration::from_hours(hours)).await.expect("a clean-up"))
}

#[tokio::test(flavor = "multi_thread")]
async fn deletions_cut_short_are_finished() {
    with_door(async |api| {
        let owner = api.owner();
        let other = api.caller("other", "Owner");
        for caller in [&owner, &other] {
            for n in 0..3 {
                let id = caller.create(example(&format!("a{n}@example.com"))).await;
                caller.post(&format!("/leads/comments/{id}"), json!({ "content": "Hello" })).await.expect(201);
            }
            api.door().fail("BatchWriteItem", [Fault::Throttle; 4]);
            caller.delete("/leads", json!({ "ids": [1] })).await.refused(503, "Service unavailable");
        }
        // Not while the request could still be under way.
        assert_eq!(clean_up(api, 0).await, json!({ "leads": 0, "photos": 0 }));
        // A clean-up that is cut short itself goes on where it was.
        api.door().fail("BatchWriteItem", [Fault::Throttle; 8]);
        let time = Timestamp::now() + SignedDuration::from_hours(2);
        api.gateway.clean_up(time).await.unwrap_err();
        assert_eq!(clean_up(api, 2).await, json!({ "leads": 2, "photos": 0 }));
        assert_eq!(clean_up(api, 2).await, json!({ "leads": 0, "photos": 0 }));
        for caller in [&owner, &other] {
            assert_eq!(caller.get("/leads").await.expect(200)["count"], 2);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn search_entries_that_an_update_left_are_swept() {
    with_door(async |api| {
        let owner = api.owner();
        let words = |letter: &str| (0..45).map(|n| format!("{letter}{n:02}")).collect::<Vec<_>>().join(" ");
        let (old, new) = (words("a"), words("b"));
        owner.create(example_with("a@example.com", json!({ "company": old }))).await;
        // The update is written; the sweep behind it is not.
        api.door().fail("TransactWriteItems", [Fault::Pass].into_iter().chain([Fault::Throttle; 4]));
        owner.put("/leads/1", crate::harness::change(json!({ "company": new }))).await.expect(200);
        let stale = async || {
            api.items().await.keys().filter(|key| key.sk.starts_with('a') && key.pk.contains("#WORD#")).count()
        };
        assert!(stale().await > 40);
        assert_eq!(owner.get("/leads/search?search=a07").await.expect(200), json!([]));
        assert_eq!(clean_up(api, 0).await, json!({ "leads": 0, "photos": 0 }));
        assert!(stale().await > 40);
        clean_up(api, 2).await;
        assert!(stale().await < 5);
        assert_eq!(owner.get("/leads/search?search=b07").await.expect(200)[0]["id"], 1);
    })
    .await;
}
