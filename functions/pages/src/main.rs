use shared::api;
use shared::platform::config::{Environment, PagesConfig};
use shared::platform::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::start_json_log();
    api::serve_lambda(pages::router(&PagesConfig::from_environment(&Environment::from_process()))).await
}
