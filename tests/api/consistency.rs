//! Concurrent writes of every kind, with conflicts, throttling and lost replies as AWS has them under load. The data
//! afterwards must agree with the responses. Each write carries a unique marker, so that the leads' logs show how often
//! the write was applied.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use local::examples::PIXEL;
use local::{Options, Rates};
use serde_json::{Value, json};

use crate::harness::{Api, Reply, example, options};

/// Whether a write was applied, according to its response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Applied,
    NotApplied,
    Unknown,
}

impl Fate {
    #[track_caller]
    fn of(reply: &Reply, refusals: &[u16]) -> Self {
        match reply.status {
            200 | 201 => Self::Applied,
            503 if reply.body["description"].as_str().is_some_and(|text| text.contains("not known")) => Self::Unknown,
            503 | 409 => Self::NotApplied,
            status if refusals.contains(&status) => Self::NotApplied,
            _ => panic!("{reply:?}"),
        }
    }

    fn allows(self, times: usize) -> bool {
        match self {
            Self::Applied => times == 1,
            Self::NotApplied => times == 0,
            Self::Unknown => times <= 1,
        }
    }
}

/// The fate of each write according to its response, by the marker that the write carries.
#[derive(Default)]
pub(crate) struct Model {
    writes: Mutex<BTreeMap<String, Fate>>,
    created: Mutex<BTreeMap<String, Fate>>,
    deleted: Mutex<BTreeMap<String, Fate>>,
    named: Mutex<BTreeMap<String, Fate>>,
}

fn record_fate(of: &Mutex<BTreeMap<String, Fate>>, marker: impl Into<String>, fate: Fate) {
    of.lock().unwrap().insert(marker.into(), fate);
}

/// Number of leads that all concurrent writers change. Their ids are 1 to this number.
pub(crate) const SHARED: u64 = 6;

/// Sends a random write to one of the shared leads or to a lead that only this writer knows, and records its fate in
/// `model`.
pub(crate) async fn write(api: &Api, model: &Model, random: &mut fastrand::Rng, marker: &str) {
    let owner = api.owner();
    let lead = random.u64(1..=SHARED);
    let some: Vec<u64> = (0..random.usize(1..=4)).map(|_| random.u64(1..=SHARED)).collect();
    let path = format!("/leads/{lead}");
    match random.u8(..12) {
        0 | 1 => {
            // Sends the same request with an idempotency key until it succeeds, at most five times. Exactly one lead
            // must result.
            let email = format!("{marker}@example.com");
            let body = example(&email).to_string();
            let headers = [("content-type", "application/json"), ("idempotency-key", marker)];
            let mut fate = Fate::Unknown;
            for _ in 0..5 {
                fate = Fate::of(&owner.send("POST", "/leads", &headers, body.clone()).await, &[]);
                if fate == Fate::Applied {
                    break;
                }
            }
            record_fate(&model.created, email, fate);
        }
        2 => {
            let email = format!("{marker}@example.com");
            let reply = owner.post("/leads", example(&email)).await;
            let fate = Fate::of(&reply, &[]);
            record_fate(&model.created, email.clone(), fate);
            if fate == Fate::Applied {
                // Deleting a lead that no other writer deletes must never return 404, even if replies are lost.
                let deleted = owner.delete(&format!("/leads/{}", reply.body["id"]), Value::Null).await;
                record_fate(&model.deleted, email, Fate::of(&deleted, &[]));
            }
        }
        3 => {
            let reply = owner.patch(&path, json!({ "description": marker })).await;
            record_fate(&model.writes, marker, Fate::of(&reply, &[]));
        }
        4 => {
            let read = owner.get(&path).await;
            let Some(etag) = read.headers.get("etag").and_then(|etag| etag.to_str().ok()) else { return };
            let headers = [("content-type", "application/json"), ("if-match", etag)];
            let reply = owner.send("PATCH", &path, &headers, json!({ "description": marker }).to_string()).await;
            record_fate(&model.writes, marker, Fate::of(&reply, &[412]));
        }
        5 | 6 => {
            let reply = owner.post(&format!("/leads/comments/{lead}"), json!({ "content": marker })).await;
            record_fate(&model.writes, marker, Fate::of(&reply, &[]));
        }
        7 => {
            let comment = random.u64(1..=SHARED);
            let reply = owner.put(&format!("/leads/comments/{comment}"), json!({ "content": marker })).await;
            record_fate(&model.writes, marker, Fate::of(&reply, &[]));
        }
        8 => {
            let path = random.choice(["/leads/archive", "/leads/restore"]).unwrap();
            Fate::of(&owner.patch(path, json!({ "ids": some })).await, &[]);
        }
        9 => {
            let body = json!({ "ids": some, "statusId": random.u64(1..=4) });
            Fate::of(&owner.put("/leads/change-status", body).await, &[]);
        }
        10 => {
            let reply = owner.post("/leads/upload-photo", json!({ "id": lead, "photo": PIXEL })).await;
            // A 400 is possible, because the clean-up runs with a clock days ahead and may remove an upload before it
            // is attached to the lead.
            let fate = Fate::of(&reply, &[400]);
            if let Some(name) = reply.body.as_str() {
                record_fate(&model.writes, name, fate);
                if random.bool() {
                    Fate::of(&owner.delete(&format!("/leads/delete-photo/{name}"), Value::Null).await, &[404]);
                }
            }
        }
        _ => {
            let reply = owner.post("/businesses", json!({ "name": marker })).await;
            record_fate(&model.named, marker, Fate::of(&reply, &[]));
        }
    }
}

