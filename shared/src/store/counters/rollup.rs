//! Rollups: when a day is over, its copies of counters are merged into a few items.
//!
//! A write adds to copies that carry the day of the write, their generation. When a day is over, the rollup closes it
//! in every copy of the counter of all leads, which each write adds to. From then on nothing is added to copies of that
//! generation, so that they can be summed. Each rollup stores the last generation that it contains, and a reader of
//! rollups and copies leaves out the copies that a rollup contains. Sums are therefore exact at any moment, and each
//! step may be repeated. Copies are removed an hour after they are rolled up, when no reader can still have older
//! rollups.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::SignedDuration;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::error::Error;
use crate::domain::{CopyId, CountRow, CounterField, CounterKey, SHARDS, SourceHash, TeamId, Timestamp};
use crate::platform::deadline;
use crate::store::condition::Condition;
use crate::store::counters::numbers;
use crate::store::groups::CleanupStore;
use crate::store::item_update::ItemUpdate;
use crate::store::keys::attribute::DUE;
use crate::store::keys::attribute::counter::{CLOSED_THROUGH, GENERATION};
use crate::store::keys::{
    CleanupTask, CountItem, Key, ROLLUP_SLICES, Range, Rollup, RollupPlace, StoredRollup, count_item,
};
use crate::store::{Consistency, Item, Query, Table, decode, encode, text};

/// Number of rollups that are written at once.
const CONCURRENT_ROLLUPS: usize = 32;
/// Time that a slice takes at most, for a team with some hundred thousand sources in a day. The bench `rollup` measures
/// it.
const MAX_SLICE_TIME: Duration = Duration::from_secs(10);
/// Maximum number of tries to write a rollup that others write at the same time.
const MAX_TRIES: u8 = 5;

/// Time after a day's end before it is closed, and after a roll-up before its copies are removed. No request runs that
/// long.
const SETTLING_TIME: SignedDuration = SignedDuration::from_hours(1);

/// The time from which a day may be closed: one hour after its end, when no request that started on that day can still
/// be running.
fn ended(day: Date) -> Timestamp {
    Timestamp::midnight(day.tomorrow().unwrap_or(day)).plus(SETTLING_TIME)
}

/// The last day that may be closed, see [`ended`].
fn last_ended(now: Timestamp) -> Date {
    now.plus(-SETTLING_TIME).day().yesterday().unwrap_or(Date::MIN)
}

/// Progress of a team's rollups.
#[derive(Clone, Serialize, Deserialize)]
struct StoredProgress {
    /// The last generation that every rollup contains.
    through: Date,
    /// When that was.
    at: Timestamp,
    /// Where a rollup that was cut short continues.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    partial: Option<Partial>,
}

impl StoredProgress {
    /// Progress before the first rollup.
    fn none(now: Timestamp) -> Self {
        Self { through: Date::MIN, at: now, partial: None }
    }

    /// The slice at which a rollup through this day starts, or resumes if it was cut short.
    fn starting_slice(&self, through: Date) -> u64 {
        self.partial.filter(|partial| partial.through == through).map_or(0, |partial| partial.slice)
    }

    /// Progress after the slices before `slice` were rolled up. A rollup may run late, so that the time is the actual
    /// one: the removal of copies counts from it.
    fn after(self, through: Date, slice: u64, now: Timestamp) -> Self {
        if slice < ROLLUP_SLICES {
            return Self { partial: Some(Partial { through, slice }), ..self };
        }
        Self { through, at: now.max(Timestamp::from(jiff::Timestamp::now())), partial: None }
    }
}

/// Progress of a rollup that was cut short.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Partial {
    /// The last generation that is being rolled up.
    through: Date,
    /// The first slice whose rollups may not contain it.
    slice: u64,
}

/// Result of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RolledUp {
    /// Number of copies that every rollup contains now.
    pub counters: usize,
    /// Whether every day that is over is rolled up. If not, the next call continues.
    pub finished: bool,
}

/// A copy of a counter that may not be rolled up yet.
pub(in crate::store) struct UnrolledCopy {
    pub counter: CounterKey,
    pub id: CopyId,
    /// The copy's fields and their numbers. A list takes less memory than a map, and there may be hundreds of thousands
    /// of copies.
    pub numbers: Vec<(CounterField, i64)>,
}

