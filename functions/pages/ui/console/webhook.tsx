// One webhook: what it was told and what became of that, a test, what is sent again, a new secret.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { api, type Delivery, ok, told, type Webhook } from "./api";
import { CopyDialog } from "./copied";
import { useDecision } from "./decision";
import { confirmed } from "./dialog";
import { Field, submitting } from "./field";
import { Loaded, More, useLoading, usePages } from "./loading";
import { complain, say } from "./messages";
import { number, Time } from "./person";
import { WebhookState } from "./webhooks";

const PAGE = 20;
const DAY = 24 * 60 * 60 * 1000;
/** What became of what was sent is looked for this often, with a pause between, in milliseconds. */
const LOOKS = 10;
const PAUSE = 1500;

const STATES: Record<Delivery["state"], { name: string; style: string }> = {
  Pending: { name: "not delivered yet", style: "wrong" },
  Delivered: { name: "delivered", style: "well" },
  Failed: { name: "failed", style: "wrong" },
};

export function WebhookScreen({ id }: { id: number }): JSX.Element {
  const webhook = useLoading(() => ok(api.GET("/webhooks/{id}", { params: { path: { id } } })), [id]);
  return (
    <>
      <h1>Webhook</h1>
      <p>
        <a href="#/settings">Back to the settings</a>
      </p>
      <Loaded of={webhook}>{(read) => <Shown webhook={read} reload={webhook.reload} />}</Loaded>
    </>
  );
}

function Shown({ webhook, reload }: { webhook: Webhook; reload: () => void }): JSX.Element {
  const { id, url, active } = webhook;
  const deliveries = usePages<Delivery & { id: string }>(
    async (cursor) => {
      const query = { limit: PAGE, ...(cursor ? { cursor } : {}) };
      const page = await ok(api.GET("/webhooks/{id}/deliveries", { params: { path: { id }, query } }));
      return { ...page, items: page.deliveries.map((delivery) => ({ ...delivery, id: delivery.event.id })) };
    },
    [id],
  );
  const [secret, setSecret] = useState<string>();
  const [looks, setLooks] = useState(0);
  const { busy, send } = useDecision();
  const refresh = () => {
    reload();
    deliveries.reload();
  };
  useEffect(() => {
    if (looks === 0) return;
    const timer = setTimeout(() => {
      refresh();
      setLooks(looks - 1);
    }, PAUSE);
    return () => clearTimeout(timer);
  }, [looks]);

  /** Sends what somebody asks for; nothing where it could not be. */
  const sent = async <T,>(what: unknown, request: (key: string) => Promise<T>): Promise<T | undefined> => {
    try {
      return await send(what, request);
    } catch (error) {
      complain(told(error));
      return undefined;
    }
  };
  const params = (key: string) => ({ path: { id }, header: { "Idempotency-Key": key } });
  const test = async () => {
    const answer = await sent("test", (key) => ok(api.POST("/webhooks/{id}/test", { params: params(key) })));
    if (!answer) return;
    say("A ping is on its way.");
    setLooks(LOOKS);
  };
  const again = async (eventId: string) => {
    const answer = await sent(eventId, (key) => {
      const { path, header } = params(key);
      return ok(api.POST("/webhooks/{id}/deliveries/{eventId}", { params: { path: { ...path, eventId }, header } }));
    });
    if (!answer) return;
    say(`${eventId} is on its way.`);
    setLooks(LOOKS);
  };
  const replay = async (from: string) => {
    let count = 0;
    let since: string | undefined = from;
    while (since) {
      const body: { since: string } = { since };
      const answer = await sent(body, (key) => ok(api.POST("/webhooks/{id}/replay", { params: params(key), body })));
      if (!answer) return;
      count += answer.count;
      // Where more became known in one moment than fit an answer, it would begin there for ever.
      since = answer.nextSince === since ? undefined : answer.nextSince;
    }
    say(count === 0 ? "Nothing has failed since then." : `${number.format(count)} on their way again.`);
    if (count > 0) setLooks(LOOKS);
  };
  const rotate = async () => {
    const text = "The one that signs now signs for 24 hours more, beside the new one.";
    if (!(await confirmed("A new secret?", text, "New secret"))) return;
    const answer = await sent("secret", (key) => ok(api.POST("/webhooks/{id}/secret", { params: params(key) })));
    if (!answer) return;
    setSecret(answer.secret ?? undefined);
    // The answer to a request that is sent again holds no secret.
    if (!answer.secret) complain("The new secret was lost on the way. Give it another.");
  };
  return (
    <>
      <div class="title">
        <div class="anywhere">
          <strong>{url}</strong> <WebhookState webhook={webhook} />
          {webhook.description ? <p class="paragraph">{webhook.description}</p> : null}
        </div>
        <div class="actions">
          <button type="button" class="primary" disabled={busy || !active} onClick={test}>
            Send a test
          </button>
          <button type="button" disabled={busy} onClick={rotate}>
            New secret
          </button>
        </div>
      </div>
      {active ? null : <p class="notice">It is off: nothing is sent to it. Edit it in the settings to switch it on.</p>}
      <section class="panel" aria-label="Deliveries">
        <div class="title">
          <h2>Deliveries</h2>
          <button type="button" onClick={refresh}>
            Refresh
          </button>
        </div>
        <Replay disabled={busy || !active} replay={replay} />
        <ul class="list roomy">
          {deliveries.items.map((delivery) => (
            <li key={delivery.id}>
              <Told delivery={delivery} />
              {/* Of a ping nothing is kept to send. */}
              {delivery.event.type === "ping" ? null : (
                <button
                  type="button"
                  disabled={busy || !active}
                  aria-label={`Send again ${delivery.id}`}
                  onClick={() => again(delivery.id)}
                >
                  Send again
                </button>
              )}
            </li>
          ))}
        </ul>
        {deliveries.items.length === 0 && !deliveries.error && (looks > 0 || !deliveries.busy) ? (
          <p class="quiet">{looks > 0 ? "It is on its way." : "Nothing was sent to it in the last 30 days."}</p>
        ) : (
          <More of={deliveries} />
        )}
      </section>
      {secret ? (
        <CopyDialog title="The new secret" text={secret} what="The secret" close={() => setSecret(undefined)}>
          It is shown this once. For 24 hours both sign, the one before and this one, so that the endpoint misses
          nothing while it learns this one.
        </CopyDialog>
      ) : null}
    </>
  );
}

