//! Concurrent writes of every kind, with conflicts, throttling and lost replies as AWS has them under load. The data
//! afterwards must agree with the responses. Each write carries a unique marker, so that the leads' logs show how often
//! the write was applied.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use local::examples::PIXEL_GIF_BASE64;
use local::{FaultRates, StackOptions};
use serde_json::{Value, json};

use crate::harness::{TestResponse, TestStack, example_lead, test_options};

/// Whether a write was applied, according to its response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WriteOutcome {
    Applied,
    NotApplied,
    Unknown,
}

impl WriteOutcome {
    #[track_caller]
    fn of(reply: &TestResponse, refusals: &[u16]) -> Self {
        match reply.status {
            200 | 201 => Self::Applied,
            503 if reply.body["description"].as_str().is_some_and(|text| text.contains("not known")) => Self::Unknown,
            503 | 409 => Self::NotApplied,
            status if refusals.contains(&status) => Self::NotApplied,
            _ => panic!("{reply:?}"),
        }
    }

    fn permits_applied_times(self, times: usize) -> bool {
        match self {
            Self::Applied => times == 1,
            Self::NotApplied => times == 0,
            Self::Unknown => times <= 1,
        }
    }
}

/// The fate of each write according to its response, by the marker that the write carries.
#[derive(Default)]
pub(crate) struct WriteOutcomesByMarker {
    writes: Mutex<BTreeMap<String, WriteOutcome>>,
    created: Mutex<BTreeMap<String, WriteOutcome>>,
    deleted: Mutex<BTreeMap<String, WriteOutcome>>,
    named: Mutex<BTreeMap<String, WriteOutcome>>,
}

fn record_write_outcome(of: &Mutex<BTreeMap<String, WriteOutcome>>, marker: impl Into<String>, fate: WriteOutcome) {
    of.lock().unwrap().insert(marker.into(), fate);
}

/// Number of leads that all concurrent writers change. Their ids are 1 to this number.
pub(crate) const SHARED_LEADS: u64 = 6;

/// Sends a random write to one of the shared leads or to a lead that only this writer knows, and records its fate in
/// `model`.
pub(crate) async fn send_random_write(
    api: &TestStack,
    model: &WriteOutcomesByMarker,
    random: &mut fastrand::Rng,
    marker: &str,
) {
    let owner = api.owner_caller();
    let lead = random.u64(1..=SHARED_LEADS);
    let some: Vec<u64> = (0..random.usize(1..=4)).map(|_| random.u64(1..=SHARED_LEADS)).collect();
    let path = format!("/leads/{lead}");
    match random.u8(..14) {
        0 | 1 => {
            // Sends the same request with an idempotency key until it succeeds, at most five times. Exactly one lead
            // must result.
            let email = format!("{marker}@example.com");
            let body = example_lead(&email).to_string();
            let headers = [("content-type", "application/json"), ("idempotency-key", marker)];
            let mut fate = WriteOutcome::Unknown;
            for _ in 0..5 {
                fate = WriteOutcome::of(&owner.send_request("POST", "/leads", &headers, body.clone()).await, &[]);
                if fate == WriteOutcome::Applied {
                    break;
                }
            }
            record_write_outcome(&model.created, email, fate);
        }
        2 => {
            let email = format!("{marker}@example.com");
            let reply = owner.post("/leads", example_lead(&email)).await;
            let fate = WriteOutcome::of(&reply, &[]);
            record_write_outcome(&model.created, email.clone(), fate);
            if fate == WriteOutcome::Applied {
                // Deleting a lead that no other writer deletes must never return 404, even if replies are lost.
                let deleted = owner.delete(&format!("/leads/{}", reply.body["id"]), Value::Null).await;
                record_write_outcome(&model.deleted, email, WriteOutcome::of(&deleted, &[]));
            }
        }
        3 => {
            let reply = owner.patch(&path, json!({ "description": marker })).await;
            record_write_outcome(&model.writes, marker, WriteOutcome::of(&reply, &[]));
        }
        4 => {
            let read = owner.get(&path).await;
            let Some(etag) = read.headers.get("etag").and_then(|etag| etag.to_str().ok()) else { return };
            let headers = [("content-type", "application/json"), ("if-match", etag)];
            let reply =
                owner.send_request("PATCH", &path, &headers, json!({ "description": marker }).to_string()).await;
            record_write_outcome(&model.writes, marker, WriteOutcome::of(&reply, &[412]));
        }
        5 | 6 => {
            let reply = owner.post(&format!("/leads/comments/{lead}"), json!({ "content": marker })).await;
            record_write_outcome(&model.writes, marker, WriteOutcome::of(&reply, &[]));
        }
        7 => {
            let comment = random.u64(1..=SHARED_LEADS);
            let reply = owner.put(&format!("/leads/comments/{comment}"), json!({ "content": marker })).await;
            record_write_outcome(&model.writes, marker, WriteOutcome::of(&reply, &[]));
        }
        8 => {
            let body = json!({ "description": marker, "externalIds": { "sap": marker } });
            let reply = owner.patch(&path, body).await;
            record_write_outcome(&model.writes, marker, WriteOutcome::of(&reply, &[]));
        }
        9 => {
            // Sends the same request until it succeeds, at most five times. Exactly one lead must result.
            let email = format!("{marker}@example.com");
            let (path, body) = (format!("/leads/by/hubspot/{marker}"), json!({ "email": email, "firstName": "John" }));
            let mut fate = WriteOutcome::Unknown;
            for _ in 0..5 {
                fate = WriteOutcome::of(&owner.patch(&path, body.clone()).await, &[]);
                if fate == WriteOutcome::Applied {
                    break;
                }
            }
            record_write_outcome(&model.created, email, fate);
        }
        10 => {
            let path = random.choice(["/leads/archive", "/leads/restore"]).unwrap();
            WriteOutcome::of(&owner.patch(path, json!({ "ids": some })).await, &[]);
        }
        11 => {
            let body = json!({ "ids": some, "statusId": random.u64(1..=4) });
            WriteOutcome::of(&owner.put("/leads/change-status", body).await, &[]);
        }
        12 => {
            let reply = owner.post("/leads/upload-photo", json!({ "id": lead, "photo": PIXEL_GIF_BASE64 })).await;
            // A 400 is possible, because the clean-up runs with a clock days ahead and may remove an upload before it
            // is attached to the lead.
            let fate = WriteOutcome::of(&reply, &[400]);
            if let Some(name) = reply.body.as_str() {
                record_write_outcome(&model.writes, name, fate);
                if random.bool() {
                    WriteOutcome::of(&owner.delete(&format!("/leads/delete-photo/{name}"), Value::Null).await, &[404]);
                }
            }
        }
        _ => {
            let reply = owner.post("/businesses", json!({ "name": marker })).await;
            record_write_outcome(&model.named, marker, WriteOutcome::of(&reply, &[]));
        }
    }
}

