// The head of a lead: photo, name, position and company, status, and links to call or write to the person.

import type { JSX } from "preact";
import { useId } from "preact/hooks";
import { describeError, type Lead, type Status } from "../app/api";
import { LIMITS } from "../app/contract-values";
import { useTeam } from "../app/team";
import { fullName } from "../ui/face";
import { Icon } from "../ui/icon";
import { Menu, MenuItem } from "../ui/menu";
import { StatusPill } from "../ui/status";
import { notify, reportFailure } from "../ui/toast";
import { useEditorFocus, ValueEditor } from "../ui/value";
import { useLeadEdit } from "./lead-edit";
import { type LeadVersion, saveField } from "./lead-save";
import { EditNotes, useFirstFocus } from "./lead-value";
import { LeadPhoto } from "./photo";

interface Props {
  version: LeadVersion;
  onSaved: (version: LeadVersion) => void;
  /** Reads the lead again. */
  refresh: () => void;
  /** Level of the name's heading: 1 on the lead's own page, 2 in the panel, beside a screen that has the `h1`. */
  level: 1 | 2;
}

export function LeadHead({ version, onSaved, refresh, level }: Props): JSX.Element {
  const { lead } = version;
  const positionAtCompany = [lead.position, lead.company].filter(Boolean).join(" at ");
  return (
    <div class="top">
      <LeadPhoto lead={lead} onChanged={refresh} />
      <div class="names">
        <LeadName version={version} onSaved={onSaved} level={level} />
        {positionAtCompany ? (
          <p class="quiet cut" title={positionAtCompany}>
            <bdi>{positionAtCompany}</bdi>
          </p>
        ) : null}
      </div>
      <div class="row wrap props">
        <LeadStatus version={version} onSaved={onSaved} />
        <ContactLinks lead={lead} />
      </div>
    </div>
  );
}

function LeadName({ version, onSaved, level }: Omit<Props, "refresh">): JSX.Element {
  const { mayWrite } = useTeam();
  const { lead } = version;
  const notesId = useId();
  const { editorRef, buttonRef, rememberFocus } = useEditorFocus();
  const edit = useLeadEdit({ name: "fullName", column: "firstName", version, onSaved, onClosing: rememberFocus });
  const nameInputRef = useFirstFocus(edit);
  const Heading = level === 1 ? "h1" : "h2";
  const leadName = fullName(lead);
  if (edit.text === undefined || !mayWrite) {
    return (
      <div class="name">
        <Heading class="huge clamp" title={leadName}>
          <bdi>{leadName}</bdi>
        </Heading>
        {/* The button is beside the heading, because a button within the heading would become part of the heading's accessible name. */}
        {mayWrite ? (
          <button
            ref={buttonRef}
            type="button"
            class="cover"
            aria-label={`Edit name: ${leadName}`}
            onClick={edit.startEdit}
          />
        ) : null}
      </div>
    );
  }
  const [firstName = "", lastName = ""] = edit.text.split("\n");
  const renderInput = (label: string, value: string, change: (value: string) => string, first = false) => (
    <input
      ref={first ? nameInputRef : null}
      class="input"
      aria-label={label}
      placeholder={label}
      maxLength={LIMITS.maxNameChars}
      autocomplete="off"
      value={value}
      aria-invalid={edit.error !== undefined || undefined}
      aria-describedby={edit.error ? notesId : undefined}
      onInput={({ currentTarget }) => edit.changeText(change(currentTarget.value))}
    />
  );
  return (
    <ValueEditor
      frameRef={editorRef}
      lines="one"
      isBusy={edit.isBusy}
      onSave={() => edit.save()}
      onCancel={edit.cancel}
      onLeave={edit.handleLeave}
      note={<EditNotes id={notesId} edit={edit} field={{ kind: "text" }} lead={lead} label="Name" />}
    >
      <Heading class="unseen">{leadName}</Heading>
      <div class="pair">
        {renderInput("First name", firstName, (text) => `${text}\n${lastName}`, true)}
        {renderInput("Last name", lastName, (text) => `${firstName}\n${text}`)}
      </div>
    </ValueEditor>
  );
}

function LeadStatus({ version, onSaved }: Pick<Props, "version" | "onSaved">): JSX.Element {
  const { statuses, mayWrite } = useTeam();
  const { lead } = version;
  const notesId = useId();
  const edit = useLeadEdit({ name: "statusId", column: "statusId", version, onSaved });
  const shownId = edit.text === undefined ? lead.statusId : Number(edit.text);
  const status = statuses.find(({ id }) => id === shownId) ?? {
    id: lead.statusId,
    name: lead.status,
    primaryColor: "gray",
  };
  const moveTo = async (to: Status) => {
    if (to.id === lead.statusId) return edit.cancel();
    const savedVersion = await edit.save(String(to.id));
    if (!savedVersion) return;
    const reverseEdit = { text: String(lead.statusId), base: String(to.id), etag: savedVersion.etag };
    const undo = async () => {
      try {
        const { version, isConflict } = await saveField(lead.id, "statusId", reverseEdit);
        onSaved(version);
        if (isConflict)
          reportFailure(`${fullName(lead)} stays ${version.lead.status}: somebody else has moved it since.`);
      } catch (error) {
        reportFailure(`${fullName(lead)} stays ${to.name}. ${describeError(error)}`);
      }
    };
    notify(`${fullName(lead)} moved to ${to.name}`, { undo });
  };
  return (
    <>
      <StatusPill status={status as Status} {...(mayWrite ? { onChange: moveTo } : {})} />
      {edit.error || edit.conflict ? (
        <div class="whole">
          <EditNotes id={notesId} edit={edit} field={{ kind: "status" }} lead={lead} label="Status" />
          {edit.error ? (
            <p class="hint">
              <button type="button" onClick={() => edit.save()}>
                Try again
              </button>
              <button type="button" onClick={edit.cancel}>
                Cancel
              </button>
            </p>
          ) : null}
        </div>
      ) : null}
    </>
  );
}

const buildTelUrl = (number: string): string => `tel:${number.replace(/[^\d+*#]/g, "")}`;
const buildMailtoUrl = (address: string): string => `mailto:${encodeURIComponent(address).replace("%40", "@")}`;

function ContactLinks({ lead }: { lead: Lead }): JSX.Element | null {
  const [number, ...others] = lead.phoneNumber;
  if (!number && !lead.email) return null;
  const callContent = (
    <>
      <Icon name="phone" />
      <span class="slim">Call</span>
    </>
  );
  return (
    <div class="row acts">
      {number && others.length === 0 ? (
        <a class="btn ghost icon" href={buildTelUrl(number)} aria-label={`Call ${number}`} title={`Call ${number}`}>
          {callContent}
        </a>
      ) : number ? (
        <Menu
          label="Call"
          trigger={(props) => (
            <button {...props} type="button" class="btn ghost icon" aria-label="Call" title="Call">
              {callContent}
            </button>
          )}
        >
          {lead.phoneNumber.map((number) => (
            <MenuItem
              key={number}
              onSelect={() => {
                location.href = buildTelUrl(number);
              }}
            >
              {number}
            </MenuItem>
          ))}
        </Menu>
      ) : null}
      {lead.email ? (
        <a
          class="btn ghost icon"
          href={buildMailtoUrl(lead.email)}
          aria-label="Write an e-mail"
          title={`Write to ${lead.email}`}
        >
          <Icon name="mail" />
          <span class="slim">E-mail</span>
        </a>
      ) : null}
    </div>
  );
}
