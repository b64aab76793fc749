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
use sha2::{Digest as _, Sha256};

use crate::domain::error::Error;
use crate::domain::{CopyId, CountRow, CounterField, CounterKey, Group, SHARDS, SourceHash, TeamId, Timestamp};
use crate::platform::deadline;
use crate::store::counters::{CLOSED_THROUGH, GENERATION, numbers};
use crate::store::keys::{CountItem, DUE, Index, Key, Range, Rollup, business_list, businesses_of, count_item};
use crate::store::requests::conditional_write;
use crate::store::{Consistency, Item, Query, Table, decode, encode, text};

/// Number of items for the groups of a source. Each stays below DynamoDB's 400 KB for up to some millions of groups.
const GROUP_BUCKETS: u64 = 64;
/// Number of items for the groups of a month. They hold some half a million groups.
const GROUP_DAY_BUCKETS: u64 = 64;
/// Number of rollups that are written at once.
const CONCURRENT_ROLLUPS: usize = 32;
/// Number of slices of the rollups. Slices are written one after another, so that only the additions of one slice are
/// in memory.
const SLICES: u64 = 16;
/// Time that a slice takes at most, for a team with some hundred thousand sources in a day. The bench `rollup` measures
/// it.
const MAX_SLICE_TIME: Duration = Duration::from_secs(10);
/// Maximum number of tries to write a rollup that others write at the same time.
const MAX_TRIES: u8 = 5;

