//! Forms of a team: list, create, update, delete, and find by public key.

pub(super) mod submissions;

use std::collections::HashMap;

use super::keys::{ItemKey, KeyRange, PrimaryKey, statistics_form_id};
use super::{ReadConsistency, decode};
use crate::domain::error::Error;
use crate::domain::{
    Actor, DomainError, Form, FormId, FormInput, FormKey, FormStatistics, IdempotencyKey, Team, TeamId,
};
use crate::store::StoredResponse;
use crate::store::store_types::FormStore;

impl FormStore {
    /// Lists the team's forms, newest first, with their statistics, and the team. One round trip.
    ///
    /// # Errors
    /// 503 when the table stays too busy.
    pub async fn forms(&self, team: &TeamId) -> Result<(Vec<(Form, FormStatistics)>, Team), Error> {
        let range = KeyRange::forms_of_team(team);
        let (items, team) = tokio::try_join!(self.query_all(&range, ReadConsistency::Strong), self.team(team))?;
        let mut statistics: HashMap<FormId, FormStatistics> = HashMap::new();
        let mut forms: Vec<Form> = Vec::new();
        for item in items {
            match PrimaryKey::of(&item).as_ref().and_then(statistics_form_id) {
                Some(form) => drop(statistics.insert(form, decode(item)?)),
                None => forms.push(decode(item)?),
            }
        }
        let with = |form: Form| {
            let of_form = statistics.remove(&form.id).unwrap_or_default();
            (form, of_form)
        };
        Ok((forms.into_iter().rev().map(with).collect(), team))
    }

    /// Adds a form. Three round trips.
    ///
    /// # Errors
    /// 400 when the team has the maximum number of forms, or when fields are invalid; the error names each of them.
    pub async fn add_form(
        &self,
        actor: &Actor,
        input: &FormInput,
        random: [u8; 16],
        idempotency_key: Option<&IdempotencyKey>,
        answer: impl Fn(&Team, &Form) -> StoredResponse,
    ) -> Result<StoredResponse, Error> {
        let answer = &answer;
        let writing = self.transact(actor, &[ItemKey::Team]).idempotent(idempotency_key);
        writing
            .respond(|mut attempt| async move {
                let team = attempt.take_team()?;
                let form = |id| input.to_form(&team, FormKey::new(&actor.team, id, random), id, &actor.user, actor.at);
                // Checks the form before an id is allocated, so that an invalid form uses no id.
                form(FormId::MIN)?;
                let form = form(attempt.allocated_ids().await?)?;
                let transaction = attempt.transaction();
                transaction.create(ItemKey::Form(form.id).of(&actor.team), &form);
                transaction.put(ItemKey::FormStatistics(form.id).of(&actor.team), &FormStatistics::default());
                let full = || DomainError::TooManyForms.into();
                transaction.increment_below_limit(ItemKey::FormCount.of(&actor.team), Form::MAX_FORMS_PER_TEAM, full);
                attempt.commit(answer(&team, &form))
            })
            .await
    }

    /// Changes a form. Two round trips.
    ///
    /// # Errors
    /// 404 when the team has no such form, 400 when fields are invalid; the error names each of them.
    pub async fn update_form(
        &self,
        actor: &Actor,
        id: FormId,
        input: &FormInput,
    ) -> Result<(Form, FormStatistics, Team), Error> {
        let writing = self.transact(actor, &[ItemKey::Form(id), ItemKey::FormStatistics(id), ItemKey::Team]);
        writing
            .run(|mut attempt| async move {
                let before: Form = attempt.take_item(&ItemKey::Form(id))?.ok_or_else(Error::form_not_found)?;
                let (statistics, team) = (attempt.take_item(&ItemKey::FormStatistics(id))?, attempt.take_team()?);
                let after = input.changed_form(&before, &team)?;
                attempt.put_if_version(&ItemKey::Form(id), before.version, &after);
                attempt.commit((after, statistics.unwrap_or_default(), team))
            })
            .await
    }

    /// Deletes a form. One round trip.
    ///
    /// # Errors
    /// 404 when the team has no such form.
    pub async fn delete_form(&self, actor: &Actor, id: FormId) -> Result<(), Error> {
        let team = &actor.team;
        let writing = self.transact(actor, &[]);
        writing
            .run(|mut attempt| async move {
                let (key, counter) = (ItemKey::Form(id).of(team), ItemKey::FormCount.of(team));
                attempt.transaction().delete_and_decrement(key, counter, Error::form_not_found);
                attempt.transaction().delete(ItemKey::FormStatistics(id).of(team));
                attempt.commit(())
            })
            .await
    }

    /// Reads the active form with this public key. One round trip.
    ///
    /// # Errors
    /// 404 for an unknown, inactive or deleted form.
    pub async fn active_form(&self, key: &FormKey, team: &TeamId, id: FormId) -> Result<Form, Error> {
        let item = self.read_item(ItemKey::Form(id).of(team), ReadConsistency::Strong).await?;
        let form: Option<Form> = item.map(decode).transpose()?;
        form.filter(|form| form.active && form.key == *key).ok_or_else(Error::form_not_found)
    }
}
