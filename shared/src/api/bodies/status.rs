//! Reads the request bodies that create, change or reorder a team's lead statuses.

use crate::api::input::fields::{BodyReader, ObjectReader as _, RequestBody};
use crate::api::input::validator::{Positive, Text, filled, one_of, positive};
use crate::domain::{ErrorCode, StatusId, StatusInput, StatusOrder, StatusUpdate, Team};

const STATUS_NAME: Text = filled(100);
/// Fields of a status that clients cannot set. The API ignores them, so that a status from a response can be sent back.
const READ_ONLY: &[&str] = &["id", "secondaryColor", "statusOrder"];

impl RequestBody for StatusInput {
    const INVALID: &'static str = "Invalid lead status data";

    fn read(body: impl BodyReader) -> Option<Self> {
        body.object(READ_ONLY, |fields| {
            let (name, colour) = (fields.required("name", &STATUS_NAME), fields.required("primaryColor", &one_of()));
            Some(Self { name: name?, colour: colour? })
        })
    }
}

impl RequestBody for StatusUpdate {
    const INVALID: &'static str = "Invalid lead status data";

    fn read(body: impl BodyReader) -> Option<Self> {
        body.object(READ_ONLY, |fields| {
            let (name, colour) = (fields.nullable("name", &STATUS_NAME), fields.nullable("primaryColor", &one_of()));
            Some(Self { name: name?, colour: colour? })
        })
    }
}

impl RequestBody for StatusOrder {
    const INVALID: &'static str = "Invalid status order";

    fn read(body: impl BodyReader) -> Option<Self> {
        const PLACE: Positive<u64> = positive();
        let mut seen: Vec<StatusId> = Vec::new();
        let places = body.objects(Team::MAX_STATUSES, &["name", "primaryColor", "secondaryColor"], |fields| {
            let (status, place) = (fields.required("id", &positive()), fields.required("statusOrder", &PLACE));
            let status = status?;
            if seen.contains(&status) {
                fields.refuse("id", ErrorCode::Duplicate.fault(format!("{status} is given twice")));
            }
            seen.push(status);
            Some((status, place?))
        });
        places.map(Self)
    }
}
