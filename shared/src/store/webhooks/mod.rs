//! Webhooks and their deliveries.

pub(super) mod feed;

use serde::{Deserialize, Serialize};

use super::condition::WriteCondition;
use super::keys::attribute::TTL;
use super::keys::{ItemKey, KeyRange, parse_sort_position};
use super::sorted_merge::SortedMerge;
use super::transaction::{FailedCondition, RetryState, Transaction, TransactionOutcome};
use super::webhooks::feed::{EVENT_RETENTION, decode_event};
use super::{PageQuery, ReadConsistency, Table, TableItem, decode, encode_item, number_value};
use crate::domain::error::Error;
use crate::domain::{
    Actor, AttemptOutcome, DeliveredEvent, Delivery, DeliveryContent, DeliveryJob, DeliveryState, DomainError,
    FeedEvent, FeedPosition, IdempotencyKey, SigningSecret, SortPosition, TeamId, Timestamp, Webhook, WebhookId,
    WebhookInput,
};
use crate::platform::backoff::Backoff;
use crate::store::StoredResponse;
use crate::store::store_types::WebhookStore;

/// Entry in a webhook's list of failed deliveries.
#[derive(Serialize, Deserialize)]
struct FailedDelivery {
    #[serde(flatten)]
    position: FeedPosition,
    ttl: u64,
}

/// The items that the sender Lambda needs for a delivery job.
#[derive(Debug)]
pub struct DeliveryContext {
    /// The webhook. `None` if it was deleted.
    pub webhook: Option<Webhook>,
    /// The event to deliver. `None` for a test (ping), or if the event has expired.
    pub event: Option<FeedEvent>,
    /// The record of earlier attempts of the delivery. `None` before the first attempt.
    pub delivery: Option<Delivery>,
}

impl WebhookStore {
    /// Lists the team's webhooks, newest first. One round trip.
    ///
    /// # Errors
    /// 503 when the table stays too busy.
    pub async fn webhooks(&self, team: &TeamId) -> Result<Vec<Webhook>, Error> {
        let items = self.query_all(&KeyRange::webhooks_of_team(team), ReadConsistency::Strong).await?;
        items.into_iter().rev().map(decode).collect()
    }

    /// Reads a webhook. One round trip.
    ///
    /// # Errors
    /// 404 when the team has no such webhook.
    pub async fn webhook(&self, team: &TeamId, id: WebhookId) -> Result<Webhook, Error> {
        let item = self.read_item(ItemKey::Webhook(id).of(team), ReadConsistency::Strong).await?;
        item.map(decode).transpose()?.ok_or_else(Error::webhook_not_found)
    }

    /// Adds a webhook. Two round trips. `answer` builds the response: with the secret for the caller, and without the
    /// secret for the stored response that repeated requests get.
    ///
    /// # Errors
    /// 400 when the team has the maximum number of webhooks.
    pub async fn add_webhook(
        &self,
        actor: &Actor,
        input: &WebhookInput,
        secret: SigningSecret,
        idempotency_key: Option<&IdempotencyKey>,
        answer: impl Fn(&Webhook, Option<&SigningSecret>) -> StoredResponse,
    ) -> Result<StoredResponse, Error> {
        let secret = &secret;
        let writing = self.transact(actor, &[]).idempotent(idempotency_key).skip_replay_check();
        let added = writing.respond_as(
            |webhook| answer(webhook, None),
            |mut attempt| async move {
                let webhook =
                    input.to_new_webhook(attempt.allocated_ids().await?, secret.clone(), &actor.user, actor.at);
                attempt.transaction().create(ItemKey::Webhook(webhook.id).of(&actor.team), &webhook);
                let full = || DomainError::TooManyWebhooks.into();
                attempt.transaction().increment_below_limit(
                    ItemKey::WebhookCount.of(&actor.team),
                    Webhook::MAX_WEBHOOKS_PER_TEAM,
                    full,
                );
                attempt.commit(webhook)
            },
        );
        Ok(added.await?.response_or_else(|webhook| answer(&webhook, Some(&webhook.secret))))
    }

    /// Changes a webhook. Two round trips.
    ///
    /// # Errors
    /// 404 when the team has no such webhook.
    pub async fn update_webhook(&self, actor: &Actor, id: WebhookId, input: &WebhookInput) -> Result<Webhook, Error> {
        let writing = self.transact(actor, &[ItemKey::Webhook(id)]);
        writing
            .run(|mut attempt| async move {
                let before: Webhook = attempt.take_item(&ItemKey::Webhook(id))?.ok_or_else(Error::webhook_not_found)?;
                let after = input.apply(&before);
                attempt.put_if_version(&ItemKey::Webhook(id), before.version, &after);
                attempt.commit(after)
            })
            .await
    }