/// The time from which a day may be closed: one hour after its end, when no request that started on that day can still
/// be running.
fn ended(day: Date) -> Timestamp {
    Timestamp::midnight(day.tomorrow().unwrap_or(day)).plus(SignedDuration::from_hours(1))
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

/// The numbers of a rollup by subject (a day or a group) and by field.
type RollupEntries = BTreeMap<String, BTreeMap<String, i64>>;

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

/// A rollup.
#[derive(Clone, Debug)]
pub(in crate::store) struct StoredRollup {
    rollup: Rollup,
    /// The last generation that the rollup contains.
    through: Date,
    entries: RollupEntries,
}

/// A number of a copy, with its subject and name in the rollup.
struct RollupAddition {
    generation: Date,
    about: String,
    name: String,
    leads: i64,
}

/// Attributes whose names start with `D` (a day) or `=` (a group) hold packed numbers such as `LA1:3 B7`. No other
/// attribute name starts so.
const DAY_PREFIX: char = 'D';
const GROUP_PREFIX: char = '=';

impl StoredRollup {
    /// # Errors
    /// 500 when it does not parse.
    fn of(item: &Item) -> Result<Self, Error> {
        Self::parse(item).ok_or_else(|| Error::internal("a rollup does not parse"))
    }

    fn parse(item: &Item) -> Option<Self> {
        let CountItem::Rollup(rollup) = count_item(item)? else { return None };
        let through = item.get(CLOSED_THROUGH)?.as_s().ok()?.parse().ok()?;
        let mut entries = RollupEntries::new();
        for (about, packed) in item.iter().filter(|(name, _)| name.starts_with([DAY_PREFIX, GROUP_PREFIX])) {
            let of = entries.entry(about.clone()).or_default();
            for one in packed.as_s().ok()?.split(' ') {
                let (name, leads) = one.split_once(':').unwrap_or((one, "1"));
                of.insert(name.to_owned(), leads.parse().ok()?);
            }
        }
        Some(Self { rollup, through, entries })
    }

    fn attributes(&self, team: &TeamId) -> Item {
        let mut item = Key::Rollup(&self.rollup).attributes(team);
        item.insert(CLOSED_THROUGH.to_owned(), text(&self.through.to_string()));
        for (about, numbers) in &self.entries {
            let pack = |(name, leads): (&String, &i64)| match leads {
                1 => name.clone(),
                _ => format!("{name}:{leads}"),
            };
            let packed: Vec<String> = numbers.iter().map(pack).collect();
            item.insert(about.clone(), text(&packed.join(" ")));
        }
        item
    }

    fn add(&mut self, addition: &RollupAddition) {
        let numbers = self.entries.entry(addition.about.clone()).or_default();
        *numbers.entry(addition.name.clone()).or_default() += addition.leads;
        numbers.retain(|_, leads| *leads != 0);
        if numbers.is_empty() {
            self.entries.remove(&addition.about);
        }
    }

    /// The numbers of a rollup of days. Empty for other rollups.
    fn days(&self) -> impl Iterator<Item = (Date, CounterField, i64)> {
        let first = match self.rollup {
            Rollup::Days(first) => Some(first),
            Rollup::Groups(..) | Rollup::GroupDays(..) => None,
        };
        let days = self.entries.iter().filter_map(move |(about, numbers)| {
            let day = about.strip_prefix(DAY_PREFIX)?.parse().ok()?;
            Some((first?.with().day(day).build().ok()?, numbers))
        });
        days.flat_map(|(day, numbers)| {
            numbers.iter().filter_map(move |(name, leads)| Some((day, name.parse().ok()?, *leads)))
        })
    }

    /// The count rows of a rollup of groups. Empty for other rollups.
    fn groups(&self) -> impl Iterator<Item = CountRow> {
        let groups =
            self.entries.iter().filter_map(|(about, numbers)| Some((about.strip_prefix(GROUP_PREFIX)?, numbers)));
        groups.flat_map(move |(about, numbers)| {
            numbers.iter().filter_map(move |(name, leads)| self.row(about, name, *leads))
        })
    }

    fn row(&self, about: &str, name: &str, leads: i64) -> Option<CountRow> {
        let (day, list, source, cell) = match &self.rollup {
            Rollup::Days(_) => return None,
            Rollup::Groups(source, _) => (None, about, source.clone(), name),
            Rollup::GroupDays(first, _) => {
                let (list, source) = about.split_once('|')?;
                let (day, cell) = name.split_at_checked(2)?;
                let day = first.with().day(day.parse().ok()?).build().ok()?;
                (Some(day), list, (!source.is_empty()).then(|| SourceHash::stored(source)), cell)
            }
        };
        Some(CountRow { day, businesses: businesses_of(list)?, source, cell: cell.parse().ok()?, leads })
    }
}

fn bucket(text: &str, buckets: u64) -> u64 {
    u64::from(Sha256::digest(text)[0]) % buckets
}

/// The slice of a rollup.
fn slice_of(rollup: &Rollup) -> u64 {
    match rollup {
        Rollup::Days(_) => 0,
        Rollup::Groups(source, _) => source.as_ref().map_or(0, |source| bucket(source.as_str(), SLICES)),
        Rollup::GroupDays(_, bucket) => bucket % SLICES,
    }
}

fn groups_of(group: &Group) -> Rollup {
    Rollup::Groups(group.source.clone(), bucket(&business_list(&group.businesses), GROUP_BUCKETS))
}

fn about_group(group: &Group) -> String {
    format!("{}|{}", business_list(&group.businesses), group.source.as_ref().map_or("", SourceHash::as_str))
}

fn group_days_of(day: Date, group: &Group) -> Rollup {
    Rollup::GroupDays(day.first_of_month(), bucket(&about_group(group), GROUP_DAY_BUCKETS))
}

/// The rollups that a number goes to, each with the number's subject and name there.
fn targets(counter: &CounterKey, number: CounterField) -> Vec<(Rollup, String, String)> {
    match counter {
        CounterKey::All | CounterKey::Source(_) | CounterKey::Businesses(_) => Vec::new(),
        CounterKey::Day(day) => {
            vec![(Rollup::Days(day.first_of_month()), format!("{DAY_PREFIX}{:02}", day.day()), number.to_string())]
        }
        CounterKey::Group(day, group) => {
            let list = business_list(&group.businesses);
            vec![
                (groups_of(group), format!("{GROUP_PREFIX}{list}"), number.to_string()),
                (
                    group_days_of(*day, group),
                    format!("{GROUP_PREFIX}{}", about_group(group)),
                    format!("{:02}{number}", day.day()),
                ),
            ]
        }
    }
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
        let rollups: Vec<StoredRollup> = rollups.iter().map(StoredRollup::of).collect::<Result<_, _>>()?;
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
            let rollup = if by_day { group_days_of(*day, group) } else { groups_of(group) };
            if (source.is_none() || source == group.source.as_ref()) && !self.has(&rollup, id) {
                groups.extend(numbers.iter().filter_map(|(number, leads)| CountRow::of(counter, *number, *leads)));
            }
        }
        groups
    }
}

