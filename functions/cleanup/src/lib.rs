//! The clean-up: deletions and what they leave in the feed, search entries that an update left, photos that no lead has, and
//! last the counters of days that are over. None of it can be seen before but the feed; each step is safe to repeat, and what
//! fails or does not fit a run is found again by the next.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use serde::{Deserialize, Serialize};
use shared::deadline;
use shared::error::Error;
use shared::model::{LeadId, PhotoName, TeamId, Timestamp};
use shared::photos::Photos;
use shared::table::{CleanupTask, Table};
use shared::telemetry::TARGET;
use tokio::time::Instant;

/// Leads or photos that are removed at once.
const REMOVALS_AT_ONCE: usize = 8;
/// Teams whose counters are rolled up at once: each may have tens of megabytes of them.
const ROLLUPS_AT_ONCE: usize = 2;
/// How long one task takes at most: a team with more to roll up goes on in the next run.
const MAX_TASK_TIME: Duration = Duration::from_secs(60);
/// Deleted leads and photos that are removed together, leads first: the feed is walked once for those of a team.
const MAX_GATHERED: usize = 10_000;

/// The event of a schedule.
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html>
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Schedule {
    /// When it was due: only what was to be removed by then is.
    pub time: Timestamp,
}

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Removed {
    /// Deleted leads of which nothing is left.
    pub leads: usize,
    /// Events that say no more of a deleted lead than that something happened to it.
    pub events: usize,
    /// Photos that no lead had, of which nothing is left.
    pub photos: usize,
    /// Transactions that removed search entries which updates had left.
    pub sweeps: usize,
    /// Counters of days that are over, made part of their month.
    pub rolled_up: usize,
    /// Whether the time was over before everything was done: the next run goes on.
    pub unfinished: bool,
}

/// What the clean-up uses.
#[derive(Clone, Debug)]
pub struct Cleanup {
    /// Where tasks are listed.
    pub table: Table,
    /// Objects that go with them.
    pub photos: Photos,
}

/// One run.
struct Run<'a> {
    cleanup: &'a Cleanup,
    now: Timestamp,
    /// No task begins later.
    until: Instant,
    removed: Removed,
    failure: Option<Error>,
}

impl Cleanup {
    /// Removes what was due, as far as the invocation's time goes: deletions and photos of all teams, then counters.
    ///
    /// # Errors
    /// The last failure, after everything else is done: Lambda then runs it again.
    pub async fn run(&self, schedule: &Schedule) -> Result<Removed, Error> {
        let until = Instant::now() + deadline::remaining().saturating_sub(MAX_TASK_TIME);
        let (removed, failure) = (Removed::default(), None);
        let mut run = Run { cleanup: self, now: schedule.time, until, removed, failure };
        let counts = run.remove_listed().await?;
        run.roll_up(counts).await;
        let Run { removed, failure, .. } = run;
        let Removed { leads, events, photos, sweeps, rolled_up, unfinished } = removed;
        let error = failure.as_ref().map(tracing::field::display);
        tracing::info!(target: TARGET, leads, events, photos, sweeps, rolledUp = rolled_up, unfinished, error, "cleanup");
        failure.map_or(Ok(removed), Err)
    }

    /// Removes everything of a deleted lead, its tombstone last.
    async fn remove_lead(&self, team: &TeamId, id: LeadId) -> Result<usize, Error> {
        let Some(deleted) = self.table.tombstone(team, id).await? else { return Ok(0) };
        self.photos.remove(team, deleted.photos()).await?;
        self.table.clear(team, &deleted).await?;
        Ok(1)
    }

    async fn sweep(&self, team: &TeamId, id: LeadId) -> Result<usize, Error> {
        let mut sweeps = 0;
        while self.table.sweep(team, id).await? {
            sweeps += 1;
        }
        Ok(sweeps)
    }

    /// Removes a photo that no lead has; an hour later, when no copy of it can be under way any more, for good.
    async fn remove_photo(&self, team: &TeamId, photo: &PhotoName, now: Timestamp) -> Result<usize, Error> {
        let Some(emptied) = self.table.give_up_photo(team, photo, now).await? else { return Ok(0) };
        self.photos.remove(team, [photo.clone()]).await?;
        if emptied {
            self.table.forget_photo(team, photo).await?;
            return Ok(1);
        }
        self.table.revisit_photo(team, photo, now).await?;
        Ok(0)
    }
}

