use leads::{Leads, router};
use shared::api;
use shared::platform::aws::Aws;
use shared::platform::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::start();
    let (table, photos) = Aws::load()?.open_table_and_photos(2).await?;
    api::run(router(Leads { table, photos })).await
}
