//! `GET /leads`: filters compared with a linear search, and paging during concurrent writes.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::{PutRequest, WriteRequest};
use local::StackOptions;
use serde_json::{Value, json};
use shared::domain::{BusinessId, SortPosition, Timestamp};
use shared::store::keys::ItemKey;

use crate::harness::{
    TestCaller, TestStack, example_lead, example_lead_with, lead_ids, put_body_with, test_options, with_api,
};

/// Creates leads with random businesses, statuses, states and sources, then archives some and deletes three.
async fn create_varied_leads(owner: &TestCaller<'_>, random: &mut fastrand::Rng, leads: usize) {
    owner.create_numbered_businesses(3).await;
    for n in 0..leads {
        let business: Vec<u64> = (1..=3).filter(|_| random.bool()).collect();
        let body = json!({
            "business": business,
            "statusId": random.u64(1..=4),
            "state": if random.bool() { "Active" } else { "Inactive" },
            "source": random.choice(["", "Referral", "referral", "Web#1"]).unwrap(),
        });
        owner.create_lead(example_lead_with(&format!("a{n}@example.com"), body)).await;
    }
    let some =
        |random: &mut fastrand::Rng| -> Vec<u64> { (1..=leads as u64).filter(|_| random.u8(..4) == 0).collect() };
    owner.patch("/leads/archive", json!({ "ids": some(random) })).await.expect_status(200);
    owner.put("/leads/change-status", json!({ "ids": some(random), "statusId": 3 })).await.expect_status(200);
    owner.delete("/leads", json!({ "ids": [1, leads / 2, leads] })).await.expect_status(200);
}

