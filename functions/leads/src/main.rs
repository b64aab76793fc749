use leads::{Leads, router};
use shared::aws::Aws;
use shared::{http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::start();
    let (table, photos) = Aws::load()?.open_table_and_photos(2).await?;
    http::run(router(Leads { table, photos })).await
}
