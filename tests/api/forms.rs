//! Lead capture forms, and the submissions that visitors post to them.

use std::time::Duration;

use jiff::SignedDuration;
use local::{Fault, SamTemplate};
use serde_json::{Value, json};
use shared::domain::error::ErrorKind;
use shared::domain::{Actor, FormKey, Timestamp};
use shared::store::{FormStore, StoredResponse, Table};

use crate::harness::{TestCaller, TestResponse, TestStack, example_lead_with, with_api, with_fault_injection};

const JSON_CONTENT_TYPE: (&str, &str) = ("content-type", "application/json");

async fn create_form(owner: &TestCaller<'_>, changes: Value) -> String {
    let mut form = json!({ "name": "Contact" });
    form.as_object_mut().unwrap().extend(changes.as_object().cloned().unwrap());
    owner.post("/forms", form).await.expect_status(201)["key"].as_str().expect("a key").to_owned()
}

async fn post_submission(api: &TestStack, key: &str, body: Value) -> TestResponse {
    api.caller_with_authorization(None).post(&format!("/forms/{key}/leads"), body).await
}

fn assert_accepted(reply: TestResponse) {
    assert_eq!(reply.expect_status(201), json!({ "message": "Thank you" }));
}

/// Posts a submission from the IP address `address`. Returns the status and the `Retry-After` header.
async fn post_submission_from_address(
    api: &TestStack,
    key: &str,
    address: &str,
    body: &Value,
) -> (u16, Option<String>) {
    let route =
        SamTemplate::compiled_in().unwrap().api_routes().into_iter().find(|route| route.name == "Submit").unwrap();
    let mut event = route.read_sample().unwrap();
    event["rawPath"] = json!(format!("/forms/{key}/leads"));
    event["pathParameters"]["key"] = json!(key);
    event["requestContext"]["http"]["sourceIp"] = json!(address);
    event["body"] = json!(body.to_string());
    let answer = api.gateway.replay_sample_event(&route, &event).await.unwrap();
    (answer.status().as_u16(), answer.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned()))
}

