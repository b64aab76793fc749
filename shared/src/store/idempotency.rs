//! Responses to requests with an idempotency key, stored for 24 hours.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::condition::WriteCondition;
use super::keys::attribute::TTL;
use super::keys::{ItemKey, PrimaryKey};
use super::transaction::{FailedCondition, Transaction};
use super::{ReadConsistency, Table, TableItem, decode, number_value};
use crate::domain::error::Error;
use crate::domain::{Actor, ErrorCode, IdempotencyKey};

/// Time to live of a stored response, in seconds.
const STORED_RESPONSE_TTL_SECONDS: u64 = 24 * 60 * 60;

/// A response that is stored under an idempotency key and replayed to repeated requests. The store does not interpret
/// the body.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredResponse {
    /// The HTTP status.
    pub status: u16,
    /// The JSON body. `null` stands for no body.
    #[serde(with = "as_text")]
    pub body: Value,
    /// The `ETag` header. `None` if the response has no such header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
}

/// Serialises a JSON body as one string attribute, because no DynamoDB expression reads parts of the body.
mod as_text {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};
    use serde_json::Value;

    pub(super) fn serialize<S: Serializer>(body: &Value, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(body)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
        serde_json::from_str(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[derive(Serialize, Deserialize)]
struct StoredResponseItem {
    request: String,
    answer: StoredResponse,
    ttl: u64,
}

/// Condition: no response is stored under the key, or the stored response has expired.
pub(super) fn response_absent_or_expired(actor: &Actor) -> WriteCondition {
    let free = WriteCondition::new("attribute_not_exists(PK) OR #ttl <= :now").with_name("#ttl", TTL);
    free.with_value(":now", number_value(actor.at.as_second()))
}

impl Table {
    /// Reads the response that an earlier try of this request stored. `None` if there is none, or without
    /// `idempotency_key`.
    ///
    /// # Errors
    /// 400 when the idempotency key was used for another request.
    pub async fn read_stored_response(
        &self,
        actor: &Actor,
        idempotency_key: Option<&IdempotencyKey>,
    ) -> Result<Option<StoredResponse>, Error> {
        match idempotency_key {
            Some(idempotency_key) => idempotency_key.decode_stored_response(
                actor,
                self.read_item(idempotency_key.response_key(actor), ReadConsistency::Strong).await?,
            ),
            None => Ok(None),
        }
    }

    /// Stores the response of a request that writes nothing else. If a concurrent try of the request stores its
    /// response first, returns that response.
    ///
    /// # Errors
    /// 409 when concurrent tries of the request kept conflicting until the deadline, 503 when the table stays too busy.
    pub async fn store_response(
        &self,
        actor: &Actor,
        idempotency_key: Option<&IdempotencyKey>,
        answer: StoredResponse,
    ) -> Result<StoredResponse, Error> {
        if idempotency_key.is_none() {
            return Ok(answer);
        }
        let answer = &answer;
        let writing = self.transact(actor, &[]).idempotent(idempotency_key).skip_replay_check();
        writing.respond(|attempt| async move { attempt.commit(answer.clone()) }).await
    }
}

impl IdempotencyKey {
    /// Primary key of the response that is stored under this idempotency key.
    pub(super) fn response_key(&self, actor: &Actor) -> PrimaryKey {
        ItemKey::StoredResponse(actor, &self.key).of(&actor.team)
    }

    /// Decodes the stored response in `item`. `None` without an item, or if the response has expired.
    ///
    /// # Errors
    /// 400 when the idempotency key was used for another request.
    pub(super) fn decode_stored_response(
        &self,
        actor: &Actor,
        item: Option<TableItem>,
    ) -> Result<Option<StoredResponse>, Error> {
        let stored: Option<StoredResponseItem> = item.map(decode).transpose()?;
        // DynamoDB's TTL deletes expired items late:
        // <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html>
        let stored = stored.filter(|stored| stored.ttl > actor.at.as_second());
        let Some(stored) = stored else { return Ok(None) };
        self.check_same_request(&stored.request)?;
        Ok(Some(stored.answer))
    }

    /// # Errors
    /// 400 when the idempotency key was used for another request.
    pub(super) fn check_same_request(&self, request: &str) -> Result<(), Error> {
        if request == self.request {
            return Ok(());
        }
        Err(Error::bad_request(ErrorCode::IdempotencyKeyReused, "Invalid Idempotency-Key")
            .with_description("This Idempotency-Key was used for another request in the last 24 hours."))
    }

    /// Time at which the stored response of a request by `actor` expires, in seconds since 1970.
    pub(super) fn response_expires_at(&self, actor: &Actor) -> u64 {
        actor.at.as_second() + STORED_RESPONSE_TTL_SECONDS
    }
}

impl Transaction<'_> {
    /// Adds the response to the transaction whose writes it describes, if the request has an idempotency key.
    pub(super) fn add_stored_response(
        &mut self,
        actor: &Actor,
        idempotency_key: Option<&IdempotencyKey>,
        answer: &StoredResponse,
    ) {
        let Some(key) = idempotency_key else { return };
        let stored = StoredResponseItem {
            request: key.request.clone(),
            answer: answer.clone(),
            ttl: key.response_expires_at(actor),
        };
        self.put_if(
            key.response_key(actor),
            &stored,
            self.writer_mark(),
            response_absent_or_expired(actor),
            FailedCondition::Changed,
        );
    }
}
