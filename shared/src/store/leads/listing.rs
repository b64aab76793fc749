//! Lists of leads, merged from several key ranges by sort position, with the exact count of matching leads.

use std::collections::VecDeque;

use jiff::SignedDuration;

use crate::domain::error::Error;
use crate::domain::{
    Lead, LeadFilter, LeadId, LeadOrder, LeadSummary, NamedEnum as _, SortPosition, State, Team, TeamId, Timestamp,
};
use crate::store::keys::{IndexPartition, ItemKey, KeyRange, lead_id_of_position};
use crate::store::leads::writes::decode_live_lead;
use crate::store::sorted_merge::{PositionedItem, SortedMerge};
use crate::store::store_types::LeadStore;
use crate::store::{ReadConsistency, Table, decode};

/// Maximum number of leads that are read at once for entries in the lists of businesses: ten concurrent BatchGetItems.
const MAX_LEADS_PER_READ: usize = 1000;
/// Number of leads that are read beyond those that probably fill a page. A spare lead costs half a read unit and can
/// save a round trip.
const SPARE_LEADS: usize = 3;
/// Maximum number of full leads that an export holds in memory. A lead has up to 40 KB of description, and its search
/// words.
const MAX_EXPORTED_LEADS_IN_MEMORY: usize = 250;
/// Maximum number of list entries that the queries of one response evaluate, whether or not the entries match.
const MAX_EVALUATED_ENTRIES: usize = 4000;
/// Maximum number of entries that one filtered query evaluates. Three such queries reach [`MAX_EVALUATED_ENTRIES`],
/// which limits the round trips of a list.
const MAX_FILTERED_PAGE_ENTRIES: usize = MAX_EVALUATED_ENTRIES.div_ceil(3);
/// Number of index entries that cost as much to read as one lead: half a read unit, for 4 KB at eventual consistency.
const ENTRIES_PER_LEAD_COST: u64 = 9;

/// A lead that was changed longer ago than this is certainly counted, allowing for clock skew.
const COUNT_SETTLED_AFTER: SignedDuration = SignedDuration::from_secs(60);

/// The count of a list, and the time at which it was read.
#[derive(Clone, Copy)]
struct CountSnapshot {
    count: u64,
    at: Timestamp,
}

/// A page of leads.
#[derive(Debug)]
pub struct LeadPage {
    /// Exact number of leads that match the filter, on all pages.
    pub count: u64,
    /// The leads of this page, at most `limit`.
    pub leads: Vec<LeadSummary>,
    /// Where the next page starts. `None` on the last page.
    pub next: Option<SortPosition>,
    /// The team, for the names of statuses and businesses in the response.
    pub team: Team,
}

/// Numbers of entries that contain a filter's leads: in the lists of businesses, and in an index.
#[derive(Clone, Copy)]
struct EntryCounts {
    /// Sum of the entries in the lists of the filter's businesses. A lead with several of them counts once for each. 0
    /// for a filter without a business.
    of_businesses: u64,
    /// Number of entries in the index partitions that the filter's other conditions select.
    of_index: u64,
}

/// How the rest of a list is read, after the first entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ListPlan {
    /// Continues with the index. `Some` adds a filter expression to the queries, the first of which evaluates at most
    /// `filtered_page` entries. With `None`, every index entry is a lead of the list.
    Index { filtered_page: Option<usize> },
    /// Reads the index partitions that the filter's other conditions select, instead of the lists of its businesses.
    IndexInstead { filtered_page: usize },
    /// Continues with the lists of the filter's businesses, and reads `leads_per_read` leads at once, because an entry
    /// holds only the sort position of its lead.
    BusinessEntries { leads_per_read: usize },
}

