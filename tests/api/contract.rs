//! The SAM template, the functions' routers and the documentation agree on routes and keys, and the examples of the
//! original API document work verbatim.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::KeySchemaElement;
use local::SamTemplate;
use serde_json::{Value, json};
use shared::store::keys::TableIndex;

use crate::harness::{TestStack, test_options};

#[test]
fn the_access_patterns_list_the_routes_of_the_template() {
    let page = include_str!("../../docs/access-patterns.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    // Skips table rows whose route has a query string: they describe variants of a route that has a row of its own.
    let is_route = |route: &String| route.contains(" /") && !route.contains('?');
    let listed: BTreeSet<String> = rows.map(|(route, _)| route.to_owned()).filter(is_route).collect();
    let declared =
        SamTemplate::compiled_in().unwrap().api_routes().iter().map(|r| format!("{} {}", r.method, r.path)).collect();
    assert_eq!(listed, declared);
}

#[tokio::test]
async fn the_template_declares_the_indexes_of_the_keys() {
    let api = TestStack::start_stack(test_options()).await;
    let table = api.dynamodb.describe_table().table_name(&api.table).send().await.unwrap().table.unwrap();
    let declared = table.global_secondary_indexes().iter().map(|index| {
        let attribute = |key: &KeySchemaElement| key.attribute_name().to_owned();
        (index.index_name().unwrap().to_owned(), index.key_schema().iter().map(attribute).collect())
    });
    let known = TableIndex::ALL_INDEXES
        .map(|i| (i.name().to_owned(), vec![i.partition_attribute().to_owned(), i.sort_attribute().to_owned()]));
    assert_eq!(declared.collect::<BTreeMap<String, Vec<String>>>(), known.into());
}

/// If a function's router lacks a route that the template sends to the function, the function answers 404 `Not found`
/// or 405.
#[tokio::test]
async fn every_function_serves_its_template_routes() {
    let api = TestStack::start_stack(test_options()).await;
    let owner = api.owner_caller();
    for route in SamTemplate::compiled_in().unwrap().api_routes() {
        let parameters = [
            ("{id}", "1"),
            ("{fileName}", "photo.jpg"),
            ("{version}", "latest"),
            ("{file}", "reference.css"),
            ("{key}", "x"),
            ("{eventId}", "evt_team_1"),
        ];
        let path = parameters.iter().fold(route.path.clone(), |path, (name, value)| path.replace(name, value));
        let reply = owner.send_request(&route.method, &path, &[], "").await;
        assert_ne!(reply.body["message"], "Not found", "{} {}", route.method, route.path);
        assert_ne!(reply.status, 405, "{} {}", route.method, route.path);
    }
}

/// Sample event files of the functions that have no HTTP routes.
const EVENTS_WITHOUT_ROUTES: [&str; 3] = ["cleanup-schedule.json", "publisher-stream.json", "sender-queue.json"];

/// Each route has a sample event in `events/` for `sam local invoke -e`, and the event succeeds with the demo data.
/// Each write runs on a fresh system; reads share one system.
#[tokio::test]
async fn every_route_has_a_sample_event_that_works() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events");
    let names = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let routes = SamTemplate::compiled_in().unwrap().api_routes();
    let of_routes = routes.iter().map(|route| format!("{}.json", route.sample_event_name()));
    let expected: BTreeSet<String> = of_routes.chain(EVENTS_WITHOUT_ROUTES.map(str::to_owned)).collect();
    assert_eq!(names.collect::<BTreeSet<_>>(), expected);
    let read = TestStack::start_demo().await;
    for route in routes {
        let event = route.read_sample().unwrap();
        assert_eq!(event["routeKey"], format!("{} {}", route.method, route.path));
        let written = if route.method == "GET" { None } else { Some(TestStack::start_demo().await) };
        let api = written.as_ref().unwrap_or(&read);
        if route.path.starts_with("/leads/status/") || route.path.starts_with("/businesses/") {
            // Deletes all leads first, because a status or business that leads have cannot be deleted.
            let owner = api.caller_with_role("demo", "Owner");
            owner.delete("/leads", json!({ "ids": (1..=60).collect::<Vec<u64>>() })).await.expect_status(200);
        }
        if route.path.ends_with("/{eventId}") {
            let published =
                api.invoke_with_event("PublisherFunction", include_str!("../../events/publisher-stream.json")).await;
            assert_eq!(published, json!({ "batchItemFailures": [] }));
        }
        let answer = api.gateway.replay_sample_event(&route, &event).await.unwrap();
        let body = String::from_utf8_lossy(answer.body());
        assert!(answer.status().is_success(), "{}: {} {body}", route.sample_event_name(), answer.status());
    }
}

