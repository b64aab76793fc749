//! Concurrent writes.

use serde_json::{Value, json};

use crate::harness::{TestStack, example_lead, example_lead_with, lead_ids, put_body_with, with_api};

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_creates_with_one_email_address_make_one_lead() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let creates = (0..32).map(|n| {
            let email = if n % 2 == 0 { "john@example.com" } else { "JOHN@example.com" };
            owner.post("/leads", example_lead(email))
        });
        let replies = futures_util::future::join_all(creates).await;
        let created: Vec<u64> =
            replies.iter().filter(|r| r.status == 201).filter_map(|r| r.body["id"].as_u64()).collect();
        assert_eq!(created.len(), 1);
        for reply in replies.into_iter().filter(|reply| reply.status != 201) {
            assert_eq!(reply.expect_error(400, "Email already exists")["existing"]["id"], created[0]);
        }
        assert_eq!(owner.get("/leads").await.expect_status(200)["count"], 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_updates_of_one_lead_are_all_applied() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let id = owner.create_lead(example_lead("a@example.com")).await;
        let path = format!("/leads/{id}");
        let puts = ["company", "position", "location", "source", "firstName", "lastName", "description"]
            .map(|field| owner.put(&path, put_body_with(json!({ field: "changed" }))));
        for reply in futures_util::future::join_all(puts).await {
            reply.expect_status(200);
        }
        let lead = owner.get(&path).await;
        assert_eq!(lead.lead_version_from_etag(), 8, "no update was lost");
        let lead = lead.expect_status(200);
        for field in ["company", "position", "location", "source", "firstName", "lastName", "description"] {
            assert_eq!(lead[field], "changed", "{field}");
        }
        // Exactly one of several concurrent updates with the same `If-Match` succeeds; the others get 412.
        let puts: Vec<_> = (0..8)
            .map(|n| {
                let body = put_body_with(json!({ "company": format!("c{n}") })).to_string();
                let (owner, path) = (owner.clone(), path.clone());
                async move {
                    let headers = [("content-type", "application/json"), ("if-match", "\"8\"")];
                    owner.send_request("PUT", &path, &headers, body).await.status
                }
            })
            .collect();
        let mut statuses = futures_util::future::join_all(puts).await;
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412, 412, 412, 412, 412, 412, 412]);
    })
    .await;
}

/// If a status or business is deleted while leads with it are created, then either the deletion or the creation fails:
/// no lead has a deleted status or business.
#[tokio::test(flavor = "multi_thread")]
async fn no_lead_refers_to_a_concurrently_deleted_status_or_business() {
    with_api(async |api| {
        let owner = api.owner_caller();
        for round in 0..12u64 {
            let status =
                owner.post("/leads/status", json!({ "name": "Race", "primaryColor": "pink" })).await.expect_status(201)
                    ["id"]
                    .clone();
            let business = owner.post("/businesses", json!({ "name": "Race" })).await.expect_status(201)["id"].clone();
            let create = |n: u64| {
                let body = json!({ "statusId": status, "business": [business] });
                owner.post("/leads", example_lead_with(&format!("r{round}-{n}@example.com"), body))
            };
            let (status_path, business_path) = (format!("/leads/status/{status}"), format!("/businesses/{business}"));
            let (one, deleted, two, gone, three) = futures_util::join!(
                create(1),
                owner.delete(&status_path, Value::Null),
                create(2),
                owner.delete(&business_path, Value::Null),
                create(3),
            );
            let made: Vec<u64> = [one, two, three].iter().filter_map(|reply| reply.body["id"].as_u64()).collect();
            if deleted.status == 200 || gone.status == 200 {
                assert_eq!(made, [] as [u64; 0], "round {round}");
            }
            for lead in owner.all_pages("/leads?limit=100", "leads").await {
                assert!(lead["status"].is_string(), "{lead}");
            }
            if !made.is_empty() {
                owner.delete("/leads", json!({ "ids": made })).await.expect_status(200);
            }
            for path in [status_path, business_path] {
                owner.delete(&path, Value::Null).await;
            }
        }
    })
    .await;
}

