//! Counters of leads. The transaction that changes leads also writes their counters. A count is a sum of counter items:
//! one Query reads a counter over all days; two concurrent Queries read counters by day and their rollups.

pub(super) mod rollup;

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::civil::Date;

use super::condition::Condition;
use super::counters::rollup::{CounterView, UnrolledCopy};
use super::item_update::ItemUpdate;
use super::keys::attribute::counter::{CLOSED_THROUGH, GENERATION, RETIRED_REFERENCES};
use super::keys::{CleanupTask, Key, PrimaryKey, Range};
use super::{Consistency, Item, Table, text};
use crate::domain::error::Error;
use crate::domain::{
    Actor, BusinessId, CopyId, CountRow, CounterField, CounterFields, CounterKey, CreationCounts, Deltas, LeadFilter,
    Period, SHARDS, Team, TeamId, Timestamp,
};
use crate::store::groups::CounterStore;

/// Number of counters that are read concurrently.
const CONCURRENT_READS: usize = 16;

/// The copies (shards) of one counter, each with its field values.
type Copies = Vec<(CopyId, CounterFields)>;

/// The counter fields of an item, with their values. Attributes whose names do not parse as a [`CounterField`] are
/// skipped.
pub(super) fn numbers(item: &Item) -> CounterFields {
    let value = |value: &AttributeValue| value.as_n().ok().and_then(|n| n.parse().ok());
    item.iter().filter_map(|(name, stored)| Some((name.parse().ok()?, value(stored)?))).collect()
}

impl CounterStore {
    /// Counts the leads that were created in a period: of these businesses, or of the whole team if `businesses` is
    /// empty. Also returns the team. One round trip.
    pub async fn creations(
        &self,
        team: &TeamId,
        period: Period,
        businesses: &[BusinessId],
    ) -> Result<(CreationCounts, Team), Error> {
        let (first, last) = (period.first, period.last);
        if businesses.is_empty() {
            let (numbers, team) = tokio::try_join!(self.days(team, first, last), self.team(team))?;
            return Ok((CreationCounts::of_days(numbers), team));
        }
        let business = businesses.to_vec();
        let filter = LeadFilter { business, from: Some(first), to: Some(last), ..LeadFilter::default() };
        let (mut rows, team) = tokio::try_join!(self.count_rows_by_group(team, &filter), self.team(team))?;
        rows.retain(|row| row.matches(&filter));
        Ok((CreationCounts::of_groups(rows), team))
    }
}

impl Table {
    /// Counts the leads that match a filter, exactly.
    pub(super) async fn count(&self, team: &TeamId, filter: &LeadFilter) -> Result<u64, Error> {
        let dated = filter.from.is_some() || filter.to.is_some();
        let (first, last) = (filter.from.unwrap_or(Date::ZERO), filter.to.unwrap_or(Date::MAX));
        let rows = match (&filter.business[..], &filter.source) {
            ([], None) if dated => {
                let numbers = self.days(team, first, last).await?;
                let of_day = |(day, number, leads)| CountRow::of(&CounterKey::Day(day), number, leads);
                numbers.into_iter().filter_map(of_day).collect()
            }
            ([], None) => self.count_rows(team, &CounterKey::All).await?,
            ([], Some(source)) if !dated => self.count_rows(team, &CounterKey::Source(source.clone())).await?,
            ([business], None) if !dated => self.count_rows(team, &CounterKey::business(*business)).await?,
            _ => self.count_rows_by_group(team, filter).await?,
        };
        let matching = rows.iter().filter(|row| row.matches(filter));
        Ok(u64::try_from(matching.map(|row| row.leads).sum::<i64>()).unwrap_or_default())
    }

    /// Reads all copies (shards) of a counter that is not kept by day.
    pub(super) async fn copies(&self, team: &TeamId, counter: &CounterKey) -> Result<Copies, Error> {
        let items = self.query_all(&Range::copies(team, counter), Consistency::Strong).await?;
        items
            .iter()
            .map(|item| UnrolledCopy::of(item).map(|copy| (copy.id, copy.numbers.into_iter().collect())))
            .collect()
    }

    /// Number of entries in the lists of these businesses. A lead with several of the businesses counts once for each.
    pub(super) async fn entries_of(&self, team: &TeamId, businesses: &[BusinessId]) -> Result<u64, Error> {
        let counters: BTreeSet<CounterKey> = businesses.iter().map(|id| CounterKey::business(*id)).collect();
        let copies: Vec<_> = counters.iter().map(|counter| self.copies(team, counter)).collect();
        let copies: Vec<Copies> = stream::iter(copies).buffer_unordered(CONCURRENT_READS).try_collect().await?;
        let numbers = copies.into_iter().flatten().flat_map(|(_, numbers)| numbers);
        let wanted = |number| matches!(number, CounterField::Business(id) if businesses.contains(&id));
        let leads: i64 = numbers.filter(|(number, _)| wanted(*number)).map(|(_, leads)| leads).sum();
        Ok(u64::try_from(leads).unwrap_or_default())
    }

