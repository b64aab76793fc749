//! Logs and comments.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::{TestCaller, example_lead, put_body_with, with_api};

fn log_actions(logs: &[Value]) -> Vec<&str> {
    logs.iter().map(|log| log["action"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn every_change_of_a_lead_is_in_its_log() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let id = owner.create_lead(example_lead("a@example.com")).await;
        let path = format!("/leads/{id}");
        owner.put(&path, put_body_with(json!({ "firstName": "Jane", "company": "" }))).await.expect_status(200);
        owner.put(&path, put_body_with(json!({ "firstName": "Jane" }))).await.expect_status(200);
        owner.put("/leads/change-status", json!({ "ids": [id], "statusId": 2 })).await.expect_status(200);
        owner.patch("/leads/archive", json!({ "ids": [id] })).await.expect_status(200);
        owner.patch("/leads/archive", json!({ "ids": [id] })).await.expect_status(200);
        owner.patch("/leads/restore", json!({ "ids": [id] })).await.expect_status(200);
        owner.post(&format!("/leads/comments/{id}"), json!({ "content": "Hello" })).await.expect_status(201);
        owner.put("/leads/comments/1", json!({ "content": "Bye" })).await.expect_status(200);
        let body = api.caller_with_role("team", "Viewer").get(&format!("/leads/logs/{id}")).await.expect_status(200);
        let logs = body["logs"].as_array().unwrap();
        let expected = ["UpdateComment", "CreateComment", "RestoreLead", "ArchiveLead", "ChangeLeadStatus", "UpdateLead", "CreateLead"];
        assert_eq!((log_actions(logs), &body["count"]), (expected.to_vec(), &json!(7)));
        assert_eq!(logs[6]["changes"]["email"], json!({ "previous": null, "current": "a@example.com" }));
        assert_eq!(logs[6]["changes"].get("archived"), None, "what a new lead does not have is no change");
        let renamed = json!({ "firstName": { "previous": "John", "current": "Jane" }, "company": { "previous": "Company Name", "current": "" } });
        assert_eq!(logs[5]["changes"], renamed);
        let moved = json!({ "status": { "previous": "New", "current": "Contacted" }, "statusId": { "previous": 1, "current": 2 } });
        assert_eq!(logs[4]["changes"], moved);
        assert_eq!(logs[3]["changes"], json!({ "archived": { "previous": false, "current": true } }));
        assert_eq!(logs[1]["changes"], json!({ "content": { "previous": null, "current": "Hello" } }));
        assert_eq!(logs[0]["changes"], json!({ "content": { "previous": "Hello", "current": "Bye" } }));
        assert_eq!((&logs[0]["entityType"], &logs[2]["entityType"]), (&json!("Comment"), &json!("Lead")));
        let user = json!({ "id": 1, "email": "owner@example.com", "firstName": "Olivia", "lastName": "Demo" });
        assert!(logs.iter().all(|log| log["user"] == user && log["createdAt"].is_string() && log["id"].is_u64()));
    })
    .await;
}

