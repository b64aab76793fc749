// The settings section of the team's statuses: renaming, colours, and their order on the board, which is changed by drag and
// drop or by buttons.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { api, describeError, getDataOrThrow, type LeadStatus, type StatusColor } from "../app/api";
import { LIMITS } from "../app/contract-values";
import { useTeam } from "../app/team";
import { confirmAction } from "../ui/dialog";
import { Icon } from "../ui/icon";
import { Menu, MenuItem, MoreMenu } from "../ui/menu";
import { StatusDot } from "../ui/status";
import { awaitRequestAndShowOutcome, showFailureAlert, showToast } from "../ui/toast";
import { EditableName } from "./editable";
import { CreateNamedItemDialog } from "./name-dialog";
import { SettingsSection } from "./section";

type EditableStatusFields = Pick<LeadStatus, "name" | "primaryColor">;

export function StatusesSection(): JSX.Element {
  const { statuses, colors, isOwner, reload } = useTeam();
  /** The order that the user is creating by a drag. `undefined` when the stored order is shown. */
  const [draggedOrder, setDraggedOrder] = useState<LeadStatus[]>();
  const [draggedIndex, setDraggedIndex] = useState<number>();
  const [isAdding, setIsAdding] = useState(false);
  const statusesInShownOrder = draggedOrder ?? statuses;
  const sendStatusUpdate = ({ id }: LeadStatus, { name, primaryColor }: EditableStatusFields) =>
    getDataOrThrow(api.PUT("/leads/status/{id}", { params: { path: { id } }, body: { name, primaryColor } }));
  const sendStatusOrder = (order: LeadStatus[]) => {
    const statusOrderRequestBody = order.map(({ id }, index) => ({ id, statusOrder: index + 1 }));
    return getDataOrThrow(api.PUT("/leads/statuses/order", { body: statusOrderRequestBody }));
  };
  const awaitRequestAndOfferUndo = async (request: Promise<unknown>, done: string, undo: () => Promise<unknown>) => {
    try {
      await request;
    } catch (error) {
      return showFailureAlert(describeError(error));
    } finally {
      await reload();
      setDraggedOrder(undefined);
    }
    return showToast(done, {
      undo: async () => {
        await undo();
        await reload();
      },
    });
  };
  const saveStatusFields = (status: LeadStatus, written: Partial<EditableStatusFields>, done: string) =>
    awaitRequestAndOfferUndo(sendStatusUpdate(status, { ...status, ...written }), done, () =>
      sendStatusUpdate(status, status),
    );
  const buildStatusOrderAfterMove = (from: number, to: number): LeadStatus[] => {
    const reorderedStatuses = [...statusesInShownOrder];
    reorderedStatuses.splice(to, 0, ...reorderedStatuses.splice(from, 1));
    return reorderedStatuses;
  };
  const saveStatusOrder = (newOrder: LeadStatus[], draggedStatus: LeadStatus) => {
    const statusesInPreviousOrder = statuses;
    setDraggedOrder(newOrder);
    return awaitRequestAndOfferUndo(sendStatusOrder(newOrder), `${draggedStatus.name} moved`, () =>
      sendStatusOrder(statusesInPreviousOrder),
    );
  };
  const moveStatusByPositions = (index: number, by: number) => {
    const statusToMove = statusesInShownOrder[index];
    if (statusToMove) saveStatusOrder(buildStatusOrderAfterMove(index, index + by), statusToMove);
  };
  const deleteStatus = async (status: LeadStatus) => {
    const deletionDialogText = "Only a status that no lead has can be deleted.";
    if (!(await confirmAction(`Delete “${status.name}”?`, deletionDialogText, "Delete"))) return;
    const statusDeletionPromise = getDataOrThrow(
      api.DELETE("/leads/status/{id}", { params: { path: { id: status.id } } }),
    );
    await awaitRequestAndShowOutcome(statusDeletionPromise, `${status.name} deleted`);
    await reload();
  };
  return (
    <SettingsSection
      title="Statuses"
      count={statuses.length}
      limit={LIMITS.maxStatusesPerTeam}
      description="The columns of the board, from left to right. New leads get the first one."
      addLabel={isOwner ? "New status" : undefined}
      onAdd={() => setIsAdding(true)}
    >
      <table class="plain statuses">
        <thead>
          <tr>
            {isOwner ? (
              <th scope="col" class="w-grip">
                <span class="unseen">Drag</span>
              </th>
            ) : null}
            <th scope="col">Name</th>
            <th scope="col" class="w-color">
              <span>Colour</span>
            </th>
            {isOwner ? (
              <th scope="col" class="w-acts">
                <span class="unseen">Actions</span>
              </th>
            ) : null}
          </tr>
        </thead>
        <tbody>
          {statusesInShownOrder.map((status, index) =>
            isOwner ? (
              <tr
                key={status.id}
                draggable
                class={draggedIndex === index ? "dragged" : undefined}
                onDragStart={(event) => {
                  // While a name is edited, dragging the mouse selects its text and does not move the row.
                  if (document.activeElement instanceof HTMLInputElement) event.preventDefault();
                  else setDraggedIndex(index);
                }}
                onDragOver={(event) => {
                  if (draggedIndex === undefined) return;
                  event.preventDefault();
                  if (draggedIndex === index) return;
                  setDraggedOrder(buildStatusOrderAfterMove(draggedIndex, index));
                  setDraggedIndex(index);
                }}
                onDrop={(event) => event.preventDefault()}
                onDragEnd={(event) => {
                  const draggedStatus = draggedIndex === undefined ? undefined : statusesInShownOrder[draggedIndex];
                  setDraggedIndex(undefined);
                  // `dropEffect` is `none` if Escape has cancelled the drag. The order then stays unchanged.
                  if (draggedOrder && draggedStatus && event.dataTransfer?.dropEffect !== "none")
                    saveStatusOrder(draggedOrder, draggedStatus);
                  else setDraggedOrder(undefined);
                }}
              >
                <td>
                  <span class="grip" aria-hidden="true">
                    <Icon name="grip-vertical" />
                  </span>
                </td>
                <th scope="row">
                  <EditableName
                    label={`name of ${status.name}`}
                    text={status.name}
                    maxLength={LIMITS.maxNameChars}
                    saveName={(name) => saveStatusFields(status, { name }, `${status.name} renamed to ${name}`)}
                  />
                </th>
                <td>
                  <StatusColorMenu
                    status={status}
                    colors={colors}
                    onChoose={(primaryColor) =>
                      saveStatusFields(status, { primaryColor }, `${status.name} is ${primaryColor}`)
                    }
                  />
                </td>
                <td class="right acts">
                  <button
                    type="button"
                    class="btn icon ghost wide"
                    disabled={index === 0}
                    aria-label={`Move ${status.name} up`}
                    title="Move up"
                    onClick={() => moveStatusByPositions(index, -1)}
                  >
                    <Icon name="arrow-up" />
                  </button>
                  <button
                    type="button"
                    class="btn icon ghost wide"
                    disabled={index === statusesInShownOrder.length - 1}
                    aria-label={`Move ${status.name} down`}
                    title="Move down"
                    onClick={() => moveStatusByPositions(index, 1)}
                  >
                    <Icon name="arrow-down" />
                  </button>
                  <MoreMenu label={`More about ${status.name}`}>
                    <MenuItem
                      icon="arrow-up"
                      isDisabled={index === 0}
                      onSelect={() => moveStatusByPositions(index, -1)}
                    >
                      Move up
                    </MenuItem>
                    <MenuItem
                      icon="arrow-down"
                      isDisabled={index === statusesInShownOrder.length - 1}
                      onSelect={() => moveStatusByPositions(index, 1)}
                    >
                      Move down
                    </MenuItem>
                    <MenuItem icon="trash-2" isDangerous onSelect={() => deleteStatus(status)}>
                      Delete
                    </MenuItem>
                  </MoreMenu>
                </td>
              </tr>
            ) : (
              <tr key={status.id}>
                <th scope="row">
                  <span class="row">
                    <StatusDot color={status.primaryColor} />
                    <bdi class="cut" title={status.name}>
                      {status.name}
                    </bdi>
                  </span>
                </th>
                <td class="quiet">{status.primaryColor}</td>
              </tr>
            ),
          )}
        </tbody>
      </table>
      {isAdding ? (
        <CreateStatusDialog
          onClose={() => setIsAdding(false)}
          onCreated={async (name) => {
            setIsAdding(false);
            await reload();
            showToast(`${name} is a status now`);
          }}
        />
      ) : null}
    </SettingsSection>
  );
}

