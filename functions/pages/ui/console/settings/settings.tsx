// The settings screen. Each section has a route of its own: `#/settings/statuses`, `#/settings/webhooks/3`.

import "../app/first-view";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useRoute } from "../app/route";
import { useTeam } from "../app/team";
import { EmptyState } from "../ui/states";
import { BusinessesSection } from "./businesses";
import { FormsSection } from "./forms";
import { ApiKeysSection } from "./keys";
import { StatusesSection } from "./statuses";
import { WebhookScreen } from "./webhook";
import { WebhooksSection } from "./webhooks";

const SETTINGS_SECTIONS = [
  { path: "statuses", title: "Statuses", owners: false, Shown: StatusesSection },
  { path: "businesses", title: "Businesses", owners: false, Shown: BusinessesSection },
  { path: "forms", title: "Forms", owners: true, Shown: FormsSection },
  { path: "webhooks", title: "Webhooks", owners: true, Shown: WebhooksSection },
  { path: "keys", title: "API keys", owners: true, Shown: ApiKeysSection },
];

export function SettingsScreen(): JSX.Element {
  const { isOwner } = useTeam();
  const [sectionPath = "", itemIdText] = useRoute().subpath.split("/");
  const currentSection = SETTINGS_SECTIONS.find((section) => section.path === (sectionPath || "statuses"));
  const webhookId = currentSection?.path === "webhooks" ? Number(itemIdText) : 0;
  const isSectionForbidden = currentSection?.owners && !isOwner;
  useEffect(() => {
    if (currentSection) document.title = `${currentSection.title} · Settings · Leads`;
  }, [currentSection]);
  const settingsNavRef = useRef<HTMLElement>(null);
  useEffect(() => {
    // On a phone the links to the sections scroll sideways, so the current link is scrolled into view.
    settingsNavRef.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [sectionPath]);
  return (
    <>
      <header class="head">
        <div>
          <h1>Settings</h1>
        </div>
      </header>
      <div class="scroll" tabIndex={0} role="region" aria-label="Settings">
        <div class="body page">
          <div class="settings">
            <nav aria-label="Settings" ref={settingsNavRef}>
              {SETTINGS_SECTIONS.filter(({ owners }) => isOwner || !owners).map(({ path, title }) => (
                <a
                  key={path}
                  href={`#/settings/${path}`}
                  aria-current={currentSection?.path === path ? "page" : undefined}
                >
                  {title}
                </a>
              ))}
            </nav>
            <div class="stack">
              {isOwner ? null : (
                <p class="note">
                  Only Owners of the team change these. API keys, forms and webhooks are theirs too: only Owners see
                  them.
                </p>
              )}
              {!currentSection ? (
                <EmptyState icon="settings" title="There is no such setting" text="Choose one from the list." />
              ) : isSectionForbidden ? (
                <EmptyState icon="settings" title="Only Owners see these settings" text="Ask an Owner of the team." />
              ) : webhookId > 0 ? (
                <WebhookScreen key={webhookId} id={webhookId} />
              ) : (
                <currentSection.Shown />
              )}
            </div>
          </div>
        </div>
      </div>
    </>
  );
}
