// The lead page and the lead panel. They share nearly all code, so they are one chunk.

import "../app/first-view";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useShortcut } from "../app/shortcuts";
import { useTeam } from "../app/team";
import { getDisplayName } from "../ui/face";
import { Icon } from "../ui/icon";
import { LeadBody, useOpenLead } from "./lead-body";
import { LeadMenu, NeighbourButtons, useLeadNeighboursAndShortcuts, useLeadShortcuts } from "./lead-walk";
import { closeLeadPanelOrPage, lastListScreenLinkSignal } from "./open-lead";

export { LeadPanel } from "./lead-panel";

export function LeadScreen({ id }: { id: number }): JSX.Element {
  const { mayWrite } = useTeam();
  const leadScrollRegionRef = useRef<HTMLDivElement>(null);
  const openLeadState = useOpenLead(id);
  const listPositionAndNeighbours = useLeadNeighboursAndShortcuts(id);
  useLeadShortcuts(openLeadState, leadScrollRegionRef);
  useShortcut("Escape", closeLeadPanelOrPage, "Back to the list");
  const existingLead = openLeadState.deletion ? undefined : openLeadState.version?.lead;
  const leadName = existingLead ? getDisplayName(existingLead) : "";
  useEffect(() => {
    if (leadName) document.title = `${leadName} · Leads`;
  }, [leadName]);
  const { path, title } = lastListScreenLinkSignal.value;
  return (
    <>
      <header class="head">
        <div>
          <a
            class="btn ghost icon hang"
            href={`#${path}`}
            aria-label={`Back to ${title}`}
            title={`Back to ${title} (Escape)`}
          >
            <Icon name="chevron-left" />
          </a>
          <a class="quiet" href={`#${path}`}>
            {title}
          </a>
          <span class="quiet small num">{listPositionAndNeighbours.listPositionText}</span>
          <span class="push" />
          <NeighbourButtons neighbours={listPositionAndNeighbours} />
          {mayWrite && existingLead ? (
            <button
              type="button"
              class="btn ghost wide"
              title={existingLead.archived ? "Restore (E)" : "Archive (E)"}
              onClick={existingLead.archived ? openLeadState.restore : openLeadState.archive}
            >
              <Icon name={existingLead.archived ? "archive-restore" : "archive"} />
              {existingLead.archived ? "Restore" : "Archive"}
            </button>
          ) : null}
          <LeadMenu openLead={openLeadState} />
        </div>
      </header>
      <div ref={leadScrollRegionRef} class="scroll" tabIndex={0} role="region" aria-label="Lead">
        <div class="page">
          <LeadBody openLead={openLeadState} headingLevel={1} />
        </div>
      </div>
    </>
  );
}
