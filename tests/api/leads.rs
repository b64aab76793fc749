//! Requests for single leads: create, read and update.

use serde_json::{Value, json};

use crate::harness::{example_lead, example_lead_with, put_body_with, with_api};
use crate::photos::upload_test_photo;

#[tokio::test]
async fn a_created_lead_is_read_with_all_its_fields() {
    with_api(async |api| {
        let owner = api.owner_caller();
        owner.create_numbered_businesses(2).await;
        let body = example_lead_with("John.Doe@Example.com", json!({ "business": [2, 1, 2] }));
        let reply = owner.post("/leads", body).await;
        assert_eq!(reply.lead_version_from_etag(), 1);
        let created = reply.expect_status(201);
        let mut expected = example_lead("John.Doe@Example.com");
        expected["id"] = json!(1);
        expected["status"] = json!("New");
        expected["archived"] = json!(false);
        expected["externalIds"] = json!({});
        expected["business"] = json!([{ "id": 2, "name": "Business 2" }, { "id": 1, "name": "Business 1" }]);
        expected["createdAt"] = created["createdAt"].clone();
        expected["updatedAt"] = created["createdAt"].clone();
        expected["version"] = json!(1);
        assert_eq!(created, expected);
        let read = owner.get("/leads/1").await;
        assert_eq!(read.lead_version_from_etag(), 1);
        assert_eq!(read.expect_status(200), expected);
        assert_eq!(owner.create_lead(example_lead("second@example.com")).await, 2);
    })
    .await;
}

#[tokio::test]
async fn text_is_trimmed_and_keeps_unicode() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let odd = json!({ "firstName": "  Zoë 🦀 ", "lastName": "山田", "description": "one\n\ttwo ", "company": "\u{202e}x" });
        let id = owner.create_lead(example_lead_with("z@example.com", odd)).await;
        let read = owner.get(&format!("/leads/{id}")).await.expect_status(200);
        assert_eq!((&read["firstName"], &read["lastName"]), (&json!("Zoë 🦀"), &json!("山田")));
        assert_eq!((&read["description"], &read["company"]), (&json!("one\n\ttwo"), &json!("\u{202e}x")));
    })
    .await;
}

#[tokio::test]
async fn every_bad_field_is_named_at_once() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let bad = json!({
            "firstName": "", "lastName": "x".repeat(101), "business": [0], "photo": 7, "state": "active", "statusId": "1",
            "source": "a\nb", "phoneNumber": ["1", "x".repeat(33)], "email": "nobody", "description": "x".repeat(10_001),
            "location": null, "position": "\u{0}", "socialMedia": { "youtube": 1, "facebook": "x".repeat(201) },
        });
        owner.post("/leads", bad).await.expect_bad_fields(&[
            "firstName", "lastName", "business", "photo", "state", "statusId", "source", "phoneNumber", "email",
            "description", "location", "position", "company", "socialMedia.youtube", "socialMedia.facebook",
        ]);
        let many = example_lead_with("a@example.com", json!({ "phoneNumber": vec!["1"; 11], "business": vec![1; 11] }));
        owner.post("/leads", many).await.expect_bad_fields(&["phoneNumber", "business"]);
        owner.post("/leads", json!([])).await.expect_bad_fields(&["body"]);
        let largest = json!({
            "firstName": "é".repeat(100), "description": "\u{1F980}".repeat(10_000), "phoneNumber": vec!["1".repeat(32); 10],
        });
        owner.create_lead(example_lead_with("largest@example.com", largest)).await;
        let empty = json!({ "photo": "", "source": "", "description": "", "location": "", "position": "", "company": "",
            "business": [], "phoneNumber": [], "socialMedia": null });
        owner.create_lead(example_lead_with("smallest@example.com", empty)).await;
    })
    .await;
}

