// The layout of a settings section: title, count and limit, description, and the button that adds an item.

import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";
import { Icon } from "../ui/icon";
import { formatCount } from "../ui/time";

interface SettingsSectionProps {
  title: string;
  /** Number of existing items. `undefined` until the items are loaded. */
  count?: number | undefined;
  limit?: number | undefined;
  description: ComponentChildren;
  /** Label of the button that adds an item. Absent for users who may not add items. */
  addLabel?: string | undefined;
  onAdd?: () => void;
  children: ComponentChildren;
}

export function SettingsSection({
  title,
  count,
  limit,
  description,
  addLabel,
  onAdd,
  children,
}: SettingsSectionProps): JSX.Element {
  const headingId = useId();
  const isItemLimitReached = count !== undefined && limit !== undefined && count >= limit;
  return (
    <section aria-labelledby={headingId}>
      <div class="sec">
        <h2 class="title" id={headingId}>
          {title}
        </h2>
        {count === undefined ? null : (
          <span class="count">{limit ? `${formatCount(count)} of ${formatCount(limit)}` : formatCount(count)}</span>
        )}
        <span class="push" />
        {addLabel ? (
          <button
            type="button"
            class="btn primary"
            disabled={isItemLimitReached}
            title={isItemLimitReached ? `A team has at most ${formatCount(limit ?? 0)}` : undefined}
            onClick={onAdd}
          >
            <Icon name="plus" />
            {addLabel}
          </button>
        ) : null}
      </div>
      <p class="quiet lede">{description}</p>
      {children}
    </section>
  );
}
