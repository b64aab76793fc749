use shared::api;
use shared::platform::aws::Aws;
use shared::platform::resolver::Resolver;
use shared::platform::telemetry;
use webhooks::{Destinations, WebhooksAndQueues};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::start();
    let aws = Aws::load()?;
    let destinations = Destinations { reachable: aws.reachable()?, resolver: Resolver::system() };
    let (table, deliveries) = (aws.table(1).await?, aws.deliveries()?);
    api::run(webhooks::router(WebhooksAndQueues { table, deliveries, destinations })).await
}
