use photos::{PhotosOfLeads, router};
use shared::aws::Aws;
use shared::{http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::start();
    let aws = Aws::load().await?;
    http::run(router(PhotosOfLeads { table: aws.table().await?, objects: aws.photos()? })).await
}
