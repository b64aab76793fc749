//! Lists of leads: the newest (or oldest) of several ranges, merged by sort position, with the exact count beside them.

use std::collections::VecDeque;

use jiff::SignedDuration;

use super::keys::{IndexPartition, Key, Range, lead_at};
use super::leads::live;
use super::merge::{Merge, Positioned};
use super::{Consistency, Table, decode};
use crate::error::Error;
use crate::model::{
    Lead, LeadFilter, LeadId, LeadSummary, Named as _, Order, Position, State, Team, TeamId, Timestamp,
};

/// Leads of a business's entries that are read together, at most: ten requests beside each other.
const MAX_LEADS_AT_ONCE: usize = 1000;
/// Leads that are read beside those that are probably enough for a page: each costs half a unit, and a trip more costs time.
const SPARE_LEADS: usize = 3;
/// Whole leads of an export that are in memory at once: each has a description of 40 kB at most, and words of as much.
const MAX_WHOLE_AT_ONCE: usize = 250;
/// Entries that one answer evaluates at most, whatever is found among them.
const MAX_EVALUATED: usize = 4000;
/// Entries of a filtered page at most: three pages make [`MAX_EVALUATED`], so that a list takes four trips at most.
const MAX_FILTERED_PAGE: usize = MAX_EVALUATED.div_ceil(3);
/// How many entries of an index are read for the price of one lead: half a read unit for 4 kB, eventually consistent.
const ENTRIES_A_LEAD: u64 = 9;

/// How long ago a lead was changed that a count has certainly seen so, whatever the clocks say.
const SETTLED: SignedDuration = SignedDuration::from_secs(60);

/// How many leads there were when a list was asked for.
#[derive(Clone, Copy)]
struct Counting {
    count: u64,
    at: Timestamp,
}

/// A page of leads.
#[derive(Debug)]
pub struct LeadPage {
    /// How many leads match in all.
    pub count: u64,
    /// At most `limit` of them.
    pub leads: Vec<LeadSummary>,
    /// Behind what there may be more, where there may.
    pub behind: Option<Position>,
    /// The team that names resolve in.
    pub team: Team,
}

/// How many entries there are among which a filter's leads are.
#[derive(Clone, Copy)]
struct Entries {
    /// Of the businesses, those of leads of several of them more than once; 0 without a business.
    of_businesses: u64,
    /// Of the index that the rest of the filter has a key for.
    of_index: u64,
}

/// Entries of a list, of which the first are there.
struct Reading<'t> {
    merge: Merge<'t>,
    first: Vec<Positioned>,
    /// Whether entries are those of businesses, which only lead to leads.
    by_business: bool,
    /// Leads that are read together.
    at_once: usize,
}

impl Table {
    /// A page of leads and their count: one trip, two when filtered by business, four at most.
    pub async fn list_leads(
        &self,
        team: &TeamId,
        filter: &LeadFilter,
        limit: usize,
        after: Option<&Position>,
        at: Timestamp,
    ) -> Result<LeadPage, Error> {
        let mut merge = self.merge(ranges(team, filter), filter, after);
        let (count, entries, first, names) = tokio::try_join!(
            self.count(team, filter),
            self.entries(team, filter),
            merge.take(at_first(filter, limit)),
            self.team(team)
        )?;
        // Who comes with a cursor has seen some of them.
        let counting = (after.is_none() || count == 0).then_some(Counting { count, at });
        let reading = self.reading(team, filter, after, limit, (merge, first), (count, entries));
        let (leads, behind) = self.page(team, filter, limit, reading, counting).await?;
        Ok(LeadPage { count, leads, behind, team: names })
    }