#[tokio::test]
async fn every_filter_equals_a_brute_force_search() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    with_api(async |api| {
        let mut random = fastrand::Rng::with_seed(seed);
        let owner = api.owner_caller();
        create_varied_leads(&owner, &mut random, 40).await;
        let mut all = Vec::new();
        for archived in [false, true] {
            for lead in owner.all_pages(&format!("/leads?limit=7&archived={archived}"), "leads").await {
                // Reads each lead by id, because lists do not contain `source`.
                all.push(owner.get(&format!("/leads/{}", lead["id"])).await.expect_status(200));
            }
        }
        assert_eq!(all.len(), 37);
        let today = all[0]["createdAt"].as_str().unwrap()[..10].to_owned();
        for _ in 0..60 {
            let mut query = format!("limit={}", random.u8(1..=9));
            let (mut status, mut business): (BTreeSet<u64>, BTreeSet<u64>) = Default::default();
            let archived = random.bool();
            query += &format!("&archived={archived}");
            if random.bool() {
                status = (1..=4).filter(|_| random.bool()).collect();
                query.extend(status.iter().map(|id| format!("&status={id}")));
            }
            if random.bool() {
                business = (1..=3).filter(|_| random.bool()).collect();
                let joined: Vec<String> = business.iter().map(ToString::to_string).collect();
                if !joined.is_empty() {
                    query += &format!("&business={}", joined.join(","));
                }
            }
            let state = random.bool().then(|| *random.choice(&["Active", "Inactive"]).unwrap());
            query.extend(state.map(|state| format!("&state={state}")));
            let source = random.bool().then(|| *random.choice(&["REFERRAL", "web#1", "none"]).unwrap());
            query.extend(source.map(|source| format!("&source={}", source.replace('#', "%23"))));
            if random.bool() {
                query += &format!("&from={today}");
            }
            if random.bool() {
                query += &format!("&to={today}");
            }
            let oldest_first = random.bool();
            query += if oldest_first { "&sort=createdAt" } else { "" };
            let matches = |lead: &&Value| {
                let has = |id: &u64| lead["business"].as_array().unwrap().iter().any(|b| b["id"] == *id);
                lead["archived"] == archived
                    && (status.is_empty() || status.contains(&lead["statusId"].as_u64().unwrap()))
                    && (business.is_empty() || business.iter().any(has))
                    && state.is_none_or(|state| lead["state"] == state)
                    && source.is_none_or(|s| lead["source"].as_str().unwrap().eq_ignore_ascii_case(s))
            };
            let mut expected = lead_ids(&all.iter().filter(matches).cloned().collect::<Vec<_>>());
            expected.sort_unstable();
            if !oldest_first {
                expected.reverse();
            }
            let path = format!("/leads?{query}");
            assert_eq!(lead_ids(&owner.all_pages(&path, "leads").await), expected, "{path}");
            assert_eq!(owner.get(&path).await.expect_status(200)["count"], expected.len(), "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn day_filters_are_whole_days_in_utc() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let id = owner.create_lead(example_lead("a@example.com")).await;
        let created = owner.get(&format!("/leads/{id}")).await.expect_status(200)["createdAt"].clone();
        let day: jiff::civil::Date = created.as_str().unwrap()[..10].parse().unwrap();
        let count = async |query: &str| owner.get(&format!("/leads?{query}")).await.expect_status(200)["count"].clone();
        let (before, after) = (day.yesterday().unwrap(), day.tomorrow().unwrap());
        for (query, expected) in [
            (format!("from={day}&to={day}"), 1),
            (format!("from={before}&to={before}"), 0),
            (format!("from={after}"), 0),
            (format!("to={before}"), 0),
            (format!("from={before}"), 1),
            (format!("to={after}"), 1),
            ("from=1970-01-01&to=9999-12-31".to_owned(), 1),
            (format!("from={after}&to={before}"), 1),
        ] {
            assert_eq!(count(&query).await, expected, "{query}");
            assert_eq!(owner.all_pages(&format!("/leads?{query}"), "leads").await.len(), expected, "{query}");
        }
        for bad in ["2026-02-30", "2026-1-1", "yesterday", "2026-01-01T00:00:00Z", "1969-12-31"] {
            owner.get(&format!("/leads?from={bad}")).await.expect_bad_fields(&["from"]);
        }
    })
    .await;
}

#[tokio::test]
async fn lists_have_exactly_the_documented_lead_fields() {
    with_api(async |api| {
        let owner = api.owner_caller();
        owner.create_numbered_businesses(1).await;
        owner.create_lead(example_lead_with("a@example.com", json!({ "business": [1] }))).await;
        let body = owner.get("/leads").await.expect_status(200);
        let created = body["leads"][0]["createdAt"].clone();
        let lead = json!({
            "id": 1, "firstName": "John", "lastName": "Doe", "email": "a@example.com", "phoneNumber": ["123-456-7890"],
            "status": "New", "statusId": 1, "business": [{ "id": 1, "name": "Business 1" }], "state": "Active",
            "photo": "", "company": "Company Name", "archived": false, "createdAt": created,
        });
        assert_eq!(body, json!({ "count": 1, "leads": [lead] }));
        assert_eq!(owner.get("/leads/search?search=john").await.expect_status(200), json!([lead]));
        assert_eq!(
            api.caller_with_role("empty", "Viewer").get("/leads").await.expect_status(200),
            json!({ "count": 0, "leads": [] })
        );
    })
    .await;
}

#[tokio::test]
async fn every_bad_parameter_is_named_at_once() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let bad = "limit=0&status=a&business=1,,2&archived=maybe&state=active&source=&from=x&to=y&sort=name&page=2&cursor=%00";
        owner.get(&format!("/leads?{bad}")).await.expect_bad_fields(&[
            "limit", "status", "business", "archived", "state", "source", "from", "to", "sort", "page",
        ]);
        owner.get("/leads?limit=101").await.expect_bad_fields(&["limit"]);
        owner.get("/leads?limit=1&limit=2").await.expect_bad_fields(&["limit"]);
    })
    .await;
}

