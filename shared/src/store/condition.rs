//! Condition expressions of DynamoDB writes.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::keys::attribute::VERSION;
use super::{Item, number_value};

/// A condition expression, with its attribute names and values.
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

    /// Condition: the item still has this version.
    pub(super) fn unchanged(version: u64) -> Self {
        Self::new("#version = :version").name("#version", VERSION).value(":version", number_value(version))
    }

    pub(super) fn item_absent() -> Self {
        Self::new("attribute_not_exists(PK)")
    }

    pub(super) fn item_exists() -> Self {
        Self::new("attribute_exists(PK)")
    }

    pub(super) fn value(mut self, name: &str, value: AttributeValue) -> Self {
        self.values.insert(name.to_owned(), value);
        self
    }
}
