use cleanup::{Cleanup, Schedule};
use lambda_http::lambda_runtime::{LambdaEvent, run, service_fn};
use shared::aws::Aws;
use shared::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::start();
    let aws = Aws::load().await?;
    // What needs no answer is done while the connection is under way.
    let (table, photos) = tokio::join!(aws.table(1), async { aws.photos() });
    let cleanup = Cleanup { table: table?, photos: photos? };
    let clean_up = |event: LambdaEvent<Schedule>| {
        let cleanup = cleanup.clone();
        async move { cleanup.run(&event.payload).await.map_err(lambda_http::Error::from) }
    };
    run(service_fn(clean_up)).await
}