#[tokio::test]
async fn unknown_references_of_a_lead_are_refused() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let with = |changes: Value| example_lead_with("a@example.com", changes);
        owner.post("/leads", with(json!({ "statusId": 5 }))).await.expect_error(404, "No lead status found");
        owner.post("/leads", with(json!({ "business": [1] }))).await.expect_bad_fields(&["business"]);
        owner.post("/leads", with(json!({ "photo": "photo.jpg" }))).await.expect_bad_fields(&["photo"]);
        owner.post("/leads", with(json!({ "photo": "../secret#1" }))).await.expect_bad_fields(&["photo"]);
        let id = owner.create_lead(example_lead("a@example.com")).await;
        let path = format!("/leads/{id}");
        owner.put(&path, put_body_with(json!({ "statusId": 5 }))).await.expect_bad_fields(&["statusId"]);
        owner.put(&path, put_body_with(json!({ "business": [1] }))).await.expect_bad_fields(&["business"]);
        owner.put(&path, put_body_with(json!({ "photo": "photo.jpg" }))).await.expect_bad_fields(&["photo"]);
    })
    .await;
}

#[tokio::test]
async fn an_email_address_belongs_to_one_lead() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let first = owner.create_lead(example_lead("john@example.com")).await;
        let second = owner.create_lead(example_lead("jane@example.com")).await;
        let refused =
            owner.post("/leads", example_lead("JOHN@example.com")).await.expect_error(400, "Email already exists");
        assert_eq!(refused["existing"], json!({ "id": first, "archived": false }));
        owner.patch("/leads/archive", json!({ "ids": [first] })).await.expect_status(200);
        let refused =
            owner.post("/leads", example_lead("john@Example.com")).await.expect_error(400, "Email already exists");
        assert_eq!(refused["existing"], json!({ "id": first, "archived": true }));
        let path = format!("/leads/{second}");
        owner
            .put(&path, put_body_with(json!({ "email": "John@Example.com" })))
            .await
            .expect_error(400, "Email already exists");
        // An update to the lead's own email address in another case is no duplicate.
        owner.put(&path, put_body_with(json!({ "email": "JANE@example.com" }))).await.expect_status(200);
        // An email address can be used again after its lead was given another address or was deleted.
        owner.put(&path, put_body_with(json!({ "email": "new@example.com" }))).await.expect_status(200);
        owner.create_lead(example_lead("jane@example.com")).await;
        owner.delete("/leads", json!({ "ids": [first] })).await.expect_status(200);
        owner.create_lead(example_lead("john@example.com")).await;
        api.caller_with_role("other", "Owner").create_lead(example_lead("john@example.com")).await;
    })
    .await;
}

#[tokio::test]
async fn null_keeps_a_field_and_an_empty_string_clears_it() {
    with_api(async |api| {
        let owner = api.owner_caller();
        owner.create_numbered_businesses(3).await;
        let id = owner.create_lead(example_lead_with("a@example.com", json!({ "business": [1, 2] }))).await;
        let path = format!("/leads/{id}");
        let before = owner.get(&path).await.expect_status(200);
        assert_eq!(
            owner.put(&path, put_body_with(json!({}))).await.expect_status(200),
            before,
            "nothing differs, nothing is written"
        );
        let cleared = json!({
            "business": [3], "source": "", "phoneNumber": [], "description": "", "location": "", "position": "",
            "company": "", "statusId": 2, "state": "Inactive", "lastName": "Roe",
            "socialMedia": { "youtube": "", "twitter": "x.com/roe" },
        });
        let after = owner.put(&path, put_body_with(cleared.clone())).await.expect_status(200);
        for field in ["source", "phoneNumber", "description", "location", "position", "company", "state", "lastName"] {
            assert_eq!(after[field], cleared[field], "{field}");
        }
        assert_eq!(after["business"], json!([{ "id": 3, "name": "Business 3" }]));
        assert_eq!((&after["statusId"], &after["status"]), (&json!(2), &json!("Contacted")));
        assert_eq!(after["firstName"], "John");
        let profiles =
            json!({ "facebook": "facebook.com/lead", "instagram": "instagram.com/lead", "twitter": "x.com/roe" });
        assert_eq!(after["socialMedia"], profiles);
        assert_eq!(owner.get(&path).await.expect_status(200), after);
        owner.put(&path, json!({ "firstName": "", "email": "" })).await.expect_bad_fields(&[
            "firstName",
            "lastName",
            "business",
            "photo",
            "state",
            "statusId",
            "source",
            "phoneNumber",
            "description",
            "location",
            "position",
            "company",
        ]);
    })
    .await;
}

