use leads::{Leads, router};
use shared::aws::Aws;
use shared::{http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::start();
    let aws = Aws::load().await?;
    http::run(router(Leads { table: aws.table().await?, photos: aws.photos()? })).await
}
