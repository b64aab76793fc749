// The head of a lead: photo, name, position and company, status, and links to call or write to the person.

import type { JSX } from "preact";
import { useId } from "preact/hooks";
import { describeError, type Lead, type LeadStatus } from "../app/api";
import { LIMITS } from "../app/contract-values";
import { useTeam } from "../app/team";
import { getDisplayName } from "../ui/face";
import { Icon } from "../ui/icon";
import { Menu, MenuItem } from "../ui/menu";
import { StatusPill } from "../ui/status";
import { showFailureAlert, showToast } from "../ui/toast";
import { useInlineEditorFocus, ValueEditor } from "../ui/value";
import { useLeadFieldEdit } from "./lead-edit";
import { type LeadWithEtag, saveLeadField } from "./lead-save";
import { FieldEditMessage, useEditInputRef } from "./lead-value";
import { LeadPhotoEditor } from "./photo";

interface LeadHeadProps {
  version: LeadWithEtag;
  onSaved: (version: LeadWithEtag) => void;
  /** Reads the lead again. */
  refresh: () => void;
  /** Level of the name's heading: 1 on the lead's own page, 2 in the panel, beside a screen that has the `h1`. */
  level: 1 | 2;
}

export function LeadHead({ version, onSaved, refresh, level }: LeadHeadProps): JSX.Element {
  const { lead } = version;
  const positionAtCompanyText = [lead.position, lead.company].filter(Boolean).join(" at ");
  return (
    <div class="top">
      <LeadPhotoEditor lead={lead} onChanged={refresh} />
      <div class="names">
        <EditableLeadName version={version} onSaved={onSaved} level={level} />
        {positionAtCompanyText ? (
          <p class="quiet cut" title={positionAtCompanyText}>
            <bdi>{positionAtCompanyText}</bdi>
          </p>
        ) : null}
      </div>
      <div class="row wrap props">
        <LeadStatusPill version={version} onSaved={onSaved} />
        <ContactLinks lead={lead} />
      </div>
    </div>
  );
}

function EditableLeadName({ version, onSaved, level }: Omit<LeadHeadProps, "refresh">): JSX.Element {
  const { mayWrite } = useTeam();
  const { lead } = version;
  const fieldEditMessageElementId = useId();
  const { editorRef, buttonRef, prepareFocusReturn } = useInlineEditorFocus();
  const nameEditState = useLeadFieldEdit({
    name: "fullName",
    fieldPath: "firstName",
    version,
    onSaved,
    onClosing: prepareFocusReturn,
  });
  const nameInputRef = useEditInputRef(nameEditState);
  const HeadingTag = level === 1 ? "h1" : "h2";
  const leadName = getDisplayName(lead);
  if (nameEditState.text === undefined || !mayWrite) {
    return (
      <div class="name">
        <HeadingTag class="huge clamp" title={leadName}>
          <bdi>{leadName}</bdi>
        </HeadingTag>
        {/* The button is beside the heading, because a button within the heading would become part of the heading's accessible name. */}
        {mayWrite ? (
          <button
            ref={buttonRef}
            type="button"
            class="cover"
            aria-label={`Edit name: ${leadName}`}
            onClick={nameEditState.startEdit}
          />
        ) : null}
      </div>
    );
  }
  const [firstName = "", lastName = ""] = nameEditState.text.split("\n");
  const renderNameInput = (label: string, value: string, change: (value: string) => string, first = false) => (
    <input
      ref={first ? nameInputRef : null}
      class="input"
      aria-label={label}
      placeholder={label}
      maxLength={LIMITS.maxNameChars}
      autocomplete="off"
      value={value}
      aria-invalid={nameEditState.error !== undefined || undefined}
      aria-describedby={nameEditState.error ? fieldEditMessageElementId : undefined}
      onInput={({ currentTarget }) => nameEditState.changeText(change(currentTarget.value))}
    />
  );
  return (
    <ValueEditor
      frameRef={editorRef}
      lines="one"
      isBusy={nameEditState.isBusy}
      onSave={() => nameEditState.save()}
      onCancel={nameEditState.cancel}
      onLeave={nameEditState.handleLeave}
      note={
        <FieldEditMessage
          id={fieldEditMessageElementId}
          edit={nameEditState}
          field={{ kind: "text" }}
          lead={lead}
          label="Name"
        />
      }
    >
      <HeadingTag class="unseen">{leadName}</HeadingTag>
      <div class="pair">
        {renderNameInput("First name", firstName, (text) => `${text}\n${lastName}`, true)}
        {renderNameInput("Last name", lastName, (text) => `${firstName}\n${text}`)}
      </div>
    </ValueEditor>
  );
}

function LeadStatusPill({ version, onSaved }: Pick<LeadHeadProps, "version" | "onSaved">): JSX.Element {
  const { statuses, mayWrite } = useTeam();
  const { lead } = version;
  const fieldEditMessageElementId = useId();
  const statusEditState = useLeadFieldEdit({ name: "statusId", fieldPath: "statusId", version, onSaved });
  const shownStatusId = statusEditState.text === undefined ? lead.statusId : Number(statusEditState.text);
  const shownStatus = statuses.find(({ id }) => id === shownStatusId) ?? {
    id: lead.statusId,
    name: lead.status,
    primaryColor: "gray",
  };
  const changeLeadStatus = async (to: LeadStatus) => {
    if (to.id === lead.statusId) return statusEditState.cancel();
    const savedLeadWithEtag = await statusEditState.save(String(to.id));
    if (!savedLeadWithEtag) return;
    const fieldEditForUndo = { text: String(lead.statusId), base: String(to.id), etag: savedLeadWithEtag.etag };
    const undoStatusChange = async () => {
      try {
        const { version, isConflict } = await saveLeadField(lead.id, "statusId", fieldEditForUndo);
        onSaved(version);
        if (isConflict)
          showFailureAlert(`${getDisplayName(lead)} stays ${version.lead.status}: somebody else has moved it since.`);
      } catch (error) {
        showFailureAlert(`${getDisplayName(lead)} stays ${to.name}. ${describeError(error)}`);
      }
    };
    showToast(`${getDisplayName(lead)} moved to ${to.name}`, { undo: undoStatusChange });
  };
  return (
    <>
      <StatusPill status={shownStatus as LeadStatus} {...(mayWrite ? { onChange: changeLeadStatus } : {})} />
      {statusEditState.error || statusEditState.conflict ? (
        <div class="whole">
          <FieldEditMessage
            id={fieldEditMessageElementId}
            edit={statusEditState}
            field={{ kind: "status" }}
            lead={lead}
            label="Status"
          />
          {statusEditState.error ? (
            <p class="hint">
              <button type="button" onClick={() => statusEditState.save()}>
                Try again
              </button>
              <button type="button" onClick={statusEditState.cancel}>
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
  const [firstNumber, ...otherNumbers] = lead.phoneNumber;
  if (!firstNumber && !lead.email) return null;
  const callButtonContent = (
    <>
      <Icon name="phone" />
      <span class="slim">Call</span>
    </>
  );
  return (
    <div class="row acts">
      {firstNumber && otherNumbers.length === 0 ? (
        <a
          class="btn ghost icon"
          href={buildTelUrl(firstNumber)}
          aria-label={`Call ${firstNumber}`}
          title={`Call ${firstNumber}`}
        >
          {callButtonContent}
        </a>
      ) : firstNumber ? (
        <Menu
          label="Call"
          trigger={(props) => (
            <button {...props} type="button" class="btn ghost icon" aria-label="Call" title="Call">
              {callButtonContent}
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
