//! Rollups: the copies of counters by day are made one item a month when their day is over.
//!
//! What a write adds by day goes to copies that bear the day of the write, their generation. When a day is over it is closed
//! in every copy of the counter of all leads, which each write adds to: from then on nothing is added to its generations.
//! So they can be read and added up in peace, and each rollup says through which generation it has them: whoever
//! reads both leaves out what is rolled up already. Every sum is exact whatever has happened of it, and each step may be
//! repeated. What is rolled up is removed an hour later, when nobody can have read the rollups before it.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::SignedDuration;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::counters::{GENERATION, THROUGH, numbers};
use super::keys::{CountItem, DUE, Index, Key, Range, Rollup, business_list, businesses_of, count_item};
use super::requests::written;
use super::{Consistency, Item, Query, Table, decode, encode, text};
use crate::deadline;
use crate::error::Error;
use crate::model::{Counted, Group, Number, SHARDS, Slot, SourceHash, Tally, TeamId, Timestamp};

/// Items that the groups of a source are rolled up into, whatever the day: none grows beyond what DynamoDB allows below some
/// millions of groups.
const GROUP_BUCKETS: u64 = 64;
/// Items that the groups of a month are rolled up into: some half a million of groups.
const GROUP_DAY_BUCKETS: u64 = 64;
/// Rollups that are written at once.
const AT_ONCE: usize = 32;
/// Parts of the rollups that are written one after another: what is to be added to the rollups of one part is in memory.
const SLICES: u64 = 16;
/// What a part takes at most, where a team has some hundred thousand sources of a day.
const SLICE_TIME: Duration = Duration::from_secs(10);
/// Rollups that meet at one item, at most.
const MOST_TRIES: u8 = 5;

/// When nothing is added to the counters of a day any more: no request of that day is under way an hour later.
fn ended(day: Date) -> Timestamp {
    Timestamp::midnight(day.tomorrow().unwrap_or(day)).plus(SignedDuration::from_hours(1))
}

/// How far a team's counters are rolled up.
#[derive(Clone, Serialize, Deserialize)]
struct Progress {
    /// The last generation that every rollup has.
    through: Date,
    /// When that was.
    at: Timestamp,
    /// Where a rollup that was cut short goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    partial: Option<Partial>,
}

/// How far a rollup came that was cut short.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Partial {
    /// The last generation that is rolled up.
    through: Date,
    /// The first slice whose rollups may not have it.
    slice: u64,
}

/// What one call rolled up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RolledUp {
    /// Copies of counters whose numbers are in every rollup now.
    pub counters: usize,
    /// Whether everything that is over is rolled up; if not, the next call goes on.
    pub finished: bool,
}

/// Numbers of a rollup: what they are about, and then by name.
type Entries = BTreeMap<String, BTreeMap<String, i64>>;

/// A copy of a counter.
pub(super) struct Open {
    pub counted: Counted,
    pub slot: Slot,
    /// A list, as there may be hundreds of thousands of copies.
    pub numbers: Vec<(Number, i64)>,
}

impl Open {
    /// # Errors
    /// 500 when it does not parse.
    pub(super) fn of(item: &Item) -> Result<Self, Error> {
        match count_item(item) {
            Some(CountItem::Open(counted, slot)) => {
                let mut numbers: Vec<_> = numbers(item).into_iter().collect();
                numbers.shrink_to_fit();
                Ok(Self { counted, slot, numbers })
            }
            _ => Err(Error::internal("a counter does not parse")),
        }
    }
}

/// A rollup.
#[derive(Clone, Debug)]
pub(super) struct StoredRollup {
    rollup: Rollup,
    /// The last generation that it has.
    through: Date,
    entries: Entries,
}

/// A number of a copy, by what it is about in a rollup and its name there.
struct Addition {
    generation: Date,
    about: String,
    name: String,
    leads: i64,
}

/// `LA1:3 B7`, in attributes that begin with one of these: no other attribute does.
const ABOUT_DAY: char = 'D';
const ABOUT_GROUP: char = '=';

impl StoredRollup {
    /// # Errors
    /// 500 when it does not parse.
    fn of(item: &Item) -> Result<Self, Error> {
        Self::parse(item).ok_or_else(|| Error::internal("a rollup does not parse"))
    }