#[tokio::test]
async fn if_match_refuses_a_lead_that_someone_else_changed() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let id = owner.create_lead(example_lead("a@example.com")).await;
        let path = format!("/leads/{id}");
        let put = async |tag: &str, name: &str| {
            let body = put_body_with(json!({ "firstName": name })).to_string();
            owner.send_request("PUT", &path, &[("content-type", "application/json"), ("if-match", tag)], body).await
        };
        let first = put("\"1\"", "Ann").await;
        assert_eq!(first.lead_version_from_etag(), 2);
        first.expect_status(200);
        put("\"1\"", "Bob").await.expect_error(412, "Precondition failed");
        put("\"1\", \"2\"", "Cid").await.expect_status(200);
        put("*", "Dan").await.expect_status(200);
        assert_eq!(owner.get(&path).await.expect_status(200)["firstName"], "Dan");
        let delete = async |tag: &str| owner.send_request("DELETE", &path, &[("if-match", tag)], "").await;
        delete("\"3\"").await.expect_error(412, "Precondition failed");
        assert_eq!(owner.get(&path).await.expect_status(200)["firstName"], "Dan");
        delete("\"4\"").await.expect_status(200);
        delete("\"4\"").await.expect_error(404, "Lead not found");
    })
    .await;
}

#[tokio::test]
async fn malformed_lead_ids_are_refused() {
    with_api(async |api| {
        let owner = api.owner_caller();
        for id in ["0", "-1", "1.0", "x", "9007199254740992", "%20", "1%232", "%FF"] {
            owner.get(&format!("/leads/{id}")).await.expect_error(404, "Lead not found");
            owner.put(&format!("/leads/{id}"), put_body_with(json!({}))).await.expect_bad_fields(&["id"]);
        }
        // An HTTP API decodes `%2F` before it passes the path on.
        owner.get("/leads/1%2F2").await.expect_status(404);
        owner.get("/leads/1").await.expect_error(404, "Lead not found");
        owner.put("/leads/1", put_body_with(json!({}))).await.expect_error(404, "Lead not found");
    })
    .await;
}

