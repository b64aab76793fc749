//! Fills teams with many leads, through the product's own store code without the gateway. The leads are all alike, or
//! as varied as real ones.

use anyhow::{Context as _, Result};
use aws_sdk_dynamodb::Client;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::civil::Date;
use jiff::{SignedDuration, ToSpan as _};
use serde_json::{Value, json};
use shared::api::{JsonBody, RequestBody as _};
use shared::domain::{Actor, BusinessInput, LeadBatch, LeadId, Timestamp, User};
use shared::store::{BulkChange, LeadStore, StoredResponse, Table, TeamStore};

use crate::costs::MeasuredRequest;
use crate::examples::example_lead_with;

/// Maximum number of batches of leads that are written concurrently.
const CONCURRENT_BATCHES: usize = 3;

const FIRST_NAMES: [&str; 16] = [
    "John", "Maria", "Wei", "Fatima", "Łucja", "Olga", "José", "Aisha", "Liam", "Noah", "Emma", "Mia", "Yuki", "Ivan",
    "Zoë", "Ravi",
];
const LAST_NAME_SYLLABLES: [&str; 12] =
    ["ber", "lan", "mor", "tes", "vik", "ros", "hal", "den", "kov", "ari", "sen", "mül"];
const LEAD_SOURCES: [&str; 6] = ["Website", "Referral", "Fair", "Newsletter", "Partner", "Cold call"];
const JOB_POSITIONS: [&str; 4] = ["Manager", "Head of Sales", "Engineer", "Buyer"];

/// The example lead of the original API document, with three businesses and a different e-mail address for each `n`.
pub fn example_lead_fields(n: u64) -> Value {
    example_lead_with(&format!("john.doe{n}@example.com"), json!({ "business": [1, 2, 3] }))
}

/// Creates three businesses and `n` example leads in a team. `days_old` returns the age of each lead in days.
///
/// # Errors
/// If a write to the table fails.
pub async fn fill_team(client: &Client, table: &str, team: &str, n: u64, days_old: impl Fn(u64) -> u64) -> Result<()> {
    add_businesses(&Table::new(client.clone(), table).into(), &owner_of_team(team)?, 3).await?;
    add_example_leads(client, table, team, n, days_old).await
}

/// Creates `n` example leads in a team that has at least three businesses. `days_old` returns the age of each lead in
/// days.
///
/// # Errors
/// If a write to the table fails.
pub async fn add_example_leads(
    client: &Client,
    table: &str,
    team: &str,
    n: u64,
    days_old: impl Fn(u64) -> u64,
) -> Result<()> {
    let leads = (0..n).map(|n| (duration_of_hours(24 * days_old(n)), example_lead_fields(n)));
    create_leads(&Table::new(client.clone(), table).into(), &owner_of_team(team)?, leads, |_| ()).await.map(drop)
}

/// The actor of the writes: a user of the team, at the current time.
fn owner_of_team(team: &str) -> Result<Actor> {
    let team = team.parse().map_err(|()| anyhow::anyhow!("not a team's id"))?;
    let user = User { id: 1, email: "o@example.com".into(), first_name: "O".into(), last_name: "W".into() };
    Ok(Actor { team, user, agent: None, at: current_time() })
}

fn current_time() -> Timestamp {
    Timestamp::from(jiff::Timestamp::now())
}

fn duration_of_hours(n: u64) -> SignedDuration {
    SignedDuration::from_hours(i64::try_from(n).unwrap_or(i64::MAX))
}

async fn add_businesses(table: &TeamStore, actor: &Actor, n: u64) -> Result<()> {
    for name in (1..=n).map(|n| format!("Business {n}")) {
        table.add_business(actor, &BusinessInput { name }, None, |_| StoredResponse::ok(Value::Null)).await?;
    }
    Ok(())
}

