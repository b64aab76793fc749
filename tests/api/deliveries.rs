//! Webhook deliveries: attempts, the schedule of retries, and when retries end.

use std::collections::BTreeSet;
use std::time::Duration;

use local::StackOptions;
use serde_json::{Value, json};

use crate::events::{wait_until_some, with_stack_options};
use crate::harness::{TestCaller, TestStack, example_lead, put_body_with, test_options};
use crate::receiver::{EndpointBehaviour, ReceivedRequest, WebhookReceiver};

pub(crate) const HOUR_SECONDS: u64 = 60 * 60;

/// Options of a stack with events whose webhooks may reach addresses of this machine (127.0.0.0/8).
pub(crate) fn options_with_local_webhooks() -> StackOptions {
    StackOptions { events: true, webhook_networks: "127.0.0.0/8".into(), ..test_options() }
}

pub(crate) async fn with_receiver(test: impl AsyncFnOnce(&TestStack, &WebhookReceiver)) {
    let receiver = WebhookReceiver::start_receiver().await;
    with_stack_options(options_with_local_webhooks(), async |api| test(api, &receiver).await).await;
}

impl WebhookReceiver {
    /// Waits until the receiver has got at least `n` requests to a path, and returns all requests to the path.
    pub(crate) async fn wait_for_requests(&self, path: &str, n: usize) -> Vec<ReceivedRequest> {
        wait_until_some(path, async || Some(self.at(path)).filter(|delivered| delivered.len() >= n)).await
    }
}

impl TestCaller<'_> {
    /// Adds a webhook and returns its id and secret.
    pub(crate) async fn add_test_webhook(&self, body: Value) -> (u64, String) {
        let created = self.post("/webhooks", body).await.expect_status(201);
        (created["id"].as_u64().expect("an id"), created["secret"].as_str().expect("a secret").to_owned())
    }

    /// Waits until `like` holds for the newest delivery of a webhook, and returns the delivery.
    pub(crate) async fn wait_for_delivery(&self, hook: u64, like: impl Fn(&Value) -> bool) -> Value {
        wait_until_some("a delivery", async || {
            let page = self.get(&format!("/webhooks/{hook}/deliveries?limit=1")).await.expect_status(200);
            Some(page["deliveries"][0].clone()).filter(|delivery| delivery.is_object() && like(delivery))
        })
        .await
    }
}

