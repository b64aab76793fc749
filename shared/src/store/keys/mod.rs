//! Formats of keys, and names of indexes and attributes. No other module builds or parses keys; `template.yaml`
//! declares the same names.

pub mod attribute;
mod cleanup;
mod counter;
mod index;
mod key;
mod range;
mod rollup;

pub use cleanup::{CLEANUP_SHARDS, CleanupTask};
pub use counter::{ParsedCounterKey, RollupKey, join_business_ids, parse_business_ids, parse_counter_partition_item};
pub use index::{Index, IndexPartition};
pub use key::{
    Key, PrimaryKey, is_comment, is_log, lead_id_of_position, nonexistent_key, parse_event_page_number,
    parse_lead_partition_item, parse_search_entry_key, statistics_form_id,
};
pub use range::{KeyRange, SortKeyCondition, parse_sort_position};
pub use rollup::{ROLLUP_SLICES, RollupPlace, StoredRollup};

use crate::store::Item;
use attribute::SK;

fn sort_key(item: &Item) -> Option<&str> {
    item.get(SK)?.as_s().ok().map(String::as_str)
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;

    use super::*;
    use crate::domain::{
        Actor, Agent, AgentName, ApiKeyId, BusinessId, CommentId, CounterCopyId, CounterKey, FormId, LeadGroup, LeadId,
        PhotoName, SortPosition, SourceHash, TeamId, Timestamp, User, WebhookId,
    };

    fn team() -> TeamId {
        "demo".parse().unwrap_or_else(|()| unreachable!())
    }

    fn lead(id: u64) -> LeadId {
        LeadId::new(id).unwrap_or_else(|| unreachable!())
    }

    fn businesses(ids: &[u64]) -> Vec<BusinessId> {
        ids.iter().filter_map(|id| BusinessId::new(*id)).collect()
    }

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(ms)
    }

    #[test]
    fn the_kind_of_a_key_contains_no_text_of_callers() {
        let position = SortPosition::new(at(1_700_000_000_000), 7);
        let business = businesses(&[7])[0];
        for (key, kind) in [
            (Key::Team, "TEAM"),
            (Key::Lead(lead(7)), "LEAD"),
            (Key::Log(lead(7), &position), "LOG"),
            (Key::Word("jane@example.com", lead(7)), "WORD"),
            (Key::BusinessLead(business, &position), "BUSINESS"),
            (Key::Count(&CounterKey::All, CounterCopyId::without_generation(0)), "ALL"),
        ] {
            assert_eq!(key.of(&team()).kind(), kind);
        }
    }

    #[test]
    fn every_key_has_its_documented_format() {
        let position = SortPosition::new(at(1_700_000_000_000), 7);
        let email: crate::domain::Email = "John@Example.com".parse().unwrap_or_else(|_| unreachable!());
        let email = email.caseless_hash();
        let photo: PhotoName = "photo.jpg".parse().unwrap_or_else(|()| unreachable!());
        let day = Date::constant(2026, 1, 31);
        let source = SourceHash::of("Referral").unwrap_or_else(|| unreachable!());
        let copy = CounterCopyId { generation: Date::constant(2026, 2, 1), shard: 3 };
        let of_source = CounterKey::Source(source.clone());
        let group = |ids: &[u64], source: Option<SourceHash>| LeadGroup { businesses: businesses(ids), source };
        let (some, none) = (group(&[1, 20], Some(source.clone())), group(&[], None));
        let (some, none) = (CounterKey::Group(day, some), CounterKey::Group(day, none));
        let (business, of_day) = (CounterKey::of_business(businesses(&[20])[0]), CounterKey::Day(day));
        let month = Date::constant(2026, 1, 1);
        let (days, group_days) = (RollupKey::Days(month), RollupKey::GroupDays(month, 15));
        let (groups, no_source) = (RollupKey::Groups(Some(source), 9), RollupKey::Groups(None, 63));
        let name = AgentName { id: 7, name: "Web site".to_owned() };
        let user = User { id: 4, email: String::new(), first_name: String::new(), last_name: String::new() };
        let user = Actor { team: team(), user, agent: None, at: at(0) };
        let machine = Actor { agent: Some(Agent::Key(name.clone())), ..user.clone() };
        let visitor = Actor { agent: Some(Agent::Form(name)), ..user.clone() };
        let pinned = [
            (Key::Team, "T#demo", "TEAM"),
            (Key::Sequences, "T#demo", "SEQ"),
            (Key::Lead(lead(7)), "T#demo#LEAD#7", "LEAD"),
            (Key::Log(lead(7), &position), "T#demo#LEAD#7", "LOG#1700000000000-0000000000000007"),
            (Key::Comment(lead(7), &position), "T#demo#LEAD#7", "COMMENT#1700000000000-0000000000000007"),
            (Key::CommentPointer(CommentId::MIN), "T#demo#COMMENT#1", "COMMENT"),
            (Key::EmailLock(&email), "T#demo#EMAIL#855f96e983f1f8e8be944692b6f719fd", "EMAIL"),
            (Key::BusinessLead(businesses(&[2])[0], &position), "T#demo#BUSINESS#2", "1700000000000-0000000000000007"),
            (Key::Word("john", lead(7)), "T#demo#WORD#j", "john 9007199254740984"),
            (Key::Count(&CounterKey::All, copy), "T#demo#COUNTS", "ALL#3"),
            (Key::Count(&of_source, copy), "T#demo#COUNTS", "SOURCE#44574c4ba2ea74ad4bf1e184133cdbf4#3"),
            (Key::Count(&business, copy), "T#demo#COUNTS", "BUSINESSES#02#3"),
            (Key::Count(&of_day, copy), "T#demo#COUNTS", "DAY#2026-01-31#2026-02-01#3"),
            (
                Key::Count(&some, copy),
                "T#demo#COUNTS",
                "GROUP#2026-01-31#2026-02-01#1,20#44574c4ba2ea74ad4bf1e184133cdbf4#3",
            ),
            (Key::Count(&none, copy), "T#demo#COUNTS", "GROUP#2026-01-31#2026-02-01###3"),
            (Key::Rollup(&days), "T#demo#COUNTS", "DAYS#2026-01"),
            (Key::Rollup(&groups), "T#demo#COUNTS", "GROUPS#44574c4ba2ea74ad4bf1e184133cdbf4#09"),
            (Key::Rollup(&no_source), "T#demo#COUNTS", "GROUPS##63"),
            (Key::Rollup(&group_days), "T#demo#COUNTS", "GROUPDAYS#2026-01#15"),
            (Key::RollupProgress, "T#demo#COUNTS", "ROLLUP"),
            (Key::Photo(&photo), "T#demo#PHOTO#photo.jpg", "PHOTO"),
            (Key::StoredResponse(&user, "ab12"), "T#demo#IDEM#4#ab12", "IDEM"),
            (Key::StoredResponse(&machine, "ab12"), "T#demo#IDEM#4K7#ab12", "IDEM"),
            (Key::StoredResponse(&visitor, "ab12"), "T#demo#IDEM#4F7#ab12", "IDEM"),
            (Key::StoredRows(&user, "ab12", 7), "T#demo#IDEM#4#ab12", "ROWS#007"),
            (Key::ApiKey(ApiKeyId::MIN), "T#demo#KEYS", "KEY#0000000000000001"),
            (Key::ApiKeyCount, "T#demo#KEYS", "COUNT"),
            (Key::Form(FormId::MIN), "T#demo#FORMS", "FORM#0000000000000001"),
            (Key::FormStatistics(FormId::MIN), "T#demo#FORMS", "STATISTICS#0000000000000001"),
            (Key::FormCount, "T#demo#FORMS", "COUNT"),
            (Key::FormMinute(FormId::MIN, at(120_999)), "T#demo#FORM#1", "MINUTE#2"),
            (Key::Webhook(WebhookId::MIN), "T#demo#WEBHOOKS", "WEBHOOK#0000000000000001"),
            (Key::WebhookCount, "T#demo#WEBHOOKS", "COUNT"),
            (Key::EventPage(7), "T#demo#EVENTS", "EVENT#0000000000000007"),
            (Key::FeedStart, "T#demo#EVENTS", "START"),
            (Key::Delivery(WebhookId::MIN, &position), "T#demo#WEBHOOK#1", "DELIVERY#1700000000000-0000000000000007"),
            (
                Key::FailedDelivery(WebhookId::MIN, &position),
                "T#demo#WEBHOOK#1",
                "FAILED#1700000000000-0000000000000007",
            ),
        ];
        for (key, pk, sk) in pinned {
            assert_eq!(key.of(&team()), PrimaryKey { pk: pk.into(), sk: sk.into() });
            let read = parse_counter_partition_item(&key.primary_key_attributes(&team()));
            let expected = match key {
                Key::Count(counter @ (CounterKey::Day(_) | CounterKey::Group(..)), copy) => {
                    Some(ParsedCounterKey::Open(counter.clone(), copy))
                }
                Key::Count(counter, copy) => {
                    Some(ParsedCounterKey::Open(counter.clone(), CounterCopyId::without_generation(copy.shard)))
                }
                Key::Rollup(rollup) => Some(ParsedCounterKey::Rollup(rollup.clone())),
                Key::RollupProgress => Some(ParsedCounterKey::RollupProgress),
                _ => None,
            };
            assert_eq!(read, expected);
        }
    }

    #[test]
    fn cleanup_tasks_are_parsed_from_item_keys() {
        let photo: PhotoName = "a.jpg".parse().unwrap_or_else(|()| unreachable!());
        let of = |key: Key<'_>| CleanupTask::of(&key.primary_key_attributes(&team()));
        assert_eq!(of(Key::Lead(lead(7))), Some((team(), CleanupTask::Lead(lead(7)))));
        assert_eq!(of(Key::Photo(&photo)), Some((team(), CleanupTask::Photo(photo.clone()))));
        let copy = CounterCopyId::without_generation(0);
        assert_eq!(of(Key::Count(&CounterKey::All, copy)), Some((team(), CleanupTask::Counts)));
        assert_eq!(of(Key::Team), None);
        assert_eq!(cleanup::due_sort_key(at(1_700_000_000_999)), "2023-11-14T22:13:20.999Z");
        let attributes = CleanupTask::attributes_due_at(at(0));
        assert!(attributes["cleanup"].as_s().is_ok_and(|partition| partition.starts_with("CLEANUP#")));
    }

    #[test]
    fn ranges_by_position_neither_skip_nor_repeat_items() {
        let positions: Vec<SortPosition> =
            [(5, 1), (5, 2), (6, 1), (7, 10)].map(|(ms, id)| SortPosition::new(at(ms), id)).into();
        let range = |first, end, after, descending| {
            let all = KeyRange::business_entries(&team(), businesses(&[1])[0]).within(first, end, after, descending);
            let SortKeyCondition::Between(low, high) = all.sk else { return Vec::new() };
            let within = |position: &&SortPosition| *low <= *position.as_str() && *position.as_str() <= *high;
            positions.iter().filter(within).cloned().collect::<Vec<_>>()
        };
        assert_eq!(range(None, None, None, true), positions);
        for (n, position) in positions.iter().enumerate() {
            assert_eq!(range(None, None, Some(position), true), positions[..n]);
            assert_eq!(range(None, None, Some(position), false), positions[n + 1..]);
        }
        let sixth = SortPosition::earliest_at(at(6));
        assert_eq!(range(Some(&sixth), None, None, true), positions[2..]);
        assert_eq!(range(None, Some(&sixth), None, true), positions[..2]);
    }

    #[test]
    fn search_entries_sort_by_word_then_newest_lead() {
        let key = |word, id| Key::Word(word, lead(id)).of(&team()).sk;
        assert!([key("john", 2), key("john", 1), key("john.doe", 9), key("johnson", 5)].is_sorted());
        let item = Key::Word("o'brien", lead(42)).primary_key_attributes(&team());
        assert_eq!(parse_search_entry_key(&item), Some(("o'brien", lead(42))));
    }
}