/** As a field has it: a local time without its zone. */
const localTime = (time: number): string =>
  new Date(time - new Date(time).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);

function Replay({ disabled, replay }: { disabled: boolean; replay: (since: string) => void }): JSX.Element {
  const [since, setSince] = useState(() => localTime(Date.now() - DAY));
  return (
    <details>
      <summary>Send again what failed</summary>
      <form onSubmit={submitting(() => replay(new Date(since).toISOString()))}>
        <Field label="Since" hint="What is still tried again by itself is not sent.">
          <input
            type="datetime-local"
            value={since}
            required
            onInput={({ currentTarget }) => setSince(currentTarget.value)}
          />
        </Field>
        <button type="submit" class="primary" disabled={disabled}>
          Replay
        </button>
      </form>
    </details>
  );
}

function Told({ delivery }: { delivery: Delivery }): JSX.Element {
  const { event, state, attempts, nextAttemptAt } = delivery;
  const { name, style } = STATES[state];
  return (
    <div>
      <strong>{event.type}</strong> <span class="quiet">{event.id}</span>
      <br />
      <span class={style}>{name}</span>{" "}
      <span class="quiet">
        · <Time at={event.createdAt} exact />
        {nextAttemptAt ? (
          <>
            {" · next attempt "}
            <Time at={nextAttemptAt} exact />
          </>
        ) : null}
      </span>
      <details>
        <summary>{attempts.length === 1 ? "1 attempt" : `${attempts.length} attempts`}</summary>
        <ol class="attempts">
          {attempts.map(({ at, status, error, duration, response }) => (
            <li key={at}>
              <Time at={at} exact /> · <strong>{status ?? error}</strong> · {number.format(duration)} ms
              {response ? <pre class="paragraph">{response}</pre> : null}
            </li>
          ))}
        </ol>
      </details>
    </div>
  );
}
