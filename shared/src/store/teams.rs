//! Teams: one item, written on condition that its version is unchanged.

use std::collections::HashMap;

use super::groups::TeamStore;
use super::keys::{Key, PrimaryKey};
use super::{Consistency, Item, Table, decode};
use crate::domain::error::Error;
use crate::domain::{
    Actor, Business, BusinessId, BusinessInput, DomainError, IdempotencyKey, Reference, Status, StatusId, StatusInput,
    StatusOrder, StatusUpdate, Team, TeamId,
};
use crate::store::StoredResponse;

/// Takes the team out of items that were read. A team that was never written has the default.
pub(super) fn take_team(items: &mut HashMap<PrimaryKey, Item>, team: &TeamId) -> Result<Team, Error> {
    Ok(items.remove(&Key::Team.of(team)).map(decode).transpose()?.unwrap_or_default())
}

impl TeamStore {
    /// Adds a status.
    ///
    /// # Errors
    /// See [`Team::add_status`].
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

    /// Renames or recolours a status.
    ///
    /// # Errors
    /// See [`Team::update_status`].
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
    /// See [`Team::reorder`].
    pub async fn reorder_statuses(
        &self,
        actor: &Actor,
        order: &StatusOrder,
        answer: impl Fn(&Team) -> StoredResponse,
    ) -> Result<StoredResponse, Error> {
        self.change_team(actor, None, None, |team| team.reorder(order).map(|()| answer(team))).await
    }

    /// Deletes a status that no lead has, and closes it, so that no lead can be given it.
    ///
    /// # Errors
    /// 400 when a lead has it, and see [`Team::remove_status`].
    pub async fn delete_status(
        &self,
        actor: &Actor,
        id: StatusId,
        answer: StoredResponse,
    ) -> Result<StoredResponse, Error> {
        let change = |team: &mut Team| team.remove_status(id).map(|()| answer.clone());
        self.change_team(actor, None, Some(Reference::Status(id)), change).await
    }

    /// Adds a business.
    ///
    /// # Errors
    /// See [`Team::add_business`].
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
    /// See [`Team::rename_business`].
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

    /// Deletes a business without leads, and closes it, so that no lead can be given it.
    ///
    /// # Errors
    /// 400 when a lead belongs to it, and see [`Team::remove_business`].
    pub async fn delete_business(
        &self,
        actor: &Actor,
        id: BusinessId,
        answer: StoredResponse,
    ) -> Result<StoredResponse, Error> {
        let change = |team: &mut Team| team.remove_business(id).map(|()| answer.clone());
        self.change_team(actor, None, Some(Reference::Business(id)), change).await
    }
}

impl Table {
    /// Reads a team. One trip. A team without an item has the default.
    pub async fn team(&self, team: &TeamId) -> Result<Team, Error> {
        Ok(self.get(Key::Team.of(team), Consistency::Strong).await?.map(decode).transpose()?.unwrap_or_default())
    }

    /// The team, and the stored answer of an earlier try of this request. One trip.
    pub(super) async fn team_or_answer(
        &self,
        actor: &Actor,
        idempotency_key: Option<&IdempotencyKey>,
    ) -> Result<(Team, Option<StoredResponse>), Error> {
        let Some(idempotency_key) = idempotency_key else { return Ok((self.team(&actor.team).await?, None)) };
        let answer = idempotency_key.key_of(actor);
        let mut items = self.get_all(vec![Key::Team.of(&actor.team), answer.clone()], Consistency::Strong).await?;
        let earlier = idempotency_key.earlier(actor, items.remove(&answer))?;
        Ok((take_team(&mut items, &actor.team)?, earlier))
    }

    /// Adds businesses with names that the team does not have yet. Three trips.
    ///
    /// # Errors
    /// 503 when the table stays too busy.
    pub(super) async fn add_businesses(&self, actor: &Actor, names: &[String]) -> Result<Team, Error> {
        let change = |team: &mut Team| {
            team.add_businesses(names);
            // Nothing reads this answer.
            Ok(StoredResponse::default())
        };
        self.change_team(actor, None, None, change).await?;
        self.team(&actor.team).await
    }

    /// Changes the team. Two trips.
    async fn change_team(
        &self,
        actor: &Actor,
        idempotency_key: Option<&IdempotencyKey>,
        retiring: Option<Reference>,
        change: impl Fn(&mut Team) -> Result<StoredResponse, DomainError>,
    ) -> Result<StoredResponse, Error> {
        let change = &change;
        let writing = self.transact(actor, &[Key::Team]).idempotent(idempotency_key).retiring(retiring);
        writing
            .respond(|mut attempt| async move {
                let mut team = attempt.take_team()?;
                let read = team.version;
                let answer = change(&mut team)?;
                team.version += 1;
                attempt.overwrite(&Key::Team, read, &team);
                if let Some(usage) = attempt.usage.take() {
                    if usage.in_use() {
                        return Err(in_use(retiring).into());
                    }
                    attempt.transaction().retire_reference(&actor.team, &usage, team.retired());
                }
                attempt.commit(answer)
            })
            .await
    }
}

fn in_use(retiring: Option<Reference>) -> DomainError {
    match retiring {
        Some(Reference::Business(_)) => DomainError::BusinessNeeded,
        Some(Reference::Status(_)) | None => DomainError::StatusNeeded,
    }
}
