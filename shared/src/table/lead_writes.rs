//! The items that a lead is made of, kept in step by whatever writes one.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::keys::{CleanupTask, DUE, Index, IndexPartition, Key, PK, SK};
use super::transaction::{Condition, FailedCondition, MOST_ITEMS, Outcome, Transaction, Tries};
use super::{Item, Table, encode, number, text};
use crate::error::Error;
use crate::model::{
    Action, Actor, Change, Deletion, Deltas, IndexWords, Lead, LeadId, LogEntry, LogId, Numbers, PhotoName, Team,
    TeamId, Timestamp,
};

/// The attribute that makes a lead's item a tombstone: which request deleted it.
pub(super) const DELETED: &str = "deleted";
/// The attribute of a lead with its number of log entries.
const LOGS: &str = "logs";
/// The attribute of a lead with its number of comments.
const COMMENTS: &str = "comments";
/// The attribute of a lead with the search words to be swept.
const STALE: &str = "staleWords";
/// The attribute of a lead with the time of its last write.
const WRITTEN_AT: &str = "writtenAt";

/// When the clean-up takes over what a request of `at` leaves: long after the request has ended, however it did.
pub(super) fn cleanup_due(at: Timestamp) -> Timestamp {
    at.plus(SignedDuration::from_hours(1))
}

/// A lead's last state, and what the event of its deletion is made of besides.
#[derive(Serialize)]
struct Tombstone {
    #[serde(flatten)]
    lead: Lead,
    deletion: Deletion,
}

/// The lead that has an e-mail address.
#[derive(Serialize, Deserialize)]
pub(super) struct EmailLock {
    pub lead: LeadId,
}

/// What a search entry holds besides its key: the lead's words, where other words are looked up in them.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct WordEntry {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
    /// Of an entry without `words`: the words of the lead's address and phone numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bare: Option<String>,
}

/// A business's entry holds nothing that changes.
#[derive(Serialize)]
struct BusinessEntry {}

/// What is added to a lead's timeline.
#[derive(Clone, Copy)]
pub(super) struct Activity {
    pub logs: u64,
    pub comments: u64,
}

/// What makes a lead's item found; one with search entries to be swept is a clean-up task as well.
fn index_attributes(team: &TeamId, lead: &Lead) -> Item {
    let mut attributes = IndexPartition::attributes_of(team, lead);
    if !lead.stale_words.is_empty() {
        attributes.extend(CleanupTask::attributes(cleanup_due(lead.updated_at)));
    }
    attributes
}

/// Items that a transaction which changes one lead holds besides search entries and what the lead refers to: counters, the
/// lead, its log entries, and what became of a batch's row.
const REST: usize = Deltas::MAX_OF_A_CHANGE + 2 + Action::MAX_OF_A_CHANGE;

// A change of everything fits: the address, the photo and each business are an item that goes and one that comes.
const _: () = assert!(2 * (2 + Lead::MAX_BUSINESSES) + IndexWords::MAX_WORDS + REST <= MOST_ITEMS);

/// Numbers of one counter that a transaction changes: an expression has at most 4 KB.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>
const MOST_NUMBERS: usize = 150;

/// Writes of leads with the counters that they change, each counter once.
pub(super) struct CountedWrites<'t> {
    pub transaction: Transaction<'t>,
    pub deltas: Deltas,
}

impl<'t> CountedWrites<'t> {
    pub(super) fn new(table: &'t Table) -> Self {
        Self { transaction: Transaction::new(table), deltas: Deltas::default() }
    }

    /// Whether so many items more fit, with which these would be all that is counted.
    pub(super) fn has_room(&self, items: usize, deltas: &Deltas) -> bool {
        let fits = |numbers: &Numbers| numbers.len() <= MOST_NUMBERS;
        self.transaction.len() + items + deltas.len() <= MOST_ITEMS && deltas.iter().all(|(_, n)| fits(n))
    }

    /// What may be added with [`CountedWrites::add`], counted with what is there.
    pub(super) fn part(&self) -> Self {
        Self { transaction: self.transaction.part(), deltas: self.deltas.clone() }
    }

    /// Adds a part, unless it does not fit with `reserved` items more.
    pub(super) fn add(&mut self, part: Self, reserved: usize) -> bool {
        let fits = self.has_room(part.transaction.len() + reserved, &part.deltas);
        if fits {
            self.transaction.append(part.transaction);
            self.deltas = part.deltas;
        }
        fits
    }

    /// Writes a new lead, and counts and logs it.
    pub(super) fn create(&mut self, actor: &Actor, team: &Team, log: LogId, lead: &mut Lead) {
        let changes = Change::between(None, lead, team);
        let entry = LogEntry::new(actor, log, Action::CreateLead, lead.id.get(), changes);
        self.deltas.enter(&lead.facets());
        self.transaction.create_lead(actor, lead);
        self.transaction.log(&actor.team, lead.id, &entry);
    }

