//! Builder of DynamoDB update expressions.

use aws_sdk_dynamodb::types::AttributeValue;

use super::TableItem;
use super::condition::WriteCondition;

/// An update of one item's attributes, with the condition of the update.
///
/// `ItemUpdate::default().set("a", x).add("b", 1).remove("c")` builds `SET #u0 = :u0 ADD #u1 :u1 REMOVE #u2`. Names and
/// values of the condition must not begin with `#u` or `:u` and a digit.
#[derive(Default)]
pub(super) struct ItemUpdate {
    sets: Vec<String>,
    additions: Vec<String>,
    removals: Vec<String>,
    condition: WriteCondition,
    /// Number of attributes that the expression names.
    attributes: usize,
}

/// A built update expression. `condition` holds the attribute names and values of the update too.
pub(super) struct UpdateExpression {
    pub expression: String,
    pub condition: WriteCondition,
}

impl ItemUpdate {
    /// Starts an update that applies only if `condition` holds.
    pub(super) fn on(condition: WriteCondition) -> Self {
        Self { condition, ..Self::default() }
    }

    pub(super) fn set_attribute(mut self, attribute: &str, value: AttributeValue) -> Self {
        let n = self.add_name_and_value(attribute, value);
        self.sets.push(format!("#u{n} = :u{n}"));
        self
    }

    pub(super) fn set_attributes(self, attributes: impl IntoIterator<Item = (String, AttributeValue)>) -> Self {
        attributes.into_iter().fold(self, |update, (attribute, value)| update.set_attribute(&attribute, value))
    }

    /// Sets each attribute that the item does not have yet.
    pub(super) fn set_attribute_if_absent(mut self, attributes: TableItem) -> Self {
        for (attribute, value) in attributes {
            let n = self.add_name_and_value(&attribute, value);
            self.sets.push(format!("#u{n} = if_not_exists(#u{n}, :u{n})"));
        }
        self
    }

    /// Adds to a numeric attribute. An absent attribute counts as 0.
    pub(super) fn add_to_attribute(mut self, attribute: &str, change: i64) -> Self {
        let n = self.add_name_and_value(attribute, AttributeValue::N(change.to_string()));
        self.additions.push(format!("#u{n} :u{n}"));
        self
    }

    pub(super) fn remove_attribute(mut self, attribute: &str) -> Self {
        let n = self.name_placeholder(attribute);
        self.removals.push(format!("#u{n}"));
        self
    }

    pub(super) fn remove_attributes<'n>(self, attributes: impl IntoIterator<Item = &'n str>) -> Self {
        attributes.into_iter().fold(self, Self::remove_attribute)
    }

    fn name_placeholder(&mut self, attribute: &str) -> usize {
        let n = self.attributes;
        self.attributes += 1;
        self.condition.names.insert(format!("#u{n}"), attribute.to_owned());
        n
    }

    fn add_name_and_value(&mut self, attribute: &str, value: AttributeValue) -> usize {
        let n = self.name_placeholder(attribute);
        self.condition.values.insert(format!(":u{n}"), value);
        n
    }

    pub(super) fn build_expression(self) -> UpdateExpression {
        let clauses = [("SET", self.sets), ("ADD", self.additions), ("REMOVE", self.removals)];
        let clauses = clauses.into_iter().filter(|(_, terms)| !terms.is_empty());
        let clauses: Vec<String> = clauses.map(|(verb, terms)| format!("{verb} {}", terms.join(", "))).collect();
        UpdateExpression { expression: clauses.join(" "), condition: self.condition }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{number_value, string_value};

    #[test]
    fn an_update_names_each_attribute_once() {
        let update = ItemUpdate::on(WriteCondition::version_is(3))
            .add_to_attribute("count", -1)
            .set_attribute("a", string_value("x"))
            .remove_attribute("gone");
        let update = update.set_attribute_if_absent(TableItem::from([("b".to_owned(), number_value(2))]));
        let UpdateExpression { expression, condition } = update.build_expression();
        assert_eq!(expression, "SET #u1 = :u1, #u3 = if_not_exists(#u3, :u3) ADD #u0 :u0 REMOVE #u2");
        assert_eq!(condition.expression, "#version = :version");
        let names = ["#u0", "#u1", "#u2", "#u3", "#version"].map(|name| condition.names[name].as_str());
        assert_eq!(names, ["count", "a", "gone", "b", "version"]);
        let values = [":u0", ":u1", ":u3", ":version"].map(|name| condition.values[name].clone());
        assert_eq!(values, [AttributeValue::N("-1".into()), string_value("x"), number_value(2), number_value(3)]);
        assert_eq!(condition.values.len(), 4);
    }

    #[test]
    fn an_update_without_changes_is_empty() {
        assert_eq!(ItemUpdate::default().build_expression().expression, "");
    }
}