async fn check(api: &Api, model: &Model) {
    let owner = api.owner();
    let mut applied: BTreeMap<String, usize> = BTreeMap::new();
    for lead in 1..=SHARED {
        for entry in owner.all_pages(&format!("/leads/logs/{lead}?limit=100"), "logs").await {
            for field in ["description", "content", "photo"] {
                if let Some(marker) = entry["changes"][field]["current"].as_str() {
                    *applied.entry(marker.to_owned()).or_default() += 1;
                }
            }
        }
        let read = owner.get(&format!("/leads/{lead}")).await.expect(200);
        if let Some(photo) = read["photo"].as_str().filter(|photo| !photo.is_empty()) {
            assert!(api.object_keys().await.contains(&format!("photos/team/{photo}")), "lead {lead} has no {photo}");
        }
    }
    for (marker, fate) in model.writes.lock().unwrap().iter() {
        let times = applied.get(marker).copied().unwrap_or_default();
        assert!(fate.allows(times), "{marker}: {fate:?}, found {times} times");
    }
    let mut leads = owner.all_pages("/leads?limit=100", "leads").await;
    leads.extend(owner.all_pages("/leads?limit=100&archived=true", "leads").await);
    let deleted = model.deleted.lock().unwrap().clone();
    for (email, fate) in model.created.lock().unwrap().iter() {
        let times = leads.iter().filter(|lead| lead["email"] == **email).count();
        match deleted.get(email) {
            Some(Fate::Applied) => assert_eq!(times, 0, "{email} is deleted"),
            Some(Fate::Unknown) => assert!(times <= 1, "{email}"),
            Some(Fate::NotApplied) | None => assert!(fate.allows(times), "{email}: {fate:?}, found {times} times"),
        }
    }
    let businesses = owner.get("/businesses").await.expect(200);
    for (name, fate) in model.named.lock().unwrap().iter() {
        let times = businesses["businesses"].as_array().unwrap().iter().filter(|one| one["name"] == **name).count();
        assert!(fate.allows(times), "business {name}: {fate:?}, found {times} times");
    }
}

async fn storm(rates: Rates, writers: usize, writes: usize) {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let api = Api::start(Options { inject_faults: true, patient: false, ..options() }).await;
    let owner = api.owner();
    for n in 1..=SHARED {
        owner.create(example(&format!("shared{n}@example.com"))).await;
        owner.post(&format!("/leads/comments/{n}"), json!({ "content": "Hello" })).await.expect(201);
    }
    api.faults().simulate_load(rates);
    api.bucket_faults().simulate_load(Rates { partition_units: 0, ..rates });
    let model = Model::default();
    let mut random = fastrand::Rng::with_seed(seed);
    let storm = futures_util::future::join_all((0..writers).map(|writer| {
        let (mut random, api, model) = (random.fork(), &api, &model);
        async move {
            for n in 0..writes {
                write(api, model, &mut random, &format!("m{writer}-{n}")).await;
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
            api.gateway.clean_up(time.into()).await.ok();
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
    };
    tokio::select! {
        _ = storm => {}
        () = cleaning => {}
    }
    api.faults().stop_faults();
    api.bucket_faults().stop_faults();
    tokio::join!(api.faults().wait_for_slow_requests(), api.bucket_faults().wait_for_slow_requests());
    check(&api, &model).await;
    api.audit_after(hours).await;
    check(&api, &model).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_stay_true_under_load() {
    storm(Rates::CONFLICTS_ONLY, 12, 20).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_stay_true_with_many_faults() {
    storm(Rates { lost: 0.08, slow: 0.01, throttled: 0.05, unavailable: 0.05, partition_units: 1000 }, 8, 15).await;
}
