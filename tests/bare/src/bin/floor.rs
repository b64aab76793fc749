//! The smallest possible function with `lambda_http`: one thread, no log, no work. The bench `cold_start` measures it
//! as the lower bound.

use lambda_http::{Error, Request, run, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(|_: Request| async { Ok::<_, Error>("{}") })).await
}
