// The settings section of the team's statuses: renaming, colours, and their order on the board, which is changed by drag and
// drop or by buttons.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { api, type Color, describeError, type Status, unwrap } from "../app/api";
import { LIMITS } from "../app/contract-values";
import { useTeam } from "../app/team";
import { confirmAction } from "../ui/dialog";
import { Icon } from "../ui/icon";
import { Menu, MenuItem } from "../ui/menu";
import { StatusDot } from "../ui/status";
import { notify, reportFailure, reportOutcome } from "../ui/toast";
import { EditableName } from "./editable";
import { NameDialog } from "./name-dialog";
import { SettingsSection } from "./section";

type StatusFields = Pick<Status, "name" | "primaryColor">;

export function StatusesSection(): JSX.Element {
  const { statuses, colors, isOwner, reload } = useTeam();
  /** The order that the user is creating by a drag. `undefined` when the stored order is shown. */
  const [ordered, setOrdered] = useState<Status[]>();
  const [dragged, setDragged] = useState<number>();
  const [isAdding, setIsAdding] = useState(false);
  const shownStatuses = ordered ?? statuses;
  const writeStatus = ({ id }: Status, { name, primaryColor }: StatusFields) =>
    unwrap(api.PUT("/leads/status/{id}", { params: { path: { id } }, body: { name, primaryColor } }));
  const writeOrder = (order: Status[]) => {
    const body = order.map(({ id }, index) => ({ id, statusOrder: index + 1 }));
    return unwrap(api.PUT("/leads/statuses/order", { body }));
  };
  const changeWithUndo = async (request: Promise<unknown>, done: string, undo: () => Promise<unknown>) => {
    try {
      await request;
    } catch (error) {
      return reportFailure(describeError(error));
    } finally {
      await reload();
      setOrdered(undefined);
    }
    return notify(done, {
      undo: async () => {
        await undo();
        await reload();
      },
    });
  };
  const saveStatus = (status: Status, written: Partial<StatusFields>, done: string) =>
    changeWithUndo(writeStatus(status, { ...status, ...written }), done, () => writeStatus(status, status));
  const moveItem = (from: number, to: number): Status[] => {
    const newOrder = [...shownStatuses];
    newOrder.splice(to, 0, ...newOrder.splice(from, 1));
    return newOrder;
  };
  const saveOrder = (newOrder: Status[], draggedStatus: Status) => {
    const previousOrder = statuses;
    setOrdered(newOrder);
    return changeWithUndo(writeOrder(newOrder), `${draggedStatus.name} moved`, () => writeOrder(previousOrder));
  };
  const moveBy = (index: number, by: number) => {
    const status = shownStatuses[index];
    if (status) saveOrder(moveItem(index, index + by), status);
  };
  const removeStatus = async (status: Status) => {
    const explanation = "Only a status that no lead has can be deleted.";
    if (!(await confirmAction(`Delete “${status.name}”?`, explanation, "Delete"))) return;
    const deleteRequest = unwrap(api.DELETE("/leads/status/{id}", { params: { path: { id: status.id } } }));
    await reportOutcome(deleteRequest, `${status.name} deleted`);
    await reload();
  };
  return (
    <SettingsSection
      title="Statuses"
      count={statuses.length}
      limit={LIMITS.maxStatusesPerTeam}
      text="The columns of the board, from left to right. New leads get the first one."
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
                class={dragged === index ? "dragged" : undefined}
                onDragStart={(event) => {
                  // While a name is edited, dragging the mouse selects its text and does not move the row.
                  if (document.activeElement instanceof HTMLInputElement) event.preventDefault();
                  else setDragged(index);
                }}
                onDragOver={(event) => {
                  if (dragged === undefined) return;
                  event.preventDefault();
                  if (dragged === index) return;
                  setOrdered(moveItem(dragged, index));
                  setDragged(index);
                }}
                onDrop={(event) => event.preventDefault()}
                onDragEnd={(event) => {
                  const draggedStatus = dragged === undefined ? undefined : shownStatuses[dragged];
                  setDragged(undefined);
                  // Escape cancels the drag, and the order stays unchanged.
                  if (ordered && draggedStatus && event.dataTransfer?.dropEffect !== "none")
                    saveOrder(ordered, draggedStatus);
                  else setOrdered(undefined);
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
                    save={(name) => saveStatus(status, { name }, `${status.name} renamed to ${name}`)}
                  />
                </th>
                <td>
                  <ColorMenu
                    status={status}
                    colors={colors}
                    choose={(primaryColor) => saveStatus(status, { primaryColor }, `${status.name} is ${primaryColor}`)}
                  />
                </td>
                <td class="right acts">
                  <button
                    type="button"
                    class="btn icon ghost wide"
                    disabled={index === 0}
                    aria-label={`Move ${status.name} up`}
                    title="Move up"
                    onClick={() => moveBy(index, -1)}
                  >
                    <Icon name="arrow-up" />
                  </button>
                  <button
                    type="button"
                    class="btn icon ghost wide"
                    disabled={index === shownStatuses.length - 1}
                    aria-label={`Move ${status.name} down`}
                    title="Move down"
                    onClick={() => moveBy(index, 1)}
                  >
                    <Icon name="arrow-down" />
                  </button>
                  <Menu
                    label={`More about ${status.name}`}
                    trigger={(props) => (
                      <button
                        type="button"
                        class="btn icon ghost"
                        aria-label={`More about ${status.name}`}
                        title="More"
                        {...props}
                      >
                        <Icon name="ellipsis" />
                      </button>
                    )}
                  >
                    <MenuItem icon="arrow-up" isDisabled={index === 0} onSelect={() => moveBy(index, -1)}>
                      Move up
                    </MenuItem>
                    <MenuItem
                      icon="arrow-down"
                      isDisabled={index === shownStatuses.length - 1}
                      onSelect={() => moveBy(index, 1)}
                    >
                      Move down
                    </MenuItem>
                    <MenuItem icon="trash-2" isDangerous onSelect={() => removeStatus(status)}>
                      Delete
                    </MenuItem>
                  </Menu>
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
            notify(`${name} is a status now`);
          }}
        />
      ) : null}
    </SettingsSection>
  );
}

interface ColorMenuProps {
  status: Status;
  colors: Color[];
  choose: (color: Color) => void;
}

function ColorMenu({ status, colors, choose }: ColorMenuProps): JSX.Element {
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
          onSelect={() => color !== status.primaryColor && choose(color)}
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
  const isUnused = (color: Color) => statuses.every(({ primaryColor }) => primaryColor !== color);
  const [color, setColor] = useState<Color>(colors.find(isUnused) ?? colors[0] ?? "blue");
  return (
    <NameDialog
      title="New status"
      maxLength={LIMITS.maxNameChars}
      placeholder="Proposal sent"
      action="Create status"
      onCreate={async (name) => {
        await unwrap(api.POST("/leads/status", { body: { name, primaryColor: color } }));
        onCreated(name);
      }}
      onClose={onClose}
    >
      <fieldset class="label">
        <legend>Colour</legend>
        <div class="swatches">
          {colors.map((name) => (
            <label key={name} class="swatch">
              <input type="radio" name="color" value={name} checked={name === color} onInput={() => setColor(name)} />
              <StatusDot color={name} />
              {name}
            </label>
          ))}
        </div>
      </fieldset>
    </NameDialog>
  );
}
