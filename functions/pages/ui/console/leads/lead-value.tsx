// One field of a lead: shown as text, edited in place, with notes about errors and conflicts.

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import type { Lead } from "../app/api";
import { useTeam } from "../app/team";
import { Icon } from "../ui/icon";
import { Menu, MenuItem } from "../ui/menu";
import { RelativeTime } from "../ui/time";
import { showToast } from "../ui/toast";
import { EditValueButton, useInlineEditorFocus, ValueEditor } from "../ui/value";
import { type FieldEditConflict, type FieldEditError, type LeadFieldEditState, useLeadFieldEdit } from "./lead-edit";
import { formatLeadFieldLabelInSentence, getFieldText, type LeadFieldDefinition, LeadFieldInput } from "./lead-fields";
import type { LeadWithEtag } from "./lead-save";
import { buildLeadUrl } from "./open-lead";

interface EditableLeadFieldProps {
  field: LeadFieldDefinition;
  version: LeadWithEtag;
  onSaved: (version: LeadWithEtag) => void;
}

export function EditableLeadField({ field, version, onSaved }: EditableLeadFieldProps): JSX.Element | null {
  const { mayWrite } = useTeam();
  const { lead } = version;
  const fieldText = getFieldText(lead, field.name);
  const socialMediaProfileUrl = getSocialMediaLinkUrl(field, fieldText);
  if (!mayWrite) {
    if (fieldText === "") return null;
    return (
      <FieldRow label={field.label} url={socialMediaProfileUrl}>
        <span class="value fixed">
          <FormattedFieldText field={field} lead={lead} text={fieldText} />
        </span>
      </FieldRow>
    );
  }
  return field.kind === "state" ? (
    <FieldWithChoiceMenu field={field} version={version} onSaved={onSaved} />
  ) : (
    <FieldWithInPlaceEditor field={field} version={version} onSaved={onSaved} profileUrl={socialMediaProfileUrl} />
  );
}

function FieldRow({
  label,
  url,
  children,
}: {
  label: ComponentChildren;
  url?: string | undefined;
  children: ComponentChildren;
}): JSX.Element {
  return (
    <div>
      <dt>{label}</dt>
      <dd class={url ? "linked" : undefined}>
        {children}
        {url ? (
          <a
            class="btn ghost icon little"
            href={url}
            target="_blank"
            rel="noreferrer"
            aria-label={`Open ${url}`}
            title={`Open ${url}`}
          >
            <Icon name="external-link" />
          </a>
        ) : null}
      </dd>
    </div>
  );
}

function FieldWithInPlaceEditor({
  field,
  version,
  onSaved,
  profileUrl,
}: EditableLeadFieldProps & { profileUrl: string | undefined }): JSX.Element {
  const { lead } = version;
  const { name, label, kind, fieldPath } = field;
  const inputId = useId();
  const { editorRef, buttonRef, prepareFocusReturn } = useInlineEditorFocus();
  const fieldEditState = useLeadFieldEdit({ name, fieldPath, version, onSaved, onClosing: prepareFocusReturn });
  const fieldLabelInSentence = formatLeadFieldLabelInSentence(field);
  const savedFieldText = getFieldText(lead, name);
  const editInputRef = useEditInputRef(fieldEditState);
  if (fieldEditState.text === undefined) {
    return (
      <FieldRow label={label} url={profileUrl}>
        <EditValueButton
          fieldName={fieldLabelInSentence}
          isEmpty={savedFieldText === ""}
          onEdit={fieldEditState.startEdit}
          buttonRef={buttonRef}
        >
          <FormattedFieldText field={field} lead={lead} text={savedFieldText} />
        </EditValueButton>
      </FieldRow>
    );
  }
  const cancelEdit = () => {
    const typedFieldText = fieldEditState.text ?? "";
    fieldEditState.cancel();
    // Escape and Cancel discard the text without asking. For the description, whose text may be long, a toast offers
    // Undo.
    if (kind === "paragraph" && typedFieldText !== savedFieldText) {
      showToast(`Changes of the ${fieldLabelInSentence} discarded`, {
        undo: () => fieldEditState.changeText(typedFieldText),
      });
    }
  };
  const fieldEditMessageElementId = `${inputId}-note`;
  return (
    <FieldRow label={kind === "businesses" ? label : <label for={inputId}>{label}</label>}>
      <ValueEditor
        frameRef={editorRef}
        lines={kind === "paragraph" ? "many" : kind === "lines" ? "few" : "one"}
        isBusy={fieldEditState.isBusy}
        onSave={() => fieldEditState.save()}
        onCancel={cancelEdit}
        onLeave={fieldEditState.handleLeave}
        note={
          <FieldEditMessage
            id={fieldEditMessageElementId}
            edit={fieldEditState}
            field={field}
            lead={lead}
            label={label}
          />
        }
      >
        <LeadFieldInput
          field={field}
          id={inputId}
          value={fieldEditState.text}
          onChange={fieldEditState.changeText}
          hasError={fieldEditState.error !== undefined}
          describedBy={fieldEditState.error || fieldEditState.conflict ? fieldEditMessageElementId : undefined}
          controlRef={editInputRef}
          isInPlace
        />
      </ValueEditor>
    </FieldRow>
  );
}

