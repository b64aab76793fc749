//! Counters of leads. They are written in the transaction that changes the leads, and summed by one Query, two if some
//! are rolled up.

pub(super) mod rollup;

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::civil::Date;

use super::counters::rollup::{CounterView, UnrolledCopy};
use super::item_update::ItemUpdate;
use super::keys::attribute::counter::{CLOSED_THROUGH, GENERATION, RETIRED_REFERENCES};
use super::keys::{CleanupTask, Key, Range};
use super::transaction::{Condition, FailedCondition, Transaction};
use super::{Consistency, Item, Table, text};
use crate::domain::error::Error;
use crate::domain::{
    Actor, BusinessId, CopyId, CountRow, CounterField, CounterFields, CounterKey, CreationCounts, Deltas, LeadFilter,
    Period, Reference, SHARDS, StatusCell, Team, TeamId, Timestamp,
};
use crate::store::groups::CounterStore;

/// Number of counters that are read at once.
const CONCURRENT_READS: usize = 16;

/// The copies of a counter, each with its numbers.
type Copies = Vec<(CopyId, CounterFields)>;

/// The numbers of a counter's item. No other attribute has such a name.
pub(super) fn numbers(item: &Item) -> CounterFields {
    let value = |value: &AttributeValue| value.as_n().ok().and_then(|n| n.parse().ok());
    item.iter().filter_map(|(name, stored)| Some((name.parse().ok()?, value(stored)?))).collect()
}

impl CounterStore {
    /// Numbers of leads that were created in a period, of any of the businesses if some are given, and the team. One
    /// trip.
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
    /// The exact number of leads that match.
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

    /// All copies of a counter that is not kept by day.
    pub(super) async fn copies(&self, team: &TeamId, counter: &CounterKey) -> Result<Copies, Error> {
        let items = self.query_all(&Range::copies(team, counter), Consistency::Strong).await?;
        items
            .iter()
            .map(|item| UnrolledCopy::of(item).map(|copy| (copy.id, copy.numbers.into_iter().collect())))
            .collect()
    }

    /// Number of entries in the lists of these businesses. A lead of several of them has several.
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

    /// The numbers of counters by day, for the months of these days.
    async fn days(&self, team: &TeamId, first: Date, last: Date) -> Result<Vec<(Date, CounterField, i64)>, Error> {
        let (rollups, open) = (Range::rollup_days(team, first, last), Range::open_days(team, first, last));
        let view = self.view(&rollups, &open).await?;
        Ok(view.days())
    }

    /// The count rows of the groups that may have leads of a filter.
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

    /// Reads the copies of the counter that says whether a reference is in use.
    ///
    /// # Errors
    /// 503 when the table stays too busy.
    pub(super) async fn usage(&self, team: &TeamId, reference: Reference) -> Result<ReferenceUsage, Error> {
        let counter = guard_of(reference);
        let mut copies: BTreeMap<u64, CounterFields> = (0..SHARDS).map(|shard| (shard, CounterFields::new())).collect();
        for (copy, mut numbers) in self.copies(team, &counter).await? {
            numbers.retain(|number, _| refers(*number) == Some(reference));
            copies.insert(copy.shard, numbers);
        }
        Ok(ReferenceUsage { reference, copies })
    }
}

/// The guard of a reference: the counter that every write adds to that gives a lead the reference.
fn guard_of(reference: Reference) -> CounterKey {
    match reference {
        Reference::Status(_) => CounterKey::All,
        Reference::Business(id) => CounterKey::business(id),
    }
}

/// The reference that a number of its guard counts.
fn refers(number: CounterField) -> Option<Reference> {
    match number {
        CounterField::Leads(cell) => Some(Reference::Status(cell.status)),
        CounterField::Business(id) => Some(Reference::Business(id)),
        CounterField::OfBusiness(..) | CounterField::Unassigned => None,
    }
}

/// Usage of a status or business that is to be deleted: all copies of its guard.
pub(super) struct ReferenceUsage {
    reference: Reference,
    /// By shard.
    copies: BTreeMap<u64, CounterFields>,
}

impl ReferenceUsage {
    /// Whether a lead has the reference.
    pub(super) fn in_use(&self) -> bool {
        self.copies.values().flat_map(CounterFields::values).sum::<i64>() != 0
    }

