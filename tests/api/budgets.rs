//! What each endpoint costs, counted from the SDK's own traffic: the same in a team of 100 leads and of 10,000.
//!
//! `cargo test -p api budgets -- --nocapture` prints the table of the README.

use local::Traffic;
use serde_json::{Value, json};
use shared::model::{Actor, Answer, Input, NewLead, User};
use shared::table::Table;

use crate::access::PIXEL;
use crate::harness::{Api, Caller, change, example_with, options};

/// Trips in sequence, read units, write units: at most these.
struct Budget {
    name: &'static str,
    method: &'static str,
    path: String,
    body: Value,
    trips: u32,
    reads: f64,
    writes: f64,
}

fn reading(name: &'static str, path: &str, trips: u32, reads: f64) -> Budget {
    Budget { name, method: "GET", path: path.into(), body: Value::Null, trips, reads, writes: 0.0 }
}

fn lead(n: u64) -> Value {
    example_with(&format!("john.doe{n}@example.com"), json!({ "business": [1, 2, 3] }))
}

/// `n` of the document's example lead, each so many days old, written past the gateway as requests would write them.
async fn fill(api: &Api, team: &str, n: u64, days_old: impl Fn(u64) -> u64) {
    use futures_util::StreamExt as _;
    api.caller(team, "Owner").businesses(3).await;
    let table = Table::new(api.dynamodb.clone(), &api.table);
    let user = User { id: 1, email: "o@example.com".into(), first_name: "O".into(), last_name: "W".into() };
    let now = jiff::Timestamp::now().round(jiff::Unit::Millisecond).unwrap();
    let create = async |n: u64| {
        let at = now - jiff::SignedDuration::from_hours(24 * days_old(n) as i64);
        let actor = Actor { team: team.parse().unwrap(), user: user.clone(), at };
        let new = NewLead::read(lead(n), &mut Vec::new()).unwrap();
        table.create_lead(&actor, new, None, |_, _| Answer::ok(&Value::Null)).await.unwrap();
    };
    futures_util::stream::iter(0..n).for_each_concurrent(8, create).await;
}

async fn measure(caller: &Caller<'_>, team: &str, budget: &Budget) -> Traffic {
    let body = if budget.body.is_null() { String::new() } else { budget.body.to_string() };
    let mut path = budget.path.clone();
    if path.contains("{photo of 12}") {
        let photo = caller.post("/leads/upload-photo", json!({ "id": 12, "photo": PIXEL })).await.expect(200);
        path = path.replace("{photo of 12}", photo.as_str().expect("a file name"));
    }
    caller.api.door().count();
    let reply = caller.send(budget.method, &path, &[("content-type", "application/json")], body).await;
    let (traffic, operations) = caller.api.door().counted();
    // The log says the same as what passed the door.
    let line = crate::log::last_of(team);
    let logged = |field: &str| line[field].as_f64();
    let told = (logged("trips"), logged("readUnits"), logged("writeUnits"));
    assert_eq!(told, (Some(f64::from(traffic.trips)), Some(traffic.reads), Some(traffic.writes)), "{}", budget.name);
    assert!(reply.status < 300, "{}: {}", budget.name, reply.body);
    assert!(!operations.contains(&"Scan".to_owned()), "{}: {operations:?}", budget.name);
    traffic
}

fn budgets() -> Vec<Budget> {
    let write = |name, method, path: &str, body, reads, writes| Budget {
        name,
        method,
        path: path.into(),
        body,
        trips: 2,
        reads,
        writes,
    };
    let many: Vec<u64> = (20..70).collect();
    let each = many.len() as f64;
    vec![
        reading("GET /leads/{id}", "/leads/7", 1, 2.0),
        reading("GET /leads/statuses", "/leads/statuses", 1, 1.0),
        reading("GET /leads", "/leads", 1, 5.0),
        reading("GET /leads?status=", "/leads?status=1", 1, 5.0),
        reading("GET /leads?business=", "/leads?business=1", 2, 15.0),
        reading("GET /leads/search", "/leads/search?search=john", 2, 25.0),
        reading("GET /leads/search, two words", "/leads/search?search=john+doe", 2, 25.0),
        reading("GET /leads/logs/{id}", "/leads/logs/3", 1, 3.0),
        reading("GET /leads/logs-and-comments/{id}", "/leads/logs-and-comments/3", 1, 3.0),
        reading("GET /leads/leads-volume", "/leads/leads-volume", 1, 6.0),
        reading("GET /leads/total-leads", "/leads/total-leads", 1, 6.0),
        reading("GET /leads/recent-leads", "/leads/recent-leads", 1, 6.0),
        write(
            "POST /leads/comments/{id}",
            "POST",
            "/leads/comments/4",
            json!({ "content": "This is a comment." }),
            1.0,
            10.0,
        ),
        Budget {
            trips: 4,
            ..write("PUT /leads/comments/{id}", "PUT", "/leads/comments/1", json!({ "content": "Edited." }), 3.0, 10.0)
        },
        Budget {
            trips: 1,
            ..write("POST /leads/upload-photo", "POST", "/leads/upload-photo", json!({ "photo": PIXEL }), 0.0, 3.0)
        },
        Budget {
            trips: 5,
            ..write(
                "POST /leads/upload-photo, with id",
                "POST",
                "/leads/upload-photo",
                json!({ "id": 11, "photo": PIXEL }),
                4.0,
                14.0,
            )
        },
        Budget {
            trips: 4,
            ..write(
                "DELETE /leads/delete-photo/{fileName}",
                "DELETE",
                "/leads/delete-photo/{photo of 12}",
                Value::Null,
                3.0,
                11.0,
            )
        },
        write("POST /leads", "POST", "/leads", lead(999_999), 1.0, POST_LEADS),
        write("PUT /leads/{id}, one name", "PUT", "/leads/7", change(json!({ "firstName": "Jane" })), 2.0, 25.0),
        write(
            "PUT /leads/change-status, one",
            "PUT",
            "/leads/change-status",
            json!({ "ids": [8], "statusId": 2 }),
            2.0,
            ONE_CHANGE,
        ),
        write("PATCH /leads/archive, one", "PATCH", "/leads/archive", json!({ "ids": [9] }), 2.0, ONE_CHANGE),
        Budget { trips: 5, ..write("DELETE /leads, one", "DELETE", "/leads", json!({ "ids": [10] }), 2.0, 33.0) },
        // Fifty of different days take three transactions, one after the other.
        Budget {
            trips: 4,
            ..write(
                "PATCH /leads/archive, 50",
                "PATCH",
                "/leads/archive",
                json!({ "ids": many }),
                each + 1.0,
                each * ONE_OF_MANY,
            )
        },
    ]
}

