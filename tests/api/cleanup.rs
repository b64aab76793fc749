//! The clean-up finishes the work that failed or interrupted requests left, and removes nothing else.

use std::time::Duration;

use local::Fault;
use serde_json::{Value, json};

use crate::harness::{example_lead, example_lead_with, put_body_with, rollup_trigger_key, with_fault_injection};

/// A text of 36 words that start with `letter`. If an update replaces one such text by another, the new and the old
/// search entries do not fit one transaction, and the old ones become stale.
fn text_of_36_words(letter: &str) -> String {
    (0..36).map(|n| format!("{letter}{n:02}")).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn the_clean_up_removes_everything_of_deleted_leads() {
    with_fault_injection(async |api| {
        let owner = api.owner_caller();
        let other = api.caller_with_role("other", "Owner");
        for caller in [&owner, &other] {
            for n in 0..3 {
                let id = caller.create_lead(example_lead(&format!("a{n}@example.com"))).await;
                caller.post(&format!("/leads/comments/{id}"), json!({ "content": "Hello" })).await.expect_status(201);
            }
            // The batch deletes of the request fail, so the lead's search entries, log and comments are left to the
            // clean-up.
            api.dynamodb_faults().inject_next("BatchWriteItem", [Fault::Throttle; 4]);
            caller.delete("/leads", json!({ "ids": [1] })).await.expect_status(200);
        }
        let left = async || api.scan_all_items().await.keys().filter(|key| key.pk.ends_with("#LEAD#1")).count();
        let tombstones_with_activity = left().await;
        assert_eq!(tombstones_with_activity, 2 * 4, "a tombstone, two log entries and a comment each");
        // Creates the lead again as a retry would that arrives after DynamoDB has forgotten the transaction's
        // idempotency token. The tombstone makes the condition fail.
        let lead = api
            .scan_all_items()
            .await
            .into_iter()
            .find(|(key, _)| key.sk == "LEAD" && key.pk.ends_with("#LEAD#1"))
            .unwrap()
            .1;
        let create = api.dynamodb.put_item().table_name(&api.table).set_item(Some(lead));
        create.condition_expression("attribute_not_exists(PK)").send().await.unwrap_err();
        // The clean-up does not touch a deleted lead while a request that changes the lead could still be under way.
        assert_eq!(api.run_clean_up_hours_ahead(0).await["leads"], 0);
        // The next run of the clean-up continues the work of an interrupted run.
        api.dynamodb_faults().inject_next("BatchWriteItem", [Fault::Throttle; 8]);
        let time = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(2);
        api.gateway.invoke_clean_up(time.into()).await.unwrap_err();
        assert_eq!(api.run_clean_up_hours_ahead(2).await["leads"], 2);
        assert_eq!(api.run_clean_up_hours_ahead(2).await["leads"], 0);
        assert_eq!(left().await, 0);
        for caller in [&owner, &other] {
            assert_eq!(caller.get("/leads").await.expect_status(200)["count"], 2);
        }
    })
    .await;
}

/// A deleted lead whose log entries and comments (over 1,000 items) exceed one page of the clean-up's query.
#[tokio::test(flavor = "multi_thread")]
async fn a_lead_with_more_items_than_a_page_is_removed() {
    with_fault_injection(async |api| {
        let owner = api.owner_caller();
        owner.create_lead(example_lead("a@example.com")).await;
        let comments = (0..520).map(|n| owner.post("/leads/comments/1", json!({ "content": format!("{n}") })));
        let replies: Vec<_> = futures_util::StreamExt::collect(futures_util::StreamExt::buffer_unordered(
            futures_util::stream::iter(comments),
            4,
        ))
        .await;
        assert!(replies.iter().all(|reply: &crate::harness::TestResponse| reply.status == 201));
        owner.delete("/leads/1", Value::Null).await.expect_status(200);
        assert!(api.scan_all_items().await.len() > 1560);
        assert_eq!(api.run_clean_up_hours_ahead(2).await["leads"], 1);
        assert!(
            api.scan_all_items().await.keys().all(|key| !key.pk.contains("#LEAD#") && !key.pk.contains("#COMMENT#"))
        );
    })
    .await;
}

#[tokio::test]
async fn stale_search_entries_are_removed_in_several_transactions() {
    with_fault_injection(async |api| {
        let owner = api.owner_caller();
        owner.create_lead(example_lead_with("a@example.com", json!({ "company": text_of_36_words("a") }))).await;
        // After three updates, the lead has more stale search entries (108) than one transaction can delete.
        for letter in ["b", "c", "d"] {
            owner
                .put("/leads/1", put_body_with(json!({ "company": text_of_36_words(letter) })))
                .await
                .expect_status(200);
        }
        let stale = async || {
            let of = |sk: &str| {
                ["a", "b", "c"].iter().any(|letter| sk.starts_with(letter) && sk[1..3].parse::<u8>().is_ok())
            };
            api.scan_all_items().await.keys().filter(|key| key.pk.contains("#WORD#") && of(&key.sk)).count()
        };
        assert_eq!(stale().await, 3 * 36);
        assert_eq!(owner.get("/leads/search?search=a07").await.expect_status(200), json!([]));
        // A stale search word that the lead gets again is not removed by the clean-up.
        let photo =
            owner.post("/leads/upload-photo", json!({ "id": 1, "photo": local::examples::PIXEL_GIF_BASE64 })).await;
        photo.expect_status(200);
        owner.patch("/leads/archive", json!({ "ids": [1] })).await.expect_status(200);
        owner.patch("/leads/restore", json!({ "ids": [1] })).await.expect_status(200);
        owner.patch("/leads/1", json!({ "position": "a07" })).await.expect_status(200);
        assert_eq!(api.run_clean_up_hours_ahead(0).await["sweeps"], 0);
        assert_eq!(api.run_clean_up_hours_ahead(2).await["sweeps"], 2);
        assert_eq!(stale().await, 1);
        for found in ["a07", "d07"] {
            assert_eq!(owner.get(&format!("/leads/search?search={found}")).await.expect_status(200)[0]["id"], 1);
        }
    })
    .await;
}

/// An update of a lead reads the lead before the clean-up removes the lead's stale search words, and is written
/// afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn an_update_racing_the_clean_up_leaves_no_stale_entries() {
    with_fault_injection(async |api| {
        let owner = api.owner_caller();
        owner.create_lead(example_lead_with("a@example.com", json!({ "company": text_of_36_words("a") }))).await;
        owner.put("/leads/1", put_body_with(json!({ "company": text_of_36_words("b") }))).await.expect_status(200);
        api.dynamodb_faults().inject_next("TransactWriteItems", [Fault::Slow]);
        let update = async {
            owner.patch("/leads/1", json!({ "state": "Inactive" })).await.expect_status(200);
        };
        let sweep = async {
            while api.dynamodb_faults().count_faults_left() > 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            assert_eq!(api.run_clean_up_hours_ahead(2).await["sweeps"], 1);
        };
        tokio::join!(update, sweep);
        api.run_clean_up_hours_ahead(4).await;
        let lead = api.scan_all_items().await.into_iter().find(|(key, _)| key.sk == "LEAD").expect("the lead").1;
        assert!(!lead.contains_key("due") && !lead.contains_key("stale"), "{lead:?}");
    })
    .await;
}

