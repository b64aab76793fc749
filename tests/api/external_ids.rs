//! Ids of other systems: reading, creating and updating leads by them, alone, in batches and twice at once.

use serde_json::{Value, json};

use crate::harness::{TestResponse, example_lead, example_lead_with, put_body_with, with_api};

fn result_of(reply: &TestResponse) -> &str {
    reply.headers["leads-result"].to_str().expect("text")
}

fn location_of(reply: &TestResponse) -> &str {
    reply.headers["content-location"].to_str().expect("text")
}

#[tokio::test]
async fn a_lead_is_read_by_each_of_its_keys() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let ids = json!({ "hubspot": "512", "sap": " 00Q5e 山田#%41 " });
        let id = owner.create_lead(example_lead_with("Ada@Example.com", json!({ "externalIds": ids }))).await;
        let lead = owner.get(&format!("/leads/{id}")).await.expect_status(200);
        assert_eq!(lead["externalIds"], json!({ "hubspot": "512", "sap": "00Q5e 山田#%41" }));
        owner.send_json("PATCH", "/leads/archive", &json!({ "ids": [id] })).await.expect_status(200);
        let lead = owner.get(&format!("/leads/{id}")).await.expect_status(200);
        for key in ["hubspot/512", "sap/00Q5e%20%E5%B1%B1%E7%94%B0%23%2541", "email/ada@example.COM"] {
            let reply = owner.get(&format!("/leads/by/{key}")).await;
            assert_eq!(location_of(&reply), format!("/leads/{id}"));
            let tag = reply.headers["etag"].to_str().expect("text").to_owned();
            assert_eq!(reply.expect_status(200), lead, "{key}");
            let path = format!("/leads/by/{key}");
            let again = owner.send_request("GET", &path, &[("if-none-match", tag.as_str())], "").await;
            assert_eq!(again.status, 304, "{key}");
        }
        for key in ["hubspot/513", "hubspot/512%20x", "sap/512", "HubSpot/512", "email/nobody", "email/a@example.com"] {
            owner.get(&format!("/leads/by/{key}")).await.expect_error(404, "Lead not found");
        }
        let stranger = api.caller_with_role("other", "Owner");
        for key in ["hubspot/512", "email/ada@example.com"] {
            stranger.get(&format!("/leads/by/{key}")).await.expect_error(404, "Lead not found");
        }
        owner.delete(&format!("/leads/{id}"), Value::Null).await.expect_status(200);
        for key in ["hubspot/512", "email/ada@example.com"] {
            owner.get(&format!("/leads/by/{key}")).await.expect_error(404, "Lead not found");
        }
        // The ids of a deleted lead are free.
        owner.create_lead(example_lead_with("b@example.com", json!({ "externalIds": { "hubspot": "512" } }))).await;
    })
    .await;
}

#[tokio::test]
async fn every_bad_external_id_is_named() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let bad = json!({ "HubSpot": "1", "email": "1", "a": "", "b": "x/y", "c": 7, "d": "x".repeat(101) });
        owner
            .post("/leads", example_lead_with("a@example.com", json!({ "externalIds": bad })))
            .await
            .expect_bad_fields(
                &["HubSpot", "email", "a", "b", "c", "d"]
                    .map(|name| format!("externalIds.{name}"))
                    .each_ref()
                    .map(String::as_str),
            );
        let bad = example_lead_with("a@example.com", json!({ "externalIds": { "a": "x?y", "b": ".." } }));
        owner.post("/leads", bad).await.expect_bad_fields(&["externalIds.a", "externalIds.b"]);
        let four = json!({ "a": "1", "b": "2", "c": "3", "d": "4" });
        let with = |ids: &Value| example_lead_with("a@example.com", json!({ "externalIds": ids }));
        owner.post("/leads", with(&four)).await.expect_bad_fields(&["externalIds"]);
        owner.post("/leads", with(&json!(["hubspot"]))).await.expect_bad_fields(&["externalIds"]);
        let id = owner.create_lead(with(&json!({ "a": "1", "b": "2", "c": "3" }))).await;
        let path = format!("/leads/{id}");
        owner.patch(&path, json!({ "externalIds": { "d": "4" } })).await.expect_bad_fields(&["externalIds"]);
        let swapped = owner.patch(&path, json!({ "externalIds": { "d": "4", "a": null } })).await.expect_status(200);
        assert_eq!(swapped["externalIds"], json!({ "b": "2", "c": "3", "d": "4" }));
    })
    .await;
}

