use aws_lambda_events::eventbridge::EventBridgeEvent;
use cleanup::Cleanup;
use lambda_http::lambda_runtime::{LambdaEvent, run, service_fn};
use shared::platform::aws::AwsClientFactory;
use shared::platform::{deadline, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::start_json_log();
    let (table, photos) = AwsClientFactory::load()?.open_table_and_photos(1).await?;
    let cleanup = Cleanup { table, photos };
    let clean_up = |event: LambdaEvent<EventBridgeEvent>| {
        let cleanup = cleanup.clone();
        let ends = deadline::of_invocation(Some(&event.context));
        async move { deadline::run_with_deadline(ends, cleanup.run(&event.payload)).await.map_err(lambda_http::Error::from) }
    };
    run(service_fn(clean_up)).await
}
