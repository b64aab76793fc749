//! Lists of leads: the newest (or oldest) of several ranges, merged by sort position, with the exact count beside them.

use std::collections::VecDeque;

use jiff::SignedDuration;

use super::keys::{IndexPartition, Key, Range, lead_at};
use super::leads::live;
use super::merge::{Merge, Positioned};
use super::{Consistency, Table, decode};
use crate::error::Error;
use crate::model::{Lead, LeadFilter, LeadSummary, Named as _, Order, Position, State, Team, TeamId, Timestamp};

/// Most entries of one range read at once when many of them may not be in the list.
const MOST_AT_ONCE: usize = 100;
/// The same of an index, which leaves them out itself.
const MOST_FILTERED: usize = 1000;
/// Whole leads of an export that are in memory at once: each has a description of 40 kB at most, and words of as much.
const MOST_WHOLE: usize = 250;
/// Entries that are looked at for one answer, whatever is found among them.
const MOST_LOOKED_AT: usize = 4000;
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

/// How many entries hold what a filter by business and by more looks for.
struct Selectivity {
    /// Of the businesses.
    of_businesses: u64,
    /// Of the index that the rest of the filter has a key for.
    of_index: u64,
}

/// Entries of a list, of which the first are there.
struct Reading<'t> {
    merge: Merge<'t>,
    first: Vec<Positioned>,
    /// How many of them are looked at together.
    at_once: usize,
    /// How many of them are looked at before the page is left as it is.
    most: usize,
}

impl Table {
    /// A page of leads and their count: one trip, two when filtered by business; a few more when it is by more than that.
    pub async fn list_leads(
        &self,
        team: &TeamId,
        filter: &LeadFilter,
        limit: usize,
        after: Option<&Position>,
        at: Timestamp,
    ) -> Result<LeadPage, Error> {
        let mut merge = self.merge(ranges(team, filter), filter, after);
        let (count, selectivity, first, names) = tokio::try_join!(
            self.count(team, filter),
            self.selectivity(team, filter),
            merge.take(at_first(filter, limit)),
            self.team(team)
        )?;
        let (leads, behind) = match selectivity {
            Some(selectivity) if selectivity.of_businesses * ENTRIES_A_LEAD > selectivity.of_index && count > 0 => {
                let others = LeadFilter { business: Vec::new(), ..filter.clone() };
                let expected = among(selectivity.of_index, count, limit);
                let page = (expected.saturating_mul(3) / 2).clamp(limit + 1, MOST_FILTERED);
                let mut merge = self.merge(ranges(team, &others), filter, after).filtered(filter, page);
                let first = merge.take(limit + 1).await?;
                // What an index leaves out was read already.
                let reading = Reading { merge, first, at_once: limit + 1, most: MOST_LOOKED_AT };
                self.page(team, &others, limit, reading, None).await?
            }
            // Who comes with a cursor has seen some of them.
            selectivity => {
                let counted = (after.is_none() || count == 0).then_some(Counting { count, at });
                let expected = selectivity.map_or(0, |selectivity| among(selectivity.of_businesses, count, limit));
                let at_once = expected.clamp(limit + 1, MOST_AT_ONCE.max(limit + 1));
                let reading = Reading { merge, first, at_once, most: MOST_LOOKED_AT };
                self.page(team, filter, limit, reading, counted).await?
            }
        };
        Ok(LeadPage { count, leads, behind, team: names })
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
            let reading = Reading { merge, first, at_once: limit + 1, most: usize::MAX };
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
        let (first, names) = tokio::try_join!(merge.take(limit + 1), self.team(team))?;
        let (mut entries, mut wanted, mut looked, mut written) = (first, limit + 1, 0, 0);
        let mut last = after.cloned();
        loop {
            let ended = entries.len() < wanted;
            for some in entries.chunks(MOST_WHOLE) {
                for lead in self.whole(team, filter, some).await? {
                    if written == limit || !write(&names, &lead)? {
                        return Ok(last);
                    }
                    written += 1;
                    last = Some(lead.summary.sort_position);
                }
                last = some.last().map(|entry| entry.sort_position.clone()).or(last);
            }
            looked += entries.len();
            if ended || looked >= MOST_LOOKED_AT {
                return Ok(last.filter(|_| !ended));
            }
            wanted = limit + 1 - written;
            entries = merge.take(wanted).await?;
        }
    }

