use std::sync::Arc;

use authorizer::{ApiKeys, Authorizer};
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2CustomAuthorizerV2Request;
use lambda_http::lambda_runtime::{LambdaEvent, run, service_fn};
use shared::platform::config::{Environment, IssuerConfig, TrustConfig};
use shared::platform::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::start();
    let environment = Environment::process();
    let (issuer, trust) = (IssuerConfig::read(&environment)?, TrustConfig::read(&environment)?);
    let authorizer = Arc::new(Authorizer::new(issuer, &trust, ApiKeys::default()));
    authorizer.start().await;
    let decide = |event: LambdaEvent<ApiGatewayV2CustomAuthorizerV2Request>| {
        let authorizer = Arc::clone(&authorizer);
        async move { authorizer.decide(&event.payload).await.map_err(lambda_http::Error::from) }
    };
    run(service_fn(decide)).await
}
