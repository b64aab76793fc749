// A new lead. Sent again after a lost answer, it is still one.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { api, ok, Refused, told } from "./api";
import { useDecision } from "./decision";
import { Field, submitting } from "./field";
import { type Draft, emptyDraft, FIELDS, fieldNamed, LeadInput, leadOf } from "./lead-fields";
import { say } from "./messages";
import { fullName } from "./person";
import { go } from "./route";
import { useTeam } from "./team";

export function NewLeadScreen(): JSX.Element {
  const { statuses, mayWrite } = useTeam();
  const [draft, setDraft] = useState<Draft>(() => emptyDraft(statuses[0]?.id ?? 1));
  const [failed, setFailed] = useState<unknown>();
  const form = useRef<HTMLFormElement>(null);
  const { busy, send } = useDecision();
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
  const submit = async () => {
    setFailed(undefined);
    const body = leadOf(draft);
    try {
      const lead = await send(body, (key) => {
        return ok(api.POST("/leads", { params: { header: { "Idempotency-Key": key } }, body }));
      });
      if (!lead) return;
      say(`${fullName(lead)} is a lead now.`);
      go(`/leads/${lead.id}`);
    } catch (error) {
      setFailed(error);
      requestAnimationFrame(() => form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus());
    }
  };
  const existing = failed instanceof Refused ? failed.existing : undefined;
  return (
    <form ref={form} class="sheet" onSubmit={submitting(submit)}>
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
        {FIELDS.map((field) => {
          const { name, label, kind, required } = field;
          const fault = faults.get(name);
          const faultId = `fault-${name}`;
          const input = (
            <LeadInput
              field={field}
              value={draft[name]}
              change={(value) => setDraft({ ...draft, [name]: value })}
              fault={fault ? faultId : undefined}
            />
          );
          return kind === "businesses" ? (
            <fieldset key={name} class={fault ? "field bad" : "field"}>
              <legend>{label}</legend>
              {input}
              {fault ? <small role="alert">{fault}</small> : null}
            </fieldset>
          ) : (
            <Field key={name} label={required ? `${label} *` : label} fault={fault} faultId={faultId}>
              {input}
            </Field>
          );
        })}
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
