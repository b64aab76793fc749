use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::value::RawValue;
use shared::api::{
    Caller, Cursor, Event, Json, QueryInput, QueryReader, Read, ValidQuery, Validator as _, one_of, text_of,
};
use shared::domain::error::Error;
use shared::domain::{ErrorCode, EventFilter, FeedCursor, FieldError, NotBy};
use shared::store::{FeedAnswer, FeedStore};

/// Value of the query parameter `after` that stands for the end of the feed.
const LATEST: &str = "latest";

/// Query parameters of `GET /events`.
#[derive(Clone, Debug)]
pub struct EventsParams {
    after: Option<String>,
    limit: usize,
    filter: EventFilter,
}

impl QueryInput for EventsParams {
    fn read(query: &mut impl QueryReader) -> Option<Self> {
        const CURSOR_KIND: &str = "a cursor that this list gave, or latest";
        const CURSOR_DESCRIPTION: &str = "The `nextCursor` of the previous answer, with the same `type` and `notBy`. `latest` \
                             starts at the end of the feed. Without it, the feed starts at the oldest event.";
        let after = text_of(CURSOR_KIND, CURSOR_DESCRIPTION, (1, Cursor::MAX_CHARS), |text| Some(text.to_owned()));
        let after = query.one("after", &after);
        let limit = query.limit(10, 100);
        const NOT_BY_KIND: &str = "key:3, form:2 or user:1, by its id";
        const NOT_BY_DESCRIPTION: &str = "Leaves out the events of this key (`key:3`), of this form (`form:2`), or of this user \
                              without a key (`user:1`).";
        let types = query.several("type", &one_of().describe("Only events of these types."));
        let not_by = query.several("notBy", &text_of(NOT_BY_KIND, NOT_BY_DESCRIPTION, (5, 30), NotBy::parse));
        Some(Self { after, limit, filter: EventFilter { types, not_by } })
    }
}

impl EventsParams {
    /// The cursor at which reading the feed starts. `None` stands for the end of the feed.
    fn start(&self, cursor: &Cursor) -> Result<Option<FeedCursor>, Error> {
        let Some(text) = &self.after else { return Ok(Some(FeedCursor::START)) };
        if text == LATEST {
            return Ok(None);
        }
        let foreign = || {
            FieldError::new("after", ErrorCode::InvalidCursor.fault("is not a cursor of this list with this filter"))
        };
        let start = cursor.decode(text).and_then(|position| FeedCursor::of_position(&position));
        start.map(Some).ok_or_else(|| Error::invalid("Invalid query", vec![foreign()]))
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
pub(crate) async fn list(
    State(feed): State<FeedStore>,
    caller: Caller<Read>,
    ValidQuery(query): ValidQuery<EventsParams>,
) -> Result<Json<EventPage>, Error> {
    let cursor = Cursor::of(&caller.team, "events", &query.filter.text());
    let FeedAnswer { events, next, has_more } = match query.start(&cursor)? {
        Some(start) => feed.events(&caller.team, start, query.limit, &query.filter).await?,
        None => FeedAnswer { events: Vec::new(), next: feed.end_of_feed(&caller.team).await?, has_more: false },
    };
    let next_cursor = cursor.encode(&next.to_position());
    Ok(Json(EventPage { events: events.into_iter().map(|event| event.json).collect(), next_cursor, has_more }))
}
