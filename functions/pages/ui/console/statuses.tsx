// A team's statuses, in the order of the board.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { ActingSelect } from "./acting-select";
import { api, type Color, ok, type Status } from "./api";
import { confirmed } from "./dialog";
import { submitting } from "./field";
import { attempted } from "./messages";
import { Dot, StatusName } from "./person";
import { useTeam } from "./team";

export function Statuses(): JSX.Element {
  const { statuses, colors, owns, reload } = useTeam();
  const [ordered, setOrdered] = useState<Status[]>();
  const [dragged, setDragged] = useState<number>();
  const shown = ordered ?? statuses;
  const run = async (change: Promise<unknown>, done: string) => {
    const succeeded = await attempted(change, done);
    await reload();
    setOrdered(undefined);
    return succeeded;
  };
  const place = (from: number, to: number): Status[] => {
    const next = [...shown];
    next.splice(to, 0, ...next.splice(from, 1));
    return next;
  };
  const reorder = (next: Status[]) => {
    setOrdered(next);
    const body = next.map(({ id }, index) => ({ id, statusOrder: index + 1 }));
    return run(ok(api.PUT("/leads/statuses/order", { body })), "The order is changed.");
  };
  const remove = async (status: Status) => {
    if (await confirmed(`Delete “${status.name}”?`, "Only a status that no lead has can be deleted.", "Delete")) {
      await run(
        ok(api.DELETE("/leads/status/{id}", { params: { path: { id: status.id } } })),
        `${status.name} is deleted.`,
      );
    }
  };
  return (
    <section class="panel" aria-label="Statuses">
      <h2>Statuses</h2>
      <ol class="list">
        {shown.map((status, index) =>
          owns ? (
            <li
              key={status.id}
              draggable
              onDragStart={() => setDragged(index)}
              onDragOver={(event) => {
                if (dragged === undefined) return;
                event.preventDefault();
                if (dragged === index) return;
                setOrdered(place(dragged, index));
                setDragged(index);
              }}
              onDrop={(event) => event.preventDefault()}
              onDragEnd={(event) => {
                setDragged(undefined);
                // Escape drops it nowhere.
                if (ordered && event.dataTransfer?.dropEffect !== "none") reorder(ordered);
                else setOrdered(undefined);
              }}
            >
              <span class="grip" aria-hidden="true">
                ⠿
              </span>
              <StatusForm
                status={status}
                colors={colors}
                save={(body) =>
                  run(
                    ok(api.PUT("/leads/status/{id}", { params: { path: { id: status.id } }, body })),
                    `${body.name} is changed.`,
                  )
                }
              />
              <span class="tools">
                <button
                  type="button"
                  class="plain"
                  disabled={index === 0}
                  aria-label={`Move ${status.name} up`}
                  onClick={() => reorder(place(index, index - 1))}
                >
                  ↑
                </button>
                <button
                  type="button"
                  class="plain"
                  disabled={index === shown.length - 1}
                  aria-label={`Move ${status.name} down`}
                  onClick={() => reorder(place(index, index + 1))}
                >
                  ↓
                </button>
                <button type="button" class="plain" aria-label={`Delete ${status.name}`} onClick={() => remove(status)}>
                  ✕
                </button>
              </span>
            </li>
          ) : (
            <li key={status.id}>
              <StatusName status={status} />
            </li>
          ),
        )}
      </ol>
      {owns ? (
        <NewStatus
          colors={colors}
          create={(body) => run(ok(api.POST("/leads/status", { body })), `${body.name} is a status now.`)}
        />
      ) : null}
    </section>
  );
}

interface Written {
  name: string;
  primaryColor: Color;
}

interface StatusFormProps {
  status: Status;
  colors: Color[];
  /** Whether it could be saved. */
  save: (status: Written) => Promise<boolean>;
}

function StatusForm({ status, colors, save }: StatusFormProps): JSX.Element {
  const [typed, setTyped] = useState<string>();
  const name = typed ?? status.name;
  const rename = async () => {
    // What was typed meanwhile stays.
    if (await save({ name, primaryColor: status.primaryColor })) setTyped((now) => (now === name ? undefined : now));
  };
  return (
    <form class="inline" onSubmit={submitting(rename)}>
      <ColorSelect
        label={`Colour of ${status.name}`}
        colors={colors}
        color={status.primaryColor}
        change={(primaryColor) => save({ name: status.name, primaryColor })}
      />
      <input
        aria-label={`Name of ${status.name}`}
        value={name}
        required
        maxLength={100}
        onInput={({ currentTarget }) => setTyped(currentTarget.value)}
      />
      {name === status.name ? null : <button type="submit">Save</button>}
    </form>
  );
}

function NewStatus({ colors, create }: { colors: Color[]; create: StatusFormProps["save"] }): JSX.Element {
  const [name, setName] = useState("");
  const add = async () => {
    if (await create({ name, primaryColor })) setName((now) => (now === name ? "" : now));
  };
  const [color, setColor] = useState<Color>();
  const primaryColor = color ?? colors[0] ?? "blue";
  return (
    <form class="inline" onSubmit={submitting(add)}>
      <ColorSelect label="Colour of the new status" colors={colors} color={primaryColor} change={setColor} />
      <input
        aria-label="Name of the new status"
        placeholder="New status"
        value={name}
        required
        maxLength={100}
        onInput={({ currentTarget }) => setName(currentTarget.value)}
      />
      <button type="submit">Add</button>
    </form>
  );
}

interface ColorProps {
  label: string;
  colors: Color[];
  color: Color;
  change: (color: Color) => void;
}

function ColorSelect({ label, colors, color, change }: ColorProps): JSX.Element {
  return (
    <span class="color">
      <Dot color={color} />
      <ActingSelect
        label={label}
        value={color}
        options={colors.map((color) => ({ value: color, name: color }))}
        act={(color) => change(color as Color)}
      />
    </span>
  );
}
