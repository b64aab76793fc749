//! The smallest possible function with lambda_http (one thread, no log, no work): the lower bound for the bench `cold_start`.

use lambda_http::{Error, Request, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(|_: Request| async { Ok::<_, Error>("{}") })).await
}
