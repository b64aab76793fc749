//! Limits on the round trips and the read and write units of each endpoint, counted in the SDK's traffic, for varied
//! teams of 100 and 10,000 leads.
//!
//! `cargo test -p api budgets -- --nocapture` prints the table of `docs/access-patterns.md`.

use std::time::Duration;

use local::costs::{self, MeasuredRequest, requests_to_measure};
use local::large_teams::{VariedTeam, add_example_leads, fill_team};
use local::{CountedTraffic, StackOptions};
use serde_json::{Value, json};

use crate::harness::{TestCaller, TestStack, example_lead, example_lead_with, test_options, with_fault_injection};
use crate::receiver::WebhookReceiver;

/// Maximum number of sequential round trips, of read units and of write units, by endpoint.
const MAX_ENDPOINT_COSTS: [(&str, u32, f64, f64); 33] = [
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
    ("POST /leads", 2, 1.0, CREATE_LEAD_WRITE_UNITS),
    ("PUT /leads/{id}, one name", 2, 2.0, 25.0),
    ("PATCH /leads/{id}, one name", 2, 2.0, 25.0),
    ("PUT /leads/change-status, one", 2, 2.0, CHANGE_LEAD_WRITE_UNITS),
    ("PATCH /leads/archive, one", 2, 2.0, CHANGE_LEAD_WRITE_UNITS),
    ("DELETE /leads, one", 3, 1.0, 32.0),
    ("DELETE /leads/{id}", 3, 1.0, 32.0),
    ("DELETE /leads/comments/{id}", 4, 3.0, 10.0),
    ("POST /leads, with an external id", 2, 1.0, CREATE_LEAD_WRITE_UNITS + 2.0),
    // The log id is allocated before it is known that a lead is needed, and the lead's id afterwards, for one unit each.
    ("PATCH /leads/by/{system}/{id}, new", 3, 3.0, CREATE_LEAD_WRITE_UNITS + 3.0),
    ("PATCH /leads/by/{system}/{id}, one name", 3, 3.0, 25.0),
    ("GET /leads/by/{system}/{id}", 2, 3.0, 0.0),
    // Archives fifty leads that were created on different days, so that the leads share few counters. The endpoint
    // sends three concurrent transactions.
    ("PATCH /leads/archive, 50", 2, 51.0, 50.0 * BULK_WRITE_UNITS_PER_LEAD),
    // The export reads the index entries, and then each lead for half a unit, because no index holds all fields of a
    // lead.
    ("GET /leads/export, 100", 2, 65.0, 0.0),
    ("POST /leads/batch, 100", 9, 101.0, 100.0 * 40.0),
    ("POST /leads/batch, 100 names", 5, 101.0, 100.0 * 20.0),
];

/// Write units of creating one lead. 3 of them are for the counter and the index entry of the lead's source, which let
/// lists filter by source and return exact counts.
const CREATE_LEAD_WRITE_UNITS: f64 = 48.0;
/// Write units of changing the status of one lead, or of archiving one. 10 of them are for five counters.
const CHANGE_LEAD_WRITE_UNITS: f64 = 20.0;
/// Write units for each of many archived leads. Leads that were created on different days share only two of their
/// counters.
const BULK_WRITE_UNITS_PER_LEAD: f64 = 14.0;

async fn measure_endpoint(api: &TestStack, team: &str, endpoint: &MeasuredRequest) -> CountedTraffic {
    let token = api.caller_with_role(team, "Owner").authorization.expect("a token");
    let token = token.trim_start_matches("Bearer ");
    let traffic =
        costs::measure_cost_of_request(&api.gateway, api.dynamodb_faults(), token, endpoint).await.expect("an answer");
    // The log line of the request must report the same units and trips as the fault injector counted.
    let line = crate::log::last_request_line(team);
    let logged = |field: &str| line[field].as_f64();
    let told = (logged("readUnits"), logged("writeUnits"));
    assert_eq!(told, (Some(traffic.reads), Some(traffic.writes)), "{}", endpoint.name);
    assert_eq!(logged("trips"), Some(f64::from(traffic.trips)), "{}", endpoint.name);
    traffic
}

