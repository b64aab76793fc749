// The new-lead form. Its texts are kept as a draft until the lead is created. A retry after a lost response creates no second
// lead.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { api, describeError, getDataOrThrow, RequestError } from "../app/api";
import { navigate, useRoute } from "../app/route";
import { formatShortcutKeys, useShortcut } from "../app/shortcuts";
import { useTeam } from "../app/team";
import { useDraft } from "../ui/draft";
import { getDisplayName } from "../ui/face";
import { createSubmitHandler, FormField } from "../ui/field";
import { Icon } from "../ui/icon";
import { useIdempotentRequest } from "../ui/idempotent-request";
import { EmptyState } from "../ui/states";
import { showToast } from "../ui/toast";
import {
  buildCreateLeadBody,
  createEmptyFieldTexts,
  findFieldByPath,
  formatFieldError,
  LEAD_FIELDS,
  type LeadFieldDefinition,
  LeadFieldInput,
  type LeadFieldTexts as LeadFieldInputTexts,
} from "./lead-fields";
import { closeLeadPanelOrPage, lastListScreenLink } from "./open-lead";

const FIELD_NAME_GROUPS: (keyof LeadFieldInputTexts)[][] = [
  ["firstName", "lastName", "email", "phoneNumber"],
  ["company", "position", "location", "source"],
  ["statusId", "business", "description"],
];
/** Fields that are rarely filled in. The form shows them in a folded section. */
const FOLDED_FIELD_NAMES: (keyof LeadFieldInputTexts)[] = ["state", "youtube", "facebook", "instagram", "twitter"];

const findFieldsByName = (name: keyof LeadFieldInputTexts): LeadFieldDefinition[] =>
  LEAD_FIELDS.filter((field) => field.name === name);

type FieldErrorTexts = Partial<Record<keyof LeadFieldInputTexts, string>>;

