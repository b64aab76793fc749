use leads::{Leads, router};
use shared::aws::Aws;
use shared::{http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::start();
    let aws = Aws::load().await?;
    // What needs no answer is done while the connections are under way.
    let (table, photos) = tokio::join!(aws.table(2), async { aws.photos() });
    http::run(router(Leads { table: table?, photos: photos? })).await
}
