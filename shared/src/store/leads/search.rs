//! Search for leads: queries find search entries whose words begin with the typed words, then the leads of the entries
//! are read.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use futures_util::future::try_join_all;

use crate::domain::error::Error;
use crate::domain::{Lead, LeadFilter, LeadId, LeadOrder, SearchQuery, SearchTerm, Team, TeamId};
use crate::store::keys::attribute::search_entry::INDEXED_WORDS;
use crate::store::keys::{ItemKey, KeyRange, parse_search_entry_key};
use crate::store::leads::listing::full_lead_matches;
use crate::store::leads::writes::WordEntry;
use crate::store::leads::writes::decode_live_lead;
use crate::store::store_types::LeadStore;
use crate::store::teams::take_team;
use crate::store::{PageQuery, ReadConsistency, Table, TableItem, decode, string_value};

/// Maximum number of pages (queries) of search entries that one search reads.
const MAX_PAGES: usize = 4;
/// Number of search entries that the first pages read beyond one for each wanted lead. Including the leads, a search
/// costs at most 25 read units for 20 results and 70 for 100, as `tests/local/benches/scale.rs` measures.
const SPARE_ENTRIES: usize = 80;
/// Number of leads that are read beyond the wanted ones, to replace leads that were archived or changed since.
const SPARE_CANDIDATES: usize = 10;
/// Maximum number of leads that a search with a selective filter reads: search entries hold no status, business or
/// source, so each lead must be read to filter it. 100 leads cost at most 50 read units.
const MAX_FILTERED_CANDIDATES: usize = 100;

/// Result of a search.
#[derive(Debug)]
pub struct SearchResult {
    /// The leads, best match first.
    pub leads: Vec<Lead>,
    /// The team, for the names of statuses and businesses in the response.
    pub team: Team,
    /// Whether every search entry and lead that could match was read. If not, there may be more matching leads.
    pub complete: bool,
}

impl SearchResult {
    /// Sorts the leads by creation instead of by match.
    pub fn sort_by_creation(&mut self, order: LeadOrder) {
        self.leads.sort_by(|one, other| one.sort_position.cmp(&other.sort_position));
        if order == LeadOrder::NewestFirst {
            self.leads.reverse();
        }
    }
}

/// A lead that matches according to its search entry, before the lead is read. The best match sorts first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    whole_words: Reverse<usize>,
    lead: Reverse<LeadId>,
}

/// One form of a search term: the range of search entries whose words begin with the form, read in pages.
struct TermRange {
    term: usize,
    range: KeyRange,
    after: Option<TableItem>,
    /// Whether the range was read to its end.
    done: bool,
    /// Leads whose entries in this range do not show whether the lead matches, because they hold only words of the
    /// e-mail address and phone numbers. If such a lead matches, an entry for another term shows it.
    undecided: BTreeSet<LeadId>,
}

impl LeadStore {
    /// Finds the best `limit` leads that match the query and the filter: leads with most whole words first, then the
    /// newest. The filter's order is not applied. The first pages of all terms are read concurrently. One term is
    /// enough if all its entries were read and show whether their leads match. Two round trips, and two more if too few
    /// leads match.
    ///
    /// # Errors
    /// 503 when the table stays too busy.
    pub async fn search(
        &self,
        team: &TeamId,
        query: &SearchQuery,
        filter: &LeadFilter,
        limit: usize,
    ) -> Result<SearchResult, Error> {
        let found = self.find_matching_leads(team, query, filter, limit);
        let ((leads, complete), team) = tokio::try_join!(found, self.read_team_eventually(team))?;
        Ok(SearchResult { leads, team, complete })
    }
}

impl Table {
    async fn read_team_eventually(&self, team: &TeamId) -> Result<Team, Error> {
        let mut items = self.get_items(vec![ItemKey::Team.of(team)], ReadConsistency::Eventual).await?;
        take_team(&mut items, team)
    }

    async fn find_matching_leads(
        &self,
        team: &TeamId,
        query: &SearchQuery,
        filter: &LeadFilter,
        limit: usize,
    ) -> Result<(Vec<Lead>, bool), Error> {
        let terms = query.search_terms().iter().enumerate();
        let sources = terms.flat_map(|(term, of)| of.forms.iter().map(move |form| (term, form)));
        let source = |(term, form): (usize, &String)| TermRange {
            term,
            range: KeyRange::search_entries(team, form),
            after: None,
            done: false,
            undecided: BTreeSet::new(),
        };
        let mut sources: Vec<TermRange> = sources.map(source).collect();
        let selective = filter.is_selective();
        let max_leads = if selective { MAX_FILTERED_CANDIDATES } else { limit + SPARE_CANDIDATES };
        let (mut pages_left, mut leads_left) = (MAX_PAGES, max_leads);
        let mut seen = BTreeSet::new();
        let mut waiting: BTreeSet<Candidate> = BTreeSet::new();
        let mut found: Vec<(Candidate, Lead)> = Vec::new();
        for (entries, is_last_read) in [(limit + SPARE_ENTRIES, false), (SPARE_ENTRIES, true)] {
            // Nobody knows how many candidates a selective filter leaves, so every lead that may be read has to be
            // among them.
            let wanted_candidates = if selective { leads_left } else { limit - found.len() };
            if waiting.len() < wanted_candidates {
                let unread: Vec<_> = sources.iter_mut().filter(|source| !source.done).take(pages_left).collect();
                pages_left -= unread.len();
                let page = entries / unread.len().max(1);
                let pages = unread.into_iter().map(|source| self.next_candidates(source, query, page));
                let candidates = try_join_all(pages).await?.into_iter().flatten();
                waiting.extend(candidates.filter(|candidate| seen.insert(candidate.lead.0)));
            }
            let wanted = match selective && is_last_read {
                true => leads_left,
                false => (limit - found.len() + SPARE_CANDIDATES.min(found.len())).min(leads_left),
            };
            let read: Vec<Candidate> = std::iter::from_fn(|| waiting.pop_first()).take(wanted).collect();
            leads_left -= read.len();
            found.extend(self.read_matching_leads(team, query, filter, read).await?);
            if found.len() >= limit || leads_left == 0 || is_complete(&sources, &seen) && waiting.is_empty() {
                break;
            }
        }
        found.sort_by_key(|(candidate, _)| *candidate);
        let complete = is_complete(&sources, &seen) && (waiting.is_empty() || found.len() >= limit);
        Ok((found.into_iter().map(|(_, lead)| lead).take(limit).collect(), complete))
    }