/// Creates leads of the given ages and returns their ids in the order of `leads`. The ids need not ascend, because
/// concurrent batches reserve ids in any order. Calls `progress` with the number of leads written so far.
async fn create_leads(
    table: &LeadStore,
    actor: &Actor,
    leads: impl Iterator<Item = (SignedDuration, Value)>,
    mut progress: impl FnMut(u64),
) -> Result<Vec<LeadId>> {
    let creations = lead_batches_by_age(leads).map(|(age, rows)| {
        let (table, actor) = (table.clone(), Actor { at: actor.at.saturating_add(-age), ..actor.clone() });
        // A Tokio task writes each batch, so that all cores work.
        let creation = tokio::spawn(async move {
            let body = json!({ "mode": "create", "leads": rows });
            let batch = LeadBatch::read_body(JsonBody { value: body, errors: &mut Vec::new() }).context("not leads")?;
            let keep = |_| async { Ok(()) };
            let (answer, _) = table.write_leads(&actor, &batch, None, true, keep, StoredResponse::ok).await?;
            let created =
                |row: &Value| (row["result"] == "created").then(|| row["id"].to_string().parse().ok()).flatten();
            let ids: Option<Vec<LeadId>> = answer.body.as_array().into_iter().flatten().map(created).collect();
            ids.with_context(|| answer.body.to_string())
        });
        async move { creation.await? }
    });
    let mut creations = stream::iter(creations).buffered(CONCURRENT_BATCHES);
    let mut ids = Vec::new();
    while let Some(created) = creations.next().await {
        ids.extend(created?);
        progress(ids.len() as u64);
    }
    Ok(ids)
}

/// Groups consecutive leads of the same age in days into batches. Every lead of a batch gets the age of the batch's
/// first lead.
fn lead_batches_by_age(
    leads: impl Iterator<Item = (SignedDuration, Value)>,
) -> impl Iterator<Item = (SignedDuration, Vec<Value>)> {
    let mut leads = leads.peekable();
    std::iter::from_fn(move || {
        let (age, first) = leads.next()?;
        let mut rows = vec![first];
        while rows.len() < LeadBatch::MAX_ROWS
            && let Some((_, lead)) = leads.next_if(|(other, _)| other.as_hours() / 24 == age.as_hours() / 24)
        {
            rows.push(lead);
        }
        Some((age, rows))
    })
}

/// Generator of a team with leads as varied as real ones. A tenth of the older leads were archived a day or more after
/// their creation.
#[derive(Clone, Copy, Debug)]
pub struct VariedTeam {
    /// Id of the team.
    pub team: &'static str,
    /// Number of leads.
    pub leads: u64,
    /// Number of days over which the leads were created.
    days: u64,
    /// Number of businesses.
    businesses: u64,
    /// Number of random sets of businesses that leads share. 0 draws a new set for each lead.
    sets: u64,
}

impl VariedTeam {
    /// A team whose leads were created over a year and share twenty sets of its ten businesses.
    pub fn one_year(team: &'static str, leads: u64) -> Self {
        Self { team, leads, days: 365, businesses: 10, sets: 20 }
    }

    /// A team with 500 businesses, whose leads were created over five years. Hardly two leads have the same set of
    /// businesses.
    pub fn five_years_with_500_businesses(team: &'static str, leads: u64) -> Self {
        Self { team, leads, days: 1825, businesses: 500, sets: 0 }
    }

