//! A new release changes the rules that keys are made by: what an old one wrote is changed, swept and deleted all the same.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use shared::table::Item;
use shared::table::keys::PrimaryKey;

use crate::harness::{Api, example_with, with_api};

/// Writes every item of the table anew, as by rules that left apostrophes in search words, hashed otherwise, and had more
/// shards of the counters.
async fn as_if_by_old_rules(api: &Api, shard: &str) {
    let items = api.items().await;
    let table = &api.table;
    for (key, item) in items {
        let new = PrimaryKey { pk: aged(&key.pk, shard), sk: aged(&key.sk, shard) };
        let attributes: BTreeMap<String, AttributeValue> =
            item.into_iter().map(|(name, value)| (name, aged_value(value, shard))).collect();
        let mut written: Item = attributes.into_iter().collect();
        written.extend(new.clone().attributes());
        if new != key {
            api.dynamodb.delete_item().table_name(table).set_key(Some(key.attributes())).send().await.unwrap();
        }
        api.dynamodb.put_item().table_name(table).set_item(Some(written)).send().await.unwrap();
    }
}

/// Search words had no apostrophes taken out; hashes and shards were others.
fn aged(text: &str, shard: &str) -> String {
    let counters = |text: String| match text.rsplit_once('#') {
        Some((counter, "0" | "1" | "2" | "3"))
            if ["ALL", "SET#", "DAY#", "SOURCE#"].iter().any(|kind| counter.starts_with(kind)) =>
        {
            format!("{counter}#{shard}")
        }
        _ => text,
    };
    counters(text.replace("oconnor", "o'connor").replace(NEW_SOURCE, OLD_SOURCE).replace(NEW_EMAIL, OLD_EMAIL))
}

fn aged_value(value: AttributeValue, shard: &str) -> AttributeValue {
    match value {
        AttributeValue::S(text) => AttributeValue::S(aged(&text, shard)),
        AttributeValue::M(map) => AttributeValue::M(
            map.into_iter()
                .map(|(name, value)| match name.as_str() {
                    "shard" => (name, AttributeValue::N(shard.to_owned())),
                    _ => (name, aged_value(value, shard)),
                })
                .collect(),
        ),
        other => other,
    }
}

/// Of `Referral`, by today's rule and by another.
const NEW_SOURCE: &str = "44574c4ba2ea74ad4bf1e184133cdbf4";
const OLD_SOURCE: &str = "00000000000000000000000000000001";
/// Of `john@example.com`, by today's rule and by another.
const NEW_EMAIL: &str = "855f96e983f1f8e8be944692b6f719fd";
const OLD_EMAIL: &str = "00000000000000000000000000000002";

#[tokio::test(flavor = "multi_thread")]
async fn what_old_rules_wrote_is_changed_and_deleted_by_new_ones() {
    with_api(async |api| {
        let owner = api.owner();
        owner.businesses(2).await;
        let lead = json!({ "lastName": "O’Connor", "source": "Referral", "business": [1] });
        for (shard, last) in [("7", false), ("9", true)] {
            let id = owner.create(example_with("john@example.com", lead.clone())).await;
            as_if_by_old_rules(api, shard).await;
            let items = api.items().await;
            let aged = |part: &str| items.keys().filter(|key| format!("{}/{}", key.pk, key.sk).contains(part)).count();
            for part in ["o'connor", OLD_SOURCE, OLD_EMAIL, &format!("ALL#{shard}")] {
                assert!(aged(part) > 0, "{part}");
            }
            if last {
                owner.delete(&format!("/leads/{id}"), Value::Null).await.expect(200);
            } else {
                // Whatever is written by today's rules has its keys by them, the shard excepted.
                let path = format!("/leads/{id}");
                owner.patch("/leads/archive", json!({ "ids": [id] })).await.expect(200);
                owner.patch(&path, json!({ "company": "Acme", "business": [2] })).await.expect(200);
                owner.patch("/leads/restore", json!({ "ids": [id] })).await.expect(200);
                let found = owner.get("/leads/search?search=oconnor+acme").await.expect(200);
                assert_eq!(found[0]["id"], id);
                assert_eq!(owner.get("/leads?source=Referral&business=2").await.expect(200)["count"], 1);
                let items = api.items().await;
                for part in ["o'connor", OLD_SOURCE, OLD_EMAIL] {
                    let left = items.keys().filter(|key| {
                        !key.sk.starts_with("SOURCE#") && format!("{}/{}", key.pk, key.sk).contains(part)
                    });
                    assert_eq!(left.count(), 0, "{part}");
                }
                owner.delete(&path, Value::Null).await.expect(200);
            }
        }
        assert_eq!(owner.get("/leads").await.expect(200)["count"], 0);
    })
    .await;
}
