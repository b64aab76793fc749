//! Emulates the API Gateway HTTP API of `template.yaml`: converts HTTP requests to events of payload format 2.0,
//! invokes functions, and converts their answers to HTTP responses.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cleanup::CleanupReport;
use matchit::Router;
use serde_json::{Map, Value, json};
use shared::domain::Timestamp;

use crate::functions::LambdaFunctions;
use crate::issuer::TokenIssuer;
use crate::oauth::AuthorizationServer;
use crate::template::{ApiRoute, CorsSettings, SamTemplate};

/// API Gateway's limit on the size of a request body.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>
const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;

/// An HTTP response of the gateway.
pub type GatewayResponse = Response<Bytes>;

/// The emulated API Gateway, its cache of authorizer decisions, and the local token issuer.
pub struct Gateway {
    functions: LambdaFunctions,
    authorization_server: AuthorizationServer,
    routes: HashMap<String, Router<ApiRoute>>,
    cors: CorsSettings,
    decisions: Mutex<HashMap<String, (Instant, Option<Value>)>>,
    keep: Duration,
}

/// Reason for which the gateway refuses a request before it invokes a function.
enum AuthorizationFailure {
    Unauthorized,
    Forbidden,
    Fault,
}

impl Gateway {
    pub(crate) fn new(
        template: &SamTemplate,
        references: &HashMap<String, String>,
        functions: LambdaFunctions,
        issuer: TokenIssuer,
    ) -> Result<Self> {
        let mut routes: HashMap<String, Router<ApiRoute>> = HashMap::new();
        for route in template.api_routes() {
            routes.entry(route.method.clone()).or_default().insert(route.path.clone(), route)?;
        }
        let (_, keep) = template.authorizer_function()?;
        Ok(Self {
            functions,
            authorization_server: AuthorizationServer::new(issuer),
            routes,
            cors: template.cors_settings(references)?,
            decisions: Mutex::default(),
            keep: Duration::from_secs(keep),
        })
    }

    /// The local token issuer.
    pub fn token_issuer(&self) -> &TokenIssuer {
        self.authorization_server.token_issuer()
    }

    /// Answers a request as the deployed API would. Also serves the endpoints of the local token issuer, which the
    /// deployed API does not have.
    pub async fn answer_request(&self, request: Request<Bytes>) -> GatewayResponse {
        let origin = request.headers().get(header::ORIGIN).cloned();
        let mut answer = match self.authorization_server.answer_oauth_request(&request) {
            Some(answer) => answer,
            None => self.answer_api_request(request).await,
        };
        if let Some(origin) = origin {
            self.add_cors_headers(&origin, answer.headers_mut());
        }
        answer
    }

    /// Invokes a route's function with a recorded event, without the authorizer, as `sam local invoke` does.
    pub async fn replay_sample_event(&self, route: &ApiRoute, event: &Value) -> Result<GatewayResponse> {
        response_from_payload_v2(self.functions.invoke_with_api_event(&route.function, event).await?)
    }

    /// Invokes the clean-up function with the sample schedule event, in which `time` replaces the time.
    pub async fn invoke_clean_up(&self, time: Timestamp) -> Result<CleanupReport> {
        let mut event: Value = serde_json::from_str(include_str!("../../../events/cleanup-schedule.json"))?;
        event["time"] = json!(time);
        self.functions.invoke_clean_up(event).await
    }

    /// Invokes a function with an event of its event source. The function takes `now` for the current time.
    ///
    /// # Errors
    /// If no event source invokes the function, or if the function cannot read the event.
    pub async fn invoke_by_event_source(&self, function: &str, event: Value, now: Timestamp) -> Result<Value> {
        self.functions.invoke_by_event_source(function, event, now).await
    }

