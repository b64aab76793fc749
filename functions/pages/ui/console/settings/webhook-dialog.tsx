// The dialog that creates or edits a webhook.

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { api, describeError, getDataOrThrow, RequestError, type Webhook } from "../app/api";
import { EVENT_TYPES, LIMITS } from "../app/contract-values";
import { Dialog } from "../ui/dialog";
import { createSubmitHandler, FormField } from "../ui/field";
import { useIdempotentRequest } from "../ui/idempotent-request";
import { showFailureAlert, showToast } from "../ui/toast";
import { CheckboxGroup } from "./check-list";

/** Whether a webhook receives all types of events. */
export const includesAllEventTypes = (types: string[]): boolean => types.length === EVENT_TYPES.length;

interface WebhookDialogProps {
  webhook: Webhook | undefined;
  /** Called after saving, with the secret of a new webhook, which is shown once. */
  onSaved: (secret: string | undefined) => void;
  onClose: () => void;
}

export function WebhookDialog({ webhook, onSaved, onClose }: WebhookDialogProps): JSX.Element {
  const [webhookDraft, setWebhookDraft] = useState({
    url: webhook?.url ?? "",
    types: webhook && !includesAllEventTypes(webhook.types) ? webhook.types : [],
    description: webhook?.description ?? "",
    active: webhook?.active ?? true,
  });
  const [error, setError] = useState<unknown>();
  const webhookFormRef = useRef<HTMLFormElement>(null);
  const updateWebhookDraft = (change: Partial<typeof webhookDraft>) => setWebhookDraft({ ...webhookDraft, ...change });
  const { isBusy, send } = useIdempotentRequest();
  const fieldErrors = error instanceof RequestError ? error.errors : [];
  const getFieldErrorMessage = (name: "url" | "description"): string | undefined => {
    const fieldError = fieldErrors.find(({ field }) => field === name);
    return fieldError && `It ${fieldError.message}.`;
  };
  const areErrorsShownAtFields =
    fieldErrors.length > 0 && fieldErrors.every(({ field }) => ["url", "description"].includes(field));
  const createOrUpdateWebhook = async () => {
    setError(undefined);
    const webhookRequestBody = {
      ...webhookDraft,
      types: webhookDraft.types.length > 0 ? webhookDraft.types : [...EVENT_TYPES],
    };
    try {
      const savedWebhook = await send<Webhook & { secret?: string }>(webhookDraft, (key) =>
        webhook
          ? getDataOrThrow(
              api.PUT("/webhooks/{id}", { params: { path: { id: webhook.id } }, body: webhookRequestBody }),
            )
          : getDataOrThrow(
              api.POST("/webhooks", { params: { header: { "Idempotency-Key": key } }, body: webhookRequestBody }),
            ),
      );
      if (!savedWebhook) return;
      onSaved(savedWebhook.secret);
      if (webhook) showToast("Webhook saved");
      // If the request that created the webhook is repeated with the same idempotency key, the response has no secret,
      // because the API stores only the secret's hash.
      else if (!savedWebhook.secret)
        showFailureAlert("The webhook exists, but its secret was lost on the way. Renew the secret.");
    } catch (error) {
      setError(error);
      requestAnimationFrame(() => webhookFormRef.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus());
    }
  };
  return (
    <Dialog title={webhook ? "Webhook" : "New webhook"} onClose={onClose}>
      <form class="form" ref={webhookFormRef} onSubmit={createSubmitHandler(createOrUpdateWebhook)}>
        {error && !areErrorsShownAtFields ? (
          <p class="note bad" role="alert">
            {describeError(error)}
          </p>
        ) : null}
        <FormField label="Address" hint="It begins with https:// and is public." fault={getFieldErrorMessage("url")}>
          {(ids) => (
            <input
              {...ids}
              class="input"
              type="url"
              value={webhookDraft.url}
              required
              maxLength={LIMITS.maxUrlChars}
              placeholder="https://erp.example.com/hooks/leads"
              onInput={({ currentTarget }) => updateWebhookDraft({ url: currentTarget.value })}
            />
          )}
        </FormField>
        <FormField label="Description" fault={getFieldErrorMessage("description")}>
          {(ids) => (
            <textarea
              {...ids}
              class="input"
              rows={1}
              maxLength={LIMITS.maxDescriptionChars}
              placeholder="ERP, new and won leads"
              value={webhookDraft.description}
              onInput={({ currentTarget }) => updateWebhookDraft({ description: currentTarget.value })}
            />
          )}
        </FormField>
        <CheckboxGroup
          legend="Events"
          hint="Without a choice it gets every event, later kinds too."
          items={EVENT_TYPES.map((type) => ({ id: type, name: type }))}
          chosenIds={webhookDraft.types}
          onChoose={(types) => updateWebhookDraft({ types })}
        />
        <label class="row">
          <input
            type="checkbox"
            checked={webhookDraft.active}
            onInput={({ currentTarget }) => updateWebhookDraft({ active: currentTarget.checked })}
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
