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
import { orderedLeadIds, replaceOpenLead } from "./open-lead";

interface LeadNeighbours {
  /** Position in the list as text: `2 of 17`. Empty for a lead that is not in the list. */
  positionText: string;
  previous: number | undefined;
  next: number | undefined;
}

/**
 * Finds the previous and the next lead. A lead that has left the list, for example after a change of its status, keeps the
 * neighbours of its last position.
 */
export function useNeighbours(id: number): LeadNeighbours {
  const leadIds = orderedLeadIds.value;
  const lastIndexRef = useRef(-1);
  const index = leadIds.indexOf(id);
  if (index >= 0) lastIndexRef.current = index;
  const isListed = index >= 0;
  const currentIndex = lastIndexRef.current;
  const previousId = currentIndex > 0 ? leadIds[currentIndex - 1] : undefined;
  const nextId = currentIndex < 0 ? undefined : leadIds[isListed ? currentIndex + 1 : currentIndex];
  useShortcut("k", previousId === undefined ? undefined : () => replaceOpenLead(previousId), "Previous lead");
  useShortcut("j", nextId === undefined ? undefined : () => replaceOpenLead(nextId), "Next lead");
  const positionText = isListed ? `${formatCount(index + 1)} of ${formatCount(leadIds.length)}` : "";
  return { positionText, previous: previousId, next: nextId };
}

export function NeighbourButtons({ neighbours }: { neighbours: LeadNeighbours }): JSX.Element | null {
  const { previous, next } = neighbours;
  if (orderedLeadIds.value.length === 0) return null;
  const renderButton = (id: number | undefined, name: string, key: string, icon: "chevron-up" | "chevron-down") => (
    <button
      type="button"
      class="btn icon ghost"
      aria-label={name}
      title={`${name} (${key})`}
      aria-keyshortcuts={key}
      disabled={id === undefined}
      onClick={() => id !== undefined && replaceOpenLead(id)}
    >
      <Icon name={icon} />
    </button>
  );
  return (
    <>
      {renderButton(previous, "Previous lead", "K", "chevron-up")}
      {renderButton(next, "Next lead", "J", "chevron-down")}
    </>
  );
}

/** Whether E and S act on the selection in the list instead of the open lead. */
const shortcutsActOnSelection = (): boolean =>
  document.querySelector(".bulk") !== null && document.activeElement?.closest("main .list, main .board") != null;

/** Registers the shortcuts that act on the open lead. */
export function useLeadShortcuts(open: OpenLead, root: { current: HTMLElement | null }): void {
  const { mayWrite } = useTeam();
  const lead = open.deletion ? undefined : open.version?.lead;
  const isEnabled = mayWrite && lead !== undefined;
  const toggleArchived = () => {
    if (shortcutsActOnSelection()) return false;
    if (lead?.archived) open.restore();
    else open.archive();
    return true;
  };
  const openStatusMenu = () => {
    if (shortcutsActOnSelection()) return false;
    root.current?.querySelector<HTMLElement>(".props button.pill")?.click();
    return true;
  };
  useShortcut("e", isEnabled ? toggleArchived : undefined, "Archive the lead");
  useShortcut("s", isEnabled ? openStatusMenu : undefined, "Change the status");
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