async fn assert_outcomes_match_data(api: &TestStack, model: &WriteOutcomesByMarker) {
    let owner = api.owner_caller();
    let mut applied: BTreeMap<String, usize> = BTreeMap::new();
    for lead in 1..=SHARED_LEADS {
        for entry in owner.all_pages(&format!("/leads/logs/{lead}?limit=100"), "logs").await {
            for field in ["description", "content", "photo"] {
                if let Some(marker) = entry["changes"][field]["current"].as_str() {
                    *applied.entry(marker.to_owned()).or_default() += 1;
                }
            }
        }
        let read = owner.get(&format!("/leads/{lead}")).await.expect_status(200);
        if let Some(photo) = read["photo"].as_str().filter(|photo| !photo.is_empty()) {
            assert!(api.object_keys().await.contains(&format!("photos/team/{photo}")), "lead {lead} has no {photo}");
        }
    }
    for (marker, fate) in model.writes.lock().unwrap().iter() {
        let times = applied.get(marker).copied().unwrap_or_default();
        assert!(fate.permits_applied_times(times), "{marker}: {fate:?}, found {times} times");
    }
    let mut leads = owner.all_pages("/leads?limit=100", "leads").await;
    leads.extend(owner.all_pages("/leads?limit=100&archived=true", "leads").await);
    let deleted = model.deleted.lock().unwrap().clone();
    for (email, fate) in model.created.lock().unwrap().iter() {
        let times = leads.iter().filter(|lead| lead["email"] == **email).count();
        match deleted.get(email) {
            Some(WriteOutcome::Applied) => assert_eq!(times, 0, "{email} is deleted"),
            Some(WriteOutcome::Unknown) => assert!(times <= 1, "{email}"),
            Some(WriteOutcome::NotApplied) | None => {
                assert!(fate.permits_applied_times(times), "{email}: {fate:?}, found {times} times")
            }
        }
    }
    let businesses = owner.get("/businesses").await.expect_status(200);
    for (name, fate) in model.named.lock().unwrap().iter() {
        let times = businesses["businesses"].as_array().unwrap().iter().filter(|one| one["name"] == **name).count();
        assert!(fate.permits_applied_times(times), "business {name}: {fate:?}, found {times} times");
    }
}

async fn run_concurrent_writes(rates: FaultRates, writers: usize, writes: usize) {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let api = TestStack::start_stack(StackOptions { inject_faults: true, patient: false, ..test_options() }).await;
    let owner = api.owner_caller();
    for n in 1..=SHARED_LEADS {
        owner.create_lead(example_lead(&format!("shared{n}@example.com"))).await;
        owner.post(&format!("/leads/comments/{n}"), json!({ "content": "Hello" })).await.expect_status(201);
    }
    api.dynamodb_faults().simulate_load(rates);
    api.s3_faults().simulate_load(FaultRates { partition_units: 0, ..rates });
    let model = WriteOutcomesByMarker::default();
    let mut random = fastrand::Rng::with_seed(seed);
    let storm = futures_util::future::join_all((0..writers).map(|writer| {
        let (mut random, api, model) = (random.fork(), &api, &model);
        async move {
            for n in 0..writes {
                send_random_write(api, model, &mut random, &format!("m{writer}-{n}")).await;
            }
        }
    }));
    let mut hours = 48;
    let cleaning = async {
        loop {
            // The clock of each clean-up is a day later than that of the one before, so that every run finds counters
            // to roll up.
            hours += 24;
            let time = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(hours);
            // A clean-up may fail because of injected faults. The next run continues.
            api.gateway.invoke_clean_up(time.into()).await.ok();
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    };
    tokio::select! {
        _ = storm => {}
        () = cleaning => {}
    }
    api.dynamodb_faults().stop_faults();
    api.s3_faults().stop_faults();
    tokio::join!(api.dynamodb_faults().wait_for_slow_requests(), api.s3_faults().wait_for_slow_requests());
    assert_outcomes_match_data(&api, &model).await;
    api.audit_hours_ahead(hours).await;
    assert_outcomes_match_data(&api, &model).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn responses_match_the_data_despite_conflicts() {
    run_concurrent_writes(FaultRates::CONFLICTS_ONLY, 12, 20).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn responses_match_the_data_despite_many_faults() {
    run_concurrent_writes(
        FaultRates { lost: 0.08, slow: 0.01, throttled: 0.05, unavailable: 0.05, partition_units: 1000 },
        8,
        15,
    )
    .await;
}
