//! Dashboard numbers compared with a recount of random leads.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _, Unit};
use serde_json::{Value, json};
use shared::api::{JsonBody, RequestBody};
use shared::domain::{Actor, NewLead, User};
use shared::store::{LeadStore, StoredResponse, Table};

use crate::harness::{TestStack, example_lead_with, lead_ids, with_api};

/// Creates a lead as a request at noon (UTC) of that day would.
async fn create_lead_on_day(api: &TestStack, day: Date, email: &str, changes: Value) {
    create_lead_at(api, TimeZone::UTC.to_timestamp(day.at(12, 0, 0, 0)).unwrap(), email, changes).await;
}

/// Creates a lead through the store, with this creation time.
pub(crate) async fn create_lead_at(api: &TestStack, at: Timestamp, email: &str, changes: Value) {
    let user = User { id: 1, email: "o@example.com".into(), first_name: "O".into(), last_name: "W".into() };
    let actor = Actor { team: "team".parse().unwrap(), user, agent: None, at: at.into() };
    api.teams.lock().unwrap().insert("team".into());
    let body = JsonBody { value: example_lead_with(email, changes), errors: &mut Vec::new() };
    let new = NewLead::read_body(body).unwrap();
    let table = LeadStore::from(Table::new(api.dynamodb.clone(), &api.table));
    table.create_lead(&actor, &new, None, true, |_, _| StoredResponse::ok(Value::Null)).await.unwrap();
}

fn today_in_utc() -> Date {
    Timestamp::now().round(Unit::Millisecond).unwrap().to_string()[..10].parse().unwrap()
}

fn expected_percentage_change(now: usize, before: usize) -> f64 {
    match (now, before) {
        (0, 0) => 0.0,
        (_, 0) => 100.0,
        _ => ((now as f64 - before as f64) / before as f64 * 10_000.0).round() / 100.0,
    }
}

#[tokio::test]
async fn dashboard_counts_equal_a_recount_of_a_random_history() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    with_api(async |api| {
        let mut random = fastrand::Rng::with_seed(seed);
        let owner = api.owner_caller();
        owner.create_numbered_businesses(3).await;
        let first: Date = "2024-02-20".parse().unwrap();
        for n in 0..60 {
            let business: Vec<u64> = (1..=3).filter(|_| random.bool()).collect();
            let changes = json!({ "business": business, "statusId": random.u64(1..=4), "state": random.choice(["Active", "Inactive"]) });
            create_lead_on_day(api, first + random.i64(0..25).days(), &format!("a{n}@example.com"), changes).await;
        }
        let some = |random: &mut fastrand::Rng| (1..=60u64).filter(|_| random.u8(..4) == 0).collect::<Vec<_>>();
        owner.patch("/leads/archive", json!({ "ids": some(&mut random) })).await.expect_status(200);
        owner.put("/leads/change-status", json!({ "ids": some(&mut random), "statusId": 2 })).await.expect_status(200);
        owner.delete("/leads", json!({ "ids": some(&mut random) })).await.expect_status(200);
        let mut all = owner.all_pages("/leads?limit=100&archived=false", "leads").await;
        all.extend(owner.all_pages("/leads?limit=100&archived=true", "leads").await);
        let day = |lead: &Value| lead["createdAt"].as_str().unwrap()[..10].parse::<Date>().unwrap();
        let has = |lead: &Value, id: u64| lead["business"].as_array().unwrap().iter().any(|b| b["id"] == id);
        for _ in 0..25 {
            let start = first + random.i64(-2..27).days();
            let length = random.i64(1..28);
            let end = start + (length - 1).days();
            let before = start - length.days();
            let business: Vec<u64> = if random.bool() { Vec::new() } else { (1..=3).filter(|_| random.bool()).collect() };
            let whole_month = start.day() == 1 && end == start.last_of_month();
            let before = if whole_month { (start - 1.days()).first_of_month() } else { before };
            let of = |lead: &&Value| business.is_empty() || business.iter().any(|id| has(lead, *id));
            let within = |from: Date, to: Date| all.iter().filter(of).filter(move |lead| from <= day(lead) && day(lead) <= to).collect::<Vec<_>>();
            let (now, then) = (within(start, end), within(before, start - 1.days()));
            let mut query = format!("startDate={end}&endDate={start}");
            query.extend(business.iter().map(|id| format!("&business={id}")));

            let volume = owner.get(&format!("/leads/leads-volume?{query}")).await.expect_status(200);
            assert_eq!(volume["totalLeadsAmount"], now.len(), "{query}");
            assert_eq!(volume["percentageChange"], expected_percentage_change(now.len(), then.len()), "{query}");
            let labels: Vec<String> = (0..length).map(|n| (start + n.days()).to_string()).collect();
            assert_eq!(volume["labels"], json!(labels));
            let shown = (1..=3).filter(|id| business.is_empty() || business.contains(id));
            let series: BTreeMap<String, BTreeMap<String, usize>> = shown
                .map(|id| {
                    let on = |label: &String| within(start, end).iter().filter(|lead| has(lead, id) && day(lead).to_string() == *label).count();
                    (format!("Business {id}"), labels.iter().map(|label| (label.clone(), on(label))).collect())
                })
                .collect();
            assert_eq!(volume["data"], json!(series), "{query}");
            let alone = |lead: &&&Value| lead["business"].as_array().unwrap().is_empty() && !query.contains("business");
            let on = |label: &String| within(start, end).iter().filter(alone).filter(|lead| day(lead).to_string() == *label).count();
            let unassigned: BTreeMap<String, usize> = labels.iter().map(|label| (label.clone(), on(label))).collect();
            assert_eq!(volume["unassigned"], json!(unassigned), "{query}");

            let total = owner.get(&format!("/leads/total-leads?{query}")).await.expect_status(200);
            assert_eq!((&total["name"], &total["current"]), (&json!("Total"), &json!(now.len())));
            assert_eq!(total["percentageChange"], expected_percentage_change(now.len(), then.len()));
            for status in total["statuses"].as_array().unwrap() {
                let of_status = |leads: &[&Value]| leads.iter().filter(|lead| lead["status"] == status["name"]).count();
                assert_eq!(status["current"], of_status(&now), "{query} {status}");
                assert_eq!(status["percentageChange"], expected_percentage_change(of_status(&now), of_status(&then)), "{query} {status}");
            }
            let one = owner.get(&format!("/leads/total-leads?{query}&statusId=2")).await.expect_status(200);
            assert_eq!((&one["name"], &one["color"], &one["backgroundColor"]), (&json!("Contacted"), &json!("salmon"), &json!("lightsalmon")));
            assert_eq!(one["current"], total["statuses"][1]["current"]);

            let recent = owner.get(&format!("/leads/recent-leads?{query}&limit=7")).await.expect_status(200);
            let mut newest: Vec<(Date, u64)> = now.iter().map(|lead| (day(lead), lead["id"].as_u64().unwrap())).collect();
            newest.sort_unstable_by(|a, b| b.cmp(a));
            let expected: Vec<u64> = newest.iter().take(7).map(|(_, id)| *id).collect();
            assert_eq!(lead_ids(recent.as_array().unwrap()), expected, "{query}");
        }
    })
    .await;
}