#[tokio::test]
async fn a_submission_becomes_a_lead() {
    with_api(async |api| {
        let owner = api.owner_caller();
        owner.create_numbered_businesses(1).await;
        let key = create_form(&owner, json!({ "statusId": 2, "business": [1], "source": "Web site" })).await;
        let body = json!({
            "name": "Ada King Lovelace", "email": "ada@example.com", "phoneNumber": "+1 (555) 867-5309", "company": "",
            "message": "Please call me.\nSoon.", "utm_source": "newsletter", "gclid": "x1", "referrer": "",
            "page": "https://www.example.com/contact?a=1", "_gotcha": "",
        });
        assert_accepted(post_submission(api, &key, body).await);
        let lead = owner.get("/leads/1").await.expect_status(200);
        assert_eq!((&lead["firstName"], &lead["lastName"]), (&json!("Ada King"), &json!("Lovelace")));
        assert_eq!(
            (&lead["status"], &lead["source"], &lead["state"]),
            (&json!("Contacted"), &json!("Web site"), &json!("Active"))
        );
        assert_eq!((&lead["phoneNumber"], &lead["business"][0]["id"]), (&json!(["+1 (555) 867-5309"]), &json!(1)));
        let attribution =
            json!({ "gclid": "x1", "page": "https://www.example.com/contact?a=1", "utm_source": "newsletter" });
        assert_eq!(lead["attribution"], attribution);
        let timeline = owner.get("/leads/logs-and-comments/1").await.expect_status(200);
        assert_eq!((&timeline["logsCount"], &timeline["commentsCount"]), (&json!(2), &json!(1)));
        let entries = timeline["logsAndComments"].as_array().unwrap();
        assert_eq!((&entries[0]["content"], &entries[0]["user"]["id"]), (&json!("Please call me.\nSoon."), &json!(1)));
        for log in entries {
            assert_eq!(log["form"], json!({ "id": 1, "name": "Contact" }));
            assert_eq!(log["user"]["email"], "owner@example.com");
        }
        assert_eq!(entries[2]["changes"]["attribution"]["current"], attribution);
        let form = owner.get("/forms").await.expect_status(200)["forms"][0].clone();
        assert_eq!((&form["submissions"], &form["spam"]), (&json!(1), &json!(0)));
        assert_eq!(form["lastSubmittedAt"], lead["createdAt"]);
        // The body of a GET is accepted by PUT, which ignores a changed `attribution`.
        let mut sent = lead.clone();
        sent["attribution"] = json!({ "utm_source": "other" });
        owner.put("/leads/1", sent).await.expect_status(200);
        assert_eq!(owner.get("/leads/1").await.expect_status(200)["attribution"], attribution);

        for (email, body, first, last) in [
            ("b.c@example.com", json!({}), "", ""),
            ("d@example.com", json!({ "name": " Cher " }), "Cher", ""),
            ("e@example.com", json!({ "firstName": "Łucja", "lastName": "", "name": "O’Connor" }), "Łucja", ""),
            (
                "f@example.com",
                json!({ "firstName": "Łucja", "lastName": "O’Connor", "name": "x y" }),
                "Łucja",
                "O’Connor",
            ),
        ] {
            let mut body = body;
            body["email"] = json!(email);
            assert_accepted(post_submission(api, &key, body).await);
            let lead = owner.get(&format!("/leads/search?search={email}")).await.expect_status(200)[0].clone();
            assert_eq!((&lead["firstName"], &lead["lastName"]), (&json!(first), &json!(last)), "{email}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_submission_fills_empty_fields_of_an_existing_lead() {
    with_api(async |api| {
        let owner = api.owner_caller();
        owner.create_numbered_businesses(2).await;
        let key = create_form(&owner, json!({ "statusId": 3, "business": [2], "source": "Web site" })).await;
        let there = example_lead_with(
            "john@example.com",
            json!({ "company": "", "source": "", "business": [], "phoneNumber": [] }),
        );
        owner.create_lead(there).await;
        let body = |utm: &str, message: &str| {
            json!({ "name": "Mallory Evil", "email": "JOHN@example.com", "company": "Acme", "location": "Nowhere",
                "phoneNumber": ["555-1"], "utm_source": utm, "message": message })
        };
        let before = owner.get("/leads/1").await.expect_status(200);
        assert_accepted(post_submission(api, &key, body("first", "One")).await);
        let lead = owner.get("/leads/1").await.expect_status(200);
        for (field, value) in [
            ("firstName", json!("John")),
            ("email", json!("john@example.com")),
            ("location", before["location"].clone()),
            ("statusId", json!(1)),
            ("company", json!("Acme")),
            ("source", json!("Web site")),
            ("phoneNumber", json!(["555-1"])),
            ("business", json!([{ "id": 2, "name": "Business 2" }])),
            ("attribution", json!({ "utm_source": "first" })),
        ] {
            assert_eq!(lead[field], value, "{field}");
        }
        // A later submission does not replace the lead's first attribution, and its own attribution is only logged.
        assert_accepted(post_submission(api, &key, body("second", "Two")).await);
        let lead = owner.get("/leads/1").await.expect_status(200);
        assert_eq!(lead["attribution"], json!({ "utm_source": "first" }));
        let timeline = owner.get("/leads/logs-and-comments/1").await.expect_status(200);
        assert_eq!((&timeline["logsCount"], &timeline["commentsCount"]), (&json!(5), &json!(2)));
        let logs = owner.get("/leads/logs/1").await.expect_status(200)["logs"].clone();
        let touched = logs
            .as_array()
            .unwrap()
            .iter()
            .find(|log| log["changes"]["attribution"]["current"]["utm_source"] == "second");
        assert_eq!(touched.unwrap()["changes"].as_object().map(serde_json::Map::len), Some(1));
        // Posts a submission with only a message, and one that changes nothing at all.
        assert_accepted(post_submission(api, &key, json!({ "email": "john@example.com", "message": "Three" })).await);
        assert_accepted(post_submission(api, &key, json!({ "email": "john@example.com" })).await);
        let timeline = owner.get("/leads/logs-and-comments/1").await.expect_status(200);
        assert_eq!((&timeline["logsCount"], &timeline["commentsCount"]), (&json!(6), &json!(3)));
        assert_eq!(owner.get("/leads").await.expect_status(200)["count"], 1);
        // A submission with the address of an archived lead restores the lead.
        for (message, entries) in [("Four", 2), ("", 1)] {
            owner.patch("/leads/archive", json!({ "ids": [1] })).await.expect_status(200);
            assert_accepted(
                post_submission(api, &key, json!({ "email": "john@example.com", "message": message })).await,
            );
            assert_eq!(owner.get("/leads/1").await.expect_status(200)["archived"], false);
            let logs = owner.get("/leads/logs/1").await.expect_status(200)["logs"].clone();
            let restored = &logs[entries - 1];
            assert_eq!((&restored["action"], &restored["form"]["name"]), (&json!("RestoreLead"), &json!("Contact")));
            assert_eq!(restored["changes"], json!({ "archived": { "previous": true, "current": false } }));
        }
        // A later submission fills in a lead's missing name.
        assert_accepted(post_submission(api, &key, json!({ "email": "jo@example.com" })).await);
        assert_accepted(post_submission(api, &key, json!({ "email": "jo@example.com", "name": "Jo Roe" })).await);
        let named = owner.get("/leads/search?search=jo@example.com").await.expect_status(200)[0].clone();
        assert_eq!((&named["firstName"], &named["lastName"]), (&json!("Jo"), &json!("Roe")));
    })
    .await;
}

#[tokio::test]
async fn an_html_form_post_is_accepted_and_redirected() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let key = create_form(&owner, json!({ "redirectUrl": "https://www.example.com/thanks?a=1" })).await;
        let path = format!("/forms/{key}/leads");
        let anyone = api.caller_with_authorization(None);
        let encoded = ("content-type", "application/x-www-form-urlencoded");
        let body = "name=Ada+Lovelace&email=ada%40example.com&phoneNumber=1&phoneNumber=2&socialMedia.twitter=%40ada&message=Hi%0D%0A%C5%81";
        let reply = anyone.send_request("POST", &path, &[encoded], body).await;
        assert_eq!((reply.status, &reply.headers["location"]), (303, &"https://www.example.com/thanks?a=1".parse().unwrap()));
        let lead = owner.get("/leads/1").await.expect_status(200);
        assert_eq!((&lead["phoneNumber"], &lead["socialMedia"]), (&json!(["1", "2"]), &json!({ "twitter": "@ada" })));
        let part = |name: &str, value: &str| format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        let file = |name: &str| {
            format!("--x\r\nContent-Disposition: form-data; name=\"cv\"; filename=\"{name}\"\r\nContent-Type: application/octet-stream\r\n\r\n\u{0}\r\n")
        };
        let multipart = ("content-type", "multipart/form-data; boundary=x");
        let body = part("email", "bob@example.com") + &part("message", "Łódź") + "--x--\r\n";
        anyone.send_request("POST", &path, &[multipart], body.clone()).await.expect_status(303);
        anyone.send_request("POST", &path, &[multipart], part("email", "c@example.com") + &file("cv.pdf") + "--x--\r\n").await.expect_status(303);
        let file_as = |name: &str| file("x.txt").replace("\"cv\"", &format!("\"{name}\""));
        anyone.send_request("POST", &path, &[multipart], part("email", "c@example.com") + &file_as("message") + "--x--\r\n").await.expect_bad_fields(&["message"]);
        anyone.send_request("POST", &path, &[multipart], body.replace("--x--", "")).await.expect_bad_fields(&["body"]);
        anyone.send_request("POST", &path, &[("content-type", "text/plain")], "email=x").await.expect_error(415, "Unsupported media type");
        anyone.send_request("POST", &path, &[encoded], "email=&nmae=x&utm_source=a&utm_source=b").await.expect_bad_fields(&["email"]);
        // A JSON submission gets a JSON response instead of the redirect.
        assert_accepted(post_submission(api, &key, json!({ "email": "dan@example.com" })).await);
        assert_accepted(post_submission(api, &key, json!({ "email": "dan@example.com", "statusId": 2, "photo": "x.jpg" })).await);
        assert_eq!(owner.get("/leads").await.expect_status(200)["count"], 4);
        // `GET /forms` shows the owner the names of fields that submissions contained and the API ignored.
        let ignored = owner.get("/forms").await.expect_status(200)["forms"][0]["ignored"].clone();
        let names: std::collections::BTreeSet<_> = ignored.as_array().unwrap().iter().filter_map(Value::as_str).collect();
        assert_eq!(names, ["cv", "photo", "statusId"].into());
    })
    .await;
}

#[tokio::test]
async fn submissions_from_other_origins_and_to_inactive_forms_are_refused() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let key =
            create_form(&owner, json!({ "allowedOrigins": ["https://www.Example.com/", "http://localhost:8080"] }))
                .await;
        let path = format!("/forms/{key}/leads");
        let anyone = api.caller_with_authorization(None);
        let body = json!({ "email": "ada@example.com" }).to_string();
        for origin in ["https://www.example.com", "http://localhost:8080"] {
            anyone
                .send_request("POST", &path, &[JSON_CONTENT_TYPE, ("origin", origin)], body.clone())
                .await
                .expect_status(201);
        }
        for origin in ["https://example.com", "http://www.example.com", "https://www.example.com.evil.com", "null"] {
            anyone
                .send_request("POST", &path, &[JSON_CONTENT_TYPE, ("origin", origin)], body.clone())
                .await
                .expect_error(403, "Origin not allowed");
        }
        anyone
            .send_request("POST", &path, &[JSON_CONTENT_TYPE], body.clone())
            .await
            .expect_error(403, "Origin not allowed");
        let open = create_form(&owner, json!({})).await;
        let other = create_form(&api.caller_with_role("other", "Owner"), json!({})).await;
        let random = open.rsplit_once('.').unwrap().1;
        let missing = async |key: &str| {
            post_submission(api, key, json!({ "email": "nobody" })).await.expect_error(404, "Form not found");
            let mut body = post_submission(api, key, json!({ "email": "ada@example.com" }))
                .await
                .expect_error(404, "Form not found");
            body["requestId"] = Value::Null;
            body
        };
        let unknown = missing("lf_team.99.x").await;
        for key in [
            "x".to_owned(),
            "lf_team.2.AAAA".to_owned(),
            format!("lf_team.1.{random}"),
            format!("lf_other.1.{random}"),
            format!("lf_team.2.{}", other.rsplit_once('.').unwrap().1),
            format!("{open}x"),
        ] {
            assert_eq!(missing(&key).await, unknown, "{key}");
        }
        owner.put("/forms/2", json!({ "name": "Contact", "active": false })).await.expect_status(200);
        assert_eq!(missing(&open).await, unknown);
        owner.put("/forms/2", json!({ "name": "Contact", "active": true })).await.expect_status(200);
        assert_accepted(post_submission(api, &open, json!({ "email": "eve@example.com" })).await);
        owner.delete("/forms/2", Value::Null).await.expect_status(200);
        assert_eq!(missing(&open).await, unknown);
        assert_eq!(owner.get("/leads").await.expect_status(200)["count"], 2);
        assert_eq!(api.caller_with_role("other", "Owner").get("/leads").await.expect_status(200)["count"], 0);
    })
    .await;
}

