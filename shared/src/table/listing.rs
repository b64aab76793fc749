//! Lists of leads: the newest (or oldest) of several ranges, merged by place, with the exact count beside them.

use super::keys::{IndexPartition, Key, Range, lead_at};
use super::leads::live;
use super::merge::{Merge, Placed};
use super::{Consistency, Table, decode};
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
    /// Whether there are more.
    pub more: bool,
    /// The team that names resolve in.
    pub team: Team,
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
        let (count, (leads, more), team) = tokio::try_join!(self.count(team, filter), page, self.team(team))?;
        Ok(LeadPage { count, leads, more, team })
    }

    /// The first leads of a list, without their count: one trip, two when filtered by business.
    pub async fn first_leads(
        &self,
        team: &TeamId,
        filter: &LeadFilter,
        limit: usize,
    ) -> Result<(Vec<LeadSummary>, Team), Error> {
        let ((leads, _), team) = tokio::try_join!(self.page(team, filter, limit, None), self.team(team))?;
        Ok((leads, team))
    }

    async fn page(
        &self,
        team: &TeamId,
        filter: &LeadFilter,
        limit: usize,
        after: Option<&Position>,
    ) -> Result<(Vec<LeadSummary>, bool), Error> {
        let descending = filter.order == Order::NewestFirst;
        let (first, end) = (filter.first(), filter.end());
        let placed = |range: Range| range.placed(first.as_ref(), end.as_ref(), after, descending);
        let mut merge = Merge::new(self, ranges(team, filter).into_iter().map(placed), descending);
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
        Ok((leads, more))
    }

    /// The leads of entries: an index's are leads, a business's only lead to them.
    async fn listed(
        &self,
        team: &TeamId,
        filter: &LeadFilter,
        entries: Vec<Placed>,
    ) -> Result<Vec<LeadSummary>, Error> {
        if filter.business.is_empty() {
            let leads: Result<Vec<LeadSummary>, Error> = entries.into_iter().map(|entry| decode(entry.item)).collect();
            return leads.map(|leads| leads.into_iter().filter(|lead| filter.holds(lead)).collect());
        }
        let ids = entries.iter().filter_map(|entry| lead_at(&entry.place));
        let keys: Vec<_> = ids.map(|id| Key::Lead(id).of(team)).collect();
        let mut items = self.get_all(keys.clone(), Consistency::Strong).await?;
        let mut leads = Vec::new();
        for key in keys {
            let Some(lead) = items.remove(&key).map(live).transpose()?.flatten() else { continue };
            let of_source = filter.source.is_none() || lead.derived.source == filter.source;
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
    let kinds = states.flat_map(|state| [false, true].map(|archived| (archived, state)));
    let kinds = kinds.filter(|(archived, _)| filter.archived.is_none_or(|wanted| wanted == *archived));
    let partitions = kinds.flat_map(|(archived, state)| match &filter.status[..] {
        [] => vec![IndexPartition::Archived(archived, state)],
        statuses => statuses.iter().map(|id| IndexPartition::Status(archived, state, *id)).collect(),
    });
    partitions.map(|partition| Range::listed(team, &partition)).collect()
}
