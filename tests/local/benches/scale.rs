//! `cargo bench -p local --bench scale [-- LEADS]`: what reads cost in teams as varied as people's, after LEADS leads over a
//! year (10,000 unless said otherwise), and after 30,000 over five years of 500 businesses. Loading takes some 4 seconds for
//! a thousand leads.

use std::io::{IsTerminal as _, Write as _, stderr};
use std::time::Instant;

use anyhow::{Context as _, Result};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::{SignedDuration, ToSpan as _};
use local::costs::traffic;
use local::examples::example_with;
use local::{Identity, Options, Stack};
use mimalloc::MiMalloc;
use serde_json::{Value, json};
use shared::model::{Actor, Answer, Input as _, NewLead, Timestamp, User};
use shared::table::{Bulk, Table};

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Leads that are written at once.
const AT_ONCE: usize = 8;

const FIRST_NAMES: [&str; 16] = [
    "John", "Maria", "Wei", "Fatima", "Łucja", "Olga", "José", "Aisha", "Liam", "Noah", "Emma", "Mia", "Yuki", "Ivan",
    "Zoë", "Ravi",
];
const SYLLABLES: [&str; 12] = ["ber", "lan", "mor", "tes", "vik", "ros", "hal", "den", "kov", "ari", "sen", "mül"];
const SOURCES: [&str; 6] = ["Website", "Referral", "Fair", "Newsletter", "Partner", "Cold call"];
const POSITIONS: [&str; 4] = ["Manager", "Head of Sales", "Engineer", "Buyer"];

/// A team to load.
struct Team {
    name: &'static str,
    leads: u64,
    days: u64,
    businesses: u64,
    /// How many sets of businesses; with 0, each lead has its own.
    sets: u64,
}

