use shared::api;
use shared::platform::config::{Environment, PagesConfig};
use shared::platform::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::start();
    api::run(pages::router(&PagesConfig::read(&Environment::from_process()))).await
}