#[tokio::test]
async fn totals_are_right_at_the_limits_of_periods() {
    with_api(async |api| {
        let owner = api.owner_caller();
        for (n, day) in ["2024-02-28", "2024-02-29", "2024-03-01", "2020-01-01"].iter().enumerate() {
            create_lead_on_day(api, day.parse().unwrap(), &format!("a{n}@example.com"), json!({})).await;
        }
        let total = async |query: &str| {
            let body = owner.get(&format!("/leads/total-leads?{query}")).await.expect_status(200);
            (body["current"].as_u64().unwrap(), body["percentageChange"].as_f64().unwrap())
        };
        assert_eq!(total("startDate=2024-02-29&endDate=2024-02-29").await, (1, 0.0), "one day, a leap day");
        assert_eq!(total("startDate=2024-02-01&endDate=2024-02-29").await, (2, 100.0), "a whole month");
        assert_eq!(total("startDate=2024-03-01&endDate=2024-03-31").await, (1, -50.0), "and the whole month before");
        assert_eq!(total("startDate=2024-12-31&endDate=2024-01-01").await, (3, 100.0), "a whole year, either order");
        assert_eq!(total("startDate=2020-01-01&endDate=2024-12-31").await, (4, 100.0), "five years");
        assert_eq!(total("startDate=2025-01-01&endDate=2020-01-01").await, (4, 100.0), "and a day");
        assert_eq!(total("endDate=2024-03-01").await, (3, 100.0), "the 30 days until");
        assert_eq!(total("").await, (0, 0.0), "the last 30 days");
        for path in ["leads-volume", "total-leads", "recent-leads"] {
            owner
                .get(&format!("/leads/{path}?startDate=2020-01-01&endDate=2025-01-02"))
                .await
                .expect_bad_fields(&["startDate"]);
            owner
                .get(&format!("/leads/{path}?startDate=x&endDate=2025-02-30&business=a&limits=1"))
                .await
                .expect_bad_fields(&["startDate", "endDate", "business", "limits"]);
        }
        owner.get("/leads/total-leads?statusId=9").await.expect_bad_fields(&["statusId"]);
        owner.get("/leads/total-leads?statusId=x").await.expect_bad_fields(&["statusId"]);
        owner.get("/leads/recent-leads?limit=51").await.expect_bad_fields(&["limit"]);
        let labels = owner.get("/leads/leads-volume").await.expect_status(200)["labels"].clone();
        assert_eq!((labels.as_array().map(Vec::len), &labels[29]), (Some(30), &json!(today_in_utc().to_string())));
    })
    .await;
}
