//! Saved views of the list of leads. The views of a user and the shared views of a team are in separate partitions, so
//! that listing reads no view of another user.

use super::keys::{ItemKey, KeyRange};
use super::store_types::ViewStore;
use super::{ReadConsistency, decode};
use crate::domain::error::Error;
use crate::domain::{Actor, DomainError, IdempotencyKey, View, ViewId, ViewInput};
use crate::store::StoredResponse;

impl ViewStore {
    /// Lists the caller's own views, then the team's shared views, each the newest first. One round trip.
    ///
    /// # Errors
    /// 503 when the table stays too busy.
    pub async fn views(&self, actor: &Actor) -> Result<Vec<View>, Error> {
        let ranges = [Some(actor.user.id), None].map(|owner| KeyRange::views_of_owner(&actor.team, owner));
        let (own, shared) = tokio::try_join!(
            self.query_all(&ranges[0], ReadConsistency::Strong),
            self.query_all(&ranges[1], ReadConsistency::Strong)
        )?;
        own.into_iter().rev().chain(shared.into_iter().rev()).map(decode).collect()
    }

    /// Reads a view of the caller or a shared view. One round trip.
    ///
    /// # Errors
    /// 404 when there is no such view, or when it belongs to another user.
    pub async fn view(&self, actor: &Actor, id: ViewId) -> Result<View, Error> {
        let keys = possible_keys(actor, id).map(|key| key.of(&actor.team)).to_vec();
        let found = self.get_items(keys, ReadConsistency::Strong).await?.into_values().next();
        found.map(decode).transpose()?.ok_or_else(Error::view_not_found)
    }

    /// Adds a view. Two round trips, three with `idempotency_key`.
    ///
    /// # Errors
    /// 400 when the caller, or the team for a shared view, has the maximum number of views.
    pub async fn add_view(
        &self,
        actor: &Actor,
        input: &ViewInput,
        idempotency_key: Option<&IdempotencyKey>,
        answer: impl Fn(&View) -> StoredResponse,
    ) -> Result<StoredResponse, Error> {
        let answer = &answer;
        let writing = self.transact(actor, &[]).idempotent(idempotency_key);
        writing
            .respond(|mut attempt| async move {
                let view = View::new(attempt.allocated_ids().await?, input, &actor.user, actor.at);
                attempt.transaction().create(view_key(&view).of(&actor.team), &view);
                let (max, full) = limit_of(view.owner());
                attempt.transaction().increment_below_limit(
                    ItemKey::ViewCount(view.owner()).of(&actor.team),
                    max,
                    full,
                );
                attempt.commit(answer(&view))
            })
            .await
    }

    /// Changes a view. Sharing a view, or ending its sharing, moves it between the partitions. Two round trips.
    ///
    /// # Errors
    /// 404 as [`ViewStore::view`]; 403 when the view is shared and the caller does not manage shared views; 400 when
    /// there would be too many views where the view moves to.
    pub async fn update_view(
        &self,
        actor: &Actor,
        id: ViewId,
        input: &ViewInput,
        manages_shared: bool,
    ) -> Result<View, Error> {
        let writing = self.transact(actor, &possible_keys(actor, id));
        writing
            .run(|mut attempt| async move {
                let before = changeable_view(actor, id, manages_shared, |key| attempt.take_item(key))?;
                let after = before.changed_by(input, &actor.user);
                if before.owner() == after.owner() {
                    attempt.put_if_version(&view_key(&before), before.version, &after);
                } else {
                    let transaction = attempt.transaction();
                    let counter = ItemKey::ViewCount(before.owner()).of(&actor.team);
                    transaction.delete_and_decrement(view_key(&before).of(&actor.team), counter, Error::view_not_found);
                    transaction.create(view_key(&after).of(&actor.team), &after);
                    let (max, full) = limit_of(after.owner());
                    transaction.increment_below_limit(ItemKey::ViewCount(after.owner()).of(&actor.team), max, full);
                }
                attempt.commit(after)
            })
            .await
    }

    /// Deletes a view. Two round trips.
    ///
    /// # Errors
    /// 404 as [`ViewStore::view`]; 403 when the view is shared and the caller does not manage shared views.
    pub async fn delete_view(&self, actor: &Actor, id: ViewId, manages_shared: bool) -> Result<(), Error> {
        let writing = self.transact(actor, &possible_keys(actor, id));
        writing
            .run(|mut attempt| async move {
                let view = changeable_view(actor, id, manages_shared, |key| attempt.take_item(key))?;
                let counter = ItemKey::ViewCount(view.owner()).of(&actor.team);
                let key = view_key(&view).of(&actor.team);
                attempt.transaction().delete_and_decrement(key, counter, Error::view_not_found);
                attempt.commit(())
            })
            .await
    }
}

fn view_key(view: &View) -> ItemKey<'static> {
    ItemKey::View(view.owner(), view.id)
}

/// The keys that a view may have which the caller sees: among the caller's own views, and among the shared ones.
fn possible_keys(actor: &Actor, id: ViewId) -> [ItemKey<'static>; 2] {
    [ItemKey::View(Some(actor.user.id), id), ItemKey::View(None, id)]
}

/// Takes the view `id` out of the items that were read.
///
/// # Errors
/// 404 when there is no such view; 403 when it is shared and the caller does not manage shared views.
fn changeable_view(
    actor: &Actor,
    id: ViewId,
    manages_shared: bool,
    mut take: impl FnMut(&ItemKey<'_>) -> Result<Option<View>, Error>,
) -> Result<View, Error> {
    let [own, shared] = possible_keys(actor, id);
    if let Some(view) = take(&own)? {
        return Ok(view);
    }
    let view = take(&shared)?.ok_or_else(Error::view_not_found)?;
    if manages_shared { Ok(view) } else { Err(Error::access_denied()) }
}

/// Maximum number of views of an owner, and the error if there are more.
fn limit_of(owner: Option<u64>) -> (u64, fn() -> Error) {
    match owner {
        Some(_) => (View::MAX_VIEWS_PER_USER, || DomainError::TooManyViews.into()),
        None => (View::MAX_SHARED_VIEWS_PER_TEAM, || DomainError::TooManySharedViews.into()),
    }
}
