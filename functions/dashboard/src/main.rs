use dashboard::{DashboardState, router};
use shared::api;
use shared::platform::aws::AwsClientFactory;
use shared::platform::telemetry;
use shared::store::Table;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::start_json_log();
    let (table, photos) = AwsClientFactory::load()?.open_table_and_photos::<Table>(3).await?;
    let (counters, leads) = (table.clone().into(), table.into());
    api::serve_lambda(router(DashboardState { counters, leads, photos })).await
}
