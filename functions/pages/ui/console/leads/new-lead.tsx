// The new-lead form. Its texts are kept as a draft until the lead is created. A retry after a lost response creates no second
// lead.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { api, describeError, RequestError, unwrap } from "../app/api";
import { navigate, useRoute } from "../app/route";
import { formatKeys, useShortcut } from "../app/shortcuts";
import { useTeam } from "../app/team";
import { useIdempotentRequest } from "../ui/decision";
import { useDraft } from "../ui/draft";
import { fullName } from "../ui/face";
import { Field, handleSubmit } from "../ui/field";
import { Icon } from "../ui/icon";
import { EmptyState } from "../ui/states";
import { notify } from "../ui/toast";
import {
  emptyTexts,
  FIELDS,
  faultSentence,
  fieldNamed,
  type LeadField,
  LeadInput,
  type LeadTexts,
  newLeadOf,
} from "./lead-fields";
import { closeLead, lastList } from "./open-lead";

const GROUPS: (keyof LeadTexts)[][] = [
  ["firstName", "lastName", "email", "phoneNumber"],
  ["company", "position", "location", "source"],
  ["statusId", "business", "description"],
];
/** Fields in a folded section: few new leads have them. */
const RARE: (keyof LeadTexts)[] = ["state", "youtube", "facebook", "instagram", "twitter"];

const fieldOf = (name: keyof LeadTexts): LeadField[] => FIELDS.filter((field) => field.name === name);

type Faults = Partial<Record<keyof LeadTexts, string>>;

export function NewLeadScreen(): JSX.Element {
  const { mayWrite } = useTeam();
  const { address, title } = lastList.value;
  useEffect(() => {
    document.title = "New lead · Leads";
  }, []);
  useShortcut("Escape", closeLead, "Back to the list");
  return (
    <>
      <header class="head">
        <div>
          <a
            class="btn ghost icon hang"
            href={`#${address}`}
            aria-label={`Back to ${title}`}
            title={`Back to ${title} (Escape)`}
          >
            <Icon name="chevron-left" />
          </a>
          <h1>New lead</h1>
        </div>
      </header>
      {mayWrite ? (
        <NewLeadForm />
      ) : (
        <EmptyState icon="eye" title="Viewers cannot create leads" text="Ask an Owner of the team." />
      )}
    </>
  );
}

