//! Counters of leads. The transaction that changes leads also writes their counters. A count is a sum of counter items:
//! one Query reads a counter over all days; two concurrent Queries read counters by day and their rollups.

pub(super) mod rollup;

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::civil::Date;

use super::condition::WriteCondition;
use super::counters::rollup::{CounterView, StoredCounterCopy};
use super::item_update::ItemUpdate;
use super::keys::attribute::counter::{LAST_CLOSED_DAY, LAST_WRITE_DAY, RETIRED_REFERENCES};
use super::keys::{CleanupTask, ItemKey, KeyRange, PrimaryKey};
use super::{ReadConsistency, Table, TableItem, string_value};
use crate::domain::error::Error;
use crate::domain::{
    Actor, BusinessId, COUNTER_SHARDS, CounterCopyId, CounterDeltas, CounterField, CounterKey, CounterValues,
    CreationCounts, LeadCount, LeadFilter, Period, Team, TeamId, Timestamp,
};
use crate::store::store_types::CounterStore;

/// Number of counters that are read concurrently.
const CONCURRENT_COUNTER_READS: usize = 16;

/// The copies (shards) of one counter, each with its field values.
type CounterCopies = Vec<(CounterCopyId, CounterValues)>;

/// The counter fields of an item, with their values. Attributes whose names do not parse as a [`CounterField`] are
/// skipped.
pub(super) fn parse_counter_fields(item: &TableItem) -> CounterValues {
    let value = |value: &AttributeValue| value.as_n().ok().and_then(|n| n.parse().ok());
    item.iter().filter_map(|(name, stored)| Some((name.parse().ok()?, value(stored)?))).collect()
}

impl CounterStore {
    /// Counts the leads that were created in a period: of these businesses, or of the whole team if `businesses` is
    /// empty. Also returns the team. One round trip.
    pub async fn count_created_leads(
        &self,
        team: &TeamId,
        period: Period,
        businesses: &[BusinessId],
    ) -> Result<(CreationCounts, Team), Error> {
        let (first, last) = (period.first, period.last);
        if businesses.is_empty() {
            let (numbers, team) = tokio::try_join!(self.read_day_counters(team, first, last), self.team(team))?;
            return Ok((CreationCounts::from_day_counters(numbers), team));
        }
        let business = businesses.to_vec();
        let filter = LeadFilter { business, from: Some(first), to: Some(last), ..LeadFilter::default() };
        let (mut rows, team) = tokio::try_join!(self.read_group_count_rows(team, &filter), self.team(team))?;
        rows.retain(|row| row.matches_filter(&filter));
        Ok((CreationCounts::from_group_rows(rows), team))
    }
}

impl Table {
    /// Counts the leads that match a filter, exactly.
    pub(super) async fn count_leads(&self, team: &TeamId, filter: &LeadFilter) -> Result<u64, Error> {
        let dated = filter.from.is_some() || filter.to.is_some();
        let (first, last) = (filter.from.unwrap_or(Date::ZERO), filter.to.unwrap_or(Date::MAX));
        let rows = match (&filter.business[..], &filter.source) {
            ([], None) if dated => {
                let numbers = self.read_day_counters(team, first, last).await?;
                let of_day = |(day, number, leads)| LeadCount::of(&CounterKey::Day(day), number, leads);
                numbers.into_iter().filter_map(of_day).collect()
            }
            ([], None) => self.read_count_rows(team, &CounterKey::All).await?,
            ([], Some(source)) if !dated => self.read_count_rows(team, &CounterKey::Source(source.clone())).await?,
            ([business], None) if !dated => self.read_count_rows(team, &CounterKey::of_business(*business)).await?,
            _ => self.read_group_count_rows(team, filter).await?,
        };
        let matching = rows.iter().filter(|row| row.matches_filter(filter));
        Ok(u64::try_from(matching.map(|row| row.leads).sum::<i64>()).unwrap_or_default())
    }

    /// Reads the copies of a counter without generations. Returns the id and the values of each copy, not summed.
    pub(super) async fn read_counter_copies(
        &self,
        team: &TeamId,
        counter: &CounterKey,
    ) -> Result<CounterCopies, Error> {
        let items = self.query_all(&KeyRange::counter_copies(team, counter), ReadConsistency::Strong).await?;
        items
            .iter()
            .map(|item| StoredCounterCopy::of(item).map(|copy| (copy.id, copy.numbers.into_iter().collect())))
            .collect()
    }

    /// Number of entries in the lists of these businesses. A lead with several of the businesses counts once for each.
    pub(super) async fn count_business_entries(&self, team: &TeamId, businesses: &[BusinessId]) -> Result<u64, Error> {
        let counters: BTreeSet<CounterKey> = businesses.iter().map(|id| CounterKey::of_business(*id)).collect();
        let copies: Vec<_> = counters.iter().map(|counter| self.read_counter_copies(team, counter)).collect();
        let copies: Vec<CounterCopies> =
            stream::iter(copies).buffer_unordered(CONCURRENT_COUNTER_READS).try_collect().await?;
        let numbers = copies.into_iter().flatten().flat_map(|(_, numbers)| numbers);
        let wanted = |number| matches!(number, CounterField::Business(id) if businesses.contains(&id));
        let leads: i64 = numbers.filter(|(number, _)| wanted(*number)).map(|(_, leads)| leads).sum();
        Ok(u64::try_from(leads).unwrap_or_default())
    }

    async fn read_count_rows(&self, team: &TeamId, counter: &CounterKey) -> Result<Vec<LeadCount>, Error> {
        let numbers = self.read_counter_copies(team, counter).await?.into_iter().flat_map(|(_, numbers)| numbers);
        Ok(numbers.filter_map(|(number, leads)| LeadCount::of(counter, number, leads)).collect())
    }

