//! Lists of leads: the newest (or oldest) of several ranges, merged by place, with the exact count beside them.

use std::collections::VecDeque;

use futures_util::future::try_join_all;

use super::keys::{IndexPartition, Key, Range, lead_at, place_of};
use super::leads::live;
use super::{Consistency, Item, Query, Table, decode};
use crate::error::Error;
use crate::model::{LeadFilter, LeadSummary, Order, Position, State, Team, TeamId};

/// Most entries of one range read at once when many of them may not be in the list.
const MOST_AT_ONCE: usize = 100;

/// A page of leads.
#[derive(Debug)]
pub struct LeadPage {
    /// How many leads match in all.
    pub count: u64,
    /// At most `limit` of them.
    pub leads: Vec<LeadSummary>,
    /// The place of the last lead, when there are more.
    pub next: Option<Position>,
    /// The team that names resolve in.
    pub team: Team,
}

/// One range, read page by page.
struct Source {
    range: Range,
    ready: VecDeque<(Position, Item)>,
    after: Option<Item>,
    done: bool,
}

/// Several ranges as one, in order of place, each place once.
struct Merge<'t> {
    table: &'t Table,
    sources: Vec<Source>,
    descending: bool,
    last: Option<Position>,
}

impl Merge<'_> {
    /// The next `n`; fewer only at the end.
    async fn take(&mut self, n: usize) -> Result<Vec<(Position, Item)>, Error> {
        let mut taken = Vec::new();
        while taken.len() < n {
            let (table, descending) = (self.table, self.descending);
            let empty = self.sources.iter_mut().filter(|source| source.ready.is_empty() && !source.done);
            try_join_all(empty.map(|source| source.fill(table, descending, n))).await?;
            // A page can be empty before its range is.
            if self.sources.iter().any(|source| source.ready.is_empty() && !source.done) {
                continue;
            }
            let ready = self.sources.iter_mut().filter(|source| !source.ready.is_empty());
            let place = |source: &&mut Source| source.ready.front().map(|(place, _)| place.clone());
            let next = if descending { ready.max_by_key(place) } else { ready.min_by_key(place) };
            let Some((place, item)) = next.and_then(|source| source.ready.pop_front()) else { break };
            if self.last.replace(place.clone()).as_ref() != Some(&place) {
                taken.push((place, item));
            }
        }
        Ok(taken)
    }
}

impl Source {
    async fn fill(&mut self, table: &Table, descending: bool, limit: usize) -> Result<(), Error> {
        let read = if self.range.index.is_some() { Consistency::Eventual } else { Consistency::Strong };
        let page = Query { descending, limit: Some(limit), after: self.after.take(), ..Query::of(&self.range, read) };
        let (items, after) = table.query(page).await?;
        self.done = after.is_none();
        self.after = after;
        for item in items {
            let place = place_of(&item, &self.range).ok_or_else(|| Error::internal("a list entry does not parse"))?;
            self.ready.push_back((place, item));
        }
        Ok(())
    }
}

impl Table {
    /// A page of leads and their count: one trip, two when filtered by business.
    pub async fn list_leads(
        &self,
        team: &TeamId,
        filter: &LeadFilter,
        limit: usize,
        after: Option<&Position>,
    ) -> Result<LeadPage, Error> {
        let page = self.page(team, filter, limit, after);
        let (count, (leads, next), team) = tokio::try_join!(self.count(team, filter), page, self.team(team))?;
        Ok(LeadPage { count, leads, next, team })
    }

    async fn page(
        &self,
        team: &TeamId,
        filter: &LeadFilter,
        limit: usize,
        after: Option<&Position>,
    ) -> Result<(Vec<LeadSummary>, Option<Position>), Error> {
        let descending = filter.order == Order::NewestFirst;
        let (first, end) = (filter.first(), filter.end());
        let source = |range: Range| {
            let range = range.placed(first.as_ref(), end.as_ref(), after, descending);
            Source { range, ready: VecDeque::new(), after: None, done: false }
        };
        let sources = ranges(team, filter).into_iter().map(source).collect();
        let mut merge = Merge { table: self, sources, descending, last: None };
        let mut leads: Vec<LeadSummary> = Vec::new();
        // One more than the page tells whether there is a next one.
        let mut wanted = limit + 1;
        while leads.len() <= limit {
            let entries = merge.take(wanted).await?;
            let ended = entries.len() < wanted;
            leads.extend(self.listed(team, filter, entries).await?);
            if ended {
                break;
            }
            wanted = (wanted * 2).min(MOST_AT_ONCE);
        }
        let more = leads.len() > limit;
        leads.truncate(limit);
        let next = leads.last().filter(|_| more).map(LeadSummary::place);
        Ok((leads, next))
    }

    /// The leads of entries: an index's are leads, a business's only lead to them.
    async fn listed(
        &self,
        team: &TeamId,
        filter: &LeadFilter,
        entries: Vec<(Position, Item)>,
    ) -> Result<Vec<LeadSummary>, Error> {
        if filter.business.is_empty() {
            let leads: Result<Vec<LeadSummary>, Error> = entries.into_iter().map(|(_, item)| decode(item)).collect();
            return leads.map(|leads| leads.into_iter().filter(|lead| filter.holds(lead)).collect());
        }
        let ids = entries.iter().filter_map(|(place, _)| lead_at(place));
        let keys: Vec<_> = ids.map(|id| Key::Lead(id).of(team)).collect();
        let mut items = self.get_all(keys.clone(), Consistency::Strong).await?;
        let mut leads = Vec::new();
        for key in keys {
            let Some(lead) = items.remove(&key).map(live).transpose()?.flatten() else { continue };
            let of_source = filter.source.is_none() || lead.source_hash() == filter.source;
            if of_source && filter.holds(&lead) {
                leads.push(lead.summary);
            }
        }
        Ok(leads)
    }
}

/// The ranges that together hold every lead of a list, and as few others as there is a key for.
fn ranges(team: &TeamId, filter: &LeadFilter) -> Vec<Range> {
    if !filter.business.is_empty() {
        return filter.business.iter().map(|id| Range::business_leads(team, *id)).collect();
    }
    if let Some(source) = &filter.source {
        return vec![Range::listed(team, &IndexPartition::Source(source.clone()))];
    }
    let states = State::ALL.into_iter().filter(|state| filter.state.is_none_or(|wanted| wanted == *state));
    let partitions = states.flat_map(|state| match &filter.status[..] {
        [] => vec![IndexPartition::Archived(filter.archived, state)],
        statuses => statuses.iter().map(|id| IndexPartition::Status(filter.archived, state, *id)).collect(),
    });
    partitions.map(|partition| Range::listed(team, &partition)).collect()
}