#[tokio::test]
async fn external_ids_are_merged_logged_and_unique() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let with = |email: &str, ids: Value| example_lead_with(email, json!({ "externalIds": ids }));
        let one = owner.create_lead(with("one@example.com", json!({ "hubspot": "1", "sap": "x" }))).await;
        let path = format!("/leads/{one}");
        let taken = owner.post("/leads", with("two@example.com", json!({ "hubspot": "1" }))).await;
        let taken = taken.expect_error(400, "External id already exists");
        assert_eq!((&taken["code"], &taken["existing"]["id"]), (&json!("external_id_exists"), &json!(one)));
        // Upper and lower case are different ids.
        let two = owner.create_lead(with("two@example.com", json!({ "sap": "X" }))).await;
        let taken = owner.patch(&format!("/leads/{two}"), json!({ "externalIds": { "sap": "x" } })).await;
        taken.expect_error(400, "External id already exists");

        let put = put_body_with(json!({ "externalIds": { "hubspot": null, "xero": "9" } }));
        let merged = owner.put(&path, put).await.expect_status(200);
        assert_eq!(merged["externalIds"], json!({ "hubspot": "1", "sap": "x", "xero": "9" }));
        let patch = json!({ "externalIds": { "hubspot": "2", "sap": null } });
        let merged = owner.patch(&path, patch).await.expect_status(200);
        assert_eq!(merged["externalIds"], json!({ "hubspot": "2", "xero": "9" }));
        let logs = owner.get(&format!("/leads/logs/{one}?limit=1")).await.expect_status(200)["logs"][0].clone();
        assert_eq!(logs["action"], "UpdateLead");
        assert_eq!(
            logs["changes"],
            json!({
                "externalIds.hubspot": { "previous": "1", "current": "2" },
                "externalIds.sap": { "previous": "x", "current": null },
            })
        );
        // Freed ids can be taken, and nothing changes when a lead is sent back as it was read.
        owner.patch(&format!("/leads/{two}"), json!({ "externalIds": { "sap": "x" } })).await.expect_status(200);
        let read = owner.get(&path).await.expect_status(200);
        let sent_back = owner.put(&path, read.clone()).await.expect_status(200);
        assert_eq!(sent_back["version"], read["version"]);
        let cleared = owner.patch(&path, json!({ "externalIds": null })).await.expect_status(200);
        assert_eq!(cleared["externalIds"], json!({}));
    })
    .await;
}

