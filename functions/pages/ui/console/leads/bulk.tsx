// The toolbar for selected leads, the dialog that edits a field of them, and the progress dialog. The toolbar floats above the
// list, so that no row moves when it appears.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { LIMITS } from "../app/contract-values";
import { useTeam } from "../app/team";
import { Dialog } from "../ui/dialog";
import { createSubmitHandler, FormField } from "../ui/field";
import { Icon } from "../ui/icon";
import { Popover } from "../ui/menu";
import { StatusMenu } from "../ui/status";
import { formatCount } from "../ui/time";
import { type BulkActionRunner, type BulkEditableFieldName, bulkProgressSignal, formatLeadCount } from "./bulk-actions";

interface BulkToolbarProps {
  actions: BulkActionRunner;
  /** Whether the list shows archived leads. */
  archived: boolean;
}

export function BulkToolbar({ actions, archived }: BulkToolbarProps): JSX.Element | null {
  const { selection, pages } = actions;
  const [isEditing, setIsEditing] = useState(false);
  const { size } = selection;
  if (size === 0) return null;
  const { isInverted } = selection.state.value;
  const isReadingSelectedLeads = isInverted && pages.hasMore;
  return (
    <>
      <div class="bulk" role="toolbar" aria-label={`${formatCount(size)} selected`}>
        <b class="num">
          {formatCount(size)}
          <span class="wide"> selected</span>
        </b>
        {isReadingSelectedLeads ? (
          <span class="small quiet num wide">{formatCount(pages.items.length)} read</span>
        ) : null}
        <i />
        <Popover
          popupRole="listbox"
          trigger={(props) => (
            <button type="button" class="btn ghost" aria-keyshortcuts="s" title="Status (S)" {...props}>
              <Icon name="circle" />
              Status
            </button>
          )}
        >
          {(close) => (
            <StatusMenu
              onChoose={(status) => {
                close();
                actions.move(status);
              }}
            />
          )}
        </Popover>
        <button type="button" class="btn ghost" onClick={() => setIsEditing(true)}>
          <Icon name="pencil" />
          Edit
        </button>
        <button
          type="button"
          class="btn ghost"
          aria-keyshortcuts="e"
          title={archived ? "Restore (E)" : "Archive (E)"}
          onClick={() => actions.archive(!archived)}
        >
          <Icon name={archived ? "archive-restore" : "archive"} />
          {archived ? "Restore" : "Archive"}
        </button>
        <button type="button" class="btn ghost" onClick={() => actions.delete()}>
          <Icon name="trash-2" />
          Delete
        </button>
        <i />
        <button
          type="button"
          class="btn icon ghost"
          aria-label="Clear the selection (Escape)"
          title="Clear the selection (Escape)"
          onClick={() => selection.clear()}
        >
          <Icon name="x" />
        </button>
      </div>
      {isEditing ? <BulkEditDialog actions={actions} onClose={() => setIsEditing(false)} /> : null}
    </>
  );
}

const BULK_EDIT_FIELD_TITLES: Record<BulkEditableFieldName, string> = {
  business: "Business",
  source: "Source",
  state: "State",
  company: "Company",
  position: "Position",
  location: "Location",
};

function BulkEditDialog({ actions, onClose }: { actions: BulkActionRunner; onClose: () => void }): JSX.Element {
  const { businesses } = useTeam();
  const [editedField, setEditedField] = useState<BulkEditableFieldName>("business");
  const [fieldText, setFieldText] = useState("");
  const [leadState, setLeadState] = useState<"Active" | "Inactive">("Active");
  const [chosenBusinessIds, setChosenBusinessIds] = useState<number[]>([]);
  const leadCountText = formatLeadCount(actions.selection.size);
  const startBulkEdit = () => {
    onClose();
    const fieldTitle = BULK_EDIT_FIELD_TITLES[editedField].toLowerCase();
    if (editedField === "business") {
      actions.edit(
        editedField,
        businesses.filter(({ id }) => chosenBusinessIds.includes(id)),
        fieldTitle,
      );
    } else if (editedField === "state") actions.edit(editedField, leadState, fieldTitle);
    else actions.edit(editedField, fieldText.trim(), fieldTitle);
  };
  return (
    <Dialog title={`Edit ${leadCountText}`} onClose={onClose}>
      <form class="editor" onSubmit={createSubmitHandler(startBulkEdit)}>
        <FormField label="Field">
          {(ids) => (
            <span class="select">
              <select
                {...ids}
                value={editedField}
                onInput={({ currentTarget }) => setEditedField(currentTarget.value as BulkEditableFieldName)}
              >
                {Object.entries(BULK_EDIT_FIELD_TITLES).map(([name, title]) => (
                  <option key={name} value={name}>
                    {title}
                  </option>
                ))}
              </select>
              <Icon name="chevron-down" />
            </span>
          )}
        </FormField>
        {editedField === "business" ? (
          <fieldset class="options">
            <legend class="unseen">Business</legend>
            {businesses.length === 0 ? <p class="quiet">The team has no businesses yet.</p> : null}
            {businesses.map(({ id, name }) => (
              <label key={id} class="item">
                <input
                  type="checkbox"
                  checked={chosenBusinessIds.includes(id)}
                  onInput={({ currentTarget: { checked } }) =>
                    setChosenBusinessIds(
                      checked ? [...chosenBusinessIds, id] : chosenBusinessIds.filter((other) => other !== id),
                    )
                  }
                />
                <span class="cut" title={name}>
                  <bdi>{name}</bdi>
                </span>
              </label>
            ))}
          </fieldset>
        ) : editedField === "state" ? (
          <FormField label="State">
            {(ids) => (
              <span class="select">
                <select
                  {...ids}
                  value={leadState}
                  onInput={({ currentTarget }) => setLeadState(currentTarget.value as "Active" | "Inactive")}
                >
                  <option>Active</option>
                  <option>Inactive</option>
                </select>
                <Icon name="chevron-down" />
              </span>
            )}
          </FormField>
        ) : (
          <FormField label={BULK_EDIT_FIELD_TITLES[editedField]} hint="Empty clears it.">
            {(ids) => (
              <input
                {...ids}
                class="input"
                maxLength={LIMITS.maxTextChars}
                value={fieldText}
                onInput={({ currentTarget }) => setFieldText(currentTarget.value)}
              />
            )}
          </FormField>
        )}
        <div class="actions">
          <button type="button" class="btn ghost" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="btn primary">
            Change {leadCountText}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

export function BulkProgressDialog(): JSX.Element | null {
  const bulkProgressState = bulkProgressSignal.value;
  if (!bulkProgressState) return null;
  const { title, done, total, note, stop } = bulkProgressState;
  return (
    <Dialog title={title}>
      <p class="quiet num" role="status">
        {formatCount(done)} of {formatCount(total)}
      </p>
      <svg
        class="meter"
        viewBox={`0 0 ${Math.max(total, 1)} 1`}
        preserveAspectRatio="none"
        role="progressbar"
        aria-label="Leads done"
        aria-valuemin={0}
        aria-valuemax={total}
        aria-valuenow={done}
      >
        <rect width={done} height="1" />
      </svg>
      <div class="row">
        <button type="button" class="btn" onClick={stop}>
          Stop
        </button>
        <span class="small quiet">{note}</span>
      </div>
    </Dialog>
  );
}