    async fn answer_api_request(&self, request: Request<Bytes>) -> GatewayResponse {
        if request.method() == Method::OPTIONS && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
        {
            return self.cors_preflight_response();
        }
        let path = request.uri().path().to_owned();
        let found = self.routes.get(request.method().as_str()).and_then(|routes| routes.at(&path).ok());
        let Some(found) = found else { return message_response(StatusCode::NOT_FOUND, "Not Found") };
        if request.body().len() > MAX_BODY_BYTES {
            return message_response(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
        }
        let parameters: Map<String, Value> =
            found.params.iter().map(|(name, value)| (name.to_owned(), json!(percent_decode(value)))).collect();
        let mut event = payload_v2_event(&request, found.value, parameters);
        let authorized =
            if found.value.public { Ok(None) } else { self.authorize_request(&request, &event).await.map(Some) };
        match authorized {
            Ok(None) => {}
            Ok(Some(context)) => event["requestContext"]["authorizer"] = json!({ "lambda": context }),
            Err(AuthorizationFailure::Unauthorized) => {
                return message_response(StatusCode::UNAUTHORIZED, "Unauthorized");
            }
            Err(AuthorizationFailure::Forbidden) => return message_response(StatusCode::FORBIDDEN, "Forbidden"),
            Err(AuthorizationFailure::Fault) => {
                return message_response(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error");
            }
        }
        let (functions, function) = (self.functions.clone(), found.value.function.clone());
        // A Tokio task of its own, because in Lambda a panic ends one execution environment and not the gateway.
        let answer = tokio::spawn(async move { functions.invoke_with_api_event(&function, &event).await }).await;
        answer.map_err(anyhow::Error::from).flatten().and_then(response_from_payload_v2).unwrap_or_else(|error| {
            tracing::error!(error = format!("{error:#}"), "a function failed");
            message_response(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
        })
    }

    async fn authorize_request(&self, request: &Request<Bytes>, event: &Value) -> Result<Value, AuthorizationFailure> {
        let token = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = token.filter(|token| !token.is_empty()).ok_or(AuthorizationFailure::Unauthorized)?.to_owned();
        let kept = self.decisions.lock().ok().and_then(|decisions| decisions.get(&token).cloned());
        if let Some((_, decision)) = kept.filter(|(at, _)| at.elapsed() < self.keep) {
            return decision.ok_or(AuthorizationFailure::Forbidden);
        }
        let mut question = event.clone();
        question["type"] = json!("REQUEST");
        question["routeArn"] = json!("arn:aws:execute-api:us-east-1:000000000000:local/$default");
        question["identitySource"] = json!([token]);
        let decision = self.functions.invoke_authorizer(question).await.map_err(|error| {
            tracing::error!(error = format!("{error:#}"), "the authorizer failed");
            AuthorizationFailure::Fault
        })?;
        let context = decision.is_authorized.then(|| json!(decision.context));
        if let Ok(mut decisions) = self.decisions.lock() {
            decisions.insert(token, (Instant::now(), context.clone()));
        }
        context.ok_or(AuthorizationFailure::Forbidden)
    }

    fn allowed_origin(&self, origin: &HeaderValue) -> Option<HeaderValue> {
        let any = self.cors.origins.iter().any(|allowed| allowed == "*");
        let named = self.cors.origins.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes());
        any.then(|| HeaderValue::from_static("*")).or_else(|| named.then(|| origin.clone()))
    }

    fn add_cors_headers(&self, origin: &HeaderValue, headers: &mut HeaderMap) {
        if let Some(allowed) = self.allowed_origin(origin) {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
            set_header(headers, header::ACCESS_CONTROL_EXPOSE_HEADERS, &self.cors.exposed);
        }
    }

    fn cors_preflight_response(&self) -> GatewayResponse {
        let mut answer = Response::new(Bytes::new());
        *answer.status_mut() = StatusCode::NO_CONTENT;
        set_header(answer.headers_mut(), header::ACCESS_CONTROL_ALLOW_METHODS, &self.cors.methods);
        set_header(answer.headers_mut(), header::ACCESS_CONTROL_ALLOW_HEADERS, &self.cors.headers);
        set_header(answer.headers_mut(), header::ACCESS_CONTROL_MAX_AGE, &self.cors.max_age);
        answer
    }
}

pub(crate) fn set_header(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

pub(crate) fn json_response(status: StatusCode, body: &Value) -> GatewayResponse {
    let mut answer = Response::new(Bytes::from(body.to_string()));
    *answer.status_mut() = status;
    set_header(answer.headers_mut(), header::CONTENT_TYPE, "application/json");
    answer
}

fn message_response(status: StatusCode, text: &str) -> GatewayResponse {
    json_response(status, &json!({ "message": text }))
}

fn percent_decode(segment: &str) -> String {
    // A `+` in a path is literal, but form decoding would turn `+` into a space.
    let pair = format!("x={}", segment.replace('+', "%2B").replace('&', "%26"));
    form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

fn is_text_media_type(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("text/plain");
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind.starts_with("text/")
        || ["application/json", "application/javascript", "application/xml"].contains(&kind.as_str())
        || kind.ends_with("+json")
        || kind.ends_with("+xml")
}

/// Builds the Lambda event of a request, in payload format 2.0.
fn payload_v2_event(request: &Request<Bytes>, route: &ApiRoute, parameters: Map<String, Value>) -> Value {
    let headers = request.headers();
    let joined = |name: &HeaderName| {
        let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        values.collect::<Vec<_>>().join(",")
    };
    let all: Map<String, Value> = headers.keys().map(|name| (name.to_string(), json!(joined(name)))).collect();
    let query = request.uri().query().unwrap_or_default();
    let mut pairs: Map<String, Value> = Map::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let before = pairs.get(name.as_ref()).and_then(Value::as_str).map(|before| format!("{before},"));
        pairs.insert(name.into_owned(), json!(before.unwrap_or_default() + &value));
    }
    let now = jiff::Timestamp::now();
    // An HTTP API passes the path on decoded, and drops what follows a decoded `?`.
    let decoded = request.uri().path().split('/').map(percent_decode).collect::<Vec<_>>().join("/");
    let path = decoded.split('?').next().unwrap_or_default();
    let body = request.body();
    let plain = is_text_media_type(headers).then(|| std::str::from_utf8(body).ok()).flatten();
    let mut event = json!({
        "version": "2.0",
        "routeKey": format!("{} {}", route.method, route.path),
        "rawPath": path,
        "rawQueryString": query,
        "headers": all,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "domainName": joined(&header::HOST),
            "domainPrefix": "local",
            "http": {
                "method": route.method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": joined(&header::USER_AGENT),
            },
            "requestId": format!("{:016x}", fastrand::u64(..)),
            "routeKey": format!("{} {}", route.method, route.path),
            "stage": "$default",
            "time": now.strftime("%d/%b/%Y:%H:%M:%S %z").to_string(),
            "timeEpoch": now.as_millisecond(),
        },
        "isBase64Encoded": !body.is_empty() && plain.is_none(),
    });
    if !pairs.is_empty() {
        event["queryStringParameters"] = Value::Object(pairs);
    }
    if !parameters.is_empty() {
        event["pathParameters"] = Value::Object(parameters);
    }
    if !body.is_empty() {
        event["body"] = json!(plain.map_or_else(|| STANDARD.encode(body), str::to_owned));
    }
    event
}

/// Converts a function's answer, in payload format 2.0, to an HTTP response.
fn response_from_payload_v2(answer: Value) -> Result<GatewayResponse> {
    let status =
        answer["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok()).context("no statusCode")?;
    let body = answer["body"].as_str().unwrap_or_default();
    let body = if answer["isBase64Encoded"] == json!(true) { STANDARD.decode(body)? } else { body.as_bytes().to_vec() };
    let mut response = Response::builder().status(status).body(Bytes::from(body))?;
    for (name, value) in answer["headers"].as_object().into_iter().flatten() {
        set_header(response.headers_mut(), name.parse()?, value.as_str().unwrap_or_default());
    }
    Ok(response)
}
