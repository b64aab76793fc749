//! Invariants that are checked after most tests. The table has exactly the items that its leads, teams and counters
//! require. Counters equal a recount of the leads. No function used a permission that the template does not grant. No
//! log line contains a secret.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use local::SamTemplate;
use shared::domain::{
    Comment, CounterDeltas, CounterField, CounterKey, CounterValues, DerivedKeyParts, Lead, LeadCount, LeadGroup,
    TeamId, Timestamp,
};
use shared::store::keys::{IndexPartition, ItemKey, ParsedCounterKey, PrimaryKey, parse_counter_partition_item};
use shared::store::{CounterView, TableItem};

use crate::harness::TestStack;

impl TestStack {
    pub(crate) async fn scan_all_items(&self) -> BTreeMap<PrimaryKey, TableItem> {
        let mut items = BTreeMap::new();
        // Without a limit, the embedded DynamoDB would read the whole rest of the table again for each page.
        let scan = self.dynamodb.scan().table_name(&self.table).consistent_read(true).limit(1000);
        let mut pages = scan.into_paginator().items().send();
        while let Some(item) = pages.next().await {
            let item = item.expect("a page of a scan");
            items.insert(PrimaryKey::of(&item).expect("a key"), item);
        }
        items
    }

    /// Reads an item from the table. Returns an empty map if the item does not exist.
    pub(crate) async fn read_table_item(&self, key: &PrimaryKey) -> TableItem {
        let get = self.dynamodb.get_item().table_name(&self.table).consistent_read(true);
        let got = get.set_key(Some(key.clone().key_attributes())).send().await.expect("an answer");
        got.item.unwrap_or_default()
    }

    /// Runs the clean-up function as if the clock were this many hours ahead. Returns the report of the run.
    pub(crate) async fn run_clean_up_hours_ahead(&self, hours: i64) -> serde_json::Value {
        let time = Timestamp::from(jiff::Timestamp::now()).saturating_add(SignedDuration::from_hours(hours));
        serde_json::json!(self.gateway.invoke_clean_up(time).await.expect("a clean-up"))
    }

    /// Runs clean-ups until nothing is due, and then asserts the invariants of the table, the bucket, the permissions
    /// and the log.
    pub(crate) async fn audit_all_teams(&self) {
        self.audit_hours_ahead(0).await;
    }

    /// Does the same as [`TestStack::audit_all_teams`] after a test that ran clean-ups itself with the clock up to this many hours
    /// ahead.
    pub(crate) async fn audit_hours_ahead(&self, hours: i64) {
        // The clean-up removes the objects of a photo without a lead in two runs, at least an hour apart.
        self.run_clean_up_hours_ahead(hours + 240).await;
        self.run_clean_up_hours_ahead(hours + 242).await;
        let mut items = self.scan_all_items().await;
        let mut photos = BTreeSet::new();
        let teams = self.teams.lock().expect("teams").clone();
        for team in teams.iter().filter_map(|team| team.parse::<TeamId>().ok()) {
            photos.extend(audit_team(&team, &mut items));
        }
        let left: BTreeSet<&PrimaryKey> = items.keys().collect();
        assert!(left.is_empty(), "nothing calls for {left:?}");
        let kept = self.object_keys().await.into_iter().filter(|key| key.starts_with("photos/"));
        assert_eq!(kept.collect::<BTreeSet<_>>(), photos, "the objects of photos that leads have");
        let template = SamTemplate::compiled_in().expect("a template");
        let forbidden =
            self.permissions_not_granted(|function| template.allowed_permissions(function).expect("a policy"));
        assert!(forbidden.is_empty(), "the template does not allow {forbidden:?}");
        crate::log::assert_no_secret_was_logged();
    }
}

