// Webhooks: which endpoints are told what happens to leads. A secret is shown once.

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { api, type EventType, ok, Refused, told, type Webhook } from "./api";
import { Checks } from "./choices";
import { CopyDialog } from "./copied";
import { useDecision } from "./decision";
import { confirmed, Dialog } from "./dialog";
import { Field, submitting } from "./field";
import { Loaded, useLoading } from "./loading";
import { attempted, complain, say } from "./messages";
import { Time } from "./person";

const TYPES = Object.keys({
  "lead.created": true,
  "lead.updated": true,
  "lead.archived": true,
  "lead.restored": true,
  "lead.status_changed": true,
  "lead.photo_changed": true,
  "lead.deleted": true,
  "comment.created": true,
  "comment.updated": true,
  "comment.deleted": true,
} satisfies Record<EventType, true>) as EventType[];

const isAll = (types: EventType[]): boolean => types.length === TYPES.length;

const SWITCHED_OFF: Record<NonNullable<Webhook["switchedOff"]>, string> = {
  Gone: "the endpoint answered 410",
  Failing: "nothing but failures for five days",
};

export function WebhookState({ webhook }: { webhook: Webhook }): JSX.Element {
  const { active, switchedOff, failingSince } = webhook;
  if (switchedOff) return <span class="wrong">off: {SWITCHED_OFF[switchedOff]}</span>;
  if (!active) return <span class="quiet">off</span>;
  if (!failingSince) return <span class="quiet">active</span>;
  return (
    <span class="wrong">
      failing since <Time at={failingSince} />
    </span>
  );
}

export function Webhooks(): JSX.Element {
  const webhooks = useLoading(async () => (await ok(api.GET("/webhooks"))).webhooks, []);
  const [editing, setEditing] = useState<Webhook | "new">();
  const [secret, setSecret] = useState<string>();
  const remove = async ({ id, url }: Webhook) => {
    if (!(await confirmed(`Delete “${url}”?`, "It is told nothing more.", "Delete"))) return;
    await attempted(ok(api.DELETE("/webhooks/{id}", { params: { path: { id } } })), `${url} is deleted.`);
    webhooks.reload();
  };
  const close = () => setEditing(undefined);
  return (
    <section class="panel" aria-label="Webhooks">
      <h2>Webhooks</h2>
      <Loaded of={webhooks}>
        {(webhooks) =>
          webhooks.length === 0 ? (
            <p class="quiet">No endpoint is told anything yet.</p>
          ) : (
            <ul class="list roomy">
              {webhooks.map((webhook) => (
                <li key={webhook.id}>
                  <div>
                    <strong>{webhook.url}</strong> <WebhookState webhook={webhook} />
                    {webhook.description ? <p class="paragraph">{webhook.description}</p> : <br />}
                    <span class="quiet">{isAll(webhook.types) ? "everything" : webhook.types.join(", ")}</span>
                  </div>
                  <a
                    class="button"
                    href={`#/settings/webhooks/${webhook.id}`}
                    aria-label={`Deliveries to ${webhook.url}`}
                  >
                    Deliveries
                  </a>
                  <button type="button" onClick={() => setEditing(webhook)} aria-label={`Edit ${webhook.url}`}>
                    Edit
                  </button>
                  <button
                    type="button"
                    class="plain"
                    onClick={() => remove(webhook)}
                    aria-label={`Delete ${webhook.url}`}
                  >
                    ✕
                  </button>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
      <button type="button" onClick={() => setEditing("new")}>
        New webhook
      </button>
      {editing ? (
        <Dialog title={editing === "new" ? "New webhook" : "Webhook"} onClose={close}>
          <WebhookForm
            webhook={editing === "new" ? undefined : editing}
            saved={() => {
              close();
              webhooks.reload();
            }}
            created={setSecret}
            cancel={close}
          />
        </Dialog>
      ) : null}
      {secret ? (
        <CopyDialog title="The webhook's secret" text={secret} what="The secret" close={() => setSecret(undefined)}>
          It is shown this once. Keep it where secrets are kept: the endpoint verifies with it.
        </CopyDialog>
      ) : null}
    </section>
  );
}

interface WebhookFormProps {
  webhook: Webhook | undefined;
  saved: () => void;
  created: (secret: string) => void;
  cancel: () => void;
}

function WebhookForm({ webhook, saved, created, cancel }: WebhookFormProps): JSX.Element {
  const [draft, setDraft] = useState({
    url: webhook?.url ?? "",
    types: webhook && !isAll(webhook.types) ? webhook.types : [],
    description: webhook?.description ?? "",
    active: webhook?.active ?? true,
  });
  const [failed, setFailed] = useState<unknown>();
  const form = useRef<HTMLFormElement>(null);
  const change = (by: Partial<typeof draft>) => setDraft({ ...draft, ...by });
  const { busy, send } = useDecision();
  const errors = failed instanceof Refused ? failed.errors : [];
  const faultOf = (name: "url" | "description") => errors.find(({ field }) => field === name)?.message;
  const faults = { url: faultOf("url"), description: faultOf("description") };
  const beside = errors.length > 0 && errors.every(({ field }) => field in faults);
  const save = async () => {
    setFailed(undefined);
    const body = { ...draft, types: draft.types.length > 0 ? draft.types : TYPES };
    try {
      const done = await send<Webhook & { secret?: string }>(draft, (key) =>
        webhook
          ? ok(api.PUT("/webhooks/{id}", { params: { path: { id: webhook.id } }, body }))
          : ok(api.POST("/webhooks", { params: { header: { "Idempotency-Key": key } }, body })),
      );
      if (!done) return;
      saved();
      if (webhook) say(`${draft.url} is saved.`);
      else if (done.secret) created(done.secret);
      // The answer to a request that is sent again holds no secret.
      else complain("The webhook exists, but its secret was lost on the way. Give it a new one.");
    } catch (error) {
      setFailed(error);
      requestAnimationFrame(() => form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus());
    }
  };
  return (
    <form ref={form} onSubmit={submitting(save)}>
      {failed && !beside ? (
        <p class="failure" role="alert">
          {told(failed)}
        </p>
      ) : null}
      <Field
        label="URL"
        hint="What is posted to: https:// and a public address."
        fault={faults.url}
        faultId="fault-webhook-url"
      >
        <input
          type="url"
          value={draft.url}
          required
          maxLength={2000}
          aria-invalid={faults.url !== undefined}
          aria-describedby={faults.url && "fault-webhook-url"}
          onInput={({ currentTarget }) => change({ url: currentTarget.value })}
        />
      </Field>
      <fieldset class="field">
        <legend>What it is told of</legend>
        <div class="checks columns">
          <Checks
            of={TYPES.map((type) => ({ id: type, name: type }))}
            chosen={draft.types}
            choose={(types) => change({ types })}
          />
        </div>
        <small>None or all: everything, and what is to come.</small>
      </fieldset>
      <Field label="Description" fault={faults.description} faultId="fault-webhook-description">
        <textarea
          rows={2}
          maxLength={10_000}
          value={draft.description}
          aria-invalid={faults.description !== undefined}
          aria-describedby={faults.description && "fault-webhook-description"}
          onInput={({ currentTarget }) => change({ description: currentTarget.value })}
        />
      </Field>
      <label class="check">
        <input
          type="checkbox"
          checked={draft.active}
          onInput={({ currentTarget }) => change({ active: currentTarget.checked })}
        />
        Active
      </label>
      <div class="actions">
        <button type="button" onClick={cancel}>
          Cancel
        </button>
        <button type="submit" class="primary" disabled={busy}>
          Save
        </button>
      </div>
    </form>
  );
}
