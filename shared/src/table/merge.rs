//! Several ranges read as one, in order of place.

use std::collections::VecDeque;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::keys::{Range, place_of};
use super::{Consistency, Item, Query, Table};
use crate::error::Error;
use crate::model::Position;

/// Queries of one list under way at once; those of its count and its team are beside them.
const AT_ONCE: usize = 14;

/// An item where it stands.
pub(super) struct Placed {
    pub place: Position,
    pub item: Item,
}

/// One range, read page by page.
struct Source {
    range: Range,
    ready: VecDeque<Placed>,
    after: Option<Item>,
    done: bool,
}

/// Several ranges as one, each place once.
pub(super) struct Merge<'t> {
    table: &'t Table,
    sources: Vec<Source>,
    descending: bool,
    last: Option<Position>,
}

impl<'t> Merge<'t> {
    pub(super) fn new(table: &'t Table, ranges: impl IntoIterator<Item = Range>, descending: bool) -> Self {
        let source = |range| Source { range, ready: VecDeque::new(), after: None, done: false };
        Self { table, sources: ranges.into_iter().map(source).collect(), descending, last: None }
    }

    /// The next `n`; fewer only at the end.
    pub(super) async fn take(&mut self, n: usize) -> Result<Vec<Placed>, Error> {
        let mut taken = Vec::new();
        while taken.len() < n {
            let (table, descending) = (self.table, self.descending);
            let empty = self.sources.iter_mut().filter(|source| source.ready.is_empty() && !source.done);
            let fills: Vec<_> = empty.map(|source| source.fill(table, descending, n)).collect();
            stream::iter(fills).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
            // A page can be empty before its range is.
            if self.sources.iter().any(|source| source.ready.is_empty() && !source.done) {
                continue;
            }
            let ready = self.sources.iter_mut().filter(|source| !source.ready.is_empty());
            let place = |source: &&mut Source| source.ready.front().map(|next| next.place.clone());
            let next = if descending { ready.max_by_key(place) } else { ready.min_by_key(place) };
            let Some(next) = next.and_then(|source| source.ready.pop_front()) else { break };
            if self.last.replace(next.place.clone()).as_ref() != Some(&next.place) {
                taken.push(next);
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
            self.ready.push_back(Placed { place, item });
        }
        Ok(())
    }
}