/// Asserts the invariants of a team, and removes the team's items from `items`. Returns the S3 keys of the photos that
/// the team's leads have.
fn audit_team(team: &TeamId, items: &mut BTreeMap<PrimaryKey, TableItem>) -> BTreeSet<String> {
    let mut photos = BTreeSet::new();
    items.remove(&ItemKey::Team.of(team));
    items.remove(&ItemKey::Sequences.of(team));
    let prefix = format!("{}#", ItemKey::Team.of(team).pk);
    let of_team = |key: &&PrimaryKey| key.pk.starts_with(&prefix);
    let keys: Vec<PrimaryKey> = items.keys().filter(of_team).cloned().collect();
    let mut recount = CounterDeltas::default();
    for key in keys.iter().filter(|key| key.sk == "LEAD") {
        let item = items.remove(key).expect("read above");
        assert!(!item.contains_key("deleted"), "{key:?} is a tombstone that nobody cleared");
        assert!(!item.contains_key("due"), "{key:?} has something that nobody swept");
        for (name, value) in
            IndexPartition::index_key_attributes(team, &serde_dynamo::from_item(item.clone()).expect("a lead"))
        {
            assert_eq!(item.get(&name), Some(&value), "{key:?}: {name}");
        }
        let lead: Lead = serde_dynamo::from_item(item).expect("a lead");
        assert_eq!(*key, ItemKey::Lead(lead.id).of(team));
        assert!(lead.stale.is_empty(), "{key:?}");
        let derived = DerivedKeyParts::new(&lead.summary, &lead.details);
        assert_eq!(lead.derived, derived, "{key:?}");
        recount.add_lead(&lead.counted_properties());
        audit_lead(team, &lead, items);
        if !lead.photo.is_empty() {
            photos.insert(format!("photos/{}/{}", team.as_str(), lead.photo));
        }
    }
    audit_counters(team, &recount, items);
    audit_quota_counter(&ItemKey::ApiKeyCount.of(team), items);
    let is_views_partition = |pk: &str| pk.strip_prefix(&prefix).is_some_and(|kind| kind.starts_with("VIEWS"));
    for counter in keys.iter().filter(|key| is_views_partition(&key.pk) && key.sk == "COUNT") {
        audit_quota_counter(counter, items);
    }
    items.retain(|key, _| !(of_team(&key) && key.sk.starts_with("STATISTICS#")));
    audit_quota_counter(&ItemKey::FormCount.of(team), items);
    audit_quota_counter(&ItemKey::WebhookCount.of(team), items);
    audit_feed(team, items);
    // Stored idempotent responses, batch results and rate limits have a TTL, so any number of them may be left.
    items.retain(|key, item| {
        !(of_team(&key)
            && (key.sk == "IDEM" || key.sk.starts_with("ROWS#") || key.sk.starts_with("MINUTE#"))
            && item.contains_key("ttl"))
    });
    photos
}

/// Asserts that the pages of a team's feed follow each other without gaps, that no event is in the feed twice, and that
/// feed pages and webhook deliveries have a TTL.
fn audit_feed(team: &TeamId, items: &mut BTreeMap<PrimaryKey, TableItem>) {
    items.remove(&ItemKey::FeedStart.of(team));
    let partition = ItemKey::EventPage(1).of(team).pk;
    let mut end: Option<(u64, Timestamp)> = None;
    let mut sources = BTreeSet::new();
    let pages: Vec<PrimaryKey> = items.keys().filter(|key| key.pk == partition).cloned().collect();
    for key in pages {
        let item = items.remove(&key).expect("read above");
        assert!(item.contains_key("ttl"), "{key:?} never expires");
        let first: u64 = key.sk.trim_start_matches("EVENT#").parse().expect("a number");
        let at: Timestamp = item["at"].as_s().expect("a time").parse().expect("a time");
        // If this page was published 29 days after the one before, pages between them may have expired. The check then
        // starts anew, because the earlier events are unknown.
        let is_new = end.is_some_and(|(_, before)| before.saturating_add(SignedDuration::from_hours(29 * 24)) < at);
        if is_new {
            (end, sources) = (None, BTreeSet::new());
        }
        assert!(end.is_none_or(|(next, _)| next == first), "the feed of {} has a gap at {first}", team.as_str());
        let told = item["sources"].as_l().expect("a list");
        for source in told {
            assert!(sources.insert(format!("{source:?}")), "{source:?} is told twice");
        }
        end = Some((first + told.len() as u64, at));
    }
    let delivery = |key: &PrimaryKey| key.sk.starts_with("DELIVERY#") || key.sk.starts_with("FAILED#");
    let prefix = format!("{}#WEBHOOK#", ItemKey::Team.of(team).pk);
    items.retain(|key, item| !(key.pk.starts_with(&prefix) && delivery(key) && item.contains_key("ttl")));
}

