// One field of a lead: shown as text, edited in place, with notes about errors and conflicts.

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import type { Lead } from "../app/api";
import { useTeam } from "../app/team";
import { Icon } from "../ui/icon";
import { Menu, MenuItem } from "../ui/menu";
import { RelativeTime } from "../ui/time";
import { showToast } from "../ui/toast";
import { useEditorFocus, ValueButton, ValueEditor } from "../ui/value";
import { type EditConflict, type FieldEditError, type LeadFieldEditState, useLeadFieldEdit } from "./lead-edit";
import { formatLabelInSentence, getFieldText, type LeadField, LeadFieldInput } from "./lead-fields";
import type { LeadVersion } from "./lead-save";
import { buildLeadUrl } from "./open-lead";

interface EditableLeadFieldProps {
  field: LeadField;
  version: LeadVersion;
  onSaved: (version: LeadVersion) => void;
}

export function EditableLeadField({ field, version, onSaved }: EditableLeadFieldProps): JSX.Element | null {
  const { mayWrite } = useTeam();
  const { lead } = version;
  const fieldText = getFieldText(lead, field.name);
  const profileUrl = parseProfileUrl(field, fieldText);
  if (!mayWrite) {
    if (fieldText === "") return null;
    return (
      <FieldRow label={field.label} url={profileUrl}>
        <span class="value fixed">
          <FormattedFieldText field={field} lead={lead} text={fieldText} />
        </span>
      </FieldRow>
    );
  }
  return field.kind === "state" ? (
    <MenuFieldValue field={field} version={version} onSaved={onSaved} />
  ) : (
    <TextFieldValue field={field} version={version} onSaved={onSaved} profileUrl={profileUrl} />
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

function TextFieldValue({
  field,
  version,
  onSaved,
  profileUrl,
}: EditableLeadFieldProps & { profileUrl: string | undefined }): JSX.Element {
  const { lead } = version;
  const { name, label, kind, fieldPath } = field;
  const inputId = useId();
  const { editorRef, buttonRef, prepareFocusReturn } = useEditorFocus();
  const fieldEdit = useLeadFieldEdit({ name, fieldPath, version, onSaved, onClosing: prepareFocusReturn });
  const fieldLabel = formatLabelInSentence(field);
  const savedText = getFieldText(lead, name);
  const controlRef = useEditInputRef(fieldEdit);
  if (fieldEdit.text === undefined) {
    return (
      <FieldRow label={label} url={profileUrl}>
        <ValueButton
          fieldName={fieldLabel}
          isEmpty={savedText === ""}
          onEdit={fieldEdit.startEdit}
          buttonRef={buttonRef}
        >
          <FormattedFieldText field={field} lead={lead} text={savedText} />
        </ValueButton>
      </FieldRow>
    );
  }
  const cancelEdit = () => {
    const typedText = fieldEdit.text ?? "";
    fieldEdit.cancel();
    // Escape discards the text at once, so a long text can be restored with Undo.
    if (kind === "paragraph" && typedText !== savedText) {
      showToast(`Changes of the ${fieldLabel} discarded`, { undo: () => fieldEdit.changeText(typedText) });
    }
  };
  const noteId = `${inputId}-note`;
  return (
    <FieldRow label={kind === "businesses" ? label : <label for={inputId}>{label}</label>}>
      <ValueEditor
        frameRef={editorRef}
        lines={kind === "paragraph" ? "many" : kind === "lines" ? "few" : "one"}
        isBusy={fieldEdit.isBusy}
        onSave={() => fieldEdit.save()}
        onCancel={cancelEdit}
        onLeave={fieldEdit.handleLeave}
        note={<EditNotes id={noteId} edit={fieldEdit} field={field} lead={lead} label={label} />}
      >
        <LeadFieldInput
          field={field}
          id={inputId}
          value={fieldEdit.text}
          onChange={fieldEdit.changeText}
          hasError={fieldEdit.error !== undefined}
          describedBy={fieldEdit.error || fieldEdit.conflict ? noteId : undefined}
          controlRef={controlRef}
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
function MenuFieldValue({ field, version, onSaved }: EditableLeadFieldProps): JSX.Element {
  const { lead } = version;
  const fieldEdit = useLeadFieldEdit({ name: field.name, fieldPath: field.fieldPath, version, onSaved });
  const savedText = getFieldText(lead, field.name);
  const noteId = useId();
  const saveChoice = async (choice: string, previous: string) => {
    if (choice === previous) return;
    await fieldEdit.save(choice);
  };
  return (
    <FieldRow label={field.label}>
      <Menu
        label={field.label}
        trigger={(props) => (
          <ValueButton fieldName={formatLabelInSentence(field)} isEmpty={false} trigger={props}>
            {fieldEdit.text ?? savedText}
          </ValueButton>
        )}
      >
        {["Active", "Inactive"].map((choice) => (
          <MenuItem
            key={choice}
            isChecked={(fieldEdit.text ?? savedText) === choice}
            onSelect={() => saveChoice(choice, savedText)}
          >
            {choice}
          </MenuItem>
        ))}
      </Menu>
      <EditNotes id={noteId} edit={fieldEdit} field={field} lead={lead} label={field.label} />
      {fieldEdit.text !== undefined && !fieldEdit.conflict ? (
        <p class="hint">
          <button type="button" onClick={() => fieldEdit.save()}>
            Save
          </button>
          <button type="button" onClick={fieldEdit.cancel}>
            Cancel
          </button>
        </p>
      ) : null}
    </FieldRow>
  );
}

interface EditNotesProps {
  id: string;
  edit: LeadFieldEditState;
  field: Pick<LeadField, "kind">;
  lead: Lead;
  label: string;
}

/** A note below an edit: a conflict, an error, or that the edit is not saved yet. */
export function EditNotes({ id, edit, field, lead, label }: EditNotesProps): JSX.Element | null {
  const { error, conflict, isLeft, isBusy, text = "" } = edit;
  if (conflict) return <ConflictNote {...{ id, conflict, field, lead, label, edit }} yourText={text} />;
  if (error) return <EditErrorNote id={id} fault={error} />;
  return isLeft && !isBusy && edit.text !== undefined ? <p class="small quiet unsaved">Not saved yet</p> : null;
}

export function EditErrorNote({ id, fault }: { id: string; fault: FieldEditError }): JSX.Element {
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

function ConflictNote({
  id,
  conflict,
  yourText,
  field,
  lead,
  label,
  edit,
}: EditNotesProps & { conflict: EditConflict; yourText: string }): JSX.Element {
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
  field: Pick<LeadField, "kind">;
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
 * than http or https, gets no link.
 */
function parseProfileUrl({ fieldPath }: LeadField, text: string): string | undefined {
  if (!fieldPath.startsWith("socialMedia.")) return undefined;
  const hasScheme = /^https?:\/\//i.test(text);
  if (!hasScheme && !/^[\w.-]+\.[a-z]{2,}(\/|$)/i.test(text)) return undefined;
  const profileUrl = hasScheme ? text : `https://${text}`;
  return URL.canParse(profileUrl) ? profileUrl : undefined;
}