/**
 * Returns a callback ref that focuses and selects the input of an edit that starts now. An edit restored from a draft does not
 * take the focus.
 */
export function useEditInputRef(edit: LeadFieldEditState): (element: HTMLElement | null) => void {
  const wasEditingRef = useRef(edit.text !== undefined);
  useEffect(() => {
    wasEditingRef.current = edit.text !== undefined;
  });
  return useRef((element: HTMLElement | null) => {
    if (!element || wasEditingRef.current) return;
    wasEditingRef.current = true;
    element.focus();
    if (
      element instanceof HTMLTextAreaElement ||
      (element instanceof HTMLInputElement && element.type !== "checkbox")
    ) {
      element.select();
    }
  }).current;
}

/** A field with a fixed set of values: choosing from its menu saves at once. */
function FieldWithChoiceMenu({ field, version, onSaved }: EditableLeadFieldProps): JSX.Element {
  const { lead } = version;
  const fieldEditState = useLeadFieldEdit({ name: field.name, fieldPath: field.fieldPath, version, onSaved });
  const savedFieldText = getFieldText(lead, field.name);
  const fieldEditMessageElementId = useId();
  const saveChosenFieldValue = async (choice: string, previous: string) => {
    if (choice === previous) return;
    await fieldEditState.save(choice);
  };
  return (
    <FieldRow label={field.label}>
      <Menu
        label={field.label}
        trigger={(props) => (
          <EditValueButton fieldName={formatLeadFieldLabelInSentence(field)} isEmpty={false} trigger={props}>
            {fieldEditState.text ?? savedFieldText}
          </EditValueButton>
        )}
      >
        {["Active", "Inactive"].map((choice) => (
          <MenuItem
            key={choice}
            isChecked={(fieldEditState.text ?? savedFieldText) === choice}
            onSelect={() => saveChosenFieldValue(choice, savedFieldText)}
          >
            {choice}
          </MenuItem>
        ))}
      </Menu>
      <FieldEditMessage
        id={fieldEditMessageElementId}
        edit={fieldEditState}
        field={field}
        lead={lead}
        label={field.label}
      />
      {fieldEditState.text !== undefined && !fieldEditState.conflict ? (
        <p class="hint">
          <button type="button" onClick={() => fieldEditState.save()}>
            Save
          </button>
          <button type="button" onClick={fieldEditState.cancel}>
            Cancel
          </button>
        </p>
      ) : null}
    </FieldRow>
  );
}

interface FieldEditMessageProps {
  id: string;
  edit: LeadFieldEditState;
  field: Pick<LeadFieldDefinition, "kind">;
  lead: Lead;
  label: string;
}