#[tokio::test]
async fn a_cursor_is_valid_only_for_its_list() {
    with_api(async |api| {
        let owner = api.owner_caller();
        for n in 0..3 {
            owner.create_lead(example_lead(&format!("a{n}@example.com"))).await;
        }
        let page = owner.get("/leads?limit=1").await.expect_status(200);
        let cursor = page["nextCursor"].as_str().unwrap();
        let next = owner.get(&format!("/leads?limit=2&cursor={cursor}")).await.expect_status(200);
        assert_eq!(lead_ids(next["leads"].as_array().unwrap()), [2, 1], "the limit may change on the way");
        assert_eq!(next["nextCursor"], Value::Null);
        owner.get(&format!("/leads?status=1&cursor={cursor}")).await.expect_bad_fields(&["cursor"]);
        owner.get(&format!("/leads?sort=createdAt&cursor={cursor}")).await.expect_bad_fields(&["cursor"]);
        owner.get("/leads?cursor=x").await.expect_bad_fields(&["cursor"]);
        let stranger = api.caller_with_role("other", "Owner");
        stranger.get(&format!("/leads?limit=1&cursor={cursor}")).await.expect_bad_fields(&["cursor"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn paging_sees_every_lead_once_during_writes() {
    with_api(async |api| {
        let owner = api.owner_caller();
        owner.create_numbered_businesses(1).await;
        let all = |n: u64| example_lead_with(&format!("a{n}@example.com"), json!({ "business": [1] }));
        for n in 0..30 {
            owner.create_lead(all(n)).await;
        }
        for path in [
            "/leads?limit=4",
            "/leads?limit=4&status=1",
            "/leads?limit=4&business=1",
            "/leads?limit=3&source=Referral&sort=createdAt",
        ] {
            let writes = async {
                for n in 0..10 {
                    let (lead, name) = (1 + n * 3, format!("x{n}{}", path.len()));
                    owner.create_lead(all(1000 * path.len() as u64 + fastrand::u64(..1000) + n * 1_000_000)).await;
                    owner
                        .put(&format!("/leads/{lead}"), put_body_with(json!({ "firstName": name })))
                        .await
                        .expect_status(200);
                }
            };
            let walk = async {
                let seen = lead_ids(&owner.all_pages(path, "leads").await);
                let distinct: BTreeSet<u64> = seen.iter().copied().collect();
                assert_eq!(distinct.len(), seen.len(), "{path}: {seen:?}");
                assert!((1..=30).all(|id| distinct.contains(&id)), "{path}: {seen:?}");
            };
            futures_util::future::join(writes, walk).await;
        }
    })
    .await;
}

/// The same id in another team is another lead.
#[tokio::test]
async fn lists_contain_only_the_teams_own_leads() {
    async fn create_lead_and_list(api: &TestStack, name: &str, company: &str) -> Value {
        let owner = api.caller_with_role(name, "Owner");
        owner.create_lead(example_lead_with("a@example.com", json!({ "company": company }))).await;
        owner.get("/leads").await.expect_status(200)
    }
    with_api(async |api| {
        // One team id is the beginning of the other: their leads would mix if keys did not end a team id with a
        // separator.
        let (one, other) =
            (create_lead_and_list(api, "a", "One").await, create_lead_and_list(api, "a-LEAD", "Other").await);
        assert_eq!((&one["count"], &one["leads"][0]["company"]), (&json!(1), &json!("One")));
        assert_eq!((&other["count"], &other["leads"][0]["company"]), (&json!(1), &json!("Other")));
    })
    .await;
}

#[tokio::test]
async fn a_filter_accepts_at_most_fifty_ids() {
    with_api(async |api| {
        let owner = api.owner_caller();
        let ids = |n: u64| (1..=n).map(|id| id.to_string()).collect::<Vec<_>>().join(",");
        for name in ["status", "business"] {
            owner.get(&format!("/leads?{name}={}", ids(50))).await.expect_status(200);
            owner.get(&format!("/leads?{name}={}", ids(51))).await.expect_bad_fields(&[name]);
        }
        owner.get(&format!("/leads/total-leads?business={}", ids(51))).await.expect_bad_fields(&["business"]);
    })
    .await;
}

/// Sort positions hold 13 digits of milliseconds, which suffices until the year 2286. Later days in a filter must still
/// work.
#[tokio::test]
async fn lists_and_counts_agree_on_any_day() {
    with_api(async |api| {
        let owner = api.owner_caller();
        owner.create_lead(example_lead("a@example.com")).await;
        for (query, n) in [
            ("to=9999-12-31", 1),
            ("from=2287-01-01", 0),
            ("from=9999-12-31", 0),
            ("from=2300-01-01&to=9999-12-31", 0),
            ("from=1970-01-01&to=2300-01-01", 1),
            ("to=1970-01-01", 0),
        ] {
            let page = owner.get(&format!("/leads?{query}")).await.expect_status(200);
            assert_eq!(
                (page["count"].as_u64(), page["leads"].as_array().map(Vec::len)),
                (Some(n), Some(n as usize)),
                "{query}"
            );
        }
    })
    .await;
}

/// A business whose index has 9,000 entries of which almost none belong to a live lead: a page reads a bounded number
/// of them, and paging misses no lead.
#[tokio::test]
async fn a_page_with_few_matches_ends_early() {
    let api = TestStack::start_stack(StackOptions { inject_faults: true, ..test_options() }).await;
    let owner = api.owner_caller();
    owner.create_numbered_businesses(1).await;
    let create = async |n: u64| {
        owner.create_lead(example_lead_with(&format!("a{n}@example.com"), json!({ "business": [1] }))).await
    };
    let oldest = create(1).await;
    let at = owner.get(&format!("/leads/{oldest}")).await.expect_status(200)["createdAt"].as_str().unwrap().to_owned();
    let at = Timestamp::from(at.parse::<jiff::Timestamp>().unwrap());
    // Writes index entries whose leads do not exist, as deleted leads leave them.
    let (team, business) = ("team".parse().unwrap(), BusinessId::MIN);
    let entry = |id| ItemKey::BusinessLead(business, &SortPosition::new(at, id)).of(&team).key_attributes();
    let put =
        |id| WriteRequest::builder().put_request(PutRequest::builder().set_item(Some(entry(id))).build().unwrap());
    for ids in (1_000..10_000).collect::<Vec<u64>>().chunks(25) {
        let puts = ids.iter().map(|id| put(*id).build()).collect();
        api.dynamodb.batch_write_item().request_items(&api.table, puts).send().await.unwrap();
    }
    let (newer, newest) = (create(2).await, create(3).await);
    let path = "/leads?business=1&limit=1";
    assert_eq!(lead_ids(&owner.all_pages(path, "leads").await), [newest, newer, oldest]);
    let second = owner.get(path).await.expect_status(200)["nextCursor"].as_str().unwrap().to_owned();
    let third = owner.get(&format!("{path}&cursor={second}")).await.expect_status(200)["nextCursor"].clone();
    api.dynamodb_faults().start_counting_requests();
    let page = owner.get(&format!("{path}&cursor={}", third.as_str().unwrap())).await.expect_status(200);
    let trips = api.dynamodb_faults().stop_counting_requests().0.trips;
    assert!(page["leads"] == json!([]) && page["count"] == 3 && page["nextCursor"].is_string(), "{page}");
    assert!(trips < 100, "{trips}");
}

/// A page takes at most four trips even if the only matches are the oldest leads of a source.
#[tokio::test(flavor = "multi_thread")]
async fn matches_at_the_end_take_at_most_four_trips() {
    let api = TestStack::start_stack(StackOptions { inject_faults: true, ..test_options() }).await;
    let owner = api.owner_caller();
    local::large_teams::fill_team(&api.dynamodb, &api.table, "team", 1200, |_| 0).await.unwrap();
    let oldest = lead_ids(&owner.all_pages("/leads?sort=createdAt&limit=100", "leads").await);
    owner.patch("/leads/archive", json!({ "ids": oldest[..100] })).await.expect_status(200);
    api.dynamodb_faults().start_counting_requests();
    let page = owner.get("/leads?source=referral&archived=true").await.expect_status(200);
    let trips = api.dynamodb_faults().stop_counting_requests().0.trips;
    assert_eq!((page["count"].as_u64(), page["leads"].as_array().map(Vec::len)), (Some(100), Some(10)));
    assert!(trips <= 4, "{trips}");
    api.audit_all_teams().await;
}
