use leads::{Leads, router};
use shared::config::{Environment, PhotosConfig, TableConfig};
use shared::photos::Photos;
use shared::table::Table;
use shared::{aws, http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::init(std::io::stdout);
    let environment = Environment::process();
    let aws = aws::config().await;
    let table = Table::new(aws_sdk_dynamodb::Client::new(&aws), TableConfig::read(&environment)?.name);
    let photos = Photos::new(aws::s3(&aws), PhotosConfig::read(&environment)?.bucket);
    http::run(router(Leads { table, photos })).await
}
