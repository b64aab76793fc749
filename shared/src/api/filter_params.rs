//! Query parameters that filter and sort leads, in lists, exports, searches and saved views.

use std::collections::BTreeMap;

use super::input::query_param::{BooleanParam, DayParam, text_query_param};
use super::input::query_reader::QueryReader;
use super::input::query_string::QueryStringReader;
use super::input::validator::{Validator as _, enum_name_validator};
use crate::domain::error::Error;
use crate::domain::{ErrorCode, FieldError, LeadFilter, LeadOrder, SourceHash, View};

const FROM_DESCRIPTION: &str = "First day of creation, UTC. `from` and `to` may be in either order.";
const TO_DESCRIPTION: &str = "Last day of creation, UTC. `from` and `to` may be in either order.";

/// Query parameters that filter and sort leads, without the defaults of absent parameters.
#[derive(Clone, Debug)]
pub struct FilterParams {
    /// Conditions of the parameters that are present. `archived` is `None` if that parameter is absent.
    conditions: LeadFilter,
    order: Option<LeadOrder>,
}

impl FilterParams {
    /// Reads the query parameters that filter and sort leads.
    pub fn of(query: &mut impl QueryReader) -> Self {
        let source = text_query_param(
            "a source of 1 to 200 characters",
            "Only leads with this source. Case does not matter.",
            (1, 200),
            SourceHash::of,
        );
        // `from` may be later than `to`, as on the dashboard.
        let days = [
            query.read_single_value("from", &DayParam(FROM_DESCRIPTION)),
            query.read_single_value("to", &DayParam(TO_DESCRIPTION)),
        ];
        let [from, to] =
            if let [Some(from), Some(to)] = days { [Some(from.min(to)), Some(from.max(to))] } else { days };
        let archived = BooleanParam("`true` lists archived leads, `false` (the default) the others.");
        let conditions = LeadFilter {
            status: query.read_id_list("status", "Only leads with one of these statuses."),
            business: query.read_id_list("business", "Only leads of one of these businesses."),
            archived: query.read_single_value("archived", &archived),
            state: query
                .read_single_value("state", &enum_name_validator().with_description("Only leads in this state.")),
            source: query.read_single_value("source", &source),
            from,
            to,
            order: LeadOrder::default(),
        };
        let order = query.read_single_value(
            "sort",
            &enum_name_validator().with_description("`-createdAt` (newest first) by default."),
        );
        Self { conditions, order }
    }

    /// The parameters that a saved view holds.
    pub fn of_view(view: &View) -> Self {
        let values: BTreeMap<String, Vec<String>> =
            view.query.iter().map(|(name, param)| (name.clone(), param.texts().to_vec())).collect();
        // The parameters were validated when the view was saved.
        Self::of(&mut QueryStringReader::of_values(values))
    }

    /// Adds the conditions of `further`. Its order replaces this one's.
    ///
    /// # Errors
    /// 400 when both name businesses and neither's are all among the other's.
    pub fn narrowed_by(self, further: Self) -> Result<Self, Error> {
        let order = further.order.or(self.order);
        let conditions = self.conditions.narrowed_by(further.conditions).ok_or_else(|| {
            let fault = ErrorCode::InvalidValue.with_message("must be among the businesses of the view");
            Error::invalid_fields("Invalid query", vec![FieldError::new("business", fault)])
        })?;
        Ok(Self { conditions, order })
    }

    /// The order that is asked for. `None` if the parameter `sort` is absent.
    pub fn requested_order(&self) -> Option<LeadOrder> {
        self.order
    }

    /// The filter, with live leads and the newest first as defaults.
    pub fn into_filter(self) -> LeadFilter {
        let Self { conditions, order } = self;
        LeadFilter { archived: conditions.archived.or(Some(false)), order: order.unwrap_or_default(), ..conditions }
    }
}
