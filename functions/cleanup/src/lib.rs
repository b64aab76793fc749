//! The clean-up Lambda function: deletes what deleted leads leave behind, stale search entries, and photos without a
//! lead; then it rolls up counters. Each step is safe to repeat.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_lambda_events::eventbridge::EventBridgeEvent;
use futures_util::{StreamExt as _, stream};
use serde::Serialize;
use shared::domain::error::Error;
use shared::domain::{LeadId, PhotoName, TeamId, Timestamp};
use shared::platform::deadline;
use shared::platform::photos::PhotoBucket;
use shared::platform::telemetry::LOG_TARGET;
use shared::store::{CleanupStore, CleanupTask};
use tokio::time::Instant;

/// Number of clean-up tasks of one kind (search entries, deleted leads, photos) that run concurrently.
const CONCURRENT_TASKS: usize = 8;
/// Number of teams whose counters are rolled up concurrently. Each may need tens of megabytes of memory; the bench
/// `rollup` measures it.
const CONCURRENT_TEAM_ROLLUPS: usize = 2;
/// Time limit of one task. A team whose rollup takes longer continues in the next run.
const MAX_TASK_TIME: Duration = Duration::from_secs(60);
/// Number of listed tasks for leads and photos at which the clean-up stops listing and handles them, so that one pass
/// over a team's feed serves many deleted leads. Exceeded by less than a page of the list.
const TASKS_PER_BATCH: usize = 10_000;

/// Result of a clean-up run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CleanupReport {
    /// Number of deleted leads whose items were all removed.
    pub leads: usize,
    /// Number of events whose personal data was removed.
    pub events: usize,
    /// Number of photos without a lead that were removed for good.
    pub photos: usize,
    /// Number of transactions that removed stale search entries.
    pub sweeps: usize,
    /// Number of counter items (copies) that were rolled up.
    pub rolled_up: usize,
    /// Whether time ran out before everything was done. The next run continues.
    pub unfinished: bool,
}

/// State of the clean-up function.
#[derive(Clone, Debug)]
pub struct Cleanup {
    /// The table, and its index of due clean-up tasks.
    pub table: CleanupStore,
    /// The S3 bucket with the objects of photos.
    pub photos: PhotoBucket,
}

/// State of one clean-up run.
struct CleanupRun<'a> {
    cleanup: &'a Cleanup,
    now: Timestamp,
    /// Time after which no task is started.
    until: Instant,
    removed: CleanupReport,
    failure: Option<Error>,
}

impl Cleanup {
    /// Handles the clean-up tasks that were due at the time of the schedule event. No task starts in the last minute of
    /// the invocation.
    ///
    /// # Errors
    /// At once if the tasks cannot be listed. Otherwise the last failure, after all other tasks were handled. Lambda
    /// then runs the clean-up again.
    pub async fn run(&self, schedule: &EventBridgeEvent) -> Result<CleanupReport, Error> {
        let time = schedule.time.map(|time| Timestamp::from_millisecond(time.timestamp_millis()));
        let now = time.unwrap_or_else(|| Timestamp::from(jiff::Timestamp::now()));
        let until = Instant::now() + deadline::time_left().saturating_sub(MAX_TASK_TIME);
        let (removed, failure) = (CleanupReport::default(), None);
        let mut run = CleanupRun { cleanup: self, now, until, removed, failure };
        let counts = run.handle_due_tasks().await?;
        run.roll_up_teams(counts).await;
        let CleanupRun { removed, failure, .. } = run;
        let CleanupReport { leads, events, photos, sweeps, rolled_up, unfinished } = removed;
        let error = failure.as_ref().map(tracing::field::display);
        tracing::info!(target: LOG_TARGET, leads, events, photos, sweeps, rolledUp = rolled_up, unfinished, error, "cleanup");
        failure.map_or(Ok(removed), Err)
    }

    /// Removes the photos and every item of a deleted lead, the tombstone last. Returns the number of removed leads, 0
    /// or 1.
    async fn remove_deleted_lead(&self, team: &TeamId, id: LeadId) -> Result<usize, Error> {
        let Some(deleted) = self.table.tombstone(team, id).await? else { return Ok(0) };
        self.photos.delete_photo_objects(team, deleted.photos()).await?;
        self.table.purge(team, &deleted).await?;
        Ok(1)
    }

    async fn remove_all_stale_entries(&self, team: &TeamId, id: LeadId) -> Result<usize, Error> {
        let mut sweeps = 0;
        while self.table.remove_stale_entries(team, id).await? {
            sweeps += 1;
        }
        Ok(sweeps)
    }

