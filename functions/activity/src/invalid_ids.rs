use shared::api::InvalidPathId;
use shared::domain::error::Error;

/// A 400, which the endpoints of a lead's log and comments document for a bad lead id.
pub(crate) struct InvalidLeadId;

impl InvalidPathId for InvalidLeadId {
    fn rejection() -> Error {
        Error::invalid_path_id("Invalid lead ID")
    }
}

/// A 400, which `PUT /leads/comments/{id}` documents for a bad comment id.
pub(crate) struct InvalidCommentId;

impl InvalidPathId for InvalidCommentId {
    fn rejection() -> Error {
        Error::invalid_path_id("Invalid comment ID")
    }
}
