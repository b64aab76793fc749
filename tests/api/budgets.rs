//! What each endpoint costs, counted from the SDK's own traffic: the same in a team of 100 leads and of 10,000.
//!
//! `cargo test -p api budgets -- --nocapture` prints the table of the README.

use local::costs::{self, Endpoint, endpoints, fill};
use local::{Options, Traffic};
use serde_json::json;

use crate::harness::{Api, options};

/// By endpoint: trips in sequence, read units and write units, at most these.
const BUDGETS: [(&str, u32, f64, f64); 26] = [
    ("GET /leads/{id}", 1, 2.0, 0.0),
    ("GET /leads/statuses", 1, 1.0, 0.0),
    ("GET /leads", 1, 5.0, 0.0),
    ("GET /leads?status=", 1, 5.0, 0.0),
    ("GET /leads?business=", 2, 15.0, 0.0),
    ("GET /leads/search", 2, 25.0, 0.0),
    ("GET /leads/search, two words", 2, 25.0, 0.0),
    ("GET /leads/logs/{id}", 1, 3.0, 0.0),
    ("GET /leads/logs-and-comments/{id}", 1, 3.0, 0.0),
    ("GET /leads/leads-volume", 1, 6.0, 0.0),
    ("GET /leads/total-leads", 1, 6.0, 0.0),
    ("GET /leads/recent-leads", 1, 6.0, 0.0),
    ("POST /leads/comments/{id}", 2, 1.0, 10.0),
    ("PUT /leads/comments/{id}", 4, 3.0, 10.0),
    ("POST /leads/upload-photo", 1, 0.0, 3.0),
    ("POST /leads/upload-photo, with id", 5, 4.0, 14.0),
    ("DELETE /leads/delete-photo/{fileName}", 4, 3.0, 11.0),
    ("POST /leads", 2, 1.0, POST_LEADS),
    ("PUT /leads/{id}, one name", 2, 2.0, 25.0),
    ("PATCH /leads/{id}, one name", 2, 2.0, 25.0),
    ("PUT /leads/change-status, one", 2, 2.0, ONE_CHANGE),
    ("PATCH /leads/archive, one", 2, 2.0, ONE_CHANGE),
    ("DELETE /leads, one", 3, 1.0, 32.0),
    ("DELETE /leads/{id}", 3, 1.0, 32.0),
    ("DELETE /leads/comments/{id}", 4, 3.0, 10.0),
    // Fifty of different days take three transactions at once.
    ("PATCH /leads/archive, 50", 2, 51.0, 50.0 * ONE_OF_MANY),
];

/// Three more than the design allows: its counters know neither the source, by which lists filter and count exactly (a
/// counter and an index entry, 3), nor what any filter costs the same with at any size.
const POST_LEADS: f64 = 48.0;
/// The design allows 12 a lead. A lead alone pays for its five counters (10) by itself.
const ONE_CHANGE: f64 = 20.0;
/// Leads of different days share two of their counters alone: 2 more than the design, for the counter of the source.
const ONE_OF_MANY: f64 = 14.0;

async fn measure(api: &Api, team: &str, endpoint: &Endpoint) -> Traffic {
    let token = api.caller(team, "Owner").authorization.expect("a token");
    let token = token.trim_start_matches("Bearer ");
    let traffic = costs::measure(&api.gateway, api.door(), token, endpoint).await.expect("an answer");
    // The log says the same as what passed the door.
    let line = crate::log::last_of(team);
    let logged = |field: &str| line[field].as_f64();
    let told = (logged("trips"), logged("readUnits"), logged("writeUnits"));
    assert_eq!(told, (Some(f64::from(traffic.trips)), Some(traffic.reads), Some(traffic.writes)), "{}", endpoint.name);
    traffic
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cost_of_an_endpoint_does_not_depend_on_the_size_of_the_team() {
    let api = Api::start(Options { doors: true, ..options() }).await;
    // Both over the same 60 days.
    for (team, leads) in [("small", 100), ("large", 10_000)] {
        let owner = api.caller(team, "Owner");
        fill(&api.dynamodb, &api.table, team, leads, |n| n % 60).await.expect("leads");
        // A timeline that fills a page with both.
        for n in 0..20 {
            owner.post("/leads/comments/3", json!({ "content": format!("This is comment {n}.") })).await.expect(201);
        }
        // The authorizer's keys and the connections are there before anything is counted.
        assert_eq!(owner.get("/leads").await.expect(200)["count"], leads);
    }
    // As the clean-up leaves it each hour: what is over is folded, and then removed.
    api.clean_up(0).await;
    api.clean_up(1).await;
    println!("| Endpoint | Trips | Read units | Write units |\n|---|--:|--:|--:|");
    let mut missed = Vec::new();
    let measured = endpoints();
    assert!(measured.iter().map(|endpoint| endpoint.name).eq(BUDGETS.map(|budget| budget.0)));
    for (endpoint, (name, trips, reads, writes)) in measured.iter().zip(BUDGETS) {
        let (at_100, at_10_000) = (measure(&api, "small", endpoint).await, measure(&api, "large", endpoint).await);
        println!("| {name} | {} | {} | {} |", at_10_000.trips, at_10_000.reads, at_10_000.writes);
        // A dashboard reads four counters a day. A hundred leads do not fill those of 60 days; more than 240 change nothing.
        let filling = ["GET /leads/leads-volume", "GET /leads/total-leads"].contains(&name);
        let fewer = Traffic { reads: at_10_000.reads, ..at_100 } == at_10_000 && at_100.reads <= at_10_000.reads;
        if at_100 != at_10_000 && !(filling && fewer) {
            missed.push(format!("{name}: {at_100:?} at 100, {at_10_000:?} at 10,000"));
        }
        // DynamoDB Local does not count the units of transactions as AWS says that it does.
        let written = if options().dynamodb.is_some() { 0.0 } else { at_10_000.writes };
        if at_10_000.trips > trips || at_10_000.reads > reads || written > writes {
            missed.push(format!("{name}: {at_10_000:?}"));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
    api.audit().await;
}

/// Four leads a day fill every shard of every day's counter: more leads only make the numbers in them larger.
#[tokio::test(flavor = "multi_thread")]
async fn a_dashboard_over_every_counter_keeps_its_budget() {
    let api = Api::start(Options { doors: true, ..options() }).await;
    let owner = api.caller("full", "Owner");
    fill(&api.dynamodb, &api.table, "full", 240, |n| n / 4).await.expect("leads");
    api.clean_up(0).await;
    api.clean_up(1).await;
    owner.get("/leads").await.expect(200);
    let volume = endpoints().into_iter().find(|endpoint| endpoint.name == "GET /leads/leads-volume").expect("it");
    let traffic = measure(&api, "full", &volume).await;
    assert!(traffic.trips == 1 && traffic.reads <= 6.0, "{traffic:?}");
    let body = owner.get("/leads/leads-volume").await.expect(200);
    assert_eq!((&body["totalLeadsAmount"], &body["percentageChange"]), (&json!(120), &json!(0.0)));
    api.audit().await;
}