/// If a status is deleted while a bulk request sets it, the bulk request succeeds or gets a 400. It does not retry
/// until its deadline.
#[tokio::test(flavor = "multi_thread")]
async fn a_bulk_request_racing_a_status_deletion_succeeds_or_is_refused() {
    with_api(async |api| {
        let owner = api.owner_caller();
        for n in 0..8 {
            owner.create_lead(example_lead(&format!("a{n}@example.com"))).await;
        }
        let all = (1..=8).collect::<Vec<u64>>();
        for _ in 0..12 {
            let status =
                owner.post("/leads/status", json!({ "name": "Race", "primaryColor": "pink" })).await.expect_status(201);
            let path = format!("/leads/status/{}", status["id"]);
            let give = json!({ "ids": all, "statusId": status["id"] });
            let (given, deleted) =
                tokio::join!(owner.put("/leads/change-status", give), owner.delete(&path, Value::Null));
            assert!(
                [200, 400].contains(&given.status) && [200, 400].contains(&deleted.status),
                "{given:?} {deleted:?}"
            );
            owner.put("/leads/change-status", json!({ "ids": all, "statusId": 1 })).await.expect_status(200);
            if deleted.status == 400 {
                owner.delete(&path, Value::Null).await.expect_status(200);
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_never_brings_back_a_deleted_lead() {
    with_api(async |api| {
        let owner = api.owner_caller();
        for round in 0..40 {
            let id = owner.create_lead(example_lead(&format!("a{round}@example.com"))).await;
            let path = format!("/leads/{id}");
            let body = || put_body_with(json!({ "statusId": 2 }));
            let (deleted, one, two) = futures_util::join!(
                owner.delete("/leads", json!({ "ids": [id] })),
                owner.put(&path, body()),
                owner.put(&path, body())
            );
            deleted.expect_status(200);
            assert!([200, 404].contains(&one.status) && [200, 404].contains(&two.status));
            owner.get(&path).await.expect_error(404, "Lead not found");
        }
        assert_eq!(owner.get("/leads").await.expect_status(200)["count"], 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_additions_are_applied_and_business_names_stay_unique() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let adds =
            (0..8).map(|n| owner.post("/leads/status", json!({ "name": format!("S{n}"), "primaryColor": "pink" })));
        let replies = futures_util::future::join_all(adds).await;
        let mut made: Vec<u64> =
            replies.into_iter().map(|reply| reply.expect_status(201)["id"].as_u64().unwrap()).collect();
        made.sort_unstable();
        assert_eq!(made, (5..=12).collect::<Vec<_>>());
        let same = (0..6).map(|_| owner.post("/businesses", json!({ "name": "Acme" })));
        let created = futures_util::future::join_all(same).await.iter().filter(|reply| reply.status == 201).count();
        assert_eq!(created, 1);
    })
    .await;
}

/// Sends 25 random writes. Some of them are for leads, statuses or comments that do not exist.
async fn send_random_writes(api: &TestStack, mut random: fastrand::Rng) {
    let owner = api.owner_caller();
    for _ in 0..25 {
        let some: Vec<u64> = (0..random.usize(1..5)).map(|_| random.u64(1..40)).collect();
        let email = format!("a{}@example.com", random.u8(..40));
        let kind = json!({ "statusId": random.u64(1..=5), "business": [random.u64(1..=3)], "firstName": random.choice(["Ann", "Bob"]),
            "source": random.choice(["", "Web", "Fair"]), "state": random.choice(["Active", "Inactive"]) });
        let system = random.choice(["hubspot", "sap"]).unwrap();
        let external_id = random.u8(..20).to_string();
        let mut linked = kind.clone();
        linked["email"] = json!(email);
        linked["externalIds"] = json!({ system: random.bool().then_some(&external_id) });
        let reply = match random.u8(..19) {
            14 => owner.put(&format!("/leads/{}", some[0]), put_body_with(linked)).await,
            15 => owner.patch(&format!("/leads/{}", some[0]), json!({ "externalIds": linked["externalIds"] })).await,
            16 => owner.patch(&format!("/leads/by/{system}/{external_id}"), json!({ "email": email })).await,
            17 => owner.patch(&format!("/leads/by/{system}/{external_id}"), json!({ "firstName": "Ann" })).await,
            18 => {
                let rows = (0..4).map(|n| {
                    json!({ "firstName": "Bob", "email": format!("a{}@example.com", random.u8(..40)),
                    "externalIds": { system: random.u8(..20).to_string(), "xero": format!("{external_id}-{n}") } })
                });
                let rows: Vec<Value> = rows.collect();
                owner.post("/leads/batch", json!({ "mode": "upsert", "match": system, "leads": rows })).await
            }
            12 => owner.post(&format!("/leads/comments/{}", some[0]), json!({ "content": email })).await,
            13 => owner.put(&format!("/leads/comments/{}", random.u8(1..20)), json!({ "content": email })).await,
            0..5 => owner.post("/leads", example_lead_with(&email, kind)).await,
            5 | 6 => owner.put(&format!("/leads/{}", some[0]), put_body_with(kind)).await,
            7 => owner.patch("/leads/archive", json!({ "ids": some })).await,
            8 => owner.patch("/leads/restore", json!({ "ids": some })).await,
            9 => owner.put("/leads/change-status", json!({ "ids": some, "statusId": random.u64(1..=5) })).await,
            10 => owner.delete("/leads", json!({ "ids": some })).await,
            _ => match random.u8(..4) {
                0 => owner.post("/leads/status", json!({ "name": "Fifth", "primaryColor": "blue" })).await,
                1 => owner.delete("/leads/status/5", Value::Null).await,
                2 => owner.put("/leads/statuses/order", json!({ "id": 2, "statusOrder": random.u64(1..5) })).await,
                _ => owner.put("/businesses/1", json!({ "name": format!("B{}", random.u8(..)) })).await,
            },
        };
        assert!([200, 201, 400, 404, 409].contains(&reply.status), "{reply:?}");
    }
}

/// After random concurrent writes, the lists, counts and search results of the API agree with each other, and the audit
/// finds that the counters equal a recount.
#[tokio::test(flavor = "multi_thread")]
async fn random_concurrent_writes_leave_consistent_data() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    with_api(async |api| {
        let owner = api.owner_caller();
        owner.create_numbered_businesses(3).await;
        let mut random = fastrand::Rng::with_seed(seed);
        futures_util::future::join_all((0..6).map(|_| send_random_writes(api, random.fork()))).await;
        api.audit_all_teams().await;
        let mut live = 0;
        for archived in [false, true] {
            let path = format!("/leads?limit=7&archived={archived}");
            let leads = owner.all_pages(&path, "leads").await;
            assert_eq!(owner.get(&path).await.expect_status(200)["count"], leads.len());
            for status in 1..=5u64 {
                let of_status = leads.iter().filter(|lead| lead["statusId"] == status).count();
                assert_eq!(owner.get(&format!("{path}&status={status}")).await.expect_status(200)["count"], of_status);
            }
            for name in ["ann", "bob"] {
                let expected: Vec<u64> = lead_ids(&leads)
                    .into_iter()
                    .zip(&leads)
                    .filter(|(_, l)| l["firstName"].as_str().unwrap().to_lowercase() == name)
                    .map(|(id, _)| id)
                    .collect();
                let found = owner.get(&format!("/leads/search?search={name}&limit=100")).await.expect_status(200);
                let mut found = lead_ids(found.as_array().unwrap());
                found.sort_unstable_by(|a, b| b.cmp(a));
                assert_eq!(found, if archived { found.clone() } else { sorted_ids(expected) });
            }
            live += leads.len();
        }
        assert!(live > 0, "the storm left nothing to look at");
    })
    .await;
}

fn sorted_ids(mut ids: Vec<u64>) -> Vec<u64> {
    ids.sort_unstable_by(|a, b| b.cmp(a));
    ids
}