#[tokio::test]
async fn spam_is_accepted_and_discarded() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let key = create_form(&owner, json!({})).await;
        for _ in 0..3 {
            assert_accepted(
                post_submission(
                    api,
                    &key,
                    json!({ "email": "bot@example.com", "message": "Buy", "_gotcha": "http://spam" }),
                )
                .await,
            );
        }
        // A submission whose honeypot is filled in is accepted even if its other fields are invalid, because a 400
        // would reveal the honeypot to bots.
        for body in [
            json!({ "_gotcha": "x".repeat(3000) }),
            json!({ "email": "no address", "_gotcha": " " }),
            json!({ "email": 7, "_gotcha": 1 }),
            json!({ "email": "a@example.com", "_gotcha": ["", "\u{0}"] }),
            json!({ "email": "a@example.com", "_gotcha": {} }),
        ] {
            assert_accepted(post_submission(api, &key, body).await);
        }
        owner
            .put("/forms/1", json!({ "name": "Contact", "allowedOrigins": ["https://www.example.com"] }))
            .await
            .expect_status(200);
        assert_accepted(post_submission(api, &key, json!({ "email": "a@example.com", "_gotcha": "x" })).await);
        post_submission(api, &key, json!({ "email": "nobody" })).await.expect_error(403, "Origin not allowed");
        assert_eq!(owner.get("/leads").await.expect_status(200)["count"], 0);
        let form = owner.get("/forms").await.expect_status(200)["forms"][0].clone();
        assert_eq!(
            (&form["submissions"], &form["spam"], &form["lastSubmittedAt"]),
            (&json!(0), &json!(9), &Value::Null)
        );
    })
    .await;
}

