//! Builds the Lambda functions of `template.yaml` in this process, each with the environment variables that the
//! template declares.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result, bail};
use authorizer::{ApiKeyVerifier, Authorizer, AuthorizerResponse};
use aws_lambda_events::dynamodb::Event as StreamEvent;
use aws_lambda_events::eventbridge::EventBridgeEvent;
use aws_lambda_events::sqs::SqsEvent;
use cleanup::{Cleanup, CleanupReport};
use dashboard::DashboardState;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2CustomAuthorizerV2Request;
use lambda_http::lambda_runtime::{Context, LambdaEvent};
use lambda_http::request::LambdaRequest;
use leads::LeadsState;
use photos::PhotosState;
use publisher::{FeedEndCache, Publisher};
use sender::{EndpointClients, UnresponsiveEndpoints, WebhookSender};
use serde_json::Value;
use shared::domain::Timestamp;
use shared::platform::config::{
    EgressConfig, Environment, PagesConfig, PhotosConfig, PublisherFailuresConfig, QueueConfig, TableConfig,
    TokenIssuerConfig, TrustConfig,
};
use shared::platform::deadline;
use shared::platform::photos::PhotoBucket;
use shared::platform::queue::{DeliveryQueues, SqsQueue};
use shared::platform::resolver::DnsResolver;
use shared::store::Table;
use webhooks::{DestinationCheck, WebhooksState};

use crate::lineage::TraceLineage;
use crate::oauth::TOKEN_ENDPOINT;
use crate::permissions::UsedPermissions;
use crate::template::SamTemplate;

/// AWS clients and settings that all functions share.
pub(crate) struct SdkClients {
    pub dynamodb: aws_sdk_dynamodb::Client,
    pub s3: aws_sdk_s3::Client,
    pub sqs: aws_sdk_sqs::Client,
    /// DNS resolver for the hosts of webhooks.
    pub resolver: DnsResolver,
    /// Prefix of the photo URLs that the S3 client signs.
    pub photos_url: String,
}

/// Every Lambda function of the template, invoked with an event as in Lambda.
#[derive(Clone)]
pub(crate) struct LambdaFunctions {
    routers: HashMap<String, axum::Router>,
    /// Timeout of the functions that the gateway invokes.
    timeout: Duration,
    /// Timeouts of the functions that an event source invokes, by the function's logical id.
    timeouts: HashMap<String, Duration>,
    cleanup: Cleanup,
    cleanup_timeout: Duration,
    publisher: Publisher,
    sender: WebhookSender,
    authorizer: Arc<Authorizer>,
}

impl LambdaFunctions {
    /// Builds every function of the template. `references` has the values of the template's parameters and resources.
    pub(crate) fn build_functions(
        template: &SamTemplate,
        references: &HashMap<String, String>,
        clients: &SdkClients,
        usage: &UsedPermissions,
        timeout: Duration,
    ) -> Result<Self> {
        let environment = |function: &str| -> Result<Environment> {
            let variables = template.function_environment(function, references)?;
            Ok(Environment::from_lookup(move |name| variables.get(name).cloned()))
        };
        let table = |function: &str, env: &Environment| -> Result<Table> {
            let watched = clients.dynamodb.config().to_builder().interceptor(usage.of(function)).build();
            Ok(Table::new(aws_sdk_dynamodb::Client::from_conf(watched), TableConfig::from_environment(env)?.name))
        };
        let photos = |function: &str, env: &Environment| -> Result<PhotoBucket> {
            let watched = clients.s3.config().to_builder().interceptor(usage.of(function)).build();
            Ok(PhotoBucket::new(aws_sdk_s3::Client::from_conf(watched), PhotosConfig::from_environment(env)?.bucket))
        };
        let queues = |function: &str| {
            let watched =
                clients.sqs.config().to_builder().interceptor(usage.of(function)).interceptor(TraceLineage).build();
            aws_sdk_sqs::Client::from_conf(watched)
        };
        let deliveries = |function: &str, env: &Environment| -> Result<DeliveryQueues> {
            Ok(DeliveryQueues::new(&queues(function), QueueConfig::from_environment(env)?))
        };
        let mut routers = HashMap::new();
        for route in template.api_routes() {
            if routers.contains_key(&route.function) {
                continue;
            }
            let env = environment(&route.function)?;
            let table = || table(&route.function, &env);
            let photos = || photos(&route.function, &env);
            let router = match route.function.as_str() {
                "LeadsFunction" => {
                    leads::router(LeadsState { table: table()?.into(), views: table()?.into(), photos: photos()? })
                }
                "PhotosFunction" => photos::router(PhotosState { table: table()?.into(), objects: photos()? }),
                "ActivityFunction" => activity::router(table()?.into()),
                "DashboardFunction" => dashboard::router(DashboardState {
                    counters: table()?.into(),
                    leads: table()?.into(),
                    photos: photos()?,
                }),
                "StatusesFunction" => statuses::router(table()?.into()),
                "BusinessesFunction" => businesses::router(table()?.into()),
                "CaptureFunction" => capture::router(table()?.into()),
                "KeysFunction" => keys::router(table()?.into()),
                "FormsFunction" => forms::router(table()?.into()),
                "WebhooksFunction" => webhooks::router(WebhooksState {
                    webhooks: table()?.into(),
                    feed: table()?.into(),
                    deliveries: deliveries(&route.function, &env)?,
                    destinations: DestinationCheck {
                        reachable: EgressConfig::from_environment(&env)?.reachable,
                        resolver: clients.resolver.clone(),
                    },
                }),
                "PagesFunction" => pages::router(&PagesConfig {
                    token_endpoint: Some(TOKEN_ENDPOINT.into()),
                    photos_url: Some(clients.photos_url.clone()),
                    ..PagesConfig::from_environment(&env)
                }),
                other => bail!("the template has a function {other} that is not known here"),
            };
            routers.insert(route.function, router);
        }
        let [scheduled] = &template.scheduled_functions()[..] else {
            bail!("the template has not one scheduled function")
        };
        let env = environment(scheduled)?;
        let cleanup = Cleanup { table: table(scheduled, &env)?.into(), photos: photos(scheduled, &env)? };
        let cleanup_timeout = template.function_timeout_seconds(scheduled).map_or(timeout, Duration::from_secs);
        let timeouts = template.event_sources()?.into_iter().map(|source| {
            let own = template.function_timeout_seconds(&source.function).map(Duration::from_secs);
            (source.function, own.unwrap_or(timeout))
        });
        let name = "PublisherFunction";
        let env = environment(name)?;
        let failures = SqsQueue::new(queues(name), PublisherFailuresConfig::from_environment(&env)?.url);
        let publisher = Publisher {
            table: table(name, &env)?.into(),
            deliveries: deliveries(name, &env)?,
            failures,
            feed_ends: FeedEndCache::default(),
        };
        let name = "SenderFunction";
        let env = environment(name)?;
        let reachable = EgressConfig::from_environment(&env)?.reachable;
        let endpoints = EndpointClients::new(
            &reachable,
            TrustConfig::from_environment(&env)?.bundle.as_deref(),
            clients.resolver.clone(),
        );
        let unresponsive = UnresponsiveEndpoints::default();
        let sender = WebhookSender {
            table: table(name, &env)?.into(),
            deliveries: deliveries(name, &env)?,
            endpoints,
            unresponsive,
        };
        let (authorizer, _) = template.authorizer_function()?;
        let env = environment(&authorizer)?;
        let authorizer = Arc::new(Authorizer::new(
            TokenIssuerConfig::from_environment(&env)?,
            &TrustConfig::from_environment(&env)?,
            ApiKeyVerifier::of(table(&authorizer, &env)?.into()),
        ));
        Ok(Self {
            routers,
            timeout,
            timeouts: timeouts.collect(),
            cleanup,
            cleanup_timeout,
            publisher,
            sender,
            authorizer,
        })
    }

