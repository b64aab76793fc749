// A labelled form field with a hint or an error message, and the submit handler of forms.

import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";

/** Returns a submit handler that calls `onSubmit`. It prevents the default action, which loads a page. */
export const createSubmitHandler = (onSubmit: () => void) => (event: SubmitEvent) => {
  event.preventDefault();
  onSubmit();
};

/** Attributes that connect a control with its label, hint and error message. */
export interface FormControlAttributes {
  id: string;
  "aria-describedby"?: string;
  "aria-invalid"?: true;
}

interface FormFieldProps {
  label: string;
  hint?: string | undefined;
  fault?: string | undefined;
  /** Renders the control with these attributes. */
  children: (ids: FormControlAttributes) => ComponentChildren;
}

export function FormField({ label, hint, fault, children }: FormFieldProps): JSX.Element {
  const controlId = useId();
  const hintOrErrorElementId = `${controlId}-note`;
  const ariaDescribedByProps = fault || hint ? { "aria-describedby": hintOrErrorElementId } : {};
  return (
    <div class="label">
      <label for={controlId}>{label}</label>
      {children({ id: controlId, ...ariaDescribedByProps, ...(fault ? { "aria-invalid": true as const } : {}) })}
      {fault ? (
        <p class="small bad" id={hintOrErrorElementId} role="alert">
          {fault}
        </p>
      ) : hint ? (
        <small id={hintOrErrorElementId}>{hint}</small>
      ) : null}
    </div>
  );
}
