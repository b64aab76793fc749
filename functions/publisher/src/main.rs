use aws_lambda_events::dynamodb::Event as StreamEvent;
use lambda_http::lambda_runtime::{LambdaEvent, run, service_fn};
use publisher::{FeedEndCache, Publisher};
use shared::domain::Timestamp;
use shared::platform::aws::AwsClientFactory;
use shared::platform::{deadline, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::start_json_log();
    let aws = AwsClientFactory::load()?;
    let (table, deliveries, failures) =
        (aws.connect_table(1).await?, aws.delivery_queues()?, aws.publisher_failures_queue()?);
    let publisher = Publisher { table, deliveries, failures, feed_ends: FeedEndCache::default() };
    let publish = |LambdaEvent { payload, context }: LambdaEvent<StreamEvent>| {
        let publisher = publisher.clone();
        let now = Timestamp::from(jiff::Timestamp::now());
        async move {
            let publishing = publisher.run(payload, now);
            Ok::<_, lambda_http::Error>(
                deadline::run_with_deadline(deadline::of_invocation(Some(&context)), publishing).await,
            )
        }
    };
    run(service_fn(publish)).await
}