#[tokio::test]
async fn an_upsert_creates_updates_links_and_never_chooses() {
    with_api(async |api| {
        let owner = api.owner_caller();
        owner.create_numbered_businesses(1).await;
        let upsert = async |key: &str, body: Value| owner.patch(&format!("/leads/by/{key}"), body).await;
        let body = json!({ "email": "ada@example.com", "firstName": "Ada", "business": ["Business 1"], "status": "Qualified" });
        let created = upsert("hubspot/512", body.clone()).await;
        assert_eq!((result_of(&created), location_of(&created)), ("created", "/leads/1"));
        let created = created.expect_status(201);
        assert_eq!(created["externalIds"], json!({ "hubspot": "512" }));
        assert_eq!((&created["statusId"], &created["business"][0]["id"]), (&json!(3), &json!(1)));

        let unchanged = upsert("hubspot/512", body).await;
        assert_eq!(result_of(&unchanged), "unchanged");
        assert_eq!(unchanged.expect_status(200)["version"], 1);
        let updated = upsert("hubspot/512", json!({ "email": "ada@lovelace.example", "company": "Engines" })).await;
        assert_eq!(result_of(&updated), "updated");
        let updated = updated.expect_status(200);
        assert_eq!((&updated["firstName"], &updated["email"]), (&json!("Ada"), &json!("ada@lovelace.example")));

        let linked = upsert("sap/7", json!({ "email": "Ada@Lovelace.example" })).await;
        assert_eq!((result_of(&linked), location_of(&linked)), ("linked", "/leads/1"));
        assert_eq!(linked.expect_status(200)["externalIds"], json!({ "hubspot": "512", "sap": "7" }));

        // The address belongs to a lead with another id of that system.
        let other_id = upsert("hubspot/513", json!({ "email": "ada@lovelace.example" })).await;
        assert!(!other_id.headers.contains_key("retry-after"));
        let other_id = other_id.expect_error(409, "External id and e-mail address do not match");
        assert_eq!(other_id["code"], "match_conflict");
        // The two name different leads.
        owner.create_lead(example_lead("b@example.com")).await;
        let different = upsert("hubspot/512", json!({ "email": "b@example.com" })).await;
        let different = different.expect_error(409, "External id and e-mail address do not match");
        let named: Vec<&str> = different["errors"].as_array().into_iter().flatten().filter_map(|e| e["message"].as_str()).collect();
        assert_eq!(named, ["belongs to lead 1", "belongs to lead 2"]);
        let existing = |error: &Value| error["errors"].as_array().into_iter().flatten().map(|e| e["existing"]["id"].clone()).collect::<Vec<_>>();
        assert_eq!((existing(&different), existing(&other_id)), (vec![json!(1), json!(2)], vec![json!(1), json!(1)]));
        assert_eq!(owner.get("/leads/1").await.expect_status(200)["email"], "Ada@Lovelace.example");
        let taken = upsert("xero/1", json!({ "email": "b@example.com", "externalIds": { "sap": "7" } })).await;
        assert_eq!(taken.expect_error(400, "External id already exists")["existing"]["id"], 1);

        upsert("hubspot/512", json!({ "externalIds": { "hubspot": "9" } })).await.expect_bad_fields(&["externalIds.hubspot"]);
        upsert("hubspot/600", json!({ "firstName": "Nobody" })).await.expect_bad_fields(&["email"]);
        upsert("HubSpot/1", json!({})).await.expect_bad_fields(&["system"]);
        upsert("hubspot/%20", json!({})).await.expect_bad_fields(&["id"]);
        upsert("email/ada@example.com", json!({})).await.expect_bad_fields(&["system"]);

        let if_match = async |key: &str, tag: &str| {
            let body = json!({ "company": "Once" }).to_string();
            let headers = [("content-type", "application/json"), ("if-match", tag)];
            owner.send_request("PATCH", &format!("/leads/by/{key}"), &headers, body).await
        };
        if_match("hubspot/512", "\"1-1\"").await.expect_error(412, "Precondition failed");
        if_match("hubspot/999", "*").await.expect_error(412, "Precondition failed");
        if_match("hubspot/512", "\"3-1\"").await.expect_status(200);
        let viewer = api.caller_with_role("team", "Viewer");
        viewer.patch("/leads/by/hubspot/512", json!({})).await.expect_error(403, "Access denied");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_writers_of_one_external_id_make_one_lead() {
    with_api(async |api| {
        let owner = &api.owner_caller();
        let write = |n: usize| {
            let body = json!({ "email": "ada@example.com", "company": format!("Company {n}") });
            async move { owner.patch("/leads/by/hubspot/512", body).await }
        };
        let replies = futures_util::future::join_all((0..32).map(write)).await;
        let created = replies.iter().filter(|reply| reply.status == 201).count();
        let refused = replies.iter().filter(|reply| reply.status == 409).count();
        assert_eq!(created, 1);
        assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 31 - refused);
        assert_eq!(owner.get("/leads").await.expect_status(200)["count"], 1);
    })
    .await;
}

#[tokio::test]
async fn batch_rows_are_matched_by_external_id() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let batch = async |mode: &str, matches: Option<&str>, leads: Value| {
            let mut body = json!({ "mode": mode, "leads": leads });
            if let Some(system) = matches {
                body["match"] = json!(system);
            }
            owner.post("/leads/batch", body).await.expect_status(200)
        };
        let row = |email: &str, id: &str| json!({ "email": email, "externalIds": { "hubspot": id } });
        let results = |answer: &Value| -> Vec<String> {
            let all = answer["results"].as_array().into_iter().flatten();
            all.map(|row| row["code"].as_str().or(row["result"].as_str()).unwrap_or_default().to_owned()).collect()
        };
        owner.create_lead(example_lead("a2@example.com")).await;
        let rows = json!([row("a@example.com", "1"), row("b@example.com", "2"), row("c@example.com", "1")]);
        assert_eq!(results(&batch("upsert", Some("hubspot"), rows.clone()).await), ["created", "created", "duplicate"]);
        assert_eq!(results(&batch("upsert", Some("hubspot"), rows).await), ["unchanged", "unchanged", "duplicate"]);
        let rows = json!([
            row("new@example.com", "1"), row("b@example.com", "9"), { "externalIds": { "hubspot": "3" } },
            { "email": "a2@example.com", "company": "By address" },
        ]);
        assert_eq!(
            results(&batch("upsert", Some("hubspot"), rows).await),
            ["updated", "match_conflict", "contact_required", "updated"]
        );
        assert_eq!(owner.get("/leads/2").await.expect_status(200)["email"], "new@example.com");
        let rows = json!([row("x@example.com", "404"), { "externalIds": { "hubspot": "2" }, "company": "By id" }]);
        assert_eq!(results(&batch("update", Some("hubspot"), rows).await), ["lead_not_found", "updated"]);
        assert_eq!(owner.get("/leads/3").await.expect_status(200)["company"], "By id");
        let rows = json!([row("y@example.com", "1"), row("new@example.com", "8"), row("z@example.com", "8")]);
        // Without `match`, rows are matched by address, and an id that another lead has fails its row.
        assert_eq!(results(&batch("upsert", None, rows.clone()).await), ["external_id_exists", "updated", "duplicate"]);
        let answer = batch("create", Some("hubspot"), json!([row("q@example.com", "8")])).await;
        assert_eq!(results(&answer), ["external_id_exists"]);
        assert_eq!(answer["results"][0]["existing"]["id"], 2);

        // Two rows can name one lead by different keys.
        let rows =
            json!([row("moved@example.com", "3"), { "email": "third@example.com", "company": "Twice" }, { "email": "moved@example.com" }]);
        let third = owner.patch("/leads/3", json!({ "email": "third@example.com", "externalIds": { "hubspot": "3" } }));
        third.await.expect_status(200);
        assert_eq!(results(&batch("upsert", Some("hubspot"), rows).await), ["updated", "duplicate", "duplicate"]);

        // An export goes back with nothing changed.
        let csv = owner.get("/leads/export?format=ndjson").await.body;
        let lines: Vec<Value> =
            csv.as_str().unwrap_or_default().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(
            results(&batch("upsert", Some("hubspot"), json!(lines)).await),
            ["unchanged", "unchanged", "unchanged"]
        );
    })
    .await;
}

