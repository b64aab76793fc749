//! What a function answers that Lambda invokes with a batch: what of it is to come again.

use serde::Serialize;

/// A partial batch response. Of a stream Lambda goes on from the first failure; of a queue it removes everything else.
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

/// By their sequence numbers, or the ids of messages.
impl FromIterator<String> for BatchResponse {
    fn from_iter<T: IntoIterator<Item = String>>(failures: T) -> Self {
        let failure = |item_identifier| BatchItemFailure { item_identifier };
        Self { batch_item_failures: failures.into_iter().map(failure).collect() }
    }
}