/// A submission is refused only for invalid fields that the visitor filled in. Fields that the web page adds are
/// shortened (attribution) or ignored (unknown fields).
#[tokio::test]
async fn only_fields_that_the_visitor_typed_are_validated() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let key = create_form(&owner, json!({})).await;
        let mut body = json!({
            "email": "ada@example.com", "utm_campaign_id": "4711", "msclkid": "m", "fbclid": "f".repeat(900), "submit": "Send",
            "utm_source": ["google", "bing"], "page": "p".repeat(3000), "li_fat_id": "\u{0}x", "utm_medium": 7, "custom.budget": "1",
        });
        assert_accepted(post_submission(api, &key, body.clone()).await);
        let lead = owner.get("/leads/1").await.expect_status(200);
        assert_eq!(lead["attribution"], json!({
            "utm_campaign_id": "4711", "msclkid": "m", "fbclid": "f".repeat(500), "utm_source": "google", "li_fat_id": "x",
            "utm_medium": "7", "page": "p".repeat(2000),
        }));
        for n in 0..12 {
            body[format!("field_{n}")] = json!("x");
        }
        assert_accepted(post_submission(api, &key, body).await);
        let ignored = owner.get("/forms").await.expect_status(200)["forms"][0]["ignored"].clone();
        assert_eq!(ignored.as_array().map(Vec::len), Some(10), "{ignored}");
        assert!(ignored.as_array().unwrap().contains(&json!("submit")), "{ignored}");
        post_submission(api, &key, json!({ "email": "ada", "company": "x".repeat(201), "utm_source": 1 })).await.expect_bad_fields(&["email", "company"]);
        // A form-encoded body may repeat a text field. The first value that is not empty counts.
        let path = format!("/forms/{key}/leads");
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let twice = "email=eve%40example.com&company=&company=Acme&company=Other".to_owned();
        assert_accepted(api.caller_with_authorization(None).send_request("POST", &path, &form, twice).await);
        assert_eq!(owner.get("/leads").await.expect_status(200)["leads"][0]["company"], "Acme");
        // The form that `GET /forms` returned is accepted by `PUT /forms/{id}`.
        let form = owner.get("/forms").await.expect_status(200)["forms"][0].clone();
        owner.put("/forms/1", form).await.expect_status(200);
    })
    .await;
}

