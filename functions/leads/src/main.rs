use leads::{LeadsState, router};
use shared::api;
use shared::platform::aws::AwsClientFactory;
use shared::platform::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::start_json_log();
    let (table, photos) = AwsClientFactory::load()?.open_table_and_photos(2).await?;
    api::serve_lambda(router(LeadsState { table, photos })).await
}