    /// Reads the counters by day from `first` to `last`. The result may include other days of the first and last month.
    async fn read_day_counters(
        &self,
        team: &TeamId,
        first: Date,
        last: Date,
    ) -> Result<Vec<(Date, CounterField, i64)>, Error> {
        let (rollups, open) =
            (KeyRange::daily_counter_rollups(team, first, last), KeyRange::day_counter_copies(team, first, last));
        let view = self.read_counter_view(&rollups, &open).await?;
        Ok(view.day_counts())
    }

    /// Reads count rows of every group that may hold leads matching the filter. The caller must drop rows that do not
    /// match.
    async fn read_group_count_rows(&self, team: &TeamId, filter: &LeadFilter) -> Result<Vec<LeadCount>, Error> {
        let (first, last) = (filter.from.unwrap_or(Date::ZERO), filter.to.unwrap_or(Date::MAX));
        let dated = filter.from.is_some() || filter.to.is_some();
        let rollups = match dated {
            true => KeyRange::daily_group_counter_rollups(team, first, last),
            false => KeyRange::rollup_groups(team, filter.source.as_ref()),
        };
        let view = self.read_counter_view(&rollups, &KeyRange::group_counter_copies(team, first, last)).await?;
        Ok(view.group_count_rows(dated, filter.source.as_ref()))
    }

    async fn read_counter_view(&self, rollups: &KeyRange, open: &KeyRange) -> Result<CounterView, Error> {
        let (rollups, open) = tokio::try_join!(
            self.query_all(rollups, ReadConsistency::Strong),
            self.query_all(open, ReadConsistency::Strong)
        )?;
        CounterView::new(&rollups, &open)
    }
}

/// The counter changes of one write.
pub(super) struct CounterAdditions {
    actor: Actor,
    deltas: CounterDeltas,
}

impl CounterAdditions {
    pub(super) fn new(actor: &Actor, deltas: CounterDeltas) -> Self {
        Self { actor: actor.clone(), deltas }
    }

    /// Chooses the counter copy to add to: the generation is the day of the write, the shard is random.
    pub(super) fn random_copy(&self) -> CounterCopyId {
        CounterCopyId { generation: self.actor.at.as_utc_day(), shard: fastrand::u64(..COUNTER_SHARDS) }
    }

    /// Chooses a copy of the same generation in a different shard, at random.
    pub(super) fn copy_in_another_shard(copy: CounterCopyId) -> CounterCopyId {
        CounterCopyId { shard: (copy.shard + fastrand::u64(1..COUNTER_SHARDS)) % COUNTER_SHARDS, ..copy }
    }

    /// Builds one update for each changed counter, all to the same copy (shard). The counter of all leads is always
    /// updated, because its condition checks that the day is not closed.
    pub(super) fn counter_updates(&self, copy: CounterCopyId) -> Vec<(PrimaryKey, ItemUpdate)> {
        let nothing = CounterValues::new();
        let all = self.deltas.iter().find(|(counter, _)| **counter == CounterKey::All).map_or(&nothing, |(_, n)| n);
        let others = self.deltas.iter().filter(|(counter, _)| **counter != CounterKey::All);
        let changed = std::iter::once((&CounterKey::All, all)).chain(others);
        let update = |(counter, numbers)| {
            (
                ItemKey::Count(counter, copy).of(&self.actor.team),
                build_counter_update(counter, numbers, copy, self.actor.at),
            )
        };
        changed.map(update).collect()
    }
}

/// If the write was refused because the day of its counter copy is closed, returns the copy of the day after the last
/// closed day.
pub(super) fn copy_after_closed_day(copy: CounterCopyId, refused_by: Option<&TableItem>) -> Option<CounterCopyId> {
    let through: Date = refused_by?.get(LAST_CLOSED_DAY)?.as_s().ok()?.parse().ok()?;
    (through >= copy.generation).then(|| CounterCopyId { generation: through.tomorrow().unwrap_or(through), ..copy })
}

/// Builds the update that adds to a counter, for example `ADD LA1 1, B7 1`. The update fails if a status or business
/// that leads gain is retired, or if the day is closed.
fn build_counter_update(
    counter: &CounterKey,
    numbers: &CounterValues,
    copy: CounterCopyId,
    at: Timestamp,
) -> ItemUpdate {
    let mut terms = Vec::new();
    let mut condition = WriteCondition::default();
    if matches!(counter, CounterKey::All | CounterKey::Businesses(_)) {
        for (n, reference) in CounterDeltas::gained_references(numbers).into_iter().enumerate() {
            terms.push(format!("NOT contains(#retired, :r{n})"));
            condition = condition
                .with_name("#retired", RETIRED_REFERENCES)
                .with_value(&format!(":r{n}"), string_value(&reference.to_string()));
        }
    }
    let generation = string_value(&copy.generation.to_string());
    if *counter == CounterKey::All {
        terms.push("(attribute_not_exists(#through) OR #through < :generation)".to_owned());
        condition = condition.with_name("#through", LAST_CLOSED_DAY).with_value(":generation", generation.clone());
    }
    condition.expression = terms.join(" AND ");
    let mut update = ItemUpdate::on(condition);
    if *counter == CounterKey::All {
        update = update.set_attribute(LAST_WRITE_DAY, generation);
        // Only shard 0 schedules the team's rollup as a clean-up task: one task for each team is enough.
        if copy.shard == 0 {
            update = update.set_attribute_if_absent(CleanupTask::attributes_due_at(at));
        }
    }
    numbers.iter().fold(update, |update, (name, change)| update.add_to_attribute(&name.to_string(), *change))
}
