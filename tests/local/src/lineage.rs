//! What Lambda knows of a chain of invocations: a message that a function puts into the queue that invokes it says how many turns
//! it has made, and after 16 of them Lambda takes it for a loop and drops it. The SDK passes it on, for whatever it sends.
//! <https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html>

use aws_sdk_sqs::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_sqs::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_sqs::error::BoxError;
use axum::http::HeaderMap;

/// Turns after which Lambda drops a message.
pub(crate) const MAX_TURNS: u32 = 16;
/// The tracing header in which a message carries how many turns its lineage has had.
const HEADER: &str = "x-amzn-trace-id";

tokio::task_local! {
    static TURNS: u32;
}

/// Runs an invocation that is so many turns down its chain.
pub(crate) async fn within<F: Future>(turns: u32, invocation: F) -> F::Output {
    TURNS.scope(turns, invocation).await
}

/// The turns of whoever sends a request.
pub(crate) fn of(headers: &HeaderMap) -> u32 {
    let value = headers.get(HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.rsplit(':').next().and_then(|turns| turns.parse().ok()).unwrap_or(0)
}

/// Passes the turns on, as the SDK does in Lambda.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lineage;

impl Intercept for Lineage {
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
            context.request_mut().headers_mut().insert(HEADER, format!("Lineage=1:sender:{turns}"));
        }
        Ok(())
    }
}
