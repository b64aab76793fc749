//! The function that `cargo lambda new --http` generates: the baseline of the bench `cold_start`.
//! <https://www.cargo-lambda.info/guide/getting-started.html>

use lambda_http::{Body, Error, Request, RequestExt, Response, run, service_fn, tracing};

#[tokio::main]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    run(service_fn(function_handler)).await
}

async fn function_handler(event: Request) -> Result<Response<Body>, Error> {
    let parameters = event.query_string_parameters_ref();
    let who = parameters.and_then(|parameters| parameters.first("name")).unwrap_or("world");
    let message = format!("Hello {who}, this is an AWS Lambda HTTP request");
    Ok(Response::builder().status(200).header("content-type", "text/html").body(message.into())?)
}
