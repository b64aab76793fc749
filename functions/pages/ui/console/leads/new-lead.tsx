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
  createNewLeadFieldTexts,
  findFieldDefinitionByPath,
  formatFieldErrorSentence,
  LEAD_FIELD_DEFINITIONS,
  type LeadFieldDefinition,
  LeadFieldInput,
  type LeadFieldInputTexts,
} from "./lead-fields";
import { closeLeadPanelOrPage, lastListScreenLinkSignal } from "./open-lead";

const LEAD_FIELD_NAME_GROUPS: (keyof LeadFieldInputTexts)[][] = [
  ["firstName", "lastName", "email", "phoneNumber"],
  ["company", "position", "location", "source"],
  ["statusId", "business", "description"],
];
/** Fields that are rarely filled in. The form shows them in a folded section. */
const FOLDED_LEAD_FIELD_NAMES: (keyof LeadFieldInputTexts)[] = ["state", "youtube", "facebook", "instagram", "twitter"];

const findFieldDefinitionsByName = (name: keyof LeadFieldInputTexts): LeadFieldDefinition[] =>
  LEAD_FIELD_DEFINITIONS.filter((field) => field.name === name);

type ErrorTextsByFieldName = Partial<Record<keyof LeadFieldInputTexts, string>>;

export function NewLeadScreen(): JSX.Element {
  const { mayWrite } = useTeam();
  const { path, title } = lastListScreenLinkSignal.value;
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
    createNewLeadFieldTexts(statuses[0]?.id ?? 1),
  );
  const [failure, setFailure] = useState<unknown>();
  const [fieldErrors, setFieldErrors] = useState<ErrorTextsByFieldName>({});
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
  const leadWithSameEmail = failure instanceof RequestError ? failure.existing : undefined;
  const isFormEmpty = Object.entries(fieldTexts).every(
    ([name, text]) => ["statusId", "state"].includes(name) || text === "",
  );

  const updateLeadFieldText = (name: keyof LeadFieldInputTexts, text: string) => {
    setFieldTexts((now) => ({ ...now, [name]: text }));
    setFieldErrors(({ [name]: _, ...others }) => others);
  };
  const createLead = async () => {
    const newLeadRequestBody = buildCreateLeadBody(fieldTexts);
    try {
      const createdLead = await send(newLeadRequestBody, (key) =>
        getDataOrThrow(
          api.POST("/leads", { params: { header: { "Idempotency-Key": key } }, body: newLeadRequestBody }),
        ),
      );
      if (!createdLead) return;
      clearFieldTexts();
      showToast(`${getDisplayName(createdLead)} added`);
      navigate(`/leads/${createdLead.id}`);
    } catch (error) {
      setFailure(error);
      setFieldErrors(convertErrorToFieldErrors(error));
      requestAnimationFrame(() => {
        const firstInvalidControlElement = formRef.current?.querySelector<HTMLElement>("[aria-invalid=true]");
        const foldedSectionElement = firstInvalidControlElement?.closest("details");
        if (foldedSectionElement) foldedSectionElement.open = true;
        firstInvalidControlElement?.focus();
      });
    }
  };
  const discardNewLeadDraft = () => {
    const discardedFieldTexts = fieldTexts;
    clearFieldTexts();
    setFailure(undefined);
    setFieldErrors({});
    showToast("Draft discarded", { undo: () => setFieldTexts(discardedFieldTexts) });
  };
  const renderLeadField = (field: LeadFieldDefinition): JSX.Element => {
    const { name, label, kind } = field;
    const fieldErrorText = fieldErrors[name];
    const renderLeadFieldInput = (id: string, describedBy: string | undefined) => (
      <LeadFieldInput
        field={field}
        id={id}
        value={fieldTexts[name]}
        onChange={(text) => updateLeadFieldText(name, text)}
        hasError={fieldErrorText !== undefined}
        describedBy={describedBy}
      />
    );
    if (kind === "businesses") {
      return (
        <fieldset key={name} class="label">
          <legend>{label}</legend>
          {renderLeadFieldInput(`new-${name}`, fieldErrorText ? "new-business-fault" : undefined)}
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
          {(ids) => renderLeadFieldInput(ids.id, ids["aria-describedby"])}
        </FormField>
        {name === "email" && fieldErrorText && leadWithSameEmail ? (
          <a class="link small" href={`#/leads/${leadWithSameEmail.id}`}>
            Open that lead{leadWithSameEmail.archived ? " (archived)" : ""}
          </a>
        ) : null}
      </div>
    );
  };
  const shownLeadFieldGroups = LEAD_FIELD_NAME_GROUPS.map((names) =>
    names.filter((name) => name !== "business" || businesses.length > 0).flatMap(findFieldDefinitionsByName),
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
          {shownLeadFieldGroups.map((fields) => (
            <div key={fields[0]?.name} class="group">
              {fields.map(renderLeadField)}
            </div>
          ))}
          <details>
            <summary>
              State and social media <Icon name="chevron-right" />
            </summary>
            <div class="group">{FOLDED_LEAD_FIELD_NAMES.flatMap(findFieldDefinitionsByName).map(renderLeadField)}</div>
          </details>
        </div>
      </div>
      <div class="foot">
        <button type="submit" class="btn primary" disabled={isBusy}>
          Create lead
        </button>
        {isFormEmpty ? (
          <a class="btn ghost" href={`#${lastListScreenLinkSignal.value.path}`}>
            Cancel
          </a>
        ) : (
          <button type="button" class="btn ghost" onClick={discardNewLeadDraft}>
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
function convertErrorToFieldErrors(error: unknown): ErrorTextsByFieldName {
  if (!(error instanceof RequestError)) return {};
  if (error.existing) return { email: "Another lead has this address." };
  const errorTextsByFieldName: ErrorTextsByFieldName = {};
  for (const { field, message } of error.errors) {
    const leadFieldName = findFieldDefinitionByPath(field)?.name;
    if (leadFieldName)
      errorTextsByFieldName[leadFieldName] = [errorTextsByFieldName[leadFieldName], formatFieldErrorSentence(message)]
        .filter(Boolean)
        .join(" ");
  }
  return errorTextsByFieldName;
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
