// A labelled field of a form, with what is wrong with it.

import type { ComponentChildren, JSX } from "preact";

/** What submits a form here: the browser sends nothing by itself. */
export const submitting = (act: () => void) => (event: SubmitEvent) => {
  event.preventDefault();
  act();
};

interface Props {
  label: string;
  hint?: string | undefined;
  fault?: string | undefined;
  /** The id of the fault, for what it is about. */
  faultId?: string | undefined;
  children: ComponentChildren;
}

export function Field({ label, hint, fault, faultId, children }: Props): JSX.Element {
  return (
    <div class={fault ? "field bad" : "field"}>
      <label>
        <span>{label}</span>
        {children}
      </label>
      {fault ? (
        <small id={faultId} role="alert">
          {fault}
        </small>
      ) : hint ? (
        <small>{hint}</small>
      ) : null}
    </div>
  );
}
