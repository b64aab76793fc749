//! `cargo bench -p local --bench scale [-- LEADS]`: measures round trips and read units of requests in two teams: one
//! with LEADS leads (10,000 by default), one with three times as many, at most 30,000.

use std::time::Instant;

use anyhow::{Context as _, Result};
use jiff::SignedDuration;
use local::costs::measure_cost_of_request;
use local::large_teams::VariedTeam;
use local::{LocalStack, ProgressBar, StackOptions, TokenIdentity};
use mimalloc as _;
use shared::domain::Timestamp;

#[tokio::main(worker_threads = 16)]
async fn main() -> Result<()> {
    let leads = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(10_000);
    let teams = [
        VariedTeam::one_year("varied", leads),
        VariedTeam::five_years_with_500_businesses("hard", 30_000.min(3 * leads)),
    ];
    let mut stack = LocalStack::start_stack(StackOptions { inject_faults: true, ..StackOptions::default() }).await?;
    let faults = stack.fault_injectors.clone().context("no fault injectors")?.0;
    let (gateway, client, table) = (stack.gateway().clone(), stack.dynamodb_client(), stack.table.clone());
    // The stack also invokes the clean-up by itself, at its start and every 15 minutes.
    tokio::spawn(async move { stack.serve_connections(std::future::pending()).await });
    for team in &teams {
        let progress = ProgressBar::new("leads", team.leads);
        team.write_to_table(&client, &table, |done| progress.report_finished(done)).await?;
    }
    let token = |of: &VariedTeam| {
        gateway
            .token_issuer()
            .sign_token(&TokenIdentity { team: of.team.into(), ..TokenIdentity::demo_member("Owner") })
    };
    for rolled_up in [false, true] {
        if rolled_up {
            // The second run, whose event is an hour later, removes the counters that the first run has rolled up.
            for hours in [0, 1] {
                let began = Instant::now();
                let time = Timestamp::from(jiff::Timestamp::now()).saturating_add(SignedDuration::from_hours(hours));
                let removed = gateway.invoke_clean_up(time).await?;
                eprintln!("{} counters rolled up in {:.0} s", removed.rolled_up, began.elapsed().as_secs_f64());
            }
        }
        let [varied, hard] = &teams;
        let state = if rolled_up { "days that are over rolled up" } else { "nothing rolled up yet" };
        println!("\n| Read units / trips, {state} | {} varied | {} hard |\n|---|--:|--:|", varied.leads, hard.leads);
        for (of_varied, of_hard) in varied.requests_of_bounded_cost().iter().zip(hard.requests_of_bounded_cost()) {
            let (name, of_varied) =
                (of_varied.name, measure_cost_of_request(&gateway, &faults, &token(varied)?, of_varied).await?);
            let of_hard = measure_cost_of_request(&gateway, &faults, &token(hard)?, &of_hard).await?;
            println!("| {name} | {} / {} | {} / {} |", of_varied.reads, of_varied.trips, of_hard.reads, of_hard.trips);
        }
    }
    Ok(())
}
