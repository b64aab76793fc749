//! The clean-up: deletions that were cut short, search entries that an update left, photos that no lead has. All of it is
//! invisible before; each step is safe to repeat, and what fails is found again an hour later.

use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use shared::error::Error;
use shared::model::TeamId;
use shared::photos::Photos;
use shared::table::{Leftover, Table};
use shared::telemetry::TARGET;

/// Leftovers that are removed at once.
const AT_ONCE: usize = 8;

/// The event of a schedule.
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html>
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Schedule {
    /// When it was due: only what was to be removed by then is.
    pub time: Timestamp,
}

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Removed {
    /// Leads whose deletion was finished.
    pub leads: usize,
    /// Photos that no lead had.
    pub photos: usize,
}

/// What the clean-up uses.
#[derive(Clone, Debug)]
pub struct Cleanup {
    /// Where leftovers are listed.
    pub table: Table,
    /// Objects that go with them.
    pub photos: Photos,
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
        loop {
            let before = removed;
            let found = self.table.leftovers(now).await?;
            let removals = found.into_iter().map(|(team, leftover)| self.remove(team, leftover, now));
            let mut removals = stream::iter(removals).buffer_unordered(AT_ONCE);
            while let Some(outcome) = removals.next().await {
                match outcome {
                    Ok(one) => {
                        removed.leads += one.leads;
                        removed.photos += one.photos;
                    }
                    Err(error) => failure = Some(error),
                }
            }
            // The index lags behind: what it still lists may be gone.
            if removed == before {
                break;
            }
        }
        let Removed { leads, photos } = removed;
        let error = failure.as_ref().map(tracing::field::display);
        tracing::info!(target: TARGET, leads, photos, error, "cleanup");
        failure.map_or(Ok(removed), Err)
    }

    async fn remove(&self, team: TeamId, leftover: Leftover, now: Timestamp) -> Result<Removed, Error> {
        let mut removed = Removed::default();
        match leftover {
            Leftover::Lead(id) => {
                if let Some(buried) = self.table.tombstone(&team, id).await? {
                    self.photos.remove(&team, buried.photos()).await?;
                    self.table.clear(&team, &buried).await?;
                    removed.leads = 1;
                }
            }
            Leftover::Photo(photo) => {
                if self.table.give_up_photo(&team, &photo, now).await? {
                    self.photos.remove(&team, [photo.clone()]).await?;
                    self.table.forget_photo(&team, &photo).await?;
                    removed.photos = 1;
                }
            }
        }
        Ok(removed)
    }
}