impl UnrolledCopy {
    /// # Errors
    /// 500 when it does not parse.
    pub(in crate::store) fn of(item: &Item) -> Result<Self, Error> {
        match count_item(item) {
            Some(CountItem::Open(counter, id)) => {
                let mut numbers: Vec<_> = numbers(item).into_iter().collect();
                numbers.shrink_to_fit();
                Ok(Self { counter, id, numbers })
            }
            _ => Err(Error::internal("a counter does not parse")),
        }
    }
}

/// # Errors
/// 500 when it does not parse.
fn parse_rollup(item: &Item) -> Result<StoredRollup, Error> {
    StoredRollup::parse(item).ok_or_else(|| Error::internal("a rollup does not parse"))
}

/// A number that is added to a rollup.
struct RollupAddition {
    generation: Date,
    attribute: String,
    name: String,
    leads: i64,
}

/// Rollups and copies of counters, read together. Nothing is counted twice.
pub struct CounterView {
    rollups: Vec<StoredRollup>,
    through: BTreeMap<Rollup, Date>,
    open: Vec<UnrolledCopy>,
}

impl CounterView {
    /// The view of items that were read together.
    ///
    /// # Errors
    /// 500 when an item does not parse.
    pub fn new(rollups: &[Item], open: &[Item]) -> Result<Self, Error> {
        let rollups: Vec<StoredRollup> = rollups.iter().map(parse_rollup).collect::<Result<_, _>>()?;
        let through = rollups.iter().map(|item| (item.rollup.clone(), item.through)).collect();
        Ok(Self { rollups, through, open: open.iter().map(UnrolledCopy::of).collect::<Result<_, _>>()? })
    }

    fn has(&self, rollup: &Rollup, copy: &CopyId) -> bool {
        self.through.get(rollup).is_some_and(|through| *through >= copy.generation)
    }

    /// The numbers of counters by day.
    pub fn days(&self) -> Vec<(Date, CounterField, i64)> {
        let mut days: Vec<_> = self.rollups.iter().flat_map(StoredRollup::days).collect();
        for UnrolledCopy { counter, id, numbers } in &self.open {
            if let CounterKey::Day(day) = counter
                && !self.has(&Rollup::Days(day.first_of_month()), id)
            {
                days.extend(numbers.iter().map(|(number, leads)| (*day, *number, *leads)));
            }
        }
        days
    }

    /// The count rows of groups, with their days or without, of one source or of all.
    pub fn groups(&self, by_day: bool, source: Option<&SourceHash>) -> Vec<CountRow> {
        let wanted = |rollup: &Rollup| matches!(rollup, Rollup::GroupDays(..)) == by_day;
        let mut groups: Vec<_> =
            self.rollups.iter().filter(|item| wanted(&item.rollup)).flat_map(StoredRollup::groups).collect();
        for UnrolledCopy { counter, id, numbers } in &self.open {
            let CounterKey::Group(day, group) = counter else { continue };
            let rollup = if by_day { Rollup::of_group_day(*day, group) } else { Rollup::of_group(group) };
            if (source.is_none() || source == group.source.as_ref()) && !self.has(&rollup, id) {
                groups.extend(numbers.iter().filter_map(|(number, leads)| CountRow::of(counter, *number, *leads)));
            }
        }
        groups
    }
}