/// Chooses the cheapest way to read a page. `count` leads match the filter. `entries` is `None` if index keys cover the
/// whole filter, or if the filter has days.
fn choose_list_plan(filter: &LeadFilter, limit: usize, count: u64, entries: Option<EntryCounts>) -> ListPlan {
    let by_business = !filter.business.is_empty();
    let Some(entries) = entries else {
        return match by_business {
            true => ListPlan::BusinessEntries { leads_per_read: limit + 1 },
            false => ListPlan::Index { filtered_page: filter.source.is_some().then_some(MAX_FILTERED_PAGE_ENTRIES) },
        };
    };
    let expected = expected_entries(entries.of_index, count, limit);
    let filtered_page = (expected.saturating_mul(3) / 2).clamp(limit + 1, MAX_FILTERED_PAGE_ENTRIES);
    if !by_business {
        return ListPlan::Index { filtered_page: Some(filtered_page) };
    }
    if entries.of_businesses > entries.of_index / ENTRIES_PER_LEAD_COST
        && has_other_indexed_condition(filter)
        && count > 0
    {
        return ListPlan::IndexInstead { filtered_page };
    }
    let leads_per_read = match entries.of_businesses == count {
        true => limit + 1,
        // Some of the first entries may belong to leads that do not match.
        false => {
            let expected = expected_entries(entries.of_businesses, count, limit).saturating_add(SPARE_LEADS);
            expected.clamp(limit + 1, MAX_LEADS_PER_READ.max(limit + 1))
        }
    };
    ListPlan::BusinessEntries { leads_per_read }
}

/// A list that is being read: its merged ranges, and the entries that were read first.
struct ListReadInProgress<'t> {
    merge: SortedMerge<'t>,
    first: Vec<PositionedItem>,
    /// Whether the entries come from lists of businesses, so that their leads still have to be read.
    by_business: bool,
    /// Number of list entries that one step reads.
    entries_per_read: usize,
}

impl LeadStore {
    /// Reads a page of leads and the exact count. One round trip, two with a filter by business. More round trips if
    /// few of the first entries match, and one to confirm that the first page has every counted lead.
    pub async fn list_leads(
        &self,
        team: &TeamId,
        filter: &LeadFilter,
        limit: usize,
        after: Option<&SortPosition>,
        at: Timestamp,
    ) -> Result<LeadPage, Error> {
        let mut merge = self.merged_ranges(list_key_ranges(team, filter), filter, after);
        let (count, entries, first, names) = tokio::try_join!(
            self.count_leads(team, filter),
            self.count_entries_to_choose_plan(team, filter),
            merge.next_items(first_read_entries(filter, limit)),
            self.team(team)
        )?;
        // Reading may stop once `count` leads are found. This is certain only on the first page, because later pages
        // lack the leads of earlier pages, or if the count is 0.
        let counting = (after.is_none() || count == 0).then_some(CountSnapshot { count, at });
        let plan = choose_list_plan(filter, limit, count, entries);
        let reading = self.apply_list_plan(team, filter, after, limit, (merge, first), plan);
        let (leads, next) = self.read_lead_page(team, filter, limit, reading, counting).await?;
        Ok(LeadPage { count, leads, next, team: names })
    }

    /// Reads the first leads of a list, without the count. One round trip, two with a filter by business.
    pub async fn first_leads(
        &self,
        team: &TeamId,
        filter: &LeadFilter,
        limit: usize,
    ) -> Result<(Vec<LeadSummary>, Team), Error> {
        let page = async {
            let mut merge = self.merged_ranges(list_key_ranges(team, filter), filter, None);
            let first = merge.next_items(first_read_entries(filter, limit)).await?;
            let by_business = !filter.business.is_empty();
            let reading = ListReadInProgress { merge, first, by_business, entries_per_read: limit + 1 };
            self.read_lead_page(team, filter, limit, reading, None).await
        };
        let ((leads, _), team) = tokio::try_join!(page, self.team(team))?;
        Ok((leads, team))
    }