    /// See [`Transaction::commit`].
    pub(super) async fn commit(mut self, actor: &Actor, tries: &mut Tries) -> Result<Outcome, Error> {
        self.transaction.count(actor, self.deltas);
        self.transaction.commit(tries).await
    }
}

impl Transaction<'_> {
    /// Writes a new lead with everything that it is found by.
    pub(super) fn create_lead(&mut self, actor: &Actor, lead: &mut Lead) {
        self.move_references(actor, None, lead);
        let attributes = index_attributes(&actor.team, lead);
        self.put_if(
            Key::Lead(lead.id).of(&actor.team),
            lead,
            attributes,
            Condition::absent(),
            FailedCondition::Changed,
        );
    }

    /// Writes a lead over `before`, which is what was read, with everything that is found by it. Search entries that
    /// went stale but do not fit are noted in `after`. It writes the attributes that differ, and those of the indexes; not
    /// the numbers of log entries and comments: comments change those without changing the lead's version, so they are
    /// added to.
    ///
    /// # Errors
    /// 500 when the lead does not serialise.
    pub(super) fn overwrite_lead(
        &mut self,
        actor: &Actor,
        before: &Lead,
        after: &mut Lead,
        activity: Activity,
    ) -> Result<(), Error> {
        self.move_references(actor, Some(before), after);
        let key = Key::Lead(after.id).of(&actor.team);
        let (was, mut item) = (encode(key.clone(), before)?, encode(key.clone(), after)?);
        item.extend(index_attributes(&actor.team, after));
        let optional = [Index::BySource.attribute(), STALE, Index::Cleanup.attribute(), DUE];
        let gone: Vec<&str> = optional.into_iter().filter(|name| !item.contains_key(*name)).collect();
        // A sweep changes no version: what it has removed since is noted again with the task.
        item.retain(|name, value| {
            name == STALE || ![PK, SK, LOGS, COMMENTS].contains(&name.as_str()) && was.get(name) != Some(value)
        });
        let mut condition = Condition::unchanged(before.version)
            .name("#logs", LOGS)
            .value(":logs", number(activity.logs))
            .name("#comments", COMMENTS)
            .value(":comments", number(activity.comments))
            .name("#writtenAt", WRITTEN_AT)
            .value(":writtenAt", text(&after.written_at.to_string()));
        condition.expression += " AND #writtenAt < :writtenAt";
        let mut sets = Vec::new();
        for (n, (name, value)) in item.into_iter().enumerate() {
            sets.push(format!("#a{n} = :a{n}"));
            condition = condition.name(&format!("#a{n}"), &name).value(&format!(":a{n}"), value);
        }
        let mut expression = format!("SET {} ADD #logs :logs, #comments :comments", sets.join(", "));
        if !gone.is_empty() {
            expression = format!("{expression} REMOVE {}", gone.join(", "));
        }
        self.update(key, &expression, condition, FailedCondition::Changed);
        Ok(())
    }

    /// One more log entry, and so many comments more or fewer, on a lead that is there and was last written before `at`.
    pub(super) fn count_activity(&mut self, team: &TeamId, lead: LeadId, at: Timestamp, comments: i8) {
        let there = "attribute_exists(PK) AND attribute_not_exists(#deleted) AND #writtenAt < :at";
        let there = Condition::new(there)
            .name("#deleted", DELETED)
            .name("#logs", LOGS)
            .name("#comments", COMMENTS)
            .name("#writtenAt", WRITTEN_AT)
            .value(":at", text(&at.to_string()))
            .value(":one", number(1))
            .value(":comments", AttributeValue::N(comments.to_string()));
        let expression = "SET #writtenAt = :at ADD #logs :one, #comments :comments";
        self.update(Key::Lead(lead).of(team), expression, there, FailedCondition::Changed);
    }

    /// Turns a lead into a tombstone: from now on it is nowhere, and its address is free. What is left of it is removed
    /// later, and the tombstone last: it outlives every write of the lead that may still be under way.
    pub(super) fn delete_lead(&mut self, actor: &Actor, lead: &Lead, request: &str) {
        let team = &actor.team;
        if let Some(email) = &lead.derived.email {
            self.delete(Key::EmailLock(email).of(team));
        }
        if let Ok(photo) = lead.photo.parse() {
            self.discard_photo(team, &photo, cleanup_due(actor.at), Condition::default());
        }
        // A version of its own: a write that read the lead before must not find what it read.
        let last = Lead { version: lead.version + 1, ..lead.clone() };
        let tombstone =
            Tombstone { lead: last, deletion: Deletion { at: lead.next_write(actor.at), author: actor.author() } };
        let mut attributes = CleanupTask::attributes(cleanup_due(actor.at));
        attributes.insert(DELETED.to_owned(), text(request));
        attributes.extend(self.signature());
        let unchanged = Condition::unchanged(lead.version);
        self.put_if(Key::Lead(lead.id).of(team), &tombstone, attributes, unchanged, FailedCondition::Changed);
    }

    /// Adds to a lead's log.
    pub(super) fn log(&mut self, team: &TeamId, lead: LeadId, entry: &LogEntry) {
        let key = Key::Log(lead, &entry.sort_position()).of(team);
        self.create(key, entry);
    }

    fn move_references(&mut self, actor: &Actor, before: Option<&Lead>, after: &mut Lead) {
        self.move_email(&actor.team, before, after);
        self.move_photo(actor, before.map_or("", |lead| &lead.photo), &after.photo, after.id);
        self.move_businesses(&actor.team, before, after);
        self.move_words(&actor.team, before, after);
    }

    fn move_email(&mut self, team: &TeamId, before: Option<&Lead>, after: &Lead) {
        let from = before.and_then(|lead| lead.derived.email.as_ref());
        let to = after.derived.email.as_ref();
        if from == to {
            return;
        }
        if let Some(to) = to {
            let lock = EmailLock { lead: after.id };
            self.put_if(
                Key::EmailLock(to).of(team),
                &lock,
                Item::new(),
                Condition::absent(),
                FailedCondition::EmailTaken,
            );
        }
        if let Some(from) = from {
            self.delete(Key::EmailLock(from).of(team));
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
            self.discard_photo(&actor.team, &photo, cleanup_due(actor.at), Condition::default());
        }
    }

    fn move_businesses(&mut self, team: &TeamId, before: Option<&Lead>, after: &Lead) {
        let old = before.map_or(&[][..], |lead| &lead.business);
        for business in after.business.iter().filter(|id| !old.contains(id)) {
            self.put(Key::BusinessLead(*business, &after.sort_position).of(team), &BusinessEntry {});
        }
        for business in old.iter().filter(|id| !after.business.contains(id)) {
            self.delete(Key::BusinessLead(*business, &after.sort_position).of(team));
        }
    }

    fn move_words(&mut self, team: &TeamId, before: Option<&Lead>, after: &mut Lead) {
        let old = before.map(|lead| &lead.derived.words);
        let new = after.derived.words.clone();
        if old == Some(&new) {
            return;
        }
        let words = new.text();
        let same_text = old.is_some_and(|old| old.text() == words);
        for word in &new.of_text {
            if !(same_text && old.is_some_and(|old| old.of_text.contains(word))) {
                let entry = WordEntry { words: Some(words.clone()), bare: None };
                self.put(Key::Word(word, after.id).of(team), &entry);
            }
        }
        let same_bare = old.is_some_and(|old| old.bare == new.bare);
        for word in new.bare.iter().filter(|_| !same_bare) {
            let entry = WordEntry { words: None, bare: Some(new.bare_text()) };
            self.put(Key::Word(word, after.id).of(team), &entry);
        }
        after.stale_words.retain(|word| !new.contains(word));
        let noted: BTreeSet<&String> = after.stale_words.iter().collect();
        let gone: BTreeSet<&String> = old.iter().flat_map(|old| old.all()).filter(|word| !new.contains(word)).collect();
        let gone: Vec<String> = gone.difference(&noted).map(|word| (*word).clone()).collect();
        if self.len() + gone.len() + REST <= MOST_ITEMS {
            for word in &gone {
                self.delete(Key::Word(word, after.id).of(team));
            }
        } else {
            after.stale_words.extend(gone);
        }
    }

    /// Removes as many as fit of the search entries that [`Transaction::overwrite_lead`] noted, unless the lead has
    /// changed since.
    pub(super) fn sweep_words(&mut self, team: &TeamId, lead: &Lead) {
        let (now, later) = lead.stale_words.split_at(lead.stale_words.len().min(MOST_ITEMS - 1));
        for word in now {
            self.delete(Key::Word(word, lead.id).of(team));
        }
        let condition = Condition::unchanged(lead.version).name("#stale", STALE);
        let (expression, condition) = if later.is_empty() {
            let condition = condition.name("#cleanup", Index::Cleanup.attribute()).name("#due", DUE);
            ("REMOVE #stale, #cleanup, #due", condition)
        } else {
            let later = AttributeValue::L(later.iter().map(|word| text(word)).collect());
            ("SET #stale = :later", condition.value(":later", later))
        };
        self.update(Key::Lead(lead.id).of(team), expression, condition, FailedCondition::Changed);
    }
}