/// The example request body of `POST /leads` and `PUT /leads/{id}`, copied verbatim from the original API document.
const EXAMPLE_LEAD_BODY: &str = r#"{
"firstName": "John",
"lastName": "Doe",
"business": [
1,
2,
3
],
"photo": "photo.jpg",
"state": "Active",
"statusId": 1,
"source": "Referral",
"phoneNumber": [
"123-456-7890"
],
"email": "john.doe@example.com",
"description": "Lead description",
"location": "New York",
"socialMedia": {
"youtube": "youtube.com/lead",
"facebook": "facebook.com/lead",
"instagram": "instagram.com/lead",
"twitter": "twitter.com/lead"
},
"position": "Manager",
"company": "Company Name"
}"#;

/// The example request body of `POST /leads/upload-photo`, with a real image in place of the document's word `binary`.
const EXAMPLE_UPLOAD_BODY: &str = r#"{"id": 1,"photo": "R0lGODlhAQABAIAAAAAAAP///ywAAAAAAQABAAACAUwAOw=="}"#;

/// Every example request of the original API document gets the documented status code. Each write runs on a fresh
/// system; reads share one system.
#[tokio::test]
async fn the_original_documents_examples_work_verbatim() {
    let ids = r#"{"ids": [1,2,3]}"#;
    let examples = [
        ("GET", "/leads", "", 200),
        ("GET", "/leads/search?search=ad", "", 200),
        ("GET", "/leads/1", "", 200),
        ("GET", "/leads/statuses", "", 200),
        ("POST", "/leads", EXAMPLE_LEAD_BODY, 201),
        ("POST", "/leads/status", r#"{"name": "New","primaryColor": "blue"}"#, 400),
        ("POST", "/leads/status", r#"{"name": "Newer","primaryColor": "blue"}"#, 201),
        ("PATCH", "/leads/archive", ids, 200),
        ("PATCH", "/leads/restore", ids, 200),
        ("PUT", "/leads/1", EXAMPLE_LEAD_BODY, 200),
        ("PUT", "/leads/change-status", r#"{"ids": [1,2,3],"statusId": 1}"#, 200),
        ("PUT", "/leads/status/1", r#"{"name": "New","primaryColor": "blue"}"#, 200),
        ("PUT", "/leads/statuses/order", r#"{"id": 1,"statusOrder": 1}"#, 200),
        ("DELETE", "/leads", ids, 200),
        ("DELETE", "/leads/status/1", "", 400),
        ("GET", "/businesses", "", 200),
        ("GET", "/leads/logs/1", "", 200),
        ("GET", "/leads/logs-and-comments/1", "", 200),
        ("POST", "/leads/comments/1", r#"{"content": "This is a comment."}"#, 201),
        ("PUT", "/leads/comments/1", r#"{"content": "This is an edited comment."}"#, 200),
        ("GET", "/leads/leads-volume", "", 200),
        ("GET", "/leads/total-leads", "", 200),
        ("GET", "/leads/recent-leads", "", 200),
        // In the original API document, the word `binary` stands for the bytes of a file. Sent literally, it is not an
        // image.
        ("POST", "/leads/upload-photo", r#"{"id": 1,"photo": "binary"}"#, 400),
        ("POST", "/leads/upload-photo", EXAMPLE_UPLOAD_BODY, 200),
        ("DELETE", "/leads/delete-photo/photo.jpg", "", 200),
    ];
    let read = TestStack::start_demo().await;
    for (method, path, body, status) in examples {
        let written = if method == "GET" { None } else { Some(TestStack::start_demo().await) };
        let api = written.as_ref().unwrap_or(&read);
        let owner = api.caller_with_role("demo", "Owner");
        let reply =
            owner.send_request(method, path, &[("content-type", "application/json"), ("accept", "*/*")], body).await;
        assert_eq!(reply.status, status, "{method} {path}: {}", reply.body);
        if let Some(written) = written {
            written.audit_all_teams().await;
        }
    }
    read.audit_all_teams().await;
}

#[tokio::test]
async fn the_demo_team_has_sixty_leads_on_some_of_the_last_60_days() {
    let api = TestStack::start_demo().await;
    let owner = api.caller_with_role("demo", "Owner");
    assert_eq!(owner.get("/leads").await.expect_status(200)["count"], 60);
    assert_eq!(owner.get("/businesses").await.expect_status(200)["count"], 3);
    let days: BTreeSet<String> = owner
        .all_pages("/leads?limit=100", "leads")
        .await
        .iter()
        .map(|lead| lead["createdAt"].as_str().unwrap()[..10].to_owned())
        .collect();
    // Some days have none and some have several, as in a real team.
    assert!((30..45).contains(&days.len()), "{days:?}");
    let created: Value = owner
        .send_request("POST", "/leads", &[("content-type", "application/json")], EXAMPLE_LEAD_BODY)
        .await
        .expect_status(201);
    assert_eq!(
        (&created["id"], &created["photo"], &created["status"]),
        (&json!(61), &json!("photo.jpg"), &json!("New"))
    );
    let read = owner.get("/leads/61").await.expect_status(200);
    let url = read["photoUrl"].as_str().unwrap();
    assert!(url.contains("/photos/demo/photo.jpg?") && url.contains("X-Amz-Expires=1500"), "{url}");
    // A photo that one lead has cannot be given to another lead.
    let again = EXAMPLE_LEAD_BODY.replace("john.doe@", "jane.doe@");
    owner
        .send_request("POST", "/leads", &[("content-type", "application/json")], again)
        .await
        .expect_bad_fields(&["photo"]);
    // Clears the lead's photo. The audit then asserts that the object is removed.
    owner.put("/leads/61", crate::harness::put_body_with(json!({ "photo": "" }))).await.expect_status(200);
    assert_eq!(owner.get("/leads/61").await.expect_status(200).get("photoUrl"), None);
    api.audit_all_teams().await;
}

/// Every status code that the original API document lists, by endpoint.
const ORIGINAL_STATUS_CODES: [(&str, &[u16]); 23] = [
    ("GET /leads", &[200, 403]),
    ("GET /leads/search", &[200, 403]),
    ("GET /leads/{id}", &[200, 403, 404]),
    ("GET /leads/statuses", &[200, 403]),
    ("GET /leads/leads-volume", &[200, 403]),
    ("GET /leads/total-leads", &[200, 403]),
    ("GET /leads/recent-leads", &[200, 403]),
    ("GET /leads/logs/{id}", &[200, 400, 403, 404]),
    ("GET /leads/logs-and-comments/{id}", &[200, 400, 403, 404]),
    ("POST /leads", &[201, 400, 404, 500]),
    ("POST /leads/status", &[201, 400, 500]),
    ("POST /leads/upload-photo", &[200, 400, 403]),
    ("POST /leads/comments/{id}", &[201, 400, 403, 404]),
    ("PATCH /leads/archive", &[200, 400, 403, 500]),
    ("PATCH /leads/restore", &[200, 400, 403, 500]),
    ("PUT /leads/{id}", &[200, 400, 403, 404]),
    ("PUT /leads/change-status", &[200, 400, 403, 404]),
    ("PUT /leads/status/{id}", &[200, 400, 500]),
    ("PUT /leads/statuses/order", &[200, 500]),
    ("PUT /leads/comments/{id}", &[200, 400, 403, 404]),
    ("DELETE /leads", &[200, 400, 403, 500]),
    ("DELETE /leads/delete-photo/{fileName}", &[200, 404]),
    ("DELETE /leads/status/{id}", &[200, 400, 500]),
];

#[tokio::test]
async fn every_documented_status_code_is_answered() {
    let api = TestStack::start_demo().await;
    let broken = TestStack::start_stack(test_options()).await;
    broken.dynamodb.delete_table().table_name(&broken.table).send().await.unwrap();
    let (owner, manager, viewer) = (
        api.caller_with_role("demo", "Owner"),
        api.caller_with_role("demo", "Manager"),
        api.caller_with_role("demo", "Viewer"),
    );
    // The authorizer denies the unknown role `Guest`, so the gateway itself answers 403, not the function.
    let guest = api.caller_with_role("demo", "Guest");
    let unlucky = broken.caller_with_role("demo", "Owner");
    owner.post("/leads/comments/1", json!({ "content": "The owner's." })).await.expect_status(201);
    let ids = |ids: &[u64]| json!({ "ids": ids });
    let comment = || json!({ "content": "This is a comment." });
    let lead = |email: &str, changes: Value| crate::harness::example_lead_with(email, changes);
    let change = |changes: Value| crate::harness::put_body_with(changes);
    let status = |name: &str| json!({ "name": name, "primaryColor": "blue" });
    let picture = || json!({ "photo": local::examples::PIXEL_GIF_BASE64 });
    let order = || json!({ "id": 1, "statusOrder": 1 });
    let taken = owner.get("/leads/1").await.expect_status(200)["email"].as_str().unwrap().to_owned();
    let none = Value::Null;
    let requests = [
        (&owner, "GET /leads", "/leads", none.clone(), 200, ""),
        (&guest, "GET /leads", "/leads", none.clone(), 403, "Forbidden"),
        (&owner, "GET /leads/search", "/leads/search?search=ad", none.clone(), 200, ""),
        (&guest, "GET /leads/search", "/leads/search?search=ad", none.clone(), 403, "Forbidden"),
        (&owner, "GET /leads/{id}", "/leads/1", none.clone(), 200, ""),
        (&guest, "GET /leads/{id}", "/leads/1", none.clone(), 403, "Forbidden"),
        (&owner, "GET /leads/{id}", "/leads/999", none.clone(), 404, "Lead not found"),
        (&owner, "GET /leads/statuses", "/leads/statuses", none.clone(), 200, ""),
        (&guest, "GET /leads/statuses", "/leads/statuses", none.clone(), 403, "Forbidden"),
        (&owner, "GET /leads/leads-volume", "/leads/leads-volume", none.clone(), 200, ""),
        (&guest, "GET /leads/leads-volume", "/leads/leads-volume", none.clone(), 403, "Forbidden"),
        (&owner, "GET /leads/total-leads", "/leads/total-leads", none.clone(), 200, ""),
        (&guest, "GET /leads/total-leads", "/leads/total-leads", none.clone(), 403, "Forbidden"),
        (&owner, "GET /leads/recent-leads", "/leads/recent-leads", none.clone(), 200, ""),
        (&guest, "GET /leads/recent-leads", "/leads/recent-leads", none.clone(), 403, "Forbidden"),
        (&owner, "GET /leads/logs/{id}", "/leads/logs/1", none.clone(), 200, ""),
        (&owner, "GET /leads/logs/{id}", "/leads/logs/one", none.clone(), 400, "Invalid lead ID"),
        (&guest, "GET /leads/logs/{id}", "/leads/logs/1", none.clone(), 403, "Forbidden"),
        (&owner, "GET /leads/logs/{id}", "/leads/logs/999", none.clone(), 404, "Lead not found"),
        (&owner, "GET /leads/logs-and-comments/{id}", "/leads/logs-and-comments/1", none.clone(), 200, ""),
        (
            &owner,
            "GET /leads/logs-and-comments/{id}",
            "/leads/logs-and-comments/0",
            none.clone(),
            400,
            "Invalid lead ID",
        ),
        (&guest, "GET /leads/logs-and-comments/{id}", "/leads/logs-and-comments/1", none.clone(), 403, "Forbidden"),
        (
            &owner,
            "GET /leads/logs-and-comments/{id}",
            "/leads/logs-and-comments/999",
            none.clone(),
            404,
            "Lead not found",
        ),
        (&owner, "POST /leads", "/leads", lead("new@example.com", json!({})), 201, ""),
        (&owner, "POST /leads", "/leads", lead(&taken, json!({})), 400, "Email already exists"),
        (&owner, "POST /leads", "/leads", lead("b@example.com", json!({ "statusId": 9 })), 404, "No lead status found"),
        (&unlucky, "POST /leads", "/leads", lead("b@example.com", json!({})), 500, "Internal server error"),
        (&owner, "POST /leads/status", "/leads/status", status("Newer"), 201, ""),
        (&owner, "POST /leads/status", "/leads/status", status("new"), 400, "Lead status already exists"),
        (&unlucky, "POST /leads/status", "/leads/status", status("Newer"), 500, "Internal server error"),
        (&owner, "POST /leads/upload-photo", "/leads/upload-photo", picture(), 200, ""),
        (
            &owner,
            "POST /leads/upload-photo",
            "/leads/upload-photo",
            json!({ "id": 1, "photo": "binary" }),
            400,
            "Invalid file",
        ),
        (&viewer, "POST /leads/upload-photo", "/leads/upload-photo", picture(), 403, "Access denied"),
        (&owner, "POST /leads/comments/{id}", "/leads/comments/1", comment(), 201, ""),
        (&owner, "POST /leads/comments/{id}", "/leads/comments/x", comment(), 400, "Invalid lead ID"),
        (&viewer, "POST /leads/comments/{id}", "/leads/comments/1", comment(), 403, "Access denied"),
        (&owner, "POST /leads/comments/{id}", "/leads/comments/999", comment(), 404, "Lead not found"),
        (&owner, "PATCH /leads/archive", "/leads/archive", ids(&[1, 2]), 200, "Leads archived successfully"),
        (&owner, "PATCH /leads/archive", "/leads/archive", ids(&[1, 999]), 400, "One or more leads not found"),
        (&viewer, "PATCH /leads/archive", "/leads/archive", ids(&[1]), 403, "Access denied"),
        (&unlucky, "PATCH /leads/archive", "/leads/archive", ids(&[1]), 500, "Internal server error"),
        (&owner, "PATCH /leads/restore", "/leads/restore", ids(&[1, 2]), 200, "Leads restored successfully"),
        (&owner, "PATCH /leads/restore", "/leads/restore", ids(&[1, 999]), 400, "One or more leads not found"),
        (&viewer, "PATCH /leads/restore", "/leads/restore", ids(&[1]), 403, "Access denied"),
        (&unlucky, "PATCH /leads/restore", "/leads/restore", ids(&[1]), 500, "Internal server error"),
        (&owner, "PUT /leads/{id}", "/leads/1", change(json!({ "firstName": "Jane" })), 200, ""),
        (&owner, "PUT /leads/{id}", "/leads/1", change(json!({ "firstName": "" })), 400, "Invalid lead data"),
        (&viewer, "PUT /leads/{id}", "/leads/1", change(json!({})), 403, "Access denied"),
        (&owner, "PUT /leads/{id}", "/leads/999", change(json!({})), 404, "Lead not found"),
        (&owner, "PUT /leads/change-status", "/leads/change-status", json!({ "ids": [1], "statusId": 2 }), 200, ""),
        (
            &owner,
            "PUT /leads/change-status",
            "/leads/change-status",
            json!({ "ids": [1], "statusId": 9 }),
            400,
            "Invalid status ID",
        ),
        (
            &viewer,
            "PUT /leads/change-status",
            "/leads/change-status",
            json!({ "ids": [1], "statusId": 2 }),
            403,
            "Access denied",
        ),
        (
            &owner,
            "PUT /leads/change-status",
            "/leads/change-status",
            json!({ "ids": [999], "statusId": 2 }),
            404,
            "Lead not found",
        ),
        (&owner, "PUT /leads/status/{id}", "/leads/status/1", status("First"), 200, ""),
        (&owner, "PUT /leads/status/{id}", "/leads/status/99", status("Second"), 400, "Lead status not found"),
        (&unlucky, "PUT /leads/status/{id}", "/leads/status/1", status("First"), 500, "Internal server error"),
        (&owner, "PUT /leads/statuses/order", "/leads/statuses/order", order(), 200, ""),
        (&unlucky, "PUT /leads/statuses/order", "/leads/statuses/order", order(), 500, "Internal server error"),
        (&owner, "PUT /leads/comments/{id}", "/leads/comments/1", comment(), 200, ""),
        (&owner, "PUT /leads/comments/{id}", "/leads/comments/-1", comment(), 400, "Invalid comment ID"),
        (&manager, "PUT /leads/comments/{id}", "/leads/comments/6", comment(), 403, "Access denied"),
        (&owner, "PUT /leads/comments/{id}", "/leads/comments/999", comment(), 404, "Comment not found"),
        (&owner, "DELETE /leads", "/leads", ids(&[1, 2, 3]), 200, "Leads deleted successfully"),
        (&owner, "DELETE /leads", "/leads", ids(&[1]), 400, "One or more leads not found"),
        (&viewer, "DELETE /leads", "/leads", ids(&[4]), 403, "Access denied"),
        (&unlucky, "DELETE /leads", "/leads", ids(&[1]), 500, "Internal server error"),
        (
            &owner,
            "DELETE /leads/delete-photo/{fileName}",
            "/leads/delete-photo/photo.jpg",
            none.clone(),
            200,
            "Photo deleted successfully",
        ),
        (
            &owner,
            "DELETE /leads/delete-photo/{fileName}",
            "/leads/delete-photo/photo.jpg",
            none.clone(),
            404,
            "Lead not found",
        ),
        (&owner, "DELETE /leads/status/{id}", "/leads/status/5", none.clone(), 200, "Lead status deleted successfully"),
        (&owner, "DELETE /leads/status/{id}", "/leads/status/1", none.clone(), 400, "Cannot delete status"),
        (&unlucky, "DELETE /leads/status/{id}", "/leads/status/1", none.clone(), 500, "Internal server error"),
    ];
    let mut answered: BTreeSet<(&str, u16)> = BTreeSet::new();
    for (caller, route, path, body, status, message) in requests {
        let method = route.split(' ').next().unwrap();
        let reply = caller.send_json(method, path, &body).await;
        assert_eq!(reply.status, status, "{method} {path} {body}: {}", reply.body);
        if !message.is_empty() {
            assert_eq!(reply.body["message"], message, "{method} {path} {body}");
        }
        answered.insert((route, status));
    }
    let documented = ORIGINAL_STATUS_CODES.iter().flat_map(|(route, codes)| codes.iter().map(|code| (*route, *code)));
    assert_eq!(answered, documented.collect());
    api.audit_all_teams().await;
}

/// Template settings whose effect no local emulator shows: Lambda's loop detection is off for the sender, public routes
/// have their own rate limit, alarms and metric filters are complete, and functions have no access to secrets that they
/// do not need.
#[test]
fn the_template_has_the_settings_that_no_emulator_checks() {
    const TEMPLATE_YAML: &str = include_str!("../../template.yaml");
    let section = |name: &str| {
        let (_, rest) = TEMPLATE_YAML.split_once(&format!("\n  {name}:\n")).unwrap_or_else(|| panic!("no {name}"));
        rest.split("\n  ")
            .scan(false, |ended, line| {
                let is_next = !line.starts_with([' ', '#']) && line.ends_with(':');
                *ended |= is_next;
                (!*ended).then_some(line)
            })
            .collect::<Vec<_>>()
            .join("\n")
    };
    assert!(section("SenderFunction").contains("RecursiveLoop: Allow"));
    assert!(TEMPLATE_YAML.contains("MetricName: RecursiveInvocationsDropped"));
    let api = section("Api");
    for route in SamTemplate::compiled_in().unwrap().api_routes() {
        let key = format!("\"{} {}\":", route.method, route.path);
        assert_eq!(api.contains(&key), route.public, "{key}");
    }
    // CloudWatch allows at most ten metrics in an alarm, so two alarms together watch the throttles of every function
    // with routes.
    for name in
        TEMPLATE_YAML.split("\n  ").filter_map(|line| line.strip_suffix(':')).filter(|name| name.ends_with("Alarm"))
    {
        assert!(section(name).matches("MetricStat:").count() <= 10, "{name}");
    }
    let of_throttles = ["FunctionThrottlesAlarm", "SettingsThrottlesAlarm"];
    let throttles: String = of_throttles.map(section).concat();
    for route in SamTemplate::compiled_in().unwrap().api_routes() {
        assert!(throttles.contains(&format!("Value: !Ref {}\n", route.function)), "{}", route.function);
    }
    for (function, denied) in [
        ("LeadsFunction", "[T#*#KEYS, T#*#WEBHOOKS]"),
        ("ActivityFunction", "[T#*#KEYS, T#*#WEBHOOKS]"),
        ("PhotosFunction", "[T#*#KEYS, T#*#WEBHOOKS]"),
        ("CleanupFunction", "[T#*#KEYS, T#*#WEBHOOKS]"),
        ("DashboardFunction", "[T#*#KEYS, T#*#WEBHOOKS]"),
        ("StatusesFunction", "[T#*#KEYS, T#*#WEBHOOKS]"),
        ("BusinessesFunction", "[T#*#KEYS, T#*#WEBHOOKS]"),
        ("CaptureFunction", "[T#*#KEYS, T#*#WEBHOOKS]"),
        ("KeysFunction", "[T#*#WEBHOOKS, T#*#FORMS]"),
        ("FormsFunction", "[T#*#KEYS, T#*#WEBHOOKS]"),
        ("WebhooksFunction", "[T#*#KEYS, T#*#FORMS]"),
        ("PublisherFunction", "T#*#KEYS"),
    ] {
        let function = section(function);
        assert!(
            function.contains("Effect: Deny") && function.contains(&format!("LeadingKeys: {denied}")),
            "{function}"
        );
    }
    // The template has a metric filter for each numeric field of the request's log line.
    for metric in ["ms", "trips", "readUnits", "writeUnits", "retries", "coldStart", "fault"] {
        assert!(
            TEMPLATE_YAML.contains(&format!(r#"FilterPattern: "{{ $.message = \"request\" && $.{metric} = * }}""#)),
            "{metric}"
        );
    }
}

/// A browser hides a response header from pages of other origins unless the gateway exposes it.
#[test]
fn every_response_header_of_the_contract_is_exposed_to_browsers() {
    let template = std::fs::read_to_string(crate::documents::repository_root().join("template.yaml")).unwrap();
    let exposed = template.split("ExposeHeaders: [").nth(1).and_then(|rest| rest.split(']').next()).unwrap();
    let exposed: BTreeSet<String> = exposed.split(", ").map(str::to_owned).collect();
    let contract: Value = serde_json::from_str(include_str!("../../functions/pages/openapi.json")).unwrap();
    let operations =
        contract["paths"].as_object().unwrap().values().flat_map(|path| path.as_object().unwrap().values());
    for operation in operations {
        for response in operation["responses"].as_object().into_iter().flat_map(|all| all.values()) {
            for name in response["headers"].as_object().into_iter().flat_map(|all| all.keys()) {
                let name = name.to_lowercase();
                // Browsers follow `Location` themselves.
                assert!(exposed.contains(&name) || name == "location", "{name}");
            }
        }
    }
}