impl Team {
    /// One to three businesses; the last one is new, so that none of its leads is archived.
    fn businesses(&self, n: u64) -> Vec<u64> {
        if n > self.leads - self.leads / 20 {
            return vec![self.businesses];
        }
        let mut random = fastrand::Rng::with_seed(if self.sets == 0 { n } else { n % self.sets });
        let mut ids: Vec<u64> = (0..random.u64(1..=3)).map(|_| random.u64(1..self.businesses)).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    fn lead(&self, n: u64) -> Value {
        let mut random = fastrand::Rng::with_seed(n);
        let last =
            format!("{}{}{}", random.choice(SYLLABLES).unwrap_or(""), random.choice(SYLLABLES).unwrap_or(""), n % 40);
        // One lead in the middle has a word of its own.
        let rare = n == self.leads / 2;
        let company = if rare { "Zyxwave Rare" } else { "Acme Trading" };
        let first = if rare { "John" } else { random.choice(FIRST_NAMES).unwrap_or("") };
        let changes = json!({
            "firstName": first,
            "lastName": last,
            "phoneNumber": [format!("+1 (555) {:03}-{:04}", n / 10_000, n % 10_000)],
            "business": self.businesses(n),
            "state": if random.u8(..4) == 0 { "Inactive" } else { "Active" },
            "statusId": random.u64(1..=4),
            "source": random.choice(SOURCES),
            "company": company,
            "position": random.choice(POSITIONS),
        });
        example_with(&format!("lead{n}@example.com"), changes)
    }
}

/// How far a load is, on a terminal; without one, each tenth.
fn progress(done: u64, all: u64, began: Instant) {
    let tenth = (all / 10).max(1);
    let left = began.elapsed().as_secs_f64() / done.max(1) as f64 * (all - done) as f64;
    let line = format!("{done} of {all} leads, {left:.0} s left");
    if stderr().is_terminal() && (done.is_multiple_of(50) || done == all) {
        eprint!("\r{line}   ");
        stderr().flush().ok();
    } else if !stderr().is_terminal() && done.is_multiple_of(tenth) {
        eprintln!("{line}");
    }
}

/// Fills a team as its people would have: oldest first, a tenth archived, past the gateway.
async fn load(table: &Table, team: &Team) -> Result<()> {
    let user = User { id: 1, email: "o@example.com".into(), first_name: "O".into(), last_name: "W".into() };
    let id = team.name.parse().map_err(|()| anyhow::anyhow!("not a team's id"))?;
    let now = Timestamp::from(jiff::Timestamp::now());
    let actor = Actor { team: id, user, at: now };
    let nothing = || Answer::ok(Value::Null);
    for n in 1..=team.businesses {
        let business = shared::model::BusinessInput { name: format!("Business {n}") };
        table.add_business(&actor, &business, None, |_| nothing()).await?;
    }
    eprintln!("loading {} leads into the {} team ...", team.leads, team.name);
    let began = Instant::now();
    let age =
        |n: u64| SignedDuration::from_hours(i64::try_from(24 * team.days * (team.leads - n) / team.leads).unwrap_or(0));
    let creations = (1..=team.leads).map(|n| {
        let (table, actor) = (table.clone(), Actor { at: now.plus(-age(n)), ..actor.clone() });
        async move {
            let new = NewLead::read(team.lead(n), &mut Vec::new()).context("not a lead")?;
            table.create_lead(&actor, &new, None, |_, _| nothing()).await?;
            anyhow::Ok(n)
        }
    });
    let mut creations = stream::iter(creations).buffer_unordered(AT_ONCE).enumerate();
    while let Some((done, created)) = creations.next().await {
        created?;
        progress(done as u64 + 1, team.leads, began);
    }
    eprintln!();
    let archived: Vec<u64> = (1..=team.leads * 9 / 10).filter(|n| n % 10 == 3).collect();
    let chunks = archived.chunks(100).map(|ids| {
        let (table, actor) = (table.clone(), actor.clone());
        let ids = ids.iter().filter_map(|id| id.to_string().parse().ok()).collect();
        async move { table.change_leads(&actor, &ids, Bulk::Archive).await.map(drop) }
    });
    stream::iter(chunks).buffer_unordered(2).try_collect::<()>().await?;
    Ok(())
}

/// A request to measure: its name in the table, and its path.
fn reads(team: &Team) -> Vec<(&'static str, String)> {
    let today = Timestamp::from(jiff::Timestamp::now()).day();
    let ago = |days: i64| today.saturating_sub(days.days());
    let last = team.businesses;
    vec![
        ("`GET /leads/{id}`", "/leads/7".into()),
        ("`GET /leads`", "/leads".into()),
        ("`?source`", "/leads?source=Referral".into()),
        ("`?business`", "/leads?business=1".into()),
        ("`?business`, two", "/leads?business=1,2".into()),
        ("`?business&status&source`", "/leads?business=1&status=2&source=Referral".into()),
        ("`?business&archived=true`, nothing matches", format!("/leads?business={last}&archived=true")),
        ("`?from&to`, a month", format!("/leads?from={}&to={}", ago(60), ago(31))),
        ("`?from&to`, a year", format!("/leads?from={}&to={}", ago(364), today)),
        ("`?from&to`, five years", format!("/leads?from={}&to={}", ago(1825), today)),
        ("`total-leads`, 30 days and 30 before", "/leads/total-leads".into()),
        ("`leads-volume`, a year and one before", format!("/leads/leads-volume?startDate={}", ago(364))),
        ("`total-leads`, five years and five before", format!("/leads/total-leads?startDate={}", ago(1825))),
        ("search: a last name", format!("/leads/search?search={}", team.lead(7)["lastName"].as_str().unwrap_or(""))),
        ("search: a common and a rare word", "/leads/search?search=john+zyxwave".into()),
        ("search: two common words", "/leads/search?search=john+manager".into()),
        ("search: a common word and none", "/leads/search?search=acme+nothing".into()),
    ]
}

#[tokio::main(worker_threads = 16)]
async fn main() -> Result<()> {
    let leads = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(10_000);
    let teams = [
        Team { name: "varied", leads, days: 365, businesses: 10, sets: 20 },
        Team { name: "hard", leads: 30_000.min(3 * leads), days: 1825, businesses: 500, sets: 0 },
    ];
    let mut stack = Stack::start(Options { doors: true, ..Options::default() }).await?;
    let door = stack.doors.clone().context("no doors")?.0;
    let (gateway, client, table) = (stack.gateway().clone(), stack.dynamodb_client(), stack.table.clone());
    // Its own clean-up runs now, and an hour later.
    tokio::spawn(async move { stack.serve(std::future::pending()).await });
    for team in &teams {
        load(&Table::new(client.clone(), &table), team).await?;
    }
    let token = |team: &Team| gateway.issuer().token(&Identity { team: team.name.into(), ..Identity::demo("Owner") });
    for folded in [false, true] {
        if folded {
            // As the clean-up does each hour.
            for hours in [0, 1] {
                let began = Instant::now();
                let time = Timestamp::from(jiff::Timestamp::now()).plus(SignedDuration::from_hours(hours));
                let removed = gateway.clean_up(time).await?;
                eprintln!("{} counters folded in {:.0} s", removed.folds, began.elapsed().as_secs_f64());
            }
        }
        let [varied, hard] = &teams;
        let state = if folded { "days that are over folded" } else { "nothing folded yet" };
        println!("\n| Read units / trips, {state} | {} varied | {} hard |\n|---|--:|--:|", varied.leads, hard.leads);
        for ((name, of_varied), (_, of_hard)) in reads(varied).into_iter().zip(reads(hard)) {
            let of_varied = traffic(&gateway, &door, &token(varied)?, "GET", &of_varied, &Value::Null).await?;
            let of_hard = traffic(&gateway, &door, &token(hard)?, "GET", &of_hard, &Value::Null).await?;
            println!("| {name} | {} / {} | {} / {} |", of_varied.reads, of_varied.trips, of_hard.reads, of_hard.trips);
        }
    }
    Ok(())
}
