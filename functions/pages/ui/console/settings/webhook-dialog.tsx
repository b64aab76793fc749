// The dialog that creates or edits a webhook.

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { api, describeError, RequestError, unwrap, type Webhook } from "../app/api";
import { EVENT_TYPES, LIMITS } from "../app/contract-values";
import { Dialog } from "../ui/dialog";
import { Field, handleSubmit } from "../ui/field";
import { useIdempotentRequest } from "../ui/idempotent-request";
import { notify, reportFailure } from "../ui/toast";
import { CheckList } from "./check-list";

/** Whether a webhook receives all types of events. */
export const hasAllTypes = (types: string[]): boolean => types.length === EVENT_TYPES.length;

interface Props {
  webhook: Webhook | undefined;
  /** Called after saving, with the secret of a new webhook, which is shown once. */
  onSaved: (secret: string | undefined) => void;
  onClose: () => void;
}

export function WebhookDialog({ webhook, onSaved, onClose }: Props): JSX.Element {
  const [draft, setDraft] = useState({
    url: webhook?.url ?? "",
    types: webhook && !hasAllTypes(webhook.types) ? webhook.types : [],
    description: webhook?.description ?? "",
    active: webhook?.active ?? true,
  });
  const [error, setError] = useState<unknown>();
  const formRef = useRef<HTMLFormElement>(null);
  const updateDraft = (change: Partial<typeof draft>) => setDraft({ ...draft, ...change });
  const { isBusy, send } = useIdempotentRequest();
  const fieldErrors = error instanceof RequestError ? error.errors : [];
  const fieldErrorMessage = (name: "url" | "description"): string | undefined => {
    const fieldError = fieldErrors.find(({ field }) => field === name);
    return fieldError && `It ${fieldError.message}.`;
  };
  const isShownAtFields =
    fieldErrors.length > 0 && fieldErrors.every(({ field }) => ["url", "description"].includes(field));
  const saveWebhook = async () => {
    setError(undefined);
    const requestBody = { ...draft, types: draft.types.length > 0 ? draft.types : [...EVENT_TYPES] };
    try {
      const savedWebhook = await send<Webhook & { secret?: string }>(draft, (key) =>
        webhook
          ? unwrap(api.PUT("/webhooks/{id}", { params: { path: { id: webhook.id } }, body: requestBody }))
          : unwrap(api.POST("/webhooks", { params: { header: { "Idempotency-Key": key } }, body: requestBody })),
      );
      if (!savedWebhook) return;
      onSaved(savedWebhook.secret);
      if (webhook) notify("Webhook saved");
      // The response to a retry has no secret, because the API stores only its hash.
      else if (!savedWebhook.secret)
        reportFailure("The webhook exists, but its secret was lost on the way. Renew the secret.");
    } catch (error) {
      setError(error);
      requestAnimationFrame(() => formRef.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus());
    }
  };
  return (
    <Dialog title={webhook ? "Webhook" : "New webhook"} onClose={onClose}>
      <form class="form" ref={formRef} onSubmit={handleSubmit(saveWebhook)}>
        {error && !isShownAtFields ? (
          <p class="note bad" role="alert">
            {describeError(error)}
          </p>
        ) : null}
        <Field label="Address" hint="It begins with https:// and is public." fault={fieldErrorMessage("url")}>
          {(ids) => (
            <input
              {...ids}
              class="input"
              type="url"
              value={draft.url}
              required
              maxLength={LIMITS.maxUrlChars}
              placeholder="https://erp.example.com/hooks/leads"
              onInput={({ currentTarget }) => updateDraft({ url: currentTarget.value })}
            />
          )}
        </Field>
        <Field label="Description" fault={fieldErrorMessage("description")}>
          {(ids) => (
            <textarea
              {...ids}
              class="input"
              rows={1}
              maxLength={LIMITS.maxDescriptionChars}
              placeholder="ERP, new and won leads"
              value={draft.description}
              onInput={({ currentTarget }) => updateDraft({ description: currentTarget.value })}
            />
          )}
        </Field>
        <CheckList
          legend="Events"
          hint="Without a choice it gets every event, later kinds too."
          items={EVENT_TYPES.map((type) => ({ id: type, name: type }))}
          chosenIds={draft.types}
          onChoose={(types) => updateDraft({ types })}
        />
        <label class="row">
          <input
            type="checkbox"
            checked={draft.active}
            onInput={({ currentTarget }) => updateDraft({ active: currentTarget.checked })}
          />
          Active
        </label>
        <div class="actions">
          <button type="button" class="btn ghost" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="btn primary" disabled={isBusy}>
            {webhook ? "Save webhook" : "Create webhook"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
