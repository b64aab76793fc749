//! Single requests to DynamoDB: sending them within the deadline, and classifying their failures.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};

use crate::domain::error::{Error, error_chain};
use crate::platform::backoff::Backoff;
use crate::platform::deadline::run_until_deadline;

/// Error codes of throttling. A throttled request had no effect.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html>
const THROTTLING_CODES: [&str; 6] = [
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "ThrottlingError",
    "RequestLimitExceeded",
    "LimitExceededException",
    "TooManyRequestsException",
];
/// Error codes after which it is unknown whether the request took effect.
const UNKNOWN_OUTCOME_CODES: [&str; 6] = [
    "TransactionInProgressException",
    "InternalServerError",
    "InternalFailure",
    "ServiceUnavailable",
    "RequestTimeout",
    "RequestTimeoutException",
];

/// Failure of a request to DynamoDB.
#[derive(Debug)]
pub(super) enum RequestFailure {
    /// A concurrent transaction holds the item. The request had no effect.
    Conflict(String),
    /// The condition does not hold. The request had no effect.
    Refused(String),
    /// Throttled. The request had no effect.
    Throttled(String),
    /// It is unknown whether the request had an effect, for example after a 5xx or without a response.
    Unknown(String),
    /// The request is at fault, for example not valid or not permitted.
    Fault(String),
}

impl RequestFailure {
    /// Classifies an error of the SDK, by its HTTP status first: a response with 5xx or 429 may have an unknown error
    /// code, or no JSON body.
    pub(super) fn of<E>(operation: &str, error: &SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        // The message may be logged: DynamoDB's error messages contain names used in expressions, but no attribute
        // values, and so no personal data.
        let cause = match error.code() {
            Some(code) => format!("{operation}: {code}: {}", error.message().unwrap_or_default()),
            None => format!("{operation}: {}", error_chain(error)),
        };
        let code = error.code().unwrap_or_default();
        match error.raw_response().map(|response| response.status().as_u16()) {
            Some(429) => Self::Throttled(cause),
            Some(500..) | None => Self::Unknown(cause),
            _ if code == "TransactionConflictException" => Self::Conflict(cause),
            _ if code == "ConditionalCheckFailedException" => Self::Refused(cause),
            _ if THROTTLING_CODES.contains(&code) => Self::Throttled(cause),
            _ if UNKNOWN_OUTCOME_CODES.contains(&code) => Self::Unknown(cause),
            _ => Self::Fault(cause),
        }
    }

    /// The failure of a request that got no response by the deadline.
    pub(super) fn deadline_exceeded(operation: &str) -> Self {
        Self::Unknown(format!("{operation}: no answer by the deadline"))
    }

    /// Converts a failure to the error of a read, or of a write that is harmless to repeat.
    pub(super) fn into_error(self) -> Error {
        match self {
            Self::Conflict(cause) | Self::Throttled(cause) | Self::Unknown(cause) => Error::unavailable(cause),
            Self::Refused(cause) | Self::Fault(cause) => Error::internal(cause),
        }
    }
}

/// Sends a request within the deadline.
pub(super) fn send_with_deadline<O, E>(
    operation: &str,
    request: impl Future<Output = Result<O, SdkError<E>>>,
) -> impl Future<Output = Result<O, RequestFailure>>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let answer = run_until_deadline(request);
    async move {
        match answer.await {
            Some(answer) => answer.map_err(|error| RequestFailure::of(operation, &error)),
            None => Err(RequestFailure::deadline_exceeded(operation)),
        }
    }
}

/// Sends a read within the deadline.
///
/// # Errors
/// 503 when the table stays too busy or out of reach.
pub(super) fn send_read<O, E>(
    operation: &str,
    request: impl Future<Output = Result<O, SdkError<E>>>,
) -> impl Future<Output = Result<O, Error>>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let answer = send_with_deadline(operation, request);
    async { answer.await.map_err(RequestFailure::into_error) }
}

/// Sends a write of one item that is harmless to repeat, and retries it while a transaction holds the item.
async fn retry_conflicts<O, E, F>(operation: &str, request: impl Fn() -> F) -> Result<O, RequestFailure>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    F: Future<Output = Result<O, SdkError<E>>>,
{
    let mut backoff = Backoff::default();
    loop {
        match send_with_deadline(operation, request()).await {
            Err(RequestFailure::Conflict(cause)) => {
                backoff.pause_before_retry().await.ok_or(RequestFailure::Conflict(cause))?
            }
            answer => return answer,
        }
    }
}

/// Sends a conditional write of one item that is harmless to repeat. `false` if the condition does not hold.
///
/// # Errors
/// 503 when the table stays too busy or out of reach.
pub(super) async fn send_conditional_write<O, E, F>(operation: &str, request: impl Fn() -> F) -> Result<bool, Error>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    F: Future<Output = Result<O, SdkError<E>>>,
{
    match retry_conflicts(operation, request).await {
        Ok(_) => Ok(true),
        Err(RequestFailure::Refused(_)) => Ok(false),
        Err(failure) => Err(failure.into_error()),
    }
}

/// Sends an unconditional write of one item that is harmless to repeat.
///
/// # Errors
/// 503 when the table stays too busy or out of reach.
pub(super) async fn send_unconditional_write<O, E, F>(operation: &str, request: impl Fn() -> F) -> Result<O, Error>
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    F: Future<Output = Result<O, SdkError<E>>>,
{
    retry_conflicts(operation, request).await.map_err(RequestFailure::into_error)
}
