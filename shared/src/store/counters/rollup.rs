//! Rollups: once a day is over, its counter copies are merged into a few items.
//!
//! Counts stay exact at any moment, for two reasons. The rollup first closes the day, so that no write can add to the
//! copies that it merges. Each rollup item stores the last day that it contains, so that readers skip merged copies.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::SignedDuration;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::error::Error;
use crate::domain::{
    COUNTER_SHARDS, CounterCopyId, CounterField, CounterKey, LeadCount, SourceHash, TeamId, Timestamp,
};
use crate::platform::deadline;
use crate::store::condition::WriteCondition;
use crate::store::counters::parse_counter_fields;
use crate::store::item_update::ItemUpdate;
use crate::store::keys::attribute::DUE_AT;
use crate::store::keys::attribute::counter::{LAST_CLOSED_DAY, LAST_WRITE_DAY};
use crate::store::keys::{
    CleanupTask, ItemKey, KeyRange, ParsedCounterKey, ROLLUP_SLICES, RollupKey, RollupPlace, StoredRollup,
    parse_counter_partition_item,
};
use crate::store::store_types::CleanupStore;
use crate::store::{PageQuery, ReadConsistency, Table, TableItem, decode, encode_item, string_value};

/// Number of concurrent writes of a rollup.
const CONCURRENT_ROLLUP_WRITES: usize = 32;
/// Upper bound of the time that rolling up one slice takes, for a team with some hundred thousand sources in a day.
/// Measured by the bench `rollup`.
const MAX_SLICE_TIME: Duration = Duration::from_secs(10);
/// Maximum number of tries to write a rollup item that concurrent runs also write.
const MAX_ROLLUP_WRITE_TRIES: u8 = 5;

/// Delay before a finished day is closed, and before rolled-up counter copies are deleted. No request runs for that
/// long.
const SETTLING_TIME: SignedDuration = SignedDuration::from_hours(1);

/// The time from which a day may be closed: one hour after its end, when no request that started on that day can still
/// be running.
fn earliest_closing_time(day: Date) -> Timestamp {
    Timestamp::start_of_utc_day(day.tomorrow().unwrap_or(day)).saturating_add(SETTLING_TIME)
}

/// The last day that may be closed at `now`, see [`earliest_closing_time`].
fn last_closable_day(now: Timestamp) -> Date {
    now.saturating_add(-SETTLING_TIME).as_utc_day().yesterday().unwrap_or(Date::MIN)
}

/// Item that stores how far a team's counters are rolled up.
#[derive(Clone, Serialize, Deserialize)]
struct StoredRollupProgress {
    /// The last generation (day of writes) that every rollup item contains.
    through: Date,
    /// Time at which the last complete rollup finished.
    at: Timestamp,
    /// Where the next run continues a rollup that ran out of time. `None` if the last rollup was completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    partial: Option<UnfinishedRollup>,
}

impl StoredRollupProgress {
    /// The progress of a team that was never rolled up.
    fn before_first_rollup(now: Timestamp) -> Self {
        Self { through: Date::MIN, at: now, partial: None }
    }

    /// The slice at which a rollup through the day `through` starts: 0, or the slice where an unfinished rollup
    /// stopped.
    fn starting_slice(&self, through: Date) -> u64 {
        self.partial.filter(|partial| partial.through == through).map_or(0, |partial| partial.slice)
    }

    /// The progress when `slice` is the next slice to roll up. When no slice is left, the rollup is complete, and `at`
    /// becomes the actual time, not the scheduled one: a run may be late, and copies are deleted an hour after `at`.
    fn after_slices(self, through: Date, slice: u64, now: Timestamp) -> Self {
        if slice < ROLLUP_SLICES {
            return Self { partial: Some(UnfinishedRollup { through, slice }), ..self };
        }
        Self { through, at: now.max(Timestamp::from(jiff::Timestamp::now())), partial: None }
    }
}

/// Progress of a rollup that ran out of time.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct UnfinishedRollup {
    /// The last generation (day of writes) that the unfinished rollup includes.
    through: Date,
    /// The first slice that is not completely rolled up.
    slice: u64,
}

/// Result of one call of [`CleanupStore::roll_up`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RollupReport {
    /// Number of counter copies that this call rolled up. 0 if the rollup is not finished.
    pub counters: usize,
    /// Whether every day that is over is rolled up. If `false`, the next call continues.
    pub finished: bool,
}

/// A counter copy (shard) that still has its own item: not rolled up yet, or rolled up and not deleted yet.
pub(in crate::store) struct StoredCounterCopy {
    pub counter: CounterKey,
    pub id: CounterCopyId,
    /// The copy's counter fields with their values. A `Vec` takes less memory than a map, and there may be hundreds of
    /// thousands of copies.
    pub numbers: Vec<(CounterField, i64)>,
}

