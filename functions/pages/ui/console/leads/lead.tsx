// The lead page and the lead panel. They share nearly all code, so they are one chunk.

import "../app/first-view";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useShortcut } from "../app/shortcuts";
import { useTeam } from "../app/team";
import { getDisplayName } from "../ui/face";
import { Icon } from "../ui/icon";
import { LeadBody, useOpenLead } from "./lead-body";
import { LeadMenu, NeighbourButtons, useLeadNeighbours, useLeadShortcuts } from "./lead-walk";
import { closeLead, lastListScreen } from "./open-lead";

export { LeadPanel } from "./lead-panel";

export function LeadScreen({ id }: { id: number }): JSX.Element {
  const { mayWrite } = useTeam();
  const rootRef = useRef<HTMLDivElement>(null);
  const openLead = useOpenLead(id);
  const neighbours = useLeadNeighbours(id);
  useLeadShortcuts(openLead, rootRef);
  useShortcut("Escape", closeLead, "Back to the list");
  const lead = openLead.deletion ? undefined : openLead.version?.lead;
  const leadName = lead ? getDisplayName(lead) : "";
  useEffect(() => {
    if (leadName) document.title = `${leadName} · Leads`;
  }, [leadName]);
  const { path, title } = lastListScreen.value;
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
          <span class="quiet small num">{neighbours.listPositionText}</span>
          <span class="push" />
          <NeighbourButtons neighbours={neighbours} />
          {mayWrite && lead ? (
            <button
              type="button"
              class="btn ghost wide"
              title={lead.archived ? "Restore (E)" : "Archive (E)"}
              onClick={lead.archived ? openLead.restore : openLead.archive}
            >
              <Icon name={lead.archived ? "archive-restore" : "archive"} />
              {lead.archived ? "Restore" : "Archive"}
            </button>
          ) : null}
          <LeadMenu openLead={openLead} />
        </div>
      </header>
      <div ref={rootRef} class="scroll" tabIndex={0} role="region" aria-label="Lead">
        <div class="page">
          <LeadBody openLead={openLead} headingLevel={1} />
        </div>
      </div>
    </>
  );
}
