//! Writes of leads. A write of a lead also updates the items that depend on it: locks, photo, entries in the
//! lists of businesses, and search entries.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::domain::error::Error;
use crate::domain::{
    Action, Actor, BusinessId, Change, CounterDeltas, CounterValues, Deletion, ExternalId, ExternalIds, IndexWords,
    Lead, LeadId, LogEntry, LogId, PhotoName, Team, TeamId, Timestamp,
};
use crate::store::condition::WriteCondition;
use crate::store::item_update::ItemUpdate;
use crate::store::keys::attribute::lead::{
    COMMENT_COUNT, DELETED_BY, EXTERNAL_IDS, LOG_COUNT, STALE_ENTRIES, WRITTEN_AT,
};
use crate::store::keys::attribute::{DUE_AT, PK, SK};
use crate::store::keys::{CleanupTask, IndexPartition, ItemKey, PrimaryKey, TableIndex};
use crate::store::transaction::{FailedCondition, MAX_TRANSACTION_ITEMS, RetryState, Transaction, TransactionOutcome};
use crate::store::{Table, TableItem, decode, encode_item, encode_value, string_value};

/// Time from which the clean-up may remove what a request made at `at` leaves behind: an hour later, when the request
/// has certainly ended.
pub(in crate::store) fn cleanup_due_at(at: Timestamp) -> Timestamp {
    at.saturating_add(SignedDuration::from_hours(1))
}

/// Item of a deleted lead: the last state of the lead, and the time and author of the deletion for its event.
#[derive(Serialize)]
struct Tombstone {
    #[serde(flatten)]
    lead: Lead,
    deletion: Deletion,
}

/// Item that reserves an e-mail address or an external id for a lead.
#[derive(Serialize, Deserialize)]
pub(in crate::store) struct Lock {
    pub lead: LeadId,
}

/// Decodes a lead's item. `None` for a tombstone.
pub(in crate::store) fn decode_live_lead(item: TableItem) -> Result<Option<Lead>, Error> {
    if item.contains_key(DELETED_BY) { Ok(None) } else { decode(item).map(Some) }
}

/// Attributes of a search entry. A search for several words queries the entries for one word and filters them by the
/// other words, which these attributes hold.
#[derive(Default, Serialize, Deserialize)]
pub(in crate::store) struct WordEntry {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
    /// Words of the lead's e-mail address and phone numbers, in an entry that has no `words`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bare: Option<String>,
}

/// Entry of a lead in the list of a business. The entry has no attributes beside its key, so that it never has to be
/// updated.
#[derive(Serialize)]
struct BusinessEntry {}

/// Numbers of log entries and comments that a write adds to a lead.
#[derive(Clone, Copy)]
pub(in crate::store) struct ActivityCounts {
    pub logs: i64,
    pub comments: i64,
}

/// The attributes that list a lead's item in the indexes. A lead with stale entries is also listed as a clean-up
/// task.
fn index_attributes(team: &TeamId, lead: &Lead) -> TableItem {
    let mut attributes = IndexPartition::index_key_attributes(team, lead);
    if !lead.stale.is_empty() {
        attributes.extend(CleanupTask::attributes_due_at(cleanup_due_at(lead.updated_at)));
    }
    attributes
}

/// Maximum number of items in a transaction that changes one lead, not counting its search entries, locks, photos and
/// entries in the lists of businesses: the counters, the lead, its log entries, and the stored result of a batch row.
const MAX_OTHER_ITEMS_PER_CHANGE: usize =
    CounterDeltas::MAX_COUNTERS_PER_CHANGE + 2 + Action::MAX_LOG_ENTRIES_PER_CHANGE;

// A change of every field of a lead fits one transaction. A change of the address, the photo or an external id takes two
// items: one for the old value and one for the new value. The clean-up deletes entries of old businesses and words that
// do not fit.
const _: () = assert!(
    2 * (2 + ExternalIds::MAX_IDS) + Lead::MAX_BUSINESSES + IndexWords::MAX_WORDS + MAX_OTHER_ITEMS_PER_CHANGE
        <= MAX_TRANSACTION_ITEMS
);

/// Maximum number of fields of one counter that a transaction changes: an update expression has at most 4 KB.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>
const MAX_CHANGED_FIELDS_PER_COUNTER: usize = 150;

/// A transaction of lead writes, and its counter changes summed by counter, because a transaction may write each item
/// only once.
pub(in crate::store) struct CountedWrites<'t> {
    pub transaction: Transaction<'t>,
    pub deltas: CounterDeltas,
}

impl<'t> CountedWrites<'t> {
    pub(in crate::store) fn new(table: &'t Table) -> Self {
        Self { transaction: Transaction::new(table), deltas: CounterDeltas::default() }
    }

