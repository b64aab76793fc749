// The options of a select, and a list of checkboxes, for items with an id and a name.

import type { JSX } from "preact";

interface One {
  id: number;
  name: string;
}

export function Options({ of }: { of: One[] }): JSX.Element {
  return (
    <>
      {of.map(({ id, name }) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </>
  );
}

interface ChecksProps<Id> {
  of: { id: Id; name: string }[];
  chosen: Id[];
  choose: (ids: Id[]) => void;
  /** Callback ref of the first checkbox. */
  first?: ((box: HTMLElement | null) => void) | null;
}

export function Checks<Id extends number | string>({ of, chosen, choose, first = null }: ChecksProps<Id>): JSX.Element {
  return (
    <>
      {of.map(({ id, name }, index) => (
        <label key={id} class="check">
          <input
            type="checkbox"
            ref={index === 0 ? first : null}
            checked={chosen.includes(id)}
            onInput={({ currentTarget }) =>
              choose(currentTarget.checked ? [...chosen, id] : chosen.filter((other) => other !== id))
            }
          />
          {name}
        </label>
      ))}
    </>
  );
}
