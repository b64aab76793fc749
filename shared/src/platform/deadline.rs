//! The deadline of an API request or an invocation. Calls to AWS, their retries and the pauses between them end at the
//! deadline.

use std::time::{Duration, SystemTime};

use lambda_http::Context;
use tokio::time::{Instant, timeout_at};

tokio::task_local! {
    static REQUEST_DEADLINE: Instant;
}

/// Time until the deadline if Lambda sets none, as in tests and before the first invocation.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(12);
/// Time before the end of Lambda's timeout that is reserved for sending the response. No AWS call runs in that time.
const TIME_RESERVED_FOR_RESPONSE: Duration = Duration::from_millis(2500);
/// Minimum time that the deadline must leave for another try. If the deadline cuts a try short, it is unknown whether
/// the call was applied.
const MIN_TRY_TIME: Duration = Duration::from_millis(400);

/// The deadline for AWS calls of an invocation: 2.5 s before Lambda's timeout ends the invocation. Outside Lambda: 12 s
/// from now.
/// <https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html>
pub fn of_invocation(invocation: Option<&Context>) -> Instant {
    let ends = invocation.map_or(0, |context| context.deadline);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    // Outside Lambda, the deadline in the invocation's context is 0.
    let left = if ends == 0 {
        DEFAULT_TIMEOUT
    } else {
        Duration::from_millis(ends).saturating_sub(now + TIME_RESERVED_FOR_RESPONSE)
    };
    Instant::now() + left
}

/// Runs `work` with a deadline for its AWS calls. At the deadline, the AWS calls of `work` are cancelled. `work` itself
/// continues.
pub async fn run_with_deadline<F: Future>(deadline: Instant, work: F) -> F::Output {
    REQUEST_DEADLINE.scope(deadline, work).await
}

/// Runs a call to AWS until the deadline. Returns `None` if AWS has not answered by the deadline. The call's future is
/// boxed, because a future of the SDK takes 40 KB, and an unboxed one would add them to every future that awaits it.
pub(crate) fn run_until_deadline<F: Future>(request: F) -> impl Future<Output = Option<F::Output>> {
    let request = Box::pin(request);
    async { timeout_at(current_deadline(), request).await.ok() }
}

/// Pauses before another try. Returns `None` at once if the deadline would leave less than 400 ms for the try.
pub(crate) async fn sleep_if_time_left(length: Duration) -> Option<()> {
    let until = Instant::now() + length;
    if until + MIN_TRY_TIME >= current_deadline() {
        return None;
    }
    tokio::time::sleep_until(until).await;
    Some(())
}

/// Time until the deadline of the current request or invocation. Zero after the deadline.
pub fn time_left() -> Duration {
    current_deadline().saturating_duration_since(Instant::now())
}

fn current_deadline() -> Instant {
    REQUEST_DEADLINE.try_with(|deadline| *deadline).unwrap_or_else(|_| Instant::now() + DEFAULT_TIMEOUT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lambdas_own_deadline_takes_precedence() {
        let left = |context: Option<&Context>| of_invocation(context).saturating_duration_since(Instant::now());
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