impl StoredCounterCopy {
    /// # Errors
    /// 500 when the item is not a counter copy.
    pub(in crate::store) fn of(item: &TableItem) -> Result<Self, Error> {
        match parse_counter_partition_item(item) {
            Some(ParsedCounterKey::Open(counter, id)) => {
                let mut numbers: Vec<_> = parse_counter_fields(item).into_iter().collect();
                numbers.shrink_to_fit();
                Ok(Self { counter, id, numbers })
            }
            _ => Err(Error::internal("a counter does not parse")),
        }
    }
}

/// # Errors
/// 500 when the item is not a rollup.
fn parse_rollup(item: &TableItem) -> Result<StoredRollup, Error> {
    StoredRollup::parse_rollup_item(item).ok_or_else(|| Error::internal("a rollup does not parse"))
}

/// A counter value that is to be added to a rollup item.
struct RollupAddition {
    generation: Date,
    attribute: String,
    name: String,
    leads: i64,
}

/// Rollup items and counter copies that were read together. A sum over both counts nothing twice.
pub struct CounterView {
    rollups: Vec<StoredRollup>,
    through: BTreeMap<RollupKey, Date>,
    open: Vec<StoredCounterCopy>,
}

impl CounterView {
    /// Parses rollup items and counter copies that were read together.
    ///
    /// # Errors
    /// 500 when an item does not parse.
    pub fn new(rollups: &[TableItem], open: &[TableItem]) -> Result<Self, Error> {
        let rollups: Vec<StoredRollup> = rollups.iter().map(parse_rollup).collect::<Result<_, _>>()?;
        let through = rollups.iter().map(|item| (item.rollup.clone(), item.through)).collect();
        Ok(Self { rollups, through, open: open.iter().map(StoredCounterCopy::of).collect::<Result<_, _>>()? })
    }

    fn rollup_contains(&self, rollup: &RollupKey, copy: &CounterCopyId) -> bool {
        self.through.get(rollup).is_some_and(|through| *through >= copy.generation)
    }

    /// The values of counters by day, from rollup items and counter copies.
    pub fn day_counts(&self) -> Vec<(Date, CounterField, i64)> {
        let mut days: Vec<_> = self.rollups.iter().flat_map(StoredRollup::day_counts).collect();
        for StoredCounterCopy { counter, id, numbers } in &self.open {
            if let CounterKey::Day(day) = counter
                && !self.rollup_contains(&RollupKey::Days(day.first_of_month()), id)
            {
                days.extend(numbers.iter().map(|(number, leads)| (*day, *number, *leads)));
            }
        }
        days
    }

    /// The count rows of groups: for each day if `by_day`, otherwise over all days. `source` selects among counter
    /// copies only; the caller filters the rows of rollup items.
    pub fn group_count_rows(&self, by_day: bool, source: Option<&SourceHash>) -> Vec<LeadCount> {
        let wanted = |rollup: &RollupKey| matches!(rollup, RollupKey::GroupDays(..)) == by_day;
        let mut groups: Vec<_> =
            self.rollups.iter().filter(|item| wanted(&item.rollup)).flat_map(StoredRollup::group_count_rows).collect();
        for StoredCounterCopy { counter, id, numbers } in &self.open {
            let CounterKey::Group(day, group) = counter else { continue };
            let rollup = if by_day { RollupKey::of_group_day(*day, group) } else { RollupKey::of_group(group) };
            if (source.is_none() || source == group.source.as_ref()) && !self.rollup_contains(&rollup, id) {
                groups.extend(numbers.iter().filter_map(|(number, leads)| LeadCount::of(counter, *number, *leads)));
            }
        }
        groups
    }
}