/// More failing clean-up tasks (420) than fit one page of the task list (100), all older than a task that succeeds.
#[tokio::test]
async fn failing_tasks_do_not_block_later_ones() {
    with_fault_injection(async |api| {
        let owner = api.owner_caller();
        owner.create_lead(example_lead("a@example.com")).await;
        owner.delete("/leads/1", Value::Null).await.expect_status(200);
        let text = aws_sdk_dynamodb::types::AttributeValue::S;
        let strange = |n: usize| {
            api.dynamodb
                .put_item()
                .table_name(&api.table)
                .item("PK", text(format!("STRANGE#{n}")))
                .item("SK", text("STRANGE".into()))
                .item("cleanup", text(format!("CLEANUP#{}", n % 4)))
                .item("due", text("2020-01-01T00:00:00.000Z".into()))
                .send()
        };
        for n in 0..420 {
            strange(n).await.expect("an item");
        }
        let time = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(2);
        api.gateway.invoke_clean_up(time.into()).await.unwrap_err();
        assert!(api.scan_all_items().await.keys().all(|key| !key.pk.ends_with("#LEAD#1")), "it is gone all the same");
        for n in 0..420 {
            let delete = api.dynamodb.delete_item().table_name(&api.table);
            let delete = delete.key("PK", text(format!("STRANGE#{n}"))).key("SK", text("STRANGE".into()));
            delete.send().await.expect("deleted");
        }
    })
    .await;
}