impl Table {
    /// Rolls up a team's copies of days that ended at least an hour before `now`, and removes copies that were rolled
    /// up at least an hour ago. Stops before the deadline. Safe to repeat, and to be cut short.
    ///
    /// # Errors
    /// 503 when the table stays too busy. Rollups that were written stay.
    pub async fn roll_up(&self, team: &TeamId, now: Timestamp) -> Result<RolledUp, Error> {
        let over = now.plus(-SignedDuration::from_hours(1)).day().yesterday().unwrap_or(Date::MIN);
        let mut progress: Option<StoredProgress> =
            self.get(Key::RollupProgress.of(team), Consistency::Strong).await?.map(decode).transpose()?;
        let mut copies = self.open_copies(team).await?;
        let done = progress.as_ref().map_or(Date::MIN, |progress| progress.through);
        if progress.as_ref().is_some_and(|progress| progress.at <= now.plus(-SignedDuration::from_hours(1))) {
            let (gone, left): (Vec<UnrolledCopy>, _) = copies.into_iter().partition(|copy| copy.id.generation <= done);
            let key = |copy: &UnrolledCopy| Key::Count(&copy.counter, copy.id).of(team);
            self.delete_all(gone.iter().map(key).collect()).await?;
            copies = left;
        }
        let due = |copy: &&UnrolledCopy| done < copy.id.generation && copy.id.generation <= over;
        let mut rolled_up = 0;
        if copies.iter().any(|copy| due(&copy)) {
            self.close_generations(team, over).await?;
            // Now that the days are closed, the copies are read again and are final. The first list is dropped before,
            // because it may be large.
            drop(copies);
            copies = self.open_copies(team).await?;
            let first =
                progress.as_ref().and_then(|progress| progress.partial).filter(|partial| partial.through == over);
            let due: Vec<&UnrolledCopy> = copies.iter().filter(due).collect();
            let slice = self.gather(team, &due, over, first.map_or(0, |partial| partial.slice)).await?;
            // A rollup may run late, and the removal of copies counts from the actual time.
            let at = now.max(Timestamp::from(jiff::Timestamp::now()));
            if slice < SLICES {
                let partial = Some(Partial { through: over, slice });
                let before = progress.unwrap_or(StoredProgress { through: Date::MIN, at, partial });
                self.store_progress(team, &StoredProgress { partial, ..before }).await?;
                return Ok(RolledUp { counters: 0, finished: false });
            }
            rolled_up = due.len();
            let reached = StoredProgress { through: over, at, partial: None };
            self.store_progress(team, &reached).await?;
            progress = Some(reached);
        }
        let in_an_hour = |at: Timestamp| at.plus(SignedDuration::from_hours(1));
        let oldest = copies.iter().map(|copy| copy.id.generation).min();
        let next = oldest.map(|oldest| match &progress {
            Some(progress) if oldest <= progress.through => in_an_hour(progress.at),
            _ => ended(oldest).max(in_an_hour(now)),
        });
        self.announce(team, next, progress.map_or(Date::MIN, |progress| progress.through)).await?;
        Ok(RolledUp { counters: rolled_up, finished: true })
    }

    /// Stores the progress, unless another rollup has come further.
    async fn store_progress(&self, team: &TeamId, reached: &StoredProgress) -> Result<(), Error> {
        let put = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(encode(Key::RollupProgress.of(team), reached)?))
            // A rollup that was cut short stores the same generation as before.
            .condition_expression("attribute_not_exists(PK) OR #through <= :through")
            .expression_attribute_names("#through", CLOSED_THROUGH)
            .expression_attribute_values(":through", text(&reached.through.to_string()));
        conditional_write("PutItem", || put.clone().send()).await.map(drop)
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

    /// Closes all days up to this one: nothing is added to their copies any more.
    async fn close_generations(&self, team: &TeamId, through: Date) -> Result<(), Error> {
        let closings = (0..SHARDS).map(|shard| async move {
            let copy = CopyId::undated(shard);
            let request = self
                .client
                .update_item()
                .table_name(&self.name)
                .set_key(Some(Key::Count(&CounterKey::All, copy).attributes(team)))
                .update_expression("SET #through = :through")
                .condition_expression("attribute_not_exists(#through) OR #through < :through")
                .expression_attribute_names("#through", CLOSED_THROUGH)
                .expression_attribute_values(":through", text(&through.to_string()));
            // If the condition fails, a later day is closed already.
            conditional_write("UpdateItem", || request.clone().send()).await.map(drop)
        });
        stream::iter(closings).buffer_unordered(CONCURRENT_ROLLUPS).try_collect().await
    }