impl CleanupStore {
    /// Rolls up a team's counter copies of days that ended at least an hour before `now`, and deletes copies that were
    /// rolled up at least an hour ago. Safe to repeat.
    ///
    /// # Errors
    /// 503 when the table stays too busy, 409 when concurrent runs keep writing the same rollup item.
    pub async fn roll_up(&self, team: &TeamId, now: Timestamp) -> Result<RollupReport, Error> {
        let progress = self.rollup_progress(team, now).await?;
        let copies = self.remove_rolled_up_copies(team, &progress, now).await?;
        let through = last_closable_day(now);
        let is_due = |copy: &StoredCounterCopy| progress.through < copy.id.generation && copy.id.generation <= through;
        if !copies.iter().any(is_due) {
            self.schedule_next_visit(team, &progress, &copies, now).await?;
            return Ok(RollupReport { counters: 0, finished: true });
        }
        // The first list of copies may be large, so it is dropped before the second one is read. No write can change
        // the copies of the second list, because their days are closed.
        drop(copies);
        self.close_days_through(team, through).await?;
        let copies = self.read_daily_copies(team).await?;
        let due: Vec<&StoredCounterCopy> = copies.iter().filter(|copy| is_due(copy)).collect();
        let slice = self.merge_copies(team, &due, through, progress.starting_slice(through)).await?;
        let counters = due.len();
        let progress = progress.after_slices(through, slice, now);
        self.store_progress(team, &progress).await?;
        if slice < ROLLUP_SLICES {
            return Ok(RollupReport { counters: 0, finished: false });
        }
        self.schedule_next_visit(team, &progress, &copies, now).await?;
        Ok(RollupReport { counters, finished: true })
    }
}

impl Table {
    async fn rollup_progress(&self, team: &TeamId, now: Timestamp) -> Result<StoredRollupProgress, Error> {
        let stored = self.read_item(ItemKey::RollupProgress.of(team), ReadConsistency::Strong).await?;
        Ok(stored.map(decode).transpose()?.unwrap_or_else(|| StoredRollupProgress::before_first_rollup(now)))
    }

    /// Deletes the counter copies that were rolled up at least an hour ago, and returns the copies that are left.
    async fn remove_rolled_up_copies(
        &self,
        team: &TeamId,
        progress: &StoredRollupProgress,
        now: Timestamp,
    ) -> Result<Vec<StoredCounterCopy>, Error> {
        let copies = self.read_daily_copies(team).await?;
        if progress.at > now.saturating_add(-SETTLING_TIME) {
            return Ok(copies);
        }
        let is_rolled_up = |copy: &StoredCounterCopy| copy.id.generation <= progress.through;
        let (rolled_up, left): (Vec<_>, Vec<_>) = copies.into_iter().partition(is_rolled_up);
        let key = |copy: &StoredCounterCopy| ItemKey::Count(&copy.counter, copy.id).of(team);
        self.delete_items(rolled_up.iter().map(key).collect()).await?;
        Ok(left)
    }

    /// Closes all days up to `through`: from then on, no write adds to the counter copies of these days.
    async fn close_days_through(&self, team: &TeamId, through: Date) -> Result<(), Error> {
        let closings = (0..COUNTER_SHARDS).map(|shard| async move {
            let through = string_value(&through.to_string());
            let earlier = WriteCondition::new("attribute_not_exists(#through) OR #through < :through");
            let earlier = earlier.with_name("#through", LAST_CLOSED_DAY).with_value(":through", through.clone());
            let update = ItemUpdate::on(earlier).set_attribute(LAST_CLOSED_DAY, through);
            // If the condition fails, `through` or a later day is already closed.
            self.update_if(ItemKey::Count(&CounterKey::All, CounterCopyId::without_generation(shard)).of(team), update)
                .await
                .map(drop)
        });
        stream::iter(closings).buffer_unordered(CONCURRENT_ROLLUP_WRITES).try_collect().await
    }

    /// Merges copies into the rollup items that do not contain them yet, slice by slice from `first` on, while there is
    /// time. Returns the first slice that is left, or [`ROLLUP_SLICES`] if none is left.
    async fn merge_copies(
        &self,
        team: &TeamId,
        copies: &[&StoredCounterCopy],
        through: Date,
        first: u64,
    ) -> Result<u64, Error> {
        for slice in first..ROLLUP_SLICES {
            if deadline::time_left() < MAX_SLICE_TIME {
                return Ok(slice);
            }
            let additions = additions_of_slice(copies, slice);
            let merging = additions.iter().map(|(rollup, of)| self.add_to_rollup(team, rollup, of, through));
            let mut merging = stream::iter(merging.collect::<Vec<_>>()).buffer_unordered(CONCURRENT_ROLLUP_WRITES);
            while let Some(merged) = merging.next().await {
                merged?;
            }
        }
        Ok(ROLLUP_SLICES)
    }

