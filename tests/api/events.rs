//! The feed of events.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::join_all;
use local::{Fault, FaultRates, StackOptions};
use serde_json::{Value, json};
use shared::domain::{EventSourceItem, Timestamp};
use shared::store::keys::PrimaryKey;
use shared::store::{FeedStore, Table, parse_outbox_entry};

use crate::consistency::{SHARED_LEADS, WriteOutcomesByMarker, send_random_write};
use crate::harness::{TestCaller, TestStack, example_lead, put_body_with, test_options, with_fault_injection};
use crate::receiver::WebhookReceiver;

/// Runs a test on a stack whose DynamoDB stream and SQS queues invoke the publisher and the sender; then audits the
/// table.
pub(crate) async fn with_event_sources(test: impl AsyncFnOnce(&TestStack)) {
    with_stack_options(StackOptions { events: true, ..test_options() }, test).await;
}

pub(crate) async fn with_stack_options(options: StackOptions, test: impl AsyncFnOnce(&TestStack)) {
    let api = TestStack::start_stack(options).await;
    test(&api).await;
    api.audit_all_teams().await;
}

/// Calls `look` every 50 ms until it returns a value. Panics after half a minute.
pub(crate) async fn wait_until_some<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..600 {
        if let Some(found) = look().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{what} never came");
}

impl TestCaller<'_> {
    /// Reads the feed page by page from a cursor to its end, and returns the events and the last cursor.
    pub(crate) async fn read_feed(&self, after: &str, filter: &str) -> (Vec<Value>, String) {
        let (mut events, mut after) = (Vec::new(), after.to_owned());
        loop {
            let from = if after.is_empty() { String::new() } else { format!("&after={after}") };
            let page = self.get(&format!("/events?limit=7{filter}{from}")).await.expect_status(200);
            let found = page["events"].as_array().expect("events").clone();
            let next = page["nextCursor"].as_str().expect("a cursor").to_owned();
            let ended = next == after || (found.is_empty() && filter.is_empty());
            events.extend(found);
            after = next;
            if ended {
                return (events, after);
            }
        }
    }

    /// Waits until the feed has exactly `n` events, and returns them.
    pub(crate) async fn wait_for_feed_events(&self, n: usize) -> Vec<Value> {
        wait_until_some("the feed", async || {
            let (events, _) = self.read_feed("", "").await;
            assert!(events.len() <= n, "{events:#?}");
            (events.len() == n).then_some(events)
        })
        .await
    }
}

