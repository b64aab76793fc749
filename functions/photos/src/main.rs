use photos::{PhotosOfLeads, router};
use shared::aws::Aws;
use shared::{http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::start();
    let (table, objects) = Aws::load()?.open_table_and_photos(1).await?;
    http::run(router(PhotosOfLeads { table, objects })).await
}
