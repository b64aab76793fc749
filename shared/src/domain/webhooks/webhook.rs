//! Webhooks: URLs that receive events.

use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::lead::change::unique_in_order;
use crate::domain::{
    DeliveryQueueKind, EventType, NamedEnum as _, SigningSecret, Timestamp, User, WebhookId, WebhookUrl,
};

/// How long a replaced secret continues to sign deliveries, beside the current secret.
const REPLACED_SECRET_LIFETIME: SignedDuration = SignedDuration::from_hours(24);
/// Maximum number of replaced secrets with which deliveries are still signed, beside the current one. A further
/// rotation drops the oldest.
const MAX_REPLACED_SECRETS: usize = 4;
/// A webhook is switched off when all attempts have failed for this long.
const MAX_FAILING_TIME: SignedDuration = SignedDuration::from_hours(5 * 24);
/// How long a webhook's deliveries go through the slow queue after a slow answer. Without this, an endpoint that
/// cold-starts for each event would be called twice for each event.
const SLOW_QUEUE_TIME: SignedDuration = SignedDuration::from_hours(1);

/// A webhook of a team.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Webhook {
    /// Id of the webhook, sequential in the team.
    pub id: WebhookId,
    /// The URL that events are posted to.
    pub url: WebhookUrl,
    /// Types of events that the webhook receives. Empty for all types, including those of later releases.
    pub types: Vec<EventType>,
    /// Free text, at most 10,000 characters.
    pub description: String,
    /// Whether the webhook receives events.
    pub active: bool,
    /// Why the webhook was switched off automatically. `None` if it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switched_off: Option<SwitchedOff>,
    /// Time of the first failed attempt since the last success. `None` after a success.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<Timestamp>,
    /// Time until which the webhook's deliveries go through the slow queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slow_until: Option<Timestamp>,
    /// The current secret.
    pub secret: SigningSecret,
    /// Replaced secrets, newest first. Each signs until it expires.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaced: Vec<ReplacedSecret>,
    /// The user who created the webhook.
    pub created_by: User,
    /// Time at which the webhook was created.
    pub created_at: Timestamp,
    /// Version of the webhook. Every change adds one.
    pub version: u64,
}

/// A replaced secret, which still signs until a certain time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplacedSecret {
    /// The replaced secret.
    pub secret: SigningSecret,
    /// Time at which the replaced secret stops signing deliveries.
    pub until: Timestamp,
}

/// Why a webhook was switched off automatically.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SwitchedOff {
    /// The endpoint answered 410.
    Gone,
    /// All attempts failed for five days.
    Failing,
}

impl Webhook {
    /// Maximum number of webhooks of a team.
    pub const MAX_WEBHOOKS_PER_TEAM: u64 = 20;

    /// Whether the webhook is on and wants events of this type.
    pub fn wants_event_type(&self, event_type: EventType) -> bool {
        self.active && (self.types.is_empty() || self.types.contains(&event_type))
    }

    /// The queue for the webhook's deliveries.
    pub fn delivery_queue(&self, now: Timestamp) -> DeliveryQueueKind {
        if self.slow_until.is_some_and(|until| now < until) {
            DeliveryQueueKind::Slow
        } else {
            DeliveryQueueKind::Prompt
        }
    }

    /// The secrets that sign at `now`, the current one first.
    pub fn signing_secrets(&self, now: Timestamp) -> impl Iterator<Item = &SigningSecret> {
        let replaced = self.replaced.iter().filter(move |replaced| now < replaced.until);
        std::iter::once(&self.secret).chain(replaced.map(|replaced| &replaced.secret))
    }

    /// Replaces the secret. The old secret signs for 24 more hours. Secrets that were replaced earlier keep their end.
    /// At most four replaced secrets are kept.
    #[must_use]
    pub fn with_rotated_secret(&self, secret: SigningSecret, now: Timestamp) -> Self {
        let last = ReplacedSecret { secret: self.secret.clone(), until: now.saturating_add(REPLACED_SECRET_LIFETIME) };
        let before = self.replaced.iter().filter(|replaced| now < replaced.until).cloned();
        let replaced = std::iter::once(last).chain(before).take(MAX_REPLACED_SECRETS).collect();
        Self { secret, replaced, version: self.version + 1, ..self.clone() }
    }

