use photos::{PhotosOfLeads, router};
use shared::api;
use shared::platform::aws::Aws;
use shared::platform::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::start();
    let (table, objects) = Aws::load()?.open_table_and_photos(1).await?;
    api::run(router(PhotosOfLeads { table, objects })).await
}