    async fn count_rows(&self, team: &TeamId, counter: &CounterKey) -> Result<Vec<CountRow>, Error> {
        let numbers = self.copies(team, counter).await?.into_iter().flat_map(|(_, numbers)| numbers);
        Ok(numbers.filter_map(|(number, leads)| CountRow::of(counter, number, leads)).collect())
    }

    /// Reads the counters by day from `first` to `last`. The result may include other days of the first and last month.
    async fn days(&self, team: &TeamId, first: Date, last: Date) -> Result<Vec<(Date, CounterField, i64)>, Error> {
        let (rollups, open) = (Range::rollup_days(team, first, last), Range::open_days(team, first, last));
        let view = self.view(&rollups, &open).await?;
        Ok(view.days())
    }

    /// Reads count rows of every group that may hold leads matching the filter. The caller must drop rows that do not
    /// match.
    async fn count_rows_by_group(&self, team: &TeamId, filter: &LeadFilter) -> Result<Vec<CountRow>, Error> {
        let (first, last) = (filter.from.unwrap_or(Date::ZERO), filter.to.unwrap_or(Date::MAX));
        let dated = filter.from.is_some() || filter.to.is_some();
        let rollups = match dated {
            true => Range::rollup_group_days(team, first, last),
            false => Range::rollup_groups(team, filter.source.as_ref()),
        };
        let view = self.view(&rollups, &Range::open_groups(team, first, last)).await?;
        Ok(view.groups(dated, filter.source.as_ref()))
    }

    async fn view(&self, rollups: &Range, open: &Range) -> Result<CounterView, Error> {
        let (rollups, open) =
            tokio::try_join!(self.query_all(rollups, Consistency::Strong), self.query_all(open, Consistency::Strong))?;
        CounterView::new(&rollups, &open)
    }
}

/// The counter changes of one write.
pub(super) struct Additions {
    actor: Actor,
    deltas: Deltas,
}

impl Additions {
    pub(super) fn new(actor: &Actor, deltas: Deltas) -> Self {
        Self { actor: actor.clone(), deltas }
    }

    /// Chooses the counter copy to add to: the generation is the day of the write, the shard is random.
    pub(super) fn random_copy(&self) -> CopyId {
        CopyId { generation: self.actor.at.day(), shard: fastrand::u64(..SHARDS) }
    }

    /// Chooses a copy of the same generation in a different shard, at random.
    pub(super) fn copy_in_another_shard(copy: CopyId) -> CopyId {
        CopyId { shard: (copy.shard + fastrand::u64(1..SHARDS)) % SHARDS, ..copy }
    }

    /// Builds one update for each changed counter, all to the same copy (shard). The counter of all leads is always
    /// updated, because its condition checks that the day is not closed.
    pub(super) fn updates(&self, copy: CopyId) -> Vec<(PrimaryKey, ItemUpdate)> {
        let nothing = CounterFields::new();
        let all = self.deltas.iter().find(|(counter, _)| **counter == CounterKey::All).map_or(&nothing, |(_, n)| n);
        let others = self.deltas.iter().filter(|(counter, _)| **counter != CounterKey::All);
        let changed = std::iter::once((&CounterKey::All, all)).chain(others);
        let update = |(counter, numbers)| {
            (Key::Count(counter, copy).of(&self.actor.team), addition(counter, numbers, copy, self.actor.at))
        };
        changed.map(update).collect()
    }
}

/// If the write was refused because the day of its counter copy is closed, returns the copy of the day after the last
/// closed day.
pub(super) fn copy_after_closed_day(copy: CopyId, refused_by: Option<&Item>) -> Option<CopyId> {
    let through: Date = refused_by?.get(CLOSED_THROUGH)?.as_s().ok()?.parse().ok()?;
    (through >= copy.generation).then(|| CopyId { generation: through.tomorrow().unwrap_or(through), ..copy })
}

/// Builds the update that adds to a counter, for example `ADD LA1 1, B7 1`. The update fails if a status or business
/// that leads gain is retired, or if the day is closed.
fn addition(counter: &CounterKey, numbers: &CounterFields, copy: CopyId, at: Timestamp) -> ItemUpdate {
    let mut terms = Vec::new();
    let mut condition = Condition::default();
    if matches!(counter, CounterKey::All | CounterKey::Businesses(_)) {
        for (n, reference) in Deltas::gained(numbers).into_iter().enumerate() {
            terms.push(format!("NOT contains(#retired, :r{n})"));
            condition =
                condition.name("#retired", RETIRED_REFERENCES).value(&format!(":r{n}"), text(&reference.to_string()));
        }
    }
    let generation = text(&copy.generation.to_string());
    if *counter == CounterKey::All {
        terms.push("(attribute_not_exists(#through) OR #through < :generation)".to_owned());
        condition = condition.name("#through", CLOSED_THROUGH).value(":generation", generation.clone());
    }
    condition.expression = terms.join(" AND ");
    let mut update = ItemUpdate::on(condition);
    if *counter == CounterKey::All {
        update = update.set(GENERATION, generation);
        // Only shard 0 schedules the team's rollup as a clean-up task: one task for each team is enough.
        if copy.shard == 0 {
            update = update.set_if_absent(CleanupTask::attributes(at));
        }
    }
    numbers.iter().fold(update, |update, (name, change)| update.add(&name.to_string(), *change))
}