/// Maximum number of sequential round trips and of read units of reads in a varied team of any size.
const MAX_READ_COSTS: [(&str, u32, f64); 28] = [
    ("`GET /leads/{id}`", 1, 2.0),
    ("`GET /leads`", 1, 5.0),
    ("`?source`", 1, 8.0),
    // If some leads of the business are archived, the endpoint reads three leads more than probably fill the page, so
    // that it seldom needs a third trip.
    ("`?business`", 2, 14.0),
    ("`?business`, two", 2, 24.0),
    ("`?business&status&source`", 4, 80.0),
    ("`?source&state&archived`", 4, 60.0),
    ("`?source&from&archived`", 4, 120.0),
    ("`?business&status`, few match", 4, 60.0),
    ("`?business&archived=true`, nothing matches", 1, 16.0),
    ("`?from&to`, a month", 1, 12.0),
    ("`?from&to`, a year", 1, 80.0),
    ("`?from&to`, five years", 1, 120.0),
    ("`total-leads`, 30 days and 30 before", 1, 12.0),
    ("`leads-volume`, a year and one before", 1, 80.0),
    ("`total-leads`, five years and five before", 1, 120.0),
    ("search: a last name", 2, 12.0),
    ("search: a common and a rare word", 4, 25.0),
    ("search: two common words", 4, 25.0),
    ("search: a common word and none", 4, 25.0),
    ("search: a domain with others below it", 4, 25.0),
    ("search: the beginning of every number", 4, 25.0),
    ("search: a number's beginning and a word", 4, 25.0),
    ("search: two common words, 100", 4, 70.0),
    // A search with a selective filter reads up to 100 leads, to filter them.
    ("search: a common word, `status`", 4, 75.0),
    ("search: a common word, `source`, 100", 4, 75.0),
    ("search: a word, of one day", 4, 75.0),
    // An export costs about one read unit for each exported lead, and the units of the index entries that it evaluates.
    ("export of what is archived of a source", 4, 130.0),
];

