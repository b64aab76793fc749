//! `cargo bench -p local --bench endpoints`: measures the DynamoDB units of each endpoint, and requests a second of the
//! main endpoints. Times include the emulators.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use local::costs::{
    MeasuredRequest, cpu_time_of_process, measure_cost_of_request, requests_to_measure, send_json_request,
};
use local::large_teams::{VariedTeam, add_example_leads, example_lead_fields, fill_team};
use local::{LocalStack, StackOptions, TokenIdentity};

/// Number of requests sent to each endpoint for the measurement of throughput.
const REQUESTS: u64 = 2_000;
/// Maximum number of concurrent requests.
const MAX_CONCURRENT_REQUESTS: usize = 8;

#[tokio::main]
async fn main() -> Result<()> {
    print_units().await?;
    print_throughput().await
}

/// Prints round trips, read units and write units of each endpoint for the small and the large team, as in the table of
/// `docs/access-patterns.md`.
async fn print_units() -> Result<()> {
    let mut stack = LocalStack::start_stack(StackOptions { inject_faults: true, ..StackOptions::default() }).await?;
    let (client, table) = (stack.dynamodb_client(), stack.table.clone());
    let (gateway, faults) = (stack.gateway().clone(), stack.fault_injectors.clone().context("no fault injectors")?.0);
    tokio::spawn(async move { stack.serve_connections(std::future::pending()).await });
    let teams = [("small", 100), ("large", 10_000)];
    let mut tokens = Vec::new();
    for (team, leads) in teams {
        eprintln!("loading {leads} varied leads ...");
        VariedTeam::one_year(team, leads).write_to_table(&client, &table, |_| ()).await?;
        add_example_leads(&client, &table, team, 100, |n| n % 60).await?;
        let token = gateway
            .token_issuer()
            .sign_token(&TokenIdentity { team: team.into(), ..TokenIdentity::demo_member("Owner") })?;
        for n in 0..20 {
            let comment = serde_json::json!({ "content": format!("This is comment {n}.") });
            send_json_request(&gateway, &token, "POST", &format!("/leads/comments/{}", leads + 3), &comment).await?;
        }
        tokens.push(token);
    }
    println!("| Endpoint | at 10,000: Trips | Read units | Write units | at 100: Trips | Read units | Write units |");
    println!("|---|--:|--:|--:|--:|--:|--:|");
    for (of_small, of_large) in requests_to_measure(teams[0].1).iter().zip(requests_to_measure(teams[1].1)) {
        let small = measure_cost_of_request(&gateway, &faults, &tokens[0], of_small).await?;
        let large = measure_cost_of_request(&gateway, &faults, &tokens[1], &of_large).await?;
        print!("| {} | {} | {} | {} ", of_large.name, large.trips, large.reads, large.writes);
        println!("| {} | {} | {} |", small.trips, small.reads, small.writes);
    }
    Ok(())
}

/// Prints requests a second and processor time a request of the main endpoints, in a team of 1,000 leads.
async fn print_throughput() -> Result<()> {
    let mut stack = LocalStack::start_stack(StackOptions::default()).await?;
    fill_team(&stack.dynamodb_client(), &stack.table, "bench", 1_000, |n| n % 60).await?;
    let gateway = stack.gateway().clone();
    let token = gateway
        .token_issuer()
        .sign_token(&TokenIdentity { team: "bench".into(), ..TokenIdentity::demo_member("Owner") })?;
    tokio::spawn(async move { stack.serve_connections(std::future::pending()).await });
    let names = [
        "GET /leads/{id}",
        "GET /leads",
        "GET /leads/search",
        "GET /leads/logs-and-comments/{id}",
        "GET /leads/total-leads",
        "POST /leads/comments/{id}",
        "POST /leads",
        "PUT /leads/{id}, one name",
    ];
    println!("\n| Endpoint | Requests a second | CPU a request, ms | times GET /leads/{{id}} |\n|---|--:|--:|--:|");
    let mut first = None;
    for endpoint in requests_to_measure(0).iter().filter(|endpoint| names.contains(&endpoint.name)) {
        let (elapsed, cpu) = send_concurrently(&gateway, &token, endpoint).await?;
        let each = cpu.as_secs_f64() * 1000.0 / REQUESTS as f64;
        let times = each / *first.get_or_insert(each);
        println!("| {} | {:.0} | {each:.2} | {times:.1} |", endpoint.name, REQUESTS as f64 / elapsed.as_secs_f64());
    }
    Ok(())
}

async fn send_concurrently(
    gateway: &local::Gateway,
    token: &str,
    endpoint: &MeasuredRequest,
) -> Result<(Duration, Duration)> {
    let (started, before) = (Instant::now(), cpu_time_of_process()?);
    let requests = (0..REQUESTS).map(|n| async move {
        let mut body = endpoint.body.clone();
        match endpoint.name {
            // Each created lead gets its own e-mail address, because no two leads may have the same address.
            "POST /leads" => body = example_lead_fields(1_000_000 + n),
            // Each PUT sets a different first name, so that every request changes the lead.
            "PUT /leads/{id}, one name" => body["firstName"] = format!("Jane{n}").into(),
            _ => {}
        }
        // Consecutive requests are for different leads, so that no request waits for another request's transaction.
        let path = endpoint.path.replace("/leads/7", &format!("/leads/{}", 1 + n % 1_000));
        let path = path.replace("/comments/4", &format!("/comments/{}", 1 + n % 1_000));
        send_json_request(gateway, token, endpoint.method, &path, &body).await
    });
    stream::iter(requests).buffer_unordered(MAX_CONCURRENT_REQUESTS).try_for_each(|_| async { Ok(()) }).await?;
    Ok((started.elapsed(), cpu_time_of_process()? - before))
}
