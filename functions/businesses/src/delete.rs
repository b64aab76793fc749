use axum::extract::State;
use shared::error::Error;
use shared::http::{Caller, Done, Manage, Params, PathParam};
use shared::model::{Refusal, StoredResponse};
use shared::table::Table;

/// `DELETE /businesses/{id}`
pub(crate) async fn delete(
    State(table): State<Table>,
    caller: Caller<Manage>,
    PathParam(id): PathParam,
    Params(()): Params<()>,
) -> Result<StoredResponse, Error> {
    let id = id.parse().map_err(|()| Refusal::UnknownBusiness)?;
    let body =
        Done { message: "Business deleted successfully", description: "The business has been deleted successfully." };
    table.delete_business(&caller, id, StoredResponse::ok(body)).await
}
