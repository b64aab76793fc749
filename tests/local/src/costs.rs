//! Measures what requests cost in DynamoDB, by the counters of the fault injector, for the budget tests and benches.

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use axum::body::Bytes;
use axum::http::Request;
use serde_json::{Value, json};

use crate::examples::{PIXEL_GIF_BASE64, put_body_with};
use crate::fault_injector::{CountedTraffic, FaultInjector};
use crate::gateway::Gateway;
use crate::large_teams::example_lead_fields;

/// Number of ticks in a second. `/proc/self/stat` counts processor time in ticks.
const TICKS_PER_SECOND: u64 = 100;
/// Placeholder in an endpoint's path for the file name of an uploaded photo.
const PHOTO_PLACEHOLDER: &str = "{photo}";

/// A request to an endpoint, whose cost is measured.
#[derive(Clone, Debug)]
pub struct MeasuredRequest {
    /// Name of the endpoint in printed tables.
    pub name: &'static str,
    /// HTTP method, for example `GET`.
    pub method: &'static str,
    /// Path, for example `/leads/7`.
    pub path: String,
    /// JSON body of the request, or `null` for no body. If the path contains `{photo}`, the body of the photo upload
    /// that precedes the request.
    pub body: Value,
}

impl MeasuredRequest {
    /// A `GET` request without a body.
    pub(crate) fn get_request(name: &'static str, path: impl Into<String>) -> Self {
        Self { name, method: "GET", path: path.into(), body: Value::Null }
    }

    fn request_with_body(name: &'static str, method: &'static str, path: impl Into<String>, body: Value) -> Self {
        Self { name, method, path: path.into(), body }
    }
}

/// The endpoints to measure, each with a request like the examples of the original API document. The requests use leads
/// from `first + 1` to `first + 70` and the comments 1 and 2, which must exist.
pub fn requests_to_measure(first: u64) -> Vec<MeasuredRequest> {
    let id = |n: u64| first + n;
    let many: Vec<u64> = (20..70).map(id).collect();
    let read = |name, path: &str| MeasuredRequest::get_request(name, path);
    let write = |name, method, path: &str, body| MeasuredRequest::request_with_body(name, method, path, body);
    let batch = |name, row: fn(u64) -> Value| {
        let rows: Vec<Value> = (0..100).map(row).collect();
        write(name, "POST", "/leads/batch", json!({ "mode": "create", "leads": rows }))
    };
    let of = |path: &str, n: u64| format!("{path}/{}", id(n));
    let with_external_id = |n, id: &str| {
        let mut lead = example_lead_fields(n);
        lead["externalIds"] = json!({ "hubspot": id });
        lead
    };
    vec![
        read("GET /leads/{id}", &of("/leads", 7)),
        read("GET /leads/statuses", "/leads/statuses"),
        read("GET /leads", "/leads"),
        read("GET /leads?status=", "/leads?status=1"),
        read("GET /leads?business=", "/leads?business=1"),
        read("GET /leads/search", "/leads/search?search=john"),
        read("GET /leads/search, two words", "/leads/search?search=john+doe"),
        read("GET /leads/logs/{id}", &of("/leads/logs", 3)),
        read("GET /leads/logs-and-comments/{id}", &of("/leads/logs-and-comments", 3)),
        read("GET /leads/leads-volume", "/leads/leads-volume"),
        read("GET /leads/total-leads", "/leads/total-leads"),
        read("GET /leads/recent-leads", "/leads/recent-leads"),
        write(
            "POST /leads/comments/{id}",
            "POST",
            &of("/leads/comments", 4),
            json!({ "content": "This is a comment." }),
        ),
        write("PUT /leads/comments/{id}", "PUT", "/leads/comments/1", json!({ "content": "Edited." })),
        write("POST /leads/upload-photo", "POST", "/leads/upload-photo", json!({ "photo": PIXEL_GIF_BASE64 })),
        write(
            "POST /leads/upload-photo, with id",
            "POST",
            "/leads/upload-photo",
            json!({ "id": id(11), "photo": PIXEL_GIF_BASE64 }),
        ),
        write(
            "DELETE /leads/delete-photo/{fileName}",
            "DELETE",
            "/leads/delete-photo/{photo}",
            json!({ "id": id(12), "photo": PIXEL_GIF_BASE64 }),
        ),
        write("POST /leads", "POST", "/leads", example_lead_fields(999_999)),
        write("PUT /leads/{id}, one name", "PUT", &of("/leads", 7), put_body_with(json!({ "firstName": "Jane" }))),
        write("PATCH /leads/{id}, one name", "PATCH", &of("/leads", 13), json!({ "firstName": "Jane" })),
        write("PUT /leads/change-status, one", "PUT", "/leads/change-status", json!({ "ids": [id(8)], "statusId": 2 })),
        write("PATCH /leads/archive, one", "PATCH", "/leads/archive", json!({ "ids": [id(9)] })),
        write("DELETE /leads, one", "DELETE", "/leads", json!({ "ids": [id(10)] })),
        write("DELETE /leads/{id}", "DELETE", &of("/leads", 14), Value::Null),
        write("DELETE /leads/comments/{id}", "DELETE", "/leads/comments/2", Value::Null),
        write("POST /leads, with an external id", "POST", "/leads", with_external_id(999_998, "511")),
        write("PATCH /leads/by/{system}/{id}, new", "PATCH", "/leads/by/hubspot/512", example_lead_fields(999_997)),
        write(
            "PATCH /leads/by/{system}/{id}, one name",
            "PATCH",
            "/leads/by/hubspot/512",
            json!({ "firstName": "Jane" }),
        ),
        read("GET /leads/by/{system}/{id}", "/leads/by/hubspot/512"),
        write("PATCH /leads/archive, 50", "PATCH", "/leads/archive", json!({ "ids": many })),
        read("GET /leads/export, 100", "/leads/export?limit=100"),
        batch("POST /leads/batch, 100", |n| example_lead_fields(2_000_000 + n)),
        batch(
            "POST /leads/batch, 100 names",
            |n| json!({ "firstName": "John", "lastName": "Doe", "email": format!("john.doe{}@example.com", 3_000_000 + n) }),
        ),
    ]
}

