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
import { Section } from "./section";

type Written = Pick<Status, "name" | "primaryColor">;

export function Statuses(): JSX.Element {
  const { statuses, colors, isOwner, reload } = useTeam();
  /** The order during a drag, and until the statuses are read again after it. */
  const [ordered, setOrdered] = useState<Status[]>();
  const [dragged, setDragged] = useState<number>();
  const [isAdding, setIsAdding] = useState(false);
  const shown = ordered ?? statuses;
  const put = ({ id }: Status, { name, primaryColor }: Written) =>
    unwrap(api.PUT("/leads/status/{id}", { params: { path: { id } }, body: { name, primaryColor } }));
  const putOrder = (order: Status[]) => {
    const body = order.map(({ id }, index) => ({ id, statusOrder: index + 1 }));
    return unwrap(api.PUT("/leads/statuses/order", { body }));
  };
  const change = async (request: Promise<unknown>, done: string, undo: () => Promise<unknown>) => {
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
  const save = (status: Status, written: Partial<Written>, done: string) =>
    change(put(status, { ...status, ...written }), done, () => put(status, status));
  const place = (from: number, to: number): Status[] => {
    const next = [...shown];
    next.splice(to, 0, ...next.splice(from, 1));
    return next;
  };
  const reorder = (next: Status[], moved: Status) => {
    const before = statuses;
    setOrdered(next);
    return change(putOrder(next), `${moved.name} moved`, () => putOrder(before));
  };
  const move = (index: number, by: number) => {
    const status = shown[index];
    if (status) reorder(place(index, index + by), status);
  };
  const remove = async (status: Status) => {
    const text = "Only a status that no lead has can be deleted.";
    if (!(await confirmAction(`Delete “${status.name}”?`, text, "Delete"))) return;
    const request = unwrap(api.DELETE("/leads/status/{id}", { params: { path: { id: status.id } } }));
    await reportOutcome(request, `${status.name} deleted`);
    await reload();
  };
  return (
    <Section
      title="Statuses"
      count={statuses.length}
      limit={LIMITS.maxStatusesPerTeam}
      text="The columns of the board, from left to right. New leads get the first one."
      add={isOwner ? "New status" : undefined}
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
          {shown.map((status, index) =>
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
                  setOrdered(place(dragged, index));
                  setDragged(index);
                }}
                onDrop={(event) => event.preventDefault()}
                onDragEnd={(event) => {
                  const moved = dragged === undefined ? undefined : shown[dragged];
                  setDragged(undefined);
                  // Escape cancels the drag, and the order stays unchanged.
                  if (ordered && moved && event.dataTransfer?.dropEffect !== "none") reorder(ordered, moved);
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
                    save={(name) => save(status, { name }, `${status.name} renamed to ${name}`)}
                  />
                </th>
                <td>
                  <ColorMenu
                    status={status}
                    colors={colors}
                    choose={(primaryColor) => save(status, { primaryColor }, `${status.name} is ${primaryColor}`)}
                  />
                </td>
                <td class="right acts">
                  <button
                    type="button"
                    class="btn icon ghost wide"
                    disabled={index === 0}
                    aria-label={`Move ${status.name} up`}
                    title="Move up"
                    onClick={() => move(index, -1)}
                  >
                    <Icon name="arrow-up" />
                  </button>
                  <button
                    type="button"
                    class="btn icon ghost wide"
                    disabled={index === shown.length - 1}
                    aria-label={`Move ${status.name} down`}
                    title="Move down"
                    onClick={() => move(index, 1)}
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
                    <MenuItem icon="arrow-up" isDisabled={index === 0} onSelect={() => move(index, -1)}>
                      Move up
                    </MenuItem>
                    <MenuItem icon="arrow-down" isDisabled={index === shown.length - 1} onSelect={() => move(index, 1)}>
                      Move down
                    </MenuItem>
                    <MenuItem icon="trash-2" isDangerous onSelect={() => remove(status)}>
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
        <NewStatus
          onClose={() => setIsAdding(false)}
          created={async (name) => {
            setIsAdding(false);
            await reload();
            notify(`${name} is a status now`);
          }}
        />
      ) : null}
    </Section>
  );
}

interface ColorProps {
  status: Status;
  colors: Color[];
  choose: (color: Color) => void;
}

function ColorMenu({ status, colors, choose }: ColorProps): JSX.Element {
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

function NewStatus({ created, onClose }: { created: (name: string) => void; onClose: () => void }): JSX.Element {
  const { statuses, colors } = useTeam();
  const isFree = (color: Color) => statuses.every(({ primaryColor }) => primaryColor !== color);
  const [color, setColor] = useState<Color>(colors.find(isFree) ?? colors[0] ?? "blue");
  return (
    <NameDialog
      title="New status"
      maxLength={LIMITS.maxNameChars}
      placeholder="Proposal sent"
      action="Create status"
      create={async (name) => {
        await unwrap(api.POST("/leads/status", { body: { name, primaryColor: color } }));
        created(name);
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
