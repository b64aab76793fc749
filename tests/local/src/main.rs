//! `cargo local`: runs the whole product in one process.

mod terminal;

use std::io::IsTerminal as _;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use local::{LocalStack, StackOptions, TokenIdentity};

/// Runs the Leads API on this machine: gateway, authorizer, functions, DynamoDB, S3 and SQS.
#[derive(Parser)]
#[command(name = "cargo local")]
struct CommandLineArguments {
    /// Port of the API. DynamoDB, S3 and SQS use the next three ports. 0 selects free ports.
    #[arg(long, default_value_t = 3000, value_parser = clap::value_parser!(u16).range(..=65532))]
    port: u16,
    /// IP address to listen on.
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    bind: IpAddr,
    /// Folder for all data. Without a folder, the data is lost when the process ends.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Starts without demo data.
    #[arg(long)]
    empty: bool,
    /// Opens the console in the browser.
    #[arg(long)]
    open: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    if std::io::stderr().is_terminal() {
        terminal::start_terminal_log();
    } else {
        // Libraries log errors only, because the emulators warn about every conflict.
        shared::platform::telemetry::start_json_log_to(std::io::stderr, tracing::Level::ERROR);
    }
    match run_local_system(CommandLineArguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run_local_system(arguments: CommandLineArguments) -> anyhow::Result<()> {
    let CommandLineArguments { port, bind, data, empty, open } = arguments;
    // Allows webhooks whose receivers are on this machine, even without TLS.
    let webhook_networks = "127.0.0.0/8,::1/128".into();
    let options =
        StackOptions { bind, port, data, demo: !empty, events: true, webhook_networks, ..StackOptions::default() };
    let mut stack = LocalStack::start_stack(options).await?;
    let token = |role| stack.gateway().token_issuer().sign_token(&TokenIdentity::demo_member(role));
    let (owner, manager, viewer) = (token("Owner")?, token("Manager")?, token("Viewer")?);
    let console = format!("{}/", stack.url);
    println!("listening on http://{}", stack.address);
    println!("  Console   {console}");
    println!("  Reference {console}docs");
    println!("  DynamoDB  {} (table {})", stack.dynamodb, stack.table);
    println!("  S3        {} (bucket {})", stack.s3, stack.bucket);
    println!("  SQS       {} (queue DeliveriesQueue)", stack.sqs);
    println!("try:\n  curl -H 'Authorization: Bearer {owner}' {console}leads");
    println!("tokens of the team demo, good for a day:");
    println!("  Owner     {owner}\n  Manager   {manager}\n  Viewer    {viewer}");
    if open && let Err(error) = open::that_detached(&console) {
        eprintln!("warning: the console could not be opened: {error}");
    }
    stack.serve_connections(stop_signal()).await
}

async fn stop_signal() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! { _ = interrupt => {}, _ = terminate.recv() => {} }
            return;
        }
    }
    interrupt.await.ok();
}