/// If a browser posts a form without a script, the response is an HTML page and not raw JSON.
#[tokio::test]
async fn a_browser_is_answered_with_a_page() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let key = create_form(&owner, json!({ "allowedOrigins": ["https://www.example.com"] })).await;
        let anyone = api.caller_with_authorization(None);
        let sent = async |key: &str, origin: &str, body: &str| {
            let headers = [
                ("content-type", "application/x-www-form-urlencoded"),
                ("accept", "text/html,application/xhtml+xml,*/*;q=0.8"),
                ("origin", origin),
            ];
            let reply = anyone.send_request("POST", &format!("/forms/{key}/leads"), &headers, body.to_owned()).await;
            assert_eq!(reply.headers["content-type"], "text/html; charset=utf-8");
            assert!(reply.headers["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'"));
            (reply.status, reply.body.as_str().unwrap().to_owned())
        };
        let here = "https://www.example.com";
        let (status, page) = sent(&key, here, "email=ada%40example.com&name=Ada").await;
        assert!(status == 201 && page.contains("<h1>Thank you</h1>"), "{page}");
        let (status, page) = sent(&key, here, "email=%3Cscript%3E&name=Ada").await;
        assert!(status == 400 && page.contains("<strong>email</strong>") && !page.contains("<script"), "{page}");
        assert_eq!(sent(&key, "https://evil.example", "email=ada%40example.com").await.0, 403);
        assert_eq!(sent("lf_team.9.x", here, "email=ada%40example.com").await.0, 404);
        for n in 0..9 {
            sent(&key, here, &format!("email=ada{n}%40example.com")).await;
        }
        let flood = sent(&key, here, "email=ada%40example.com").await;
        assert!(flood.0 == 429 && flood.1.contains("try again"), "{flood:?}");
        assert_eq!(owner.get("/leads").await.expect_status(200)["count"], 10);
    })
    .await;
}