    /// Invokes a function with an event from API Gateway, and returns the function's answer.
    pub(crate) async fn invoke_with_api_event(&self, function: &str, event: &Value) -> Result<Value> {
        let Some(router) = self.routers.get(function) else { bail!("there is no function {function}") };
        let payload: LambdaRequest = serde_json::from_str(&event.to_string())?;
        let event = LambdaEvent::new(payload, lambda_context(self.timeout)?);
        let Ok(answer) = shared::api::handle_gateway_event(router.clone(), event).await;
        Ok(serde_json::to_value(answer)?)
    }

    /// Invokes the clean-up function with a schedule event of EventBridge.
    pub(crate) async fn invoke_clean_up(&self, event: Value) -> Result<CleanupReport> {
        let schedule: EventBridgeEvent = serde_json::from_value(event)?;
        let ends = deadline::of_invocation(Some(&lambda_context(self.cleanup_timeout)?));
        Ok(deadline::run_with_deadline(ends, self.cleanup.run(&schedule)).await?)
    }

    /// Invokes a function with an event of its event source. The function takes `now` for the current time.
    pub(crate) async fn invoke_by_event_source(&self, function: &str, event: Value, now: Timestamp) -> Result<Value> {
        let timeout = self.timeouts.get(function).with_context(|| format!("no event source invokes {function}"))?;
        let deadline = deadline::of_invocation(Some(&lambda_context(*timeout)?));
        match function {
            "PublisherFunction" => {
                let event: StreamEvent = serde_json::from_value(event)?;
                Ok(serde_json::to_value(deadline::run_with_deadline(deadline, self.publisher.run(event, now)).await)?)
            }
            "SenderFunction" => {
                let event: SqsEvent = serde_json::from_value(event)?;
                Ok(serde_json::to_value(deadline::run_with_deadline(deadline, self.sender.run(event, now)).await)?)
            }
            other => bail!("the template has an event source for {other}, which is not known here"),
        }
    }

    /// Invokes the authorizer function with a request's event, and returns its decision.
    pub(crate) async fn invoke_authorizer(&self, event: Value) -> Result<AuthorizerResponse> {
        let request: ApiGatewayV2CustomAuthorizerV2Request = serde_json::from_value(event)?;
        Ok(self.authorizer.decide(&request).await?)
    }
}

/// Lambda context of an invocation that must end after `timeout`.
fn lambda_context(timeout: Duration) -> Result<Context> {
    let mut context = Context::default();
    let ends = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)? + timeout;
    context.deadline = u64::try_from(ends.as_millis())?;
    Ok(context)
}
