//! Teams. A team with its statuses and businesses is one item, which is written on condition that its version is
//! unchanged.

use std::collections::HashMap;

use super::keys::{ItemKey, PrimaryKey};
use super::store_types::TeamStore;
use super::{ReadConsistency, Table, TableItem, decode};
use crate::domain::error::Error;
use crate::domain::{
    Actor, Business, BusinessId, BusinessInput, DomainError, IdempotencyKey, Status, StatusId, StatusInput,
    StatusOrBusiness, StatusOrder, StatusUpdate, Team, TeamId,
};
use crate::store::StoredResponse;

/// Removes the team from items that were read. Returns the default team if the team has no item yet.
pub(super) fn take_team(items: &mut HashMap<PrimaryKey, TableItem>, team: &TeamId) -> Result<Team, Error> {
    Ok(items.remove(&ItemKey::Team.of(team)).map(decode).transpose()?.unwrap_or_default())
}

impl TeamStore {
    /// Adds a status.
    ///
    /// # Errors
    /// The errors of [`Team::add_status`].
    pub async fn add_status(
        &self,
        actor: &Actor,
        input: &StatusInput,
        idempotency_key: Option<&IdempotencyKey>,
        answer: impl Fn(&Team, &Status) -> StoredResponse,
    ) -> Result<StoredResponse, Error> {
        self.change_team(actor, idempotency_key, None, |team| {
            team.add_status(input.clone()).map(|status| answer(team, &status))
        })
        .await
    }

    /// Changes the name or the colour of a status.
    ///
    /// # Errors
    /// The errors of [`Team::update_status`].
    pub async fn update_status(
        &self,
        actor: &Actor,
        id: StatusId,
        update: &StatusUpdate,
        answer: impl Fn(&Team, &Status) -> StoredResponse,
    ) -> Result<StoredResponse, Error> {
        let change = |team: &mut Team| team.update_status(id, update.clone()).map(|status| answer(team, &status));
        self.change_team(actor, None, None, change).await
    }

    /// Reorders statuses.
    ///
    /// # Errors
    /// The errors of [`Team::reorder_statuses`].
    pub async fn reorder_statuses(
        &self,
        actor: &Actor,
        order: &StatusOrder,
        answer: impl Fn(&Team) -> StoredResponse,
    ) -> Result<StoredResponse, Error> {
        self.change_team(actor, None, None, |team| team.reorder_statuses(order).map(|()| answer(team))).await
    }

    /// Deletes a status that no lead has, and retires it, so that no lead can be given the status.
    ///
    /// # Errors
    /// 400 when a lead has the status, and the errors of [`Team::remove_status`].
    pub async fn delete_status(
        &self,
        actor: &Actor,
        id: StatusId,
        answer: StoredResponse,
    ) -> Result<StoredResponse, Error> {
        let change = |team: &mut Team| team.remove_status(id).map(|()| answer.clone());
        self.change_team(actor, None, Some(StatusOrBusiness::Status(id)), change).await
    }

    /// Adds a business.
    ///
    /// # Errors
    /// The errors of [`Team::add_business`].
    pub async fn add_business(
        &self,
        actor: &Actor,
        input: &BusinessInput,
        idempotency_key: Option<&IdempotencyKey>,
        answer: impl Fn(&Business) -> StoredResponse,
    ) -> Result<StoredResponse, Error> {
        self.change_team(actor, idempotency_key, None, |team| {
            team.add_business(input.clone()).map(|business| answer(&business))
        })
        .await
    }

    /// Renames a business.
    ///
    /// # Errors
    /// The errors of [`Team::rename_business`].
    pub async fn rename_business(
        &self,
        actor: &Actor,
        id: BusinessId,
        input: &BusinessInput,
        answer: impl Fn(&Business) -> StoredResponse,
    ) -> Result<StoredResponse, Error> {
        let change = |team: &mut Team| team.rename_business(id, input.clone()).map(|business| answer(&business));
        self.change_team(actor, None, None, change).await
    }

    /// Deletes a business that no lead has, and retires it, so that no lead can be given the business.
    ///
    /// # Errors
    /// 400 when a lead has the business, and the errors of [`Team::remove_business`].
    pub async fn delete_business(
        &self,
        actor: &Actor,
        id: BusinessId,
        answer: StoredResponse,
    ) -> Result<StoredResponse, Error> {
        let change = |team: &mut Team| team.remove_business(id).map(|()| answer.clone());
        self.change_team(actor, None, Some(StatusOrBusiness::Business(id)), change).await
    }
}

impl Table {
    /// Reads a team, or returns the default team if it has no item yet. One round trip.
    pub async fn team(&self, team: &TeamId) -> Result<Team, Error> {
        Ok(self
            .read_item(ItemKey::Team.of(team), ReadConsistency::Strong)
            .await?
            .map(decode)
            .transpose()?
            .unwrap_or_default())
    }

    /// Reads the team, and the response that an earlier try of this request stored. One round trip.
    pub(super) async fn read_team_and_response(
        &self,
        actor: &Actor,
        idempotency_key: Option<&IdempotencyKey>,
    ) -> Result<(Team, Option<StoredResponse>), Error> {
        let Some(idempotency_key) = idempotency_key else { return Ok((self.team(&actor.team).await?, None)) };
        let answer = idempotency_key.response_key(actor);
        let mut items =
            self.get_items(vec![ItemKey::Team.of(&actor.team), answer.clone()], ReadConsistency::Strong).await?;
        let earlier = idempotency_key.decode_stored_response(actor, items.remove(&answer))?;
        Ok((take_team(&mut items, &actor.team)?, earlier))
    }

    /// Adds businesses with names that the team does not have yet. Three round trips.
    ///
    /// # Errors
    /// 503 when the table stays too busy.
    pub(super) async fn add_businesses(&self, actor: &Actor, names: &[String]) -> Result<Team, Error> {
        let change = |team: &mut Team| {
            team.add_businesses(names);
            // Nothing reads this response.
            Ok(StoredResponse::default())
        };
        self.change_team(actor, None, None, change).await?;
        self.team(&actor.team).await
    }

    /// Applies `change` to the team, and retires the status or business `retiring`, if any. Two round trips.
    async fn change_team(
        &self,
        actor: &Actor,
        idempotency_key: Option<&IdempotencyKey>,
        retiring: Option<StatusOrBusiness>,
        change: impl Fn(&mut Team) -> Result<StoredResponse, DomainError>,
    ) -> Result<StoredResponse, Error> {
        let change = &change;
        let writing = self.transact(actor, &[ItemKey::Team]).idempotent(idempotency_key).retiring(retiring);
        writing
            .respond(|mut attempt| async move {
                let mut team = attempt.take_team()?;
                let read = team.version;
                let answer = change(&mut team)?;
                team.version += 1;
                attempt.put_if_version(&ItemKey::Team, read, &team);
                if let Some(usage) = attempt.usage.take() {
                    if usage.is_in_use() {
                        return Err(in_use_error(retiring).into());
                    }
                    attempt.transaction().retire_reference(&actor.team, &usage, team.retired_references());
                }
                attempt.commit(answer)
            })
            .await
    }
}

fn in_use_error(retiring: Option<StatusOrBusiness>) -> DomainError {
    match retiring {
        Some(StatusOrBusiness::Business(_)) => DomainError::BusinessNeeded,
        Some(StatusOrBusiness::Status(_)) | None => DomainError::StatusNeeded,
    }
}
