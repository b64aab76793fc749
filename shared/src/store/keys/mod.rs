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
pub use index::{IndexPartition, TableIndex};
pub use key::{
    ItemKey, PrimaryKey, is_comment, is_log, lead_id_of_position, nonexistent_key, parse_event_page_number,
    parse_lead_partition_item, parse_search_entry_key, statistics_form_id,
};
pub use range::{KeyRange, SortKeyCondition, parse_sort_position};
pub use rollup::{ROLLUP_SLICES, RollupPlace, StoredRollup};

use crate::store::TableItem;
use attribute::SK;

fn sort_key(item: &TableItem) -> Option<&str> {
    item.get(SK)?.as_s().ok().map(String::as_str)
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;

    use super::*;
    use crate::domain::{
        Actor, Agent, AgentName, ApiKeyId, BusinessId, CommentId, CounterCopyId, CounterKey, ExternalSystem, FormId,
        LeadGroup, LeadId, PhotoName, SortPosition, SourceHash, TeamId, Timestamp, User, WebhookId,
    };

    fn team_id() -> TeamId {
        "demo".parse().unwrap_or_else(|()| unreachable!())
    }

    fn lead_id(id: u64) -> LeadId {
        LeadId::new(id).unwrap_or_else(|| unreachable!())
    }

    fn business_ids(ids: &[u64]) -> Vec<BusinessId> {
        ids.iter().filter_map(|id| BusinessId::new(*id)).collect()
    }

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millisecond(ms)
    }

    #[test]
    fn the_kind_of_a_key_contains_no_text_of_callers() {
        let position = SortPosition::new(at(1_700_000_000_000), 7);
        let business = business_ids(&[7])[0];
        for (key, kind) in [
            (ItemKey::Team, "TEAM"),
            (ItemKey::Lead(lead_id(7)), "LEAD"),
            (ItemKey::Log(lead_id(7), &position), "LOG"),
            (ItemKey::Word("jane@example.com", lead_id(7)), "WORD"),
            (ItemKey::BusinessLead(business, &position), "BUSINESS"),
            (ItemKey::Count(&CounterKey::All, CounterCopyId::without_generation(0)), "ALL"),
        ] {
            assert_eq!(key.of(&team_id()).kind_prefix(), kind);
        }
    }

    #[test]
    fn every_key_has_its_documented_format() {
        let position = SortPosition::new(at(1_700_000_000_000), 7);
        let email: crate::domain::Email = "John@Example.com".parse().unwrap_or_else(|_| unreachable!());
        let email = email.caseless_hash();
        let system: ExternalSystem = "hubspot".parse().unwrap_or_else(|_| unreachable!());
        let photo: PhotoName = "photo.jpg".parse().unwrap_or_else(|()| unreachable!());
        let day = Date::constant(2026, 1, 31);
        let source = SourceHash::of("Referral").unwrap_or_else(|| unreachable!());
        let copy = CounterCopyId { generation: Date::constant(2026, 2, 1), shard: 3 };
        let of_source = CounterKey::Source(source.clone());
        let group = |ids: &[u64], source: Option<SourceHash>| LeadGroup { businesses: business_ids(ids), source };
        let (some, none) = (group(&[1, 20], Some(source.clone())), group(&[], None));
        let (some, none) = (CounterKey::Group(day, some), CounterKey::Group(day, none));
        let (business, of_day) = (CounterKey::of_business(business_ids(&[20])[0]), CounterKey::Day(day));
        let month = Date::constant(2026, 1, 1);
        let (days, group_days) = (RollupKey::Days(month), RollupKey::GroupDays(month, 15));
        let (groups, no_source) = (RollupKey::Groups(Some(source), 9), RollupKey::Groups(None, 63));
        let name = AgentName { id: 7, name: "Web site".to_owned() };
        let user = User { id: 4, email: String::new(), first_name: String::new(), last_name: String::new() };
        let user = Actor { team: team_id(), user, agent: None, at: at(0) };
        let machine = Actor { agent: Some(Agent::Key(name.clone())), ..user.clone() };
        let visitor = Actor { agent: Some(Agent::Form(name)), ..user.clone() };
        let pinned = [
            (ItemKey::Team, "T#demo", "TEAM"),
            (ItemKey::Sequences, "T#demo", "SEQ"),
            (ItemKey::Lead(lead_id(7)), "T#demo#LEAD#7", "LEAD"),
            (ItemKey::Log(lead_id(7), &position), "T#demo#LEAD#7", "LOG#1700000000000-0000000000000007"),
            (ItemKey::Comment(lead_id(7), &position), "T#demo#LEAD#7", "COMMENT#1700000000000-0000000000000007"),
            (ItemKey::CommentPointer(CommentId::MIN), "T#demo#COMMENT#1", "COMMENT"),
            (ItemKey::EmailLock(&email), "T#demo#LOCK#email#855f96e983f1f8e8be944692b6f719fd", "LOCK"),
            (ItemKey::ExternalIdLock(&system, "ab12"), "T#demo#LOCK#hubspot#ab12", "LOCK"),
            (
                ItemKey::BusinessLead(business_ids(&[2])[0], &position),
                "T#demo#BUSINESS#2",
                "1700000000000-0000000000000007",
            ),
            (ItemKey::Word("john", lead_id(7)), "T#demo#WORD#j", "john 9007199254740984"),
            (ItemKey::Count(&CounterKey::All, copy), "T#demo#COUNTS", "ALL#3"),
            (ItemKey::Count(&of_source, copy), "T#demo#COUNTS", "SOURCE#44574c4ba2ea74ad4bf1e184133cdbf4#3"),
            (ItemKey::Count(&business, copy), "T#demo#COUNTS", "BUSINESSES#02#3"),
            (ItemKey::Count(&of_day, copy), "T#demo#COUNTS", "DAY#2026-01-31#2026-02-01#3"),
            (
                ItemKey::Count(&some, copy),
                "T#demo#COUNTS",
                "GROUP#2026-01-31#2026-02-01#1,20#44574c4ba2ea74ad4bf1e184133cdbf4#3",
            ),
            (ItemKey::Count(&none, copy), "T#demo#COUNTS", "GROUP#2026-01-31#2026-02-01###3"),
            (ItemKey::Rollup(&days), "T#demo#COUNTS", "DAYS#2026-01"),
            (ItemKey::Rollup(&groups), "T#demo#COUNTS", "GROUPS#44574c4ba2ea74ad4bf1e184133cdbf4#09"),
            (ItemKey::Rollup(&no_source), "T#demo#COUNTS", "GROUPS##63"),
            (ItemKey::Rollup(&group_days), "T#demo#COUNTS", "GROUPDAYS#2026-01#15"),
            (ItemKey::RollupProgress, "T#demo#COUNTS", "ROLLUP"),
            (ItemKey::Photo(&photo), "T#demo#PHOTO#photo.jpg", "PHOTO"),
            (ItemKey::StoredResponse(&user, "ab12"), "T#demo#IDEM#4#ab12", "IDEM"),
            (ItemKey::StoredResponse(&machine, "ab12"), "T#demo#IDEM#4K7#ab12", "IDEM"),
            (ItemKey::StoredResponse(&visitor, "ab12"), "T#demo#IDEM#4F7#ab12", "IDEM"),
            (ItemKey::StoredRows(&user, "ab12", 7), "T#demo#IDEM#4#ab12", "ROWS#007"),
            (ItemKey::ApiKey(ApiKeyId::MIN), "T#demo#KEYS", "KEY#0000000000000001"),
            (ItemKey::ApiKeyCount, "T#demo#KEYS", "COUNT"),
            (ItemKey::Form(FormId::MIN), "T#demo#FORMS", "FORM#0000000000000001"),
            (ItemKey::FormStatistics(FormId::MIN), "T#demo#FORMS", "STATISTICS#0000000000000001"),
            (ItemKey::FormCount, "T#demo#FORMS", "COUNT"),
            (ItemKey::FormMinute(FormId::MIN, at(120_999)), "T#demo#FORM#1", "MINUTE#2"),
            (ItemKey::Webhook(WebhookId::MIN), "T#demo#WEBHOOKS", "WEBHOOK#0000000000000001"),
            (ItemKey::WebhookCount, "T#demo#WEBHOOKS", "COUNT"),
            (ItemKey::EventPage(7), "T#demo#EVENTS", "EVENT#0000000000000007"),
            (ItemKey::FeedStart, "T#demo#EVENTS", "START"),
            (
                ItemKey::Delivery(WebhookId::MIN, &position),
                "T#demo#WEBHOOK#1",
                "DELIVERY#1700000000000-0000000000000007",
            ),
            (
                ItemKey::FailedDelivery(WebhookId::MIN, &position),
                "T#demo#WEBHOOK#1",
                "FAILED#1700000000000-0000000000000007",
            ),
        ];
        for (key, pk, sk) in pinned {
            assert_eq!(key.of(&team_id()), PrimaryKey { pk: pk.into(), sk: sk.into() });
            let read = parse_counter_partition_item(&key.primary_key_attributes(&team_id()));
            let expected = match key {
                ItemKey::Count(counter @ (CounterKey::Day(_) | CounterKey::Group(..)), copy) => {
                    Some(ParsedCounterKey::Open(counter.clone(), copy))
                }
                ItemKey::Count(counter, copy) => {
                    Some(ParsedCounterKey::Open(counter.clone(), CounterCopyId::without_generation(copy.shard)))
                }
                ItemKey::Rollup(rollup) => Some(ParsedCounterKey::Rollup(rollup.clone())),
                ItemKey::RollupProgress => Some(ParsedCounterKey::RollupProgress),
                _ => None,
            };
            assert_eq!(read, expected);
        }
    }

    #[test]
    fn cleanup_tasks_are_parsed_from_item_keys() {
        let photo: PhotoName = "a.jpg".parse().unwrap_or_else(|()| unreachable!());
        let of = |key: ItemKey<'_>| CleanupTask::of(&key.primary_key_attributes(&team_id()));
        assert_eq!(of(ItemKey::Lead(lead_id(7))), Some((team_id(), CleanupTask::Lead(lead_id(7)))));
        assert_eq!(of(ItemKey::Photo(&photo)), Some((team_id(), CleanupTask::Photo(photo.clone()))));
        let copy = CounterCopyId::without_generation(0);
        assert_eq!(of(ItemKey::Count(&CounterKey::All, copy)), Some((team_id(), CleanupTask::Counts)));
        assert_eq!(of(ItemKey::Team), None);
        assert_eq!(cleanup::due_sort_key(at(1_700_000_000_999)), "2023-11-14T22:13:20.999Z");
        let attributes = CleanupTask::attributes_due_at(at(0));
        assert!(attributes["cleanup"].as_s().is_ok_and(|partition| partition.starts_with("CLEANUP#")));
    }

    #[test]
    fn ranges_by_position_neither_skip_nor_repeat_items() {
        let positions: Vec<SortPosition> =
            [(5, 1), (5, 2), (6, 1), (7, 10)].map(|(ms, id)| SortPosition::new(at(ms), id)).into();
        let range = |first, end, after, descending| {
            let all = KeyRange::business_entries(&team_id(), business_ids(&[1])[0])
                .between_positions(first, end, after, descending);
            let SortKeyCondition::Between(low, high) = all.sk else { return Vec::new() };
            let within = |position: &&SortPosition| *low <= *position.as_str() && *position.as_str() <= *high;
            positions.iter().filter(within).cloned().collect::<Vec<_>>()
        };
        assert_eq!(range(None, None, None, true), positions);
        for (n, position) in positions.iter().enumerate() {
            assert_eq!(range(None, None, Some(position), true), positions[..n]);
            assert_eq!(range(None, None, Some(position), false), positions[n + 1..]);
        }
        let sixth = SortPosition::earliest_position_at(at(6));
        assert_eq!(range(Some(&sixth), None, None, true), positions[2..]);
        assert_eq!(range(None, Some(&sixth), None, true), positions[..2]);
    }

    #[test]
    fn search_entries_sort_by_word_then_newest_lead() {
        let key = |word, id| ItemKey::Word(word, lead_id(id)).of(&team_id()).sk;
        assert!([key("john", 2), key("john", 1), key("john.doe", 9), key("johnson", 5)].is_sorted());
        let item = ItemKey::Word("o'brien", lead_id(42)).primary_key_attributes(&team_id());
        assert_eq!(parse_search_entry_key(&item), Some(("o'brien", lead_id(42))));
    }
}