    /// Removes the S3 objects of a photo without a lead. A second call an hour later removes an object that a
    /// concurrent copy may have created, and the photo's record. Returns 1 for the second call, and 0 otherwise.
    async fn remove_orphaned_photo(&self, team: &TeamId, photo: &PhotoName, now: Timestamp) -> Result<usize, Error> {
        let Some(emptied) = self.table.mark_photo_orphaned(team, photo, now).await? else { return Ok(0) };
        self.photos.delete_photo_objects(team, [photo.clone()]).await?;
        if emptied {
            self.table.delete_photo_record(team, photo).await?;
            return Ok(1);
        }
        self.table.recheck_photo_later(team, photo, now).await?;
        Ok(0)
    }
}

impl CleanupRun<'_> {
    /// Whether there is time to start another task. If not, marks the run as unfinished.
    fn has_time(&mut self) -> bool {
        let has_time = Instant::now() < self.until;
        self.removed.unfinished |= !has_time;
        has_time
    }

    /// Runs tasks while there is time, `at_once` of them concurrently. Returns the sum of their results.
    async fn run_concurrently<F: Future<Output = Result<usize, Error>>>(
        &mut self,
        tasks: Vec<F>,
        at_once: usize,
    ) -> usize {
        let until = self.until;
        let bounded = tasks.into_iter().map(|task| async move {
            if Instant::now() >= until {
                return None;
            }
            Some(deadline::run_with_deadline(Instant::now() + MAX_TASK_TIME, task).await)
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

    /// Lists all due tasks, and handles those of leads and photos. Returns the teams whose counters must be rolled up.
    async fn handle_due_tasks(&mut self) -> Result<BTreeSet<TeamId>, Error> {
        let (cleanup, now) = (self.cleanup, self.now);
        let mut tasks = cleanup.table.cleanup_tasks(now);
        let mut counts = BTreeSet::new();
        let mut leads: BTreeMap<TeamId, BTreeSet<LeadId>> = BTreeMap::new();
        let (mut photos, mut gathered) = (Vec::new(), 0);
        while self.has_time() {
            let page = tasks.next_task_page().await?;
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
            if gathered + photos.len() >= TASKS_PER_BATCH || is_last {
                for (team, ids) in std::mem::take(&mut leads) {
                    if let Err(error) = self.run_lead_tasks(&team, &ids).await {
                        self.failure = Some(error);
                    }
                }
                let listed = std::mem::take(&mut photos);
                let removals = listed.iter().map(|(team, photo)| cleanup.remove_orphaned_photo(team, photo, now));
                self.removed.photos += self.run_concurrently(removals.collect(), CONCURRENT_TASKS).await;
                gathered = 0;
            }
            if is_last {
                break;
            }
        }
        Ok(counts)
    }

    /// Handles the due tasks for leads of one team. For leads that exist, removes stale search entries. For deleted
    /// leads, removes their personal data in the feed, then their items.
    async fn run_lead_tasks(&mut self, team: &TeamId, ids: &BTreeSet<LeadId>) -> Result<(), Error> {
        if !self.has_time() {
            return Ok(());
        }
        let cleanup = self.cleanup;
        let deleted = cleanup.table.filter_deleted_leads(team, ids).await?;
        let sweeps =
            ids.iter().filter(|id| !deleted.contains_key(id)).map(|id| cleanup.remove_all_stale_entries(team, *id));
        self.removed.sweeps += self.run_concurrently(sweeps.collect(), CONCURRENT_TASKS).await;
        self.removed.events += cleanup.table.scrub_events(team, &deleted).await?;
        let removals = deleted.keys().map(|id| cleanup.remove_deleted_lead(team, *id));
        self.removed.leads += self.run_concurrently(removals.collect(), CONCURRENT_TASKS).await;
        Ok(())
    }

    /// Rolls up the counters of these teams, a few teams at a time.
    async fn roll_up_teams(&mut self, teams: BTreeSet<TeamId>) {
        let (cleanup, now) = (self.cleanup, self.now);
        let unfinished = AtomicBool::new(false);
        let rollups = teams.iter().map(|team| async {
            let rolled_up = cleanup.table.roll_up(team, now).await?;
            unfinished.fetch_or(!rolled_up.finished, Ordering::Relaxed);
            Ok(rolled_up.counters)
        });
        self.removed.rolled_up += self.run_concurrently(rollups.collect(), CONCURRENT_TEAM_ROLLUPS).await;
        self.removed.unfinished |= unfinished.into_inner();
    }
}