#[tokio::test]
async fn a_lead_with_the_most_search_words_can_change_all_of_them() {
    with_api(async |api| {
        let owner = api.owner_caller();
        owner.create_numbered_businesses(160).await;
        // Businesses with ids 8 apart. No two of the twenty share a counter, so that an update writes the most items.
        let businesses = |from: u64| (from..from + 10).map(|n| n * 8).collect::<Vec<_>>();
        let words = |from: u32| (from..from + 40).map(|n| format!("{n:04x}")).collect::<Vec<_>>().join(" ");
        let phones = |from: u32| (from..from + 10).map(|n| format!("+49 30 {n:06}")).collect::<Vec<_>>();
        let all = |from: u32, business: Vec<u64>, source: &str, photo: String| {
            json!({ "company": words(from), "position": words(from + 100), "location": words(from + 200),
                "phoneNumber": phones(from), "business": business, "source": source, "photo": photo })
        };
        let before = all(0x1000, businesses(1), "Facebook", upload_test_photo(&owner, None).await);
        let id = owner.create_lead(example_lead_with("a@example.com", before)).await;
        let mut changed = all(0x2000, businesses(11), "LinkedIn", upload_test_photo(&owner, None).await);
        changed["email"] = json!("b@beispiel.de");
        owner.put(&format!("/leads/{id}"), put_body_with(changed)).await.expect_status(200);
        let found = owner.get("/leads/search?search=2001").await.expect_status(200);
        assert_eq!(found[0]["id"], id);
        assert_eq!(owner.get("/leads/search?search=1001").await.expect_status(200), json!([]));
        owner.delete("/leads", json!({ "ids": [id] })).await.expect_status(200);

        // If an update has more stale search entries than fit its transaction, they are left to the clean-up, and the
        // update succeeds.
        let state = |words: u32| {
            let company = (0..words).map(|n| format!("{words:02x}{n:02x}")).collect::<Vec<_>>().join(" ");
            let (first, source) = if words.is_multiple_of(2) { (1, "Facebook") } else { (11, "LinkedIn") };
            json!({ "company": company, "business": businesses(first), "source": source })
        };
        let id = owner.create_lead(example_lead_with("a@example.com", state(12))).await;
        for words in 13..30 {
            owner.put(&format!("/leads/{id}"), put_body_with(state(words))).await.expect_status(200);
            assert_eq!(owner.get(&format!("/leads/search?search={words:02x}00")).await.expect_status(200)[0]["id"], id);
        }
    })
    .await;
}

#[tokio::test]
async fn a_merge_patch_changes_only_the_named_fields() {
    with_api(async |api| {
        let owner = api.owner_caller();
        owner.create_numbered_businesses(2).await;
        let body = json!({ "business": [1], "socialMedia": { "youtube": "y", "twitter": "t" } });
        owner.create_lead(example_lead_with("a@example.com", body)).await;
        let before = owner.get("/leads/1").await.expect_status(200);
        let patched = async |patch: Value| {
            let kind = [("content-type", "application/merge-patch+json")];
            owner.send_request("PATCH", "/leads/1", &kind, patch.to_string()).await
        };
        assert_eq!(patched(json!({})).await.expect_status(200), before);
        let reply = patched(
            json!({ "company": null, "phoneNumber": ["1", "2"], "socialMedia": { "twitter": null, "facebook": "f" } }),
        )
        .await;
        assert_eq!(reply.lead_version_from_etag(), 2);
        let mut expected = before.clone();
        expected["company"] = json!("");
        expected["phoneNumber"] = json!(["1", "2"]);
        expected["socialMedia"] = json!({ "youtube": "y", "facebook": "f" });
        let mut after = reply.expect_status(200);
        expected["updatedAt"] = after["updatedAt"].clone();
        expected["version"] = json!(2);
        assert_eq!(after, expected);
        let emptied = json!({ "business": null, "photo": null, "source": null, "phoneNumber": null, "description": null,
            "location": null, "position": null, "socialMedia": null });
        after = patched(emptied).await.expect_status(200);
        for field in ["photo", "source", "description", "location", "position", "company"] {
            assert_eq!(after[field], "", "{field}");
        }
        assert_eq!(
            (&after["business"], &after["phoneNumber"], &after["socialMedia"]),
            (&json!([]), &json!([]), &json!({}))
        );
        let required = ["firstName", "lastName", "email", "state", "statusId"];
        let nulls: serde_json::Map<String, Value> =
            required.iter().map(|name| ((*name).to_owned(), Value::Null)).collect();
        patched(Value::Object(nulls)).await.expect_bad_fields(&required);
        patched(json!([])).await.expect_bad_fields(&["body"]);
        patched(json!({ "socialMedia": 1 })).await.expect_bad_fields(&["socialMedia"]);
        let if_match = |tag: &'static str| [("content-type", "application/json"), ("if-match", tag)];
        let one = json!({ "firstName": "Jane" }).to_string();
        owner
            .send_request("PATCH", "/leads/1", &if_match("\"1\""), one.clone())
            .await
            .expect_error(412, "Precondition failed");
        owner.send_request("PATCH", "/leads/1", &if_match("\"3\""), one).await.expect_status(200);
        let log = owner.get("/leads/logs/1?limit=1").await.expect_status(200)["logs"][0].clone();
        assert_eq!(log["action"], "UpdateLead");
        assert_eq!(log["changes"], json!({ "firstName": { "previous": "John", "current": "Jane" } }));
        for id in ["9", "x", "0"] {
            owner.patch(&format!("/leads/{id}"), json!({})).await.expect_error(404, "Lead not found");
        }
    })
    .await;
}