    /// Whether the transaction has room for `items` more writes if its counter changes became `deltas`.
    pub(in crate::store) fn has_room(&self, items: usize, deltas: &CounterDeltas) -> bool {
        let fits = |numbers: &CounterValues| numbers.len() <= MAX_CHANGED_FIELDS_PER_COUNTER;
        self.transaction.len() + items + deltas.len() <= MAX_TRANSACTION_ITEMS && deltas.iter().all(|(_, n)| fits(n))
    }

    /// Starts an empty part, to be filled and then added with [`CountedWrites::add_if_fits`]. The part's counter
    /// changes include those of `self`.
    pub(in crate::store) fn empty_part(&self) -> Self {
        Self { transaction: self.transaction.empty_part(), deltas: self.deltas.clone() }
    }

    /// Adds a part if it fits the transaction together with `reserved` more items. Returns whether the part was added.
    pub(in crate::store) fn add_if_fits(&mut self, part: Self, reserved: usize) -> bool {
        let fits = self.has_room(part.transaction.len() + reserved, &part.deltas);
        if fits {
            self.transaction.append(part.transaction);
            self.deltas = part.deltas;
        }
        fits
    }

    /// Adds a new lead with its counter changes and its log entry.
    pub(in crate::store) fn create_counted_lead(&mut self, actor: &Actor, team: &Team, log: LogId, lead: &mut Lead) {
        let changes = Change::changes_between_leads(None, lead, team);
        let entry = LogEntry::new(actor, log, Action::CreateLead, lead.id.get(), changes);
        self.deltas.add_lead(&lead.counted_properties());
        self.transaction.create_lead(actor, lead);
        self.transaction.add_log_entry(&actor.team, lead.id, &entry);
    }

    /// Commits the writes together with their counter changes, see [`Transaction::commit`].
    pub(in crate::store) async fn commit(
        mut self,
        actor: &Actor,
        tries: &mut RetryState,
    ) -> Result<TransactionOutcome, Error> {
        self.transaction.set_counter_changes(actor, self.deltas);
        self.transaction.commit(tries).await
    }
}

