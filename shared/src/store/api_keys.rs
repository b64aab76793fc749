//! API keys. The authorizer reads a key to identify the caller of a request.

use jiff::civil::Date;

use super::condition::WriteCondition;
use super::item_update::ItemUpdate;
use super::keys::attribute::api_key::LAST_USED_ON;
use super::keys::{ItemKey, KeyRange};
use super::store_types::ApiKeyStore;
use super::{ReadConsistency, decode, string_value};
use crate::domain::error::Error;
use crate::domain::{
    Actor, ApiKey, ApiKeyId, ApiKeyInput, ApiKeySecret, DomainError, IdempotencyKey, TeamId, Timestamp,
};
use crate::store::StoredResponse;

impl ApiKeyStore {
    /// Lists the team's API keys, newest first. One round trip.
    ///
    /// # Errors
    /// 503 when the table stays too busy.
    pub async fn api_keys(&self, team: &TeamId) -> Result<Vec<ApiKey>, Error> {
        let items = self.query_all(&KeyRange::api_keys_of_team(team), ReadConsistency::Strong).await?;
        items.into_iter().rev().map(decode).collect()
    }

    /// Returns the API key that a secret belongs to, unless the key has expired. Reads the key eventually consistent,
    /// at half the cost, and again strongly consistent if it was not found.
    ///
    /// # Errors
    /// 503 when the table stays too busy.
    pub async fn verify_api_key(
        &self,
        secret: &ApiKeySecret,
        team: &TeamId,
        id: ApiKeyId,
        now: Timestamp,
    ) -> Result<Option<ApiKey>, Error> {
        let key = ItemKey::ApiKey(id).of(team);
        for consistency in [ReadConsistency::Eventual, ReadConsistency::Strong] {
            let key: Option<ApiKey> = self.read_item(key.clone(), consistency).await?.map(decode).transpose()?;
            let accepted = key.filter(|key| key.accepts_secret(secret, now));
            // An eventually consistent read may miss a new key. Every wrong secret causes the second read too, so that
            // the response time does not reveal whether the key exists.
            if accepted.is_some() {
                return Ok(accepted);
            }
        }
        Ok(None)
    }

    /// Records the day on which an API key was last used. Changes the item at most once a day, and never brings back a
    /// revoked key.
    ///
    /// # Errors
    /// 503 when the table stays too busy.
    pub async fn record_api_key_use(&self, team: &TeamId, id: ApiKeyId, day: Date) -> Result<(), Error> {
        let day = string_value(&day.to_string());
        let earlier = "attribute_exists(PK) AND (attribute_not_exists(#day) OR #day < :day)";
        let earlier = WriteCondition::new(earlier).with_name("#day", LAST_USED_ON).with_value(":day", day.clone());
        let update = ItemUpdate::on(earlier).set_attribute(LAST_USED_ON, day);
        self.update_if(ItemKey::ApiKey(id).of(team), update).await.map(drop)
    }

    /// Adds an API key. Two round trips, three with `idempotency_key`. `answer` builds the response: with the secret
    /// for the caller, and without it for repeated requests.
    ///
    /// # Errors
    /// 400 when the team has the maximum number of keys, or the expiry is in the past.
    pub async fn add_api_key(
        &self,
        actor: &Actor,
        input: &ApiKeyInput,
        random: [u8; 32],
        idempotency_key: Option<&IdempotencyKey>,
        answer: impl Fn(&ApiKey, Option<&ApiKeySecret>) -> StoredResponse,
    ) -> Result<StoredResponse, Error> {
        let writing = self.transact(actor, &[]).idempotent(idempotency_key);
        let added = writing.respond_as(
            |(key, _)| answer(key, None),
            |mut attempt| async move {
                if input.expires_at.is_some_and(|at| at <= actor.at) {
                    return Err(DomainError::ExpiresInThePast.into());
                }
                let id = attempt.allocated_ids().await?;
                let secret = ApiKeySecret::new(&actor.team, id, random);
                let key = ApiKey::new(id, input, &secret, &actor.user, actor.at);
                attempt.transaction().create(ItemKey::ApiKey(id).of(&actor.team), &key);
                let full = || DomainError::TooManyApiKeys.into();
                attempt.transaction().increment_below_limit(
                    ItemKey::ApiKeyCount.of(&actor.team),
                    ApiKey::MAX_API_KEYS_PER_TEAM,
                    full,
                );
                attempt.commit((key, secret))
            },
        );
        Ok(added.await?.response_or_else(|(key, secret)| answer(&key, Some(&secret))))
    }

    /// Revokes an API key. One round trip.
    ///
    /// # Errors
    /// 404 when the team has no such key.
    pub async fn delete_api_key(&self, actor: &Actor, id: ApiKeyId) -> Result<(), Error> {
        let writing = self.transact(actor, &[]);
        writing
            .run(|mut attempt| async move {
                let (key, counter) = (ItemKey::ApiKey(id).of(&actor.team), ItemKey::ApiKeyCount.of(&actor.team));
                attempt.transaction().delete_and_decrement(key, counter, Error::api_key_not_found);
                attempt.commit(())
            })
            .await
    }
}