    /// The webhook after an attempt with this outcome. `None` if the attempt does not change the webhook.
    pub fn after_attempt(&self, outcome: AttemptOutcome, now: Timestamp) -> Option<Self> {
        let changed = Self { version: self.version + 1, ..self.clone() };
        match (outcome, self.failing_since) {
            (AttemptOutcome::Success, None) => None,
            (AttemptOutcome::Success, Some(_)) => Some(Self { failing_since: None, ..changed }),
            (AttemptOutcome::Slow, _) => {
                let slow = Self { slow_until: Some(now.saturating_add(SLOW_QUEUE_TIME)), ..changed };
                (self.delivery_queue(now) == DeliveryQueueKind::Prompt).then_some(slow)
            }
            (AttemptOutcome::Gone, _) => Some(changed.switch_off(SwitchedOff::Gone)),
            (AttemptOutcome::Failure, None) => Some(Self { failing_since: Some(now), ..changed }),
            (AttemptOutcome::Failure, Some(since)) => {
                (since.saturating_add(MAX_FAILING_TIME) <= now).then(|| changed.switch_off(SwitchedOff::Failing))
            }
        }
    }

    fn switch_off(self, reason: SwitchedOff) -> Self {
        Self { active: false, switched_off: Some(reason), ..self }
    }
}

/// Result of an attempt to deliver an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptOutcome {
    /// The endpoint answered 2xx in time.
    Success,
    /// The endpoint gave no answer, or one that is neither 2xx nor 410.
    Failure,
    /// The endpoint answered 410: it is gone.
    Gone,
    /// The endpoint gave no answer within a second. The delivery moves to the slow queue, where the endpoint gets more
    /// time.
    Slow,
}

/// The body of `POST /webhooks` and `PUT /webhooks/{id}`. An absent field gets the default of a new webhook (POST) or
/// keeps its value (PUT).
#[derive(Clone, Debug)]
pub struct WebhookInput {
    /// URL that events are posted to, see [`Webhook::url`].
    pub url: WebhookUrl,
    pub(crate) types: Option<Vec<EventType>>,
    pub(crate) description: Option<String>,
    pub(crate) active: Option<bool>,
}

impl WebhookInput {
    /// Builds the new webhook.
    pub fn to_new_webhook(&self, id: WebhookId, secret: SigningSecret, by: &User, at: Timestamp) -> Webhook {
        let webhook = Webhook {
            id,
            url: self.url.clone(),
            types: Vec::new(),
            description: String::new(),
            active: true,
            switched_off: None,
            failing_since: None,
            slow_until: None,
            secret,
            replaced: Vec::new(),
            created_by: by.clone(),
            created_at: at,
            version: 1,
        };
        self.with_new_values(&webhook)
    }

    /// The webhook after this change, in its next version.
    pub fn apply(&self, webhook: &Webhook) -> Webhook {
        Webhook { version: webhook.version + 1, ..self.with_new_values(webhook) }
    }

    /// Replaces the values of a webhook by those of this change. The version stays the same.
    fn with_new_values(&self, webhook: &Webhook) -> Webhook {
        let types = self.types.as_ref().map(|types| {
            let types = unique_in_order(types.iter().copied());
            let every = EventType::all_values().iter().all(|one| types.contains(one));
            if every { Vec::new() } else { types }
        });
        let active = self.active.unwrap_or(webhook.active);
        // A new URL starts without the failures and slowness of the old one. So does a webhook that is switched on
        // again.
        let anew = (active && !webhook.active) || self.url != webhook.url;
        Webhook {
            url: self.url.clone(),
            types: types.unwrap_or_else(|| webhook.types.clone()),
            description: self.description.clone().unwrap_or_else(|| webhook.description.clone()),
            active,
            switched_off: webhook.switched_off.filter(|_| !active),
            failing_since: webhook.failing_since.filter(|_| !anew),
            slow_until: webhook.slow_until.filter(|_| !anew),
            ..webhook.clone()
        }
    }
}