/** A note below an edit: a conflict, an error, or that the edit is not saved yet. */
export function FieldEditMessage({ id, edit, field, lead, label }: FieldEditMessageProps): JSX.Element | null {
  const { error, conflict, isLeft, isBusy, text = "" } = edit;
  if (conflict) return <FieldEditConflictMessage {...{ id, conflict, field, lead, label, edit }} yourText={text} />;
  if (error) return <FieldEditErrorMessage id={id} fault={error} />;
  return isLeft && !isBusy && edit.text !== undefined ? <p class="small quiet unsaved">Not saved yet</p> : null;
}

export function FieldEditErrorMessage({ id, fault }: { id: string; fault: FieldEditError }): JSX.Element {
  return (
    <p class="small bad fault" id={id} role="alert">
      {fault.text}
      {fault.existing ? (
        <>
          {" "}
          <a class="link" href={buildLeadUrl(fault.existing.id)}>
            Open that lead{fault.existing.archived ? " (archived)" : ""}
          </a>
        </>
      ) : null}
    </p>
  );
}

function FieldEditConflictMessage({
  id,
  conflict,
  yourText,
  field,
  lead,
  label,
  edit,
}: FieldEditMessageProps & { conflict: FieldEditConflict; yourText: string }): JSX.Element {
  const renderFieldText = (text: string) =>
    text.trim() === "" ? <span class="quiet">None</span> : <FormattedFieldText field={field} lead={lead} text={text} />;
  return (
    <div class="note conflict" id={id} role="alert">
      <div>
        <b>{label} was changed while you typed</b>
        {conflict.by && conflict.at ? (
          <p class="quiet">
            <RelativeTime at={conflict.at} />, by <bdi>{conflict.by}</bdi>
          </p>
        ) : null}
        <dl>
          <dt>Yours</dt>
          <dd>{renderFieldText(yourText)}</dd>
          <dt>Theirs</dt>
          <dd>{renderFieldText(conflict.theirText)}</dd>
        </dl>
        <div class="row wrap">
          <button type="button" class="btn little" onClick={() => edit.save()}>
            Save yours
          </button>
          <button type="button" class="btn little ghost" onClick={edit.cancel}>
            Keep theirs
          </button>
        </div>
      </div>
    </div>
  );
}

/** The value of a field as text, formatted by the kind of the field. */
function FormattedFieldText({
  field,
  lead,
  text,
}: {
  field: Pick<LeadFieldDefinition, "kind">;
  lead: Lead;
  text: string;
}): JSX.Element {
  const { statuses, businesses } = useTeam();
  switch (field.kind) {
    case "status":
      return <bdi>{statuses.find(({ id }) => String(id) === text)?.name ?? lead.status}</bdi>;
    case "businesses": {
      const businessNames = text
        .split(",")
        .map((id) => [...businesses, ...lead.business].find((one) => String(one.id) === id)?.name ?? id);
      return <bdi>{businessNames.join(", ")}</bdi>;
    }
    case "lines":
      return (
        <span class="lines num">
          {text.split("\n").map((line) => (
            <bdi key={line}>{line}</bdi>
          ))}
        </span>
      );
    case "paragraph":
      return <bdi class="paragraph">{text}</bdi>;
    default:
      return (
        <bdi class="cut" title={text}>
          {text}
        </bdi>
      );
  }
}

/**
 * Returns the URL of a social media profile. A missing scheme is taken as https. Text that is not a URL, or has another scheme
 * than http or https, gets no link; nor do other fields.
 */
function getSocialMediaLinkUrl({ fieldPath }: LeadFieldDefinition, text: string): string | undefined {
  if (!fieldPath.startsWith("socialMedia.")) return undefined;
  const hasHttpScheme = /^https?:\/\//i.test(text);
  if (!hasHttpScheme && !/^[\w.-]+\.[a-z]{2,}(\/|$)/i.test(text)) return undefined;
  const socialMediaProfileUrl = hasHttpScheme ? text : `https://${text}`;
  return URL.canParse(socialMediaProfileUrl) ? socialMediaProfileUrl : undefined;
}
