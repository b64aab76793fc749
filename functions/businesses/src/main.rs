use shared::api;
use shared::platform::aws::AwsClientFactory;
use shared::platform::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::start_json_log();
    api::serve_lambda(businesses::router(AwsClientFactory::load()?.connect_table(1).await?)).await
}
