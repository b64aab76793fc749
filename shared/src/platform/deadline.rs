//! The deadline of a request. It covers all calls to AWS, their pauses and retries.

use std::time::{Duration, SystemTime};

use lambda_http::Context;
use tokio::time::{Instant, timeout_at};

tokio::task_local! {
    static REQUEST_DEADLINE: Instant;
}

/// Maximum duration of a request outside Lambda, which sets no deadline.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(12);
/// Time before Lambda's own deadline that is reserved for answering.
const ANSWER_RESERVE: Duration = Duration::from_millis(2500);
/// Minimum time for a try. A try that is cut short has an unknown outcome.
const MIN_TRY_TIME: Duration = Duration::from_millis(400);

/// The deadline of an invocation that starts now: 2.5 s before Lambda ends the function.
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html>
pub fn of(invocation: Option<&Context>) -> Instant {
    let ends = invocation.map_or(0, |context| context.deadline);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    // Outside Lambda the context's deadline is 0.
    let left =
        if ends == 0 { DEFAULT_TIMEOUT } else { Duration::from_millis(ends).saturating_sub(now + ANSWER_RESERVE) };
    Instant::now() + left
}

/// Runs `work` under a deadline. At the deadline its calls to AWS are cancelled; `work` itself goes on.
pub async fn scope<F: Future>(deadline: Instant, work: F) -> F::Output {
    REQUEST_DEADLINE.scope(deadline, work).await
}

/// Runs a call to AWS until the deadline. `None` if there is no answer by then. The future is boxed, because the SDK's
/// futures take 40 KB each, and so would every future that awaits one.
pub(crate) fn with_deadline<F: Future>(request: F) -> impl Future<Output = Option<F::Output>> {
    let request = Box::pin(request);
    async { timeout_at(current(), request).await.ok() }
}

/// Pauses before another try. `None`, at once, if there would be no time left for the try.
pub(crate) async fn pause(length: Duration) -> Option<()> {
    let until = Instant::now() + length;
    if until + MIN_TRY_TIME >= current() {
        return None;
    }
    tokio::time::sleep_until(until).await;
    Some(())
}

/// Time until the deadline.
pub fn remaining() -> Duration {
    current().saturating_duration_since(Instant::now())
}

fn current() -> Instant {
    REQUEST_DEADLINE.try_with(|deadline| *deadline).unwrap_or_else(|_| Instant::now() + DEFAULT_TIMEOUT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lambdas_own_deadline_takes_precedence() {
        let left = |context: Option<&Context>| of(context).saturating_duration_since(Instant::now());
        assert!(left(None) > DEFAULT_TIMEOUT - Duration::from_secs(1));
        let mut context = Context::default();
        assert!(left(Some(&context)) > DEFAULT_TIMEOUT - Duration::from_secs(1));
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        context.deadline = u64::try_from((now + Duration::from_secs(5)).as_millis()).unwrap_or(0);
        assert!((Duration::from_secs(2)..Duration::from_secs(3)).contains(&left(Some(&context))));
        context.deadline = 1;
        assert_eq!(left(Some(&context)), Duration::ZERO);
    }
}
