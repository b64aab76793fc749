//! Progress output of benches.

use std::io::{IsTerminal as _, Write as _, stderr};
use std::time::Instant;

/// Prints progress to standard error: on a terminal one line that is overwritten, elsewhere a line for each tenth.
#[derive(Clone, Copy, Debug)]
pub struct ProgressBar {
    what: &'static str,
    all: u64,
    began: Instant,
}

impl ProgressBar {
    /// Starts now to measure the time for `all` items.
    pub fn new(what: &'static str, all: u64) -> Self {
        Self { what, all, began: Instant::now() }
    }

    /// Reports that `done` items are finished.
    pub fn report_finished(&self, done: u64) {
        let Self { what, all, began } = self;
        let (mut to, terminal) = (stderr(), stderr().is_terminal());
        let steps = if terminal { 1000 } else { 10 };
        if !done.is_multiple_of((all / steps).max(1)) && done != *all {
            return;
        }
        let left = began.elapsed().as_secs_f64() / done.max(1) as f64 * all.saturating_sub(done) as f64;
        let (start, end) = if terminal { ("\r", if done == *all { "   \n" } else { "   " }) } else { ("", "\n") };
        // A failure to write progress is ignored.
        write!(to, "{start}{done} of {all} {what}, {left:.0} s left{end}").and_then(|()| to.flush()).ok();
    }
}
