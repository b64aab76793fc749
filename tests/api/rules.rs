//! Leads of an earlier release, which had other rules for search words and hashes, can still be changed, found and
//! deleted.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use shared::store::TableItem;
use shared::store::keys::PrimaryKey;

use crate::harness::{TestStack, example_lead_with, with_api};

/// Rewrites all items as if an earlier release had kept apostrophes in search words and had hashed sources and email
/// addresses differently.
async fn rewrite_items_by_older_rules(api: &TestStack, source: &str) {
    let items = api.scan_all_items().await;
    let table = &api.table;
    for (key, item) in items {
        let new = PrimaryKey { pk: text_by_older_rules(&key.pk, source), sk: text_by_older_rules(&key.sk, source) };
        let attributes: BTreeMap<String, AttributeValue> =
            item.into_iter().map(|(name, value)| (name, value_by_older_rules(value, source))).collect();
        let mut written: TableItem = attributes.into_iter().collect();
        written.extend(new.clone().key_attributes());
        if new != key {
            api.dynamodb.delete_item().table_name(table).set_key(Some(key.key_attributes())).send().await.unwrap();
        }
        api.dynamodb.put_item().table_name(table).set_item(Some(written)).send().await.unwrap();
    }
}

/// Replaces the search word and the hashes in a stored text by those that earlier normalisation rules made.
fn text_by_older_rules(text: &str, source: &str) -> String {
    text.replace("oconnor", "o'connor").replace(CURRENT_SOURCE_HASH, source).replace(CURRENT_EMAIL_HASH, OLD_EMAIL_HASH)
}

fn value_by_older_rules(value: AttributeValue, source: &str) -> AttributeValue {
    match value {
        AttributeValue::S(text) => AttributeValue::S(text_by_older_rules(&text, source)),
        AttributeValue::M(map) => AttributeValue::M(
            map.into_iter().map(|(name, value)| (name, value_by_older_rules(value, source))).collect(),
        ),
        other => other,
    }
}

/// Hashes of the source `Referral`: the real one, and two made-up ones that stand for the hashes of earlier releases.
const CURRENT_SOURCE_HASH: &str = "44574c4ba2ea74ad4bf1e184133cdbf4";
const OLD_SOURCE_HASH: &str = "00000000000000000000000000000001";
const OLDER_SOURCE_HASH: &str = "00000000000000000000000000000003";
/// Hashes of `john@example.com`: the one of the current rule, and a made-up one of an older rule.
const CURRENT_EMAIL_HASH: &str = "855f96e983f1f8e8be944692b6f719fd";
const OLD_EMAIL_HASH: &str = "00000000000000000000000000000002";

#[tokio::test]
async fn items_of_older_search_rules_can_be_changed_and_deleted() {
    with_api(async |api| {
        let owner = api.owner_caller();
        owner.create_numbered_businesses(2).await;
        let lead = json!({ "lastName": "O’Connor", "source": "Referral", "business": [1] });
        for (old_source, last) in [(OLD_SOURCE_HASH, false), (OLDER_SOURCE_HASH, true)] {
            let id = owner.create_lead(example_lead_with("john@example.com", lead.clone())).await;
            rewrite_items_by_older_rules(api, old_source).await;
            let items = api.scan_all_items().await;
            let aged = |part: &str| items.keys().filter(|key| format!("{}/{}", key.pk, key.sk).contains(part)).count();
            for part in ["o'connor", old_source, OLD_EMAIL_HASH] {
                assert!(aged(part) > 0, "{part}");
            }
            if last {
                owner.delete(&format!("/leads/{id}"), Value::Null).await.expect_status(200);
            } else {
                // After these writes, the lead's items, except counters, have only keys of the current rules.
                let path = format!("/leads/{id}");
                owner.patch("/leads/archive", json!({ "ids": [id] })).await.expect_status(200);
                owner.patch(&path, json!({ "company": "Acme", "business": [2] })).await.expect_status(200);
                owner.patch("/leads/restore", json!({ "ids": [id] })).await.expect_status(200);
                let found = owner.get("/leads/search?search=oconnor+acme").await.expect_status(200);
                assert_eq!(found[0]["id"], id);
                assert_eq!(owner.get("/leads?source=Referral&business=2").await.expect_status(200)["count"], 1);
                let items = api.scan_all_items().await;
                for part in ["o'connor", OLD_SOURCE_HASH, OLD_EMAIL_HASH] {
                    let left = items
                        .keys()
                        .filter(|key| !key.pk.ends_with("#COUNTS") && format!("{}/{}", key.pk, key.sk).contains(part));
                    assert_eq!(left.count(), 0, "{part}");
                }
                owner.delete(&path, Value::Null).await.expect_status(200);
            }
        }
        assert_eq!(owner.get("/leads").await.expect_status(200)["count"], 0);
    })
    .await;
}