    fn parse(item: &Item) -> Option<Self> {
        let CountItem::Rollup(rollup) = count_item(item)? else { return None };
        let through = item.get(THROUGH)?.as_s().ok()?.parse().ok()?;
        let mut entries = Entries::new();
        for (about, packed) in item.iter().filter(|(name, _)| name.starts_with([ABOUT_DAY, ABOUT_GROUP])) {
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
        item.insert(THROUGH.to_owned(), text(&self.through.to_string()));
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

    fn add(&mut self, addition: &Addition) {
        let numbers = self.entries.entry(addition.about.clone()).or_default();
        *numbers.entry(addition.name.clone()).or_default() += addition.leads;
        numbers.retain(|_, leads| *leads != 0);
        if numbers.is_empty() {
            self.entries.remove(&addition.about);
        }
    }

    /// Its numbers, if it is of days.
    fn days(&self) -> impl Iterator<Item = (Date, Number, i64)> {
        let first = match self.rollup {
            Rollup::Days(first) => Some(first),
            Rollup::Groups(..) | Rollup::GroupDays(..) => None,
        };
        let days = self.entries.iter().filter_map(move |(about, numbers)| {
            let day = about.strip_prefix(ABOUT_DAY)?.parse().ok()?;
            Some((first?.with().day(day).build().ok()?, numbers))
        });
        days.flat_map(|(day, numbers)| {
            numbers.iter().filter_map(move |(name, leads)| Some((day, name.parse().ok()?, *leads)))
        })
    }

    /// Its tallies, if it is of groups.
    fn groups(&self) -> impl Iterator<Item = Tally> {
        let groups =
            self.entries.iter().filter_map(|(about, numbers)| Some((about.strip_prefix(ABOUT_GROUP)?, numbers)));
        groups.flat_map(move |(about, numbers)| {
            numbers.iter().filter_map(move |(name, leads)| self.tally(about, name, *leads))
        })
    }

    fn tally(&self, about: &str, name: &str, leads: i64) -> Option<Tally> {
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
        Some(Tally { day, businesses: businesses_of(list)?, source, cell: cell.parse().ok()?, leads })
    }
}

fn bucket(text: &str, buckets: u64) -> u64 {
    u64::from(Sha256::digest(text)[0]) % buckets
}

/// Which part a rollup is of.
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

/// Where a number of a copy is rolled up: the item, what it is about there, and its name.
fn targets(counted: &Counted, number: Number) -> Vec<(Rollup, String, String)> {
    match counted {
        Counted::All | Counted::Source(_) | Counted::Businesses(_) => Vec::new(),
        Counted::Day(day) => {
            vec![(Rollup::Days(day.first_of_month()), format!("{ABOUT_DAY}{:02}", day.day()), number.to_string())]
        }
        Counted::Group(day, group) => {
            let list = business_list(&group.businesses);
            vec![
                (groups_of(group), format!("{ABOUT_GROUP}{list}"), number.to_string()),
                (
                    group_days_of(*day, group),
                    format!("{ABOUT_GROUP}{}", about_group(group)),
                    format!("{:02}{number}", day.day()),
                ),
            ]
        }
    }
}

/// Rollups and copies beside them, nothing counted twice.
pub struct CounterView {
    rollups: Vec<StoredRollup>,
    through: BTreeMap<Rollup, Date>,
    open: Vec<Open>,
}

impl CounterView {
    /// Of everything that was read together.
    ///
    /// # Errors
    /// 500 when an item does not parse.
    pub fn new(rollups: &[Item], open: &[Item]) -> Result<Self, Error> {
        let rollups: Vec<StoredRollup> = rollups.iter().map(StoredRollup::of).collect::<Result<_, _>>()?;
        let through = rollups.iter().map(|item| (item.rollup.clone(), item.through)).collect();
        Ok(Self { rollups, through, open: open.iter().map(Open::of).collect::<Result<_, _>>()? })
    }

    fn has(&self, rollup: &Rollup, slot: &Slot) -> bool {
        self.through.get(rollup).is_some_and(|through| *through >= slot.generation)
    }

    /// The numbers of days.
    pub fn days(&self) -> Vec<(Date, Number, i64)> {
        let mut days: Vec<_> = self.rollups.iter().flat_map(StoredRollup::days).collect();
        for Open { counted, slot, numbers } in &self.open {
            if let Counted::Day(day) = counted
                && !self.has(&Rollup::Days(day.first_of_month()), slot)
            {
                days.extend(numbers.iter().map(|(number, leads)| (*day, *number, *leads)));
            }
        }
        days
    }

    /// The tallies of groups, by day or not, of a source or of any.
    pub fn groups(&self, by_day: bool, source: Option<&SourceHash>) -> Vec<Tally> {
        let wanted = |rollup: &Rollup| matches!(rollup, Rollup::GroupDays(..)) == by_day;
        let mut groups: Vec<_> =
            self.rollups.iter().filter(|item| wanted(&item.rollup)).flat_map(StoredRollup::groups).collect();
        for Open { counted, slot, numbers } in &self.open {
            let Counted::Group(day, group) = counted else { continue };
            let rollup = if by_day { group_days_of(*day, group) } else { groups_of(group) };
            if (source.is_none() || source == group.source.as_ref()) && !self.has(&rollup, slot) {
                groups.extend(numbers.iter().filter_map(|(number, leads)| Tally::of(counted, *number, *leads)));
            }
        }
        groups
    }
}

impl Table {
    /// Rolls up a team's counters of the days that were over an hour before `now`, and removes those that were rolled up an hour
    /// ago or longer. Stops in time before the deadline. Safe to repeat, and to be cut short.
    ///
    /// # Errors
    /// 503 when the table stays too busy; what is done is done.
    pub async fn roll_up(&self, team: &TeamId, now: Timestamp) -> Result<RolledUp, Error> {
        let over = now.plus(-SignedDuration::from_hours(1)).day().yesterday().unwrap_or(Date::MIN);
        let mut progress: Option<Progress> =
            self.get(Key::RollupProgress.of(team), Consistency::Strong).await?.map(decode).transpose()?;
        let mut copies = self.open_copies(team).await?;
        let done = progress.as_ref().map_or(Date::MIN, |progress| progress.through);
        if progress.as_ref().is_some_and(|progress| progress.at <= now.plus(-SignedDuration::from_hours(1))) {
            let (gone, left): (Vec<Open>, _) = copies.into_iter().partition(|copy| copy.slot.generation <= done);
            let key = |copy: &Open| Key::Count(&copy.counted, copy.slot).of(team);
            self.delete_all(gone.iter().map(key).collect()).await?;
            copies = left;
        }
        let due = |copy: &&Open| done < copy.slot.generation && copy.slot.generation <= over;
        let mut rolled_up = 0;
        if copies.iter().any(|copy| due(&copy)) {
            self.close_generations(team, over).await?;
            // Whatever was added before is there now, and nothing will be any more. A list of them may be large: one at a time.
            drop(copies);
            copies = self.open_copies(team).await?;
            let first =
                progress.as_ref().and_then(|progress| progress.partial).filter(|partial| partial.through == over);
            let due: Vec<&Open> = copies.iter().filter(due).collect();
            let slice = self.gather(team, &due, over, first.map_or(0, |partial| partial.slice)).await?;
            // What was due may be done late, and readers go by the clock.
            let at = now.max(Timestamp::from(jiff::Timestamp::now()));
            if slice < SLICES {
                let partial = Some(Partial { through: over, slice });
                let before = progress.unwrap_or(Progress { through: Date::MIN, at, partial });
                self.note_progress(team, &Progress { partial, ..before }).await?;
                return Ok(RolledUp { counters: 0, finished: false });
            }
            rolled_up = due.len();
            let reached = Progress { through: over, at, partial: None };
            self.note_progress(team, &reached).await?;
            progress = Some(reached);
        }
        let in_an_hour = |at: Timestamp| at.plus(SignedDuration::from_hours(1));
        let oldest = copies.iter().map(|copy| copy.slot.generation).min();
        let next = oldest.map(|oldest| match &progress {
            Some(progress) if oldest <= progress.through => in_an_hour(progress.at),
            _ => ended(oldest).max(in_an_hour(now)),
        });
        self.announce(team, next, progress.map_or(Date::MIN, |progress| progress.through)).await?;
        Ok(RolledUp { counters: rolled_up, finished: true })
    }

    /// Notes how far everything is rolled up, unless another rollup has come further.
    async fn note_progress(&self, team: &TeamId, reached: &Progress) -> Result<(), Error> {
        let put = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(encode(Key::RollupProgress.of(team), reached)?))
            // One that was cut short has come no further than before.
            .condition_expression("attribute_not_exists(PK) OR #through <= :through")
            .expression_attribute_names("#through", THROUGH)
            .expression_attribute_values(":through", text(&reached.through.to_string()));
        written("PutItem", || put.clone().send()).await.map(drop)
    }

    async fn open_copies(&self, team: &TeamId) -> Result<Vec<Open>, Error> {
        let days = Range::open_days(team, Date::ZERO, Date::MAX);
        let groups = Range::open_groups(team, Date::ZERO, Date::MAX);
        let (mut all, groups) = tokio::try_join!(self.open_in(&days), self.open_in(&groups))?;
        all.extend(groups);
        Ok(all)
    }

    /// The copies of a range, of which no more than a page is in memory as items.
    async fn open_in(&self, range: &Range) -> Result<Vec<Open>, Error> {
        let (mut open, mut after) = (Vec::new(), None);
        loop {
            let (items, last) = self.query(Query { after, ..Query::of(range, Consistency::Strong) }).await?;
            for item in &items {
                open.push(Open::of(item)?);
            }
            after = last;
            if after.is_none() {
                return Ok(open);
            }
        }
    }

    /// From now on nothing is added to these generations.
    async fn close_generations(&self, team: &TeamId, through: Date) -> Result<(), Error> {
        let closings = (0..SHARDS).map(|shard| async move {
            let slot = Slot::of_no_day(shard);
            let request = self
                .client
                .update_item()
                .table_name(&self.name)
                .set_key(Some(Key::Count(&Counted::All, slot).attributes(team)))
                .update_expression("SET #through = :through")
                .condition_expression("attribute_not_exists(#through) OR #through < :through")
                .expression_attribute_names("#through", THROUGH)
                .expression_attribute_values(":through", text(&through.to_string()));
            // If not, more of them are closed already.
            written("UpdateItem", || request.clone().send()).await.map(drop)
        });
        stream::iter(closings).buffer_unordered(AT_ONCE).try_collect().await
    }

    /// Adds copies to the rollups that do not have them, a slice of the rollups after the other from `first` on, while there is
    /// time; gives the first slice that is left, [`SLICES`] for none.
    async fn gather(&self, team: &TeamId, copies: &[&Open], through: Date, first: u64) -> Result<u64, Error> {
        for slice in first..SLICES {
            if deadline::remaining() < SLICE_TIME {
                return Ok(slice);
            }
            let mut additions: BTreeMap<Rollup, Vec<Addition>> = BTreeMap::new();
            for Open { counted, slot, numbers } in copies {
                for (number, leads) in numbers {
                    let targets =
                        targets(counted, *number).into_iter().filter(|(rollup, ..)| slice_of(rollup) == slice);
                    for (rollup, about, name) in targets {
                        let addition = Addition { generation: slot.generation, about, name, leads: *leads };
                        additions.entry(rollup).or_default().push(addition);
                    }
                }
            }
            let gathering = additions.iter().map(|(rollup, of)| self.gather_into(team, rollup, of, through));
            let mut gathering = stream::iter(gathering.collect::<Vec<_>>()).buffer_unordered(AT_ONCE);
            while let Some(gathered) = gathering.next().await {
                gathered?;
            }
        }
        Ok(SLICES)
    }

    /// Adds to one rollup what it does not have, again when another rollup has written it meanwhile.
    async fn gather_into(
        &self,
        team: &TeamId,
        rollup: &Rollup,
        additions: &[Addition],
        through: Date,
    ) -> Result<(), Error> {
        for _ in 0..MOST_TRIES {
            let key = Key::Rollup(rollup).of(team);
            let read = self.get(key, Consistency::Strong).await?.map(|item| StoredRollup::of(&item)).transpose()?;
            let from = read.as_ref().map(|item| item.through);
            if from.is_some_and(|from| from >= through) {
                return Ok(());
            }
            let new = || StoredRollup { rollup: rollup.clone(), through, entries: Entries::new() };
            let mut after = StoredRollup { through, ..read.unwrap_or_else(new) };
            for addition in additions.iter().filter(|addition| from.is_none_or(|from| from < addition.generation)) {
                after.add(addition);
            }
            let put = self.client.put_item().table_name(&self.name).set_item(Some(after.attributes(team)));
            let put = match from {
                None => put.condition_expression("attribute_not_exists(PK)"),
                Some(from) => put
                    .condition_expression("#through = :from")
                    .expression_attribute_names("#through", THROUGH)
                    .expression_attribute_values(":from", text(&from.to_string())),
            };
            if written("PutItem", || put.clone().send()).await? {
                return Ok(());
            }
        }
        Err(Error::conflict())
    }

    /// When the clean-up is to look at the team's counters again; with `None` when something is added, which may be since they
    /// were read.
    async fn announce(&self, team: &TeamId, next: Option<Timestamp>, through: Date) -> Result<(), Error> {
        let slot = Slot::of_no_day(0);
        let request = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(Key::Count(&Counted::All, slot).attributes(team)))
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
        written("UpdateItem", || request.clone().send()).await.map(drop)
    }
}
