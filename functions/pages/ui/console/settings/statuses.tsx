// The settings section of the team's statuses: renaming, colours, and their order on the board, which is changed by drag and
// drop or by buttons.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { api, type Color, describeError, type LeadStatus, unwrap } from "../app/api";
import { LIMITS } from "../app/contract-values";
import { useTeam } from "../app/team";
import { confirmAction } from "../ui/dialog";
import { Icon } from "../ui/icon";
import { Menu, MenuItem, MoreMenu } from "../ui/menu";
import { StatusDot } from "../ui/status";
import { reportFailure, reportOutcome, showToast } from "../ui/toast";
import { EditableName } from "./editable";
import { NameDialog } from "./name-dialog";
import { SettingsSection } from "./section";

type StatusFields = Pick<LeadStatus, "name" | "primaryColor">;

export function StatusesSection(): JSX.Element {
  const { statuses, colors, isOwner, reload } = useTeam();
  /** The order that the user is creating by a drag. `undefined` when the stored order is shown. */
  const [draggedOrder, setDraggedOrder] = useState<LeadStatus[]>();
  const [draggedIndex, setDraggedIndex] = useState<number>();
  const [isAdding, setIsAdding] = useState(false);
  const shownStatuses = draggedOrder ?? statuses;
  const sendStatus = ({ id }: LeadStatus, { name, primaryColor }: StatusFields) =>
    unwrap(api.PUT("/leads/status/{id}", { params: { path: { id } }, body: { name, primaryColor } }));
  const sendOrder = (order: LeadStatus[]) => {
    const orderBody = order.map(({ id }, index) => ({ id, statusOrder: index + 1 }));
    return unwrap(api.PUT("/leads/statuses/order", { body: orderBody }));
  };
  const reportChangeWithUndo = async (request: Promise<unknown>, done: string, undo: () => Promise<unknown>) => {
    try {
      await request;
    } catch (error) {
      return reportFailure(describeError(error));
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
  const saveStatusFields = (status: LeadStatus, written: Partial<StatusFields>, done: string) =>
    reportChangeWithUndo(sendStatus(status, { ...status, ...written }), done, () => sendStatus(status, status));
  const buildMovedOrder = (from: number, to: number): LeadStatus[] => {
    const newOrder = [...shownStatuses];
    newOrder.splice(to, 0, ...newOrder.splice(from, 1));
    return newOrder;
  };
  const saveOrder = (newOrder: LeadStatus[], draggedStatus: LeadStatus) => {
    const previousOrder = statuses;
    setDraggedOrder(newOrder);
    return reportChangeWithUndo(sendOrder(newOrder), `${draggedStatus.name} moved`, () => sendOrder(previousOrder));
  };
  const moveStatusBy = (index: number, by: number) => {
    const status = shownStatuses[index];
    if (status) saveOrder(buildMovedOrder(index, index + by), status);
  };
  const deleteStatus = async (status: LeadStatus) => {
    const explanationText = "Only a status that no lead has can be deleted.";
    if (!(await confirmAction(`Delete “${status.name}”?`, explanationText, "Delete"))) return;
    const deleteRequest = unwrap(api.DELETE("/leads/status/{id}", { params: { path: { id: status.id } } }));
    await reportOutcome(deleteRequest, `${status.name} deleted`);
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
          {shownStatuses.map((status, index) =>
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
                  setDraggedOrder(buildMovedOrder(draggedIndex, index));
                  setDraggedIndex(index);
                }}
                onDrop={(event) => event.preventDefault()}
                onDragEnd={(event) => {
                  const draggedStatus = draggedIndex === undefined ? undefined : shownStatuses[draggedIndex];
                  setDraggedIndex(undefined);
                  // `dropEffect` is `none` if Escape has cancelled the drag. The order then stays unchanged.
                  if (draggedOrder && draggedStatus && event.dataTransfer?.dropEffect !== "none")
                    saveOrder(draggedOrder, draggedStatus);
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
                  <ColorMenu
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
                    onClick={() => moveStatusBy(index, -1)}
                  >
                    <Icon name="arrow-up" />
                  </button>
                  <button
                    type="button"
                    class="btn icon ghost wide"
                    disabled={index === shownStatuses.length - 1}
                    aria-label={`Move ${status.name} down`}
                    title="Move down"
                    onClick={() => moveStatusBy(index, 1)}
                  >
                    <Icon name="arrow-down" />
                  </button>
                  <MoreMenu label={`More about ${status.name}`}>
                    <MenuItem icon="arrow-up" isDisabled={index === 0} onSelect={() => moveStatusBy(index, -1)}>
                      Move up
                    </MenuItem>
                    <MenuItem
                      icon="arrow-down"
                      isDisabled={index === shownStatuses.length - 1}
                      onSelect={() => moveStatusBy(index, 1)}
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
        <NewStatusDialog
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

interface ColorMenuProps {
  status: LeadStatus;
  colors: Color[];
  onChoose: (color: Color) => void;
}

function ColorMenu({ status, colors, onChoose }: ColorMenuProps): JSX.Element {
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

function NewStatusDialog({
  onCreated,
  onClose,
}: {
  onCreated: (name: string) => void;
  onClose: () => void;
}): JSX.Element {
  const { statuses, colors } = useTeam();
  const isUnusedColor = (color: Color) => statuses.every(({ primaryColor }) => primaryColor !== color);
  const [chosenColor, setChosenColor] = useState<Color>(colors.find(isUnusedColor) ?? colors[0] ?? "blue");
  return (
    <NameDialog
      title="New status"
      maxLength={LIMITS.maxNameChars}
      placeholder="Proposal sent"
      submitLabel="Create status"
      onCreate={async (name) => {
        await unwrap(api.POST("/leads/status", { body: { name, primaryColor: chosenColor } }));
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
    </NameDialog>
  );
}
