//! DynamoDB transactions, and the classification of their failures.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::config::Builder;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::transact_write_items::builders::TransactWriteItemsFluentBuilder;
use aws_sdk_dynamodb::types::{
    CancellationReason, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use serde::Serialize;

use super::condition::WriteCondition;
use super::counters::{CounterAdditions, copy_after_closed_day};
use super::item_update::{ItemUpdate, UpdateExpression};
use super::keys::PrimaryKey;
use super::keys::attribute::WRITTEN_BY;
use super::requests::RequestFailure;
use super::{Table, TableItem, encode_item, string_value};
use crate::domain::error::Error;
use crate::domain::{Actor, CounterCopyId, CounterDeltas};
use crate::platform::backoff::Backoff;
use crate::platform::consumed_capacity::count_retry;
use crate::platform::deadline::{self, run_until_deadline};
use crate::platform::entropy::random_bytes;

/// Maximum number of items of a transaction.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>
pub(super) const MAX_TRANSACTION_ITEMS: usize = 100;

/// Usual number of items in a transaction that writes one lead. The pauses of larger transactions are longer in
/// proportion, because each try costs more.
const USUAL_TRANSACTION_ITEMS: f64 = 30.0;

/// The reason for which the condition of a write failed.
#[derive(Clone, Copy, Debug)]
pub(super) enum FailedCondition {
    /// The item has changed since it was read.
    Changed,
    /// Another lead has the e-mail address.
    EmailTaken,
    /// Another lead has the external id.
    ExternalIdTaken,
    /// The photo is no unattached upload: unknown, expired, discarded, or attached to a lead.
    PhotoUnavailable,
    /// The request fails with this error, for example because a limit is reached.
    Reject(fn() -> Error),
}

/// How a transaction ended.
#[derive(Debug)]
pub(super) enum TransactionOutcome {
    Committed,
    /// A condition failed, so nothing was written. Holds the reason of the first failed condition, and the item that
    /// failed it.
    Refused(FailedCondition, Option<TableItem>),
    /// Nothing was written, because a concurrent transaction held an item of this transaction and may have changed it.
    Contended,
}

/// A transaction that is being built. [`Transaction::commit`] sends it with the same idempotency token until its
/// outcome is known. No item may be written twice.
pub(super) struct Transaction<'t> {
    pub(super) table: &'t Table,
    items: Vec<TransactWriteItem>,
    failures: Vec<FailedCondition>,
    /// Counter changes. They depend on no item that was read, so any copy (shard) of a counter can take them.
    additions: Option<CounterAdditions>,
    /// Random id, written into items as `writtenBy`. If a condition fails because an earlier try of this transaction
    /// was applied, the transaction recognises its own write by this id.
    id: String,
    /// An error from building the transaction, returned on commit.
    invalid: Option<Error>,
}

impl<'t> Transaction<'t> {
    pub(super) fn new(table: &'t Table) -> Self {
        let (id, invalid) = new_idempotency_token().map_or_else(|error| (String::new(), Some(error)), |id| (id, None));
        Self { invalid, ..Self::new_with_id(table, id) }
    }

    fn new_with_id(table: &'t Table, id: String) -> Self {
        Self { table, items: Vec::new(), failures: Vec::new(), additions: None, id, invalid: None }
    }

    /// Starts an empty part with the same id, for [`Transaction::append`] or [`Transaction::prepend`].
    pub(super) fn empty_part(&self) -> Self {
        Self::new_with_id(self.table, self.id.clone())
    }

    /// Adds the writes of a part after the other writes.
    pub(super) fn append(&mut self, part: Self) {
        self.items.extend(part.items);
        self.failures.extend(part.failures);
        self.invalid = self.invalid.take().or(part.invalid);
    }

