// A group of checkboxes in a dialog.

import type { JSX } from "preact";

interface Props<Id> {
  legend: string;
  hint?: string;
  of: { id: Id; name: string }[];
  chosen: Id[];
  choose: (ids: Id[]) => void;
}

export function CheckList<Id extends number | string>({ legend, hint, of, chosen, choose }: Props<Id>): JSX.Element {
  return (
    <fieldset class="label">
      <legend>{legend}</legend>
      <div class="check-list">
        {of.map(({ id, name }) => (
          <label key={id} class="row">
            <input
              type="checkbox"
              checked={chosen.includes(id)}
              onInput={({ currentTarget }) =>
                choose(currentTarget.checked ? [...chosen, id] : chosen.filter((other) => other !== id))
              }
            />
            <bdi class="cut" title={name}>
              {name}
            </bdi>
          </label>
        ))}
      </div>
      {hint ? <small>{hint}</small> : null}
    </fieldset>
  );
}
