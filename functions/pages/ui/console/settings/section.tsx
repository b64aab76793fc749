// The frame of one kind of settings: its title with a count, what it is for, and the button that adds one.

import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";
import { Icon } from "../ui/icon";
import { formatCount } from "../ui/time";

interface Props {
  title: string;
  /** Number of those that exist, once it is known. */
  count?: number | undefined;
  limit?: number | undefined;
  text: ComponentChildren;
  /** Name of the button that adds one, for those who may. */
  add?: string | undefined;
  onAdd?: () => void;
  children: ComponentChildren;
}

export function Section({ title, count, limit, text, add, onAdd, children }: Props): JSX.Element {
  const id = useId();
  const isFull = count !== undefined && limit !== undefined && count >= limit;
  return (
    <section aria-labelledby={id}>
      <div class="sec">
        <h2 class="title" id={id}>
          {title}
        </h2>
        {count === undefined ? null : (
          <span class="count">{limit ? `${formatCount(count)} of ${formatCount(limit)}` : formatCount(count)}</span>
        )}
        <span class="push" />
        {add ? (
          <button
            type="button"
            class="btn primary"
            disabled={isFull}
            title={isFull ? `A team has at most ${formatCount(limit ?? 0)}` : undefined}
            onClick={onAdd}
          >
            <Icon name="plus" />
            {add}
          </button>
        ) : null}
      </div>
      <p class="quiet lede">{text}</p>
      {children}
    </section>
  );
}