/// A submission that the rate limit refuses reads only the form and its limit. It does not read the team or allocate
/// ids.
#[tokio::test(flavor = "multi_thread")]
async fn a_rate_limited_submission_reads_no_team() {
    with_fault_injection(async |api| {
        let owner = api.owner_caller();
        let key = create_form(&owner, json!({})).await;
        let post = async || {
            let reply = post_submission(api, &key, json!({ "email": "ada@example.com" })).await;
            (reply.status, reply.headers.contains_key("retry-after"))
        };
        while post().await.0 != 429 {}
        let before = api.read_table_item(&shared::store::keys::ItemKey::Sequences.of(&"team".parse().unwrap())).await;
        api.dynamodb_faults().start_counting_requests();
        // The submission may be accepted again if a new minute began since the last one.
        assert!(matches!(post().await, (429, true) | (201, false)));
        let cost = api.dynamodb_faults().stop_counting_requests().0;
        if cost.trips <= 2 {
            assert!(cost.reads <= 1.0 && cost.writes <= 1.0, "{cost:?}");
            assert_eq!(
                api.read_table_item(&shared::store::keys::ItemKey::Sequences.of(&"team".parse().unwrap())).await,
                before
            );
        }
    })
    .await;
}

/// A form accepts ten submissions a minute from one IP address and sixty in total. The limits start anew with the next
/// minute.
#[tokio::test(flavor = "multi_thread")]
async fn submissions_are_rate_limited() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let key = create_form(&owner, json!({})).await;
        // If a minute ends soon, waits for the next, because all submissions of this test must be in one minute.
        let into = jiff::Timestamp::now().as_second() % 60;
        if into > 45 {
            tokio::time::sleep(Duration::from_secs(u64::try_from(60 - into).unwrap())).await;
        }
        let body = |n: u64| json!({ "email": format!("a{n}@example.com"), "_gotcha": "x" });
        let flood = async |address: &str, n: u64| {
            let mut accepted = 0;
            for n in 0..n {
                let (status, retry_after) = post_submission_from_address(api, &key, address, &body(n)).await;
                match status {
                    201 => accepted += 1,
                    429 => assert!((1..=60).contains(&retry_after.unwrap().parse::<u32>().unwrap())),
                    other => panic!("{other}"),
                }
            }
            accepted
        };
        assert_eq!(flood("198.51.100.7", 12).await, 10);
        assert_eq!(flood("2001:db8::1", 5).await, 5);
        assert_eq!(flood("2001:db8::ffff:2", 6).await, 5, "one /64 is one sender");
        for n in 1..4 {
            assert_eq!(flood(&format!("2001:db8:0:{n}::1"), 10).await, 10);
        }
        let (one, other) = tokio::join!(flood("198.51.100.8", 10), flood("198.51.100.9", 10));
        assert_eq!(one + other, 10, "sixty in all");
        assert_eq!(flood("198.51.100.10", 1).await, 0);
        // Each form has its own rate limit.
        let second = create_form(&owner, json!({})).await;
        assert_eq!(post_submission_from_address(api, &second, "198.51.100.7", &body(1)).await.0, 201);
        // The rate limit stores IP addresses only as hashes, with a TTL.
        let minutes: Vec<_> =
            api.scan_all_items().await.into_iter().filter(|(key, _)| key.sk.starts_with("MINUTE#")).collect();
        assert_eq!(minutes.len(), 2);
        for (key, item) in minutes {
            assert!(!format!("{key:?}{item:?}").contains("198.51") && !format!("{item:?}").contains("2001:db8"));
            let ttl: i64 = item["ttl"].as_n().unwrap().parse().unwrap();
            assert!(ttl - jiff::Timestamp::now().as_second() < 3600, "{ttl}");
        }
        // The clock moves on.
        let table = FormStore::from(Table::new(api.dynamodb.clone(), &api.table));
        let (form_key, team, id) = FormKey::parse(&key).unwrap();
        let form = table.active_form(&form_key, &team, id).await.unwrap();
        let at = Timestamp::from(jiff::Timestamp::now());
        let submit = async |seconds: i64| {
            let at = at.saturating_add(SignedDuration::from_secs(seconds));
            let actor = Actor { team: team.clone(), user: form.created_by.clone(), agent: Some(form.as_agent()), at };
            table.submit(&actor, &form, None, "198.51.100.7", None, StoredResponse::ok(())).await
        };
        assert_eq!(submit(0).await.unwrap_err().kind(), ErrorKind::TooManyRequests);
        for minute in 1..3 {
            for _ in 0..10 {
                submit(60 * minute).await.unwrap();
            }
            let refused = submit(60 * minute).await.unwrap_err();
            assert_eq!((refused.kind(), refused.retry_after().is_some()), (ErrorKind::TooManyRequests, true));
        }
    })
    .await;
}