interface StatusColorMenuProps {
  status: LeadStatus;
  colors: StatusColor[];
  onChoose: (color: StatusColor) => void;
}

function StatusColorMenu({ status, colors, onChoose }: StatusColorMenuProps): JSX.Element {
  return (
    <Menu
      label={`Colour of ${status.name}`}
      trigger={(props) => (
        <button type="button" class="btn ghost hang color" {...props}>
          <StatusDot color={status.primaryColor} />
          <span class="unseen">Colour of {status.name}: </span>
          <span>{status.primaryColor}</span>
          <Icon name="chevron-down" />
        </button>
      )}
    >
      {colors.map((color) => (
        <MenuItem
          key={color}
          isChecked={color === status.primaryColor}
          onSelect={() => color !== status.primaryColor && onChoose(color)}
        >
          <span class="row">
            <StatusDot color={color} />
            {color}
          </span>
        </MenuItem>
      ))}
    </Menu>
  );
}

function CreateStatusDialog({
  onCreated,
  onClose,
}: {
  onCreated: (name: string) => void;
  onClose: () => void;
}): JSX.Element {
  const { statuses, colors } = useTeam();
  const checkStatusColorIsUnused = (color: StatusColor) => statuses.every(({ primaryColor }) => primaryColor !== color);
  const [chosenColor, setChosenColor] = useState<StatusColor>(
    colors.find(checkStatusColorIsUnused) ?? colors[0] ?? "blue",
  );
  return (
    <CreateNamedItemDialog
      title="New status"
      maxLength={LIMITS.maxNameChars}
      placeholder="Proposal sent"
      submitLabel="Create status"
      onCreate={async (name) => {
        await getDataOrThrow(api.POST("/leads/status", { body: { name, primaryColor: chosenColor } }));
        onCreated(name);
      }}
      onClose={onClose}
    >
      <fieldset class="label">
        <legend>Colour</legend>
        <div class="swatches">
          {colors.map((name) => (
            <label key={name} class="swatch">
              <input
                type="radio"
                name="color"
                value={name}
                checked={name === chosenColor}
                onInput={() => setChosenColor(name)}
              />
              <StatusDot color={name} />
              {name}
            </label>
          ))}
        </div>
      </fieldset>
    </CreateNamedItemDialog>
  );
}
