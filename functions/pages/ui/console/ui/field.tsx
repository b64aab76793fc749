// A labelled form field with a hint or an error message, and the submit handler of forms.

import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";

/** Returns a submit handler that calls `onSubmit`. It prevents the default action, which loads a page. */
export const handleSubmit = (onSubmit: () => void) => (event: SubmitEvent) => {
  event.preventDefault();
  onSubmit();
};

/** Attributes that connect a control with its label, hint and error message. */
export interface ControlIds {
  id: string;
  "aria-describedby"?: string;
  "aria-invalid"?: true;
}

interface Props {
  label: string;
  hint?: string | undefined;
  fault?: string | undefined;
  /** Renders the control with these attributes. */
  children: (ids: ControlIds) => ComponentChildren;
}

export function Field({ label, hint, fault, children }: Props): JSX.Element {
  const id = useId();
  const noteId = `${id}-note`;
  const descriptionProps = fault || hint ? { "aria-describedby": noteId } : {};
  return (
    <div class="label">
      <label for={id}>{label}</label>
      {children({ id, ...descriptionProps, ...(fault ? { "aria-invalid": true as const } : {}) })}
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
