//! The counters: written with what they count, summed by one Query.

use super::keys::{Key, Range, counter_of};
use super::transaction::{Condition, Meaning, Transaction};
use super::{Consistency, Table, number, text};
use crate::error::Error;
use crate::model::{
    Cell, CountKey, Counter, Creations, Delta, Deltas, LeadFilter, Period, Reference, SHARDS, Team, TeamId,
};
use aws_sdk_dynamodb::types::AttributeValue;

/// The attribute of [`CountKey::All`] with what no lead may be given any more.
const CLOSED: &str = "closed";

impl Table {
    /// How many leads match, exactly.
    pub(super) async fn count(&self, team: &TeamId, filter: &LeadFilter) -> Result<u64, Error> {
        let counters = self.counters(team, filter).await?;
        Ok(counters.iter().map(|counter| counter.matching(filter)).sum::<i64>().unsigned_abs())
    }

    /// What was created in a period, and the team: one trip.
    pub async fn creations(&self, team: &TeamId, period: Period) -> Result<(Creations, Team), Error> {
        let days = LeadFilter { from: Some(period.first), to: Some(period.last), ..LeadFilter::default() };
        let (counters, team) = tokio::try_join!(self.counters(team, &days), self.team(team))?;
        Ok((Creations::new(counters), team))
    }

    async fn counters(&self, team: &TeamId, filter: &LeadFilter) -> Result<Vec<Counter>, Error> {
        let items = self.query_all(&Range::counters(team, filter), Consistency::Strong).await?;
        let counter = |item| counter_of(item).ok_or_else(|| Error::internal("a counter does not parse"));
        items.iter().map(counter).collect()
    }
}

impl Transaction<'_> {
    /// Applies the changes; a reference that leads gain must not have been closed since the team was read.
    pub(super) fn count(&mut self, team: &TeamId, deltas: &Deltas) {
        self.then_unconditionally();
        for (key, delta) in deltas.iter() {
            let (expression, condition) = addition(key, delta);
            self.update(Key::Count(key).of(team), &expression, condition, Meaning::Changed);
        }
    }

    /// Closes a reference that no lead has: every later write of a lead that would gain it is refused.
    pub(super) fn close(&mut self, team: &TeamId, reference: Reference, closed: &[Reference]) {
        let held: Vec<String> = match reference {
            Reference::Status(id) => Cell::all_of(id).map(|cell| cell.to_string()).collect(),
            Reference::Business(_) => vec![reference.to_string()],
        };
        let unused = held.iter().map(|name| format!("(attribute_not_exists({name}) OR {name} = :zero)"));
        let condition = Condition::new(&unused.collect::<Vec<_>>().join(" AND "))
            .value(":zero", number(0))
            .value(":closed", AttributeValue::L(closed.iter().map(|one| text(&one.to_string())).collect()));
        let expression = format!("SET {CLOSED} = :closed REMOVE {}", held.join(", "));
        for shard in 0..SHARDS {
            let key = CountKey::All { shard };
            self.update(Key::Count(&key).of(team), &expression, condition.clone(), Meaning::InUse);
        }
    }
}

/// `ADD LA1 :v0, B7 :v1`, on condition that nothing gained is closed.
fn addition(key: &CountKey, delta: &Delta) -> (String, Condition) {
    let cells = delta.cells.iter().map(|(cell, change)| (cell.to_string(), *change));
    let businesses = delta.businesses.iter().map(|(id, change)| (Reference::Business(*id).to_string(), *change));
    let mut additions = Vec::new();
    let mut condition = Condition::default();
    for (n, (name, change)) in cells.chain(businesses).enumerate() {
        additions.push(format!("{name} :v{n}"));
        condition = condition.value(&format!(":v{n}"), AttributeValue::N(change.to_string()));
    }
    if matches!(key, CountKey::All { .. }) {
        let mut open = Vec::new();
        for (n, reference) in delta.gained().into_iter().enumerate() {
            open.push(format!("NOT contains({CLOSED}, :r{n})"));
            condition = condition.value(&format!(":r{n}"), text(&reference.to_string()));
        }
        condition.expression = open.join(" AND ");
    }
    (format!("ADD {}", additions.join(", ")), condition)
}
