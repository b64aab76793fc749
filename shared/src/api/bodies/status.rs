//! Reads the request bodies that create, change or reorder a team's lead statuses.

use crate::api::input::fields::{BodyReader, ObjectReader as _, RequestBody};
use crate::api::input::validator::{PositiveInteger, TextValidator, enum_name, non_empty_line, positive_integer};
use crate::domain::{ErrorCode, StatusId, StatusInput, StatusOrder, StatusUpdate, Team};

const STATUS_NAME_VALIDATOR: TextValidator = non_empty_line(100);
/// Fields of a status that clients cannot set. The API ignores them, so that a status from a response can be sent back.
const READ_ONLY_FIELDS: &[&str] = &["id", "secondaryColor", "statusOrder"];

impl RequestBody for StatusInput {
    const INVALID_MESSAGE: &'static str = "Invalid lead status data";

    fn read(body: impl BodyReader) -> Option<Self> {
        body.read_object(READ_ONLY_FIELDS, |fields| {
            let (name, colour) =
                (fields.required("name", &STATUS_NAME_VALIDATOR), fields.required("primaryColor", &enum_name()));
            Some(Self { name: name?, colour: colour? })
        })
    }
}

impl RequestBody for StatusUpdate {
    const INVALID_MESSAGE: &'static str = "Invalid lead status data";

    fn read(body: impl BodyReader) -> Option<Self> {
        body.read_object(READ_ONLY_FIELDS, |fields| {
            let (name, colour) =
                (fields.nullable("name", &STATUS_NAME_VALIDATOR), fields.nullable("primaryColor", &enum_name()));
            Some(Self { name: name?, colour: colour? })
        })
    }
}

impl RequestBody for StatusOrder {
    const INVALID_MESSAGE: &'static str = "Invalid status order";

    fn read(body: impl BodyReader) -> Option<Self> {
        const POSITION_VALIDATOR: PositiveInteger<u64> = positive_integer();
        let mut seen: Vec<StatusId> = Vec::new();
        let places = body.read_objects(Team::MAX_STATUSES, &["name", "primaryColor", "secondaryColor"], |fields| {
            let (status, place) =
                (fields.required("id", &positive_integer()), fields.required("statusOrder", &POSITION_VALIDATOR));
            let status = status?;
            if seen.contains(&status) {
                fields.record_error("id", ErrorCode::Duplicate.with_message(format!("{status} is given twice")));
            }
            seen.push(status);
            Some((status, place?))
        });
        places.map(Self)
    }
}
