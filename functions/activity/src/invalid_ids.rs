use shared::api::InvalidPathId;
use shared::domain::error::Error;

/// Error for a malformed lead id: 400, as the contract documents for the endpoints of a lead's log and comments. The
/// default would be 404.
pub(crate) struct LeadIdRejection;

impl InvalidPathId for LeadIdRejection {
    fn invalid_id_error() -> Error {
        Error::invalid_path_id("Invalid lead ID")
    }
}

/// Error for a malformed comment id: 400, as the contract documents for `PUT /leads/comments/{id}`. The default would
/// be 404.
pub(crate) struct CommentIdRejection;

impl InvalidPathId for CommentIdRejection {
    fn invalid_id_error() -> Error {
        Error::invalid_path_id("Invalid comment ID")
    }
}