/// One more than the design allows: its counters do not know the source, by which lists filter and count exactly. The
/// source costs a counter (2) and an index entry (1).
const POST_LEADS: f64 = 46.0;
/// The design allows 12 a lead. A lead alone pays for its four counters (8) by itself.
const ONE_CHANGE: f64 = 18.0;
/// Leads of different days share two of their counters alone: 2 more than the design, for the counter of the source.
const ONE_OF_MANY: f64 = 14.0;

#[tokio::test(flavor = "multi_thread")]
async fn the_cost_of_an_endpoint_does_not_depend_on_the_size_of_the_team() {
    let api = Api::start(local::Options { doors: true, ..options() }).await;
    // Both over the same 60 days.
    fill(&api, "small", 100, |n| n % 60).await;
    fill(&api, "large", 10_000, |n| n % 60).await;
    let (small, large) = (api.caller("small", "Owner"), api.caller("large", "Owner"));
    // A timeline that fills a page with both.
    for owner in [&small, &large] {
        for n in 0..20 {
            owner.post("/leads/comments/3", json!({ "content": format!("This is comment {n}.") })).await.expect(201);
        }
    }
    // The authorizer's keys and the connections are there before anything is counted.
    assert_eq!(small.get("/leads").await.expect(200)["count"], 100);
    assert_eq!(large.get("/leads").await.expect(200)["count"], 10_000);
    println!("| Endpoint | Trips | Read units | Write units |\n|---|--:|--:|--:|");
    let mut missed = Vec::new();
    for budget in budgets() {
        let (at_100, at_10_000) = (measure(&small, "small", &budget).await, measure(&large, "large", &budget).await);
        println!("| {} | {} | {} | {} |", budget.name, at_10_000.trips, at_10_000.reads, at_10_000.writes);
        // A dashboard reads four counters a day. A hundred leads do not fill those of 60 days; more than 240 change nothing.
        let filling = ["GET /leads/leads-volume", "GET /leads/total-leads"].contains(&budget.name);
        let fewer = Traffic { reads: at_10_000.reads, ..at_100 } == at_10_000 && at_100.reads <= at_10_000.reads;
        if at_100 != at_10_000 && !(filling && fewer) {
            missed.push(format!("{}: {at_100:?} at 100, {at_10_000:?} at 10,000", budget.name));
        }
        // DynamoDB Local does not count the units of transactions as AWS says that it does.
        let writes = if options().dynamodb.is_some() { 0.0 } else { at_10_000.writes };
        if at_10_000.trips > budget.trips || at_10_000.reads > budget.reads || writes > budget.writes {
            missed.push(format!("{}: {at_10_000:?}", budget.name));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
    api.audit().await;
}

/// Four leads a day fill every shard of every day's counter: more leads only make the numbers in them larger.
#[tokio::test(flavor = "multi_thread")]
async fn a_dashboard_over_every_counter_keeps_its_budget() {
    let api = Api::start(local::Options { doors: true, ..options() }).await;
    fill(&api, "full", 240, |n| n / 4).await;
    let owner = api.caller("full", "Owner");
    owner.get("/leads").await.expect(200);
    let volume = reading("GET /leads/leads-volume", "/leads/leads-volume", 1, 6.0);
    let traffic = measure(&owner, "full", &volume).await;
    assert!(traffic.trips == 1 && traffic.reads <= volume.reads, "{traffic:?}");
    let body = owner.get("/leads/leads-volume").await.expect(200);
    assert_eq!((&body["totalLeadsAmount"], &body["percentageChange"]), (&json!(120), &json!(0.0)));
    api.audit().await;
}
