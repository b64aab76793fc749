//! The response body of `POST /leads/batch`.

use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::{RowOutcome, RowResult};

/// The answer of `POST /leads/batch`. With `dryRun`, says what the request would do.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct BatchResponse {
    /// Number of rows that created a lead.
    created: usize,
    /// Number of rows that changed a lead.
    updated: usize,
    /// Number of valid rows that left an existing lead unchanged.
    unchanged: usize,
    /// Number of rows that failed. Nothing of a failed row was written, unless the row's code is `outcome_unknown`:
    /// such a row may have been written.
    failed: usize,
    /// One result for each row, in the order of the rows.
    results: Vec<RowResult>,
}

impl From<Vec<RowResult>> for BatchResponse {
    fn from(results: Vec<RowResult>) -> Self {
        let count = |outcome| results.iter().filter(|row| row.result == outcome).count();
        Self {
            created: count(RowOutcome::Created),
            updated: count(RowOutcome::Updated),
            unchanged: count(RowOutcome::Unchanged),
            failed: count(RowOutcome::Failed),
            results,
        }
    }
}