#[tokio::test]
async fn an_unchanged_lead_is_a_304() {
    with_api(async |api| {
        let owner = api.owner_caller();
        owner.create_lead(example_lead("a@example.com")).await;
        let read = async |tag: &str| owner.send_request("GET", "/leads/1", &[("if-none-match", tag)], "").await;
        let tag = async || owner.get("/leads/1").await.headers["etag"].to_str().unwrap().to_owned();
        let first = tag().await;
        for had in [first.clone(), format!("W/{first}"), format!("\"7\", {first}"), "*".to_owned()] {
            let reply = read(&had).await;
            assert_eq!((reply.status, &reply.body), (304, &Value::Null));
            assert_eq!(reply.headers["etag"], first);
        }
        read("\"2\"").await.expect_status(200);
        owner.patch("/leads/1", json!({ "firstName": "Jane" })).await.expect_status(200);
        assert_eq!(read(&first).await.expect_status(200)["firstName"], "Jane");
        // Renaming a status changes the `ETag` of its leads but not their version.
        let second = tag().await;
        owner.put("/leads/status/1", json!({ "name": "Fresh", "primaryColor": "blue" })).await.expect_status(200);
        assert_eq!(read(&second).await.expect_status(200)["status"], "Fresh");
        let headers = [("content-type", "application/json"), ("if-match", &*second)];
        owner
            .send_request("PATCH", "/leads/1", &headers, json!({ "lastName": "Roe" }).to_string())
            .await
            .expect_status(200);
        // The `ETag` of a lead with a photo includes the photo's URL, because the URL expires.
        owner
            .post("/leads/upload-photo", json!({ "id": 1, "photo": local::examples::PIXEL_GIF_BASE64 }))
            .await
            .expect_status(200);
        assert_eq!(tag().await.matches('-').count(), 2);
    })
    .await;
}

/// One response names every bad field, including unknown statuses, businesses and photos.
#[tokio::test]
async fn unknown_references_are_named_beside_other_faults() {
    with_api(async |api| {
        let owner = api.owner_caller();
        owner.create_lead(example_lead("a@example.com")).await;
        let ids = || owner.get("/leads/logs/1");
        let wrong = json!({ "firstName": "", "statusId": 9, "business": [7, 8], "photo": "../x" });
        let names = ["firstName", "statusId", "business", "photo"];
        owner.post("/leads", example_lead_with("b@example.com", wrong.clone())).await.expect_bad_fields(&names);
        assert_eq!(owner.create_lead(example_lead("c@example.com")).await, 2, "a bad body takes no id");
        owner.put("/leads/1", put_body_with(wrong.clone())).await.expect_bad_fields(&names);
        owner.patch("/leads/1", wrong).await.expect_bad_fields(&names);
        let wrong = json!({ "phoneNumber": [1], "statusId": 9, "photo": "nowhere.jpg" });
        let names = ["phoneNumber", "statusId", "photo"];
        owner.post("/leads", example_lead_with("b@example.com", wrong.clone())).await.expect_bad_fields(&names);
        owner.put("/leads/1", put_body_with(wrong.clone())).await.expect_bad_fields(&names);
        owner.patch("/leads/1", wrong).await.expect_bad_fields(&names);
        let unknown = json!({ "statusId": 9, "photo": "nowhere.jpg" });
        owner
            .post("/leads", example_lead_with("b@example.com", unknown))
            .await
            .expect_bad_fields(&["statusId", "photo"]);
        owner
            .patch("/leads/1", json!({ "statusId": 9, "business": [7] }))
            .await
            .expect_bad_fields(&["statusId", "business"]);
        owner
            .patch("/leads/1", json!({ "business": [{ "id": 1, "nmae": "x" }] }))
            .await
            .expect_bad_fields(&["business"]);
        let unknown = owner.post("/leads", example_lead_with("b@example.com", json!({ "statusId": 9 }))).await;
        let body = unknown.expect_error(404, "No lead status found");
        assert_eq!(body["errors"][0]["field"], "statusId");
        owner
            .post("/leads", example_lead_with("b@example.com", json!({ "statusId": 9, "business": [7] })))
            .await
            .expect_bad_fields(&["statusId", "business"]);
        owner.put("/leads/9", put_body_with(json!({ "firstName": "" }))).await.expect_error(404, "Lead not found");
        assert_eq!(ids().await.expect_status(200)["count"], 1);
    })
    .await;
}