#[tokio::test]
async fn a_timeline_has_every_log_entry_and_comment_once_newest_first() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let id = owner.create_lead(example_lead("a@example.com")).await;
        for n in 0..12 {
            if n % 3 == 0 {
                owner
                    .put(&format!("/leads/{id}"), put_body_with(json!({ "company": format!("c{n}") })))
                    .await
                    .expect_status(200);
            }
            owner
                .post(&format!("/leads/comments/{id}"), json!({ "content": format!("comment {n}") }))
                .await
                .expect_status(201);
        }
        for limit in [1, 2, 5, 100] {
            let path = format!("/leads/logs-and-comments/{id}?limit={limit}");
            let all = owner.all_pages(&path, "logsAndComments").await;
            assert_eq!(all.len(), 12 + 12 + 4 + 1);
            let is_comment = |entry: &Value| match entry["type"].as_str().unwrap() {
                "comment" => true,
                "log" => false,
                other => panic!("{other}"),
            };
            assert!(all.iter().all(|entry| is_comment(entry) == entry["content"].is_string()));
            let key = |entry: &Value| (is_comment(entry), entry["id"].as_u64().unwrap());
            assert_eq!(all.iter().map(key).collect::<BTreeSet<_>>().len(), all.len());
            assert!(
                all.is_sorted_by(|a, b| a["createdAt"].as_str().unwrap().len()
                    != b["createdAt"].as_str().unwrap().len()
                    || a["createdAt"].as_str() >= b["createdAt"].as_str())
            );
            let said: Vec<&str> = all.iter().filter_map(|entry| entry["content"].as_str()).collect();
            assert_eq!(said, (0..12).rev().map(|n| format!("comment {n}")).collect::<Vec<_>>());
            let page = owner.get(&path).await.expect_status(200);
            assert_eq!((&page["logsCount"], &page["commentsCount"]), (&json!(17), &json!(12)));
            assert_eq!(owner.all_pages(&format!("/leads/logs/{id}?limit={limit}"), "logs").await.len(), 17);
        }
        let page = owner.get(&format!("/leads/logs-and-comments/{id}?limit=1")).await.expect_status(200);
        let cursor = page["nextCursor"].as_str().unwrap();
        owner.get(&format!("/leads/logs/{id}?cursor={cursor}")).await.expect_bad_fields(&["cursor"]);
        let other = owner.create_lead(example_lead("b@example.com")).await;
        owner.get(&format!("/leads/logs-and-comments/{other}?cursor={cursor}")).await.expect_bad_fields(&["cursor"]);
    })
    .await;
}

#[tokio::test]
async fn comments_are_edited_by_their_author_or_an_owner() {
    with_api(async |api| {
        let (owner, manager) = (api.owner_caller(), api.caller_with_role("team", "Manager"));
        let id = owner.create_lead(example_lead("a@example.com")).await;
        let path = format!("/leads/comments/{id}");
        let created = owner.post(&path, json!({ "content": "  Owner's\n🦀 " })).await.expect_status(201);
        let expected = json!({
            "id": 1, "content": "Owner's\n🦀", "createdAt": created["createdAt"], "updatedAt": created["createdAt"],
            "user": { "id": 1, "firstName": "Olivia", "lastName": "Demo", "email": "owner@example.com" },
        });
        assert_eq!(created, expected);
        assert_eq!(manager.post(&path, json!({ "content": "Manager's" })).await.expect_status(201)["id"], 2);
        manager.put("/leads/comments/1", json!({ "content": "Mine now" })).await.expect_error(403, "Access denied");
        assert_eq!(
            manager.put("/leads/comments/2", json!({ "content": "Better" })).await.expect_status(200)["content"],
            "Better"
        );
        let edited = owner.put("/leads/comments/2", json!({ "content": "Best" })).await.expect_status(200);
        assert_eq!((&edited["content"], &edited["user"]["id"]), (&json!("Best"), &json!(2)), "it stays its author's");
        let log = |body: Value| body["count"].clone();
        let before = log(owner.get(&format!("/leads/logs/{id}")).await.expect_status(200));
        assert_eq!(owner.put("/leads/comments/2", json!({ "content": "Best" })).await.expect_status(200), edited);
        assert_eq!(
            log(owner.get(&format!("/leads/logs/{id}")).await.expect_status(200)),
            before,
            "nothing differs, nothing is logged"
        );
        for bad in [
            json!({}),
            json!({ "content": " " }),
            json!({ "content": 1 }),
            json!({ "content": "x".repeat(10_001) }),
            json!({ "content": "\u{7}" }),
        ] {
            owner.post(&path, bad.clone()).await.expect_bad_fields(&["content"]);
            owner.put("/leads/comments/1", bad).await.expect_bad_fields(&["content"]);
        }
        let longest = json!({ "content": "ü".repeat(10_000) });
        owner.post(&path, longest.clone()).await.expect_status(201);
        owner.put("/leads/comments/3", json!({ "content": "ö".repeat(10_000) })).await.expect_status(200);
        assert_eq!(
            owner.get(&format!("/leads/{id}")).await.lead_version_from_etag(),
            1,
            "a comment does not change the lead"
        );
    })
    .await;
}

