// A new lead. Sent again after a lost answer, it is still one.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { api, idempotencyKey, ok, Refused, told } from "./api";
import { Field } from "./field";
import { type Draft, emptyDraft, FIELDS, fieldNamed, LeadInput, leadOf } from "./lead-fields";
import { say } from "./messages";
import { fullName } from "./person";
import { go } from "./route";
import { useTeam } from "./team";

export function NewLeadScreen(): JSX.Element {
  const { statuses, mayWrite } = useTeam();
  const [draft, setDraft] = useState<Draft>(() => emptyDraft(statuses[0]?.id ?? 1));
  const [failed, setFailed] = useState<unknown>();
  const [busy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  // One decision, one key: it is another when what is sent is.
  const sent = useRef({ text: "", key: "" });
  useEffect(() => {
    document.title = "New lead · Leads";
  }, []);
  if (!mayWrite) {
    return (
      <>
        <h1>New lead</h1>
        <p class="failure">Viewers cannot create leads. Ask an Owner of the team.</p>
      </>
    );
  }
  const faults = new Map<string, string>();
  const others: string[] = [];
  if (failed instanceof Refused) {
    for (const { field, message } of failed.errors) {
      const known = fieldNamed(field);
      if (known) faults.set(known.name, message);
      else others.push(`${field} ${message}`);
    }
  }
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    setFailed(undefined);
    const body = leadOf(draft);
    const text = JSON.stringify(body);
    if (sent.current.text !== text) sent.current = { text, key: idempotencyKey() };
    try {
      const params = { header: { "Idempotency-Key": sent.current.key } };
      const lead = await ok(api.POST("/leads", { params, body }));
      say(`${fullName(lead)} is a lead now.`);
      go(`/leads/${lead.id}`);
    } catch (error) {
      // What was refused was decided; the next try is another decision.
      if (error instanceof Refused && !error.passes) sent.current.text = "";
      setFailed(error);
      setBusy(false);
      requestAnimationFrame(() => form.current?.querySelector<HTMLElement>(".bad input, .bad textarea")?.focus());
    }
  };
  const existing = failed instanceof Refused ? failed.existing : undefined;
  return (
    <form ref={form} class="sheet" onSubmit={submit}>
      <h1>New lead</h1>
      {failed ? (
        <p class="failure" role="alert">
          {faults.size > 0 ? ["Some fields have to be mended.", ...others].join(" ") : told(failed)}{" "}
          {existing ? (
            <a href={`#/leads/${existing.id}`}>Open the lead that has it{existing.archived ? " (archived)" : ""}</a>
          ) : null}
        </p>
      ) : null}
      <div class="fields">
        {FIELDS.map((field) =>
          field.kind === "businesses" ? (
            <fieldset key={field.name} class="field">
              <legend>{field.label}</legend>
              <LeadInput
                field={field}
                value={draft[field.name]}
                change={(value) => setDraft({ ...draft, [field.name]: value })}
              />
            </fieldset>
          ) : (
            <Field
              key={field.name}
              label={field.required ? `${field.label} *` : field.label}
              fault={faults.get(field.name)}
            >
              <LeadInput
                field={field}
                value={draft[field.name]}
                change={(value) => setDraft({ ...draft, [field.name]: value })}
              />
            </Field>
          ),
        )}
      </div>
      <div class="actions">
        <a class="button" href="#/board">
          Cancel
        </a>
        <button type="submit" class="primary" disabled={busy}>
          Create
        </button>
      </div>
    </form>
  );
}
