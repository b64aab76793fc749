use integrations::{Destinations, Integrations};
use shared::aws::Aws;
use shared::resolver::Resolver;
use shared::{http, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::start();
    let aws = Aws::load()?;
    let destinations = Destinations { reachable: aws.reachable()?, resolver: Resolver::system() };
    let (table, deliveries) = (aws.table(1).await?, aws.deliveries()?);
    http::run(integrations::router(Integrations { table, deliveries, destinations })).await
}