    /// Adds to one rollup item the values of generations that it does not contain yet. Retries if a concurrent run
    /// wrote the item.
    async fn add_to_rollup(
        &self,
        team: &TeamId,
        rollup: &RollupKey,
        additions: &[RollupAddition],
        through: Date,
    ) -> Result<(), Error> {
        for _ in 0..MAX_ROLLUP_WRITE_TRIES {
            let key = ItemKey::Rollup(rollup).of(team);
            let read =
                self.read_item(key, ReadConsistency::Strong).await?.map(|item| parse_rollup(&item)).transpose()?;
            let from = read.as_ref().map(|read| read.through);
            if from.is_some_and(|from| from >= through) {
                return Ok(());
            }
            let mut merged = read.unwrap_or_else(|| StoredRollup::new(rollup.clone(), through));
            merged.through = through;
            for addition in additions.iter().filter(|addition| from.is_none_or(|from| from < addition.generation)) {
                merged.add_leads(&addition.attribute, &addition.name, addition.leads);
            }
            let unchanged = from.map_or_else(WriteCondition::item_absent, |from| {
                let unchanged = WriteCondition::new("#through = :from").with_name("#through", LAST_CLOSED_DAY);
                unchanged.with_value(":from", string_value(&from.to_string()))
            });
            if self.put_if(merged.to_rollup_item(team), unchanged).await? {
                return Ok(());
            }
        }
        Err(Error::conflict())
    }

    /// Stores the progress, unless another run has stored a later generation. A rollup that ran out of time stores the
    /// same generation as before.
    async fn store_progress(&self, team: &TeamId, progress: &StoredRollupProgress) -> Result<(), Error> {
        let not_further = WriteCondition::new("attribute_not_exists(PK) OR #through <= :through")
            .with_name("#through", LAST_CLOSED_DAY)
            .with_value(":through", string_value(&progress.through.to_string()));
        self.put_if(encode_item(ItemKey::RollupProgress.of(team), progress)?, not_further).await.map(drop)
    }

    /// Schedules the team's next clean-up task for the time at which the oldest copy can be rolled up or deleted. If
    /// there are no copies, removes the task, unless a write has added to a counter since the copies were read.
    async fn schedule_next_visit(
        &self,
        team: &TeamId,
        progress: &StoredRollupProgress,
        copies: &[StoredCounterCopy],
        now: Timestamp,
    ) -> Result<(), Error> {
        let update = match copies.iter().map(|copy| copy.id.generation).min() {
            Some(oldest) => {
                let removable = progress.at.saturating_add(SETTLING_TIME);
                let due = if oldest <= progress.through {
                    removable
                } else {
                    earliest_closing_time(oldest).max(now.saturating_add(SETTLING_TIME))
                };
                ItemUpdate::default().set_attribute(DUE_AT, string_value(&due.to_string()))
            }
            None => {
                let untouched = WriteCondition::new("attribute_not_exists(#generation) OR #generation <= :through")
                    .with_name("#generation", LAST_WRITE_DAY)
                    .with_value(":through", string_value(&progress.through.to_string()));
                ItemUpdate::on(untouched).remove_attributes(CleanupTask::attribute_names())
            }
        };
        self.update_if(ItemKey::Count(&CounterKey::All, CounterCopyId::without_generation(0)).of(team), update)
            .await
            .map(drop)
    }

    async fn read_daily_copies(&self, team: &TeamId) -> Result<Vec<StoredCounterCopy>, Error> {
        let days = KeyRange::day_counter_copies(team, Date::ZERO, Date::MAX);
        let groups = KeyRange::group_counter_copies(team, Date::ZERO, Date::MAX);
        let (mut all, groups) = tokio::try_join!(self.read_copies_in_range(&days), self.read_copies_in_range(&groups))?;
        all.extend(groups);
        Ok(all)
    }

    /// Reads the counter copies of a key range. Only one page of items is in memory at a time.
    async fn read_copies_in_range(&self, range: &KeyRange) -> Result<Vec<StoredCounterCopy>, Error> {
        let (mut open, mut after) = (Vec::new(), None);
        loop {
            let (items, last) =
                self.query_page(PageQuery { after, ..PageQuery::of(range, ReadConsistency::Strong) }).await?;
            for item in &items {
                open.push(StoredCounterCopy::of(item)?);
            }
            after = last;
            if after.is_none() {
                return Ok(open);
            }
        }
    }
}

/// Collects the values that counter copies add to the rollup items of one slice.
fn additions_of_slice(copies: &[&StoredCounterCopy], slice: u64) -> BTreeMap<RollupKey, Vec<RollupAddition>> {
    let mut additions: BTreeMap<RollupKey, Vec<RollupAddition>> = BTreeMap::new();
    for StoredCounterCopy { counter, id, numbers } in copies {
        for (field, leads) in numbers {
            let places = RollupPlace::places_of_field(counter, *field)
                .into_iter()
                .filter(|place| place.rollup.slice_number() == slice);
            for RollupPlace { rollup, attribute, name } in places {
                let addition = RollupAddition { generation: id.generation, attribute, name, leads: *leads };
                additions.entry(rollup).or_default().push(addition);
            }
        }
    }
    additions
}
