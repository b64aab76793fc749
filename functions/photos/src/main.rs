use photos::{PhotosState, router};
use shared::api;
use shared::platform::aws::AwsClientFactory;
use shared::platform::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::start_json_log();
    let (table, objects) = AwsClientFactory::load()?.open_table_and_photos(1).await?;
    api::serve_lambda(router(PhotosState { table, objects })).await
}
