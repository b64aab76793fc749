//! Search: one Query of the words that begin so, then the leads.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::try_join_all;

use super::keys::{Key, Range, word_of};
use super::lead_writes::WordEntry;
use super::leads::live;
use super::teams::take_team;
use super::{Consistency, Item, Query, Table, decode, text};
use crate::error::Error;
use crate::model::{Lead, LeadId, SearchQuery, Team, TeamId, Term};

/// Entries of a page for each lead that is wanted: enough to rank among, and the same whatever the size of the team.
const ENTRIES_A_RESULT: usize = 5;
/// Pages of entries that a search reads at most, whatever is asked (spec section 3).
const MOST_PAGES: usize = 4;

/// What a search found.
#[derive(Debug)]
pub struct Found {
    /// The best first.
    pub leads: Vec<Lead>,
    /// The team that names resolve in.
    pub team: Team,
    /// Whether everything was read that could match.
    pub complete: bool,
}

/// What a search entry says of a lead.
struct Candidate {
    lead: LeadId,
    whole_words: usize,
}

/// One form of a term: a range of words that is read page by page.
struct Source {
    term: usize,
    range: Range,
    form: String,
    after: Option<Item>,
    done: bool,
}

impl Table {
    /// The best `limit` leads for a search that are not archived: those with most whole words first, then the newest, of
    /// the entries read. The first page of each word is read at once, and a word whose entries end there decides alone;
    /// else the longest is read on. Two trips, when few of those found are archived.
    pub async fn search(&self, team: &TeamId, query: &SearchQuery, limit: usize) -> Result<Found, Error> {
        let found = self.search_leads(team, query, limit);
        let ((mut leads, complete), team) = tokio::try_join!(found, self.team_eventually(team))?;
        leads.truncate(limit);
        Ok(Found { leads, team, complete })
    }

    async fn team_eventually(&self, team: &TeamId) -> Result<Team, Error> {
        let mut items = self.get_all(vec![Key::Team.of(team)], Consistency::Eventual).await?;
        take_team(&mut items, team)
    }

    async fn search_leads(&self, team: &TeamId, query: &SearchQuery, limit: usize) -> Result<(Vec<Lead>, bool), Error> {
        let terms = query.terms().iter().enumerate();
        let sources = terms.flat_map(|(term, of)| of.forms.iter().map(move |form| (term, form)));
        let source = |(term, form): (usize, &String)| Source {
            term,
            range: Range::words(team, form),
            form: form.clone(),
            after: None,
            done: false,
        };
        let mut sources: Vec<Source> = sources.map(source).collect();
        let complete = |sources: &[Source]| {
            let whole = |term: usize| sources.iter().filter(|source| source.term == term).all(|source| source.done);
            (0..query.terms().len()).any(whole)
        };
        let mut seen = BTreeSet::new();
        let mut leads = Vec::new();
        let mut pages_left = MOST_PAGES;
        let mut first = true;
        while pages_left > 0 && (first || leads.len() < limit && !complete(&sources)) {
            let unread = sources.iter_mut().filter(|source| !source.done && (first || source.term == 0));
            let unread: Vec<&mut Source> = unread.take(pages_left).collect();
            first = false;
            pages_left -= unread.len();
            let pages = unread.into_iter().map(|source| self.next_candidates(source, query, limit));
            let mut candidates: BTreeMap<LeadId, usize> = BTreeMap::new();
            for candidate in try_join_all(pages).await?.into_iter().flatten() {
                let whole = candidates.entry(candidate.lead).or_default();
                *whole = candidate.whole_words.max(*whole);
            }
            let mut ranked: Vec<(LeadId, usize)> = candidates.into_iter().filter(|(id, _)| seen.insert(*id)).collect();
            ranked.sort_by_key(|(id, whole)| Reverse((*whole, *id)));
            for wanted in ranked.chunks(limit) {
                if leads.len() < limit {
                    leads.extend(self.matching(team, query, wanted).await?);
                }
            }
        }
        Ok((leads, complete(&sources)))
    }

    async fn next_candidates(
        &self,
        source: &mut Source,
        query: &SearchQuery,
        limit: usize,
    ) -> Result<Vec<Candidate>, Error> {
        let others = query.terms().iter().enumerate().filter(|(term, _)| *term != source.term);
        let (filter, filter_values) = having(others.map(|(_, term)| term));
        let page = Query {
            after: source.after.take(),
            limit: Some(limit * ENTRIES_A_RESULT),
            filter,
            filter_values,
            ..Query::of(&source.range, Consistency::Eventual)
        };
        let (items, after) = self.query(page).await?;
        source.done = after.is_none();
        source.after = after;
        items.into_iter().map(|item| candidate(item, &source.form, query)).collect()
    }

    /// Those of the wanted that still match and are not archived, in their order.
    async fn matching(
        &self,
        team: &TeamId,
        query: &SearchQuery,
        wanted: &[(LeadId, usize)],
    ) -> Result<Vec<Lead>, Error> {
        let keys: Vec<_> = wanted.iter().map(|(id, _)| Key::Lead(*id).of(team)).collect();
        let mut items = self.get_all(keys.clone(), Consistency::Eventual).await?;
        let mut leads = Vec::new();
        for key in keys {
            let lead = items.remove(&key).map(live).transpose()?.flatten();
            leads.extend(lead.filter(|lead| !lead.archived && query.matches(lead)));
        }
        Ok(leads)
    }
}

fn candidate(item: Item, form: &str, query: &SearchQuery) -> Result<Candidate, Error> {
    let (word, lead) = word_of(&item).ok_or_else(|| Error::internal("a search entry does not parse"))?;
    let whole = usize::from(word == form);
    let entry: WordEntry = decode(item)?;
    let whole_words = entry.words.map_or(whole, |words| query.whole_words(&words));
    Ok(Candidate { lead, whole_words })
}

/// Entries that tell the lead's words must have every other term; those that do not may lead to anything.
fn having<'t>(others: impl Iterator<Item = &'t Term>) -> (Option<String>, Item) {
    let mut values = Item::new();
    let mut terms = Vec::new();
    for term in others {
        let mut any = Vec::new();
        for form in &term.forms {
            let name = format!(":w{}", values.len());
            any.push(format!("contains(words, {name})"));
            values.insert(name, text(&format!(" {form}")));
        }
        terms.push(grouped(&any, " OR "));
    }
    let filter = (!terms.is_empty()).then(|| format!("attribute_not_exists(words) OR {}", grouped(&terms, " AND ")));
    (filter, values)
}

/// Joined, in parentheses when there is something to group: DynamoDB refuses redundant ones.
pub(super) fn grouped(parts: &[String], by: &str) -> String {
    let joined = parts.join(by);
    if parts.len() > 1 { format!("({joined})") } else { joined }
}
