use shared::api;
use shared::platform::aws::AwsClientFactory;
use shared::platform::resolver::DnsResolver;
use shared::platform::telemetry;
use shared::store::Table;
use webhooks::{DestinationCheck, WebhooksState};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::start_json_log();
    let aws = AwsClientFactory::load()?;
    let destinations =
        DestinationCheck { reachable: aws.egress_allowlist()?, resolver: DnsResolver::system_resolver() };
    let (table, deliveries) = (aws.connect_table::<Table>(1).await?, aws.delivery_queues()?);
    let (webhooks, feed) = (table.clone().into(), table.into());
    api::serve_lambda(webhooks::router(WebhooksState { webhooks, feed, deliveries, destinations })).await
}
