//! `cargo local` itself: what it keeps, what it refuses.

use local::{Options, Stack};
use serde_json::json;

use crate::harness::{Api, example};

#[tokio::test(flavor = "multi_thread")]
async fn a_data_folder_survives_a_restart() {
    let folder = tempfile::TempDir::new().unwrap();
    let options = || Options { data: Some(folder.path().to_owned()), ..Options::default() };
    let (first, token) = {
        let api = Api::start(options()).await;
        let owner = api.owner();
        let id = owner.create(example("a@example.com")).await;
        let error = Stack::start(options()).await.err().map(|error| format!("{error:#}")).unwrap();
        assert_eq!(error, format!("another process uses {}", folder.path().display()));
        let kept = (owner.get(&format!("/leads/{id}")).await.expect(200), owner.authorization.clone());
        api.stop().await;
        kept
    };
    let api = Api::start(options()).await;
    let again = api.owner();
    assert_eq!(again.get("/leads/1").await.expect(200), first);
    assert_eq!(again.create(example("b@example.com")).await, 2);
    assert!(token.is_some());
    api.audit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_in_use_is_said_in_one_line() {
    let stack = Stack::start(Options::default()).await.unwrap();
    let taken = Options { port: stack.address.port(), ..Options::default() };
    let error = Stack::start(taken).await.err().map(|error| format!("{error:#}")).unwrap();
    assert!(error.starts_with(&format!("cannot listen on 127.0.0.1:{}", stack.address.port())), "{error}");
    assert!(!error.contains('\n'));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_demo_data_there_is_none() {
    let api = Api::start(crate::harness::options()).await;
    assert_eq!(api.caller("demo", "Owner").get("/leads").await.expect(200), json!({ "count": 0, "leads": [] }));
}