fn event_types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().expect("a type")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_log_entry_is_published_as_an_event() {
    with_event_sources(async |api| {
        let owner = api.owner_caller();
        let id = owner.create_lead(example_lead("a@example.com")).await;
        owner.put("/leads/1", put_body_with(json!({ "firstName": "Łucja" }))).await.expect_status(200);
        owner.patch("/leads/archive", json!({ "ids": [id] })).await.expect_status(200);
        owner.patch("/leads/restore", json!({ "ids": [id] })).await.expect_status(200);
        owner.put("/leads/change-status", json!({ "ids": [id], "statusId": 2 })).await.expect_status(200);
        let photo = json!({ "id": id, "photo": local::examples::PIXEL_GIF_BASE64 });
        let photo = owner.post("/leads/upload-photo", photo).await.expect_status(200);
        let photo = format!("/leads/delete-photo/{}", photo.as_str().expect("a name"));
        owner.delete(&photo, Value::Null).await.expect_status(200);
        owner.post("/leads/comments/1", json!({ "content": "Hello" })).await.expect_status(201);
        owner.put("/leads/comments/1", json!({ "content": "Hello!" })).await.expect_status(200);
        owner.delete("/leads/comments/1", Value::Null).await.expect_status(200);
        let read = owner.get("/leads/1").await;
        let version = read.lead_version_from_etag();
        let read = read.expect_status(200);
        let events = owner.wait_for_feed_events(10).await;
        owner.delete("/leads/1", Value::Null).await.expect_status(200);
        let all = owner.wait_for_feed_events(11).await;
        assert_eq!(all[..10], events[..], "an event never changes");
        let expected = [
            "lead.created",
            "lead.updated",
            "lead.archived",
            "lead.restored",
            "lead.status_changed",
            "lead.photo_changed",
            "lead.photo_changed",
            "comment.created",
            "comment.updated",
            "comment.deleted",
            "lead.deleted",
        ];
        assert_eq!(event_types(&all), expected);
        let ids: Vec<&str> = all.iter().map(|event| event["id"].as_str().expect("an id")).collect();
        assert_eq!(ids, (1..=11).map(|n| format!("evt_team_{n}")).collect::<Vec<_>>());
        assert_eq!(all[1]["changes"], json!({ "firstName": { "previous": "John", "current": "Łucja" } }));
        assert_eq!(all[4]["changes"]["statusId"], json!({ "previous": 1, "current": 2 }));
        assert_eq!(all[8]["comment"], json!({ "id": 1, "content": "Hello!" }));
        assert_eq!(all[9]["comment"], json!({ "id": 1 }));
        assert_eq!(all[0]["actor"]["user"]["email"], "owner@example.com");
        // The event contains the lead as a read by id returns it, in the version of the change or a later one. The
        // event of a deletion contains the last state of the lead.
        for (event, at_least) in [(&all[9], version), (&all[10], version)] {
            let mut lead = event["lead"].clone();
            assert!(lead["version"].as_u64() >= Some(at_least), "{event}");
            lead["version"] = read["version"].clone();
            assert_eq!(lead, read);
        }
        assert_eq!(all[10]["actor"]["user"]["id"], 1);
        assert_eq!(all[10]["leadId"], 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_of_the_feed_continues_at_its_cursor() {
    with_event_sources(async |api| {
        let owner = api.owner_caller();
        let empty = owner.get("/events").await.expect_status(200);
        assert_eq!(empty["events"], json!([]));
        let (start, latest) = (empty["nextCursor"].clone(), owner.get("/events?after=latest").await.expect_status(200));
        assert_eq!(latest, json!({ "events": [], "nextCursor": start, "hasMore": false }));
        for n in 0..30 {
            owner.create_lead(example_lead(&format!("a{n}@example.com"))).await;
        }
        let all = owner.wait_for_feed_events(30).await;
        let start = start.as_str().expect("a cursor");
        let (from_start, end) = owner.read_feed(start, "").await;
        assert_eq!(from_start, all);
        assert_eq!(owner.get("/events?after=latest").await.expect_status(200)["nextCursor"], end.as_str());
        for limit in [1, 10, 100] {
            let mut after = start.to_owned();
            let mut read = Vec::new();
            while read.len() < 30 {
                let page = owner.get(&format!("/events?limit={limit}&after={after}")).await.expect_status(200);
                let events = page["events"].as_array().expect("events");
                assert!(events.len() <= limit && !events.is_empty());
                let (left, has_more) = (30 - read.len() - events.len(), page["hasMore"] == true);
                assert!(has_more || left == 0, "{page}");
                assert!(!has_more || events.len() == limit, "{page}");
                read.extend(events.iter().cloned());
                after = page["nextCursor"].as_str().expect("a cursor").to_owned();
            }
            assert_eq!((read, after.as_str()), (all.clone(), end.as_str()));
        }
        owner.put("/leads/7", put_body_with(json!({ "firstName": "Maria" }))).await.expect_status(200);
        let later = wait_until_some("what comes", async || {
            let (events, _) = owner.read_feed(&end, "").await;
            (!events.is_empty()).then_some(events)
        })
        .await;
        assert_eq!((event_types(&later), later[0]["leadId"].as_u64()), (vec!["lead.updated"], Some(7)));
        let (updated, _) = owner.read_feed("", "&type=lead.updated").await;
        assert_eq!(updated, later);
        let (deleted, _) = owner.read_feed("", "&type=lead.deleted").await;
        assert_eq!(deleted, Vec::<Value>::new());
        let (several, _) = owner.read_feed("", "&type=lead.updated,lead.deleted&type=lead.created").await;
        assert_eq!(several.len(), 31);
        // The parameter `notBy` excludes the events that an API key, a form or a user caused.
        let key = owner.post("/keys", json!({ "name": "Sync", "role": "Manager" })).await.expect_status(201);
        api.caller_with_api_key(&key).patch("/leads/7", json!({ "company": "Acme" })).await.expect_status(200);
        let of_key = owner.wait_for_feed_events(32).await[31].clone();
        assert_eq!(of_key["actor"]["key"]["id"], 1);
        assert_eq!(owner.read_feed("", "&notBy=key:1").await.0.len(), 31);
        assert_eq!(owner.read_feed("", "&notBy=user:1").await.0, [of_key]);
        assert_eq!(owner.read_feed("", "&notBy=user:1,key:1").await.0.len(), 0);
        assert_eq!(owner.read_feed("", "&notBy=form:1&notBy=key:2").await.0.len(), 32);
        owner.get("/events?notBy=key").await.expect_bad_fields(&["notBy"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_is_visible_only_to_its_team() {
    with_event_sources(async |api| {
        let (owner, stranger) = (api.owner_caller(), api.caller_with_role("other", "Owner"));
        owner.create_lead(example_lead("a@example.com")).await;
        let all = owner.wait_for_feed_events(1).await;
        assert_eq!(stranger.read_feed("", "").await.0, Vec::<Value>::new());
        let cursor = owner.get("/events").await.expect_status(200)["nextCursor"].as_str().expect("a cursor").to_owned();
        stranger.get(&format!("/events?after={cursor}")).await.expect_bad_fields(&["after"]);
        owner.get(&format!("/events?after={cursor}&type=lead.created")).await.expect_bad_fields(&["after"]);
        owner
            .get("/events?after=x&limit=0&type=lead.eaten&cursor=1")
            .await
            .expect_bad_fields(&["limit", "type", "cursor"]);
        owner.get("/events?after=x").await.expect_bad_fields(&["after"]);
        assert_eq!(api.caller_with_role("team", "Viewer").read_feed("", "").await.0, all);
        let key = owner.post("/keys", json!({ "name": "Web site", "role": "Sender" })).await.expect_status(201);
        api.caller_with_api_key(&key).get("/events").await.expect_error(403, "Access denied");
    })
    .await;
}

/// The publisher handles repeated batches, reordered records and a record that it cannot publish.
#[tokio::test]
async fn a_repeated_stream_batch_publishes_nothing_twice() {
    let api = TestStack::start_stack(test_options()).await;
    let owner = api.owner_caller();
    for n in 0..40 {
        owner.create_lead(example_lead(&format!("a{n}@example.com"))).await;
    }
    let mut records = api.stream_records().await;
    assert_eq!(records.len(), 40);
    fastrand::shuffle(&mut records);
    let batch = |records: &[Value]| json!({ "Records": records }).to_string();
    let nothing_failed = json!({ "batchItemFailures": [] });
    assert_eq!(api.invoke_with_event("PublisherFunction", &batch(&records[..30])).await, nothing_failed);
    fastrand::shuffle(&mut records);
    assert_eq!(api.invoke_with_event("PublisherFunction", &batch(&records)).await, nothing_failed);
    // A batch that contains each record twice.
    let twice = [&records[..5], &records[..5]].concat();
    assert_eq!(api.invoke_with_event("PublisherFunction", &batch(&twice)).await, nothing_failed);
    let events = owner.wait_for_feed_events(40).await;
    let leads: BTreeSet<u64> = events.iter().map(|event| event["leadId"].as_u64().expect("an id")).collect();
    assert_eq!(leads, (1..=40).collect());

    // The publisher sends a bad record to the failures queue and publishes the others.
    owner.create_lead(example_lead("b@example.com")).await;
    let mut new =
        api.stream_records().await.into_iter().find(|record| record["dynamodb"]["Keys"]["PK"]["S"] == "T#team#LEAD#41");
    let mut poison = records[0].clone();
    poison["dynamodb"]["NewImage"]["action"] = json!({ "S": "Explode" });
    let both = [poison, new.take().expect("a record")];
    assert_eq!(api.invoke_with_event("PublisherFunction", &batch(&both)).await, nothing_failed);
    owner.wait_for_feed_events(41).await;
    let failures = api.queues.message_bodies("PublisherFailuresQueue");
    assert_eq!(failures.len(), 1);
    assert!(failures[0].contains("T#team#LEAD#") && !failures[0].contains("example.com"), "{failures:?}");
    api.audit_all_teams().await;
}

/// Concurrent writes of every kind on a loaded DynamoDB, while functions are killed, queues fail, stream records are
/// repeated, reordered or bad, and clients read the feed: each event is published exactly once and delivered.
#[tokio::test(flavor = "multi_thread")]
async fn despite_faults_every_event_is_published_once_and_delivered() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let receiver = WebhookReceiver::start_receiver().await;
    let options = StackOptions {
        events: true,
        event_faults: 0.15,
        inject_faults: true,
        patient: false,
        webhook_networks: "127.0.0.0/8".into(),
        ..test_options()
    };
    let api = TestStack::start_stack(options).await;
    let owner = api.owner_caller();
    let hook = async |path: &str, types: Value| {
        owner
            .post("/webhooks", json!({ "url": format!("{}{path}", receiver.url), "types": types }))
            .await
            .expect_status(201);
    };
    hook("/all", json!(null)).await;
    hook("/comments", json!(["comment.created", "comment.updated"])).await;
    for n in 1..=SHARED_LEADS {
        owner.create_lead(example_lead(&format!("shared{n}@example.com"))).await;
        owner.post(&format!("/leads/comments/{n}"), json!({ "content": "Hello" })).await.expect_status(201);
    }
    api.dynamodb_faults().simulate_load(FaultRates {
        lost: 0.05,
        slow: 0.003,
        throttled: 0.03,
        unavailable: 0.03,
        partition_units: 1000,
    });
    api.s3_faults().simulate_load(FaultRates::CONFLICTS_ONLY);
    let model = WriteOutcomesByMarker::default();
    let mut random = fastrand::Rng::with_seed(seed);
    let storm = join_all((0..6).map(|writer| {
        let (mut random, api, model) = (random.fork(), &api, &model);
        async move {
            for n in 0..15 {
                send_random_write(api, model, &mut random, &format!("m{writer}-{n}")).await;
            }
        }
    }));
    // A second publisher runs concurrently and processes random stream records again.
    let beside = async {
        loop {
            let mut records = api.stream_records().await;
            fastrand::shuffle(&mut records);
            records.truncate(20);
            let mut poison = records[0].clone();
            poison["dynamodb"]["NewImage"]["user"] = json!({ "S": "nobody" });
            records.push(poison);
            api.invoke_with_event("PublisherFunction", &json!({ "Records": records }).to_string()).await;
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
    };
    let walks: Vec<Mutex<Vec<String>>> = [1, 3, 100].map(|_| Mutex::default()).into();
    let readers = join_all(walks.iter().zip([1, 3, 100]).map(|(walk, limit)| {
        let owner = &owner;
        async move {
            let mut after = String::new();
            loop {
                let page = owner.get(&format!("/events?limit={limit}{after}")).await;
                if page.status == 200 {
                    after = format!("&after={}", page.body["nextCursor"].as_str().expect("a cursor"));
                    let events = page.body["events"].as_array().expect("events");
                    walk.lock().expect("a walk").extend(events.iter().map(|event| event["id"].to_string()));
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }));
    let delivered =
        |path: &str| receiver.at(path).iter().map(|one| one.json_body()["id"].to_string()).collect::<BTreeSet<_>>();
    let settled = async {
        storm.await;
        api.dynamodb_faults().stop_faults();
        api.s3_faults().stop_faults();
        tokio::join!(api.dynamodb_faults().wait_for_slow_requests(), api.s3_faults().wait_for_slow_requests());
        wait_until_some("everything", async || {
            tokio::time::sleep(Duration::from_millis(200)).await;
            api.advance_clock_when_idle(Duration::from_secs(60)).await;
            let (logged, told) = api.logged_and_published_sources().await;
            assert!(told.windows(2).all(|two| two[0] != two[1]), "told twice: {told:?}");
            // Waits for the deliveries, too: an event may be published and not delivered yet.
            let delivered = delivered("/all").len() == told.len();
            let idle = api.queues.message_bodies("DeliveriesQueue").is_empty();
            (logged == told && delivered && idle).then_some(())
        })
        .await;
    };
    tokio::select! {
        () = settled => {}
        () = beside => {}
        _ = readers => {}
    }
    let (feed, _) = owner.read_feed("", "").await;
    let ids: Vec<String> = feed.iter().map(|event| event["id"].to_string()).collect();
    assert!(ids.len() > 60, "{}", ids.len());
    for walk in &walks {
        let walk = walk.lock().expect("a walk");
        assert!(!walk.is_empty() && ids.starts_with(&walk), "a reader saw {walk:?} of {ids:?}");
    }
    assert_eq!(delivered("/all"), ids.iter().cloned().collect());
    let comments = feed
        .iter()
        .filter(|event| ["comment.created", "comment.updated"].contains(&event["type"].as_str().expect("a type")));
    let comments: BTreeSet<String> = comments.map(|event| event["id"].to_string()).collect();
    wait_until_some("every comment", async || {
        api.advance_clock_when_idle(Duration::from_secs(60)).await;
        (delivered("/comments") == comments).then_some(())
    })
    .await;
    assert!(!api.queues.message_bodies("PublisherFailuresQueue").is_empty(), "poison is set aside");
    assert!(api.queues.message_bodies("DeliveriesDeadLetterQueue").is_empty());
    api.audit_all_teams().await;
}

impl TestStack {
    /// Waits until no function is running, and then advances the stack's clock, because functions read the clock when
    /// they start.
    pub(crate) async fn advance_clock_when_idle(&self, time: Duration) {
        wait_until_some("rest", async || (!self.queues.has_message_in_process()).then_some(())).await;
        self.clock.advance_clock(time);
    }

    /// Waits until the deliveries queue has no message, delayed or in flight.
    pub(crate) async fn wait_for_empty_delivery_queue(&self) {
        wait_until_some("an empty queue", async || {
            self.queues.message_bodies("DeliveriesQueue").is_empty().then_some(())
        })
        .await;
    }

    /// Returns the log entries and tombstones in the table, and those that the feed has events of, duplicates included.
    /// Both lists are sorted.
    async fn logged_and_published_sources(&self) -> (Vec<String>, Vec<String>) {
        let (mut logged, mut told) = (Vec::new(), Vec::new());
        for (key, item) in self.scan_all_items().await {
            if key.sk.starts_with("LOG#") {
                logged.push(format!("log {}", item["id"].as_n().expect("an id")));
            } else if item.contains_key("deletion") {
                logged.push(format!("lead {}", item["id"].as_n().expect("an id")));
            } else if key.sk.starts_with("EVENT#") {
                let sources: Vec<EventSourceItem> =
                    serde_dynamo::from_attribute_value(item["sources"].clone()).expect("sources");
                told.extend(sources.into_iter().map(|source| match source {
                    EventSourceItem::Log(id) => format!("log {id}"),
                    EventSourceItem::Tombstone(id) => format!("lead {id}"),
                }));
            }
        }
        logged.sort_unstable();
        told.sort_unstable();
        (logged, told)
    }

    /// DynamoDB Streams records for all log entries in the table.
    pub(crate) async fn stream_records(&self) -> Vec<Value> {
        let logs = self.scan_all_items().await.into_iter().filter(|(key, _)| key.sk.starts_with("LOG#"));
        let record = |(n, (key, item)): (usize, (PrimaryKey, shared::store::TableItem))| {
            let created_at: jiff::Timestamp = item["createdAt"].as_s().expect("text").parse().expect("a time");
            let image: serde_dynamo::Item = item.into();
            stream_record(&json!({
                "ApproximateCreationDateTime": created_at.as_second(),
                "Keys": { "PK": { "S": key.pk }, "SK": { "S": key.sk } },
                "NewImage": image,
                "SequenceNumber": n.to_string(),
            }))
        };
        logs.enumerate().map(record).collect()
    }
}

/// A DynamoDB Streams record as Lambda receives it. <https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html>
fn stream_record(written: &Value) -> Value {
    let mut record = json!({ "eventID": "1", "eventName": "INSERT", "awsRegion": "us-east-1", "dynamodb": written });
    record["dynamodb"]["SizeBytes"] = json!(100);
    record
}

/// A record that the publisher cannot publish does not block the other records of its batch. If all records of a batch
/// fail, the batch is retried.
#[tokio::test]
async fn a_bad_record_does_not_block_other_records() {
    let api = TestStack::start_stack(test_options()).await;
    let owner = api.owner_caller();
    for n in 1..=3 {
        owner.create_lead(example_lead(&format!("a{n}@example.com"))).await;
    }
    let records = api.stream_records().await;
    let spoil = async |lead: u64, name: AttributeValue| {
        let key = PrimaryKey { pk: format!("T#team#LEAD#{lead}"), sk: "LEAD".into() }.key_attributes();
        let update = api.dynamodb.update_item().table_name(&api.table).set_key(Some(key));
        let update = update.update_expression("SET firstName = :name").expression_attribute_values(":name", name);
        update.send().await.expect("it is written");
    };
    spoil(2, AttributeValue::N("2".into())).await;
    let publish = async |records: &[&Value]| {
        api.invoke_with_event("PublisherFunction", &json!({ "Records": records }).to_string()).await
    };
    let of = |lead: u64| {
        let pk = format!("T#team#LEAD#{lead}");
        records.iter().find(|record| record["dynamodb"]["Keys"]["PK"]["S"] == pk).expect("a record")
    };
    // If the bad record is the only one of its batch, the publisher reports a failure, so that Lambda retries it.
    let again = of(2)["dynamodb"]["SequenceNumber"].clone();
    let failed = json!({ "batchItemFailures": [{ "itemIdentifier": again }] });
    assert_eq!(publish(&[of(2)]).await, failed);
    assert!(api.queues.message_bodies("PublisherFailuresQueue").is_empty());
    assert_eq!(publish(&[of(1), of(2), of(3)]).await, json!({ "batchItemFailures": [] }));
    owner.wait_for_feed_events(2).await;
    assert_eq!(api.queues.message_bodies("PublisherFailuresQueue").len(), 1);
    // Once lead 2 has a valid `firstName` again, its record is published.
    spoil(2, AttributeValue::S("John".into())).await;
    assert_eq!(publish(&[of(2)]).await, json!({ "batchItemFailures": [] }));
    assert_eq!(owner.wait_for_feed_events(3).await[2]["leadId"], 2);
    api.audit_all_teams().await;
}

/// Event numbers are never used twice, even after every event has expired.
#[tokio::test]
async fn event_numbers_are_never_reused() {
    let api = TestStack::start_stack(test_options()).await;
    let owner = api.owner_caller();
    owner.create_lead(example_lead("a@example.com")).await;
    let first = json!({ "Records": api.stream_records().await }).to_string();
    api.invoke_with_event("PublisherFunction", &first).await;
    let old = owner.wait_for_feed_events(1).await;
    let cursor = owner.get("/events").await.expect_status(200)["nextCursor"].as_str().expect("a cursor").to_owned();
    // DynamoDB's TTL deletes expired items in no particular order. The test deletes the newest of two feed pages and
    // keeps the older one.
    owner.put("/leads/1", put_body_with(json!({ "firstName": "Jane" }))).await.expect_status(200);
    let second = json!({ "Records": api.stream_records().await }).to_string();
    api.invoke_with_event("PublisherFunction", &second).await;
    let cursor = owner.get("/events?after=latest").await.expect_status(200)["nextCursor"]
        .as_str()
        .map(str::to_owned)
        .unwrap_or(cursor);
    let pages = api.scan_all_items().await.into_keys().filter(|key| key.sk.starts_with("EVENT#"));
    let delete = api.dynamodb.delete_item().table_name(&api.table);
    delete.set_key(pages.max().map(PrimaryKey::key_attributes)).send().await.expect("it is deleted");
    // Advances the clock by four years, after which event numbers have more digits.
    api.clock.advance_clock(Duration::from_secs(4 * 365 * 24 * 60 * 60));
    owner.put("/leads/1", put_body_with(json!({ "firstName": "Maria" }))).await.expect_status(200);
    let again = json!({ "Records": api.stream_records().await }).to_string();
    api.invoke_with_event("PublisherFunction", &again).await;
    let (new, _) = owner.read_feed(&cursor, "").await;
    assert_eq!(new.len(), 3, "{new:?}");
    let number = |event: &Value| {
        event["id"].as_str().and_then(|id| id.rsplit('_').next()?.parse::<u64>().ok()).expect("a number")
    };
    assert!(number(&new[0]) > number(&old[0]) && number(&new[1]) == number(&new[0]) + 1, "{new:?}");
    api.audit_all_teams().await;
}

/// Two hours after a lead is deleted, the lead's events in the feed contain no personal data.
#[tokio::test(flavor = "multi_thread")]
async fn events_of_a_deleted_lead_are_scrubbed() {
    let receiver = WebhookReceiver::start_receiver().await;
    with_stack_options(crate::deliveries::options_with_local_webhooks(), async |api| {
        let owner = api.owner_caller();
        let (hook, _) = owner.add_test_webhook(json!({ "url": format!("{}/hook", receiver.url) })).await;
        owner.create_lead(example_lead("secret.person@example.com")).await;
        owner.post("/leads/comments/1", json!({ "content": "Secret words" })).await.expect_status(201);
        owner.patch("/leads/1", json!({ "company": "Secret Ltd" })).await.expect_status(200);
        owner.create_lead(example_lead("other@example.com")).await;
        owner.delete("/leads/1", Value::Null).await.expect_status(200);
        let before = owner.wait_for_feed_events(5).await;
        receiver.wait_for_requests("/hook", 5).await;
        assert_eq!(before[4]["lead"]["email"], "secret.person@example.com", "its last state");
        assert_eq!(api.run_clean_up_hours_ahead(0).await["events"], 0, "not yet");
        let removed = api.run_clean_up_hours_ahead(2).await;
        assert_eq!((&removed["leads"], &removed["events"]), (&json!(1), &json!(4)));
        let after = owner.wait_for_feed_events(5).await;
        for (before, after) in before.iter().zip(&after) {
            let mut expected = before.clone();
            if before["leadId"] == 1 {
                for field in ["lead", "changes", "comment"] {
                    expected.as_object_mut().expect("an event").remove(field);
                }
            }
            assert_eq!(*after, expected);
        }
        // A delivery of such an event that is sent again contains no personal data either.
        let event = after[0]["id"].as_str().expect("an id");
        owner.post(&format!("/webhooks/{hook}/deliveries/{event}"), json!({})).await.expect_status(202);
        assert_eq!(receiver.wait_for_requests("/hook", 6).await[5].json_body(), after[0]);
        // A stream record that arrives after the lead's removal publishes an event without personal data.
        let record = |lead: u64| {
            stream_record(&json!({
                "ApproximateCreationDateTime": api.clock.current_time().as_second(),
                "Keys": { "PK": { "S": format!("T#team#LEAD#{lead}") }, "SK": { "S": "LOG#1700000000000-0000000000000099" } },
                "NewImage": {
                    "PK": { "S": format!("T#team#LEAD#{lead}") }, "SK": { "S": "LOG#1700000000000-0000000000000099" },
                    "id": { "N": "99" }, "action": { "S": "UpdateLead" }, "entityType": { "S": "Lead" }, "entityId": { "N": "1" },
                    "user": { "M": { "id": { "N": "1" }, "email": { "S": "" }, "firstName": { "S": "" }, "lastName": { "S": "" } } },
                    "createdAt": { "S": "2026-01-01T00:00:00.000Z" },
                    "changes": { "M": { "company": { "M": { "previous": { "S": "Secret Ltd" }, "current": { "S": "" } } } } },
                },
                "SequenceNumber": "1",
            }))
        };
        api.invoke_with_event("PublisherFunction", &json!({ "Records": [record(1)] }).to_string()).await;
        let late = owner.wait_for_feed_events(6).await[5].clone();
        assert_eq!((&late["leadId"], late.get("changes"), late.get("lead")), (&json!(1), None, None));
        api.wait_for_empty_delivery_queue().await;
    })
    .await;
}

/// Two concurrent clean-ups remove the personal data of two leads from one page of the feed. Neither of them restores
/// the data that the other has removed.
#[tokio::test(flavor = "multi_thread")]
async fn concurrent_scrubs_restore_no_personal_data() {
    with_fault_injection(async |api| {
        let owner = api.owner_caller();
        for n in 1..=2 {
            owner.create_lead(example_lead(&format!("secret{n}@example.com"))).await;
        }
        let both = json!({ "Records": api.stream_records().await });
        api.invoke_with_event("PublisherFunction", &both.to_string()).await;
        assert!(owner.get("/events").await.expect_status(200).to_string().contains("secret2"), "they share a page");
        owner.delete("/leads/1", Value::Null).await.expect_status(200);
        api.dynamodb_faults().inject_next("PutItem", [Fault::Slow]);
        let slow = async {
            api.run_clean_up_hours_ahead(2).await;
        };
        let quick = async {
            while api.dynamodb_faults().count_faults_left() > 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            owner.delete("/leads/2", Value::Null).await.expect_status(200);
            assert_eq!(api.run_clean_up_hours_ahead(2).await["events"], 2);
        };
        tokio::join!(slow, quick);
        let feed = owner.get("/events").await.expect_status(200);
        assert_eq!(feed["events"].as_array().map(Vec::len), Some(2));
        assert!(!feed.to_string().contains("secret"), "{feed}");
    })
    .await;
}

/// A bad stream record that is alone in its batch goes to the failures queue once it is five minutes old, so that it
/// does not block its stream shard.
#[tokio::test]
async fn a_lone_bad_record_is_set_aside_after_five_minutes() {
    let api = TestStack::start_stack(test_options()).await;
    let owner = api.owner_caller();
    for n in 1..=2 {
        owner.create_lead(example_lead(&format!("a{n}@example.com"))).await;
    }
    let records = api.stream_records().await;
    let of = |lead: u64| {
        let pk = format!("T#team#LEAD#{lead}");
        records.iter().find(|record| record["dynamodb"]["Keys"]["PK"]["S"] == pk).expect("a record").clone()
    };
    let key = PrimaryKey { pk: "T#team#LEAD#1".into(), sk: "LEAD".into() }.key_attributes();
    let update = api.dynamodb.update_item().table_name(&api.table).set_key(Some(key.clone()));
    let update = update
        .update_expression("SET firstName = :name")
        .expression_attribute_values(":name", AttributeValue::N("2".into()));
    update.send().await.expect("it is written");
    let publish = async |record: Value| {
        api.invoke_with_event("PublisherFunction", &json!({ "Records": [record] }).to_string()).await
    };
    let nothing_failed = json!({ "batchItemFailures": [] });
    assert_ne!(publish(of(1)).await, nothing_failed, "it may be anything that is wrong");
    api.clock.advance_clock(Duration::from_secs(6 * 60));
    assert_eq!(publish(of(1)).await, nothing_failed);
    let failures = api.queues.message_bodies("PublisherFailuresQueue");
    assert!(failures.len() == 1 && failures[0].contains("\"at\":\"20"), "{failures:?}");
    // The stream record's time is an hour ahead of the stack's clock, and the record is published twice.
    let mut ahead = of(2);
    ahead["dynamodb"]["ApproximateCreationDateTime"] = json!(api.clock.current_time().as_second() + 3600);
    assert_eq!(publish(ahead.clone()).await, nothing_failed);
    let at =
        Timestamp::from_millisecond(ahead["dynamodb"]["ApproximateCreationDateTime"].as_i64().expect("seconds") * 1000);
    let image: serde_dynamo::Item = serde_json::from_value(ahead["dynamodb"]["NewImage"].clone()).expect("an item");
    let (team, entry) = parse_outbox_entry(image.into()).expect("an entry");
    // A new table client starts without the cached end of the feed, as a new Lambda environment does.
    let table = FeedStore::from(Table::new(api.dynamodb.clone(), &api.table));
    table
        .publish(&team, &[entry], (at, at), api.clock.current_time(), None, shared::api::Event::serialize_outbox_entry)
        .await
        .expect("it is published");
    assert_eq!(owner.wait_for_feed_events(1).await.len(), 1);
    let update = api.dynamodb.update_item().table_name(&api.table).set_key(Some(key));
    let update = update
        .update_expression("SET firstName = :name")
        .expression_attribute_values(":name", AttributeValue::S("John".into()));
    update.send().await.expect("it is written");
    api.audit_all_teams().await;
}