#[tokio::test]
async fn invalid_forms_are_refused() {
    with_api(async |api| {
        let owner = api.owner_caller();
        owner.create_numbered_businesses(1).await;
        let post = async |body: Value| owner.post("/forms", body).await;
        post(json!({})).await.expect_bad_fields(&["name"]);
        post(json!({ "name": "x", "statusId": 9, "business": [7] })).await.expect_bad_fields(&["statusId", "business"]);
        post(json!({ "name": "", "allowedOrigins": ["example.com"], "redirectUrl": "javascript:alert(1)", "active": 1, "more": 1 }))
            .await
            .expect_bad_fields(&["name", "allowedOrigins", "redirectUrl", "active", "more"]);
        post(json!({ "name": "", "statusId": 9, "business": [7] })).await.expect_bad_fields(&["name", "statusId", "business"]);
        for port in ["0", "65536", "99999", ""] {
            let (origin, page) = (format!("https://example.com:{port}"), format!("http://example.com:{port}/thanks"));
            let form = json!({ "name": "x", "allowedOrigins": [origin], "redirectUrl": page });
            post(form).await.expect_bad_fields(&["allowedOrigins", "redirectUrl"]);
        }
        owner.post("/businesses", json!({ "name": "Second" })).await.expect_status(201);
        let twice = owner.post("/forms", json!({ "name": "Twice", "business": [1, 2, 1] })).await.expect_status(201);
        assert_eq!(twice["business"].as_array().map(Vec::len), Some(2), "duplicates count once");
        owner.delete("/forms/1", Value::Null).await.expect_status(200);
        owner.delete("/businesses/2", Value::Null).await.expect_status(200);
        let form = post(json!({ "name": "Contact", "business": [1], "source": "Web site" })).await.expect_status(201);
        assert_eq!((&form["id"], &form["statusId"], &form["active"]), (&json!(2), &json!(1), &json!(true)));
        // The body of a GET is accepted by PUT. A field that the body omits keeps its value.
        assert_eq!(owner.put("/forms/2", form.clone()).await.expect_status(200), form);
        let changed = owner.put("/forms/2", json!({ "name": "Sales", "statusId": 2 })).await.expect_status(200);
        assert_eq!((&changed["name"], &changed["statusId"], &changed["source"]), (&json!("Sales"), &json!(2), &json!("Web site")));
        for id in ["3", "0", "x"] {
            owner.put(&format!("/forms/{id}"), json!({ "name": "x" })).await.expect_error(404, "Form not found");
            owner.delete(&format!("/forms/{id}"), Value::Null).await.expect_error(404, "Form not found");
        }
        // A form whose status and business were deleted still accepts submissions.
        owner.delete("/leads/status/2", Value::Null).await.expect_status(200);
        owner.delete("/businesses/1", Value::Null).await.expect_status(200);
        assert_accepted(post_minimal_submission(api, &form).await);
        let lead = owner.get("/leads/1").await.expect_status(200);
        assert_eq!((&lead["statusId"], &lead["business"]), (&json!(1), &json!([])));
        // PUT accepts the form as a GET returns it now, and as a GET returned it before the status was deleted.
        let read = owner.get("/forms").await.expect_status(200)["forms"][0].clone();
        assert_eq!(read["statusId"], 1);
        for sent in [json!({ "name": "Sales", "statusId": 2 }), read] {
            assert_eq!(owner.put("/forms/2", sent).await.expect_status(200)["statusId"], 1);
        }
        owner.put("/forms/2", json!({ "name": "Sales", "statusId": 2 })).await.expect_bad_fields(&["statusId"]);
        for n in 2..=50 {
            create_form(&owner, json!({ "name": format!("Form {n}") })).await;
        }
        post(json!({ "name": "One more" })).await.expect_error(400, "Too many forms");
        assert_eq!(owner.get("/forms").await.expect_status(200)["count"], 50);
    })
    .await;
}