impl Run<'_> {
    /// Whether another task may begin; that one may not is noted.
    fn has_time(&mut self) -> bool {
        let has_time = Instant::now() < self.until;
        self.removed.unfinished |= !has_time;
        has_time
    }

    /// Runs tasks while there is time, so many at once; gives the sum of what they did.
    async fn all<F: Future<Output = Result<usize, Error>>>(&mut self, tasks: Vec<F>, at_once: usize) -> usize {
        let until = self.until;
        let bounded = tasks.into_iter().map(|task| async move {
            if Instant::now() >= until {
                return None;
            }
            Some(deadline::within(Instant::now() + MAX_TASK_TIME, task).await)
        });
        let mut done = 0;
        let mut outcomes = stream::iter(bounded.collect::<Vec<_>>()).buffer_unordered(at_once);
        while let Some(outcome) = outcomes.next().await {
            match outcome {
                Some(Ok(n)) => done += n,
                Some(Err(error)) => self.failure = Some(error),
                None => self.removed.unfinished = true,
            }
        }
        done
    }

    /// Removes deleted leads and photos as they are listed; gives the teams whose counters are to be rolled up.
    async fn remove_listed(&mut self) -> Result<BTreeSet<TeamId>, Error> {
        let (cleanup, now) = (self.cleanup, self.now);
        let mut tasks = cleanup.table.cleanup_tasks(now);
        let mut counts = BTreeSet::new();
        let mut leads: BTreeMap<TeamId, BTreeSet<LeadId>> = BTreeMap::new();
        let (mut photos, mut gathered) = (Vec::new(), 0);
        while self.has_time() {
            let page = tasks.next().await?;
            let is_last = page.is_none();
            for task in page.into_iter().flatten() {
                match task {
                    Ok((team, CleanupTask::Lead(id))) => {
                        gathered += usize::from(leads.entry(team).or_default().insert(id));
                    }
                    Ok((team, CleanupTask::Photo(photo))) => photos.push((team, photo)),
                    Ok((team, CleanupTask::Counts)) => drop(counts.insert(team)),
                    Err(error) => self.failure = Some(error),
                }
            }
            if gathered + photos.len() >= MAX_GATHERED || is_last {
                for (team, ids) in std::mem::take(&mut leads) {
                    if let Err(error) = self.remove_leads(&team, &ids).await {
                        self.failure = Some(error);
                    }
                }
                let listed = std::mem::take(&mut photos);
                let removals = listed.iter().map(|(team, photo)| cleanup.remove_photo(team, photo, now));
                self.removed.photos += self.all(removals.collect(), REMOVALS_AT_ONCE).await;
                gathered = 0;
            }
            if is_last {
                break;
            }
        }
        Ok(counts)
    }

    /// Removes those of a team's leads that are deleted, what the feed tells of them first; of the others, search entries that
    /// did not fit an update.
    async fn remove_leads(&mut self, team: &TeamId, ids: &BTreeSet<LeadId>) -> Result<(), Error> {
        if !self.has_time() {
            return Ok(());
        }
        let cleanup = self.cleanup;
        let deleted = cleanup.table.deleted_leads(team, ids).await?;
        let sweeps = ids.iter().filter(|id| !deleted.contains_key(id)).map(|id| cleanup.sweep(team, *id));
        self.removed.sweeps += self.all(sweeps.collect(), REMOVALS_AT_ONCE).await;
        self.removed.events += cleanup.table.scrub_events(team, &deleted).await?;
        let removals = deleted.keys().map(|id| cleanup.remove_lead(team, *id));
        self.removed.leads += self.all(removals.collect(), REMOVALS_AT_ONCE).await;
        Ok(())
    }

    /// Rolls up the counters of teams, a few beside each other.
    async fn roll_up(&mut self, teams: BTreeSet<TeamId>) {
        let (cleanup, now) = (self.cleanup, self.now);
        let unfinished = AtomicBool::new(false);
        let rollups = teams.iter().map(|team| async {
            let rolled_up = cleanup.table.roll_up(team, now).await?;
            unfinished.fetch_or(!rolled_up.finished, Ordering::Relaxed);
            Ok(rolled_up.counters)
        });
        self.removed.rolled_up += self.all(rollups.collect(), ROLLUPS_AT_ONCE).await;
        self.removed.unfinished |= unfinished.into_inner();
    }
}