#[tokio::test]
async fn batches_with_external_ids_fill_predict_and_take_cells() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let with = |email: &str, ids: Value| example_lead_with(email, json!({ "externalIds": ids, "company": "" }));
        owner.create_lead(with("a@example.com", json!({ "hubspot": "1" }))).await;
        owner.create_lead(with("b@example.com", json!({ "sap": "2" }))).await;
        let batch = async |options: Value, row: Value| {
            let mut body = json!({ "mode": "upsert", "match": "hubspot", "leads": [row] });
            body.as_object_mut().expect("an object").extend(options.as_object().cloned().unwrap_or_default());
            owner.post("/leads/batch", body).await.expect_status(200)["results"][0].clone()
        };
        // In a dry run nothing is linked.
        let link = json!({ "email": "b@example.com", "externalIds": { "hubspot": "3" } });
        assert_eq!(batch(json!({ "dryRun": true }), link.clone()).await["result"], "updated");
        owner.get("/leads/by/hubspot/3").await.expect_error(404, "Lead not found");
        // With `fill`, an id that the lead has in a system stays, whoever has the other one.
        let other = json!({ "externalIds": { "hubspot": "1", "sap": "2" }, "company": "Filled", "firstName": "Kept" });
        assert_eq!(batch(json!({ "fill": true }), other.clone()).await["code"], "external_id_exists");
        owner.patch("/leads/1", json!({ "externalIds": { "sap": "9" } })).await.expect_status(200);
        assert_eq!(batch(json!({ "fill": true }), other).await["result"], "updated");
        let filled = owner.get("/leads/1").await.expect_status(200);
        assert_eq!((&filled["company"], &filled["firstName"]), (&json!("Filled"), &json!("John")));
        assert_eq!(filled["externalIds"], json!({ "hubspot": "1", "sap": "9" }));
        // Cells, with a repeated request.
        let cells = json!({ "externalIds.hubspot": "3", "externalIds": "sap:2;xero:C\\;7", "email": "b@example.com" });
        let headers = [("content-type", "application/json"), ("idempotency-key", "cells")];
        let body = json!({ "mode": "upsert", "match": "hubspot", "format": "csv", "leads": [cells] }).to_string();
        for _ in 0..2 {
            let reply = owner.send_request("POST", "/leads/batch", &headers, body.clone()).await.expect_status(200);
            assert_eq!((&reply["results"][0]["id"], &reply["results"][0]["result"]), (&json!(2), &json!("updated")));
        }
        let ids = json!({ "hubspot": "3", "sap": "2", "xero": "C;7" });
        assert_eq!(owner.get("/leads/2").await.expect_status(200)["externalIds"], ids);
        // An archived lead is changed as any other, and says that it is archived.
        owner.patch("/leads/archive", json!({ "ids": [2] })).await.expect_status(200);
        let changed = owner.patch("/leads/by/hubspot/3", json!({ "company": "Archived" })).await.expect_status(200);
        assert_eq!((&changed["archived"], &changed["company"]), (&json!(true), &json!("Archived")));
        owner.patch("/leads/by/odoo/4", json!({ "email": "b@example.com" })).await.expect_bad_fields(&["externalIds"]);
        // The same text in another Unicode form is the same id.
        owner.patch("/leads/by/odoo/caf%C3%A9", json!({ "email": "c@example.com" })).await.expect_status(201);
        owner.get("/leads/by/odoo/cafe%CC%81").await.expect_status(200);
    })
    .await;
}

