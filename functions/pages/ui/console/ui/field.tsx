// A labelled field of a form, with a hint or with what is wrong with it.

import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";

/** Handles a form's submit event, which would load a page otherwise. */
export const submitting = (act: () => void) => (event: SubmitEvent) => {
  event.preventDefault();
  act();
};

/** The attributes that tie a control to its label, hint and fault. */
export interface ControlIds {
  id: string;
  "aria-describedby"?: string;
  "aria-invalid"?: true;
}

interface Props {
  label: string;
  hint?: string | undefined;
  fault?: string | undefined;
  /** Draws the control with the attributes that tie it to the label and the fault. */
  children: (ids: ControlIds) => ComponentChildren;
}

export function Field({ label, hint, fault, children }: Props): JSX.Element {
  const id = useId();
  const noteId = `${id}-note`;
  const described = fault || hint ? { "aria-describedby": noteId } : {};
  return (
    <div class="label">
      <label for={id}>{label}</label>
      {children({ id, ...described, ...(fault ? { "aria-invalid": true as const } : {}) })}
      {fault ? (
        <p class="small bad" id={noteId} role="alert">
          {fault}
        </p>
      ) : hint ? (
        <small id={noteId}>{hint}</small>
      ) : null}
    </div>
  );
}
