// The options of a select, and a list of checkboxes, for items with an id and a name.

import type { JSX } from "preact";

interface NamedItem {
  id: number;
  name: string;
}

export function SelectOptionList({ items }: { items: NamedItem[] }): JSX.Element {
  return (
    <>
      {items.map(({ id, name }) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </>
  );
}

interface CheckboxesProps<Id> {
  items: { id: Id; name: string }[];
  chosenIds: Id[];
  onChoose: (ids: Id[]) => void;
  /** Callback ref of the first checkbox. */
  firstCheckboxRef?: ((box: HTMLElement | null) => void) | null;
}

export function Checkboxes<Id extends number | string>({
  items,
  chosenIds,
  onChoose,
  firstCheckboxRef = null,
}: CheckboxesProps<Id>): JSX.Element {
  return (
    <>
      {items.map(({ id, name }, index) => (
        <label key={id} class="check">
          <input
            type="checkbox"
            ref={index === 0 ? firstCheckboxRef : null}
            checked={chosenIds.includes(id)}
            onInput={({ currentTarget }) =>
              onChoose(currentTarget.checked ? [...chosenIds, id] : chosenIds.filter((other) => other !== id))
            }
          />
          {name}
        </label>
      ))}
    </>
  );
}