    /// Reads on where a filter's leads are found soonest: the entries of its businesses, or an index that leaves out what the
    /// filter does not hold.
    fn reading<'t>(
        &'t self,
        team: &TeamId,
        filter: &LeadFilter,
        after: Option<&Position>,
        limit: usize,
        (merge, first): (Merge<'t>, Vec<Positioned>),
        (count, entries): (u64, Option<Entries>),
    ) -> Reading<'t> {
        let by_business = !filter.business.is_empty();
        let Some(entries) = entries else {
            let merge = match !by_business && filter.source.is_some() {
                true => merge.filtered(filter, MAX_FILTERED_PAGE),
                false => merge,
            };
            return Reading { merge, first, by_business, at_once: limit + 1 };
        };
        let page = |entries| (among(entries, count, limit).saturating_mul(3) / 2).clamp(limit + 1, MAX_FILTERED_PAGE);
        if !by_business {
            let merge = merge.filtered(filter, page(entries.of_index));
            return Reading { merge, first, by_business, at_once: limit + 1 };
        }
        if entries.of_businesses > entries.of_index / ENTRIES_A_LEAD && asks_for_more(filter) && count > 0 {
            let others = LeadFilter { business: Vec::new(), ..filter.clone() };
            let merge = self.merge(ranges(team, &others), filter, after).filtered(filter, page(entries.of_index));
            return Reading { merge, first: Vec::new(), by_business: false, at_once: limit + 1 };
        }
        let at_once = match entries.of_businesses == count {
            true => limit + 1,
            // Some of the first are not in the list.
            false => {
                let expected = among(entries.of_businesses, count, limit).saturating_add(SPARE_LEADS);
                expected.clamp(limit + 1, MAX_LEADS_AT_ONCE.max(limit + 1))
            }
        };
        Reading { merge, first, by_business, at_once }
    }

    /// The first leads of a list, without their count: one trip, two when filtered by business.
    pub async fn first_leads(
        &self,
        team: &TeamId,
        filter: &LeadFilter,
        limit: usize,
    ) -> Result<(Vec<LeadSummary>, Team), Error> {
        let page = async {
            let mut merge = self.merge(ranges(team, filter), filter, None);
            let first = merge.take(at_first(filter, limit)).await?;
            let by_business = !filter.business.is_empty();
            let reading = Reading { merge, first, by_business, at_once: limit + 1 };
            self.page(team, filter, limit, reading, None).await
        };
        let ((leads, _), team) = tokio::try_join!(page, self.team(team))?;
        Ok((leads, team))
    }

    /// Gives the leads of a list to `write`, with everything, until it takes no more; the position behind which it goes on,
    /// where there is more: a trip for the entries, and one for each few hundred leads.
    ///
    /// # Errors
    /// Those of `write`.
    pub async fn export_leads(
        &self,
        team: &TeamId,
        filter: &LeadFilter,
        limit: usize,
        after: Option<&Position>,
        mut write: impl FnMut(&Team, &Lead) -> Result<bool, Error>,
    ) -> Result<Option<Position>, Error> {
        let mut merge = self.merge(ranges(team, filter), filter, after);
        let (count, entries, first, names) = tokio::try_join!(
            self.count(team, filter),
            self.entries(team, filter),
            merge.take(limit + 1),
            self.team(team)
        )?;
        let Reading { mut merge, first, by_business, .. } =
            self.reading(team, filter, after, limit, (merge, first), (count, entries));
        let (mut waiting, mut written, mut last) = (first, 0, after.cloned());
        // The more was read in vain, the more at once.
        let mut at_least = 1;
        loop {
            if waiting.is_empty() {
                waiting = merge.take((limit + 1 - written).max(at_least)).await?;
                at_least = (2 * at_least).min(MAX_WHOLE_AT_ONCE);
            }
            if waiting.is_empty() {
                return Ok(merge.behind());
            }
            for some in waiting.chunks(MAX_WHOLE_AT_ONCE) {
                let wanted: Vec<LeadId> = match by_business {
                    true => some.iter().filter_map(|entry| lead_at(&entry.sort_position)).collect(),
                    false => summaries(filter, some)?.into_iter().map(|lead| lead.id).collect(),
                };
                for lead in self.whole(team, filter, &wanted).await? {
                    if written == limit || !write(&names, &lead)? {
                        return Ok(last);
                    }
                    written += 1;
                    last = Some(lead.summary.sort_position);
                }
                last = some.last().map(|entry| entry.sort_position.clone()).or(last);
            }
            waiting.clear();
        }
    }

    fn merge(&self, ranges: Vec<Range>, filter: &LeadFilter, after: Option<&Position>) -> Merge<'_> {
        let descending = filter.order == Order::NewestFirst;
        let (first, end) = (filter.first(), filter.end());
        let within = |range: Range| range.within(first.as_ref(), end.as_ref(), after, descending);
        Merge::new(self, ranges.into_iter().map(within), Consistency::Eventual, descending).at_most(MAX_EVALUATED)
    }

    /// `None` where every entry is in the list, or only the days bound the rest.
    async fn entries(&self, team: &TeamId, filter: &LeadFilter) -> Result<Option<Entries>, Error> {
        let has_key = filter.business.is_empty() && filter.source.is_none();
        if has_key || filter.from.is_some() || filter.to.is_some() {
            return Ok(None);
        }
        let of_index = match &filter.source {
            Some(source) => LeadFilter { source: Some(source.clone()), ..LeadFilter::default() },
            None => LeadFilter { business: Vec::new(), ..filter.clone() },
        };
        let of_index = async {
            let is_asked = filter.business.is_empty() || asks_for_more(filter);
            if is_asked { self.count(team, &of_index).await } else { Ok(0) }
        };
        let (of_businesses, of_index) = tokio::try_join!(self.entries_of(team, &filter.business), of_index)?;
        Ok(Some(Entries { of_businesses, of_index }))
    }

    /// The leads among the first entries and what follows them, one more than a page of which tells that there are more,
    /// and behind what; with how many there are in all, when the list is read from its beginning.
    async fn page(
        &self,
        team: &TeamId,
        filter: &LeadFilter,
        limit: usize,
        reading: Reading<'_>,
        mut counting: Option<Counting>,
    ) -> Result<(Vec<LeadSummary>, Option<Position>), Error> {
        let Reading { mut merge, first, by_business, mut at_once } = reading;
        let mut leads: Vec<LeadSummary> = Vec::new();
        let mut waiting = VecDeque::from(first);
        while leads.len() <= limit {
            if let Some(Counting { count, at }) = counting
                && leads.len() as u64 >= count
            {
                if self.were_counted(team, filter, &leads, at).await? {
                    return Ok((leads, None));
                }
                counting = None;
            }
            if waiting.is_empty() {
                waiting.extend(merge.take(at_once).await?);
            }
            if waiting.is_empty() {
                return Ok((leads, merge.behind()));
            }
            let next: Vec<_> = waiting.drain(..at_once.min(waiting.len())).collect();
            if by_business {
                let ids: Vec<LeadId> = next.iter().filter_map(|entry| lead_at(&entry.sort_position)).collect();
                leads.extend(self.whole(team, filter, &ids).await?.into_iter().map(|lead| lead.summary));
                at_once = (at_once * 4).min(MAX_LEADS_AT_ONCE);
            } else {
                leads.extend(summaries(filter, &next)?);
            }
        }
        leads.truncate(limit);
        let last = leads.last().map(|lead| lead.sort_position.clone());
        Ok((leads, last))
    }

    /// Whether these are the leads that a count of `at` counted, as many as they are: an index may show what is none any more,
    /// or is one since.
    async fn were_counted(
        &self,
        team: &TeamId,
        filter: &LeadFilter,
        leads: &[LeadSummary],
        at: Timestamp,
    ) -> Result<bool, Error> {
        let keys = leads.iter().map(|lead| Key::Lead(lead.id).of(team)).collect();
        let items = self.get_all(keys, Consistency::Strong).await?;
        let now = items.into_values().map(live).collect::<Result<Vec<_>, _>>()?;
        let settled = |lead: &Lead| lead.updated_at <= at.plus(-SETTLED);
        let counted = now.iter().flatten().filter(|lead| settled(lead) && is_in(filter, lead));
        Ok(counted.count() == leads.len())
    }

    /// The leads with these ids that are in the list now, in their order.
    async fn whole(&self, team: &TeamId, filter: &LeadFilter, ids: &[LeadId]) -> Result<Vec<Lead>, Error> {
        let keys: Vec<_> = ids.iter().map(|id| Key::Lead(*id).of(team)).collect();
        let mut items = self.get_all(keys.clone(), Consistency::Eventual).await?;
        let mut leads = Vec::new();
        for key in keys {
            let Some(lead) = items.remove(&key).map(live).transpose()?.flatten() else { continue };
            if is_in(filter, &lead) {
                leads.push(lead);
            }
        }
        Ok(leads)
    }
}

