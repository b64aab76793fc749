// The dialog that creates something with a name, such as a status or an API key.

import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import { describeError, RequestError } from "../app/api";
import { Dialog } from "../ui/dialog";
import { createSubmitHandler, FormField } from "../ui/field";
import { useIdempotentRequest } from "../ui/idempotent-request";

interface CreateNamedItemDialogProps {
  title: string;
  maxLength: number;
  placeholder?: string;
  /** Additional fields below the name. */
  children?: ComponentChildren;
  submitLabel: string;
  /** Sends the request. `key` is the idempotency key, which is the same for every attempt with the same name. */
  onCreate: (name: string, key: string) => Promise<unknown>;
  onClose: () => void;
}

export function CreateNamedItemDialog({
  title,
  maxLength,
  placeholder,
  children,
  submitLabel,
  onCreate,
  onClose,
}: CreateNamedItemDialogProps): JSX.Element {
  const [name, setName] = useState("");
  const [errorText, setErrorText] = useState<string>();
  const { isBusy, send } = useIdempotentRequest();
  const sendCreateRequest = async () => {
    try {
      await send(name, (key) => onCreate(name.trim(), key));
    } catch (error) {
      const nameFieldError = error instanceof RequestError && error.errors.find(({ field }) => field === "name");
      setErrorText(nameFieldError ? `It ${nameFieldError.message}.` : describeError(error));
    }
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form class="form" onSubmit={createSubmitHandler(sendCreateRequest)}>
        <FormField label="Name" fault={errorText}>
          {(ids) => (
            <input
              {...ids}
              class="input"
              value={name}
              required
              maxLength={maxLength}
              placeholder={placeholder}
              autocomplete="off"
              onInput={({ currentTarget }) => {
                setName(currentTarget.value);
                setErrorText(undefined);
              }}
            />
          )}
        </FormField>
        {children}
        <div class="actions">
          <button type="button" class="btn ghost" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="btn primary" disabled={isBusy}>
            {submitLabel}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