#[tokio::test(flavor = "multi_thread")]
async fn the_cost_of_an_endpoint_does_not_depend_on_the_size_of_the_team() {
    let api = TestStack::start_stack(StackOptions { inject_faults: true, ..test_options() }).await;
    let (small, large) = (VariedTeam::one_year("small", 100), VariedTeam::one_year("large", 10_000));
    for varied in [small, large] {
        let owner = api.caller_with_role(varied.team, "Owner");
        varied.write_to_table(&api.dynamodb, &api.table, |_| ()).await.expect("leads");
        // Adds 100 example leads of the original API document, with which the writes are measured.
        add_example_leads(&api.dynamodb, &api.table, varied.team, 100, |n| n % 60).await.expect("leads");
        // Adds comments, so that the timeline has enough log entries and comments to fill a page.
        for n in 0..20 {
            let path = format!("/leads/comments/{}", varied.leads + 3);
            owner.post(&path, json!({ "content": format!("This is comment {n}.") })).await.expect_status(201);
        }
        // Sends one request before counting, so that connections are open and the authorizer has its keys.
        owner.get("/leads").await.expect_status(200);
        owner.write_until_rollup_is_due(varied.team, varied.leads + 90).await;
    }
    // The first clean-up rolls up the counters of past days. The second, an hour later, removes the copies that were
    // rolled up.
    api.run_clean_up_hours_ahead(0).await;
    api.run_clean_up_hours_ahead(1).await;
    let mut missed = Vec::new();
    let both = async |of_small: &MeasuredRequest, of_large: &MeasuredRequest| {
        (measure_endpoint(&api, small.team, of_small).await, measure_endpoint(&api, large.team, of_large).await)
    };
    println!("| Read | Trips | Read units |\n|---|--:|--:|");
    assert!(small.requests_of_bounded_cost().iter().map(|read| read.name).eq(MAX_READ_COSTS.map(|budget| budget.0)));
    for ((of_small, of_large), (name, trips, reads)) in
        small.requests_of_bounded_cost().iter().zip(large.requests_of_bounded_cost()).zip(MAX_READ_COSTS)
    {
        let (at_100, at_10_000) = both(of_small, &of_large).await;
        println!("| {name} | {} | {} |", at_10_000.trips, at_10_000.reads);
        if [at_100, at_10_000].iter().any(|traffic| traffic.trips > trips || traffic.reads > reads) {
            missed.push(format!("{name}: {at_100:?} at 100, {at_10_000:?} at 10,000"));
        }
    }
    println!("| Endpoint | Trips | Read units | Write units |\n|---|--:|--:|--:|");
    let measured = requests_to_measure(small.leads).into_iter().zip(requests_to_measure(large.leads));
    assert!(measured.clone().map(|(endpoint, _)| endpoint.name).eq(MAX_ENDPOINT_COSTS.map(|budget| budget.0)));
    for ((of_small, of_large), (name, trips, reads, writes)) in measured.zip(MAX_ENDPOINT_COSTS) {
        let (at_100, at_10_000) = both(&of_small, &of_large).await;
        println!("| {name} | {} | {} | {} |", at_10_000.trips, at_10_000.reads, at_10_000.writes);
        // DynamoDB Local counts units of transactions differently from AWS.
        let counted = test_options().dynamodb.is_none();
        let too_much = |of: &CountedTraffic| of.trips > trips || of.reads > reads || (counted && of.writes > writes);
        let differs = at_100.trips != at_10_000.trips || at_100.writes != at_10_000.writes;
        if differs || [at_100, at_10_000].iter().any(too_much) {
            missed.push(format!("{name}: {at_100:?} at 100, {at_10_000:?} at 10,000"));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
    api.audit_all_teams().await;
}

/// Four leads a day fill every copy of each day's counter. With more leads, the copies would hold larger numbers but
/// not become more.
#[tokio::test(flavor = "multi_thread")]
async fn lead_volume_over_full_counters_stays_within_six_read_units() {
    let api = TestStack::start_stack(StackOptions { inject_faults: true, ..test_options() }).await;
    let owner = api.caller_with_role("full", "Owner");
    fill_team(&api.dynamodb, &api.table, "full", 240, |n| n / 4).await.expect("leads");
    api.run_clean_up_hours_ahead(0).await;
    api.run_clean_up_hours_ahead(1).await;
    owner.get("/leads").await.expect_status(200);
    let volume =
        requests_to_measure(0).into_iter().find(|endpoint| endpoint.name == "GET /leads/leads-volume").expect("it");
    let traffic = measure_endpoint(&api, "full", &volume).await;
    assert!(traffic.trips == 1 && traffic.reads <= 6.0, "{traffic:?}");
    let body = owner.get("/leads/leads-volume").await.expect_status(200);
    assert_eq!((&body["totalLeadsAmount"], &body["percentageChange"]), (&json!(120), &json!(0.0)));
    api.audit_all_teams().await;
}

/// Compares the cost of creating the same lead through a form and with a token, and of reading a lead with a token and
/// with an API key.
#[tokio::test(flavor = "multi_thread")]
async fn api_keys_and_forms_cost_little_more_than_tokens() {
    with_fault_injection(async |api| {
        let owner = api.owner_caller();
        owner.create_numbered_businesses(1).await;
        let form = owner
            .post("/forms", json!({ "name": "Contact", "business": [1], "source": "Referral" }))
            .await
            .expect_status(201);
        let path = format!("/forms/{}/leads", form["key"].as_str().expect("a key"));
        let visitor = api.caller_with_authorization(None);
        let says = |email: &str| {
            json!({ "firstName": "John", "lastName": "Doe", "email": email, "phoneNumber": ["123-456-7890"],
                "company": "Company Name", "position": "Manager", "location": "New York" })
        };
        let mut alone =
            example_lead_with("a@example.com", json!({ "business": [1], "description": "", "socialMedia": {} }));
        alone["email"] = json!("john.doe1@example.com");
        // The first write of a day to a copy of a counter costs one unit more, so these writes are made before
        // counting.
        owner.create_lead(example_lead("first@example.com")).await;
        owner.write_until_rollup_is_due("team", 1).await;
        let cost = async |caller: &TestCaller<'_>, path: &str, body: Value| {
            api.dynamodb_faults().start_counting_requests();
            let reply = if body.is_null() { caller.get(path).await } else { caller.post(path, body).await };
            assert!(reply.status < 300, "{}", reply.body);
            api.dynamodb_faults().stop_counting_requests().0
        };
        let by_token = cost(&owner, "/leads", alone.clone()).await;
        let by_form = cost(&visitor, &path, says("john.doe2@example.com")).await;
        println!("POST /leads {by_token:?}, POST /forms/{{key}}/leads {by_form:?}");
        // A submission takes four trips, because the rate limit is checked before the team is read and ids are
        // allocated.
        assert!(by_form.trips <= 4 && by_form.reads <= 2.0, "{by_form:?}");
        if test_options().dynamodb.is_none() {
            assert!(by_form.writes <= by_token.writes + 2.0, "{by_form:?}, {by_token:?}");
        }

        let key = owner.post("/keys", json!({ "name": "Zapier", "role": "Viewer" })).await.expect_status(201);
        let machine = api.caller_with_api_key(&key);
        let first = cost(&machine, "/leads/1", Value::Null).await;
        let kept = cost(&machine, "/leads/1", Value::Null).await;
        let by_token = cost(&owner, "/leads/1", Value::Null).await;
        println!("by key, the day's first {first:?}, kept {kept:?}; by token {by_token:?}");
        assert_eq!(kept, by_token, "the gateway keeps the authorizer's answer");
        // For an API key, the authorizer reads the key (0.5 read units), and once a day writes the date of the key's
        // last use (1 write unit).
        assert_eq!((first.trips, first.reads, first.writes), (by_token.trips + 2, by_token.reads + 0.5, 1.0));
        let again =
            api.caller_with_authorization(Some(format!("bearer {}", key["secret"].as_str().expect("a secret"))));
        let second = cost(&again, "/leads/1", Value::Null).await;
        assert_eq!((second.trips, second.reads, second.writes), (by_token.trips + 1, by_token.reads + 0.5, 0.0));
    })
    .await;
}

/// Read and write units of publishing one event and a batch of 99, of delivering one to a webhook, and of reading a
/// hundred from the feed.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_costs_little_compared_with_its_change() {
    let receiver = WebhookReceiver::start_receiver().await;
    let here = StackOptions { inject_faults: true, webhook_networks: "127.0.0.0/8".into(), ..test_options() };
    let api = TestStack::start_stack(here).await;
    let owner = api.owner_caller();
    owner.create_numbered_businesses(3).await;
    owner.post("/webhooks", json!({ "url": receiver.url })).await.expect_status(201);
    for n in 0..100 {
        owner.create_lead(local::large_teams::example_lead_fields(n)).await;
    }
    let records = api.stream_records().await;
    let cost = async |function: &str, event: Value| {
        api.dynamodb_faults().start_counting_requests();
        assert_eq!(api.invoke_with_event(function, &event.to_string()).await, json!({ "batchItemFailures": [] }));
        api.dynamodb_faults().stop_counting_requests().0
    };
    let counted = test_options().dynamodb.is_none();
    // Publishes the first event, so that the feed has a page before the costs are measured.
    cost("PublisherFunction", json!({ "Records": records[..1] })).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let lead = owner.create_lead(local::large_teams::example_lead_fields(999)).await;
    let of_lead = |record: &&Value| record["dynamodb"]["Keys"]["PK"]["S"] == format!("T#team#LEAD#{lead}");
    let all = api.stream_records().await;
    let one = cost("PublisherFunction", json!({ "Records": [all.iter().find(of_lead).expect("it")] })).await;
    println!("one event: {one:?}");
    // The publisher reads the lead, the team, the webhooks and the end of the feed with strong consistency.
    assert!(one.trips == 2 && one.reads <= 4.5, "{one:?}");
    assert!(!counted || one.writes <= 1.0, "{one:?}");
    let many = cost("PublisherFunction", json!({ "Records": records[1..] })).await;
    println!("99 events: {many:?}");
    assert!(many.reads <= 99.0 * 1.2 && (!counted || many.writes <= 99.0), "{many:?}");

    let dispatches = api.queues.message_bodies("DeliveriesQueue");
    let message =
        |(n, body): (usize, &String)| json!({ "messageId": n.to_string(), "receiptHandle": "none", "body": body });
    let deliver = |bodies: &[String]| json!({ "Records": bodies.iter().enumerate().map(message).collect::<Vec<_>>() });
    let delivery = cost("SenderFunction", deliver(&dispatches[..1])).await;
    println!("one delivery: {delivery:?}");
    assert!(delivery.trips == 2 && delivery.reads <= 3.0 && (!counted || delivery.writes <= 1.0), "{delivery:?}");
    receiver.wait_for_requests("/", 1).await;

    api.dynamodb_faults().start_counting_requests();
    let page = owner.get("/events?limit=100").await.expect_status(200);
    let read = api.dynamodb_faults().stop_counting_requests().0;
    println!("GET /events, 100: {read:?}");
    let bytes: usize = page["events"].as_array().expect("events").iter().map(|event| event.to_string().len()).sum();
    assert_eq!(page["events"].as_array().map(Vec::len), Some(100));
    assert!(read.trips == 1 && read.reads <= 1.0 + bytes as f64 / 4096.0, "{read:?} for {bytes} bytes");
    api.audit_all_teams().await;
}
