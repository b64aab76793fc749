// The settings section of web forms, with which web sites submit leads.

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { api, describeError, getDataOrThrow, type LeadCaptureForm, RequestError } from "../app/api";
import { LIMITS } from "../app/contract-values";
import { useTeam } from "../app/team";
import { confirmAction, Dialog } from "../ui/dialog";
import { createSubmitHandler, FormField } from "../ui/field";
import { Icon } from "../ui/icon";
import { useIdempotentRequest } from "../ui/idempotent-request";
import { LoadableContent, useLoadable } from "../ui/loading";
import { MenuItem, MoreMenu } from "../ui/menu";
import { EmptyState } from "../ui/states";
import { StatusPill } from "../ui/status";
import { formatCount, RelativeTime } from "../ui/time";
import { awaitRequestAndShowOutcome, showToast } from "../ui/toast";
import { CheckboxGroup } from "./check-list";
import { CopyTextDialog } from "./copy-dialog";
import { SettingsSection } from "./section";

/**
 * Returns the HTML of a form to paste into a web page. `_gotcha` is a honeypot: the field is hidden, so only bots fill it in.
 */
const buildFormEmbedHtml = (
  form: LeadCaptureForm,
): string => `<form action="${location.origin}/forms/${form.key}/leads" method="post">
  <label>Name <input name="name" autocomplete="name" required></label>
  <label>E-mail <input name="email" type="email" autocomplete="email" required></label>
  <label>Message <textarea name="message"></textarea></label>
  <input name="_gotcha" tabindex="-1" autocomplete="off" aria-hidden="true" style="position: absolute; left: -9999px">
  <button type="submit">Send</button>
</form>`;

export function FormsSection(): JSX.Element {
  const { statuses } = useTeam();
  const loadableForms = useLoadable(async () => (await getDataOrThrow(api.GET("/forms"))).forms, []);
  const [editedForm, setEditedForm] = useState<LeadCaptureForm | "new">();
  const [formToPaste, setFormToPaste] = useState<LeadCaptureForm>();
  const deleteForm = async ({ id, name }: LeadCaptureForm) => {
    const deletionDialogText = "Pages that post to it get an error. Its leads stay.";
    if (!(await confirmAction(`Delete “${name}”?`, deletionDialogText, "Delete"))) return;
    await awaitRequestAndShowOutcome(
      getDataOrThrow(api.DELETE("/forms/{id}", { params: { path: { id } } })),
      `${name} deleted`,
    );
    loadableForms.reload();
  };
  return (
    <SettingsSection
      title="Forms"
      count={loadableForms.value?.length}
      limit={LIMITS.maxFormsPerTeam}
      description="A form on your web site becomes a lead here. Each form says which status its leads begin with."
      addLabel="New form"
      onAdd={() => setEditedForm("new")}
    >
      <LoadableContent loadable={loadableForms}>
        {(forms) =>
          forms.length === 0 ? (
            <EmptyState
              icon="text-cursor-input"
              title="No forms yet"
              text="Create one, and paste its HTML into a page of your web site."
            />
          ) : (
            <table class="plain">
              <thead>
                <tr>
                  <th scope="col">Name</th>
                  <th scope="col" class="w-m c1">
                    Status
                  </th>
                  <th scope="col" class="w-m">
                    Submissions
                  </th>
                  <th scope="col" class="w-s c1">
                    Last
                  </th>
                  <th scope="col" class="w-box">
                    <span class="unseen">Actions</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {forms.map((form) => {
                  const initialLeadStatus = statuses.find(({ id }) => id === form.statusId);
                  return (
                    <tr key={form.id}>
                      <th scope="row">
                        <div class="row">
                          <button type="button" class="cut" title={form.name} onClick={() => setEditedForm(form)}>
                            <span class="unseen">Edit </span>
                            <bdi>{form.name}</bdi>
                          </button>
                          {form.active ? null : <span class="tag">Off</span>}
                        </div>
                        {form.ignored.length > 0 ? (
                          <div class="small quiet cut" title={form.ignored.join(", ")}>
                            Fields of the page that are ignored: <bdi>{form.ignored.join(", ")}</bdi>
                          </div>
                        ) : null}
                      </th>
                      <td class="c1">{initialLeadStatus ? <StatusPill status={initialLeadStatus} /> : null}</td>
                      <td class="quiet num">
                        {formatCount(form.submissions)}
                        {form.spam > 0 ? <div class="small cut">and {formatCount(form.spam)} of bots</div> : null}
                      </td>
                      <td class="quiet c1">
                        {form.lastSubmittedAt ? <RelativeTime at={form.lastSubmittedAt} /> : null}
                      </td>
                      <td class="right">
                        <MoreMenu label={`More about ${form.name}`}>
                          <MenuItem icon="copy" onSelect={() => setFormToPaste(form)}>
                            HTML to paste
                          </MenuItem>
                          <MenuItem icon="pencil" onSelect={() => setEditedForm(form)}>
                            Edit
                          </MenuItem>
                          <MenuItem icon="trash-2" isDangerous onSelect={() => deleteForm(form)}>
                            Delete
                          </MenuItem>
                        </MoreMenu>
                      </td>
                    </tr>
                  );
                })}
              </tbody>
            </table>
          )
        }
      </LoadableContent>
      {editedForm ? (
        <LeadCaptureFormDialog
          form={editedForm === "new" ? undefined : editedForm}
          onClose={() => setEditedForm(undefined)}
          onSaved={(form) => {
            if (editedForm === "new") setFormToPaste(form);
            setEditedForm(undefined);
            loadableForms.reload();
          }}
        />
      ) : null}
      {formToPaste ? (
        <CopyTextDialog
          title={`HTML of ${formToPaste.name}`}
          text={buildFormEmbedHtml(formToPaste)}
          label="HTML"
          onClose={() => setFormToPaste(undefined)}
        >
          Paste it into a page of your web site. It needs no script.
        </CopyTextDialog>
      ) : null}
    </SettingsSection>
  );
}

