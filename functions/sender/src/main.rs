use aws_lambda_events::sqs::SqsEvent;
use lambda_http::lambda_runtime::{LambdaEvent, run, service_fn};
use sender::{Endpoints, Sender, UnresponsiveEndpoints};
use shared::domain::Timestamp;
use shared::platform::aws::Aws;
use shared::platform::resolver::Resolver;
use shared::platform::{deadline, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::start();
    let aws = Aws::load()?;
    let endpoints = Endpoints::new(&aws.reachable()?, aws.trusted(), Resolver::system());
    let (table, deliveries) = (aws.table(1).await?, aws.deliveries()?);
    let sender = Sender { table, deliveries, endpoints, unresponsive: UnresponsiveEndpoints::default() };
    let send = |LambdaEvent { payload, context }: LambdaEvent<SqsEvent>| {
        let sender = sender.clone();
        let now = Timestamp::from(jiff::Timestamp::now());
        async move {
            let sending = sender.run(payload, now);
            Ok::<_, lambda_http::Error>(deadline::scope(deadline::of(Some(&context)), sending).await)
        }
    };
    run(service_fn(send)).await
}