impl CleanupStore {
    /// Rolls up a team's copies of days that ended at least an hour before `now`, and removes copies that were rolled
    /// up at least an hour ago. Stops before the deadline. Safe to repeat, and to be cut short.
    ///
    /// # Errors
    /// 503 when the table stays too busy. Rollups that were written stay.
    pub async fn roll_up(&self, team: &TeamId, now: Timestamp) -> Result<RolledUp, Error> {
        let progress = self.rollup_progress(team, now).await?;
        let copies = self.remove_rolled_up_copies(team, &progress, now).await?;
        let through = last_ended(now);
        let is_due = |copy: &UnrolledCopy| progress.through < copy.id.generation && copy.id.generation <= through;
        if !copies.iter().any(is_due) {
            self.schedule_next_visit(team, &progress, &copies, now).await?;
            return Ok(RolledUp { counters: 0, finished: true });
        }
        // The first list may be large, so it is dropped before the second. The second is final: its days are closed.
        drop(copies);
        self.close_generations(team, through).await?;
        let copies = self.open_copies(team).await?;
        let due: Vec<&UnrolledCopy> = copies.iter().filter(|copy| is_due(copy)).collect();
        let slice = self.merge_copies(team, &due, through, progress.starting_slice(through)).await?;
        let counters = due.len();
        let progress = progress.after(through, slice, now);
        self.store_progress(team, &progress).await?;
        if slice < ROLLUP_SLICES {
            return Ok(RolledUp { counters: 0, finished: false });
        }
        self.schedule_next_visit(team, &progress, &copies, now).await?;
        Ok(RolledUp { counters, finished: true })
    }
}

impl Table {
    async fn rollup_progress(&self, team: &TeamId, now: Timestamp) -> Result<StoredProgress, Error> {
        let stored = self.get(Key::RollupProgress.of(team), Consistency::Strong).await?;
        Ok(stored.map(decode).transpose()?.unwrap_or_else(|| StoredProgress::none(now)))
    }

    /// Removes the copies that were rolled up at least an hour ago, and returns the others.
    async fn remove_rolled_up_copies(
        &self,
        team: &TeamId,
        progress: &StoredProgress,
        now: Timestamp,
    ) -> Result<Vec<UnrolledCopy>, Error> {
        let copies = self.open_copies(team).await?;
        if progress.at > now.plus(-SETTLING_TIME) {
            return Ok(copies);
        }
        let is_rolled_up = |copy: &UnrolledCopy| copy.id.generation <= progress.through;
        let (rolled_up, left): (Vec<_>, Vec<_>) = copies.into_iter().partition(is_rolled_up);
        let key = |copy: &UnrolledCopy| Key::Count(&copy.counter, copy.id).of(team);
        self.delete_all(rolled_up.iter().map(key).collect()).await?;
        Ok(left)
    }

    /// Closes all days up to this one: nothing is added to their copies any more.
    async fn close_generations(&self, team: &TeamId, through: Date) -> Result<(), Error> {
        let closings = (0..SHARDS).map(|shard| async move {
            let through = text(&through.to_string());
            let earlier = Condition::new("attribute_not_exists(#through) OR #through < :through");
            let earlier = earlier.name("#through", CLOSED_THROUGH).value(":through", through.clone());
            let update = ItemUpdate::on(earlier).set(CLOSED_THROUGH, through);
            // If the condition fails, a later day is closed already.
            self.update_if(Key::Count(&CounterKey::All, CopyId::undated(shard)).of(team), update).await.map(drop)
        });
        stream::iter(closings).buffer_unordered(CONCURRENT_ROLLUPS).try_collect().await
    }

    /// Adds copies to the rollups that do not contain them, slice by slice from `first` on, while there is time.
    /// Returns the first slice that is left, [`ROLLUP_SLICES`] if none is.
    async fn merge_copies(
        &self,
        team: &TeamId,
        copies: &[&UnrolledCopy],
        through: Date,
        first: u64,
    ) -> Result<u64, Error> {
        for slice in first..ROLLUP_SLICES {
            if deadline::remaining() < MAX_SLICE_TIME {
                return Ok(slice);
            }
            let additions = additions_of_slice(copies, slice);
            let merging = additions.iter().map(|(rollup, of)| self.add_to_rollup(team, rollup, of, through));
            let mut merging = stream::iter(merging.collect::<Vec<_>>()).buffer_unordered(CONCURRENT_ROLLUPS);
            while let Some(merged) = merging.next().await {
                merged?;
            }
        }
        Ok(ROLLUP_SLICES)
    }

