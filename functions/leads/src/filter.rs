use shared::api::{FilterParams, QueryReader, Validator as _, positive_integer_validator};
use shared::domain::error::Error;
use shared::domain::{Actor, ViewId};
use shared::store::ViewStore;

/// Query parameters that filter and sort leads, and the saved view that they narrow.
#[derive(Debug)]
pub(crate) struct FilterOrViewParams {
    view: Option<ViewId>,
    params: FilterParams,
}

impl FilterOrViewParams {
    /// Reads the query parameter `view`, and the parameters that filter and sort leads.
    pub(crate) fn of(query: &mut impl QueryReader) -> Self {
        const VIEW_DESCRIPTION: &str = "Filters and sorts as this saved view does. Further parameters narrow the view; \
                                        `sort` replaces its order.";
        let view = query.read_single_value("view", &positive_integer_validator().with_description(VIEW_DESCRIPTION));
        Self { view, params: FilterParams::of(query) }
    }

    /// Reads the view if the request names one, and returns the conditions of both. One round trip with a view.
    ///
    /// # Errors
    /// 404 when the caller sees no such view, 400 when the businesses of both cannot be combined.
    pub(crate) async fn with_view(self, views: &ViewStore, actor: &Actor) -> Result<FilterParams, Error> {
        match self.view {
            None => Ok(self.params),
            Some(id) => FilterParams::of_view(&views.view(actor, id).await?).narrowed_by(self.params),
        }
    }
}
