//! How long a request may take: one deadline over all that it asks of AWS, its pauses and retries included.

use std::time::{Duration, SystemTime};

use lambda_http::Context;
use tokio::time::{Instant, timeout_at};

tokio::task_local! {
    static DEADLINE: Instant;
}

/// How long a request takes at most where Lambda does not say when it ends the function.
const LONGEST: Duration = Duration::from_secs(12);
/// What is kept of Lambda's own time, to answer in.
const RESERVE: Duration = Duration::from_millis(2500);
/// What a try needs at least: of one that is cut short nobody knows what it did.
const TRY: Duration = Duration::from_millis(400);

/// The deadline of an invocation that begins now: well before Lambda ends the function.
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html>
pub fn of(invocation: Option<&Context>) -> Instant {
    let ends = invocation.map_or(0, |context| context.deadline);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    // Outside of Lambda there is no deadline, which is 0.
    let left = if ends == 0 { LONGEST } else { Duration::from_millis(ends).saturating_sub(now + RESERVE) };
    Instant::now() + left
}

/// Runs `work`, whose requests to AWS are given up at `deadline`.
pub async fn within<F: Future>(deadline: Instant, work: F) -> F::Output {
    DEADLINE.scope(deadline, work).await
}

/// The answer to a request to AWS; `None` when there is none by the deadline. It waits on the heap: the SDK's futures take
/// 40 kB each, and so would whatever waits for one.
pub(crate) fn bounded<F: Future>(request: F) -> impl Future<Output = Option<F::Output>> {
    let request = Box::pin(request);
    async { timeout_at(current(), request).await.ok() }
}

/// Waits before another try; `None`, at once, when there would be no time left for it.
pub(crate) async fn pause(length: Duration) -> Option<()> {
    let until = Instant::now() + length;
    if until + TRY >= current() {
        return None;
    }
    tokio::time::sleep_until(until).await;
    Some(())
}

/// How much time there is.
pub fn remaining() -> Duration {
    current().saturating_duration_since(Instant::now())
}

fn current() -> Instant {
    DEADLINE.try_with(|deadline| *deadline).unwrap_or_else(|_| Instant::now() + LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lambda_decides_when_it_says() {
        let left = |context: Option<&Context>| of(context).saturating_duration_since(Instant::now());
        assert!(left(None) > LONGEST - Duration::from_secs(1));
        let mut context = Context::default();
        assert!(left(Some(&context)) > LONGEST - Duration::from_secs(1));
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        context.deadline = u64::try_from((now + Duration::from_secs(5)).as_millis()).unwrap_or(0);
        assert!((Duration::from_secs(2)..Duration::from_secs(3)).contains(&left(Some(&context))));
        context.deadline = 1;
        assert_eq!(left(Some(&context)), Duration::ZERO);
    }
}
