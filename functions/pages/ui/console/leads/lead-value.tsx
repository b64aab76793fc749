// One field of a lead: shown as text, edited in place, with notes about errors and conflicts.

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import type { Lead } from "../app/api";
import { useTeam } from "../app/team";
import { Icon } from "../ui/icon";
import { Menu, MenuItem } from "../ui/menu";
import { RelativeTime } from "../ui/time";
import { notify } from "../ui/toast";
import { useEditorFocus, ValueButton, ValueEditor } from "../ui/value";
import { type Conflict, type Fault, type LeadEdit, useLeadEdit } from "./lead-edit";
import { type LeadField, LeadInput, labelInSentence, textOf } from "./lead-fields";
import type { LeadVersion } from "./lead-save";
import { leadHref } from "./open-lead";

interface Props {
  field: LeadField;
  version: LeadVersion;
  onSaved: (version: LeadVersion) => void;
}

export function LeadValue({ field, version, onSaved }: Props): JSX.Element | null {
  const { mayWrite } = useTeam();
  const { lead } = version;
  const text = textOf(lead, field.name);
  const address = webAddress(field, text);
  if (!mayWrite) {
    if (text === "") return null;
    return (
      <Row label={field.label} address={address}>
        <span class="value fixed">
          <ValueText field={field} lead={lead} text={text} />
        </span>
      </Row>
    );
  }
  return field.kind === "state" ? (
    <ChosenValue field={field} version={version} onSaved={onSaved} />
  ) : (
    <TypedValue field={field} version={version} onSaved={onSaved} address={address} />
  );
}

function Row({
  label,
  address,
  children,
}: {
  label: ComponentChildren;
  address?: string | undefined;
  children: ComponentChildren;
}): JSX.Element {
  return (
    <div>
      <dt>{label}</dt>
      <dd class={address ? "linked" : undefined}>
        {children}
        {address ? (
          <a
            class="btn ghost icon little"
            href={address}
            target="_blank"
            rel="noreferrer"
            aria-label={`Open ${address}`}
            title={`Open ${address}`}
          >
            <Icon name="external-link" />
          </a>
        ) : null}
      </dd>
    </div>
  );
}

function TypedValue({ field, version, onSaved, address }: Props & { address: string | undefined }): JSX.Element {
  const { lead } = version;
  const { name, label, kind, column } = field;
  const id = useId();
  const { editorRef, buttonRef, rememberFocus } = useEditorFocus();
  const edit = useLeadEdit({ name, column, version, onSaved, onClosing: rememberFocus });
  const what = labelInSentence(field);
  const text = textOf(lead, name);
  const control = useFirstFocus(edit);
  if (edit.text === undefined) {
    return (
      <Row label={label} address={address}>
        <ValueButton fieldName={what} isEmpty={text === ""} onEdit={edit.begin} button={buttonRef}>
          <ValueText field={field} lead={lead} text={text} />
        </ValueButton>
      </Row>
    );
  }
  const cancel = () => {
    const typed = edit.text ?? "";
    edit.cancel();
    // Escape discards the text at once, so a long text can be restored with Undo.
    if (kind === "paragraph" && typed !== text) {
      notify(`Changes of the ${what} discarded`, { undo: () => edit.change(typed) });
    }
  };
  const noteId = `${id}-note`;
  return (
    <Row label={kind === "businesses" ? label : <label for={id}>{label}</label>}>
      <ValueEditor
        frameRef={editorRef}
        lines={kind === "paragraph" ? "many" : kind === "lines" ? "few" : "one"}
        isBusy={edit.isBusy}
        onSave={() => edit.save()}
        onCancel={cancel}
        onLeave={edit.leave}
        note={<EditNotes id={noteId} edit={edit} field={field} lead={lead} label={label} />}
      >
        <LeadInput
          field={field}
          id={id}
          value={edit.text}
          onChange={edit.change}
          fault={edit.fault !== undefined}
          describedBy={edit.fault || edit.conflict ? noteId : undefined}
          control={control}
          editing
        />
      </ValueEditor>
    </Row>
  );
}