export function NewLeadScreen(): JSX.Element {
  const { mayWrite } = useTeam();
  const { path, title } = lastListScreenLink.value;
  useEffect(() => {
    document.title = "New lead · Leads";
  }, []);
  useShortcut("Escape", closeLeadPanelOrPage, "Back to the list");
  return (
    <>
      <header class="head">
        <div>
          <a
            class="btn ghost icon hang"
            href={`#${path}`}
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
  const statusIdFromUrl = Number(useRoute().query.get("status"));
  const [fieldTexts, setFieldTexts, clearFieldTexts] = useDraft(
    "new lead",
    createEmptyFieldTexts(statuses[0]?.id ?? 1),
  );
  const [failure, setFailure] = useState<unknown>();
  const [fieldErrors, setFieldErrors] = useState<FieldErrorTexts>({});
  const formRef = useRef<HTMLFormElement>(null);
  const { isBusy, send } = useIdempotentRequest();
  // A board column links to this form with its status in the query.
  useEffect(() => {
    if (statuses.some(({ id }) => id === statusIdFromUrl)) {
      setFieldTexts((now) => ({ ...now, statusId: String(statusIdFromUrl) }));
    }
  }, [statusIdFromUrl]);
  // After navigation the application frame focuses `main`, later than this effect. The first input is therefore focused in the
  // next animation frame.
  useEffect(() => {
    const animationFrameId = requestAnimationFrame(() => formRef.current?.querySelector("input")?.focus());
    return () => cancelAnimationFrame(animationFrameId);
  }, []);
  const existingLead = failure instanceof RequestError ? failure.existing : undefined;
  const isFormEmpty = Object.entries(fieldTexts).every(
    ([name, text]) => ["statusId", "state"].includes(name) || text === "",
  );

  const updateFieldText = (name: keyof LeadFieldInputTexts, text: string) => {
    setFieldTexts((now) => ({ ...now, [name]: text }));
    setFieldErrors(({ [name]: _, ...others }) => others);
  };
  const createLead = async () => {
    const createLeadBody = buildCreateLeadBody(fieldTexts);
    try {
      const createdLead = await send(createLeadBody, (key) =>
        getDataOrThrow(api.POST("/leads", { params: { header: { "Idempotency-Key": key } }, body: createLeadBody })),
      );
      if (!createdLead) return;
      clearFieldTexts();
      showToast(`${getDisplayName(createdLead)} added`);
      navigate(`/leads/${createdLead.id}`);
    } catch (error) {
      setFailure(error);
      setFieldErrors(getFieldErrorTexts(error));
      requestAnimationFrame(() => {
        const invalidControl = formRef.current?.querySelector<HTMLElement>("[aria-invalid=true]");
        const foldedSection = invalidControl?.closest("details");
        if (foldedSection) foldedSection.open = true;
        invalidControl?.focus();
      });
    }
  };
  const discardDraft = () => {
    const discardedTexts = fieldTexts;
    clearFieldTexts();
    setFailure(undefined);
    setFieldErrors({});
    showToast("Draft discarded", { undo: () => setFieldTexts(discardedTexts) });
  };
  const renderField = (field: LeadFieldDefinition): JSX.Element => {
    const { name, label, kind } = field;
    const fieldErrorText = fieldErrors[name];
    const renderInput = (id: string, describedBy: string | undefined) => (
      <LeadFieldInput
        field={field}
        id={id}
        value={fieldTexts[name]}
        onChange={(text) => updateFieldText(name, text)}
        hasError={fieldErrorText !== undefined}
        describedBy={describedBy}
      />
    );
    if (kind === "businesses") {
      return (
        <fieldset key={name} class="label">
          <legend>{label}</legend>
          {renderInput(`new-${name}`, fieldErrorText ? "new-business-fault" : undefined)}
          {fieldErrorText ? (
            <p class="small bad" id="new-business-fault" role="alert">
              {fieldErrorText}
            </p>
          ) : null}
        </fieldset>
      );
    }
    return (
      <div key={name} class={kind === "paragraph" ? "whole" : undefined}>
        <FormField label={label} fault={fieldErrorText}>
          {(ids) => renderInput(ids.id, ids["aria-describedby"])}
        </FormField>
        {name === "email" && fieldErrorText && existingLead ? (
          <a class="link small" href={`#/leads/${existingLead.id}`}>
            Open that lead{existingLead.archived ? " (archived)" : ""}
          </a>
        ) : null}
      </div>
    );
  };
  const shownFieldGroups = FIELD_NAME_GROUPS.map((names) =>
    names.filter((name) => name !== "business" || businesses.length > 0).flatMap(findFieldsByName),
  );
  return (
    <form
      ref={formRef}
      class="footed"
      noValidate
      onSubmit={createSubmitHandler(createLead)}
      onKeyDown={(event) => {
        if (event.key !== "Enter" || event.isComposing || !(event.ctrlKey || event.metaKey)) return;
        event.preventDefault();
        createLead();
      }}
    >
      <div class="scroll">
        <div class="body newlead">
          {failure && Object.keys(fieldErrors).length === 0 ? <FormFailureMessage failure={failure} /> : null}
          {shownFieldGroups.map((fields) => (
            <div key={fields[0]?.name} class="group">
              {fields.map(renderField)}
            </div>
          ))}
          <details>
            <summary>
              State and social media <Icon name="chevron-right" />
            </summary>
            <div class="group">{FOLDED_FIELD_NAMES.flatMap(findFieldsByName).map(renderField)}</div>
          </details>
        </div>
      </div>
      <div class="foot">
        <button type="submit" class="btn primary" disabled={isBusy}>
          Create lead
        </button>
        {isFormEmpty ? (
          <a class="btn ghost" href={`#${lastListScreenLink.value.path}`}>
            Cancel
          </a>
        ) : (
          <button type="button" class="btn ghost" onClick={discardDraft}>
            Discard draft
          </button>
        )}
        <small class="quiet wide push">
          <kbd>{formatShortcutKeys("mod+enter")}</kbd> creates
        </small>
      </div>
    </form>
  );
}

/** Returns the API's messages by field. One response names all invalid fields. */
function getFieldErrorTexts(error: unknown): FieldErrorTexts {
  if (!(error instanceof RequestError)) return {};
  if (error.existing) return { email: "Another lead has this address." };
  const fieldErrors: FieldErrorTexts = {};
  for (const { field, message } of error.errors) {
    const fieldName = findFieldByPath(field)?.name;
    if (fieldName)
      fieldErrors[fieldName] = [fieldErrors[fieldName], formatFieldError(message)].filter(Boolean).join(" ");
  }
  return fieldErrors;
}

/** An error that belongs to no single field. The texts of the form are kept. */
function FormFailureMessage({ failure }: { failure: unknown }): JSX.Element {
  const failedRequestId = failure instanceof RequestError && failure.status >= 500 ? failure.requestId : undefined;
  return (
    <div class="note bad" role="alert">
      <Icon name="triangle-alert" />
      <div>
        <p>The lead was not created. {describeError(failure)}</p>
        {failedRequestId ? <p class="small quiet">Request {failedRequestId}</p> : null}
      </div>
    </div>
  );
}
