// Controls that the lead page and the lead panel share: the position in the list, the buttons to the previous and the next
// lead, and the menu.

import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { useShortcut } from "../app/shortcuts";
import { useTeam } from "../app/team";
import { Icon } from "../ui/icon";
import { Menu, MenuItem } from "../ui/menu";
import { formatCount } from "../ui/time";
import type { OpenLead } from "./lead-body";
import { leadOrder, walkToLead } from "./open-lead";

interface Walk {
  /** Position in the list as text: `2 of 17`. Empty for a lead that is not in the list. */
  place: string;
  previous: number | undefined;
  next: number | undefined;
}

/**
 * Finds the previous and the next lead. A lead that has left the list, for example after a change of its status, keeps the
 * neighbours of its last position.
 */
export function useWalk(id: number): Walk {
  const order = leadOrder.value;
  const lastIndex = useRef(-1);
  const index = order.indexOf(id);
  if (index >= 0) lastIndex.current = index;
  const isListed = index >= 0;
  const at = lastIndex.current;
  const previous = at > 0 ? order[at - 1] : undefined;
  const next = at < 0 ? undefined : order[isListed ? at + 1 : at];
  useShortcut("k", previous === undefined ? undefined : () => walkToLead(previous), "Previous lead");
  useShortcut("j", next === undefined ? undefined : () => walkToLead(next), "Next lead");
  const place = isListed ? `${formatCount(index + 1)} of ${formatCount(order.length)}` : "";
  return { place, previous, next };
}

export function WalkButtons({ walk }: { walk: Walk }): JSX.Element | null {
  const { previous, next } = walk;
  if (leadOrder.value.length === 0) return null;
  const button = (id: number | undefined, name: string, key: string, icon: "chevron-up" | "chevron-down") => (
    <button
      type="button"
      class="btn icon ghost"
      aria-label={name}
      title={`${name} (${key})`}
      aria-keyshortcuts={key}
      disabled={id === undefined}
      onClick={() => id !== undefined && walkToLead(id)}
    >
      <Icon name={icon} />
    </button>
  );
  return (
    <>
      {button(previous, "Previous lead", "K", "chevron-up")}
      {button(next, "Next lead", "J", "chevron-down")}
    </>
  );
}

/** Whether E and S act on the selection in the list instead of the open lead. */
const isAboutSelection = (): boolean =>
  document.querySelector(".bulk") !== null && document.activeElement?.closest("main .list, main .board") != null;

/** Registers the shortcuts that act on the open lead. */
export function useLeadKeys(open: OpenLead, root: { current: HTMLElement | null }): void {
  const { mayWrite } = useTeam();
  const lead = open.deletion ? undefined : open.version?.lead;
  const enabled = mayWrite && lead !== undefined;
  const archive = () => {
    if (isAboutSelection()) return false;
    if (lead?.archived) open.restore();
    else open.archive();
    return true;
  };
  const changeStatus = () => {
    if (isAboutSelection()) return false;
    root.current?.querySelector<HTMLElement>(".props button.pill")?.click();
    return true;
  };
  useShortcut("e", enabled ? archive : undefined, "Archive the lead");
  useShortcut("s", enabled ? changeStatus : undefined, "Change the status");
}

/** The menu of less frequent actions. Viewers have no such menu. */
export function LeadMenu({ open }: { open: OpenLead }): JSX.Element | null {
  const { mayWrite } = useTeam();
  const { version, deletion } = open;
  if (!mayWrite || !version || deletion) return null;
  return (
    <Menu
      label="More"
      trigger={(props) => (
        <button {...props} type="button" class="btn icon ghost" aria-label="More" title="More">
          <Icon name="ellipsis" />
        </button>
      )}
    >
      {version.lead.archived ? (
        <MenuItem icon="archive-restore" kbd="e" onSelect={open.restore}>
          Restore
        </MenuItem>
      ) : (
        <MenuItem icon="archive" kbd="e" onSelect={open.archive}>
          Archive
        </MenuItem>
      )}
      <MenuItem icon="trash-2" isDangerous onSelect={open.remove}>
        Delete lead
      </MenuItem>
    </Menu>
  );
}
