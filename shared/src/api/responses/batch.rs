//! The answer of a batch.

use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::{RowOutcome, RowResult};

/// The answer of `POST /leads/batch`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct BatchResponse {
    /// Rows that created a lead.
    created: usize,
    /// Rows that changed a lead.
    updated: usize,
    /// Rows whose lead had the values already.
    unchanged: usize,
    /// Rows that failed. Nothing of them was written.
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