#[tokio::test]
async fn unknown_and_malformed_lead_and_comment_ids_are_refused() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let say = json!({ "content": "Hello" });
        for bad in ["0", "x", "1.5", "%FF"] {
            owner.get(&format!("/leads/logs/{bad}")).await.expect_error(400, "Invalid lead ID");
            owner.get(&format!("/leads/logs-and-comments/{bad}")).await.expect_error(400, "Invalid lead ID");
            owner.post(&format!("/leads/comments/{bad}"), say.clone()).await.expect_error(400, "Invalid lead ID");
            owner.put(&format!("/leads/comments/{bad}"), say.clone()).await.expect_error(400, "Invalid comment ID");
        }
        owner.get("/leads/logs/1").await.expect_error(404, "Lead not found");
        owner.get("/leads/logs-and-comments/1").await.expect_error(404, "Lead not found");
        owner.post("/leads/comments/1", say.clone()).await.expect_error(404, "Lead not found");
        owner.put("/leads/comments/1", say.clone()).await.expect_error(404, "Comment not found");
        let id = owner.create_lead(example_lead("a@example.com")).await;
        owner.post(&format!("/leads/comments/{id}"), say.clone()).await.expect_status(201);
        let comment = "/leads/comments/1";
        api.caller_with_role("other", "Owner").put(comment, say.clone()).await.expect_error(404, "Comment not found");
        owner.delete("/leads", json!({ "ids": [id] })).await.expect_status(200);
        owner.put(comment, say.clone()).await.expect_error(404, "Comment not found");
        owner.get(&format!("/leads/logs/{id}")).await.expect_error(404, "Lead not found");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_comments_and_changes_are_all_applied() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let id = owner.create_lead(example_lead("a@example.com")).await;
        let (path, comments) = (format!("/leads/{id}"), format!("/leads/comments/{id}"));
        let says = (0..10).map(|n| owner.post(&comments, json!({ "content": format!("c{n}") })));
        let puts = (0..5).map(|n| owner.put(&path, put_body_with(json!({ "company": format!("c{n}") }))));
        let (said, changed) =
            futures_util::join!(futures_util::future::join_all(says), futures_util::future::join_all(puts));
        assert!(said.iter().all(|reply| reply.status == 201) && changed.iter().all(|reply| reply.status == 200));
        let page = owner.get(&format!("/leads/logs-and-comments/{id}")).await.expect_status(200);
        assert_eq!((&page["logsCount"], &page["commentsCount"]), (&json!(16), &json!(10)));
    })
    .await;
}