    /// Replaces a webhook's signing secret. Two round trips. `answer` builds the response as in
    /// [`WebhookStore::add_webhook`].
    ///
    /// # Errors
    /// 404 when the team has no such webhook.
    pub async fn rotate_secret(
        &self,
        actor: &Actor,
        id: WebhookId,
        secret: &SigningSecret,
        idempotency_key: Option<&IdempotencyKey>,
        answer: impl Fn(&Webhook, Option<&SigningSecret>) -> StoredResponse,
    ) -> Result<StoredResponse, Error> {
        let writing = self.transact(actor, &[ItemKey::Webhook(id)]).idempotent(idempotency_key);
        let rotated = writing.respond_as(
            |webhook| answer(webhook, None),
            |mut attempt| async move {
                let before: Webhook = attempt.take_item(&ItemKey::Webhook(id))?.ok_or_else(Error::webhook_not_found)?;
                // The webhook has the new secret already: an earlier put of this request succeeded, and its response
                // was lost.
                if before.secret == *secret {
                    return attempt.write_nothing(before);
                }
                let after = before.with_rotated_secret(secret.clone(), actor.at);
                attempt.put_if_version(&ItemKey::Webhook(id), before.version, &after);
                attempt.commit(after)
            },
        );
        Ok(rotated.await?.response_or_else(|webhook| answer(&webhook, Some(secret))))
    }

    /// Deletes a webhook. One round trip. The records of its deliveries expire after 30 days.
    ///
    /// # Errors
    /// 404 when the team has no such webhook.
    pub async fn delete_webhook(&self, actor: &Actor, id: WebhookId) -> Result<(), Error> {
        let writing = self.transact(actor, &[]);
        writing
            .run(|mut attempt| async move {
                let (key, counter) = (ItemKey::Webhook(id).of(&actor.team), ItemKey::WebhookCount.of(&actor.team));
                attempt.transaction().delete_and_decrement(key, counter, Error::webhook_not_found);
                attempt.commit(())
            })
            .await
    }

    /// Reads a page of a webhook's deliveries, newest events first, and whether there are more deliveries. One round
    /// trip.
    ///
    /// # Errors
    /// 404 when the team has no such webhook.
    pub async fn deliveries(
        &self,
        team: &TeamId,
        id: WebhookId,
        limit: usize,
        after: Option<&SortPosition>,
    ) -> Result<(Vec<Delivery>, bool), Error> {
        let range = KeyRange::deliveries_of_webhook(team, id).between_positions(None, None, after, true);
        let mut merge = SortedMerge::new(self, [range], ReadConsistency::Strong, true);
        // Reading one delivery more than the page shows whether there is a next page.
        let (_, found) = tokio::try_join!(self.webhook(team, id), merge.next_items(limit + 1))?;
        let more = found.len() > limit;
        let deliveries = found.into_iter().take(limit).map(|positioned| decode(positioned.item));
        Ok((deliveries.collect::<Result<_, Error>>()?, more))
    }

    /// Reads failed deliveries of events that were published at or after `since`, oldest first, at most `limit`, and
    /// whether there may be more.
    ///
    /// # Errors
    /// 503 when the table stays too busy.
    pub async fn failed_deliveries(
        &self,
        team: &TeamId,
        id: WebhookId,
        since: Timestamp,
        limit: usize,
    ) -> Result<(Vec<FeedPosition>, bool), Error> {
        let first = SortPosition::earliest_position_at(since);
        let range = KeyRange::failed_deliveries_of_webhook(team, id).between_positions(Some(&first), None, None, false);
        let (mut failed, mut after) = (Vec::new(), None);
        while failed.len() < limit {
            let page = PageQuery {
                after,
                limit: Some(limit - failed.len()),
                ..PageQuery::of(&range, ReadConsistency::Strong)
            };
            let (items, last) = self.query_page(page).await?;
            for item in items {
                parse_sort_position(&item, &range)
                    .ok_or_else(|| Error::internal("a failed delivery does not parse"))?;
                failed.push(decode::<FailedDelivery>(item)?.position);
            }
            after = last;
            if after.is_none() {
                return Ok((failed, false));
            }
        }
        Ok((failed, true))
    }

    /// Reads the items that the sender Lambda needs for a delivery job. One round trip.
    ///
    /// # Errors
    /// 503 when the table stays too busy.
    pub async fn delivery_context(&self, job: &DeliveryJob) -> Result<DeliveryContext, Error> {
        let team = &job.team;
        let webhook = ItemKey::Webhook(job.webhook).of(team);
        let delivery = ItemKey::Delivery(job.webhook, &job.sort_position()).of(team);
        let position = match &job.message {
            DeliveryContent::Event(position) => Some(*position),
            DeliveryContent::Ping { .. } => None,
        };
        let page = position.map(|position| ItemKey::EventPage(position.page).of(team));
        let keys = [webhook.clone(), delivery.clone()].into_iter().chain(page.clone()).collect();
        let mut items = self.get_items(keys, ReadConsistency::Strong).await?;
        let event = match page.and_then(|page| items.remove(&page)).zip(position) {
            Some((page, position)) => decode_event(page, position.number)?,
            None => None,
        };
        Ok(DeliveryContext {
            webhook: items.remove(&webhook).map(decode).transpose()?,
            delivery: items.remove(&delivery).map(decode).transpose()?,
            event,
        })
    }

