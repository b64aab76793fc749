//! Condition expressions of DynamoDB writes.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::keys::attribute::VERSION;
use super::{TableItem, number_value};

/// A condition expression, with its attribute names and values.
#[derive(Default, Clone)]
pub(super) struct WriteCondition {
    pub expression: String,
    pub names: HashMap<String, String>,
    pub values: TableItem,
}

impl WriteCondition {
    pub(super) fn new(expression: &str) -> Self {
        Self { expression: expression.to_owned(), ..Self::default() }
    }

    pub(super) fn with_name(mut self, name: &str, attribute: &str) -> Self {
        self.names.insert(name.to_owned(), attribute.to_owned());
        self
    }

    /// Condition: the item still has this version.
    pub(super) fn version_is(version: u64) -> Self {
        Self::new("#version = :version").with_name("#version", VERSION).with_value(":version", number_value(version))
    }

    pub(super) fn item_absent() -> Self {
        Self::new("attribute_not_exists(PK)")
    }

    pub(super) fn item_exists() -> Self {
        Self::new("attribute_exists(PK)")
    }

    pub(super) fn with_value(mut self, name: &str, value: AttributeValue) -> Self {
        self.values.insert(name.to_owned(), value);
        self
    }
}
