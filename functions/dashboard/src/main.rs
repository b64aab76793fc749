use dashboard::router;
use shared::config::{Environment, TableConfig};
use shared::table::Table;
use shared::{aws, http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init(std::io::stdout);
    let aws = aws::config().await;
    let table = TableConfig::read(&Environment::process())?.name;
    http::run(router(Table::new(aws_sdk_dynamodb::Client::new(&aws), table))).await
}
