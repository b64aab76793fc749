//! Writes that happen together or not at all, and what it means when they do not.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::config::Builder;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::transact_write_items::builders::TransactWriteItemsFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use serde::Serialize;

use super::counters::{Additions, later};
use super::keys::{PrimaryKey, WRITTEN_BY};
use super::requests::Failure;
use super::{Item, Table, encode, number, text};
use crate::backoff::Backoff;
use crate::deadline::{self, bounded};
use crate::error::Error;
use crate::meter::retry;
use crate::model::{Actor, Deltas, Slot};
use crate::random::random;

/// Items of one transaction.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>
pub(super) const MOST_ITEMS: usize = 100;

/// Items of a transaction that writes one lead; each try of a larger one costs more, so that it waits longer.
const ORDINARY_ITEMS: f64 = 30.0;

/// What it means when the condition beside a write does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FailedCondition {
    /// Someone else wrote it since it was read.
    Changed,
    /// Another lead has the e-mail address.
    EmailTaken,
    /// There is no such photo, or another lead has it.
    PhotoUnavailable,
    /// There are as many as there may be.
    Full,
    /// There is no such item.
    Absent,
}

/// How a transaction ended.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Everything is written.
    Committed,
    /// Nothing is written; the first condition that did not hold, and the item it was about.
    Refused(FailedCondition, Option<Item>),
    /// Nothing is written: another transaction held what this one decided from, and may have changed it, or anything else
    /// that this one does not wait for.
    Contended,
}

/// A condition on the item that is written.
#[derive(Default, Clone)]
pub(super) struct Condition {
    pub expression: String,
    pub names: HashMap<String, String>,
    pub values: Item,
}

impl Condition {
    pub(super) fn new(expression: &str) -> Self {
        Self { expression: expression.to_owned(), ..Self::default() }
    }

    pub(super) fn name(mut self, name: &str, attribute: &str) -> Self {
        self.names.insert(name.to_owned(), attribute.to_owned());
        self
    }

    /// Nobody wrote the item since it was read with this version.
    pub(super) fn unchanged(version: u64) -> Self {
        Self::new("#version = :version").name("#version", "version").value(":version", number(version))
    }

    pub(super) fn absent() -> Self {
        Self::new("attribute_not_exists(PK)")
    }

    pub(super) fn present() -> Self {
        Self::new("attribute_exists(PK)")
    }

    pub(super) fn value(mut self, name: &str, value: AttributeValue) -> Self {
        self.values.insert(name.to_owned(), value);
        self
    }
}

/// Writes in the making: one decision, sent again with the same idempotency token until it is known what became of it. No
/// item may be written twice.
pub(super) struct Transaction<'t> {
    pub(super) table: &'t Table,
    items: Vec<TransactWriteItem>,
    failures: Vec<FailedCondition>,
    /// What is added to counters, whatever they are: they decide nothing, and any of their copies will do.
    additions: Option<Additions>,
    /// What its items are signed with.
    id: String,
    /// What cannot be sent is said when it is to be.
    invalid: Option<Error>,
}

impl<'t> Transaction<'t> {
    pub(super) fn new(table: &'t Table) -> Self {
        let (id, invalid) = token().map_or_else(|error| (String::new(), Some(error)), |id| (id, None));
        Self { invalid, ..Self::signed(table, id) }
    }

    fn signed(table: &'t Table, id: String) -> Self {
        Self { table, items: Vec::new(), failures: Vec::new(), additions: None, id, invalid: None }
    }

    /// Writes that may become a part of it.
    pub(super) fn part(&self) -> Self {
        Self::signed(self.table, self.id.clone())
    }