#[tokio::test]
async fn text_is_compared_in_unicode_normal_form_without_case() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let lead = example_lead_with(
            "jose\u{301}@example.com",
            json!({ "firstName": "Jose\u{301}", "source": "Cafe\u{301}" }),
        );
        assert_eq!(owner.post("/leads", lead).await.expect_status(201)["firstName"], "José");
        owner.post("/leads", example_lead("JOSÉ@example.com")).await.expect_error(400, "Email already exists");
        for source in ["Café", "CAFE%CC%81"] {
            assert_eq!(
                owner.get(&format!("/leads?source={}", source.replace('é', "%C3%A9"))).await.expect_status(200)["count"],
                1
            );
        }
        owner.post("/businesses", json!({ "name": "Straße" })).await.expect_status(201);
        owner.post("/businesses", json!({ "name": "STRASSE" })).await.expect_error(400, "Business already exists");
        owner.post("/leads/status", json!({ "name": "Cafe\u{301}", "primaryColor": "blue" })).await.expect_status(201);
        let again = json!({ "name": "CAFÉ", "primaryColor": "blue" });
        owner.post("/leads/status", again).await.expect_error(400, "Lead status already exists");
        for blank in ["\u{200b}", "\u{3164}", "\u{2800}", "\u{ad}\u{200d}"] {
            let invisible = json!({ "firstName": blank, "company": blank, "description": blank });
            owner.patch("/leads/1", invisible).await.expect_bad_fields(&["firstName", "company", "description"]);
            owner.post("/leads/comments/1", json!({ "content": blank })).await.expect_bad_fields(&["content"]);
        }
    })
    .await;
}

#[tokio::test]
async fn every_answer_with_a_lead_has_its_photo_url() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let photo = owner
            .post("/leads/upload-photo", json!({ "photo": local::examples::PIXEL_GIF_BASE64 }))
            .await
            .expect_status(200);
        let created = owner
            .post("/leads", example_lead_with("a@example.com", json!({ "photo": photo })))
            .await
            .expect_status(201);
        let url = created["photoUrl"].clone();
        let path = format!("/photos/team/{}?", photo.as_str().unwrap());
        assert!(url.as_str().is_some_and(|url| url.contains(&path)), "{created}");
        owner.create_lead(example_lead("b@example.com")).await;
        let patched = owner.patch("/leads/1", json!({ "firstName": "Jane" })).await.expect_status(200);
        let put = owner.put("/leads/1", put_body_with(json!({ "firstName": "Joan" }))).await.expect_status(200);
        let of = async |path: &str, pointer: &str| {
            owner.get(path).await.expect_status(200).pointer(pointer).unwrap().clone()
        };
        for lead in [
            patched,
            put,
            of("/leads/1", "").await,
            of("/leads", "/leads/1").await,
            of("/leads/search?search=doe", "/1").await,
            of("/leads/search", "/1").await,
            of("/leads/recent-leads", "/1").await,
        ] {
            assert_eq!(lead["photoUrl"], url, "the same for several minutes: {lead}");
        }
        for lead in [of("/leads/2", "").await, of("/leads", "/leads/0").await] {
            assert_eq!(lead.get("photoUrl"), None);
        }
        // An update that keeps the lead's photo does not copy the photo's object again.
        let copies =
            async || api.usage.all_used().into_iter().filter(|(_, used)| used.action == "s3:PutObject").count();
        let before = copies().await;
        owner.put("/leads/1", owner.get("/leads/1").await.expect_status(200)).await.expect_status(200);
        assert_eq!(copies().await, before);
    })
    .await;
}