/// A key that may only create leads must not find out which addresses leads have. A request that is refused because of its
/// external id would tell without leaving a lead.
#[tokio::test]
async fn a_taken_external_id_says_nothing_about_the_address() {
    with_api(async |api| {
        let owner = api.owner_caller();
        owner.create_lead(example_lead_with("known@example.com", json!({ "externalIds": { "web": "1" } }))).await;
        let key = owner.post("/keys", json!({ "name": "Site", "role": "Sender" })).await.expect_status(201);
        let sender = api.caller_with_authorization(key["secret"].as_str().map(|secret| format!("Bearer {secret}")));
        let mut answers = Vec::new();
        for email in ["known@example.com", "free@example.com"] {
            let lead = example_lead_with(email, json!({ "externalIds": { "web": "1" } }));
            let mut single = sender.post("/leads", lead.clone()).await.expect_error(400, "External id already exists");
            single["requestId"] = Value::Null;
            let batch = json!({ "mode": "create", "match": "web", "leads": [lead] });
            answers.push((single, sender.post("/leads/batch", batch).await.expect_status(200)));
        }
        assert_eq!(answers[0], answers[1]);
        assert_eq!(answers[0].1["results"][0]["code"], "external_id_exists");
        assert!(answers[0].0.get("existing").is_none() && answers[0].1["results"][0].get("existing").is_none());
        assert_eq!(owner.get("/leads").await.expect_status(200)["count"], 1);
    })
    .await;
}