function NewLeadForm(): JSX.Element {
  const { statuses, businesses } = useTeam();
  const chosenStatus = Number(useRoute().query.get("status"));
  const [texts, setTexts, clearTexts] = useDraft("new lead", emptyTexts(statuses[0]?.id ?? 1));
  const [failure, setFailure] = useState<unknown>();
  const [faults, setFaults] = useState<Faults>({});
  const form = useRef<HTMLFormElement>(null);
  const { isBusy, send } = useIdempotentRequest();
  // A board column links to this form with its status in the query.
  useEffect(() => {
    if (statuses.some(({ id }) => id === chosenStatus)) {
      setTexts((now) => ({ ...now, statusId: String(chosenStatus) }));
    }
  }, [chosenStatus]);
  // On navigation `Frame` focuses `main` after this effect. Waiting for the next animation frame leaves the focus in the first
  // input.
  useEffect(() => {
    const frame = requestAnimationFrame(() => form.current?.querySelector("input")?.focus());
    return () => cancelAnimationFrame(frame);
  }, []);
  const existing = failure instanceof RequestError ? failure.existing : undefined;
  const isEmpty = Object.entries(texts).every(([name, text]) => ["statusId", "state"].includes(name) || text === "");

  const change = (name: keyof LeadTexts, text: string) => {
    setTexts((now) => ({ ...now, [name]: text }));
    setFaults(({ [name]: _, ...others }) => others);
  };
  const submit = async () => {
    const body = newLeadOf(texts);
    try {
      const lead = await send(body, (key) =>
        unwrap(api.POST("/leads", { params: { header: { "Idempotency-Key": key } }, body })),
      );
      if (!lead) return;
      clearTexts();
      notify(`${fullName(lead)} added`);
      navigate(`/leads/${lead.id}`);
    } catch (error) {
      setFailure(error);
      setFaults(faultsOf(error));
      requestAnimationFrame(() => {
        const wrong = form.current?.querySelector<HTMLElement>("[aria-invalid=true]");
        const folded = wrong?.closest("details");
        if (folded) folded.open = true;
        wrong?.focus();
      });
    }
  };
  const discard = () => {
    const before = texts;
    clearTexts();
    setFailure(undefined);
    setFaults({});
    notify("Draft discarded", { undo: () => setTexts(before) });
  };
  const input = (field: LeadField): JSX.Element => {
    const { name, label, kind } = field;
    const fault = faults[name];
    const control = (id: string, describedBy: string | undefined) => (
      <LeadInput
        field={field}
        id={id}
        value={texts[name]}
        onChange={(text) => change(name, text)}
        fault={fault !== undefined}
        describedBy={describedBy}
      />
    );
    if (kind === "businesses") {
      return (
        <fieldset key={name} class="label">
          <legend>{label}</legend>
          {control(`new-${name}`, fault ? "new-business-fault" : undefined)}
          {fault ? (
            <p class="small bad" id="new-business-fault" role="alert">
              {fault}
            </p>
          ) : null}
        </fieldset>
      );
    }
    return (
      <div key={name} class={kind === "paragraph" ? "whole" : undefined}>
        <Field label={label} fault={fault}>
          {(ids) => control(ids.id, ids["aria-describedby"])}
        </Field>
        {name === "email" && fault && existing ? (
          <a class="link small" href={`#/leads/${existing.id}`}>
            Open that lead{existing.archived ? " (archived)" : ""}
          </a>
        ) : null}
      </div>
    );
  };
  const shownGroups = GROUPS.map((names) =>
    names.filter((name) => name !== "business" || businesses.length > 0).flatMap(fieldOf),
  );
  return (
    <form
      ref={form}
      class="footed"
      noValidate
      onSubmit={handleSubmit(submit)}
      onKeyDown={(event) => {
        if (event.key !== "Enter" || event.isComposing || !(event.ctrlKey || event.metaKey)) return;
        event.preventDefault();
        submit();
      }}
    >
      <div class="scroll">
        <div class="body newlead">
          {failure && Object.keys(faults).length === 0 ? <FormFailure failure={failure} /> : null}
          {shownGroups.map((fields) => (
            <div key={fields[0]?.name} class="group">
              {fields.map(input)}
            </div>
          ))}
          <details>
            <summary>
              State and social media <Icon name="chevron-right" />
            </summary>
            <div class="group">{RARE.flatMap(fieldOf).map(input)}</div>
          </details>
        </div>
      </div>
      <div class="foot">
        <button type="submit" class="btn primary" disabled={isBusy}>
          Create lead
        </button>
        {isEmpty ? (
          <a class="btn ghost" href={`#${lastList.value.address}`}>
            Cancel
          </a>
        ) : (
          <button type="button" class="btn ghost" onClick={discard}>
            Discard draft
          </button>
        )}
        <small class="quiet wide push">
          <kbd>{formatKeys("mod+enter")}</kbd> creates
        </small>
      </div>
    </form>
  );
}

/** Returns the API's messages by field. One response names all invalid fields. */
function faultsOf(error: unknown): Faults {
  if (!(error instanceof RequestError)) return {};
  if (error.existing) return { email: "Another lead has this address." };
  const faults: Faults = {};
  for (const { field, message } of error.errors) {
    const name = fieldNamed(field)?.name;
    if (name) faults[name] = [faults[name], faultSentence(message)].filter(Boolean).join(" ");
  }
  return faults;
}

/** An error that belongs to no single field. The texts of the form are kept. */
function FormFailure({ failure }: { failure: unknown }): JSX.Element {
  const requestId = failure instanceof RequestError && failure.status >= 500 ? failure.requestId : undefined;
  return (
    <div class="note bad" role="alert">
      <Icon name="triangle-alert" />
      <div>
        <p>The lead was not created. {describeError(failure)}</p>
        {requestId ? <p class="small quiet">Request {requestId}</p> : null}
      </div>
    </div>
  );
}
