// The lead page and the lead panel. They share nearly all code, so they are one chunk.

import "../app/first-view";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useShortcut } from "../app/shortcuts";
import { useTeam } from "../app/team";
import { fullName } from "../ui/face";
import { Icon } from "../ui/icon";
import { LeadBody, useOpenLead } from "./lead-body";
import { LeadMenu, useLeadKeys, useWalk, WalkButtons } from "./lead-walk";
import { closeLead, lastList } from "./open-lead";

export { LeadPanel } from "./lead-panel";

export function LeadScreen({ id }: { id: number }): JSX.Element {
  const { mayWrite } = useTeam();
  const root = useRef<HTMLDivElement>(null);
  const open = useOpenLead(id);
  const walk = useWalk(id);
  useLeadKeys(open, root);
  useShortcut("Escape", closeLead, "Back to the list");
  const lead = open.deletion ? undefined : open.version?.lead;
  const name = lead ? fullName(lead) : "";
  useEffect(() => {
    if (name) document.title = `${name} · Leads`;
  }, [name]);
  const { address, title } = lastList.value;
  return (
    <>
      <header class="head">
        <div>
          <a
            class="btn ghost icon hang"
            href={`#${address}`}
            aria-label={`Back to ${title}`}
            title={`Back to ${title} (Escape)`}
          >
            <Icon name="chevron-left" />
          </a>
          <a class="quiet" href={`#${address}`}>
            {title}
          </a>
          <span class="quiet small num">{walk.place}</span>
          <span class="push" />
          <WalkButtons walk={walk} />
          {mayWrite && lead ? (
            <button
              type="button"
              class="btn ghost wide"
              title={lead.archived ? "Restore (E)" : "Archive (E)"}
              onClick={lead.archived ? open.restore : open.archive}
            >
              <Icon name={lead.archived ? "archive-restore" : "archive"} />
              {lead.archived ? "Restore" : "Archive"}
            </button>
          ) : null}
          <LeadMenu open={open} />
        </div>
      </header>
      <div ref={root} class="scroll" tabIndex={0} role="region" aria-label="Lead">
        <div class="page">
          <LeadBody open={open} level={1} />
        </div>
      </div>
    </>
  );
}