    fn merge(&self, ranges: Vec<Range>, filter: &LeadFilter, after: Option<&Position>) -> Merge<'_> {
        let descending = filter.order == Order::NewestFirst;
        let (first, end) = (filter.first(), filter.end());
        let within = |range: Range| range.within(first.as_ref(), end.as_ref(), after, descending);
        Merge::new(self, ranges.into_iter().map(within), Consistency::Eventual, descending)
    }

    /// `None` when the businesses' entries are what to read: nothing else is asked for, or only the days bound the rest.
    async fn selectivity(&self, team: &TeamId, filter: &LeadFilter) -> Result<Option<Selectivity>, Error> {
        let by_more = filter.source.is_some() || filter.state.is_some() || !filter.status.is_empty();
        let by_more = by_more || filter.archived == Some(true);
        if filter.business.is_empty() || !by_more || filter.from.is_some() || filter.to.is_some() {
            return Ok(None);
        }
        let of_index = match &filter.source {
            Some(source) => LeadFilter { source: Some(source.clone()), ..LeadFilter::default() },
            None => LeadFilter { business: Vec::new(), ..filter.clone() },
        };
        let (of_businesses, of_index) =
            tokio::try_join!(self.entries_of(team, &filter.business), self.count(team, &of_index))?;
        Ok(Some(Selectivity { of_businesses, of_index }))
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
        let Reading { mut merge, first, at_once: mut wanted, most } = reading;
        let mut leads: Vec<LeadSummary> = Vec::new();
        let (mut looked, mut last) = (0, None);
        let mut ended = first.len() < at_first(filter, limit);
        let mut entries = VecDeque::from(first);
        while leads.len() <= limit && !(ended && entries.is_empty()) {
            if let Some(Counting { count, at }) = counting
                && leads.len() as u64 >= count
            {
                if self.were_counted(team, filter, &leads, at).await? {
                    break;
                }
                counting = None;
            }
            if looked >= most {
                return Ok((leads, last));
            }
            if entries.is_empty() {
                entries.extend(merge.take(wanted).await?);
                ended = entries.len() < wanted;
            }
            let next: Vec<_> = entries.drain(..wanted.min(entries.len())).collect();
            looked += next.len();
            last = next.last().map(|entry| entry.sort_position.clone()).or(last);
            leads.extend(self.listed(team, filter, next).await?);
            wanted = (wanted * 2).min(MOST_AT_ONCE);
        }
        let more = leads.len() > limit;
        leads.truncate(limit);
        let last = leads.last().map(|lead| lead.sort_position.clone());
        Ok((leads, last.filter(|_| more)))
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

    /// The leads of entries: an index's are leads, a business's only lead to them.
    async fn listed(
        &self,
        team: &TeamId,
        filter: &LeadFilter,
        entries: Vec<Positioned>,
    ) -> Result<Vec<LeadSummary>, Error> {
        if filter.business.is_empty() {
            let leads: Result<Vec<LeadSummary>, Error> = entries.into_iter().map(|entry| decode(entry.item)).collect();
            return leads.map(|leads| leads.into_iter().filter(|lead| filter.holds(lead)).collect());
        }
        Ok(self.whole(team, filter, &entries).await?.into_iter().map(|lead| lead.summary).collect())
    }

    /// The leads that entries lead to, those that are in the list now.
    async fn whole(&self, team: &TeamId, filter: &LeadFilter, entries: &[Positioned]) -> Result<Vec<Lead>, Error> {
        let ids = entries.iter().filter_map(|entry| lead_at(&entry.sort_position));
        let keys: Vec<_> = ids.map(|id| Key::Lead(id).of(team)).collect();
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