#[tokio::test]
async fn many_leads_with_external_ids_are_deleted_at_once() {
    with_api(async |api| {
        let owner = api.owner_caller();
        owner.create_numbered_businesses(1).await;
        let rows: Vec<Value> = (0..60)
            .map(|n| {
                json!({ "email": format!("a{n}@example.com"), "business": ["Business 1"], "source": "Fair",
                    "externalIds": { "hubspot": format!("{n}"), "sap": format!("{n}"), "xero": format!("{n}") } })
            })
            .collect();
        owner.post("/leads/batch", json!({ "mode": "create", "leads": rows })).await.expect_status(200);
        owner.delete("/leads", json!({ "ids": (1..=60).collect::<Vec<u64>>() })).await.expect_status(200);
        assert_eq!(owner.get("/leads").await.expect_status(200)["count"], 0);
        owner.get("/leads/by/sap/7").await.expect_error(404, "Lead not found");
    })
    .await;
}

#[tokio::test]
async fn a_lead_at_every_limit_changes_in_one_transaction() {
    with_api(async |api| {
        let owner = api.owner_caller();
        for n in 0..20 {
            owner.post("/businesses", json!({ "name": format!("Business {n}") })).await.expect_status(201);
        }
        let words = |letter: char| (0..40).map(|n| format!("{letter}{n}")).collect::<Vec<_>>().join(" ");
        let full = |letter: char, first: u64, systems: [&str; 3]| {
            let phones: Vec<String> = (0..10).map(|n| format!("+4930{first}{n}5551{n}77")).collect();
            let ids: serde_json::Map<String, Value> = systems.iter().map(|name| ((*name).to_owned(), json!("7"))).collect();
            json!({
                "company": words(letter), "position": words(letter), "location": words(letter), "source": format!("{letter}"),
                "phoneNumber": phones, "business": (first..first + 10).collect::<Vec<u64>>(), "externalIds": ids,
            })
        };
        let id = owner.create_lead(example_lead_with("a@example.com", full('a', 1, ["a", "b", "c"]))).await;
        let mut change = full('b', 11, ["d", "e", "f"]);
        change["email"] = json!("b@example.com");
        change["statusId"] = json!(2);
        for old in ["a", "b", "c"] {
            change["externalIds"][old] = Value::Null;
        }
        let changed = owner.patch(&format!("/leads/{id}"), change).await.expect_status(200);
        assert_eq!(changed["externalIds"], json!({ "d": "7", "e": "7", "f": "7" }));
        for business in 1..=20 {
            let listed = owner.get(&format!("/leads?business={business}")).await.expect_status(200);
            assert_eq!(listed["count"], u64::from(business > 10), "{business}");
            assert_eq!(listed["leads"].as_array().map(Vec::len), Some(usize::from(business > 10)), "{business}");
        }
        assert_eq!(owner.get("/leads/search?search=a7").await.expect_status(200), json!([]));
        // The audit at the end of each test finds nothing stale after this.
        api.run_clean_up_hours_ahead(2).await;
    })
    .await;
}
