//! Partial batch responses.

use serde::Serialize;

/// A partial batch response: the records that Lambda is to deliver again. For a stream, Lambda continues from the first
/// failure; from a queue, it removes all other messages.
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html>
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting>
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchResponse {
    batch_item_failures: Vec<BatchItemFailure>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct BatchItemFailure {
    item_identifier: String,
}

/// Builds the response from the failed items: sequence numbers of stream records, or ids of SQS messages.
impl FromIterator<String> for BatchResponse {
    fn from_iter<T: IntoIterator<Item = String>>(failures: T) -> Self {
        let failure = |item_identifier| BatchItemFailure { item_identifier };
        Self { batch_item_failures: failures.into_iter().map(failure).collect() }
    }
}
