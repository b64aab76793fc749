//! What the endpoints ask of DynamoDB, counted at the door: for the budgets that the tests hold them to, and for the bench.

use anyhow::{Context as _, Result, ensure};
use axum::body::Bytes;
use axum::http::Request;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::SignedDuration;
use serde_json::{Value, json};
use shared::model::{Actor, Answer, Input, NewLead, Timestamp, User};
use shared::table::Table;

use crate::door::{Door, Traffic};
use crate::examples::{PIXEL, change, example_with};
use crate::gateway::Gateway;

/// Where the path of an endpoint needs the name of a photo.
const PHOTO: &str = "{photo}";

/// One request of an endpoint, to a team that [`fill`] filled.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// What it is called in tables.
    pub name: &'static str,
    /// `GET`
    pub method: &'static str,
    /// `/leads/7`
    pub path: &'static str,
    /// `null` is none.
    pub body: Value,
}

/// The endpoints whose cost is measured, each with a request like the document's example.
pub fn endpoints() -> Vec<Endpoint> {
    let get = |name, path| Endpoint { name, method: "GET", path, body: Value::Null };
    let send = |name, method, path, body| Endpoint { name, method, path, body };
    let many: Vec<u64> = (20..70).collect();
    vec![
        get("GET /leads/{id}", "/leads/7"),
        get("GET /leads/statuses", "/leads/statuses"),
        get("GET /leads", "/leads"),
        get("GET /leads?status=", "/leads?status=1"),
        get("GET /leads?business=", "/leads?business=1"),
        get("GET /leads/search", "/leads/search?search=john"),
        get("GET /leads/search, two words", "/leads/search?search=john+doe"),
        get("GET /leads/logs/{id}", "/leads/logs/3"),
        get("GET /leads/logs-and-comments/{id}", "/leads/logs-and-comments/3"),
        get("GET /leads/leads-volume", "/leads/leads-volume"),
        get("GET /leads/total-leads", "/leads/total-leads"),
        get("GET /leads/recent-leads", "/leads/recent-leads"),
        send("POST /leads/comments/{id}", "POST", "/leads/comments/4", json!({ "content": "This is a comment." })),
        send("PUT /leads/comments/{id}", "PUT", "/leads/comments/1", json!({ "content": "Edited." })),
        send("POST /leads/upload-photo", "POST", "/leads/upload-photo", json!({ "photo": PIXEL })),
        send("POST /leads/upload-photo, with id", "POST", "/leads/upload-photo", json!({ "id": 11, "photo": PIXEL })),
        send("DELETE /leads/delete-photo/{fileName}", "DELETE", "/leads/delete-photo/{photo}", Value::Null),
        send("POST /leads", "POST", "/leads", lead(999_999)),
        send("PUT /leads/{id}, one name", "PUT", "/leads/7", change(json!({ "firstName": "Jane" }))),
        send("PATCH /leads/{id}, one name", "PATCH", "/leads/13", json!({ "firstName": "Jane" })),
        send("PUT /leads/change-status, one", "PUT", "/leads/change-status", json!({ "ids": [8], "statusId": 2 })),
        send("PATCH /leads/archive, one", "PATCH", "/leads/archive", json!({ "ids": [9] })),
        send("DELETE /leads, one", "DELETE", "/leads", json!({ "ids": [10] })),
        send("DELETE /leads/{id}", "DELETE", "/leads/14", Value::Null),
        send("DELETE /leads/comments/{id}", "DELETE", "/leads/comments/2", Value::Null),
        send("PATCH /leads/archive, 50", "PATCH", "/leads/archive", json!({ "ids": many })),
    ]
}

/// The example with an address for each `n`, and its three businesses.
pub fn lead(n: u64) -> Value {
    example_with(&format!("john.doe{n}@example.com"), json!({ "business": [1, 2, 3] }))
}

/// Fills a team with three businesses and `n` of the document's example lead, each so many days old, past the gateway and
/// as requests would write them.
pub async fn fill(
    client: &aws_sdk_dynamodb::Client,
    table: &str,
    team: &str,
    n: u64,
    days_old: impl Fn(u64) -> u64,
) -> Result<()> {
    let table = Table::new(client.clone(), table);
    let user = User { id: 1, email: "o@example.com".into(), first_name: "O".into(), last_name: "W".into() };
    let now = Timestamp::from(jiff::Timestamp::now());
    let team = team.parse().map_err(|()| anyhow::anyhow!("not a team's id"))?;
    let actor = Actor { team, user, at: now };
    let nothing = || Answer::ok(Value::Null);
    for n in 1..=3 {
        let business = shared::model::BusinessInput { name: format!("Business {n}") };
        table.add_business(&actor, &business, None, |_| nothing()).await?;
    }
    let creations = (0..n).map(|n| {
        let at = now.plus(-SignedDuration::from_hours(24 * i64::try_from(days_old(n)).unwrap_or_default()));
        let (table, actor) = (table.clone(), Actor { at, ..actor.clone() });
        async move {
            let new = NewLead::read(lead(n), &mut Vec::new()).context("not a lead")?;
            table.create_lead(&actor, &new, None, |_, _| nothing()).await?;
            anyhow::Ok(())
        }
    });
    stream::iter(creations).buffer_unordered(8).try_collect().await
}

/// Sends an endpoint's request, and counts what passes the door.
///
/// # Errors
/// When it is refused, or scans.
pub async fn measure(gateway: &Gateway, door: &Door, token: &str, endpoint: &Endpoint) -> Result<Traffic> {
    let mut path = endpoint.path.to_owned();
    if path.contains(PHOTO) {
        let upload = json!({ "id": 12, "photo": PIXEL });
        let photo = send(gateway, token, "POST", "/leads/upload-photo", &upload).await?;
        path = path.replace(PHOTO, photo.as_str().context("no file name")?);
    }
    traffic(gateway, door, token, endpoint.method, &path, &endpoint.body).await.context(endpoint.name)
}

/// Sends one request, and counts what passes the door.
///
/// # Errors
/// When it is refused, or scans.
pub async fn traffic(
    gateway: &Gateway,
    door: &Door,
    token: &str,
    method: &str,
    path: &str,
    body: &Value,
) -> Result<Traffic> {
    door.count();
    let answer = send(gateway, token, method, path, body).await;
    let (traffic, operations) = door.counted();
    answer?;
    ensure!(!operations.iter().any(|operation| operation == "Scan"), "{method} {path}: {operations:?}");
    Ok(traffic)
}

/// Sends a request, and gives its answer.
///
/// # Errors
/// When it is refused.
pub async fn send(gateway: &Gateway, token: &str, method: &str, path: &str, body: &Value) -> Result<Value> {
    let request = Request::builder().method(method).uri(path).header("host", "localhost");
    let request = request.header("authorization", format!("Bearer {token}")).header("content-type", "application/json");
    let body = if body.is_null() { Bytes::new() } else { body.to_string().into() };
    let answer = gateway.call(request.body(body)?).await;
    ensure!(answer.status().is_success(), "{method} {path}: {}: {:?}", answer.status(), answer.body());
    Ok(serde_json::from_slice(answer.body())?)
}
