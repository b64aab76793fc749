use shared::api;
use shared::platform::aws::Aws;
use shared::platform::resolver::Resolver;
use shared::platform::telemetry;
use shared::store::Table;
use webhooks::{Destinations, WebhooksAndQueues};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::start();
    let aws = Aws::load()?;
    let destinations = Destinations { reachable: aws.reachable()?, resolver: Resolver::system() };
    let (table, deliveries) = (aws.table::<Table>(1).await?, aws.deliveries()?);
    let (webhooks, feed) = (table.clone().into(), table.into());
    api::run(webhooks::router(WebhooksAndQueues { webhooks, feed, deliveries, destinations })).await
}
