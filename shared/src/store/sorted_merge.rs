//! Reads several key ranges as one list, merged by sort position.

use std::collections::{HashMap, VecDeque};

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::keys::attribute::lead::{ARCHIVED, BUSINESS_IDS, STATE, STATUS_ID};
use super::keys::{KeyRange, parse_sort_position};
use super::leads::search::join_in_parentheses;
use super::{PageQuery, ReadConsistency, Table, TableItem, number_value, string_value};
use crate::domain::error::Error;
use crate::domain::{LeadFilter, NamedEnum as _, SortPosition};

/// Number of concurrent queries of one list. The queries for the list's count and its team run at the same time.
const CONCURRENT_QUERIES: usize = 14;

/// An item and its sort position.
pub(super) struct PositionedItem {
    pub sort_position: SortPosition,
    pub item: TableItem,
}

/// One of the ranges to merge, read in pages.
struct RangeReader {
    range: KeyRange,
    ready: VecDeque<PositionedItem>,
    after: Option<TableItem>,
    /// Sort position of the last entry that the last query evaluated. `None` at the end of the range.
    reached: Option<SortPosition>,
    done: bool,
}

/// Several key ranges, merged by sort position. An item that several ranges contain is returned once.
pub(super) struct SortedMerge<'t> {
    table: &'t Table,
    sources: Vec<RangeReader>,
    read: ReadConsistency,
    descending: bool,
    last: Option<SortPosition>,
    filter: Option<FilterExpression>,
    /// Number of entries that queries may still evaluate, whether or not the entries match the filter.
    budget: usize,
}

/// A filter expression, and the number of entries that the next query of each range evaluates.
struct FilterExpression {
    expression: String,
    names: HashMap<String, String>,
    values: TableItem,
    page: usize,
}

impl FilterExpression {
    fn of(filter: &LeadFilter, page: usize) -> Self {
        let mut values = TableItem::new();
        let mut any = |name: &str, wanted: &mut dyn Iterator<Item = AttributeValue>| {
            let each: Vec<String> = wanted
                .map(|value| {
                    let placeholder = format!(":f{}", values.len());
                    let term = match name {
                        BUSINESS_IDS => format!("contains(#{name}, {placeholder})"),
                        _ => format!("#{name} = {placeholder}"),
                    };
                    values.insert(placeholder, value);
                    term
                })
                .collect();
            (!each.is_empty()).then(|| (name.to_owned(), each))
        };
        let terms = [
            any(BUSINESS_IDS, &mut filter.business.iter().map(|id| number_value(id.get()))),
            any(STATUS_ID, &mut filter.status.iter().map(|id| number_value(id.get()))),
            any(STATE, &mut filter.state.iter().map(|state| string_value(state.value_name()))),
            any(ARCHIVED, &mut filter.archived.iter().map(|archived| AttributeValue::Bool(*archived))),
        ];
        let terms: Vec<_> = terms.into_iter().flatten().collect();
        let names = terms.iter().map(|(name, _)| (format!("#{name}"), name.clone())).collect();
        let groups: Vec<String> = terms.iter().map(|(_, each)| join_in_parentheses(each, " OR ")).collect();
        Self { expression: groups.join(" AND "), names, values, page }
    }
}

impl<'t> SortedMerge<'t> {
    pub(super) fn new(
        table: &'t Table,
        ranges: impl IntoIterator<Item = KeyRange>,
        read: ReadConsistency,
        descending: bool,
    ) -> Self {
        let source = |range| RangeReader { range, ready: VecDeque::new(), after: None, reached: None, done: false };
        Self {
            table,
            sources: ranges.into_iter().map(source).collect(),
            read,
            descending,
            last: None,
            filter: None,
            budget: usize::MAX,
        }
    }

    /// Stops the merge when its queries have evaluated `budget` entries, whether or not these match.
    /// [`SortedMerge::resume_position`] then tells where to continue.
    pub(super) fn with_entry_budget(self, budget: usize) -> Self {
        Self { budget, ..self }
    }

    /// Adds a filter expression to all following queries. The first query evaluates `page` entries, later queries
    /// evaluate more. Works only for ranges of an index.
    pub(super) fn with_filter_expression(self, filter: &LeadFilter, page: usize) -> Self {
        Self { filter: Some(FilterExpression::of(filter, page)), ..self }
    }

