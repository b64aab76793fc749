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
  children: ComponentChildren;
}

export function Field({ label, hint, fault, children }: Props): JSX.Element {
  return (
    <label class={fault ? "field bad" : "field"}>
      <span>{label}</span>
      {children}
      {fault ? <small role="alert">{fault}</small> : hint ? <small>{hint}</small> : null}
    </label>
  );
}
