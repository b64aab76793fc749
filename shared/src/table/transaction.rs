//! Writes that happen together or not at all, and what it means when they do not.

use std::collections::HashMap;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update};

use super::keys::PrimaryKey;
use super::{Item, Table, failure, is_transient, number, pause};
use crate::error::Error;

/// Items of one transaction.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>
pub(super) const MOST_ITEMS: usize = 100;
/// Transactions that one request tries before it gives up: about two seconds in all.
const MOST_TRIES: u32 = 12;

/// What it means when the condition beside a write does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Someone else wrote it since it was read.
    Changed,
    /// Another lead has the e-mail address.
    EmailTaken,
    /// There is no such photo, or another lead has it.
    PhotoUnavailable,
    /// Leads still refer to what is to be deleted.
    InUse,
}

/// How a transaction ended.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Everything is written.
    Committed,
    /// Nothing is written; the first condition that did not hold, and the item it was about.
    Refused(Meaning, Option<Item>),
    /// Nothing is written: another transaction was under way, or the table was too busy.
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

    pub(super) fn value(mut self, name: &str, value: aws_sdk_dynamodb::types::AttributeValue) -> Self {
        self.values.insert(name.to_owned(), value);
        self
    }
}

/// Writes in the making. No item may be written twice.
#[derive(Default)]
pub(super) struct Transaction {
    items: Vec<TransactWriteItem>,
    meanings: Vec<Meaning>,
}

impl Transaction {
    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    pub(super) fn put(
        &mut self,
        table: &Table,
        item: Item,
        condition: Option<(Condition, Meaning)>,
    ) -> Result<(), Error> {
        let mut put = Put::builder().table_name(&table.name).set_item(Some(item));
        let mut meaning = Meaning::Changed;
        if let Some((condition, means)) = condition {
            meaning = means;
            put = put
                .condition_expression(condition.expression)
                .set_expression_attribute_names(some(condition.names))
                .set_expression_attribute_values(some(condition.values))
                .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        }
        let put = put.build().map_err(|e| Error::caused_by("Put", &e))?;
        self.push(TransactWriteItem::builder().put(put).build(), meaning);
        Ok(())
    }

    pub(super) fn delete(&mut self, table: &Table, key: PrimaryKey) -> Result<(), Error> {
        let delete = Delete::builder().table_name(&table.name).set_key(Some(key.attributes()));
        let delete = delete.build().map_err(|e| Error::caused_by("Delete", &e))?;
        self.push(TransactWriteItem::builder().delete(delete).build(), Meaning::Changed);
        Ok(())
    }

    /// `expression` and `condition` share the condition's values.
    pub(super) fn update(
        &mut self,
        table: &Table,
        key: PrimaryKey,
        expression: &str,
        condition: Condition,
        meaning: Meaning,
    ) -> Result<(), Error> {
        let update = Update::builder()
            .table_name(&table.name)
            .set_key(Some(key.attributes()))
            .update_expression(expression)
            .set_condition_expression(Some(condition.expression).filter(|text| !text.is_empty()))
            .set_expression_attribute_names(some(condition.names))
            .set_expression_attribute_values(some(condition.values))
            .build()
            .map_err(|e| Error::caused_by("Update", &e))?;
        self.push(TransactWriteItem::builder().update(update).build(), meaning);
        Ok(())
    }

    fn push(&mut self, item: TransactWriteItem, meaning: Meaning) {
        self.items.push(item);
        self.meanings.push(meaning);
    }

    /// Writes everything or nothing. The SDK sends one token with each try of the same transaction, so that a try whose
    /// answer was lost is not applied twice.
    pub(super) async fn commit(self, table: &Table) -> Result<Outcome, Error> {
        if self.items.is_empty() {
            return Ok(Outcome::Committed);
        }
        let request = table.client.transact_write_items().set_transact_items(Some(self.items));
        match request.send().await {
            Ok(_) => Ok(Outcome::Committed),
            Err(error) => outcome(&self.meanings, error),
        }
    }
}

fn some<V>(values: HashMap<String, V>) -> Option<HashMap<String, V>> {
    (!values.is_empty()).then_some(values)
}

fn outcome(meanings: &[Meaning], error: SdkError<TransactWriteItemsError>) -> Result<Outcome, Error> {
    let canceled = match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(canceled)) => canceled,
        Some(TransactWriteItemsError::TransactionInProgressException(_)) => return Ok(Outcome::Contended),
        _ => return Err(failure("TransactWriteItems", error)),
    };
    let reasons = canceled.cancellation_reasons();
    let failed = |(_, reason): &(&Meaning, &aws_sdk_dynamodb::types::CancellationReason)| {
        reason.code() == Some("ConditionalCheckFailed")
    };
    if let Some((meaning, reason)) = meanings.iter().zip(reasons).find(failed) {
        return Ok(Outcome::Refused(*meaning, reason.item().cloned()));
    }
    let contended = |code: &str| {
        code == "TransactionConflict" || is_transient(Some(code)) || code == "ProvisionedThroughputExceeded"
    };
    if reasons.iter().any(|reason| reason.code().is_some_and(contended)) {
        return Ok(Outcome::Contended);
    }
    let codes: Vec<&str> = reasons.iter().filter_map(|reason| reason.code()).filter(|code| *code != "None").collect();
    Err(Error::internal(format!("TransactWriteItems: canceled: {}", codes.join(", "))))
}

/// Counts a request's tries; each pause is longer than the last, at random.
#[derive(Debug, Default)]
pub(super) struct Tries(u32);

impl Tries {
    /// Waits before the next try.
    ///
    /// # Errors
    /// 409 when there were enough.
    pub(super) async fn again(&mut self) -> Result<(), Error> {
        pause(&mut self.0, MOST_TRIES).await.ok_or_else(Error::conflict)
    }
}
