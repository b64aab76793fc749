use photos::{PhotosOfLeads, router};
use shared::aws::Aws;
use shared::{http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::start();
    let aws = Aws::load().await?;
    // What needs no answer is done while the connection is under way.
    let (table, objects) = tokio::join!(aws.table(1), async { aws.photos() });
    http::run(router(PhotosOfLeads { table: table?, objects: objects? })).await
}