    /// Reads the next `limit` search entries of a range, and returns those leads that match according to their entries.
    async fn next_candidates(
        &self,
        source: &mut TermRange,
        query: &SearchQuery,
        limit: usize,
    ) -> Result<Vec<Candidate>, Error> {
        let others = query.search_terms().iter().enumerate().filter(|(term, _)| *term != source.term);
        let (filter, filter_values) = other_terms_filter(others.map(|(_, term)| term));
        let page = PageQuery {
            after: source.after.take(),
            limit: Some(limit.max(1)),
            filter,
            filter_values,
            ..PageQuery::of(&source.range, ReadConsistency::Eventual)
        };
        let (items, after) = self.query_page(page).await?;
        source.done = after.is_none();
        source.after = after;
        let mut candidates = Vec::new();
        for item in items {
            let (_, lead) =
                parse_search_entry_key(&item).ok_or_else(|| Error::internal("a search entry does not parse"))?;
            let entry: WordEntry = decode(item)?;
            let (words, is_all) = match (entry.words, entry.bare) {
                (Some(words), _) => (words, true),
                (None, bare) => (bare.unwrap_or_default(), false),
            };
            // An entry that an earlier release wrote holds no words, so its lead has to be read.
            let is_untold = !is_all && words.is_empty();
            if is_untold || query.matches_words(&words) {
                candidates
                    .push(Candidate { whole_words: Reverse(query.count_whole_words(&words)), lead: Reverse(lead) });
            } else if !is_all {
                source.undecided.insert(lead);
            }
        }
        Ok(candidates)
    }

    /// Reads the leads of the candidates, and keeps leads that match the query and the filter.
    async fn read_matching_leads(
        &self,
        team: &TeamId,
        query: &SearchQuery,
        filter: &LeadFilter,
        candidates: Vec<Candidate>,
    ) -> Result<Vec<(Candidate, Lead)>, Error> {
        let key = |candidate: &Candidate| ItemKey::Lead(candidate.lead.0).of(team);
        let mut items = self.get_items(candidates.iter().map(key).collect(), ReadConsistency::Eventual).await?;
        let mut leads = Vec::new();
        for candidate in candidates {
            let lead = items.remove(&key(&candidate)).map(decode_live_lead).transpose()?.flatten();
            let matches = |lead: &Lead| {
                full_lead_matches(filter, lead)
                    && filter.includes_day_of(&lead.sort_position)
                    && query.matches_lead(lead)
            };
            leads.extend(lead.filter(matches).map(|lead| (candidate, lead)));
        }
        Ok(leads)
    }
}

/// Whether every matching lead is among the entries that were read. A matching lead has an entry for every term, so one
/// term is enough, if all its entries were read and the leads that they leave undecided are in `seen`, the candidates
/// of all terms. Otherwise all ranges must be read to the end.
fn is_complete(sources: &[TermRange], seen: &BTreeSet<LeadId>) -> bool {
    let decides = |source: &TermRange| source.done && source.undecided.is_subset(seen);
    let terms: BTreeSet<usize> = sources.iter().map(|source| source.term).collect();
    let is_decided = |term: usize| sources.iter().filter(|source| source.term == term).all(decides);
    terms.into_iter().any(is_decided) || sources.iter().all(|source| source.done)
}

/// Filter expression of the queries: a search entry that holds the words of its lead must contain every other term. An
/// entry without words passes the filter.
fn other_terms_filter<'t>(others: impl Iterator<Item = &'t SearchTerm>) -> (Option<String>, TableItem) {
    let mut values = TableItem::new();
    let mut terms = Vec::new();
    for term in others {
        let mut any = Vec::new();
        for form in &term.forms {
            let name = format!(":w{}", values.len());
            any.push(format!("contains({INDEXED_WORDS}, {name})"));
            values.insert(name, string_value(&format!(" {form}")));
        }
        terms.push(join_in_parentheses(&any, " OR "));
    }
    let filter = (!terms.is_empty())
        .then(|| format!("attribute_not_exists({INDEXED_WORDS}) OR {}", join_in_parentheses(&terms, " AND ")));
    (filter, values)
}

/// Joins the parts of an expression, with parentheses only around several parts, because DynamoDB rejects redundant
/// parentheses.
pub(in crate::store) fn join_in_parentheses(parts: &[String], by: &str) -> String {
    let joined = parts.join(by);
    if parts.len() > 1 { format!("({joined})") } else { joined }
}
