// Controls that the lead page and the lead panel share: the position in the list, the buttons to the previous and the next
// lead, and the menu.

import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { useShortcut } from "../app/shortcuts";
import { useTeam } from "../app/team";
import { Icon } from "../ui/icon";
import { Menu, MenuItem } from "../ui/menu";
import { formatCount } from "../ui/time";
import type { OpenLeadState } from "./lead-body";
import { leadIdsInScreenOrderSignal, switchOpenLead } from "./open-lead";

interface ListPositionAndNeighbours {
  /** Position in the list as text: `2 of 17`. Empty for a lead that is not in the list. */
  listPositionText: string;
  previousId: number | undefined;
  nextId: number | undefined;
}

/**
 * Finds the previous and the next lead. A lead that has left the list, for example after a change of its status, keeps the
 * neighbours of its last position. Registers the shortcuts J and K.
 */
export function useLeadNeighboursAndShortcuts(id: number): ListPositionAndNeighbours {
  const listedLeadIds = leadIdsInScreenOrderSignal.value;
  const lastListedIndexRef = useRef(-1);
  const leadIndexInList = listedLeadIds.indexOf(id);
  if (leadIndexInList >= 0) lastListedIndexRef.current = leadIndexInList;
  const isLeadListed = leadIndexInList >= 0;
  const lastListedIndex = lastListedIndexRef.current;
  const previousLeadId = lastListedIndex > 0 ? listedLeadIds[lastListedIndex - 1] : undefined;
  const nextLeadId =
    lastListedIndex < 0 ? undefined : listedLeadIds[isLeadListed ? lastListedIndex + 1 : lastListedIndex];
  useShortcut("k", previousLeadId === undefined ? undefined : () => switchOpenLead(previousLeadId), "Previous lead");
  useShortcut("j", nextLeadId === undefined ? undefined : () => switchOpenLead(nextLeadId), "Next lead");
  const listPositionText = isLeadListed
    ? `${formatCount(leadIndexInList + 1)} of ${formatCount(listedLeadIds.length)}`
    : "";
  return { listPositionText, previousId: previousLeadId, nextId: nextLeadId };
}

export function NeighbourButtons({ neighbours }: { neighbours: ListPositionAndNeighbours }): JSX.Element | null {
  const { previousId, nextId } = neighbours;
  if (leadIdsInScreenOrderSignal.value.length === 0) return null;
  const renderNeighbourButton = (
    id: number | undefined,
    name: string,
    key: string,
    icon: "chevron-up" | "chevron-down",
  ) => (
    <button
      type="button"
      class="btn icon ghost"
      aria-label={name}
      title={`${name} (${key})`}
      aria-keyshortcuts={key}
      disabled={id === undefined}
      onClick={() => id !== undefined && switchOpenLead(id)}
    >
      <Icon name={icon} />
    </button>
  );
  return (
    <>
      {renderNeighbourButton(previousId, "Previous lead", "K", "chevron-up")}
      {renderNeighbourButton(nextId, "Next lead", "J", "chevron-down")}
    </>
  );
}

/** Whether E and S act on the selection in the list instead of the open lead. */
const doShortcutsActOnSelection = (): boolean =>
  document.querySelector(".bulk") !== null && document.activeElement?.closest("main .list, main .board") != null;

/** Registers the shortcuts that act on the open lead. */
export function useLeadShortcuts(openLead: OpenLeadState, rootRef: { current: HTMLElement | null }): void {
  const { mayWrite } = useTeam();
  const existingLead = openLead.deletion ? undefined : openLead.version?.lead;
  const areShortcutsEnabled = mayWrite && existingLead !== undefined;
  const toggleLeadArchived = () => {
    if (doShortcutsActOnSelection()) return false;
    if (existingLead?.archived) openLead.restore();
    else openLead.archive();
    return true;
  };
  const openStatusMenu = () => {
    if (doShortcutsActOnSelection()) return false;
    rootRef.current?.querySelector<HTMLElement>(".props button.pill")?.click();
    return true;
  };
  useShortcut("e", areShortcutsEnabled ? toggleLeadArchived : undefined, "Archive the lead");
  useShortcut("s", areShortcutsEnabled ? openStatusMenu : undefined, "Change the status");
}

/** The menu of less frequent actions. Viewers have no such menu. */
export function LeadMenu({ openLead }: { openLead: OpenLeadState }): JSX.Element | null {
  const { mayWrite } = useTeam();
  const { version, deletion } = openLead;
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
        <MenuItem icon="archive-restore" kbd="e" onSelect={openLead.restore}>
          Restore
        </MenuItem>
      ) : (
        <MenuItem icon="archive" kbd="e" onSelect={openLead.archive}>
          Archive
        </MenuItem>
      )}
      <MenuItem icon="trash-2" isDangerous onSelect={openLead.remove}>
        Delete lead
      </MenuItem>
    </Menu>
  );
}