/// Asserts that the counter of a team's API keys, forms or webhooks equals the number of these items.
fn audit_quota_counter(counter: &PrimaryKey, items: &mut BTreeMap<PrimaryKey, TableItem>) {
    let counted =
        items.remove(counter).map_or(0, |item| item["count"].as_n().expect("a number").parse().expect("count"));
    let before = items.len();
    items.retain(|key, _| key.pk != counter.pk);
    assert_eq!(before - items.len(), counted, "{counter:?}");
}

fn audit_lead(team: &TeamId, lead: &Lead, items: &mut BTreeMap<PrimaryKey, TableItem>) {
    let mut claim = |key: PrimaryKey| items.remove(&key).unwrap_or_else(|| panic!("lead {} has no {key:?}", lead.id));
    assert!(lead.has_contact(), "nobody reaches lead {}", lead.id);
    if let Some(email) = &lead.derived.email {
        let lock = claim(ItemKey::EmailLock(email).of(team));
        assert_eq!(lock["lead"].as_n().map(String::as_str), Ok(lead.id.to_string().as_str()));
    }
    for (system, id) in lead.external_ids.iter() {
        let lock = claim(ItemKey::ExternalIdLock(system, &id.key_hash()).of(team));
        assert_eq!(lock["lead"].as_n().map(String::as_str), Ok(lead.id.to_string().as_str()));
    }
    for business in &lead.business {
        claim(ItemKey::BusinessLead(*business, &lead.sort_position).of(team));
    }
    let words = &lead.derived.words;
    for word in words.iter_words() {
        let entry = claim(ItemKey::Word(word, lead.id).of(team));
        let told = |name: &str| entry.get(name).map(|text| text.as_s().expect("text").clone());
        let of_text = words.text_words.contains(word);
        assert_eq!(told("words"), of_text.then(|| words.all_words_text()), "lead {}: {word}", lead.id);
        assert_eq!(told("bare"), (!of_text).then(|| words.contact_text()), "lead {}: {word}", lead.id);
    }
    if let Ok(photo) = lead.photo.parse() {
        let owner = claim(ItemKey::Photo(&photo).of(team));
        assert_eq!(owner["lead"].as_n().map(String::as_str), Ok(lead.id.to_string().as_str()));
        assert!(!owner.contains_key("until") && !owner.contains_key("due"), "an attached photo would expire");
    }
    let at = |sk: &str| PrimaryKey { pk: ItemKey::Lead(lead.id).of(team).pk, sk: sk.into() };
    let logs: Vec<PrimaryKey> = items.range(at("LOG#")..at("LOG$")).map(|(key, _)| key.clone()).collect();
    assert_eq!(logs.len() as u64, lead.logs, "the log of lead {}", lead.id);
    let mut created: Vec<&str> =
        logs.iter().map(|key| items[key]["createdAt"].as_s().expect("a time").as_str()).collect();
    assert!(created.is_sorted(), "the log of lead {}: {created:?}", lead.id);
    let mut writes: BTreeSet<(&str, &str)> = BTreeSet::new();
    for key in &logs {
        let text = |name: &str| items[key][name].as_s().expect("text").as_str();
        writes.insert((text("createdAt"), text("writtenBy")));
    }
    created.dedup();
    assert_eq!(created.len(), writes.len(), "no two writes of lead {} are at one time", lead.id);
    let ids: BTreeSet<String> = logs.iter().map(|key| items[key]["id"].as_n().expect("an id").clone()).collect();
    assert_eq!(ids.len(), logs.len(), "each log entry has an id of its own");
    let comments: Vec<PrimaryKey> = items.range(at("COMMENT#")..at("COMMENT$")).map(|(key, _)| key.clone()).collect();
    assert_eq!(comments.len() as u64, lead.comments, "the comments of lead {}", lead.id);
    for key in comments {
        let comment: Comment = serde_dynamo::from_item(items.remove(&key).expect("read above")).expect("a comment");
        assert_eq!(key, ItemKey::Comment(lead.id, &comment.sort_position()).of(team));
        let pointer = items.remove(&ItemKey::CommentPointer(comment.id).of(team)).expect("a pointer");
        assert_eq!(pointer["sortPosition"].as_s().map(String::as_str), Ok(comment.sort_position().as_str()));
    }
    logs.iter().for_each(|key| drop(items.remove(key)));
}