    /// Adds copies to the rollups that do not contain them, slice by slice from `first` on, while there is time.
    /// Returns the first slice that is left, [`SLICES`] if none is.
    async fn gather(&self, team: &TeamId, copies: &[&UnrolledCopy], through: Date, first: u64) -> Result<u64, Error> {
        for slice in first..SLICES {
            if deadline::remaining() < MAX_SLICE_TIME {
                return Ok(slice);
            }
            let mut additions: BTreeMap<Rollup, Vec<RollupAddition>> = BTreeMap::new();
            for UnrolledCopy { counter, id, numbers } in copies {
                for (number, leads) in numbers {
                    let targets =
                        targets(counter, *number).into_iter().filter(|(rollup, ..)| slice_of(rollup) == slice);
                    for (rollup, about, name) in targets {
                        let addition = RollupAddition { generation: id.generation, about, name, leads: *leads };
                        additions.entry(rollup).or_default().push(addition);
                    }
                }
            }
            let gathering = additions.iter().map(|(rollup, of)| self.gather_into(team, rollup, of, through));
            let mut gathering = stream::iter(gathering.collect::<Vec<_>>()).buffer_unordered(CONCURRENT_ROLLUPS);
            while let Some(gathered) = gathering.next().await {
                gathered?;
            }
        }
        Ok(SLICES)
    }

    /// Adds to one rollup the numbers that it does not contain. Retries if another run wrote it meanwhile.
    async fn gather_into(
        &self,
        team: &TeamId,
        rollup: &Rollup,
        additions: &[RollupAddition],
        through: Date,
    ) -> Result<(), Error> {
        for _ in 0..MAX_TRIES {
            let key = Key::Rollup(rollup).of(team);
            let read = self.get(key, Consistency::Strong).await?.map(|item| StoredRollup::of(&item)).transpose()?;
            let from = read.as_ref().map(|item| item.through);
            if from.is_some_and(|from| from >= through) {
                return Ok(());
            }
            let new = || StoredRollup { rollup: rollup.clone(), through, entries: RollupEntries::new() };
            let mut after = StoredRollup { through, ..read.unwrap_or_else(new) };
            for addition in additions.iter().filter(|addition| from.is_none_or(|from| from < addition.generation)) {
                after.add(addition);
            }
            let put = self.client.put_item().table_name(&self.name).set_item(Some(after.attributes(team)));
            let put = match from {
                None => put.condition_expression("attribute_not_exists(PK)"),
                Some(from) => put
                    .condition_expression("#through = :from")
                    .expression_attribute_names("#through", CLOSED_THROUGH)
                    .expression_attribute_values(":from", text(&from.to_string())),
            };
            if conditional_write("PutItem", || put.clone().send()).await? {
                return Ok(());
            }
        }
        Err(Error::conflict())
    }

    /// Schedules the clean-up's next visit to the team's counters. `None` removes the task, unless something has been
    /// added since the counters were read.
    async fn announce(&self, team: &TeamId, next: Option<Timestamp>, through: Date) -> Result<(), Error> {
        let copy = CopyId::undated(0);
        let request = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(Key::Count(&CounterKey::All, copy).attributes(team)))
            .expression_attribute_names("#due", DUE);
        let request = match next {
            Some(next) => request
                .update_expression("SET #due = :due")
                .expression_attribute_values(":due", text(&next.to_string())),
            None => request
                .update_expression("REMOVE #due, #cleanup")
                .condition_expression("attribute_not_exists(#generation) OR #generation <= :through")
                .expression_attribute_names("#cleanup", Index::Cleanup.attribute())
                .expression_attribute_names("#generation", GENERATION)
                .expression_attribute_values(":through", text(&through.to_string())),
        };
        conditional_write("UpdateItem", || request.clone().send()).await.map(drop)
    }
}