    /// Passes each full lead of a list to `write`, until `limit` leads are written or `write` returns `false`. Returns
    /// the position after which the export continues, or `None` at the end. One round trip for the entries, and one for
    /// every 250 leads.
    ///
    /// # Errors
    /// The errors of `write`.
    pub async fn export_leads(
        &self,
        team: &TeamId,
        filter: &LeadFilter,
        limit: usize,
        after: Option<&SortPosition>,
        mut write: impl FnMut(&Team, &Lead) -> Result<bool, Error>,
    ) -> Result<Option<SortPosition>, Error> {
        let mut merge = self.merged_ranges(list_key_ranges(team, filter), filter, after);
        let (count, entries, first, names) = tokio::try_join!(
            self.count_leads(team, filter),
            self.count_entries_to_choose_plan(team, filter),
            merge.next_items(limit + 1),
            self.team(team)
        )?;
        let plan = choose_list_plan(filter, limit, count, entries);
        let ListReadInProgress { mut merge, first, by_business, .. } =
            self.apply_list_plan(team, filter, after, limit, (merge, first), plan);
        let (mut waiting, mut written, mut last) = (first, 0, after.cloned());
        // Each further read asks for at least twice as many entries, so that an export with few matches takes fewer
        // round trips.
        let mut at_least = 1;
        loop {
            if waiting.is_empty() {
                waiting = merge.next_items((limit + 1 - written).max(at_least)).await?;
                at_least = (2 * at_least).min(MAX_EXPORTED_LEADS_IN_MEMORY);
            }
            if waiting.is_empty() {
                return Ok(merge.resume_position());
            }
            for some in waiting.chunks(MAX_EXPORTED_LEADS_IN_MEMORY) {
                let wanted: Vec<LeadId> = match by_business {
                    true => some.iter().filter_map(|entry| lead_id_of_position(&entry.sort_position)).collect(),
                    false => decode_matching_summaries(filter, some)?.into_iter().map(|lead| lead.id).collect(),
                };
                for lead in self.read_full_leads(team, filter, &wanted).await? {
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
}

impl Table {
    /// Applies the plan to a list whose first entries were read.
    fn apply_list_plan<'t>(
        &'t self,
        team: &TeamId,
        filter: &LeadFilter,
        after: Option<&SortPosition>,
        limit: usize,
        (merge, first): (SortedMerge<'t>, Vec<PositionedItem>),
        plan: ListPlan,
    ) -> ListReadInProgress<'t> {
        let entries_per_read = limit + 1;
        match plan {
            ListPlan::Index { filtered_page: None } => {
                ListReadInProgress { merge, first, by_business: false, entries_per_read }
            }
            ListPlan::Index { filtered_page: Some(page) } => ListReadInProgress {
                merge: merge.with_filter_expression(filter, page),
                first,
                by_business: false,
                entries_per_read,
            },
            ListPlan::IndexInstead { filtered_page } => {
                let others = LeadFilter { business: Vec::new(), ..filter.clone() };
                let merge = self
                    .merged_ranges(list_key_ranges(team, &others), filter, after)
                    .with_filter_expression(filter, filtered_page);
                ListReadInProgress { merge, first: Vec::new(), by_business: false, entries_per_read }
            }
            ListPlan::BusinessEntries { leads_per_read } => {
                ListReadInProgress { merge, first, by_business: true, entries_per_read: leads_per_read }
            }
        }
    }

    fn merged_ranges(
        &self,
        ranges: Vec<KeyRange>,
        filter: &LeadFilter,
        after: Option<&SortPosition>,
    ) -> SortedMerge<'_> {
        let descending = filter.order == LeadOrder::NewestFirst;
        let (first, end) = (filter.first_position(), filter.end_position());
        let within = |range: KeyRange| range.between_positions(first.as_ref(), end.as_ref(), after, descending);
        SortedMerge::new(self, ranges.into_iter().map(within), ReadConsistency::Eventual, descending)
            .with_entry_budget(MAX_EVALUATED_ENTRIES)
    }

    /// Counts the entries in the lists of businesses and in the index, to choose between them. `None` if index keys
    /// cover the whole filter, or if the filter has days.
    async fn count_entries_to_choose_plan(
        &self,
        team: &TeamId,
        filter: &LeadFilter,
    ) -> Result<Option<EntryCounts>, Error> {
        let has_key = filter.business.is_empty() && filter.source.is_none();
        if has_key || filter.from.is_some() || filter.to.is_some() {
            return Ok(None);
        }
        let of_index = match &filter.source {
            Some(source) => LeadFilter { source: Some(source.clone()), ..LeadFilter::default() },
            None => LeadFilter { business: Vec::new(), ..filter.clone() },
        };
        let of_index = async {
            let is_asked = filter.business.is_empty() || has_other_indexed_condition(filter);
            if is_asked { self.count_leads(team, &of_index).await } else { Ok(0) }
        };
        let (of_businesses, of_index) =
            tokio::try_join!(self.count_business_entries(team, &filter.business), of_index)?;
        Ok(Some(EntryCounts { of_businesses, of_index }))
    }

    /// Reads a page of leads, and the position after which the next page starts. Reads one lead more than `limit`, to
    /// see whether there is a next page. With `counting`, reading stops once as many leads are found as were counted.
    async fn read_lead_page(
        &self,
        team: &TeamId,
        filter: &LeadFilter,
        limit: usize,
        reading: ListReadInProgress<'_>,
        mut counting: Option<CountSnapshot>,
    ) -> Result<(Vec<LeadSummary>, Option<SortPosition>), Error> {
        let ListReadInProgress { mut merge, first, by_business, mut entries_per_read } = reading;
        let mut leads: Vec<LeadSummary> = Vec::new();
        let mut waiting = VecDeque::from(first);
        while leads.len() <= limit {
            if let Some(CountSnapshot { count, at }) = counting
                && leads.len() as u64 >= count
            {
                if self.are_the_counted_leads(team, filter, &leads, at).await? {
                    return Ok((leads, None));
                }
                counting = None;
            }
            if waiting.is_empty() {
                waiting.extend(merge.next_items(entries_per_read).await?);
            }
            if waiting.is_empty() {
                return Ok((leads, merge.resume_position()));
            }
            let next: Vec<_> = waiting.drain(..entries_per_read.min(waiting.len())).collect();
            if by_business {
                let ids: Vec<LeadId> =
                    next.iter().filter_map(|entry| lead_id_of_position(&entry.sort_position)).collect();
                leads.extend(self.read_full_leads(team, filter, &ids).await?.into_iter().map(|lead| lead.summary));
                entries_per_read = (entries_per_read * 4).min(MAX_LEADS_PER_READ);
            } else {
                leads.extend(decode_matching_summaries(filter, &next)?);
            }
        }
        leads.truncate(limit);
        let last = leads.last().map(|lead| lead.sort_position.clone());
        Ok((leads, last))
    }

    /// Whether these leads are exactly the leads that were counted at `at`. An index is eventually consistent: it may
    /// list leads that no longer match, or that did not match yet at `at`.
    async fn are_the_counted_leads(
        &self,
        team: &TeamId,
        filter: &LeadFilter,
        leads: &[LeadSummary],
        at: Timestamp,
    ) -> Result<bool, Error> {
        let keys = leads.iter().map(|lead| ItemKey::Lead(lead.id).of(team)).collect();
        let items = self.get_items(keys, ReadConsistency::Strong).await?;
        let now = items.into_values().map(decode_live_lead).collect::<Result<Vec<_>, _>>()?;
        let settled = |lead: &Lead| lead.updated_at <= at.saturating_add(-COUNT_SETTLED_AFTER);
        let counted = now.iter().flatten().filter(|lead| settled(lead) && full_lead_matches(filter, lead));
        Ok(counted.count() == leads.len())
    }

    /// Reads the full leads with these ids that match the filter now, in the order of `ids`.
    async fn read_full_leads(&self, team: &TeamId, filter: &LeadFilter, ids: &[LeadId]) -> Result<Vec<Lead>, Error> {
        let keys: Vec<_> = ids.iter().map(|id| ItemKey::Lead(*id).of(team)).collect();
        let mut items = self.get_items(keys.clone(), ReadConsistency::Eventual).await?;
        let mut leads = Vec::new();
        for key in keys {
            let Some(lead) = items.remove(&key).map(decode_live_lead).transpose()?.flatten() else { continue };
            if full_lead_matches(filter, &lead) {
                leads.push(lead);
            }
        }
        Ok(leads)
    }
}

/// Decodes index entries, and keeps the leads that match the filter.
fn decode_matching_summaries(filter: &LeadFilter, entries: &[PositionedItem]) -> Result<Vec<LeadSummary>, Error> {
    let leads = entries.iter().map(|entry| decode::<LeadSummary>(entry.item.clone()));
    let mut leads = leads.collect::<Result<Vec<_>, _>>()?;
    leads.retain(|lead| filter.matches_except_source_and_days(lead));
    Ok(leads)
}

/// Whether a filter by business has another condition that an index can select by: source, state, status or archived
/// leads.
fn has_other_indexed_condition(filter: &LeadFilter) -> bool {
    filter.source.is_some() || filter.state.is_some() || !filter.status.is_empty() || filter.archived == Some(true)
}

/// Whether a full lead matches a filter, including the filter's source. Days are not checked, because the key ranges of
/// a list hold no other days.
pub(super) fn full_lead_matches(filter: &LeadFilter, lead: &Lead) -> bool {
    (filter.source.is_none() || lead.derived.source == filter.source) && filter.matches_except_source_and_days(lead)
}

/// Number of entries that probably contain `limit` + 1 matching leads, if `count` of all `entries` match.
fn expected_entries(entries: u64, count: u64, limit: usize) -> usize {
    let expected = entries.saturating_mul(limit as u64 + 1) / count.max(1);
    usize::try_from(expected).unwrap_or(usize::MAX)
}

/// Number of entries that the first query reads. Doubled for a filter by business: entries in the lists of businesses
/// are small, and some of their leads may not match the other conditions.
fn first_read_entries(filter: &LeadFilter, limit: usize) -> usize {
    if filter.business.is_empty() { limit + 1 } else { 2 * (limit + 1) }
}

/// The key ranges that together contain every lead of a list, and as few other leads as the keys allow.
fn list_key_ranges(team: &TeamId, filter: &LeadFilter) -> Vec<KeyRange> {
    if !filter.business.is_empty() {
        return filter.business.iter().map(|id| KeyRange::business_entries(team, *id)).collect();
    }
    if let Some(source) = &filter.source {
        return vec![KeyRange::in_index_partition(team, &IndexPartition::Source(source.clone()))];
    }
    let states = State::all_values().iter().copied().filter(|state| filter.state.is_none_or(|wanted| wanted == *state));
    let kinds = states.flat_map(|state| [false, true].map(|archived| (archived, state)));
    let kinds = kinds.filter(|(archived, _)| filter.archived.is_none_or(|wanted| wanted == *archived));
    let partitions = kinds.flat_map(|(archived, state)| match &filter.status[..] {
        [] => vec![IndexPartition::Archived(archived, state)],
        statuses => statuses.iter().map(|id| IndexPartition::Status(archived, state, *id)).collect(),
    });
    partitions.map(|partition| KeyRange::in_index_partition(team, &partition)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{BusinessId, SourceHash};

    fn plan_of(filter: &LeadFilter, count: u64, entries: Option<(u64, u64)>) -> ListPlan {
        let entries = entries.map(|(of_businesses, of_index)| EntryCounts { of_businesses, of_index });
        choose_list_plan(filter, 10, count, entries)
    }

    #[test]
    fn the_cheapest_plan_for_a_list_is_chosen() {
        let business = LeadFilter { business: BusinessId::new(1).into_iter().collect(), ..LeadFilter::default() };
        let inactive = LeadFilter { state: Some(State::Inactive), ..business.clone() };
        let source = LeadFilter { source: Some(SourceHash::from_key_text("6f1a")), ..LeadFilter::default() };
        let index = |filtered_page| ListPlan::Index { filtered_page };
        let entries = |leads_per_read| ListPlan::BusinessEntries { leads_per_read };
        let cases = [
            ("every entry matches", &LeadFilter::default(), 5000, None, index(None)),
            ("days narrow a source", &source, 5, None, index(Some(MAX_FILTERED_PAGE_ENTRIES))),
            ("half of a source's leads match", &source, 500, Some((0, 1000)), index(Some(33))),
            ("all of a source's leads match", &source, 1000, Some((0, 1000)), index(Some(16))),
            ("few of many leads match", &source, 1, Some((0, 90_000)), index(Some(MAX_FILTERED_PAGE_ENTRIES))),
            ("days narrow a business", &business, 5, None, entries(11)),
            ("every lead of a business", &business, 700, Some((700, 0)), entries(11)),
            ("a tenth of a business's leads", &inactive, 10, Some((100, 50_000)), entries(113)),
            (
                "a large business",
                &inactive,
                10_000,
                Some((90_000, 20_000)),
                ListPlan::IndexInstead { filtered_page: 33 },
            ),
            ("nothing matches", &inactive, 0, Some((900, 10)), entries(1000)),
        ];
        for (name, filter, count, entries, expected) in cases {
            assert_eq!(plan_of(filter, count, entries), expected, "{name}");
        }
    }
}
