use aws_lambda_events::sqs::SqsEvent;
use lambda_http::lambda_runtime::{LambdaEvent, run, service_fn};
use sender::{EndpointClients, UnresponsiveEndpoints, WebhookSender};
use shared::domain::Timestamp;
use shared::platform::aws::AwsClientFactory;
use shared::platform::resolver::DnsResolver;
use shared::platform::{deadline, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::start_json_log();
    let aws = AwsClientFactory::load()?;
    let endpoints =
        EndpointClients::new(&aws.egress_allowlist()?, aws.extra_root_certificates(), DnsResolver::system_resolver());
    let (table, deliveries) = (aws.connect_table(1).await?, aws.delivery_queues()?);
    let sender = WebhookSender { table, deliveries, endpoints, unresponsive: UnresponsiveEndpoints::default() };
    let send = |LambdaEvent { payload, context }: LambdaEvent<SqsEvent>| {
        let sender = sender.clone();
        let now = Timestamp::from(jiff::Timestamp::now());
        async move {
            let sending = sender.run(payload, now);
            Ok::<_, lambda_http::Error>(
                deadline::run_with_deadline(deadline::of_invocation(Some(&context)), sending).await,
            )
        }
    };
    run(service_fn(send)).await
}