/// Reusing an idempotency key with the same body on another lead is refused as a different request.
#[tokio::test]
async fn an_idempotency_key_is_bound_to_its_lead() {
    with_api(async |api| {
        let owner = api.owner_caller();
        for n in 1..=2 {
            owner.create_lead(example_lead(&format!("a{n}@example.com"))).await;
        }
        let say = async |lead: u64| {
            let headers = [("content-type", "application/json"), ("idempotency-key", "key")];
            owner.send_request("POST", &format!("/leads/comments/{lead}"), &headers, r#"{"content":"Hello"}"#).await
        };
        let first = say(1).await.expect_status(201);
        assert_eq!(say(1).await.expect_status(201), first);
        say(2).await.expect_error(400, "Invalid Idempotency-Key");
        assert_eq!(owner.get("/leads/logs-and-comments/1").await.expect_status(200)["commentsCount"], 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn comments_are_deleted_by_their_author_or_an_owner() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let manager = api.caller_with_role("team", "Manager");
        owner.create_lead(example_lead("a@example.com")).await;
        for caller in [&owner, &manager, &manager] {
            caller.post("/leads/comments/1", json!({ "content": "Hello" })).await.expect_status(201);
        }
        manager.delete("/leads/comments/1", Value::Null).await.expect_error(403, "Access denied");
        api.caller_with_role("team", "Viewer")
            .delete("/leads/comments/1", Value::Null)
            .await
            .expect_error(403, "Access denied");
        api.caller_with_role("other", "Owner")
            .delete("/leads/comments/1", Value::Null)
            .await
            .expect_error(404, "Comment not found");
        for caller in [&manager, &owner] {
            let id = if caller.authorization == owner.authorization { 3 } else { 2 };
            let done = caller.delete(&format!("/leads/comments/{id}"), Value::Null).await.expect_status(200);
            assert_eq!(done["message"], "Comment deleted successfully");
            owner.delete(&format!("/leads/comments/{id}"), Value::Null).await.expect_error(404, "Comment not found");
            owner
                .put(&format!("/leads/comments/{id}"), json!({ "content": "x" }))
                .await
                .expect_error(404, "Comment not found");
        }
        owner.delete("/leads/comments/x", Value::Null).await.expect_error(404, "Comment not found");
        let timeline = owner.get("/leads/logs-and-comments/1?limit=3").await.expect_status(200);
        assert_eq!((&timeline["logsCount"], &timeline["commentsCount"]), (&json!(6), &json!(1)));
        let newest = &timeline["logsAndComments"][0];
        assert_eq!(
            (&newest["action"], &newest["entityType"], &newest["entityId"]),
            (&json!("DeleteComment"), &json!("Comment"), &json!(3))
        );
        assert_eq!(newest["changes"], json!({ "content": { "previous": "Hello", "current": null } }));
        // If several requests delete one comment concurrently, exactly one succeeds.
        let replies =
            futures_util::future::join_all((0..6).map(|_| owner.delete("/leads/comments/1", Value::Null))).await;
        assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1);
        assert!(replies.iter().all(|reply| [200, 404].contains(&reply.status)));
        assert_eq!(owner.get("/leads/logs/1").await.expect_status(200)["count"], 7);
    })
    .await;
}

/// Lambda limits a response to 6 MB. A page of log entries that would be larger has fewer entries, and its `nextCursor`
/// continues after the last of them.
#[tokio::test]
async fn a_page_of_log_entries_stays_below_five_megabytes() {
    with_api(async |api| {
        let owner = api.owner_caller();
        owner.create_lead(example_lead("a@example.com")).await;
        for n in 0..70 {
            let description = format!("{n:04}{}", "\"".repeat(9_996));
            owner.patch("/leads/1", json!({ "description": description })).await.expect_status(200);
        }
        let page = owner.get("/leads/logs/1?limit=100").await.expect_status(200);
        assert!(page["nextCursor"].is_string() && page["count"] == 71);
        // Size of the page as Lambda transmits it: escaped inside a JSON string.
        let size = json!(page.to_string()).to_string().len();
        assert!((4_800_000..=5_000_000).contains(&size), "{size}");
        let all = owner.all_pages("/leads/logs/1?limit=100", "logs").await;
        let ids: std::collections::BTreeSet<u64> = all.iter().map(|log| log["id"].as_u64().unwrap()).collect();
        assert_eq!((all.len(), ids.len()), (71, 71));
    })
    .await;
}

/// A lead's log lists the changes in the order in which they were written, with strictly increasing times, even if
/// concurrent requests started in another order.
#[tokio::test(flavor = "multi_thread")]
async fn a_leads_log_is_in_the_order_of_the_writes() {
    with_api(async |api| {
        let owner = api.owner_caller();
        owner.create_lead(example_lead("a@example.com")).await;
        let write = async |n: usize| match n % 3 {
            0 => owner.post("/leads/comments/1", json!({ "content": format!("{n}") })).await.expect_status(201),
            _ => owner.patch("/leads/1", json!({ "company": format!("{n}") })).await.expect_status(200),
        };
        futures_util::future::join_all((0..60).map(write)).await;
        let mut logs = owner.all_pages("/leads/logs/1?limit=100", "logs").await;
        logs.reverse();
        let updates: Vec<&Value> = logs.iter().filter(|log| log["action"] == "UpdateLead").collect();
        assert_eq!((logs.len(), updates.len()), (61, 40));
        let mut company = json!("Company Name");
        for update in updates {
            let change = &update["changes"]["company"];
            assert_eq!(change["previous"], company, "each follows from the one before");
            company = change["current"].clone();
        }
        let times: Vec<&str> = logs.iter().map(|log| log["createdAt"].as_str().unwrap()).collect();
        assert!(times.is_sorted_by(|one, next| one < next), "{times:?}");
        let lead = owner.get("/leads/1").await.expect_status(200);
        assert_eq!(lead["company"], company);
    })
    .await;
}

/// A comment shows whether a person, an API key or a form wrote it; only that author or an Owner may edit it.
#[tokio::test]
async fn comments_show_their_author_and_only_author_or_owner_edits_them() {
    with_api(async |api| {
        let owner = api.owner_caller();
        owner.create_lead(example_lead("a@example.com")).await;
        let key = async |name: &str| {
            let key = owner.post("/keys", json!({ "name": name, "role": "Manager" })).await.expect_status(201);
            api.caller_with_api_key(&key)
        };
        let (zapier, other) = (key("Zapier").await, key("Other").await);
        let manager = api.caller_with_role("team", "Manager");
        let write = async |by: &TestCaller<'_>| {
            by.post("/leads/comments/1", json!({ "content": "Hello" })).await.expect_status(201)
        };
        let by_owner = write(&owner).await;
        let by_key = write(&zapier).await;
        assert_eq!((by_owner.get("key"), &by_key["key"]), (None, &json!({ "id": 1, "name": "Zapier" })));
        let form = owner.post("/forms", json!({ "name": "Contact" })).await.expect_status(201);
        let path = format!("/forms/{}/leads", form["key"].as_str().unwrap());
        api.caller_with_authorization(None)
            .post(&path, json!({ "email": "a@example.com", "message": "Hi" }))
            .await
            .expect_status(201);
        let timeline = owner.get("/leads/logs-and-comments/1?limit=100").await.expect_status(200);
        let entries = timeline["logsAndComments"].as_array().unwrap();
        let comments: Vec<&Value> = entries.iter().filter(|entry| entry.get("content").is_some()).collect();
        assert_eq!(
            (&comments[0]["content"], &comments[0]["form"]),
            (&json!("Hi"), &json!({ "id": 1, "name": "Contact" }))
        );
        let edit = async |by: &TestCaller<'_>, comment: &Value| {
            by.put(
                &format!("/leads/comments/{}", comment["id"]),
                json!({ "content": format!("{}", by.authorization.as_ref().map_or(0, String::len)) }),
            )
            .await
            .status
        };
        // A user may edit the comments that the user wrote without an API key. An API key may edit the comments that
        // the key wrote. An Owner may edit any comment.
        for (by, comment, status) in [
            (&zapier, &by_owner, 403),
            (&zapier, comments[0], 403),
            (&other, &by_key, 403),
            (&zapier, &by_key, 200),
            (&manager, &by_key, 403),
            (&manager, comments[0], 403),
            (&owner, &by_key, 200),
            (&owner, comments[0], 200),
        ] {
            assert_eq!(edit(by, comment).await, status, "{comment}");
        }
        let read = comments[0].clone();
        let sent_back = owner.put(&format!("/leads/comments/{}", read["id"]), read.clone()).await.expect_status(200);
        assert_eq!(sent_back["form"], read["form"]);
    })
    .await;
}