    /// Adds the writes of a part before the other writes.
    pub(super) fn prepend(&mut self, part: Self) {
        self.items.splice(0..0, part.items);
        self.failures.splice(0..0, part.failures);
        self.invalid = self.invalid.take().or(part.invalid);
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    /// Sets the counter changes. A conflict on a counter does not affect the items that the write was decided from.
    pub(super) fn set_counter_changes(&mut self, actor: &Actor, deltas: CounterDeltas) {
        self.additions = (!deltas.is_empty()).then(|| CounterAdditions::new(actor, deltas));
    }

    /// Puts an item unconditionally.
    pub(super) fn put(&mut self, key: PrimaryKey, value: &impl Serialize) {
        let item = encode_item(key, value).map(|item| Put::builder().set_item(Some(item)));
        self.push_put(item, FailedCondition::Changed);
    }

    /// Puts an item with the writer mark (`writtenBy`), on condition that the item does not exist.
    pub(super) fn create(&mut self, key: PrimaryKey, value: &impl Serialize) {
        self.put_if(key, value, self.writer_mark(), WriteCondition::item_absent(), FailedCondition::Changed);
    }

    /// Puts an item with additional attributes, on a condition. `failure` is the reason to report if the condition
    /// fails.
    pub(super) fn put_if(
        &mut self,
        key: PrimaryKey,
        value: &impl Serialize,
        attributes: TableItem,
        condition: WriteCondition,
        failure: FailedCondition,
    ) {
        let item = encode_item(key, value).map(|mut item| {
            item.extend(attributes);
            Put::builder()
                .set_item(Some(item))
                .condition_expression(condition.expression)
                .set_expression_attribute_names(none_if_empty(condition.names))
                .set_expression_attribute_values(none_if_empty(condition.values))
                .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        });
        self.push_put(item, failure);
    }

    fn push_put(
        &mut self,
        put: Result<aws_sdk_dynamodb::types::builders::PutBuilder, Error>,
        failure: FailedCondition,
    ) {
        let put = put.and_then(|put| {
            put.table_name(&self.table.name).build().map_err(|error| Error::caused_by("TransactWriteItems", &error))
        });
        self.push(put.map(|put| TransactWriteItem::builder().put(put).build()), failure);
    }

    /// The attribute that marks an item as written by this transaction. If a condition fails because of the
    /// transaction's own earlier try, the transaction recognises this by the mark.
    pub(super) fn writer_mark(&self) -> TableItem {
        TableItem::from([(WRITTEN_BY.to_owned(), string_value(&self.id))])
    }

    pub(super) fn delete(&mut self, key: PrimaryKey) {
        self.delete_if(key, WriteCondition::default(), FailedCondition::Changed);
    }

    pub(super) fn delete_if(&mut self, key: PrimaryKey, condition: WriteCondition, failure: FailedCondition) {
        let delete = Delete::builder()
            .table_name(&self.table.name)
            .set_key(Some(key.key_attributes()))
            .set_condition_expression(Some(condition.expression).filter(|text| !text.is_empty()))
            .set_expression_attribute_names(none_if_empty(condition.names))
            .set_expression_attribute_values(none_if_empty(condition.values))
            .build()
            .map_err(|error| Error::caused_by("TransactWriteItems", &error));
        self.push(delete.map(|delete| TransactWriteItem::builder().delete(delete).build()), failure);
    }

    pub(super) fn update(&mut self, key: PrimaryKey, update: ItemUpdate, failure: FailedCondition) {
        let UpdateExpression { expression, condition } = update.build_expression();
        let update = Update::builder()
            .table_name(&self.table.name)
            .set_key(Some(key.key_attributes()))
            .update_expression(expression)
            .set_condition_expression(Some(condition.expression).filter(|text| !text.is_empty()))
            .set_expression_attribute_names(none_if_empty(condition.names))
            .set_expression_attribute_values(none_if_empty(condition.values))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(|error| Error::caused_by("TransactWriteItems", &error));
        self.push(update.map(|update| TransactWriteItem::builder().update(update).build()), failure);
    }

    fn push(&mut self, item: Result<TransactWriteItem, Error>, failure: FailedCondition) {
        match item {
            Ok(item) => {
                self.items.push(item);
                self.failures.push(failure);
            }
            Err(error) => self.invalid = Some(error),
        }
    }

    /// Sends the transaction until its outcome is known. If a concurrent transaction holds its counters, the next try
    /// uses other copies (shards) of them.
    ///
    /// # Errors
    /// 409 when conflicts lasted until the deadline, 503 when the table stayed too busy or the outcome is unknown.
    pub(super) async fn commit(mut self, tries: &mut RetryState) -> Result<TransactionOutcome, Error> {
        let mut copy = self.additions.as_ref().map(CounterAdditions::random_copy);
        if self.items.is_empty() && copy.is_none() {
            return Ok(TransactionOutcome::Committed);
        }
        let (mut request, mut weight) = self.build_request(copy)?;
        // Why the outcome of an earlier try is unknown. `None` if no earlier try can have been applied.
        let mut unknown: Option<String> = None;
        loop {
            let lost = match NextStepAfterTry::of(self.send_single_try(&request).await, copy, unknown.as_deref()) {
                NextStepAfterTry::End(end) => return end,
                NextStepAfterTry::LaterDay(later) => {
                    (copy, unknown) = (Some(later), None);
                    (request, weight) = self.build_request(copy)?;
                    tries.count_immediate_retry();
                    continue;
                }
                NextStepAfterTry::AnotherShard => {
                    copy = copy.map(CounterAdditions::copy_in_another_shard);
                    (request, weight) = self.build_request(copy)?;
                    if tries.0.is_first_try() {
                        tries.0.count_immediate_retry();
                        continue;
                    }
                    Error::conflict()
                }
                NextStepAfterTry::Again(lost) => lost,
                NextStepAfterTry::AgainUnknown(cause) => Error::unavailable(unknown.insert(cause)),
            };
            if tries.0.pause_before_retry_weighted(weight).await.is_none() {
                return Err(unknown.map_or(lost, Error::outcome_unknown));
            }
        }
    }

    /// Builds the request, with the counter changes for `copy` and a new idempotency token. Also returns the relative
    /// cost of a try.
    fn build_request(&mut self, copy: Option<CounterCopyId>) -> Result<(TransactWriteItemsFluentBuilder, f64), Error> {
        let mut counters = self.empty_part();
        if let Some((additions, copy)) = self.additions.as_ref().zip(copy) {
            for (key, update) in additions.counter_updates(copy) {
                counters.update(key, update, FailedCondition::Changed);
            }
        }
        if let Some(error) = self.invalid.take().or(counters.invalid) {
            return Err(error);
        }
        let items: Vec<_> = self.items.iter().cloned().chain(counters.items).collect();
        #[expect(clippy::cast_precision_loss, reason = "a hundred at most")]
        let weight = (items.len() as f64 / USUAL_TRANSACTION_ITEMS).max(1.0);
        let request = self.table.client.transact_write_items().set_transact_items(Some(items));
        Ok((request.client_request_token(new_idempotency_token()?), weight))
    }

    /// Sends the transaction once. The SDK's own retries are off: after a lost response, a condition could fail because
    /// of the transaction's own write.
    async fn send_single_try(&self, request: &TransactWriteItemsFluentBuilder) -> TransactResult {
        let once = Builder::new().retry_config(RetryConfig::disabled());
        match run_until_deadline(request.clone().customize().config_override(once).send()).await {
            None => TransactResult::Failed(RequestFailure::deadline_exceeded("TransactWriteItems")),
            Some(Ok(_)) => TransactResult::Committed,
            Some(Err(error)) => self.classify_failure(&error),
        }
    }

    fn classify_failure(&self, error: &SdkError<TransactWriteItemsError>) -> TransactResult {
        let Some(TransactWriteItemsError::TransactionCanceledException(canceled)) = error.as_service_error() else {
            return TransactResult::Failed(RequestFailure::of("TransactWriteItems", error));
        };
        let reasons = canceled.cancellation_reasons();
        let ours = |reason: &CancellationReason| {
            reason.item().and_then(|item| item.get(WRITTEN_BY)?.as_s().ok()).is_some_and(|id| *id == self.id)
        };
        if reasons.iter().any(ours) {
            return TransactResult::Committed;
        }
        let failed = |(_, reason): &(usize, &CancellationReason)| reason.code() == Some("ConditionalCheckFailed");
        if let Some((n, reason)) = reasons.iter().enumerate().find(failed) {
            // Reasons after those of the transaction's own items belong to counter updates.
            let failure = self.failures.get(n).copied().unwrap_or(FailedCondition::Changed);
            return TransactResult::Refused(failure, reason.item().cloned());
        }
        let codes: Vec<&str> =
            reasons.iter().filter_map(|reason| reason.code()).filter(|code| *code != "None").collect();
        let cause = format!("TransactWriteItems: canceled: {}", codes.join(", "));
        let any = |known: &[&str]| codes.iter().any(|code| known.contains(code));
        TransactResult::Failed(if any(&["ProvisionedThroughputExceeded", "ThrottlingError", "RequestLimitExceeded"]) {
            RequestFailure::Throttled(cause)
        } else if any(&["TransactionConflict"]) {
            let decided_by = reasons.iter().take(self.items.len());
            if decided_by.filter_map(|reason| reason.code()).any(|code| code == "TransactionConflict") {
                return TransactResult::Contended;
            }
            RequestFailure::Conflict(cause)
        } else {
            RequestFailure::Fault(cause)
        })
    }
}

/// Whether a refusal proves that no earlier try was applied. Versions, times and ids never repeat, so a failed
/// condition on them is proof. An e-mail address or an external id can be freed and taken again. An item with `writtenBy` may have been
/// overwritten by another transaction after our write.
fn rules_out_earlier_tries(failure: FailedCondition, item: Option<&TableItem>) -> bool {
    matches!(failure, FailedCondition::Changed) && !item.is_some_and(|item| item.contains_key(WRITTEN_BY))
}

/// A new idempotency token. DynamoDB treats requests with the same token as one for ten minutes.
fn new_idempotency_token() -> Result<String, Error> {
    Ok(format!("{:032x}", u128::from_be_bytes(random_bytes()?)))
}

/// Result of sending a transaction once.
enum TransactResult {
    Committed,
    Refused(FailedCondition, Option<TableItem>),
    /// A concurrent transaction held an item of this transaction that is no counter.
    Contended,
    Failed(RequestFailure),
}

/// The next step after one try of a transaction.
enum NextStepAfterTry {
    /// The request ends.
    End(Result<TransactionOutcome, Error>),
    /// The day of the counter copies is closed, and nothing was written: tries copies of a later day, without a pause.
    LaterDay(CounterCopyId),
    /// A concurrent write holds a counter copy, and nothing was written: tries copies in another shard.
    AnotherShard,
    /// Tries the same request again. Without time for another try, the request fails with this error.
    Again(Error),
    /// Tries the same request again. It may have been applied already; the text says why.
    AgainUnknown(String),
}

impl NextStepAfterTry {
    /// Decides the next step from the result of a try. `copy` is the counter copy that the try added to. `unknown` says
    /// why an earlier try of the same request may have been applied.
    fn of(result: TransactResult, copy: Option<CounterCopyId>, unknown: Option<&str>) -> Self {
        match (result, unknown) {
            (TransactResult::Committed, _) => Self::End(Ok(TransactionOutcome::Committed)),
            (TransactResult::Refused(failure, item), unknown) => {
                let later = copy.and_then(|copy| copy_after_closed_day(copy, item.as_ref()));
                match (later, unknown) {
                    // Only the condition on the closed day failed, and no try can add to a closed day any more.
                    (Some(later), _) => Self::LaterDay(later),
                    (None, Some(cause)) if !rules_out_earlier_tries(failure, item.as_ref()) => {
                        Self::End(Err(Error::outcome_unknown(cause)))
                    }
                    (None, _) => Self::End(Ok(TransactionOutcome::Refused(failure, item))),
                }
            }
            (TransactResult::Contended, None) => Self::End(Ok(TransactionOutcome::Contended)),
            (TransactResult::Failed(RequestFailure::Conflict(_)), None) if copy.is_some() => Self::AnotherShard,
            (TransactResult::Contended | TransactResult::Failed(RequestFailure::Conflict(_)), _) => {
                Self::Again(Error::conflict())
            }
            (TransactResult::Failed(RequestFailure::Throttled(cause)), _) => Self::Again(Error::unavailable(cause)),
            (TransactResult::Failed(RequestFailure::Unknown(cause)), _) => Self::AgainUnknown(cause),
            (TransactResult::Failed(RequestFailure::Refused(cause) | RequestFailure::Fault(cause)), _) => {
                Self::End(Err(Error::internal(cause)))
            }
        }
    }
}

/// `None` for an empty map, because DynamoDB rejects empty maps of names or values.
pub(super) fn none_if_empty<V>(values: HashMap<String, V>) -> Option<HashMap<String, V>> {
    (!values.is_empty()).then_some(values)
}

/// Retry state of a request: its pauses between tries.
#[derive(Debug, Default)]
pub(super) struct RetryState(Backoff);

impl RetryState {
    /// Waits before the next try.
    ///
    /// # Errors
    /// 409 when the deadline leaves no time for one.
    pub(super) async fn pause_before_retry(&mut self) -> Result<(), Error> {
        self.0.pause_before_retry().await.ok_or_else(Error::conflict)
    }

