//! Reads the request bodies that create, change or reorder a team's lead statuses.

use crate::api::input::body_reader::{BodyReader, ObjectReader as _, RequestBody};
use crate::api::input::validator::{
    PositiveIntegerValidator, TextValidator, enum_name_validator, non_empty_single_line_text,
    positive_integer_validator,
};
use crate::domain::{ErrorCode, StatusId, StatusInput, StatusOrder, StatusUpdate, Team};

const STATUS_NAME_VALIDATOR: TextValidator = non_empty_single_line_text(100);
/// Fields of a status that clients cannot set. The API ignores them, so that a status from a response can be sent back.
const READ_ONLY_FIELDS: &[&str] = &["id", "secondaryColor", "statusOrder"];

impl RequestBody for StatusInput {
    const INVALID_BODY_MESSAGE: &'static str = "Invalid lead status data";

    fn read_body(body: impl BodyReader) -> Option<Self> {
        body.read_object(READ_ONLY_FIELDS, |fields| {
            let (name, colour) = (
                fields.read_required_field("name", &STATUS_NAME_VALIDATOR),
                fields.read_required_field("primaryColor", &enum_name_validator()),
            );
            Some(Self { name: name?, colour: colour? })
        })
    }
}

impl RequestBody for StatusUpdate {
    const INVALID_BODY_MESSAGE: &'static str = "Invalid lead status data";

    fn read_body(body: impl BodyReader) -> Option<Self> {
        body.read_object(READ_ONLY_FIELDS, |fields| {
            let (name, colour) = (
                fields.read_nullable_field("name", &STATUS_NAME_VALIDATOR),
                fields.read_nullable_field("primaryColor", &enum_name_validator()),
            );
            Some(Self { name: name?, colour: colour? })
        })
    }
}

impl RequestBody for StatusOrder {
    const INVALID_BODY_MESSAGE: &'static str = "Invalid status order";

    fn read_body(body: impl BodyReader) -> Option<Self> {
        const POSITION_VALIDATOR: PositiveIntegerValidator<u64> = positive_integer_validator();
        let mut seen: Vec<StatusId> = Vec::new();
        let places = body.read_objects(Team::MAX_STATUSES, &["name", "primaryColor", "secondaryColor"], |fields| {
            let (status, place) = (
                fields.read_required_field("id", &positive_integer_validator()),
                fields.read_required_field("statusOrder", &POSITION_VALIDATOR),
            );
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
