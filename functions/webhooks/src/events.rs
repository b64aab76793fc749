use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;
use shared::api::{
    Caller, CursorCodec, Event, FromQuery, Json, QueryReader, Read, ValidQuery, Validator as _, enum_name_validator,
    text_query_param,
};
use shared::domain::error::Error;
use shared::domain::{ErrorCode, EventFilter, ExcludedAuthor, FeedCursor, FieldError};
use shared::store::{FeedReadResult, FeedStore};

/// Value of the query parameter `after` that stands for the end of the feed.
const END_OF_FEED: &str = "latest";

/// Query parameters of `GET /events`.
#[derive(Clone, Debug)]
pub struct EventsParams {
    after: Option<String>,
    limit: usize,
    filter: EventFilter,
}

impl FromQuery for EventsParams {
    fn read_from_query(query: &mut impl QueryReader) -> Option<Self> {
        const CURSOR_KIND: &str = "a cursor that this list gave, or latest";
        const CURSOR_DESCRIPTION: &str = "The `nextCursor` of the previous answer, with the same `type` and \
                                          `notBy`. `latest` starts at the end of the feed. Without it, the feed starts \
                                          at the oldest event.";
        let after = text_query_param(CURSOR_KIND, CURSOR_DESCRIPTION, (1, CursorCodec::MAX_ENCODED_CHARS), |text| {
            Some(text.to_owned())
        });
        let after = query.read_single_value("after", &after);
        let limit = query.read_limit(10, 100);
        const NOT_BY_KIND: &str = "key:3, form:2 or user:1, by its id";
        const NOT_BY_DESCRIPTION: &str = "Leaves out the events of this key (`key:3`), of this form (`form:2`), or \
                                          of this user without a key (`user:1`).";
        let types =
            query.read_value_list("type", &enum_name_validator().with_description("Only events of these types."));
        let not_by = query.read_value_list(
            "notBy",
            &text_query_param(NOT_BY_KIND, NOT_BY_DESCRIPTION, (5, 30), ExcludedAuthor::parse_author),
        );
        Some(Self { after, limit, filter: EventFilter { types, not_by } })
    }
}

impl EventsParams {
    /// The cursor at which reading the feed starts: without `after` at the oldest event. `None` if `after` is `latest`:
    /// reading starts at the end of the feed.
    fn start_cursor(&self, cursor: &CursorCodec) -> Result<Option<FeedCursor>, Error> {
        let Some(text) = &self.after else { return Ok(Some(FeedCursor::START_OF_FEED)) };
        if text == END_OF_FEED {
            return Ok(None);
        }
        let foreign = || {
            FieldError::new(
                "after",
                ErrorCode::InvalidCursor.with_message("is not a cursor of this list with this filter"),
            )
        };
        let start = cursor.decode_cursor(text).and_then(|position| FeedCursor::from_sort_position(&position));
        start.map(Some).ok_or_else(|| Error::invalid_fields("Invalid query", vec![foreign()]))
    }
}

/// The answer of `GET /events`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventPage {
    /// The events after the cursor, oldest first.
    #[schemars(with = "Vec<Event>")]
    events: Vec<Box<RawValue>>,
    /// Cursor for `after` in the next request. Always present.
    next_cursor: String,
    /// Whether a request with `nextCursor` may return more events now.
    has_more: bool,
}

/// `GET /events`
pub(crate) async fn list_events(
    State(feed): State<FeedStore>,
    caller: Caller<Read>,
    ValidQuery(query): ValidQuery<EventsParams>,
) -> Result<Json<EventPage>, Error> {
    let cursor = CursorCodec::of(&caller.team, "events", &query.filter.canonical_text());
    let FeedReadResult { events, next, has_more } = match query.start_cursor(&cursor)? {
        Some(start) => feed.read_events(&caller.team, start, query.limit, &query.filter).await?,
        None => FeedReadResult { events: Vec::new(), next: feed.end_cursor(&caller.team).await?, has_more: false },
    };
    let next_cursor = cursor.encode_cursor(&next.to_sort_position());
    Ok(Json(EventPage { events: events.into_iter().map(|event| event.json).collect(), next_cursor, has_more }))
}