    /// Adds a part.
    pub(super) fn append(&mut self, part: Self) {
        self.items.extend(part.items);
        self.failures.extend(part.failures);
        self.invalid = self.invalid.take().or(part.invalid);
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    /// Counts what it changes. Losing to another write of a counter changes no premise.
    pub(super) fn count(&mut self, actor: &Actor, deltas: Deltas) {
        self.additions = (!deltas.is_empty()).then(|| Additions::new(actor, deltas));
    }

    /// Writes a whole item, whatever is there.
    pub(super) fn put(&mut self, key: PrimaryKey, value: &impl Serialize) {
        let item = encode(key, value).map(|item| Put::builder().set_item(Some(item)));
        self.push_put(item, FailedCondition::Changed);
    }

    /// Writes an item that is not there yet, signed.
    pub(super) fn create(&mut self, key: PrimaryKey, value: &impl Serialize) {
        self.put_if(key, value, self.signature(), Condition::absent(), FailedCondition::Changed);
    }

    /// Writes a whole item on a condition, with further attributes.
    pub(super) fn put_if(
        &mut self,
        key: PrimaryKey,
        value: &impl Serialize,
        attributes: Item,
        condition: Condition,
        failure: FailedCondition,
    ) {
        let item = encode(key, value).map(|mut item| {
            item.extend(attributes);
            Put::builder()
                .set_item(Some(item))
                .condition_expression(condition.expression)
                .set_expression_attribute_names(some(condition.names))
                .set_expression_attribute_values(some(condition.values))
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

    /// What makes an item tell that this transaction wrote it, when its own condition says that it is there already.
    pub(super) fn signature(&self) -> Item {
        Item::from([(WRITTEN_BY.to_owned(), text(&self.id))])
    }

    pub(super) fn delete(&mut self, key: PrimaryKey) {
        self.delete_if(key, Condition::default(), FailedCondition::Changed);
    }

    pub(super) fn delete_if(&mut self, key: PrimaryKey, condition: Condition, failure: FailedCondition) {
        let delete = Delete::builder()
            .table_name(&self.table.name)
            .set_key(Some(key.attributes()))
            .set_condition_expression(Some(condition.expression).filter(|text| !text.is_empty()))
            .set_expression_attribute_names(some(condition.names))
            .set_expression_attribute_values(some(condition.values))
            .build()
            .map_err(|error| Error::caused_by("TransactWriteItems", &error));
        self.push(delete.map(|delete| TransactWriteItem::builder().delete(delete).build()), failure);
    }

    /// `expression` and `condition` share the condition's names and values.
    pub(super) fn update(&mut self, key: PrimaryKey, expression: &str, condition: Condition, failure: FailedCondition) {
        let update = Update::builder()
            .table_name(&self.table.name)
            .set_key(Some(key.attributes()))
            .update_expression(expression)
            .set_condition_expression(Some(condition.expression).filter(|text| !text.is_empty()))
            .set_expression_attribute_names(some(condition.names))
            .set_expression_attribute_values(some(condition.values))
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

    /// Writes everything or nothing, again until the outcome is known; while others hold counters, to other copies of them.
    ///
    /// # Errors
    /// 409 when it kept losing to others until the deadline, 503 when the table stayed too busy or the outcome is unknown.
    pub(super) async fn commit(mut self, tries: &mut Tries) -> Result<Outcome, Error> {
        let mut slot = self.additions.as_ref().map(Additions::slot);
        if self.items.is_empty() && slot.is_none() {
            return Ok(Outcome::Committed);
        }
        let (mut request, mut weight) = self.request(slot)?;
        // The reason for which an earlier try may have been applied all the same.
        let mut unknown: Option<String> = None;
        loop {
            let lost = match self.send(&request).await {
                Sent::Committed => return Ok(Outcome::Committed),
                Sent::Refused(failure, item) => {
                    // Nothing else is wrong, and no try can be applied there any more.
                    if let Some(later) = slot.and_then(|slot| later(slot, item.as_ref())) {
                        (slot, unknown) = (Some(later), None);
                        (request, weight) = self.request(slot)?;
                        tries.at_once();
                        continue;
                    }
                    return match unknown {
                        Some(cause) if !rules_out_earlier_tries(failure, item.as_ref()) => {
                            Err(Error::outcome_unknown(cause))
                        }
                        _ => Ok(Outcome::Refused(failure, item)),
                    };
                }
                Sent::Contended if unknown.is_none() => return Ok(Outcome::Contended),
                Sent::Contended => Error::conflict(),
                Sent::Failed(Failure::Conflict(_)) => {
                    if unknown.is_none() && slot.is_some() {
                        slot = slot.map(Additions::other);
                        (request, weight) = self.request(slot)?;
                        if tries.0.is_first() {
                            tries.0.skip();
                            continue;
                        }
                    }
                    Error::conflict()
                }
                Sent::Failed(Failure::Throttled(cause)) => Error::unavailable(cause),
                Sent::Failed(Failure::Unknown(cause)) => Error::unavailable(unknown.insert(cause)),
                Sent::Failed(Failure::Refused(cause) | Failure::Fault(cause)) => return Err(Error::internal(cause)),
            };
            if tries.0.weighted(weight).await.is_none() {
                return Err(unknown.map_or(lost, Error::outcome_unknown));
            }
        }
    }

    /// The request that adds to the copies of a slot, with an idempotency token of its own, and what a try costs.
    fn request(&mut self, slot: Option<Slot>) -> Result<(TransactWriteItemsFluentBuilder, f64), Error> {
        let mut counters = self.part();
        if let Some((additions, slot)) = self.additions.as_ref().zip(slot) {
            additions.write(slot, &mut counters);
        }
        if let Some(error) = self.invalid.take().or(counters.invalid) {
            return Err(error);
        }
        let items: Vec<_> = self.items.iter().cloned().chain(counters.items).collect();
        #[expect(clippy::cast_precision_loss, reason = "a hundred at most")]
        let weight = (items.len() as f64 / ORDINARY_ITEMS).max(1.0);
        let request = self.table.client.transact_write_items().set_transact_items(Some(items));
        Ok((request.client_request_token(token()?), weight))
    }

    /// Sends it once: the SDK would try again without telling, and a condition that fails then may do so for our own write.
    async fn send(&self, request: &TransactWriteItemsFluentBuilder) -> Sent {
        let once = Builder::new().retry_config(RetryConfig::disabled());
        match bounded(request.clone().customize().config_override(once).send()).await {
            None => Sent::Failed(Failure::late("TransactWriteItems")),
            Some(Ok(_)) => Sent::Committed,
            Some(Err(error)) => self.refusal(&error),
        }
    }

    fn refusal(&self, error: &SdkError<TransactWriteItemsError>) -> Sent {
        let Some(TransactWriteItemsError::TransactionCanceledException(canceled)) = error.as_service_error() else {
            return Sent::Failed(Failure::of("TransactWriteItems", error));
        };
        let reasons = canceled.cancellation_reasons();
        let ours = |reason: &CancellationReason| {
            reason.item().and_then(|item| item.get(WRITTEN_BY)?.as_s().ok()).is_some_and(|id| *id == self.id)
        };
        if reasons.iter().any(ours) {
            return Sent::Committed;
        }
        let failed = |(_, reason): &(usize, &CancellationReason)| reason.code() == Some("ConditionalCheckFailed");
        if let Some((n, reason)) = reasons.iter().enumerate().find(failed) {
            // Behind its own items are the counters.
            let failure = self.failures.get(n).copied().unwrap_or(FailedCondition::Changed);
            return Sent::Refused(failure, reason.item().cloned());
        }
        let codes: Vec<&str> =
            reasons.iter().filter_map(|reason| reason.code()).filter(|code| *code != "None").collect();
        let cause = format!("TransactWriteItems: canceled: {}", codes.join(", "));
        let any = |known: &[&str]| codes.iter().any(|code| known.contains(code));
        Sent::Failed(if any(&["ProvisionedThroughputExceeded", "ThrottlingError", "RequestLimitExceeded"]) {
            Failure::Throttled(cause)
        } else if any(&["TransactionConflict"]) {
            let decided_by = reasons.iter().take(self.items.len());
            if decided_by.filter_map(|reason| reason.code()).any(|code| code == "TransactionConflict") {
                return Sent::Contended;
            }
            Failure::Conflict(cause)
        } else {
            Failure::Fault(cause)
        })
    }
}

/// Whether a try whose answer was lost was not applied and never will be, now that a later one was refused. A version, a
/// time or an id that has passed never comes back; an address can be free again. An item that others sign too may have
/// been overwritten after we wrote it.
fn rules_out_earlier_tries(failure: FailedCondition, item: Option<&Item>) -> bool {
    failure == FailedCondition::Changed && !item.is_some_and(|item| item.contains_key(WRITTEN_BY))
}

/// What DynamoDB takes for one and the same request for ten minutes.
fn token() -> Result<String, Error> {
    Ok(format!("{:032x}", u128::from_be_bytes(random()?)))
}

/// What came of sending a transaction once.
enum Sent {
    Committed,
    Refused(FailedCondition, Option<Item>),
    /// Another transaction held what this one decided from.
    Contended,
    Failed(Failure),
}

/// Expressions have names and values, or none at all: an empty map is refused.
pub(super) fn some<V>(values: HashMap<String, V>) -> Option<HashMap<String, V>> {
    (!values.is_empty()).then_some(values)
}

/// The tries of one request.
#[derive(Debug, Default)]
pub(super) struct Tries(Backoff);

impl Tries {
    /// Waits before the next try.
    ///
    /// # Errors
    /// 409 when the deadline leaves no time for one.
    pub(super) async fn again(&mut self) -> Result<(), Error> {
        self.0.next().await.ok_or_else(Error::conflict)
    }

    /// Tries at once, something else.
    pub(super) fn at_once(&self) {
        retry();
    }

    /// Decides anew, before the next try: at once where another write has changed the premises, as it is done; after a pause
    /// where one may be under way.
    ///
    /// # Errors
    /// 409 when the deadline leaves no time for one.
    pub(super) async fn after(&mut self, outcome: &Outcome) -> Result<(), Error> {
        match outcome {
            Outcome::Refused(..) => {
                self.at_once();
                deadline::pause(Duration::ZERO).await.ok_or_else(Error::conflict)
            }
            Outcome::Contended | Outcome::Committed => self.again().await,
        }
    }
}