/**
 * Returns a callback ref that focuses and selects the input of an edit that starts now. An edit restored from a draft does not
 * take the focus.
 */
export function useFirstFocus(edit: LeadEdit): (element: HTMLElement | null) => void {
  const begun = useRef(edit.text !== undefined);
  useEffect(() => {
    begun.current = edit.text !== undefined;
  });
  return useRef((element: HTMLElement | null) => {
    if (!element || begun.current) return;
    begun.current = true;
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
function ChosenValue({ field, version, onSaved }: Props): JSX.Element {
  const { lead } = version;
  const edit = useLeadEdit({ name: field.name, column: field.column, version, onSaved });
  const text = textOf(lead, field.name);
  const noteId = useId();
  const save = async (choice: string, previous: string) => {
    if (choice === previous) return;
    await edit.save(choice);
  };
  return (
    <Row label={field.label}>
      <Menu
        label={field.label}
        trigger={(props) => (
          <ValueButton fieldName={labelInSentence(field)} isEmpty={false} trigger={props}>
            {edit.text ?? text}
          </ValueButton>
        )}
      >
        {["Active", "Inactive"].map((choice) => (
          <MenuItem key={choice} isChecked={(edit.text ?? text) === choice} onSelect={() => save(choice, text)}>
            {choice}
          </MenuItem>
        ))}
      </Menu>
      <EditNotes id={noteId} edit={edit} field={field} lead={lead} label={field.label} />
      {edit.text !== undefined && !edit.conflict ? (
        <p class="hint">
          <button type="button" onClick={() => edit.save()}>
            Save
          </button>
          <button type="button" onClick={edit.cancel}>
            Cancel
          </button>
        </p>
      ) : null}
    </Row>
  );
}

interface NotesProps {
  id: string;
  edit: LeadEdit;
  field: Pick<LeadField, "kind">;
  lead: Lead;
  label: string;
}

/** A note below an edit: a conflict, an error, or that the edit is not saved yet. */
export function EditNotes({ id, edit, field, lead, label }: NotesProps): JSX.Element | null {
  const { fault, conflict, isLeft, isBusy, text = "" } = edit;
  if (conflict) return <ConflictNote {...{ id, conflict, field, lead, label, edit }} yours={text} />;
  if (fault) return <FaultNote id={id} fault={fault} />;
  return isLeft && !isBusy && edit.text !== undefined ? <p class="small quiet unsaved">Not saved yet</p> : null;
}

export function FaultNote({ id, fault }: { id: string; fault: Fault }): JSX.Element {
  return (
    <p class="small bad fault" id={id} role="alert">
      {fault.text}
      {fault.existing ? (
        <>
          {" "}
          <a class="link" href={leadHref(fault.existing.id)}>
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
  yours,
  field,
  lead,
  label,
  edit,
}: NotesProps & { conflict: Conflict; yours: string }): JSX.Element {
  const read = (text: string) =>
    text.trim() === "" ? <span class="quiet">None</span> : <ValueText field={field} lead={lead} text={text} />;
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
          <dd>{read(yours)}</dd>
          <dt>Theirs</dt>
          <dd>{read(conflict.theirs)}</dd>
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
function ValueText({ field, lead, text }: { field: Pick<LeadField, "kind">; lead: Lead; text: string }): JSX.Element {
  const { statuses, businesses } = useTeam();
  switch (field.kind) {
    case "status":
      return <bdi>{statuses.find(({ id }) => String(id) === text)?.name ?? lead.status}</bdi>;
    case "businesses": {
      const names = text
        .split(",")
        .map((id) => [...businesses, ...lead.business].find((one) => String(one.id) === id)?.name ?? id);
      return <bdi>{names.join(", ")}</bdi>;
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
function webAddress({ column }: LeadField, text: string): string | undefined {
  if (!column.startsWith("socialMedia.")) return undefined;
  const hasScheme = /^https?:\/\//i.test(text);
  if (!hasScheme && !/^[\w.-]+\.[a-z]{2,}(\/|$)/i.test(text)) return undefined;
  const address = hasScheme ? text : `https://${text}`;
  return URL.canParse(address) ? address : undefined;
}