interface LeadCaptureFormDraft {
  name: string;
  statusId: number;
  business: number[];
  source: string;
  allowedOrigins: string;
  redirectUrl: string;
  active: boolean;
}

interface LeadCaptureFormDialogProps {
  form: LeadCaptureForm | undefined;
  onSaved: (form: LeadCaptureForm) => void;
  onClose: () => void;
}

function LeadCaptureFormDialog({ form, onSaved, onClose }: LeadCaptureFormDialogProps): JSX.Element {
  const { statuses, businesses } = useTeam();
  const [formDraft, setFormDraft] = useState<LeadCaptureFormDraft>({
    name: form?.name ?? "",
    statusId: form?.statusId ?? statuses[0]?.id ?? 1,
    business: form?.business.map(({ id }) => id) ?? [],
    source: form?.source ?? "",
    allowedOrigins: form?.allowedOrigins.join("\n") ?? "",
    redirectUrl: form?.redirectUrl ?? "",
    active: form?.active ?? true,
  });
  const [error, setError] = useState<unknown>();
  const formElementRef = useRef<HTMLFormElement>(null);
  const updateFormDraft = (change: Partial<LeadCaptureFormDraft>) => setFormDraft({ ...formDraft, ...change });
  const { isBusy, send } = useIdempotentRequest();
  const fieldErrors = error instanceof RequestError ? error.errors : [];
  const getFieldErrorMessage = (name: keyof LeadCaptureFormDraft): string | undefined => {
    const fieldError = fieldErrors.find(({ field }) => field === name || field.startsWith(`${name}[`));
    return fieldError && `It ${fieldError.message}.`;
  };
  const areErrorsShownAtFields =
    fieldErrors.length > 0 && fieldErrors.every(({ field }) => (field.split("[")[0] ?? "") in formDraft);
  const createOrUpdateForm = async () => {
    setError(undefined);
    const captureFormRequestBody = {
      ...formDraft,
      allowedOrigins: formDraft.allowedOrigins.split(/\s+/).filter(Boolean),
    };
    try {
      const savedForm = await send(captureFormRequestBody, (key) =>
        form
          ? getDataOrThrow(api.PUT("/forms/{id}", { params: { path: { id: form.id } }, body: captureFormRequestBody }))
          : getDataOrThrow(
              api.POST("/forms", { params: { header: { "Idempotency-Key": key } }, body: captureFormRequestBody }),
            ),
      );
      if (!savedForm) return;
      showToast(`${formDraft.name} saved`);
      onSaved(savedForm);
    } catch (error) {
      setError(error);
      requestAnimationFrame(() => formElementRef.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus());
    }
  };
  return (
    <Dialog title={form ? `Form ${form.name}` : "New form"} onClose={onClose}>
      <form class="form" ref={formElementRef} onSubmit={createSubmitHandler(createOrUpdateForm)}>
        {error && !areErrorsShownAtFields ? (
          <p class="note bad" role="alert">
            {describeError(error)}
          </p>
        ) : null}
        <FormField label="Name" fault={getFieldErrorMessage("name")}>
          {(ids) => (
            <input
              {...ids}
              class="input"
              value={formDraft.name}
              required
              maxLength={LIMITS.maxNameChars}
              placeholder="Contact page"
              autocomplete="off"
              onInput={({ currentTarget }) => updateFormDraft({ name: currentTarget.value })}
            />
          )}
        </FormField>
        <div class="pair">
          <FormField label="Status of its leads" fault={getFieldErrorMessage("statusId")}>
            {(ids) => (
              <span class="select">
                <select
                  {...ids}
                  value={formDraft.statusId}
                  onInput={({ currentTarget }) => updateFormDraft({ statusId: Number(currentTarget.value) })}
                >
                  {statuses.map(({ id, name }) => (
                    <option key={id} value={id}>
                      {name}
                    </option>
                  ))}
                </select>
                <Icon name="chevron-down" />
              </span>
            )}
          </FormField>
          <FormField label="Source of its leads" fault={getFieldErrorMessage("source")}>
            {(ids) => (
              <input
                {...ids}
                class="input"
                value={formDraft.source}
                maxLength={LIMITS.maxTextChars}
                placeholder="Web site"
                onInput={({ currentTarget }) => updateFormDraft({ source: currentTarget.value })}
              />
            )}
          </FormField>
        </div>
        {businesses.length > 0 ? (
          <CheckboxGroup
            legend="Businesses of its leads"
            items={businesses}
            chosenIds={formDraft.business}
            onChoose={(business) => updateFormDraft({ business })}
          />
        ) : null}
        <FormField
          label="Sites that may post"
          hint="One per line, such as https://www.example.com. Without one, every site may."
          fault={getFieldErrorMessage("allowedOrigins")}
        >
          {(ids) => (
            <textarea
              {...ids}
              class="input"
              rows={2}
              value={formDraft.allowedOrigins}
              onInput={({ currentTarget }) => updateFormDraft({ allowedOrigins: currentTarget.value })}
            />
          )}
        </FormField>
        <FormField
          label="Page to show afterwards"
          hint="Without one, a page that says “Thank you”."
          fault={getFieldErrorMessage("redirectUrl")}
        >
          {(ids) => (
            <input
              {...ids}
              class="input"
              type="url"
              value={formDraft.redirectUrl}
              maxLength={LIMITS.maxUrlChars}
              onInput={({ currentTarget }) => updateFormDraft({ redirectUrl: currentTarget.value })}
            />
          )}
        </FormField>
        <label class="row">
          <input
            type="checkbox"
            checked={formDraft.active}
            onInput={({ currentTarget }) => updateFormDraft({ active: currentTarget.checked })}
          />
          Accepts submissions
        </label>
        <div class="actions">
          <button type="button" class="btn ghost" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="btn primary" disabled={isBusy}>
            {form ? "Save form" : "Create form"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