    /// The one to three businesses of lead `n`. Only the newest leads have the last business, and none of them is
    /// archived.
    fn businesses_of_lead(&self, n: u64) -> Vec<u64> {
        if n > self.leads - self.leads / 20 {
            return vec![self.businesses];
        }
        let mut random = fastrand::Rng::with_seed(if self.sets == 0 { n } else { n % self.sets });
        let mut ids: Vec<u64> = (0..random.u64(1..=3)).map(|_| random.u64(1..self.businesses)).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    fn fields_of_lead(&self, n: u64) -> Value {
        let mut random = fastrand::Rng::with_seed(n);
        let last = format!(
            "{}{}{}",
            random.choice(LAST_NAME_SYLLABLES).unwrap_or(""),
            random.choice(LAST_NAME_SYLLABLES).unwrap_or(""),
            n % 40
        );
        // One lead in the middle has a company name with a rare word.
        let rare = n == self.leads / 2;
        let company = if rare { "Zyxwave Rare" } else { "Acme Trading" };
        let first = if rare { "John" } else { random.choice(FIRST_NAMES).unwrap_or("") };
        let changes = json!({
            "firstName": first,
            "lastName": last,
            "phoneNumber": [format!("+1 (555) {:03}-{:04}", n / 10_000, n % 10_000)],
            "business": self.businesses_of_lead(n),
            "state": if random.u8(..4) == 0 { "Inactive" } else { "Active" },
            "statusId": random.u64(1..=4),
            "source": random.choice(LEAD_SOURCES),
            "company": company,
            "position": random.choice(JOB_POSITIONS),
        });
        // Most e-mail addresses are in a subdomain of `example.com`.
        let host = if n.is_multiple_of(50) { String::new() } else { format!("crm{}.", n % 5) };
        example_lead_with(&format!("lead{n}@{host}example.com"), changes)
    }

    fn age_of_lead(&self, n: u64) -> SignedDuration {
        duration_of_hours(24 * self.days * (self.leads - n) / self.leads)
    }

    /// Writes the team's businesses and leads. Calls `progress` with the number of leads written so far.
    ///
    /// # Errors
    /// If a write to the table fails.
    pub async fn write_to_table(&self, client: &Client, table: &str, progress: impl FnMut(u64)) -> Result<()> {
        let (table, actor) = (Table::new(client.clone(), table), owner_of_team(self.team)?);
        add_businesses(&table.clone().into(), &actor, self.businesses).await?;
        let leads = (1..=self.leads).map(|n| (self.age_of_lead(n), self.fields_of_lead(n)));
        let ids = create_leads(&table.clone().into(), &actor, leads, progress).await?;
        let old = (1..=self.leads * 9 / 10).zip(ids);
        let archived: Vec<(u64, LeadId)> = old.filter(|(n, _)| n % 10 == 3).collect();
        let chunks = archived.chunks(100).map(|some| {
            let newest = some.iter().map(|(n, _)| self.age_of_lead(*n)).min().unwrap_or_default();
            let (table, actor) = (
                LeadStore::from(table.clone()),
                Actor { at: actor.at.saturating_add(duration_of_hours(24) - newest), ..actor.clone() },
            );
            let ids = some.iter().map(|(_, id)| *id).collect();
            async move { table.change_leads(&actor, &ids, BulkChange::Archive).await.map(drop) }
        });
        stream::iter(chunks).buffer_unordered(2).try_collect::<()>().await?;
        Ok(())
    }

    /// Requests that read leads, and whose cost must not grow with the team.
    pub fn requests_of_bounded_cost(&self) -> Vec<MeasuredRequest> {
        let today = current_time().as_utc_day();
        let ago = |days: i64| -> Date { today.saturating_sub(days.days()) };
        let last = self.businesses;
        let name = self.fields_of_lead(7)["lastName"].as_str().unwrap_or_default().to_owned();
        let read = |name, path: String| MeasuredRequest::get_request(name, path);
        vec![
            read("`GET /leads/{id}`", "/leads/7".into()),
            read("`GET /leads`", "/leads".into()),
            read("`?source`", "/leads?source=Referral".into()),
            read("`?business`", "/leads?business=1".into()),
            read("`?business`, two", "/leads?business=1,2".into()),
            read("`?business&status&source`", "/leads?business=1&status=2&source=Referral".into()),
            read("`?source&state&archived`", "/leads?source=Referral&state=Inactive&archived=true".into()),
            read("`?source&from&archived`", format!("/leads?source=Referral&from={}&archived=true", ago(1825))),
            read("`?business&status`, few match", format!("/leads?business={last}&status=4&state=Inactive&limit=100")),
            read("`?business&archived=true`, nothing matches", format!("/leads?business={last}&archived=true")),
            read("`?from&to`, a month", format!("/leads?from={}&to={}", ago(60), ago(31))),
            read("`?from&to`, a year", format!("/leads?from={}&to={}", ago(364), today)),
            read("`?from&to`, five years", format!("/leads?from={}&to={}", ago(1825), today)),
            read("`total-leads`, 30 days and 30 before", "/leads/total-leads".into()),
            read("`leads-volume`, a year and one before", format!("/leads/leads-volume?startDate={}", ago(364))),
            read("`total-leads`, five years and five before", format!("/leads/total-leads?startDate={}", ago(1825))),
            read("search: a last name", format!("/leads/search?search={name}")),
            read("search: a common and a rare word", "/leads/search?search=john+zyxwave".into()),
            read("search: two common words", "/leads/search?search=john+manager".into()),
            read("search: a common word and none", "/leads/search?search=acme+nothing".into()),
            read("search: a domain with others below it", "/leads/search?search=@example.com".into()),
            read("search: the beginning of every number", "/leads/search?search=1+555".into()),
            read("search: a number's beginning and a word", "/leads/search?search=john+555".into()),
            read("search: two common words, 100", "/leads/search?search=john+manager&limit=100".into()),
            read("search: a common word, `status`", "/leads/search?search=john&status=4".into()),
            read(
                "search: a common word, `source`, 100",
                "/leads/search?search=manager&source=referral&limit=100".into(),
            ),
            read("search: a word, of one day", "/leads/search?search=john&from=2020-01-01&to=2020-01-01".into()),
            read(
                "export of what is archived of a source",
                "/leads/export?source=Referral&archived=true&limit=100".into(),
            ),
        ]
    }
}