    /// Returns the next `n` items: fewer at the end of the ranges, or when no more entries may be evaluated.
    pub(super) async fn next_items(&mut self, n: usize) -> Result<Vec<PositionedItem>, Error> {
        let mut taken = Vec::new();
        while taken.len() < n {
            if self.resume_position().is_none() && self.sources.iter().any(RangeReader::needs_next_page) {
                self.read_next_pages(n).await?;
                // A page of a filtered query can be empty although its range has more matching entries.
                continue;
            }
            let frontier = self.resume_position();
            let ready = self.sources.iter_mut().filter(|source| !source.ready.is_empty());
            let position = |source: &&mut RangeReader| source.ready.front().map(|next| next.sort_position.clone());
            let next = if self.descending { ready.max_by_key(position) } else { ready.min_by_key(position) };
            let is_known = |next: &PositionedItem| match &frontier {
                None => true,
                Some(frontier) if self.descending => next.sort_position > *frontier,
                Some(frontier) => next.sort_position < *frontier,
            };
            let next = next.filter(|source| source.ready.front().is_some_and(is_known));
            let Some(next) = next.and_then(|source| source.ready.pop_front()) else { break };
            if self.last.replace(next.sort_position.clone()).as_ref() != Some(&next.sort_position) {
                taken.push(next);
            }
        }
        Ok(taken)
    }

    /// If no more entries may be evaluated and some are left: the position up to which all ranges were read.
    pub(super) fn resume_position(&self) -> Option<SortPosition> {
        let empty: Vec<&RangeReader> = self.sources.iter().filter(|source| source.needs_next_page()).collect();
        if empty.len() <= self.budget {
            return None;
        }
        let reached = empty.into_iter().filter_map(|source| source.reached.clone());
        if self.descending { reached.max() } else { reached.min() }
    }

    /// Reads the next page of each range that has no read items left.
    async fn read_next_pages(&mut self, n: usize) -> Result<(), Error> {
        let (table, filter) = (self.table, self.filter.as_ref());
        let (read, descending) = (self.read, self.descending);
        let empty: Vec<&mut RangeReader> = self.sources.iter_mut().filter(|source| source.needs_next_page()).collect();
        let page = filter.map_or(n, |filter| filter.page).min(self.budget / empty.len().max(1));
        self.budget -= if self.budget == usize::MAX { 0 } else { page * empty.len() };
        let fills: Vec<_> =
            empty.into_iter().map(|source| source.read_next_page(table, read, descending, page, filter)).collect();
        stream::iter(fills).buffer_unordered(CONCURRENT_QUERIES).try_collect::<()>().await?;
        // If fewer entries match than expected, two more queries evaluate all entries that may still be evaluated.
        let rest = self.budget.div_ceil(2 * self.sources.len().max(1));
        if let Some(filter) = &mut self.filter {
            filter.page = filter.page.max(rest);
        }
        Ok(())
    }
}

impl RangeReader {
    /// Whether all read items are used up, so that the next page has to be read.
    fn needs_next_page(&self) -> bool {
        self.ready.is_empty() && !self.done
    }

    async fn read_next_page(
        &mut self,
        table: &Table,
        read: ReadConsistency,
        descending: bool,
        limit: usize,
        filter: Option<&FilterExpression>,
    ) -> Result<(), Error> {
        let page =
            PageQuery { descending, limit: Some(limit), after: self.after.take(), ..PageQuery::of(&self.range, read) };
        let page = match filter {
            None => page,
            Some(filter) => PageQuery {
                filter: Some(filter.expression.clone()),
                names: filter.names.clone(),
                filter_values: filter.values.clone(),
                ..page
            },
        };
        let (items, after) = table.query_page(page).await?;
        self.done = after.is_none();
        self.reached = after.as_ref().and_then(|last| parse_sort_position(last, &self.range));
        self.after = after;
        for item in items {
            let sort_position = parse_sort_position(&item, &self.range)
                .ok_or_else(|| Error::internal("a list entry does not parse"))?;
            self.ready.push_back(PositionedItem { sort_position, item });
        }
        Ok(())
    }
}