/// Sends an endpoint's request and returns the DynamoDB traffic that the request caused. If the path contains
/// `{photo}`, uploads a photo first, whose traffic is not counted.
///
/// # Errors
/// If the upload or the request does not succeed, or if the request scans the table.
pub async fn measure_cost_of_request(
    gateway: &Gateway,
    faults: &FaultInjector,
    token: &str,
    endpoint: &MeasuredRequest,
) -> Result<CountedTraffic> {
    if !endpoint.path.contains(PHOTO_PLACEHOLDER) {
        return measure_traffic(gateway, faults, token, endpoint.method, &endpoint.path, &endpoint.body)
            .await
            .context(endpoint.name);
    }
    let photo = send_json_request(gateway, token, "POST", "/leads/upload-photo", &endpoint.body).await?;
    let path = endpoint.path.replace(PHOTO_PLACEHOLDER, photo.as_str().context("no file name")?);
    measure_traffic(gateway, faults, token, endpoint.method, &path, &Value::Null).await.context(endpoint.name)
}

/// Sends a request and returns the DynamoDB traffic that the request caused.
///
/// # Errors
/// If the status of the answer is not 2xx, or if the request scans the table.
pub async fn measure_traffic(
    gateway: &Gateway,
    faults: &FaultInjector,
    token: &str,
    method: &str,
    path: &str,
    body: &Value,
) -> Result<CountedTraffic> {
    faults.start_counting_requests();
    let answer = send_json_request(gateway, token, method, path, body).await;
    let (traffic, operations) = faults.stop_counting_requests();
    answer?;
    ensure!(!operations.iter().any(|operation| operation == "Scan"), "{method} {path}: {operations:?}");
    Ok(traffic)
}

/// Sends a request through the gateway and returns the JSON body of the answer, or `null` if the answer is not JSON.
///
/// # Errors
/// If the status of the answer is not 2xx.
pub async fn send_json_request(
    gateway: &Gateway,
    token: &str,
    method: &str,
    path: &str,
    body: &Value,
) -> Result<Value> {
    let request = Request::builder().method(method).uri(path).header("host", "localhost");
    let request = request.header("authorization", format!("Bearer {token}")).header("content-type", "application/json");
    let body = if body.is_null() { Bytes::new() } else { body.to_string().into() };
    let answer = gateway.answer_request(request.body(body)?).await;
    ensure!(answer.status().is_success(), "{method} {path}: {}: {:?}", answer.status(), answer.body());
    let json = answer.headers().get("content-type").is_some_and(|kind| kind == "application/json");
    Ok(if json { serde_json::from_slice(answer.body())? } else { Value::Null })
}

/// Processor time that this process has used so far. <https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html>
///
/// # Errors
/// On systems without `/proc`.
pub fn cpu_time_of_process() -> Result<Duration> {
    let text = fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = text.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks = |n: usize| fields.get(n).and_then(|field| field.parse::<u64>().ok()).context("not a number");
    Ok(Duration::from_millis((ticks(11)? + ticks(12)?) * 1000 / TICKS_PER_SECOND))
}
