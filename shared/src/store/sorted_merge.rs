//! Reads several key ranges as one list, merged by sort position.

use std::collections::{HashMap, VecDeque};

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::keys::attribute::lead::{ARCHIVED, BUSINESS, STATE, STATUS_ID};
use super::keys::{Range, position_of};
use super::leads::search::grouped;
use super::{Consistency, Item, Query, Table, number, text};
use crate::domain::error::Error;
use crate::domain::{LeadFilter, Named as _, Position};

/// Number of concurrent queries of one list. The queries for the list's count and its team run at the same time.
const CONCURRENT_QUERIES: usize = 14;

/// An item and its sort position.
pub(super) struct Positioned {
    pub sort_position: Position,
    pub item: Item,
}

/// One of the ranges to merge, read in pages.
struct Source {
    range: Range,
    ready: VecDeque<Positioned>,
    after: Option<Item>,
    /// Sort position of the last entry that the last query evaluated. `None` at the end of the range.
    reached: Option<Position>,
    done: bool,
}

/// Several key ranges, merged by sort position. An item that several ranges contain is returned once.
pub(super) struct SortedMerge<'t> {
    table: &'t Table,
    sources: Vec<Source>,
    read: Consistency,
    descending: bool,
    last: Option<Position>,
    filter: Option<Filter>,
    /// Number of entries that queries may still evaluate, whether or not the entries match the filter.
    budget: usize,
}

/// A filter expression, and the number of entries that the next query of each range evaluates.
struct Filter {
    expression: String,
    names: HashMap<String, String>,
    values: Item,
    page: usize,
}

impl Filter {
    fn of(filter: &LeadFilter, page: usize) -> Self {
        let mut values = Item::new();
        let mut any = |name: &str, wanted: &mut dyn Iterator<Item = AttributeValue>| {
            let each: Vec<String> = wanted
                .map(|value| {
                    let placeholder = format!(":f{}", values.len());
                    let term = match name {
                        BUSINESS => format!("contains(#{name}, {placeholder})"),
                        _ => format!("#{name} = {placeholder}"),
                    };
                    values.insert(placeholder, value);
                    term
                })
                .collect();
            (!each.is_empty()).then(|| (name.to_owned(), each))
        };
        let terms = [
            any(BUSINESS, &mut filter.business.iter().map(|id| number(id.get()))),
            any(STATUS_ID, &mut filter.status.iter().map(|id| number(id.get()))),
            any(STATE, &mut filter.state.iter().map(|state| text(state.name()))),
            any(ARCHIVED, &mut filter.archived.iter().map(|archived| AttributeValue::Bool(*archived))),
        ];
        let terms: Vec<_> = terms.into_iter().flatten().collect();
        let names = terms.iter().map(|(name, _)| (format!("#{name}"), name.clone())).collect();
        let groups: Vec<String> = terms.iter().map(|(_, each)| grouped(each, " OR ")).collect();
        Self { expression: groups.join(" AND "), names, values, page }
    }
}

impl<'t> SortedMerge<'t> {
    pub(super) fn new(
        table: &'t Table,
        ranges: impl IntoIterator<Item = Range>,
        read: Consistency,
        descending: bool,
    ) -> Self {
        let source = |range| Source { range, ready: VecDeque::new(), after: None, reached: None, done: false };
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

    /// Limits the number of entries that queries evaluate. At the limit, [`SortedMerge::resume_position`] is the
    /// position to continue at.
    pub(super) fn at_most(self, budget: usize) -> Self {
        Self { budget, ..self }
    }

    /// Adds a filter expression to all following queries. The first query evaluates `page` entries, later queries
    /// evaluate more. Works only for ranges of an index.
    pub(super) fn filtered(self, filter: &LeadFilter, page: usize) -> Self {
        Self { filter: Some(Filter::of(filter, page)), ..self }
    }

    /// Returns the next `n` items: fewer at the end of the ranges, or when no more entries may be evaluated.
    pub(super) async fn take(&mut self, n: usize) -> Result<Vec<Positioned>, Error> {
        let mut taken = Vec::new();
        while taken.len() < n {
            if self.resume_position().is_none() && self.sources.iter().any(Source::is_empty) {
                self.fill(n).await?;
                // A page of a filtered query can be empty although its range has more matching entries.
                continue;
            }
            let frontier = self.resume_position();
            let ready = self.sources.iter_mut().filter(|source| !source.ready.is_empty());
            let position = |source: &&mut Source| source.ready.front().map(|next| next.sort_position.clone());
            let next = if self.descending { ready.max_by_key(position) } else { ready.min_by_key(position) };
            let is_known = |next: &Positioned| match &frontier {
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
    pub(super) fn resume_position(&self) -> Option<Position> {
        let empty: Vec<&Source> = self.sources.iter().filter(|source| source.is_empty()).collect();
        if empty.len() <= self.budget {
            return None;
        }
        let reached = empty.into_iter().filter_map(|source| source.reached.clone());
        if self.descending { reached.max() } else { reached.min() }
    }

    /// Reads the next page of each range that has no read items left.
    async fn fill(&mut self, n: usize) -> Result<(), Error> {
        let (table, filter) = (self.table, self.filter.as_ref());
        let (read, descending) = (self.read, self.descending);
        let empty: Vec<&mut Source> = self.sources.iter_mut().filter(|source| source.is_empty()).collect();
        let page = filter.map_or(n, |filter| filter.page).min(self.budget / empty.len().max(1));
        self.budget -= if self.budget == usize::MAX { 0 } else { page * empty.len() };
        let fills: Vec<_> =
            empty.into_iter().map(|source| source.fill(table, read, descending, page, filter)).collect();
        stream::iter(fills).buffer_unordered(CONCURRENT_QUERIES).try_collect::<()>().await?;
        // If fewer entries match than expected, two more queries evaluate all entries that may still be evaluated.
        let rest = self.budget.div_ceil(2 * self.sources.len().max(1));
        if let Some(filter) = &mut self.filter {
            filter.page = filter.page.max(rest);
        }
        Ok(())
    }
}

impl Source {
    /// Whether all read items are used up, so that the next page has to be read.
    fn is_empty(&self) -> bool {
        self.ready.is_empty() && !self.done
    }

    async fn fill(
        &mut self,
        table: &Table,
        read: Consistency,
        descending: bool,
        limit: usize,
        filter: Option<&Filter>,
    ) -> Result<(), Error> {
        let page = Query { descending, limit: Some(limit), after: self.after.take(), ..Query::of(&self.range, read) };
        let page = match filter {
            None => page,
            Some(filter) => Query {
                filter: Some(filter.expression.clone()),
                names: filter.names.clone(),
                filter_values: filter.values.clone(),
                ..page
            },
        };
        let (items, after) = table.query(page).await?;
        self.done = after.is_none();
        self.reached = after.as_ref().and_then(|last| position_of(last, &self.range));
        self.after = after;
        for item in items {
            let sort_position =
                position_of(&item, &self.range).ok_or_else(|| Error::internal("a list entry does not parse"))?;
            self.ready.push_back(Positioned { sort_position, item });
        }
        Ok(())
    }
}
