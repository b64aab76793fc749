use std::sync::Arc;

use authorizer::{ApiKeyVerifier, Authorizer};
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2CustomAuthorizerV2Request;
use lambda_http::lambda_runtime::{LambdaEvent, run, service_fn};
use shared::platform::config::{Environment, TokenIssuerConfig, TrustConfig};
use shared::platform::telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    telemetry::start_json_log();
    let environment = Environment::from_process();
    let (issuer, trust) =
        (TokenIssuerConfig::from_environment(&environment)?, TrustConfig::from_environment(&environment)?);
    let authorizer = Arc::new(Authorizer::new(issuer, &trust, ApiKeyVerifier::default()));
    authorizer.prefetch_keys().await;
    let decide = |event: LambdaEvent<ApiGatewayV2CustomAuthorizerV2Request>| {
        let authorizer = Arc::clone(&authorizer);
        async move { authorizer.decide(&event.payload).await.map_err(lambda_http::Error::from) }
    };
    run(service_fn(decide)).await
}