/// The body of `POST /webhooks/{id}/replay`.
#[derive(Clone, Copy, Debug)]
pub struct ReplayInput {
    /// Failed deliveries of events that were published at or after this time are sent again.
    pub since: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example_webhook() -> Webhook {
        let input =
            WebhookInput { url: url_of("https://example.com/hook"), types: None, description: None, active: None };
        let user = User { id: 1, email: String::new(), first_name: String::new(), last_name: String::new() };
        let id = WebhookId::MIN;
        input.to_new_webhook(id, SigningSecret::new([7; 32]), &user, Timestamp::from_millisecond(0))
    }

    fn url_of(url: &str) -> WebhookUrl {
        WebhookUrl::try_from(url.to_owned()).unwrap_or_else(|fault| unreachable!("{fault}"))
    }

    #[test]
    fn a_replaced_secret_signs_for_a_day() {
        let hours = |n| Timestamp::from_millisecond(0).saturating_add(SignedDuration::from_hours(n));
        let rotated = example_webhook().with_rotated_secret(SigningSecret::new([8; 32]), hours(0));
        let signing = |at| rotated.signing_secrets(at).count();
        assert_eq!((signing(hours(23)), signing(hours(24))), (2, 1));
        // If the second secret is lost before the endpoint knows it, the first still signs.
        let twice = rotated.with_rotated_secret(SigningSecret::new([9; 32]), hours(1));
        assert_eq!((twice.signing_secrets(hours(2)).count(), twice.signing_secrets(hours(24)).count()), (3, 2));
        assert!(rotated.secret.reveal_secret().starts_with("whsec_CAgICAgI"));
        assert!(!format!("{rotated:?}").contains("whsec_"));
    }

    #[test]
    fn five_days_of_failures_switch_a_webhook_off() {
        let hours = |n| Timestamp::from_millisecond(0).saturating_add(SignedDuration::from_hours(n));
        let failing =
            example_webhook().after_attempt(AttemptOutcome::Failure, hours(0)).unwrap_or_else(|| unreachable!());
        assert_eq!(failing.after_attempt(AttemptOutcome::Failure, hours(119)), None);
        let off = failing.after_attempt(AttemptOutcome::Failure, hours(120)).unwrap_or_else(|| unreachable!());
        assert_eq!((off.active, off.switched_off), (false, Some(SwitchedOff::Failing)));
        let well = failing.after_attempt(AttemptOutcome::Success, hours(119)).unwrap_or_else(|| unreachable!());
        assert_eq!(well.after_attempt(AttemptOutcome::Success, hours(120)), None);
        assert_eq!(
            example_webhook().after_attempt(AttemptOutcome::Gone, hours(0)).map(|off| off.switched_off),
            Some(Some(SwitchedOff::Gone))
        );
        let input = |active| WebhookInput { url: off.url.clone(), types: None, description: None, active };
        assert_eq!(input(None).apply(&off).switched_off, Some(SwitchedOff::Failing));
        let on = input(Some(true)).apply(&off);
        assert_eq!((on.active, on.switched_off, on.failing_since), (true, None, None));
        let elsewhere =
            WebhookInput { url: url_of("https://example.org/"), types: None, description: None, active: None };
        assert_eq!(elsewhere.apply(&failing).failing_since, None);
    }

    #[test]
    fn a_webhook_for_all_types_receives_future_types() {
        let all = WebhookInput {
            types: Some(EventType::all_values().to_vec()),
            url: example_webhook().url,
            description: None,
            active: None,
        };
        assert_eq!(all.apply(&example_webhook()).types, Vec::new());
    }
}