async fn post_minimal_submission(api: &TestStack, form: &Value) -> TestResponse {
    post_submission(api, form["key"].as_str().unwrap(), json!({ "email": "ada@example.com" })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_submission_whose_reply_is_lost_is_written_once() {
    with_fault_injection(async |api| {
        let owner = api.owner_caller();
        let key = create_form(&owner, json!({})).await;
        let path = format!("/forms/{key}/leads");
        let anyone = api.caller_with_authorization(None);
        let once = [JSON_CONTENT_TYPE, ("idempotency-key", "tab-1")];
        let body = json!({ "email": "ada@example.com", "message": "Hello" }).to_string();
        api.dynamodb_faults().inject_next("TransactWriteItems", [Fault::LostAnswer, Fault::Conflict, Fault::Throttle]);
        for _ in 0..2 {
            anyone.send_request("POST", &path, &once, body.clone()).await.expect_status(201);
        }
        let other = json!({ "email": "eve@example.com" }).to_string();
        // The same idempotency key with another body is another submission: visitors may happen to choose the same key.
        anyone.send_request("POST", &path, &once, other).await.expect_status(201);
        assert_eq!(owner.get("/leads").await.expect_status(200)["count"], 2);
        let timeline = owner.get("/leads/logs-and-comments/1").await.expect_status(200);
        assert_eq!((&timeline["logsCount"], &timeline["commentsCount"]), (&json!(2), &json!(1)));
        // Concurrent submissions with the same email address make one lead, which has all messages.
        let body = |n: u64| json!({ "email": "bob@example.com", "message": format!("Message {n}") });
        let (one, two, three) = tokio::join!(
            post_submission(api, &key, body(1)),
            post_submission(api, &key, body(2)),
            post_submission(api, &key, body(3))
        );
        for reply in [one, two, three] {
            assert_accepted(reply);
        }
        let found = owner.get("/leads/search?search=bob@example.com").await.expect_status(200);
        assert_eq!(found.as_array().map(Vec::len), Some(1));
        let timeline = owner.get(&format!("/leads/logs-and-comments/{}", found[0]["id"])).await.expect_status(200);
        assert_eq!(timeline["commentsCount"], 3);
        // A submission is accepted even if the form's submission count cannot be updated.
        api.dynamodb_faults().inject_next(
            "UpdateItem",
            [Fault::Pass, Fault::Pass, Fault::Throttle, Fault::Throttle, Fault::Throttle, Fault::Throttle],
        );
        assert_accepted(post_submission(api, &key, json!({ "email": "carl@example.com" })).await);
        assert_eq!(
            owner.get("/leads/search?search=carl@example.com").await.expect_status(200).as_array().map(Vec::len),
            Some(1)
        );
    })
    .await;
}