/// Lists and dashboards give the same answers before, during and after the counters are rolled up. The next clean-up
/// continues an interrupted rollup.
#[tokio::test]
async fn a_rollup_changes_no_answer() {
    with_fault_injection(async |api| {
        let owner = api.owner_caller();
        local::large_teams::fill_team(&api.dynamodb, &api.table, "team", 150, |n| n * 7 % 400).await.expect("leads");
        let moved = json!({ "ids": (20..60).collect::<Vec<_>>() });
        let ask = async || {
            let mut answers = Vec::new();
            for path in [
                "/leads?limit=3",
                "/leads?archived=true",
                "/leads?source=referral&limit=3",
                "/leads?business=2&limit=3",
                "/leads?business=2,3&limit=3",
                "/leads?business=2&source=referral&state=Active&limit=3",
                "/leads?from=2020-01-01&limit=3",
                "/leads?from=2020-01-01&business=1&status=2&limit=3",
                "/leads/total-leads?startDate=2022-01-01",
                "/leads/total-leads?startDate=2022-01-01&business=1",
                "/leads/leads-volume?startDate=2022-01-01&endDate=2026-12-31",
                "/leads/leads-volume?business=3",
            ] {
                answers.push(owner.get(path).await.expect_status(200));
            }
            answers
        };
        let open = async || {
            let of_day =
                |key: &&shared::store::keys::PrimaryKey| key.sk.starts_with("DAY#") || key.sk.starts_with("GROUP#");
            api.scan_all_items().await.keys().filter(of_day).count()
        };
        for turn in 0..2 {
            // Changes of leads whose creation days were already rolled up add to new copies, which are rolled up after
            // the current day.
            owner.patch("/leads/archive", moved.clone()).await.expect_status(200);
            owner
                .put("/leads/change-status", json!({ "ids": [60, 61, 62 + turn], "statusId": 2 }))
                .await
                .expect_status(200);
            owner
                .patch(&format!("/leads/{}", 70 + turn), json!({ "business": [3], "source": "Fair" }))
                .await
                .expect_status(200);
            owner.delete("/leads", json!({ "ids": [80 + turn] })).await.expect_status(200);
            if turn == 1 {
                owner.patch("/leads/restore", moved.clone()).await.expect_status(200);
            }
            owner.write_until_rollup_is_due("team", 90).await;
            let before = ask().await;
            assert!(open().await > 20);
            let day = 48 * i64::from(turn) + 26;
            api.dynamodb_faults().inject_next("PutItem", [Fault::Pass; 5]);
            api.dynamodb_faults().inject_always("PutItem", Fault::Throttle);
            let time = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(day);
            api.gateway.invoke_clean_up(time.into()).await.unwrap_err();
            api.dynamodb_faults().stop_faults();
            assert_eq!(ask().await, before, "a part is rolled up");
            assert!(api.run_clean_up_hours_ahead(day).await["rolledUp"].as_u64() > Some(20));
            assert_eq!(ask().await, before, "everything is, and nothing removed");
            api.run_clean_up_hours_ahead(day + 1).await;
            assert_eq!(open().await, 0);
            assert_eq!(ask().await, before, "what was rolled up is removed");
        }
    })
    .await;
}

/// If a write changes a team's counters while the clean-up ends its rollup of the team, the next run rolls up the team
/// again.
#[tokio::test(flavor = "multi_thread")]
async fn writes_during_a_rollup_schedule_the_next_one() {
    with_fault_injection(async |api| {
        let owner = api.owner_caller();
        owner.create_lead(example_lead("a@example.com")).await;
        owner.write_until_rollup_is_due("team", 1).await;
        assert!(api.run_clean_up_hours_ahead(48).await["rolledUp"].as_u64() > Some(0));
        api.dynamodb_faults().inject_next("UpdateItem", [Fault::Slow]);
        let end = async {
            api.run_clean_up_hours_ahead(49).await;
        };
        let writes = async {
            while api.dynamodb_faults().count_faults_left() > 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            // Writes until a random write hits shard 0 of the counter of all leads, the copy that tells the clean-up to
            // roll up the team.
            let generation = async || api.read_table_item(&rollup_trigger_key("team")).await["generation"].clone();
            let (before, mut paths) = (generation().await, ["/leads/archive", "/leads/restore"].into_iter().cycle());
            while generation().await == before {
                owner.patch(paths.next().expect("no end"), json!({ "ids": [1] })).await.expect_status(200);
            }
        };
        tokio::join!(end, writes);
        assert!(api.run_clean_up_hours_ahead(96).await["rolledUp"].as_u64() > Some(0));
    })
    .await;
}

/// If one run has not enough time to roll up all counters of a team, the next run continues. Counts stay exact in
/// between.
#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_rollup_continues_in_the_next_run() {
    with_fault_injection(async |api| {
        let owner = api.owner_caller();
        for batch in 0..4 {
            let row = |n: u64| json!({ "email": format!("a{batch}-{n}@example.com"), "source": format!("Source {batch}-{n}") });
            let rows: Vec<Value> = (0..100).map(row).collect();
            owner.post("/leads/batch", json!({ "mode": "create", "leads": rows })).await.expect_status(200);
        }
        let table = shared::store::CleanupStore::from(shared::store::Table::new(api.dynamodb.clone(), &api.table));
        let team = "team".parse().unwrap();
        let now = shared::domain::Timestamp::from(jiff::Timestamp::now()).saturating_add(jiff::SignedDuration::from_hours(48));
        let counts = async || {
            let all = owner.get("/leads/total-leads").await.expect_status(200)["current"].clone();
            (all, owner.get("/leads?source=source%201-7").await.expect_status(200)["count"].clone())
        };
        let before = counts().await;
        let mut rounds = 0;
        loop {
            // The first run has time for about one slice. Each further run has more, because one slice takes longer on
            // a slow machine.
            let until = tokio::time::Instant::now() + Duration::from_millis(10_150 + 150 * rounds);
            let rolled_up = shared::platform::deadline::run_with_deadline(until, table.roll_up(&team, now)).await.unwrap();
            assert_eq!(counts().await, before);
            rounds += 1;
            if rolled_up.finished {
                assert!(rolled_up.counters >= 400, "{rolled_up:?}");
                break;
            }
            assert!(rounds < 100, "it goes on");
        }
        assert!(rounds > 1, "it was cut short");
    })
    .await;
}
