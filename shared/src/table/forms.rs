//! Forms, as their owners set them up.

use std::collections::HashMap;

use super::keys::{Key, PrimaryKey, Range, form_of_statistics};
use super::teams::take_team;
use super::transaction::{Condition, FailedCondition, RetryState, Transaction, TransactionOutcome};
use super::{Consistency, Sequence, Table, decode};
use crate::error::Error;
use crate::model::{
    Actor, DomainError, Form, FormId, FormInput, FormKey, FormStatistics, IdempotencyKey, StoredResponse, Team, TeamId,
};

impl Table {
    /// The team's forms, newest first, with their statistics. One trip.
    ///
    /// # Errors
    /// 503 when the table stays too busy.
    pub async fn forms(&self, team: &TeamId) -> Result<(Vec<(Form, FormStatistics)>, Team), Error> {
        let range = Range::forms(team);
        let (items, team) = tokio::try_join!(self.query_all(&range, Consistency::Strong), self.team(team))?;
        let mut statistics: HashMap<FormId, FormStatistics> = HashMap::new();
        let mut forms: Vec<Form> = Vec::new();
        for item in items {
            match PrimaryKey::of(&item).as_ref().and_then(form_of_statistics) {
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

    /// Adds a form. Two trips, three with `idempotency_key`.
    ///
    /// # Errors
    /// 400 when the team has the maximum number of forms, or naming every bad field.
    pub async fn add_form(
        &self,
        actor: &Actor,
        input: &FormInput,
        random: [u8; 16],
        idempotency_key: Option<&IdempotencyKey>,
        answer: impl Fn(&Team, &Form) -> StoredResponse,
    ) -> Result<StoredResponse, Error> {
        let (team, earlier) = self.team_or_answer(actor, idempotency_key).await?;
        if let Some(answer) = earlier {
            return Ok(answer);
        }
        // An invalid form takes no id.
        let form = |id| input.to_form(&team, FormKey::new(&actor.team, id, random), id, &actor.user, actor.at);
        form(FormId::MIN)?;
        let [id] = self.next_ids(&actor.team, [(Sequence::Form, 1)]).await?;
        let form = form(FormId::new(id).ok_or_else(|| Error::internal("ids of forms are used up"))?)?;
        let answer = answer(&team, &form);
        let full = (Key::FormCount.of(&actor.team), Form::MAX_PER_TEAM, DomainError::TooManyForms);
        let stored = self
            .create_counted(actor, full, (idempotency_key, &answer), |transaction| {
                transaction.create(Key::Form(form.id).of(&actor.team), &form);
                transaction.put(Key::FormStatistics(form.id).of(&actor.team), &FormStatistics::default());
            })
            .await?;
        Ok(stored.unwrap_or(answer))
    }

    /// Changes a form. Two trips.
    ///
    /// # Errors
    /// 404 when the team has no such form, 400 naming every bad field.
    pub async fn update_form(
        &self,
        team: &TeamId,
        id: FormId,
        input: &FormInput,
    ) -> Result<(Form, FormStatistics, Team), Error> {
        let mut tries = RetryState::default();
        loop {
            let (form, statistics, names) = self.form(team, id).await?;
            let before = form.ok_or_else(Error::form_not_found)?;
            let after = input.apply(&before, &names)?;
            let mut transaction = Transaction::new(self);
            let (to, writer_mark) = (Key::Form(id).of(team), transaction.writer_mark());
            transaction.put_if(to, &after, writer_mark, Condition::unchanged(before.version), FailedCondition::Changed);
            match transaction.commit(&mut tries).await? {
                TransactionOutcome::Committed => return Ok((after, statistics, names)),
                lost => tries.after(&lost).await?,
            }
        }
    }

    /// Deletes a form. One trip.
    ///
    /// # Errors
    /// 404 when the team has no such form.
    pub async fn delete_form(&self, team: &TeamId, id: FormId) -> Result<(), Error> {
        self.delete_counted(Key::FormCount.of(team), Error::form_not_found(), |transaction| {
            transaction.delete_if(Key::Form(id).of(team), Condition::present(), FailedCondition::Absent);
            transaction.delete(Key::FormStatistics(id).of(team));
        })
        .await
    }

    /// The active form with this public key. One trip.
    ///
    /// # Errors
    /// 404 for an unknown, inactive or deleted form.
    pub async fn active_form(&self, key: &FormKey, team: &TeamId, id: FormId) -> Result<Form, Error> {
        let item = self.get(Key::Form(id).of(team), Consistency::Strong).await?;
        let form: Option<Form> = item.map(decode).transpose()?;
        form.filter(|form| form.active && form.key == *key).ok_or_else(Error::form_not_found)
    }

    async fn form(&self, team: &TeamId, id: FormId) -> Result<(Option<Form>, FormStatistics, Team), Error> {
        let (form, of_form) = (Key::Form(id).of(team), Key::FormStatistics(id).of(team));
        let keys = vec![form.clone(), of_form.clone(), Key::Team.of(team)];
        let mut items = self.get_all(keys, Consistency::Strong).await?;
        let form = items.remove(&form).map(decode).transpose()?;
        let statistics = items.remove(&of_form).map(decode).transpose()?.unwrap_or_default();
        Ok((form, statistics, take_team(&mut items, team)?))
    }
}
