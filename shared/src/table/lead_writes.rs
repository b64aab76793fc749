//! The items that a lead is made of, kept in step by whatever writes one.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::keys::{DUE, Index, IndexPartition, Key, Leftover, PK, SK};
use super::transaction::{Condition, MOST_ITEMS, Meaning, Transaction};
use super::{Item, Table, encode, number};
use crate::error::Error;
use crate::model::{Actor, Email, Lead, LeadId, LogEntry, PhotoName, TeamId, index_words};

/// The attribute that makes a lead's item a tombstone.
pub(super) const DELETED: &str = "deleted";
/// The attribute of a lead with its number of log entries.
const LOGS: &str = "logs";
/// The attribute of a lead with its number of comments.
const COMMENTS: &str = "comments";
/// The attribute of a lead with the search words to be swept.
const STALE: &str = "staleWords";

/// When the clean-up takes over what a request of `at` leaves: long after the request has ended, however it did.
pub(super) fn takeover(at: Timestamp) -> Timestamp {
    at.saturating_add(SignedDuration::from_hours(1)).unwrap_or(at)
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
}

/// A business's entry holds nothing that changes.
#[derive(Serialize)]
struct BusinessEntry {}

/// A lead's item; one with search entries to be swept is a leftover as well.
fn lead_item(team: &TeamId, lead: &Lead) -> Result<Item, Error> {
    let mut item = encode(Key::Lead(lead.id).of(team), lead)?;
    item.extend(IndexPartition::attributes_of(team, lead));
    if !lead.stale_words.is_empty() {
        item.extend(Leftover::attributes(takeover(lead.updated_at)));
    }
    Ok(item)
}

impl Transaction {
    /// Writes a lead over `before`, which is what was read, with everything that is found by it. Search entries that
    /// went stale but do not fit are noted in `after`.
    pub(super) fn write_lead(
        &mut self,
        table: &Table,
        actor: &Actor,
        before: Option<&Lead>,
        after: &mut Lead,
    ) -> Result<(), Error> {
        let team = &actor.team;
        self.move_email(table, team, before.map(|lead| &lead.email), &after.email, after.id)?;
        self.move_photo(table, actor, before.map_or("", |lead| &lead.photo), &after.photo, after.id)?;
        self.move_businesses(table, team, before, after)?;
        self.move_words(table, team, before, after)?;
        match before {
            None => self.put(table, lead_item(team, after)?, Some((Condition::absent(), Meaning::Changed))),
            Some(before) => self.overwrite(table, team, before.version, after),
        }
    }

    /// Writes every attribute of a lead but its numbers of log entries and comments: comments change those without
    /// changing the lead's version, so they are added to, not set.
    fn overwrite(&mut self, table: &Table, team: &TeamId, version: u64, after: &Lead) -> Result<(), Error> {
        let key = Key::Lead(after.id).of(team);
        let mut item = lead_item(team, after)?;
        item.retain(|name, _| ![PK, SK, LOGS, COMMENTS].contains(&name.as_str()));
        let mut condition = Condition::unchanged(version).name("#logs", LOGS).value(":one", number(1));
        let optional = [Index::BySource.attribute(), STALE, Index::Leftovers.attribute(), DUE];
        let gone: Vec<&str> = optional.into_iter().filter(|name| !item.contains_key(*name)).collect();
        let mut sets = Vec::new();
        for (n, (name, value)) in item.into_iter().enumerate() {
            sets.push(format!("#a{n} = :a{n}"));
            condition = condition.name(&format!("#a{n}"), &name).value(&format!(":a{n}"), value);
        }
        let mut expression = format!("SET {} ADD #logs :one", sets.join(", "));
        if !gone.is_empty() {
            expression = format!("{expression} REMOVE {}", gone.join(", "));
        }
        self.update(table, key, &expression, condition, Meaning::Changed)
    }

    /// One more log entry, and a comment where there is one, on a lead that is there.
    pub(super) fn count_activity(
        &mut self,
        table: &Table,
        team: &TeamId,
        lead: LeadId,
        comments: u64,
    ) -> Result<(), Error> {
        let there = Condition::new("attribute_exists(PK) AND attribute_not_exists(#deleted)")
            .name("#deleted", DELETED)
            .name("#logs", LOGS)
            .name("#comments", COMMENTS)
            .value(":one", number(1))
            .value(":comments", number(comments));
        let key = Key::Lead(lead).of(team);
        self.update(table, key, "ADD #logs :one, #comments :comments", there, Meaning::Changed)
    }

