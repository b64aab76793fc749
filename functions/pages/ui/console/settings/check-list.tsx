// A group of checkboxes in a dialog.

import type { JSX } from "preact";

interface CheckboxGroupProps<Id> {
  legend: string;
  hint?: string;
  items: { id: Id; name: string }[];
  chosenIds: Id[];
  onChoose: (ids: Id[]) => void;
}

export function CheckboxGroup<Id extends number | string>({
  legend,
  hint,
  items,
  chosenIds,
  onChoose,
}: CheckboxGroupProps<Id>): JSX.Element {
  return (
    <fieldset class="label">
      <legend>{legend}</legend>
      <div class="check-list">
        {items.map(({ id, name }) => (
          <label key={id} class="row">
            <input
              type="checkbox"
              checked={chosenIds.includes(id)}
              onInput={({ currentTarget }) =>
                onChoose(currentTarget.checked ? [...chosenIds, id] : chosenIds.filter((other) => other !== id))
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