    /// The numbers that must be unchanged when the reference is retired, missing ones included.
    fn names(&self, numbers: &CounterFields) -> BTreeMap<CounterField, Option<i64>> {
        let mut names: BTreeMap<CounterField, Option<i64>> = match self.reference {
            Reference::Status(id) => StatusCell::all_of(id).map(|cell| (CounterField::Leads(cell), None)).collect(),
            Reference::Business(id) => BTreeMap::from([(CounterField::Business(id), None)]),
        };
        names.extend(numbers.iter().map(|(number, leads)| (*number, Some(*leads))));
        names
    }
}

impl Transaction<'_> {
    /// Retires a reference that no lead has. Later writes that would give it to a lead are refused. The transaction
    /// fails if a lead has gained it since the usage was read.
    pub(super) fn retire_reference(&mut self, team: &TeamId, usage: &ReferenceUsage, retired: &[Reference]) {
        let retired = AttributeValue::L(retired.iter().map(|one| text(&one.to_string())).collect());
        for (shard, numbers) in &usage.copies {
            let names = usage.names(numbers);
            let mut condition = Condition::default();
            let mut unchanged = Vec::new();
            for (n, (name, leads)) in names.iter().enumerate() {
                match leads {
                    None => unchanged.push(format!("attribute_not_exists({name})")),
                    Some(leads) => {
                        unchanged.push(format!("{name} = :v{n}"));
                        condition = condition.value(&format!(":v{n}"), AttributeValue::N(leads.to_string()));
                    }
                }
            }
            condition.expression = unchanged.join(" AND ");
            let names: Vec<String> = names.keys().map(ToString::to_string).collect();
            let update = ItemUpdate::on(condition).set(RETIRED_REFERENCES, retired.clone());
            let update = update.remove_all(names.iter().map(String::as_str));
            let key = Key::Count(&guard_of(usage.reference), CopyId::undated(*shard)).of(team);
            self.update(key, update, FailedCondition::Changed);
        }
    }
}

/// Additions of one write to the counters.
pub(super) struct Additions {
    actor: Actor,
    deltas: Deltas,
}

impl Additions {
    pub(super) fn new(actor: &Actor, deltas: Deltas) -> Self {
        Self { actor: actor.clone(), deltas }
    }

    /// A copy to add to: a random shard of the day of the write.
    pub(super) fn random_copy(&self) -> CopyId {
        CopyId { generation: self.actor.at.day(), shard: fastrand::u64(..SHARDS) }
    }

    /// Another copy.
    pub(super) fn copy_in_another_shard(copy: CopyId) -> CopyId {
        CopyId { shard: (copy.shard + fastrand::u64(1..SHARDS)) % SHARDS, ..copy }
    }

    /// Adds to this copy of every counter that changes. The counter of all leads is always one of them, because it
    /// knows which days are closed.
    pub(super) fn write(&self, copy: CopyId, transaction: &mut Transaction<'_>) {
        let nothing = CounterFields::new();
        let all = self.deltas.iter().find(|(counter, _)| **counter == CounterKey::All).map_or(&nothing, |(_, n)| n);
        let others = self.deltas.iter().filter(|(counter, _)| **counter != CounterKey::All);
        for (counter, numbers) in std::iter::once((&CounterKey::All, all)).chain(others) {
            let key = Key::Count(counter, copy).of(&self.actor.team);
            transaction.update(key, addition(counter, numbers, copy, self.actor.at), FailedCondition::Changed);
        }
    }
}

/// If the copy's day is closed, the copy of the day after the last closed one.
pub(super) fn copy_after_closed_day(copy: CopyId, refused_by: Option<&Item>) -> Option<CopyId> {
    let through: Date = refused_by?.get(CLOSED_THROUGH)?.as_s().ok()?.parse().ok()?;
    (through >= copy.generation).then(|| CopyId { generation: through.tomorrow().unwrap_or(through), ..copy })
}

/// The update that adds to a counter, for example `ADD LA1 1, B7 1`, on condition that no gained reference is retired
/// and that the day is not closed.
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
        // One copy announces to the clean-up that the team has something to roll up.
        if copy.shard == 0 {
            update = update.set_if_absent(CleanupTask::attributes(at));
        }
    }
    numbers.iter().fold(update, |update, (name, change)| update.add(&name.to_string(), *change))
}