impl Transaction<'_> {
    /// Adds a new lead with its locks, photo, entries in the lists of businesses, and search entries.
    pub(in crate::store) fn create_lead(&mut self, actor: &Actor, lead: &mut Lead) {
        self.update_dependent_items(actor, None, lead);
        let attributes = index_attributes(&actor.team, lead);
        self.put_if(
            ItemKey::Lead(lead.id).of(&actor.team),
            lead,
            attributes,
            WriteCondition::item_absent(),
            FailedCondition::Changed,
        );
    }

    /// Changes a lead from `before`, as it was read, to `after`, and updates the items that depend on its fields. Stale
    /// entries whose deletion does not fit the transaction are listed in `after.stale`.
    ///
    /// # Errors
    /// 500 when the lead does not serialise.
    pub(in crate::store) fn overwrite_lead(
        &mut self,
        actor: &Actor,
        before: &Lead,
        after: &mut Lead,
        activity: ActivityCounts,
    ) -> Result<(), Error> {
        self.update_dependent_items(actor, Some(before), after);
        let key = ItemKey::Lead(after.id).of(&actor.team);
        let (was, mut item) = (encode_item(key.clone(), before)?, encode_item(key.clone(), after)?);
        item.extend(index_attributes(&actor.team, after));
        let optional = [
            TableIndex::BySource.partition_attribute(),
            EXTERNAL_IDS,
            STALE_ENTRIES,
            TableIndex::Cleanup.partition_attribute(),
            DUE_AT,
        ];
        let gone: Vec<&str> = optional.into_iter().filter(|name| !item.contains_key(*name)).collect();
        // `STALE_ENTRIES` is written even if unchanged, because the clean-up deletes stale entries without a new version
        // of the lead. Entries that the clean-up has deleted since the read are then listed again, with a clean-up task.
        item.retain(|name, value| {
            name == STALE_ENTRIES
                || ![PK, SK, LOG_COUNT, COMMENT_COUNT].contains(&name.as_str()) && was.get(name) != Some(value)
        });
        let written_at = string_value(&after.written_at.to_string());
        let mut condition = WriteCondition::version_is(before.version);
        condition.expression += " AND #writtenAt < :writtenAt";
        let condition = condition.with_name("#writtenAt", WRITTEN_AT).with_value(":writtenAt", written_at);
        let update = ItemUpdate::on(condition).set_attributes(item).remove_attributes(gone);
        let update =
            update.add_to_attribute(LOG_COUNT, activity.logs).add_to_attribute(COMMENT_COUNT, activity.comments);
        self.update(key, update, FailedCondition::Changed);
        Ok(())
    }

    /// Adds one log entry and `comments` comments to the counts of a lead, on condition that the lead exists and was
    /// last written before `at`.
    pub(in crate::store) fn count_activity(&mut self, team: &TeamId, lead: LeadId, at: Timestamp, comments: i8) {
        let there = "attribute_exists(PK) AND attribute_not_exists(#deleted) AND #writtenAt < :at";
        let there = WriteCondition::new(there)
            .with_name("#deleted", DELETED_BY)
            .with_name("#writtenAt", WRITTEN_AT)
            .with_value(":at", string_value(&at.to_string()));
        let update = ItemUpdate::on(there).set_attribute(WRITTEN_AT, string_value(&at.to_string()));
        let update = update.add_to_attribute(LOG_COUNT, 1).add_to_attribute(COMMENT_COUNT, comments.into());
        self.update(ItemKey::Lead(lead).of(team), update, FailedCondition::Changed);
    }

    /// Turns a lead into a tombstone, frees its e-mail address and external ids, and discards its photo. The clean-up deletes the rest
    /// later, and the tombstone last, so that the tombstone outlives every concurrent write of the lead.
    pub(in crate::store) fn delete_lead(&mut self, actor: &Actor, lead: &Lead, request: &str) {
        let team = &actor.team;
        if let Some(email) = &lead.derived.email {
            self.delete(ItemKey::EmailLock(email).of(team));
        }
        for (system, id) in lead.external_ids.iter() {
            self.delete(ItemKey::ExternalIdLock(system, &id.key_hash()).of(team));
        }
        if let Ok(photo) = lead.photo.parse() {
            self.discard_photo(team, &photo, cleanup_due_at(actor.at), WriteCondition::default());
        }
        // The tombstone has a new version, so that a concurrent write that read the lead before its deletion fails.
        let last = Lead { version: lead.version + 1, ..lead.clone() };
        let tombstone =
            Tombstone { lead: last, deletion: Deletion { at: lead.next_write_time(actor.at), author: actor.author() } };
        let mut attributes = CleanupTask::attributes_due_at(cleanup_due_at(actor.at));
        attributes.insert(DELETED_BY.to_owned(), string_value(request));
        attributes.extend(self.writer_mark());
        let unchanged = WriteCondition::version_is(lead.version);
        self.put_if(ItemKey::Lead(lead.id).of(team), &tombstone, attributes, unchanged, FailedCondition::Changed);
    }

    /// Adds an entry to a lead's log.
    pub(in crate::store) fn add_log_entry(&mut self, team: &TeamId, lead: LeadId, entry: &LogEntry) {
        let key = ItemKey::Log(lead, &entry.sort_position()).of(team);
        self.create(key, entry);
    }

    fn update_dependent_items(&mut self, actor: &Actor, before: Option<&Lead>, after: &mut Lead) {
        let team = &actor.team;
        // If several locks are taken, the first one is reported. A caller who may not read leads would otherwise find out
        // which addresses leads have, with an external id that is taken and therefore without creating a lead.
        self.update_external_id_locks(team, before, after);
        self.update_email_lock(team, before, after);
        self.move_photo(actor, before.map_or("", |lead| &lead.photo), &after.photo, after.id);
        self.put_business_entries(team, before, after);
        self.put_search_entries(team, before, after);
        self.delete_stale_business_entries(team, before, after);
        self.delete_stale_search_entries(team, before, after);
    }

    /// Adds a lock on condition that no lead has it.
    fn put_lock(&mut self, key: PrimaryKey, lead: LeadId, taken: FailedCondition) {
        self.put_if(key, &Lock { lead }, TableItem::new(), WriteCondition::item_absent(), taken);
    }

    fn update_email_lock(&mut self, team: &TeamId, before: Option<&Lead>, after: &Lead) {
        let from = before.and_then(|lead| lead.derived.email.as_ref());
        let to = after.derived.email.as_ref();
        if from == to {
            return;
        }
        if let Some(to) = to {
            self.put_lock(ItemKey::EmailLock(to).of(team), after.id, FailedCondition::EmailTaken);
        }
        if let Some(from) = from {
            self.delete(ItemKey::EmailLock(from).of(team));
        }
    }

    fn update_external_id_locks(&mut self, team: &TeamId, before: Option<&Lead>, after: &Lead) {
        let key = |system, id: &ExternalId| ItemKey::ExternalIdLock(system, &id.key_hash()).of(team);
        for (system, id) in after.external_ids.iter() {
            if before.and_then(|lead| lead.external_ids.id_in(system.as_str())) != Some(id) {
                self.put_lock(key(system, id), after.id, FailedCondition::ExternalIdTaken);
            }
        }
        for (system, id) in before.iter().flat_map(|lead| lead.external_ids.iter()) {
            if after.external_ids.id_in(system.as_str()) != Some(id) {
                self.delete(key(system, id));
            }
        }
    }

    fn move_photo(&mut self, actor: &Actor, from: &str, to: &str, lead: LeadId) {
        if from == to {
            return;
        }
        if let Ok(photo) = to.parse::<PhotoName>() {
            self.claim_photo(actor, &photo, lead);
        }
        if let Ok(photo) = from.parse::<PhotoName>() {
            self.discard_photo(&actor.team, &photo, cleanup_due_at(actor.at), WriteCondition::default());
        }
    }

    fn put_business_entries(&mut self, team: &TeamId, before: Option<&Lead>, after: &mut Lead) {
        let old = before.map_or(&[][..], |lead| &lead.business);
        for business in after.summary.business.iter().filter(|id| !old.contains(id)) {
            self.put(ItemKey::BusinessLead(*business, &after.summary.sort_position).of(team), &BusinessEntry {});
        }
        after.stale.businesses.retain(|id| !after.summary.business.contains(id));
    }

    fn put_search_entries(&mut self, team: &TeamId, before: Option<&Lead>, after: &mut Lead) {
        let old = before.map(|lead| &lead.derived.words);
        let new = &after.derived.words;
        if old == Some(new) {
            return;
        }
        let words = new.all_words_text();
        let same_text = old.is_some_and(|old| old.all_words_text() == words);
        for word in &new.text_words {
            if !(same_text && old.is_some_and(|old| old.text_words.contains(word))) {
                let entry = WordEntry { words: Some(words.clone()), bare: None };
                self.put(ItemKey::Word(word, after.summary.id).of(team), &entry);
            }
        }
        let same_contact = old.is_some_and(|old| old.contact_words == new.contact_words);
        for word in new.contact_words.iter().filter(|_| !same_contact) {
            let entry = WordEntry { words: None, bare: Some(new.contact_text()) };
            self.put(ItemKey::Word(word, after.summary.id).of(team), &entry);
        }
        after.stale.words.retain(|word| !new.contains_word(word));
    }

    fn delete_stale_business_entries(&mut self, team: &TeamId, before: Option<&Lead>, after: &mut Lead) {
        let old = before.iter().flat_map(|lead| &lead.business).copied();
        let gone: Vec<BusinessId> =
            old.filter(|id| !after.business.contains(id) && !after.stale.businesses.contains(id)).collect();
        if !self.has_room_for_deletes(gone.len()) {
            after.stale.businesses.extend(gone);
            return;
        }
        for business in gone {
            self.delete(ItemKey::BusinessLead(business, &after.sort_position).of(team));
        }
    }

    fn delete_stale_search_entries(&mut self, team: &TeamId, before: Option<&Lead>, after: &mut Lead) {
        let listed: BTreeSet<&String> = after.stale.words.iter().collect();
        let old = before.iter().flat_map(|lead| lead.derived.words.iter_words());
        let gone: BTreeSet<&String> = old.filter(|word| !after.derived.words.contains_word(word)).collect();
        let gone: Vec<String> = gone.difference(&listed).map(|word| (*word).clone()).collect();
        if !self.has_room_for_deletes(gone.len()) {
            after.stale.words.extend(gone);
            return;
        }
        for word in &gone {
            self.delete(ItemKey::Word(word, after.id).of(team));
        }
    }

    /// Whether the transaction has room for `n` more deletes beside the counters, the lead and its log entries.
    fn has_room_for_deletes(&self, n: usize) -> bool {
        self.len() + n + MAX_OTHER_ITEMS_PER_CHANGE <= MAX_TRANSACTION_ITEMS
    }

    /// Deletes entries that [`Transaction::overwrite_lead`] listed as stale, as many as fit, on condition that the
    /// lead's version is unchanged.
    ///
    /// # Errors
    /// 500 when the entries that are left do not serialise.
    pub(in crate::store) fn delete_stale_entries(&mut self, team: &TeamId, lead: &Lead) -> Result<(), Error> {
        let mut left = lead.stale.clone();
        for _ in 1..MAX_TRANSACTION_ITEMS {
            if let Some(business) = left.businesses.pop() {
                self.delete(ItemKey::BusinessLead(business, &lead.sort_position).of(team));
            } else if let Some(word) = left.words.pop() {
                self.delete(ItemKey::Word(&word, lead.id).of(team));
            }
        }
        let update = ItemUpdate::on(WriteCondition::version_is(lead.version));
        let update = if left.is_empty() {
            update.remove_attribute(STALE_ENTRIES).remove_attributes(CleanupTask::attribute_names())
        } else {
            update.set_attribute(STALE_ENTRIES, encode_value(&left)?)
        };
        self.update(ItemKey::Lead(lead.id).of(team), update, FailedCondition::Changed);
        Ok(())
    }
}