    /// Turns a lead into a tombstone: from now on it is nowhere, and its address is free. What is left of it is removed
    /// later.
    pub(super) fn bury_lead(&mut self, table: &Table, actor: &Actor, lead: &Lead) -> Result<(), Error> {
        let team = &actor.team;
        self.delete(table, Key::EmailLock(&lead.email).of(team))?;
        if let Ok(photo) = lead.photo.parse() {
            self.discard_photo(table, team, &photo, takeover(actor.at), Condition::default())?;
        }
        // A version of its own: a write that read the lead before must not find what it read.
        let buried = Lead { version: lead.version + 1, ..lead.clone() };
        let mut tombstone = encode(Key::Lead(lead.id).of(team), &buried)?;
        tombstone.insert(DELETED.to_owned(), aws_sdk_dynamodb::types::AttributeValue::Bool(true));
        tombstone.extend(Leftover::attributes(takeover(actor.at)));
        self.put(table, tombstone, Some((Condition::unchanged(lead.version), Meaning::Changed)))
    }

    /// Adds to a lead's log.
    pub(super) fn log(&mut self, table: &Table, team: &TeamId, lead: LeadId, entry: &LogEntry) -> Result<(), Error> {
        let item = encode(Key::Log(lead, &entry.place()).of(team), entry)?;
        self.put(table, item, Some((Condition::absent(), Meaning::Changed)))
    }

    fn move_email(
        &mut self,
        table: &Table,
        team: &TeamId,
        from: Option<&Email>,
        to: &Email,
        lead: LeadId,
    ) -> Result<(), Error> {
        if from.map(Email::fingerprint) == Some(to.fingerprint()) {
            return Ok(());
        }
        let lock = encode(Key::EmailLock(to).of(team), &EmailLock { lead })?;
        self.put(table, lock, Some((Condition::absent(), Meaning::EmailTaken)))?;
        from.map_or(Ok(()), |from| self.delete(table, Key::EmailLock(from).of(team)))
    }

    fn move_photo(&mut self, table: &Table, actor: &Actor, from: &str, to: &str, lead: LeadId) -> Result<(), Error> {
        if from == to {
            return Ok(());
        }
        if let Ok(photo) = to.parse::<PhotoName>() {
            self.claim_photo(table, actor, &photo, lead)?;
        }
        match from.parse::<PhotoName>() {
            Ok(photo) => self.discard_photo(table, &actor.team, &photo, takeover(actor.at), Condition::default()),
            Err(()) => Ok(()),
        }
    }

    fn move_businesses(
        &mut self,
        table: &Table,
        team: &TeamId,
        before: Option<&Lead>,
        after: &Lead,
    ) -> Result<(), Error> {
        let old = before.map_or(&[][..], |lead| &lead.business);
        let place = after.place();
        for business in after.business.iter().filter(|id| !old.contains(id)) {
            self.put(table, encode(Key::BusinessLead(*business, &place).of(team), &BusinessEntry {})?, None)?;
        }
        for business in old.iter().filter(|id| !after.business.contains(id)) {
            self.delete(table, Key::BusinessLead(*business, &place).of(team))?;
        }
        Ok(())
    }

    fn move_words(
        &mut self,
        table: &Table,
        team: &TeamId,
        before: Option<&Lead>,
        after: &mut Lead,
    ) -> Result<(), Error> {
        let old = before.map(index_words);
        let new = index_words(after);
        let words = new.text();
        let same_text = old.as_ref().is_some_and(|old| old.text() == words);
        for word in &new.of_text {
            if !(same_text && old.as_ref().is_some_and(|old| old.of_text.contains(word))) {
                let entry = WordEntry { words: Some(words.clone()) };
                self.put(table, encode(Key::Word(word, after.id).of(team), &entry)?, None)?;
            }
        }
        for word in &new.bare {
            if !old.as_ref().is_some_and(|old| old.bare.contains(word)) {
                self.put(table, encode(Key::Word(word, after.id).of(team), &WordEntry::default())?, None)?;
            }
        }
        let old = old.iter().flat_map(|old| old.all()).chain(before.iter().flat_map(|lead| &lead.stale_words));
        let stale: std::collections::BTreeSet<&String> = old.filter(|word| !new.all().any(|w| w == *word)).collect();
        let fits = self.len() + stale.len() + REST <= MOST_ITEMS;
        after.stale_words = if fits { Vec::new() } else { stale.iter().map(|word| (*word).clone()).collect() };
        if fits {
            for word in stale {
                self.delete(table, Key::Word(word, after.id).of(team))?;
            }
        }
        Ok(())
    }

    /// Removes the search entries that [`Transaction::write_lead`] noted, unless the lead has changed since.
    pub(super) fn sweep_words(&mut self, table: &Table, team: &TeamId, lead: &Lead) -> Result<(), Error> {
        for word in &lead.stale_words {
            self.delete(table, Key::Word(word, lead.id).of(team))?;
        }
        let condition = Condition::unchanged(lead.version)
            .name("#stale", STALE)
            .name("#leftover", Index::Leftovers.attribute())
            .name("#due", DUE);
        self.update(table, Key::Lead(lead.id).of(team), "REMOVE #stale, #leftover, #due", condition, Meaning::Changed)
    }
}

/// What a transaction that writes one lead holds besides its words: the lead, its log entry, the team's closed
/// references through at most seven counters, and an answer to keep.
const REST: usize = 10;