    /// Counts a retry that follows without a pause.
    pub(super) fn count_immediate_retry(&self) {
        count_retry();
    }

    /// Prepares the next attempt: without a pause if a condition failed, after a pause if a concurrent transaction may
    /// still hold an item.
    ///
    /// # Errors
    /// 409 when the deadline leaves no time for another attempt.
    pub(super) async fn prepare_next_attempt(&mut self, outcome: &TransactionOutcome) -> Result<(), Error> {
        match outcome {
            TransactionOutcome::Refused(..) => {
                self.count_immediate_retry();
                deadline::sleep_if_time_left(Duration::ZERO).await.ok_or_else(Error::conflict)
            }
            TransactionOutcome::Contended | TransactionOutcome::Committed => self.pause_before_retry().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;

    use super::*;
    use crate::domain::ErrorCode;
    use crate::store::keys::attribute::counter::LAST_CLOSED_DAY;

    const COPY: CounterCopyId = CounterCopyId { generation: Date::constant(2026, 1, 31), shard: 3 };

    /// Describes a verdict in a few words, or by the code of the error that ends the request.
    fn verdict(result: TransactResult, copy: Option<CounterCopyId>, unknown: Option<&str>) -> String {
        match NextStepAfterTry::of(result, copy, unknown) {
            NextStepAfterTry::End(Ok(TransactionOutcome::Committed)) => "committed".to_owned(),
            NextStepAfterTry::End(Ok(TransactionOutcome::Refused(..))) => "refused".to_owned(),
            NextStepAfterTry::End(Ok(TransactionOutcome::Contended)) => "contended".to_owned(),
            NextStepAfterTry::End(Err(error)) => format!("{:?}", error.code()),
            NextStepAfterTry::LaterDay(copy) => copy.generation.to_string(),
            NextStepAfterTry::AnotherShard => "another shard".to_owned(),
            NextStepAfterTry::Again(error) => format!("again, else {:?}", error.code()),
            NextStepAfterTry::AgainUnknown(_) => "again, unknown".to_owned(),
        }
    }

    fn refused(failure: FailedCondition, attribute: Option<(&str, &str)>) -> TransactResult {
        let item = attribute.map(|(name, value)| TableItem::from([(name.to_owned(), string_value(value))]));
        TransactResult::Refused(failure, item)
    }

    #[test]
    fn a_result_is_final_only_if_no_earlier_try_can_have_been_applied() {
        let changed = |attribute| refused(FailedCondition::Changed, attribute);
        let email = || refused(FailedCondition::EmailTaken, None);
        assert_eq!(verdict(TransactResult::Committed, None, Some("late")), "committed");
        assert_eq!(verdict(email(), None, None), "refused");
        // The lead that had this e-mail address may be gone by now. Another transaction may have overwritten an item
        // with `writtenBy` after our write.
        assert_eq!(verdict(email(), None, Some("late")), format!("{:?}", ErrorCode::OutcomeUnknown));
        let with_writer = changed(Some((WRITTEN_BY, "another")));
        assert_eq!(verdict(with_writer, None, Some("late")), format!("{:?}", ErrorCode::OutcomeUnknown));
        // A version never repeats, so a failed condition on it proves that no earlier try was applied.
        assert_eq!(verdict(changed(None), None, Some("late")), "refused");
        assert_eq!(verdict(TransactResult::Contended, None, None), "contended");
        assert_eq!(verdict(TransactResult::Contended, None, Some("late")), "again, else Conflict");
    }

    #[test]
    fn conflicts_on_counters_never_decide_a_request() {
        let closed = |day| refused(FailedCondition::Changed, Some((LAST_CLOSED_DAY, day)));
        assert_eq!(verdict(closed("2026-01-31"), Some(COPY), None), "2026-02-01");
        assert_eq!(verdict(closed("2026-02-04"), Some(COPY), Some("late")), "2026-02-05");
        assert_eq!(verdict(closed("2026-01-30"), Some(COPY), None), "refused");
        let conflict = || TransactResult::Failed(RequestFailure::Conflict("held".to_owned()));
        assert_eq!(verdict(conflict(), Some(COPY), None), "another shard");
        // A try with another shard would be a new request, although the first request may have been applied.
        assert_eq!(verdict(conflict(), Some(COPY), Some("late")), "again, else Conflict");
        assert_eq!(verdict(conflict(), None, None), "again, else Conflict");
    }

    #[test]
    fn only_throttling_and_unknown_outcomes_are_retried() {
        let failed = |failure: fn(String) -> RequestFailure| TransactResult::Failed(failure("why".to_owned()));
        assert_eq!(verdict(failed(RequestFailure::Throttled), None, None), "again, else Unavailable");
        assert_eq!(verdict(failed(RequestFailure::Unknown), None, None), "again, unknown");
        assert_eq!(verdict(failed(RequestFailure::Fault), None, None), "InternalError");
        assert_eq!(verdict(failed(RequestFailure::Refused), None, None), "InternalError");
    }
}
