//! Emulates Lambda's detection of recursive loops: Lambda drops a message that was sent through the same function and
//! queue 16 times.
//! <https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html>

use aws_sdk_sqs::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_sqs::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_sqs::error::BoxError;
use axum::http::HeaderMap;

/// Number of turns of a recursive loop after which Lambda drops a message.
pub(crate) const MAX_LOOP_TURNS: u32 = 16;
/// The X-Ray trace header, which carries the number of turns of a recursive loop.
const TRACE_HEADER: &str = "x-amzn-trace-id";

tokio::task_local! {
    static TURNS: u32;
}

/// Runs an invocation. Its requests carry `turns`, the number of turns of a recursive loop.
pub(crate) async fn with_turns<F: Future>(turns: u32, invocation: F) -> F::Output {
    TURNS.scope(turns, invocation).await
}

/// The number of turns of a recursive loop, from a request's headers. 0 if the headers have none.
pub(crate) fn of(headers: &HeaderMap) -> u32 {
    let value = headers.get(TRACE_HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.rsplit(':').next().and_then(|turns| turns.parse().ok()).unwrap_or(0)
}

/// SDK interceptor that adds the number of turns of a recursive loop to requests, as the SDK does in Lambda.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TraceLineage;

impl Intercept for TraceLineage {
    fn name(&self) -> &'static str {
        "Lineage"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Ok(turns) = TURNS.try_with(|turns| *turns) {
            context.request_mut().headers_mut().insert(TRACE_HEADER, format!("Lineage=1:sender:{turns}"));
        }
        Ok(())
    }
}
