use shared::config::{Environment, PagesConfig};
use shared::{http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::start();
    http::run(pages::router(&PagesConfig::read(&Environment::process()))).await
}