/// Every write of a lead requires that the lead then has an email address or a phone number.
#[tokio::test]
async fn a_lead_without_an_email_address_needs_a_phone_number() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let called = |number: &str| example_lead_with("", json!({ "phoneNumber": [number] }));
        let none = owner.post("/leads", example_lead_with(" ", json!({ "phoneNumber": [] }))).await.expect_status(400);
        assert_eq!((&none["code"], &none["errors"][0]["field"]), (&json!("contact_required"), &json!("email")));
        let first = owner.post("/leads", called("+1 (555) 867-5309")).await.expect_status(201);
        assert_eq!((&first["email"], &first["id"]), (&json!(""), &json!(1)));
        assert_eq!(owner.create_lead(called("+1 (555) 867-5309")).await, 2, "nobody's address is taken twice");
        assert_eq!(owner.get("/leads").await.expect_status(200)["leads"][0]["email"], "");
        let path = "/leads/1";
        // The body of a GET is accepted by PUT.
        let read = owner.get(path).await.expect_status(200);
        assert_eq!(owner.put(path, read.clone()).await.expect_status(200), read);
        owner.patch(path, json!({ "phoneNumber": [] })).await.expect_bad_fields(&["phoneNumber"]);
        owner.patch(path, json!({ "phoneNumber": null })).await.expect_bad_fields(&["phoneNumber"]);
        owner.patch(path, json!({ "email": "John@example.com", "phoneNumber": [] })).await.expect_status(200);
        owner.patch(path, json!({ "email": null })).await.expect_bad_fields(&["email"]);
        owner.put(path, put_body_with(json!({ "email": "" }))).await.expect_bad_fields(&["email"]);
        assert_eq!(owner.patch(path, json!({ "email": "", "phoneNumber": ["1"] })).await.expect_status(200)["email"], "");
        // An email address that was cleared can be given to another lead.
        owner.patch("/leads/2", json!({ "email": "john@example.com" })).await.expect_status(200);
        assert_eq!(owner.get("/leads/search?search=john@example.com").await.expect_status(200)[0]["id"], 2);
        owner.patch("/leads/2", json!({ "email": null })).await.expect_status(200);
        assert_eq!(owner.get("/leads/search?search=john@example.com").await.expect_status(200), json!([]));
        owner.delete(path, Value::Null).await.expect_status(200);
        let rows = json!([{ "phoneNumber": ["2"] }, { "phoneNumber": ["2"], "email": null }, { "company": "Acme" }, { "email": "x@example.com" }]);
        let answer = owner.post("/leads/batch", json!({ "mode": "upsert", "leads": rows })).await.expect_status(200);
        assert_eq!((&answer["created"], &answer["failed"]), (&json!(3), &json!(1)));
        assert_eq!(answer["results"][2]["code"], "contact_required");
        let update = owner.post("/leads/batch", json!({ "mode": "update", "leads": rows })).await.expect_status(200);
        assert_eq!((&update["failed"], &update["unchanged"]), (&json!(3), &json!(1)));
        assert_eq!(update["results"][0]["errors"][0]["code"], "required");
    })
    .await;
}