pub(crate) fn attempt_count(delivery: &Value) -> usize {
    delivery["attempts"].as_array().expect("attempts").len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_is_the_feeds_event_with_a_signature() {
    with_receiver(async |api, receiver| {
        let owner = api.owner_caller();
        let (all, secret) = owner.add_test_webhook(json!({ "url": format!("{}/all", receiver.url) })).await;
        let types = json!(["lead.updated", "lead.deleted"]);
        owner.add_test_webhook(json!({ "url": format!("{}/some", receiver.url), "types": types })).await;
        owner.add_test_webhook(json!({ "url": format!("{}/off", receiver.url), "active": false })).await;
        api.caller_with_role("other", "Owner")
            .add_test_webhook(json!({ "url": format!("{}/other", receiver.url) }))
            .await;
        receiver.set_path_behaviour("/all", EndpointBehaviour::Answer(200, "y".repeat(5000)));
        let lead = owner.create_lead(example_lead("o'connor@example.com")).await;
        owner.put("/leads/1", put_body_with(json!({ "firstName": "Łódź" }))).await.expect_status(200);
        owner.delete(&format!("/leads/{lead}"), Value::Null).await.expect_status(200);
        let delivered = receiver.wait_for_requests("/all", 3).await;
        let feed = owner.wait_for_feed_events(3).await;
        for one in &delivered {
            assert!(one.is_signed_by(&secret));
            assert!(feed.contains(&one.json_body()), "{:?}", one.json_body());
            assert_eq!(one.header_text("webhook-id"), one.json_body()["id"].as_str().expect("an id"));
            assert_eq!(one.header_text("content-type"), "application/json");
            let seconds: u64 = one.header_text("webhook-timestamp").parse().expect("seconds");
            assert!(api.clock.current_time().as_second() - seconds < 60);
        }
        let ids: BTreeSet<&str> = delivered.iter().map(|one| one.header_text("webhook-id")).collect();
        assert_eq!(ids.len(), 3);
        let some = receiver.wait_for_requests("/some", 2).await;
        let some: BTreeSet<String> = some.iter().map(|one| one.json_body()["type"].to_string()).collect();
        assert_eq!(some, BTreeSet::from(["\"lead.updated\"".into(), "\"lead.deleted\"".into()]));
        assert!(receiver.at("/off").is_empty() && receiver.at("/other").is_empty());
        let deliveries = wait_until_some("the deliveries", async || {
            let page = owner.get(&format!("/webhooks/{all}/deliveries")).await.expect_status(200);
            let deliveries = page["deliveries"].as_array().expect("deliveries").clone();
            (deliveries.len() == 3).then_some(deliveries)
        })
        .await;
        let ids = |events: &[Value]| events.iter().map(|event| event["id"].to_string()).collect::<Vec<_>>();
        let told: Vec<Value> = deliveries.iter().map(|delivery| delivery["event"].clone()).rev().collect();
        assert_eq!(ids(&told), ids(&feed), "the newest first");
        for delivery in &deliveries {
            assert_eq!((&delivery["state"], &delivery["nextAttemptAt"]), (&json!("Delivered"), &Value::Null));
            let attempt = &delivery["attempts"][0];
            assert_eq!((attempt_count(delivery), &attempt["status"]), (1, &json!(200)));
            assert_eq!(attempt["response"], "y".repeat(1024));
        }
        assert_eq!(owner.all_pages(&format!("/webhooks/{all}/deliveries?limit=1"), "deliveries").await, deliveries);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_deliveries_are_retried_on_schedule() {
    with_receiver(async |api, receiver| {
        let owner = api.owner_caller();
        let (hook, secret) = owner.add_test_webhook(json!({ "url": format!("{}/down", receiver.url) })).await;
        receiver.set_path_behaviour("/down", EndpointBehaviour::Answer(500, "Down.".into()));
        owner.create_lead(example_lead("a@example.com")).await;
        let pauses = [
            5,
            300,
            1800,
            2 * HOUR_SECONDS,
            5 * HOUR_SECONDS,
            10 * HOUR_SECONDS,
            14 * HOUR_SECONDS,
            20 * HOUR_SECONDS,
            24 * HOUR_SECONDS,
        ];
        for (n, pause) in (1..).zip(pauses) {
            let delivery = owner.wait_for_delivery(hook, |delivery| attempt_count(delivery) == n).await;
            let time =
                |value: &Value| value.as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok()).expect("a time");
            let next = time(&delivery["nextAttemptAt"]).duration_since(time(&delivery["attempts"][0]["at"]));
            let next = u64::try_from(next.as_secs()).expect("later");
            assert!((pause..=pause + pause / 10 + 1).contains(&next), "attempt {n}: {next}");
            assert_eq!(
                (&delivery["state"], &delivery["attempts"][0]["response"]),
                (&json!("Pending"), &json!("Down."))
            );
            // The retry must not come before 90 % of the pause is over. A job that waits longer than 15 minutes leaves
            // the queue and returns in between. The check itself takes some seconds.
            if pause > 60 {
                api.advance_clock_when_idle(Duration::from_secs(next * 9 / 10)).await;
                tokio::time::sleep(Duration::from_millis(250)).await;
                assert_eq!(receiver.at("/down").len(), n);
            }
            // A job that waits for its next attempt is delayed in the queue, not held in flight by the sender.
            wait_until_some("what waits", async || {
                (api.queues.count_in_flight_messages("DeliveriesQueue") == 0).then_some(())
            })
            .await;
            assert_eq!(api.queues.message_bodies("DeliveriesQueue").len(), 1);
            api.advance_clock_when_idle(Duration::from_secs(next / 10 + 10)).await;
        }
        let delivery = owner.wait_for_delivery(hook, |delivery| delivery["state"] == "Failed").await;
        assert_eq!((attempt_count(&delivery), &delivery["nextAttemptAt"]), (10, &Value::Null));
        let delivered = receiver.at("/down");
        assert_eq!(delivered.len(), 10);
        assert!(delivered.iter().all(|one| one.body == delivered[0].body && one.is_signed_by(&secret)));
        let ids: BTreeSet<&str> = delivered.iter().map(|one| one.header_text("webhook-id")).collect();
        let times: BTreeSet<&str> = delivered.iter().map(|one| one.header_text("webhook-timestamp")).collect();
        assert_eq!((ids.len(), times.len()), (1, 10));
        // SQS deletes the message after the sender has returned, so the queue may not be empty at once.
        api.wait_for_empty_delivery_queue().await;
        assert!(api.queues.message_bodies("DeliveriesDeadLetterQueue").is_empty());

        // `POST /webhooks/{id}/replay` sends the failed deliveries again, and no others.
        receiver.set_path_behaviour("/down", EndpointBehaviour::Well);
        owner.put("/leads/1", put_body_with(json!({ "firstName": "Maria" }))).await.expect_status(200);
        receiver.wait_for_requests("/down", 11).await;
        let since =
            |days: i64| json!({ "since": jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24 * days) });
        let replayed = owner.post(&format!("/webhooks/{hook}/replay"), since(-30)).await.expect_status(202);
        assert_eq!(replayed["count"], 0);
        let replayed = owner.post(&format!("/webhooks/{hook}/replay"), since(1)).await.expect_status(202);
        assert_eq!(replayed["count"], 1);
        let again = receiver.wait_for_requests("/down", 12).await;
        assert_eq!(again[11].body, again[0].body);
        wait_until_some("nothing that failed", async || {
            let page = owner.get(&format!("/webhooks/{hook}/deliveries")).await.expect_status(200);
            page["deliveries"]
                .as_array()
                .expect("deliveries")
                .iter()
                .all(|one| one["state"] == "Delivered")
                .then_some(())
        })
        .await;
        let replayed = owner.post(&format!("/webhooks/{hook}/replay"), since(1)).await.expect_status(202);
        assert_eq!(replayed["count"], 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_may_delay_retries_with_retry_after() {
    with_receiver(async |api, receiver| {
        let owner = api.owner_caller();
        let (hook, _) = owner.add_test_webhook(json!({ "url": format!("{}/busy", receiver.url) })).await;
        receiver.set_path_behaviour("/busy", EndpointBehaviour::Busy("3600".into()));
        owner.create_lead(example_lead("a@example.com")).await;
        owner.wait_for_delivery(hook, |delivery| attempt_count(delivery) == 1).await;
        receiver.set_path_behaviour("/busy", EndpointBehaviour::Well);
        api.advance_clock_when_idle(Duration::from_secs(3500)).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(receiver.at("/busy").len(), 1);
        api.advance_clock_when_idle(Duration::from_secs(600)).await;
        let delivery = owner.wait_for_delivery(hook, |delivery| delivery["state"] == "Delivered").await;
        assert_eq!(attempt_count(&delivery), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_switched_off_after_410_or_five_days_of_failures() {
    with_receiver(async |api, receiver| {
        let owner = api.owner_caller();
        let (gone, _) = owner.add_test_webhook(json!({ "url": format!("{}/gone", receiver.url) })).await;
        let (failing, _) = owner.add_test_webhook(json!({ "url": format!("{}/failing", receiver.url) })).await;
        receiver.set_path_behaviour("/gone", EndpointBehaviour::Answer(410, String::new()));
        receiver.set_path_behaviour("/failing", EndpointBehaviour::Answer(404, String::new()));
        owner.create_lead(example_lead("a@example.com")).await;
        let read = async |hook: u64| owner.get(&format!("/webhooks/{hook}")).await.expect_status(200);
        let off = wait_until_some("410", async || Some(read(gone).await).filter(|hook| hook["active"] == false)).await;
        assert_eq!(off["switchedOff"], "Gone");
        let delivery = owner.wait_for_delivery(gone, |delivery| delivery["state"] == "Failed").await;
        assert_eq!(attempt_count(&delivery), 1);
        let since = wait_until_some("a failure", async || {
            Some(read(failing).await["failingSince"].clone()).filter(Value::is_string)
        })
        .await;
        // The retries of the first delivery end after about three days. The later deliveries of each day fail, too.
        for day in 1..=5 {
            api.advance_clock_when_idle(Duration::from_secs(24 * HOUR_SECONDS - 60)).await;
            owner.patch("/leads/archive", json!({ "ids": [1] })).await.expect_status(200);
            owner.patch("/leads/restore", json!({ "ids": [1] })).await.expect_status(200);
            let tried = format!("/webhooks/{failing}/deliveries?limit=100");
            wait_until_some("attempts", async || {
                let page = owner.get(&tried).await.expect_status(200);
                (page["deliveries"].as_array().map(Vec::len) == Some(1 + 2 * day)).then_some(())
            })
            .await;
            let hook = read(failing).await;
            assert_eq!((&hook["active"], &hook["failingSince"]), (&json!(true), &since));
        }
        api.advance_clock_when_idle(Duration::from_secs(HOUR_SECONDS)).await;
        owner.patch("/leads/archive", json!({ "ids": [1] })).await.expect_status(200);
        let off =
            wait_until_some("five days", async || Some(read(failing).await).filter(|hook| hook["active"] == false))
                .await;
        assert_eq!((&off["switchedOff"], &off["failingSince"]), (&json!("Failing"), &since));
        // When a webhook is switched off, its pending deliveries fail. They can be replayed when it is switched on
        // again.
        wait_until_some("an empty queue", async || {
            api.advance_clock_when_idle(Duration::from_secs(24 * HOUR_SECONDS)).await;
            api.queues.message_bodies("DeliveriesQueue").is_empty().then_some(())
        })
        .await;
        receiver.set_path_behaviour("/failing", EndpointBehaviour::Well);
        let before = receiver.at("/failing").len();
        let path = format!("/webhooks/{failing}");
        owner
            .post(&format!("{path}/replay"), json!({ "since": "2026-01-01T00:00:00Z" }))
            .await
            .expect_error(400, "Webhook is switched off");
        let on = owner
            .put(&path, json!({ "url": format!("{}/failing", receiver.url), "active": true }))
            .await
            .expect_status(200);
        assert_eq!((&on["failingSince"], on.get("switchedOff")), (&Value::Null, None));
        let failed =
            owner.post(&format!("{path}/replay"), json!({ "since": "2026-01-01T00:00:00Z" })).await.expect_status(202);
        let failed = usize::try_from(failed["count"].as_u64().expect("a count")).expect("a few");
        // Eleven or twelve deliveries failed: the last event has a failed delivery only if the webhook was not switched
        // off before.
        assert!((11..=12).contains(&failed), "{failed}");
        receiver.wait_for_requests("/failing", before + failed).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_attempt_times_out_and_follows_no_redirect() {
    with_receiver(async |api, receiver| {
        let owner = api.owner_caller();
        let mut hooks = Vec::new();
        for (path, behaviour) in [
            ("/redirect", EndpointBehaviour::Redirect(format!("{}/target", receiver.url))),
            ("/endless", EndpointBehaviour::Endless),
            ("/headers", EndpointBehaviour::Headers(100_000)),
            ("/slow", EndpointBehaviour::Slow(Duration::from_secs(60))),
        ] {
            receiver.set_path_behaviour(path, behaviour);
            hooks.push(owner.add_test_webhook(json!({ "url": format!("{}{path}", receiver.url) })).await.0);
        }
        owner.create_lead(example_lead("a@example.com")).await;
        let first = async |n: usize| owner.wait_for_delivery(hooks[n], |delivery| attempt_count(delivery) == 1).await;
        let redirect = first(0).await;
        assert_eq!((&redirect["state"], &redirect["attempts"][0]["status"]), (&json!("Pending"), &json!(302)));
        assert!(receiver.at("/target").is_empty());
        let endless = first(1).await;
        assert_eq!(
            (&endless["state"], &endless["attempts"][0]["response"]),
            (&json!("Delivered"), &json!("x".repeat(1024)))
        );
        let headers = first(2).await;
        assert_eq!(headers["attempts"][0]["error"], "the connection broke, or the answer was not HTTP");
        let slow = first(3).await;
        assert_eq!(slow["attempts"][0]["error"], "no answer in 15 seconds");
        let duration = slow["attempts"][0]["duration"].as_u64().expect("milliseconds");
        assert!((15_000..20_000).contains(&duration), "{duration}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_untrusted_certificate_is_named_as_the_cause() {
    with_receiver(async |api, _| {
        let owner = api.owner_caller();
        let (hook, _) =
            owner.add_test_webhook(json!({ "url": WebhookReceiver::start_with_untrusted_certificate().await })).await;
        owner.create_lead(example_lead("a@example.com")).await;
        let failed = owner.wait_for_delivery(hook, |delivery| attempt_count(delivery) == 1).await;
        let error = failed["attempts"][0]["error"].as_str().expect("a reason");
        assert!(error.starts_with("the certificate is "), "{error}");
    })
    .await;
}

/// A job that SQS moves to the dead-letter queue is recorded as a `Failed` delivery, which its owner can replay.
#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_is_recorded_as_a_failed_delivery() {
    with_receiver(async |api, receiver| {
        let owner = api.owner_caller();
        let (hook, _) =
            owner.add_test_webhook(json!({ "url": format!("{}/hook", receiver.url), "active": false })).await;
        owner.create_lead(example_lead("a@example.com")).await;
        owner.wait_for_feed_events(1).await;
        owner
            .put(&format!("/webhooks/{hook}"), json!({ "url": format!("{}/hook", receiver.url), "active": true }))
            .await
            .expect_status(200);
        let event =
            api.scan_all_items().await.into_iter().find(|(key, _)| key.sk.starts_with("EVENT#")).expect("a page").1;
        let message = json!({ "event": { "page": 1, "number": 1, "at": event["at"].as_s().expect("a time") } });
        let dispatch = json!({ "team": "team", "webhook": hook, "message": message, "round": 0 });
        let record = json!({
            "messageId": "1", "receiptHandle": "none", "body": dispatch.to_string(),
            "attributes": { "DeadLetterQueueSourceArn": "arn:aws:sqs:us-east-1:000000000000:DeliveriesQueue" },
        });
        let nothing_failed = json!({ "batchItemFailures": [] });
        for _ in 0..2 {
            assert_eq!(
                api.invoke_with_event("SenderFunction", &json!({ "Records": [record] }).to_string()).await,
                nothing_failed
            );
        }
        let delivery = owner.wait_for_delivery(hook, |delivery| delivery["state"] == "Failed").await;
        assert_eq!(attempt_count(&delivery), 0);
        assert!(receiver.at("/hook").is_empty());
        let since = json!({ "since": "2026-01-01T00:00:00Z" });
        assert_eq!(owner.post(&format!("/webhooks/{hook}/replay"), since).await.expect_status(202)["count"], 1);
        receiver.wait_for_requests("/hook", 1).await;
        owner.wait_for_delivery(hook, |delivery| delivery["state"] == "Delivered").await;
    })
    .await;
}

/// If DynamoDB throttles the sender, the delivery is retried within seconds, without waiting for the queue's visibility
/// timeout.
#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_is_retried_seconds_after_an_internal_fault() {
    let receiver = WebhookReceiver::start_receiver().await;
    let here = StackOptions { inject_faults: true, ..options_with_local_webhooks() };
    with_stack_options(here, async |api| {
        let owner = api.owner_caller();
        let (hook, _) = owner.add_test_webhook(json!({ "url": format!("{}/hook", receiver.url) })).await;
        owner.post(&format!("/webhooks/{hook}/test"), json!({})).await.expect_status(202);
        receiver.wait_for_requests("/hook", 1).await;
        owner.wait_for_delivery(hook, |delivery| delivery["state"] == "Delivered").await;
        // The fault affects only the sender, because no other function uses BatchGetItem in this test.
        api.dynamodb_faults().inject_next("BatchGetItem", [local::Fault::Throttle; 4]);
        let began = tokio::time::Instant::now();
        owner.post(&format!("/webhooks/{hook}/test"), json!({})).await.expect_status(202);
        receiver.wait_for_requests("/hook", 2).await;
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
        owner.wait_for_delivery(hook, |delivery| delivery["state"] == "Delivered").await;
    })
    .await;
}

/// Endpoints that take a minute to answer do not delay the deliveries to another team's webhook. Their own deliveries
/// are not lost, and each is attempted only a few times.
#[tokio::test(flavor = "multi_thread")]
async fn silent_endpoints_do_not_delay_other_teams() {
    if dynamodb_answers_one_by_one() {
        return;
    }
    with_receiver(async |api, receiver| {
        let (owner, other) = (api.owner_caller(), api.caller_with_role("other", "Owner"));
        receiver.set_path_behaviour("/silent", SILENT_ENDPOINT);
        let (healthy, _) = other.add_test_webhook(json!({ "url": format!("{}/well", receiver.url) })).await;
        let silent = queue_two_thousand_deliveries(&owner, receiver, "silent").await;
        let beside_silent = p95_latency_of_twenty_deliveries(&other, receiver).await;
        println!("beside 2,000 messages to silent endpoints: p95 {beside_silent:?}");
        wait_until_some("the first silent one is known", async || {
            let slow = owner.get(&format!("/webhooks/{}", silent[0])).await.expect_status(200);
            slow["slowUntil"].is_string().then_some(())
        })
        .await;
        // All deliveries to the silent endpoints stay queued, and succeed once the endpoints answer.
        let waiting = || {
            api.queues.message_bodies("SlowDeliveriesQueue").len() + api.queues.message_bodies("DeliveriesQueue").len()
        };
        // The count may exceed 2,000, because a job that is queued again is in the queues twice for a moment.
        assert!(waiting() >= 2000, "{}", waiting());
        receiver.set_path_behaviour("/silent", EndpointBehaviour::Well);
        wait_until_some("everything", async || {
            api.advance_clock_when_idle(Duration::from_secs(60)).await;
            (waiting() == 0).then_some(())
        })
        .await;
        let told = receiver.at("/silent").len();
        // Before an endpoint is known to be silent, each delivery is attempted at most once in each of the two queues.
        // Once the endpoint answers, one more attempt succeeds.
        assert!((2000..=6000).contains(&told), "{told}");
        if beside_silent > MAX_PROMPT_LATENCY {
            let third = api.caller_with_role("third", "Owner");
            queue_two_thousand_deliveries(&third, receiver, "answering").await;
            let beside_answering = p95_latency_of_twenty_deliveries(&other, receiver).await;
            assert!(beside_silent < 3 * beside_answering, "{beside_silent:?}, beside answering {beside_answering:?}");
        } else {
            assert!(other.get(&format!("/webhooks/{healthy}")).await.expect_status(200)["slowUntil"].is_null());
        }
    })
    .await;
}

const SILENT_ENDPOINT: EndpointBehaviour = EndpointBehaviour::Slow(Duration::from_secs(60));

/// Whether the tests use DynamoDB Local, which answers one request at a time: there the load of one endpoint delays all
/// others, whatever the queues do. The embedded DynamoDB measures what the queues do.
fn dynamodb_answers_one_by_one() -> bool {
    let is_shared = test_options().dynamodb.is_some();
    if is_shared {
        println!("SKIPPED: DynamoDB Local answers one request at a time.");
    }
    is_shared
}

/// A 95th percentile up to this latency counts as not delayed. If a slow machine exceeds it, the test requires less
/// than three times the latency beside endpoints that answer.
const MAX_PROMPT_LATENCY: Duration = Duration::from_secs(2);

/// Adds twenty webhooks with the same URL path and creates a hundred leads, which makes 2,000 deliveries. Returns the
/// webhooks' ids.
async fn queue_two_thousand_deliveries(owner: &TestCaller<'_>, receiver: &WebhookReceiver, path: &str) -> Vec<u64> {
    let mut webhooks = Vec::new();
    for _ in 0..20 {
        webhooks.push(owner.add_test_webhook(json!({ "url": format!("{}/{path}", receiver.url) })).await.0);
    }
    let rows: Vec<Value> = (0..100).map(|n| json!({ "email": format!("a{n}@example.com") })).collect();
    owner.post("/leads/batch", json!({ "mode": "create", "leads": rows })).await.expect_status(200);
    webhooks
}

/// Creates twenty leads, one after the other, and returns the second-longest latency of their deliveries to `/well`.
async fn p95_latency_of_twenty_deliveries(owner: &TestCaller<'_>, receiver: &WebhookReceiver) -> Duration {
    let mut latencies = Vec::new();
    for _ in 0..20 {
        let n = receiver.at("/well").len();
        let began = tokio::time::Instant::now();
        owner.create_lead(example_lead(&format!("b{n}@example.com"))).await;
        latencies.push(receiver.wait_for_requests("/well", n + 1).await[n].at.duration_since(began));
    }
    latencies.sort_unstable();
    latencies[18]
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_endpoints_do_not_delay_other_endpoints_of_the_team() {
    if dynamodb_answers_one_by_one() {
        return;
    }
    with_receiver(async |api, receiver| {
        receiver.set_path_behaviour("/silent", SILENT_ENDPOINT);
        let beside_silent = p95_latency_beside_ten_webhooks(&api.owner_caller(), receiver, "silent").await;
        println!("beside ten silent endpoints of the team: p95 {beside_silent:?}");
        if beside_silent > MAX_PROMPT_LATENCY {
            let beside_answering =
                p95_latency_beside_ten_webhooks(&api.caller_with_role("other", "Owner"), receiver, "answering").await;
            assert!(beside_silent < 3 * beside_answering, "{beside_silent:?}, beside answering {beside_answering:?}");
        }
    })
    .await;
}

/// Adds ten webhooks to this path and ten healthy ones, writes eight comments a second, and returns the 95th percentile
/// of the delivery latency at the healthy ones.
async fn p95_latency_beside_ten_webhooks(owner: &TestCaller<'_>, receiver: &WebhookReceiver, path: &str) -> Duration {
    const COMMENT_COUNT: usize = 40;
    owner.create_lead(example_lead("a@example.com")).await;
    let types = json!(["comment.created"]);
    for n in 0..10 {
        for path in [path, &format!("beside-{path}/{n}")] {
            owner.add_test_webhook(json!({ "url": format!("{}/{path}", receiver.url), "types": types })).await;
        }
    }
    let mut written = Vec::new();
    let mut eight_a_second = tokio::time::interval(Duration::from_millis(125));
    for n in 0..COMMENT_COUNT {
        eight_a_second.tick().await;
        written.push(tokio::time::Instant::now());
        owner.post("/leads/comments/1", json!({ "content": n.to_string() })).await.expect_status(201);
    }
    let mut latencies = Vec::new();
    for n in 0..10 {
        for told in receiver.wait_for_requests(&format!("/beside-{path}/{n}"), COMMENT_COUNT).await {
            let comment: usize =
                told.json_body()["comment"]["content"].as_str().expect("text").parse().expect("a number");
            latencies.push(told.at.duration_since(written[comment]));
        }
    }
    latencies.sort_unstable();
    latencies[latencies.len() * 95 / 100]
}

/// Writes fifty comments, one after the other, and returns the longest latency of their deliveries to a healthy
/// endpoint.
async fn slowest_of_fifty_latencies(
    owner: &TestCaller<'_>,
    receiver: &WebhookReceiver,
    path: &str,
    from: usize,
) -> Duration {
    let mut latencies = Vec::new();
    for n in 0..50 {
        let began = tokio::time::Instant::now();
        owner.post("/leads/comments/1", json!({ "content": format!("{path} {n}") })).await.expect_status(201);
        let got = receiver.wait_for_requests(path, from + n + 1).await;
        latencies.push(got[from + n].at.duration_since(began));
    }
    latencies.sort_unstable();
    println!("{path}: p50 {:?}, p99 {:?}", latencies[25], latencies[49]);
    latencies[49]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_endpoint_delays_no_other() {
    if dynamodb_answers_one_by_one() {
        return;
    }
    with_receiver(async |api, receiver| {
        let owner = api.owner_caller();
        owner.create_lead(example_lead("a@example.com")).await;
        let types = json!(["comment.created"]);
        owner.add_test_webhook(json!({ "url": format!("{}/well", receiver.url), "types": types })).await;
        let alone = slowest_of_fifty_latencies(&owner, receiver, "/well", 0).await;
        // Adds a webhook that answers after 14 seconds, one to a closed port, and one that has 100 pings queued and
        // takes half a second for each.
        receiver.set_path_behaviour("/slow", EndpointBehaviour::Slow(Duration::from_secs(14)));
        owner.add_test_webhook(json!({ "url": format!("{}/slow", receiver.url) })).await;
        owner.add_test_webhook(json!({ "url": "http://127.0.0.1:9/" })).await;
        receiver.set_path_behaviour("/flood", EndpointBehaviour::Slow(Duration::from_millis(500)));
        let (flood, _) =
            owner.add_test_webhook(json!({ "url": format!("{}/flood", receiver.url), "types": types })).await;
        for _ in 0..100 {
            let ping =
                json!({ "ping": { "id": format!("ping_team_{}", fastrand::u32(..)), "at": api.clock.current_time() } });
            let dispatch = json!({ "team": "team", "webhook": flood, "message": ping, "round": 0 });
            api.queues.send_message("DeliveriesQueue", Some(&format!("team.{flood}")), &dispatch.to_string());
        }
        let beside = slowest_of_fifty_latencies(&owner, receiver, "/well", 50).await;
        assert!(beside < alone + Duration::from_secs(2), "{beside:?} beside others, {alone:?} alone");
    })
    .await;
}
