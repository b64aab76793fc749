//! Template, routers and README say the same, and the document's examples work as they stand.

use std::collections::BTreeSet;

use local::{Options, Template};
use serde_json::{Value, json};

use crate::harness::{Api, options};

fn demo() -> Options {
    Options { demo: true, ..options() }
}

#[test]
fn the_readme_lists_the_routes_of_the_template() {
    let readme = include_str!("../../README.md");
    let rows = readme.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    // A row with a query is one more way to use a route that has a row of its own.
    let is_route = |route: &String| route.contains(" /") && !route.contains('?');
    let listed: BTreeSet<String> = rows.map(|(route, _)| route.to_owned()).filter(is_route).collect();
    let declared = Template::load().unwrap().routes().iter().map(|r| format!("{} {}", r.method, r.path)).collect();
    assert_eq!(listed, declared);
}

/// A route that the template has and its function does not know would be the function's own 404.
#[tokio::test(flavor = "multi_thread")]
async fn every_function_knows_its_routes() {
    let api = Api::start(options()).await;
    let owner = api.owner();
    for route in Template::load().unwrap().routes() {
        let reply = owner.send(&route.method, &route.path.replace("{id}", "1"), &[], "").await;
        assert_ne!(reply.body["message"], "Not found", "{} {}", route.method, route.path);
        assert_ne!(reply.status, 405, "{} {}", route.method, route.path);
    }
}

/// The files that `sam local invoke -e` is given: one a route, and each succeeds on a system that was just started.
#[tokio::test(flavor = "multi_thread")]
async fn every_route_has_a_sample_event_that_works() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events");
    let names = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let routes = Template::load().unwrap().routes();
    let expected: BTreeSet<String> = routes.iter().map(|route| format!("{}.json", route.event())).collect();
    assert_eq!(names.collect::<BTreeSet<_>>(), expected);
    for route in routes {
        let text = std::fs::read_to_string(folder.join(format!("{}.json", route.event()))).unwrap();
        let event: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(event["routeKey"], format!("{} {}", route.method, route.path));
        let api = Api::start(demo()).await;
        if route.path.starts_with("/leads/status/") || route.path.starts_with("/businesses/") {
            // Only what no lead has can be deleted.
            let owner = api.caller("demo", "Owner");
            owner.delete("/leads", json!({ "ids": (1..=60).collect::<Vec<u64>>() })).await.expect(200);
        }
        let answer = api.gateway.replay(&route, &event).await.unwrap();
        let body = String::from_utf8_lossy(answer.body());
        assert!(answer.status().is_success(), "{}: {} {body}", route.event(), answer.status());
    }
}

/// The example request of POST and PUT /leads, to the letter.
const LEAD: &str = r#"{
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

/// Each of these on a system that was just started.
#[tokio::test(flavor = "multi_thread")]
async fn the_documents_examples_work_verbatim() {
    let ids = r#"{"ids": [1,2,3]}"#;
    let examples = [
        ("GET", "/leads", "", 200),
        ("GET", "/leads/search?search=ad", "", 200),
        ("GET", "/leads/1", "", 200),
        ("GET", "/leads/statuses", "", 200),
        ("POST", "/leads", LEAD, 201),
        ("POST", "/leads/status", r#"{"name": "New","primaryColor": "blue"}"#, 400),
        ("POST", "/leads/status", r#"{"name": "Newer","primaryColor": "blue"}"#, 201),
        ("PATCH", "/leads/archive", ids, 200),
        ("PATCH", "/leads/restore", ids, 200),
        ("PUT", "/leads/1", LEAD, 200),
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
    ];
    for (method, path, body, status) in examples {
        let api = Api::start(demo()).await;
        let owner = api.caller("demo", "Owner");
        let reply = owner.send(method, path, &[("content-type", "application/json"), ("accept", "*/*")], body).await;
        assert_eq!(reply.status, status, "{method} {path}: {}", reply.body);
        api.audit().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_team_is_worth_looking_at() {
    let api = Api::start(demo()).await;
    let owner = api.caller("demo", "Owner");
    assert_eq!(owner.get("/leads").await.expect(200)["count"], 60);
    assert_eq!(owner.get("/businesses").await.expect(200)["count"], 3);
    let days: BTreeSet<String> = owner
        .walk("/leads?limit=100", "leads")
        .await
        .iter()
        .map(|lead| lead["createdAt"].as_str().unwrap()[..10].to_owned())
        .collect();
    assert!(days.len() >= 55, "{days:?}");
    let created: Value = owner.send("POST", "/leads", &[("content-type", "application/json")], LEAD).await.expect(201);
    assert_eq!(
        (&created["id"], &created["photo"], &created["status"]),
        (&json!(61), &json!("photo.jpg"), &json!("New"))
    );
    let read = owner.get("/leads/61").await.expect(200);
    let url = read["photoUrl"].as_str().unwrap();
    assert!(url.contains("/photos/demo/photo.jpg?") && url.contains("X-Amz-Expires=900"), "{url}");
    // A photo belongs to one lead.
    let again = LEAD.replace("john.doe@", "jane.doe@");
    owner.send("POST", "/leads", &[("content-type", "application/json")], again).await.names(&["photo"]);
    // Cleared, replaced or deleted with its lead, it is gone.
    owner.put("/leads/61", crate::harness::change(json!({ "photo": "" }))).await.expect(200);
    assert_eq!(owner.get("/leads/61").await.expect(200).get("photoUrl"), None);
    api.audit().await;
}