/// Asserts that a team's counters equal a recount of the leads, whether the counters are rolled up or not.
fn audit_counters(team: &TeamId, recount: &CounterDeltas, items: &mut BTreeMap<PrimaryKey, TableItem>) {
    let partition = ItemKey::RollupProgress.of(team).pk;
    let stored: Vec<PrimaryKey> = items.keys().filter(|key| key.pk == partition).cloned().collect();
    let mut counters: BTreeMap<CounterKey, CounterValues> = BTreeMap::new();
    let (mut rollups, mut open) = (Vec::new(), Vec::new());
    for key in stored {
        let item = items.remove(&key).expect("read above");
        match parse_counter_partition_item(&item).unwrap_or_else(|| panic!("{key:?} is not of the counters")) {
            ParsedCounterKey::Open(CounterKey::Day(_) | CounterKey::Group(..), _) => open.push(item),
            ParsedCounterKey::Open(counted, slot) => {
                assert_eq!(key, ItemKey::Count(&counted, slot).of(team));
                for (name, value) in &item {
                    if let (Ok(number), Ok(leads)) = (name.parse::<CounterField>(), value.as_n()) {
                        let leads: i64 = leads.parse().expect("a number");
                        *counters.entry(counted.clone()).or_default().entry(number).or_default() += leads;
                    }
                }
            }
            ParsedCounterKey::Rollup(of) => {
                assert_eq!(key, ItemKey::Rollup(&of).of(team));
                rollups.push(item);
            }
            ParsedCounterKey::RollupProgress => {}
        }
    }
    let view = CounterView::new(&rollups, &open).expect("counters");
    for (day, number, leads) in view.day_counts() {
        *counters.entry(CounterKey::Day(day)).or_default().entry(number).or_default() += leads;
    }
    let group = |tally: &LeadCount| LeadGroup { businesses: tally.businesses.clone(), source: tally.source.clone() };
    for tally in view.group_count_rows(true, None) {
        let counted = CounterKey::Group(tally.day.expect("a day"), group(&tally));
        *counters.entry(counted).or_default().entry(CounterField::Leads(tally.cell)).or_default() += tally.leads;
    }
    let mut groups: BTreeMap<LeadGroup, CounterValues> = BTreeMap::new();
    for tally in view.group_count_rows(false, None) {
        *groups.entry(group(&tally)).or_default().entry(CounterField::Leads(tally.cell)).or_default() += tally.leads;
    }
    for numbers in counters.values_mut().chain(groups.values_mut()) {
        numbers.retain(|_, leads| *leads != 0);
    }
    counters.retain(|_, numbers| !numbers.is_empty());
    groups.retain(|_, numbers| !numbers.is_empty());
    let expected: BTreeMap<CounterKey, CounterValues> =
        recount.iter().map(|(counted, numbers)| (counted.clone(), numbers.clone())).collect();
    assert_eq!(counters, expected, "the counters of {} against a recount", team.as_str());
    let mut expected: BTreeMap<LeadGroup, CounterValues> = BTreeMap::new();
    for (counted, numbers) in recount.iter() {
        let CounterKey::Group(_, group) = counted else { continue };
        for (number, leads) in numbers {
            *expected.entry(group.clone()).or_default().entry(*number).or_default() += leads;
        }
    }
    assert_eq!(groups, expected, "the groups of {}, whatever the day, against a recount", team.as_str());
}
