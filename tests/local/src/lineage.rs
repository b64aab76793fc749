//! Lambda's detection of recursive loops: a message that a function sends to the queue that invokes it carries the
//! number of turns, and after 16 turns Lambda drops it. The SDK passes the number on with every request.
//! <https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html>

use aws_sdk_sqs::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_sqs::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_sqs::error::BoxError;
use axum::http::HeaderMap;

/// Number of turns after which Lambda drops a message.
pub(crate) const MAX_TURNS: u32 = 16;
/// The tracing header that carries the number of turns.
const HEADER: &str = "x-amzn-trace-id";

tokio::task_local! {
    static TURNS: u32;
}

/// Runs an invocation with this number of turns.
pub(crate) async fn within<F: Future>(turns: u32, invocation: F) -> F::Output {
    TURNS.scope(turns, invocation).await
}

/// The number of turns that a request carries. 0 if it carries none.
pub(crate) fn of(headers: &HeaderMap) -> u32 {
    let value = headers.get(HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.rsplit(':').next().and_then(|turns| turns.parse().ok()).unwrap_or(0)
}

/// SDK interceptor that passes the number of turns on, as the SDK does in Lambda.
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