#[tokio::test]
async fn an_empty_name_can_be_sent_back_and_a_name_cannot_be_cleared() {
    with_api(async |api| {
        let owner = api.owner_caller();
        owner
            .post("/leads", example_lead_with("a@example.com", json!({ "firstName": "" })))
            .await
            .expect_bad_fields(&["firstName"]);
        let row = json!({ "mode": "create", "leads": [{ "email": "a@example.com" }] });
        assert_eq!(owner.post("/leads/batch", row).await.expect_status(200)["created"], 1);
        let read = owner.get("/leads/1").await.expect_status(200);
        assert_eq!((&read["firstName"], &read["lastName"]), (&json!(""), &json!("")));
        assert_eq!(owner.put("/leads/1", read.clone()).await.expect_status(200), read);
        assert_eq!(owner.patch("/leads/1", json!({ "firstName": " " })).await.expect_status(200), read);
        owner.patch("/leads/1", json!({ "firstName": "Ada" })).await.expect_status(200);
        owner.patch("/leads/1", json!({ "firstName": "" })).await.expect_bad_fields(&["firstName"]);
        owner.patch("/leads/1", json!({ "firstName": null })).await.expect_bad_fields(&["firstName"]);
        owner
            .put("/leads/1", put_body_with(json!({ "firstName": "", "lastName": "" })))
            .await
            .expect_bad_fields(&["firstName"]);
        let rows = json!({ "mode": "update", "leads": [{ "email": "a@example.com", "firstName": "" }] });
        assert_eq!(owner.post("/leads/batch", rows).await.expect_status(200)["failed"], 1);
    })
    .await;
}

/// The `action` of a log entry depends on the changed fields, not on the kind of request that changed them.
#[tokio::test]
async fn log_actions_follow_from_the_changed_fields() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let photo = owner
            .post("/leads/upload-photo", json!({ "photo": local::examples::PIXEL_GIF_BASE64 }))
            .await
            .expect_status(200);
        owner.create_lead(example_lead("a@example.com")).await;
        let actions = async |n: usize| {
            let logs = owner.get(&format!("/leads/logs/1?limit={n}")).await.expect_status(200);
            let mut actions: Vec<(String, Vec<String>)> = Vec::new();
            for log in logs["logs"].as_array().expect("logs") {
                let fields = log["changes"].as_object().expect("changes").keys().cloned().collect();
                actions.push((log["action"].as_str().expect("an action").to_owned(), fields));
            }
            actions.sort();
            actions
        };
        let entry = |action: &str, fields: &[&str]| {
            (action.to_owned(), fields.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())
        };
        let status = || entry("ChangeLeadStatus", &["status", "statusId"]);
        let all = json!({ "statusId": 2, "photo": photo, "company": "Acme", "location": "Łódź" });
        assert_eq!(owner.patch("/leads/1", all).await.expect_status(200)["version"], 2);
        assert_eq!(
            actions(3).await,
            [status(), entry("UpdateLead", &["company", "location"]), entry("UploadPhoto", &["photo"])]
        );
        owner.put("/leads/1", put_body_with(json!({ "statusId": 3, "photo": "" }))).await.expect_status(200);
        assert_eq!(actions(2).await, [status(), entry("DeletePhoto", &["photo"])]);
        let row =
            json!({ "mode": "update", "leads": [{ "email": "a@example.com", "status": "new", "company": "Beta" }] });
        assert_eq!(owner.post("/leads/batch", row).await.expect_status(200)["updated"], 1);
        assert_eq!(actions(2).await, [status(), entry("UpdateLead", &["company"])]);
        owner.patch("/leads/1", json!({ "statusId": 4 })).await.expect_status(200);
        assert_eq!(actions(1).await, [status()]);
        assert_eq!(owner.get("/leads/logs/1").await.expect_status(200)["count"], 9);
    })
    .await;
}