    /// Adds to one rollup the numbers that it does not contain. Retries if another run wrote it meanwhile.
    async fn add_to_rollup(
        &self,
        team: &TeamId,
        rollup: &Rollup,
        additions: &[RollupAddition],
        through: Date,
    ) -> Result<(), Error> {
        for _ in 0..MAX_TRIES {
            let key = Key::Rollup(rollup).of(team);
            let read = self.get(key, Consistency::Strong).await?.map(|item| parse_rollup(&item)).transpose()?;
            let from = read.as_ref().map(|read| read.through);
            if from.is_some_and(|from| from >= through) {
                return Ok(());
            }
            let mut merged = read.unwrap_or_else(|| StoredRollup::new(rollup.clone(), through));
            merged.through = through;
            for addition in additions.iter().filter(|addition| from.is_none_or(|from| from < addition.generation)) {
                merged.add(&addition.attribute, &addition.name, addition.leads);
            }
            let unchanged = from.map_or_else(Condition::absent, |from| {
                let unchanged = Condition::new("#through = :from").name("#through", CLOSED_THROUGH);
                unchanged.value(":from", text(&from.to_string()))
            });
            if self.put_if(merged.attributes(team), unchanged).await? {
                return Ok(());
            }
        }
        Err(Error::conflict())
    }

    /// Stores the progress, unless another rollup has come further. A rollup that was cut short stores the same
    /// generation as before.
    async fn store_progress(&self, team: &TeamId, progress: &StoredProgress) -> Result<(), Error> {
        let not_further = Condition::new("attribute_not_exists(PK) OR #through <= :through")
            .name("#through", CLOSED_THROUGH)
            .value(":through", text(&progress.through.to_string()));
        self.put_if(encode(Key::RollupProgress.of(team), progress)?, not_further).await.map(drop)
    }

    /// Schedules the clean-up's next visit to the team's counters: when the oldest copy can be rolled up, or removed.
    /// Without copies the task is removed, unless something has been added since they were read.
    async fn schedule_next_visit(
        &self,
        team: &TeamId,
        progress: &StoredProgress,
        copies: &[UnrolledCopy],
        now: Timestamp,
    ) -> Result<(), Error> {
        let update = match copies.iter().map(|copy| copy.id.generation).min() {
            Some(oldest) => {
                let removable = progress.at.plus(SETTLING_TIME);
                let due =
                    if oldest <= progress.through { removable } else { ended(oldest).max(now.plus(SETTLING_TIME)) };
                ItemUpdate::default().set(DUE, text(&due.to_string()))
            }
            None => {
                let untouched = Condition::new("attribute_not_exists(#generation) OR #generation <= :through")
                    .name("#generation", GENERATION)
                    .value(":through", text(&progress.through.to_string()));
                ItemUpdate::on(untouched).remove_all(CleanupTask::attribute_names())
            }
        };
        self.update_if(Key::Count(&CounterKey::All, CopyId::undated(0)).of(team), update).await.map(drop)
    }

    async fn open_copies(&self, team: &TeamId) -> Result<Vec<UnrolledCopy>, Error> {
        let days = Range::open_days(team, Date::ZERO, Date::MAX);
        let groups = Range::open_groups(team, Date::ZERO, Date::MAX);
        let (mut all, groups) = tokio::try_join!(self.open_in(&days), self.open_in(&groups))?;
        all.extend(groups);
        Ok(all)
    }

    /// The copies of a range. Only one page of items is in memory at a time.
    async fn open_in(&self, range: &Range) -> Result<Vec<UnrolledCopy>, Error> {
        let (mut open, mut after) = (Vec::new(), None);
        loop {
            let (items, last) = self.query(Query { after, ..Query::of(range, Consistency::Strong) }).await?;
            for item in &items {
                open.push(UnrolledCopy::of(item)?);
            }
            after = last;
            if after.is_none() {
                return Ok(open);
            }
        }
    }
}

/// The additions of copies to the rollups of a slice.
fn additions_of_slice(copies: &[&UnrolledCopy], slice: u64) -> BTreeMap<Rollup, Vec<RollupAddition>> {
    let mut additions: BTreeMap<Rollup, Vec<RollupAddition>> = BTreeMap::new();
    for UnrolledCopy { counter, id, numbers } in copies {
        for (field, leads) in numbers {
            let places = RollupPlace::all_of(counter, *field).into_iter().filter(|place| place.rollup.slice() == slice);
            for RollupPlace { rollup, attribute, name } in places {
                let addition = RollupAddition { generation: id.generation, attribute, name, leads: *leads };
                additions.entry(rollup).or_default().push(addition);
            }
        }
    }
    additions
}
