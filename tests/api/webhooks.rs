//! Webhooks: settings, signing secrets, and the network addresses that they may reach.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use local::StackOptions;
use serde_json::{Value, json};
use shared::domain::{EventType, NamedEnum as _};
use shared::platform::resolver::DnsResolver;

use crate::deliveries::{HOUR_SECONDS, attempt_count, options_with_local_webhooks, with_receiver};
use crate::events::with_stack_options;
use crate::harness::{TestStack, example_lead, test_options};
use crate::receiver::WebhookReceiver;

#[tokio::test]
async fn only_owners_manage_webhooks_and_bad_settings_are_refused() {
    let api = TestStack::start_stack(test_options()).await;
    let owner = api.owner_caller();
    let body = json!({ "url": "https://example.com/hook?a=1", "types": ["lead.created"], "description": "Über" });
    let created = owner.post("/webhooks", body).await.expect_status(201);
    assert!(created["secret"].as_str().is_some_and(|secret| secret.starts_with("whsec_") && secret.len() == 50));
    let read = owner.get("/webhooks/1").await.expect_status(200);
    let mut shown = created.clone();
    shown.as_object_mut().expect("an object").remove("secret");
    assert_eq!(read, shown);
    assert_eq!(owner.get("/webhooks").await.expect_status(200), json!({ "count": 1, "webhooks": [read] }));
    // The body of a GET is accepted by PUT and changes nothing.
    assert_eq!(owner.put("/webhooks/1", read.clone()).await.expect_status(200), read);
    let every: Vec<&str> = EventType::all_values().iter().map(|one| one.value_name()).collect();
    let all = owner.put("/webhooks/1", json!({ "url": "https://example.com/", "types": every, "active": false })).await;
    let all = all.expect_status(200);
    assert_eq!((all["types"].as_array().map(Vec::len), &all["description"]), (Some(10), &json!("Über")));
    owner.post("/webhooks", json!({})).await.expect_bad_fields(&["url"]);
    owner.post("/webhooks", json!({ "url": "https://example.com/", "types": [] })).await.expect_bad_fields(&["types"]);
    for port in ["0", "65536", "99999", ""] {
        owner
            .post("/webhooks", json!({ "url": format!("https://example.com:{port}/") }))
            .await
            .expect_bad_fields(&["url"]);
    }
    let twice = json!({ "url": "https://example.com/", "types": ["lead.created", "lead.deleted", "lead.created"] });
    let stored = owner.post("/webhooks", twice).await.expect_status(201);
    assert_eq!(stored["types"], json!(["lead.created", "lead.deleted"]), "duplicates count once");
    owner.delete(&format!("/webhooks/{}", stored["id"]), Value::Null).await.expect_status(200);
    owner.put("/webhooks/1", json!({ "types": ["lead.created"] })).await.expect_bad_fields(&["url"]);
    let bad = json!({ "url": "https://u:p@example.com/", "types": ["lead.eaten"], "active": 1, "secret": "whsec_x" });
    owner.post("/webhooks", bad).await.expect_bad_fields(&["url", "types", "active", "secret"]);
    for (method, path) in [
        ("GET", "/webhooks/2"),
        ("PUT", "/webhooks/2"),
        ("DELETE", "/webhooks/x"),
        ("POST", "/webhooks/2/secret"),
        ("POST", "/webhooks/2/test"),
        ("POST", "/webhooks/2/replay"),
        ("GET", "/webhooks/2/deliveries"),
        ("POST", "/webhooks/2/deliveries/evt_team_1"),
    ] {
        let body = match path {
            "/webhooks/2" if method == "PUT" => json!({ "url": "https://example.com/" }).to_string(),
            "/webhooks/2/replay" => json!({ "since": "2026-01-01T00:00:00Z" }).to_string(),
            _ => String::new(),
        };
        let headers = [("content-type", "application/json")];
        owner.send_request(method, path, &headers, body).await.expect_error(404, "Webhook not found");
    }
    owner.post("/webhooks/1/test", json!({})).await.expect_error(400, "Webhook is switched off");
    owner.post("/webhooks/1/secret", json!({ "secret": "mine" })).await.expect_error(400, "Invalid request");
    owner.post("/webhooks/1/replay", json!({ "since": "yesterday" })).await.expect_bad_fields(&["since"]);
    for other in [api.caller_with_role("team", "Manager"), api.caller_with_role("team", "Viewer")] {
        other.get("/webhooks").await.expect_error(403, "Access denied");
        other.post("/webhooks", json!({ "url": "https://example.com/" })).await.expect_error(403, "Access denied");
        other.post("/webhooks/1/secret", json!({})).await.expect_error(403, "Access denied");
    }
    let stranger = api.caller_with_role("other", "Owner");
    assert_eq!(stranger.get("/webhooks").await.expect_status(200)["count"], 0);
    stranger.get("/webhooks/1").await.expect_error(404, "Webhook not found");
    stranger.delete("/webhooks/1", Value::Null).await.expect_error(404, "Webhook not found");
    for _ in 1..20 {
        owner.add_test_webhook(json!({ "url": "https://example.com/" })).await;
    }
    owner.post("/webhooks", json!({ "url": "https://example.com/" })).await.expect_error(400, "Too many webhooks");
    owner.delete("/webhooks/1", Value::Null).await.expect_status(200);
    owner.add_test_webhook(json!({ "url": "https://example.com/" })).await;
    api.audit_all_teams().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_reveals_no_secret_and_takes_effect_once() {
    with_receiver(async |api, receiver| {
        let owner = api.owner_caller();
        let twice = async |path: &str, key: &str, body: Value| {
            let headers = [("content-type", "application/json"), ("idempotency-key", key)];
            let first = owner.send_request("POST", path, &headers, body.to_string()).await;
            // Waits for deliveries under way, because SQS may deliver them again.
            api.wait_for_empty_delivery_queue().await;
            let second = owner.send_request("POST", path, &headers, body.to_string()).await;
            assert_eq!((first.status / 100, first.status), (2, second.status), "{path}: {}", second.body);
            (first.body, second.body)
        };
        let (first, mut second) = twice("/webhooks", "hook", json!({ "url": format!("{}/a", receiver.url) })).await;
        assert!(second.as_object().is_some_and(|second| second.contains_key("secret")) && second["secret"].is_null());
        second["secret"] = first["secret"].clone();
        assert_eq!(first, second);
        let (rotated, again) = twice("/webhooks/1/secret", "secret", json!({})).await;
        assert!(rotated["secret"].is_string() && again == json!({ "secret": null }));
        let (first, second) = twice("/webhooks/1/test", "test", json!({})).await;
        assert_eq!(first, second);
        let ping = &receiver.wait_for_requests("/a", 1).await[0];
        assert_eq!(
            (ping.json_body()["type"].as_str(), ping.header_text("webhook-id")),
            (Some("ping"), first["id"].as_str().expect("an id"))
        );
        assert!(ping.is_signed_by(rotated["secret"].as_str().expect("a secret")), "the one that was shown");
        owner.create_lead(example_lead("a@example.com")).await;
        receiver.wait_for_requests("/a", 2).await;
        let (first, second) = twice("/webhooks/1/deliveries/evt_team_1", "again", json!({})).await;
        assert_eq!((&first, &first["count"], &first["id"]), (&second, &json!(1), &json!("evt_team_1")));
        receiver.wait_for_requests("/a", 3).await;
        let (first, second) = twice("/webhooks/1/replay", "replay", json!({ "since": "2026-01-01T00:00:00Z" })).await;
        assert_eq!((&first, &first["count"]), (&second, &json!(0)));
        // Repeated requests get their stored responses even after the webhook was switched off.
        owner
            .put("/webhooks/1", json!({ "url": format!("{}/a", receiver.url), "active": false }))
            .await
            .expect_status(200);
        owner.post("/webhooks/1/test", json!({})).await.expect_error(400, "Webhook is switched off");
        for (path, key, body) in [
            ("/webhooks/1/test", "test", json!({})),
            ("/webhooks/1/deliveries/evt_team_1", "again", json!({})),
            ("/webhooks/1/replay", "replay", json!({ "since": "2026-01-01T00:00:00Z" })),
        ] {
            twice(path, key, body).await;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(receiver.at("/a").len(), 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_rotation_both_secrets_sign_for_a_day() {
    with_receiver(async |api, receiver| {
        let owner = api.owner_caller();
        let (hook, first) = owner.add_test_webhook(json!({ "url": format!("{}/a", receiver.url) })).await;
        let rotated = owner.post(&format!("/webhooks/{hook}/secret"), json!({})).await.expect_status(201);
        let second = rotated["secret"].as_str().expect("a secret");
        assert_ne!(first, second);
        owner.create_lead(example_lead("a@example.com")).await;
        let both = &receiver.wait_for_requests("/a", 1).await[0];
        assert!(both.is_signed_by(&first) && both.is_signed_by(second));
        api.advance_clock_when_idle(Duration::from_secs(25 * HOUR_SECONDS)).await;
        owner.create_lead(example_lead("b@example.com")).await;
        let later = &receiver.wait_for_requests("/a", 2).await[1];
        assert!(!later.is_signed_by(&first) && later.is_signed_by(second));
    })
    .await;
}

/// A DNS resolver with fixed host names. `rebinds.example` resolves to a public address the first time and to loopback
/// addresses later; `looked_up` counts its look-ups.
fn resolver_with_fixed_names(looked_up: &Arc<AtomicUsize>) -> DnsResolver {
    let looked_up = Arc::clone(looked_up);
    DnsResolver::from_fn(move |name| {
        let before = if name == "rebinds.example" { looked_up.fetch_add(1, Ordering::SeqCst) } else { 0 };
        async move {
            let addresses: &[&str] = match name.as_str() {
                "private.example" => &["10.0.0.7"],
                "metadata.example" => &["169.254.169.254"],
                "mixed.example" => &["93.184.215.14", "::1"],
                "rebinds.example" if before == 0 => &["93.184.215.14"],
                "localhost" | "rebinds.example" => &["127.0.0.1", "::1"],
                "public.example" => &["93.184.215.14"],
                _ => &[],
            };
            Ok(addresses.iter().map(|address| address.parse::<IpAddr>().expect("an address")).collect())
        }
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_reach_no_private_address() {
    let receiver = WebhookReceiver::start_receiver().await;
    let port = receiver.url.rsplit(':').next().expect("a port").to_owned();
    let looked_up = Arc::new(AtomicUsize::new(0));
    let deployed = StackOptions { events: true, resolver: resolver_with_fixed_names(&looked_up), ..test_options() };
    with_stack_options(deployed, async |api| {
        let owner = api.owner_caller();
        for host in [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f.0.0.1",
            "0177.0.0.1",
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "169.254.169.254",
            "169.254.170.2",
            "172.16.0.1",
            "192.168.1.1",
            "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[::ffff:a9fe:a9fe]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
            "[fd00:ec2::254]",
            "[fe80::1]",
            "localhost",
            "private.example",
            "metadata.example",
            "mixed.example",
        ] {
            // The URL parser of the API does not read these spellings as IP addresses but as host names, which do not
            // resolve.
            let is_a_name_here = matches!(host, "127.1" | "2130706433" | "0x7f.0.0.1" | "0177.0.0.1");
            let reply = owner.post("/webhooks", json!({ "url": format!("https://{host}:{port}/") })).await;
            if is_a_name_here {
                owner
                    .delete(&format!("/webhooks/{}", reply.expect_status(201)["id"]), Value::Null)
                    .await
                    .expect_status(200);
            } else {
                reply.expect_bad_fields(&["url"]);
            }
        }
        owner.post("/webhooks", json!({ "url": "http://public.example/" })).await.expect_bad_fields(&["url"]);
        owner.post("/webhooks", json!({ "url": "http://unknown.example/" })).await.expect_bad_fields(&["url"]);
        // The host name resolves to a public address when the webhook is created and to a loopback address at delivery.
        // The sender checks the address again.
        let (hook, _) =
            owner.add_test_webhook(json!({ "url": format!("https://rebinds.example:{port}/rebinds") })).await;
        owner.create_lead(example_lead("a@example.com")).await;
        let delivery = owner.wait_for_delivery(hook, |delivery| attempt_count(delivery) == 1).await;
        assert_eq!(delivery["attempts"][0]["error"], "the address is not public");
        assert_eq!(looked_up.load(Ordering::SeqCst), 2);
        assert!(receiver.at("/rebinds").is_empty());
        owner
            .put(&format!("/webhooks/{hook}"), json!({ "url": "https://private.example/" }))
            .await
            .expect_bad_fields(&["url"]);
    })
    .await;
}

/// A webhook may reach a private address only in an allowed network, and only if every address of its host is allowed.
#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_host_needs_every_address_allowed() {
    let receiver = WebhookReceiver::start_receiver().await;
    let port = receiver.url.rsplit(':').next().expect("a port").to_owned();
    let looked_up = Arc::new(AtomicUsize::new(1));
    let within = StackOptions {
        webhook_networks: "127.0.0.1/32".into(),
        resolver: resolver_with_fixed_names(&looked_up),
        ..options_with_local_webhooks()
    };
    with_stack_options(within, async |api| {
        let owner = api.owner_caller();
        // The host resolves to `127.0.0.1`, which is allowed, and to `::1`, which is not.
        owner
            .post("/webhooks", json!({ "url": format!("http://rebinds.example:{port}/a") }))
            .await
            .expect_bad_fields(&["url"]);
        let (hook, _) = owner.add_test_webhook(json!({ "url": format!("http://127.0.0.1:{port}/a") })).await;
        owner.create_lead(example_lead("a@example.com")).await;
        owner.wait_for_delivery(hook, |delivery| delivery["state"] == "Delivered").await;
    })
    .await;
}
