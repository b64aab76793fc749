//! The clean-up: deletions that were cut short, search entries that an update left, photos that no lead has, counters of
//! days that are over. None of it can be seen before; each step is safe to repeat, and what fails is found again an hour
//! later.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use serde::{Deserialize, Serialize};
use shared::deadline;
use shared::error::Error;
use shared::model::{TeamId, Timestamp};
use shared::photos::Photos;
use shared::table::{CleanupTask, Table};
use shared::telemetry::TARGET;
use tokio::time::Instant;

/// Tasks that are done at once.
const AT_ONCE: usize = 8;
/// How long one of them takes at most.
const LONGEST: Duration = Duration::from_secs(60);

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
    /// Photos that no lead had, of which nothing is left.
    pub photos: usize,
    /// Transactions that removed search entries which updates had left.
    pub sweeps: usize,
    /// Counters of days that are over, made part of their month.
    pub rolled_up: usize,
}

/// What the clean-up uses.
#[derive(Clone, Debug)]
pub struct Cleanup {
    /// Where tasks are listed.
    pub table: Table,
    /// Objects that go with them.
    pub photos: Photos,
}

/// What was done about one task.
enum Done {
    /// The index lags behind: it was gone, or was none. Or its objects are gone, and are looked for again an hour later.
    Nothing,
    Lead,
    Photo,
    Sweeps(usize),
    RolledUp(usize),
}

impl Cleanup {
    /// Removes everything that was due.
    ///
    /// # Errors
    /// The last failure, after everything else is done: Lambda then runs it again.
    pub async fn run(&self, schedule: &Schedule) -> Result<Removed, Error> {
        let now = schedule.time;
        let mut removed = Removed::default();
        let mut failure = None;
        let mut tasks = self.table.cleanup_tasks(now);
        while let Some(page) = tasks.next().await? {
            let removals = page.into_iter().map(|task| async {
                let (team, task) = task?;
                deadline::within(Instant::now() + LONGEST, self.remove(team, task, now)).await
            });
            let mut removals = stream::iter(removals).buffer_unordered(AT_ONCE);
            while let Some(outcome) = removals.next().await {
                match outcome {
                    Ok(Done::Lead) => removed.leads += 1,
                    Ok(Done::Photo) => removed.photos += 1,
                    Ok(Done::Sweeps(n)) => removed.sweeps += n,
                    Ok(Done::RolledUp(n)) => removed.rolled_up += n,
                    Ok(Done::Nothing) => {}
                    Err(error) => failure = Some(error),
                }
            }
        }
        let Removed { leads, photos, sweeps, rolled_up } = removed;
        let error = failure.as_ref().map(tracing::field::display);
        tracing::info!(target: TARGET, leads, photos, sweeps, rolledUp = rolled_up, error, "cleanup");
        failure.map_or(Ok(removed), Err)
    }

    async fn remove(&self, team: TeamId, task: CleanupTask, now: Timestamp) -> Result<Done, Error> {
        match task {
            CleanupTask::Lead(id) => match self.table.tombstone(&team, id).await? {
                Some(deleted) => {
                    self.photos.remove(&team, deleted.photos()).await?;
                    self.table.clear(&team, &deleted).await?;
                    Ok(Done::Lead)
                }
                None => {
                    let mut sweeps = 0;
                    while self.table.sweep(&team, id).await? {
                        sweeps += 1;
                    }
                    Ok(Done::Sweeps(sweeps))
                }
            },
            CleanupTask::Counts => Ok(Done::RolledUp(self.table.roll_up(&team, now).await?)),
            CleanupTask::Photo(photo) => {
                let Some(emptied) = self.table.give_up_photo(&team, &photo, now).await? else {
                    return Ok(Done::Nothing);
                };
                self.photos.remove(&team, [photo.clone()]).await?;
                if emptied {
                    self.table.forget_photo(&team, &photo).await?;
                    return Ok(Done::Photo);
                }
                self.table.revisit_photo(&team, &photo, now).await?;
                Ok(Done::Nothing)
            }
        }
    }
}