/// The leads that entries of an index hold, those that are in the list.
fn summaries(filter: &LeadFilter, entries: &[Positioned]) -> Result<Vec<LeadSummary>, Error> {
    let leads = entries.iter().map(|entry| decode::<LeadSummary>(entry.item.clone()));
    let mut leads = leads.collect::<Result<Vec<_>, _>>()?;
    leads.retain(|lead| filter.holds(lead));
    Ok(leads)
}

/// Whether a filter by business asks for anything else that an index has a key for.
fn asks_for_more(filter: &LeadFilter) -> bool {
    filter.source.is_some() || filter.state.is_some() || !filter.status.is_empty() || filter.archived == Some(true)
}

/// Whether a whole lead is in the list, its source included.
fn is_in(filter: &LeadFilter, lead: &Lead) -> bool {
    (filter.source.is_none() || lead.derived.source == filter.source) && filter.holds(lead)
}

/// Of how many entries a page of leads is probably found, when so many of them are counted.
fn among(entries: u64, count: u64, limit: usize) -> usize {
    let expected = entries.saturating_mul(limit as u64 + 1) / count.max(1);
    usize::try_from(expected).unwrap_or(usize::MAX)
}

/// How many entries are read at first: a business's are small, and some of their leads may not be in the list.
fn at_first(filter: &LeadFilter, limit: usize) -> usize {
    if filter.business.is_empty() { limit + 1 } else { 2 * (limit + 1) }
}

/// The ranges that together hold every lead of a list, and as few others as there is a key for.
fn ranges(team: &TeamId, filter: &LeadFilter) -> Vec<Range> {
    if !filter.business.is_empty() {
        return filter.business.iter().map(|id| Range::business_leads(team, *id)).collect();
    }
    if let Some(source) = &filter.source {
        return vec![Range::listed(team, &IndexPartition::Source(source.clone()))];
    }
    let states = State::ALL.iter().copied().filter(|state| filter.state.is_none_or(|wanted| wanted == *state));
    let kinds = states.flat_map(|state| [false, true].map(|archived| (archived, state)));
    let kinds = kinds.filter(|(archived, _)| filter.archived.is_none_or(|wanted| wanted == *archived));
    let partitions = kinds.flat_map(|(archived, state)| match &filter.status[..] {
        [] => vec![IndexPartition::Archived(archived, state)],
        statuses => statuses.iter().map(|id| IndexPartition::Status(archived, state, *id)).collect(),
    });
    partitions.map(|partition| Range::listed(team, &partition)).collect()
}