    /// Records the result of a delivery job. `change` computes the new record; its flag is `true` if another worker has
    /// written the record since `before` was read. One round trip. Writes one item, or two if the delivery becomes
    /// failed or stops being failed.
    ///
    /// # Errors
    /// 503 when the table stays too busy.
    pub async fn record_delivery(
        &self,
        job: &DeliveryJob,
        event: &DeliveredEvent,
        before: Option<Delivery>,
        change: impl Fn(Delivery, bool) -> Delivery,
    ) -> Result<Delivery, Error> {
        let key = ItemKey::Delivery(job.webhook, &job.sort_position()).of(&job.team);
        let (mut before, mut raced, mut backoff) = (before, false, Backoff::default());
        loop {
            let failed_before = before.as_ref().is_some_and(|before| before.state == DeliveryState::Failed);
            let condition = match &before {
                None => WriteCondition::item_absent(),
                Some(before) => WriteCondition::version_is(before.version),
            };
            let after = change(Delivery::record_for_next_attempt(before, job, event), raced);
            let failed = after.state == DeliveryState::Failed;
            let done = if failed != failed_before {
                self.put_delivery_and_failure(job, &after, condition).await?
            } else {
                let mut item = encode_item(key.clone(), &after)?;
                item.extend(ttl_attribute(job));
                self.put_if(item, condition).await?
            };
            if done {
                return Ok(after);
            }
            let now: Option<Delivery> =
                self.read_item(key.clone(), ReadConsistency::Strong).await?.map(decode).transpose()?;
            // The stored record equals ours: an earlier put of this request succeeded, and its response was lost.
            if now.as_ref() == Some(&after) {
                return Ok(after);
            }
            (before, raced) = (now, true);
            backoff.pause_before_retry().await.ok_or_else(|| Error::unavailable("a delivery stays too busy"))?;
        }
    }

    /// Updates a webhook after a delivery attempt. One round trip if the outcome changes the webhook, none otherwise.
    ///
    /// # Errors
    /// 503 when the table stays too busy.
    pub async fn record_outcome(
        &self,
        team: &TeamId,
        webhook: &Webhook,
        outcome: AttemptOutcome,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut tries = RetryState::default();
        let mut before = webhook.clone();
        while let Some(after) = before.after_attempt(outcome, now) {
            let mut transaction = Transaction::new(self);
            transaction.overwrite_webhook(team, &before, &after);
            match transaction.commit(&mut tries).await? {
                TransactionOutcome::Committed => return Ok(()),
                lost => tries.prepare_next_attempt(&lost).await?,
            }
            // A webhook that was deleted, switched off or given another URL meanwhile is not updated.
            match self
                .read_item(ItemKey::Webhook(webhook.id).of(team), ReadConsistency::Strong)
                .await?
                .map(decode)
                .transpose()?
            {
                Some(Webhook { ref url, .. }) if *url != webhook.url => return Ok(()),
                Some(now) => before = now,
                None => return Ok(()),
            }
            if !before.active {
                return Ok(());
            }
        }
        Ok(())
    }
}

impl Table {
    async fn put_delivery_and_failure(
        &self,
        job: &DeliveryJob,
        after: &Delivery,
        condition: WriteCondition,
    ) -> Result<bool, Error> {
        let (team, position) = (&job.team, job.sort_position());
        let mut transaction = Transaction::new(self);
        let key = ItemKey::Delivery(job.webhook, &position).of(team);
        transaction.put_if(key, after, ttl_attribute(job), condition, FailedCondition::Changed);
        let failure = ItemKey::FailedDelivery(job.webhook, &position).of(team);
        match (&job.message, after.state) {
            (DeliveryContent::Event(position), DeliveryState::Failed) => {
                transaction.put(failure, &FailedDelivery { position: *position, ttl: delivery_expires_at(job) });
            }
            (DeliveryContent::Event(_), _) => transaction.delete(failure),
            // A test (ping) has no item in the list of failed deliveries, so there is nothing to write or to delete.
            (DeliveryContent::Ping { .. }, _) => {}
        }
        Ok(matches!(transaction.commit(&mut RetryState::default()).await?, TransactionOutcome::Committed))
    }
}

impl Transaction<'_> {
    fn overwrite_webhook(&mut self, team: &TeamId, before: &Webhook, after: &Webhook) {
        let (to, writer_mark) = (ItemKey::Webhook(before.id).of(team), self.writer_mark());
        self.put_if(to, after, writer_mark, WriteCondition::version_is(before.version), FailedCondition::Changed);
    }
}

/// Time at which the record of a delivery expires, together with its event, in seconds since 1970.
fn delivery_expires_at(job: &DeliveryJob) -> u64 {
    let at = match &job.message {
        DeliveryContent::Event(position) => position.at,
        DeliveryContent::Ping { at, .. } => *at,
    };
    at.saturating_add(EVENT_RETENTION).as_second()
}

fn ttl_attribute(job: &DeliveryJob) -> TableItem {
    TableItem::from([(TTL.to_owned(), number_value(delivery_expires_at(job)))])
}
