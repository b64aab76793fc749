// The settings screen. Each section has a route of its own: `#/settings/statuses`, `#/settings/webhooks/3`.

import "../app/first-view";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { useRoute } from "../app/route";
import { useTeam } from "../app/team";
import { EmptyState } from "../ui/states";
import { BusinessesSection } from "./businesses";
import { FormsSection } from "./forms";
import { KeysSection } from "./keys";
import { StatusesSection } from "./statuses";
import { WebhookScreen } from "./webhook";
import { WebhooksSection } from "./webhooks";

const SECTIONS = [
  { path: "statuses", title: "Statuses", owners: false, Shown: StatusesSection },
  { path: "businesses", title: "Businesses", owners: false, Shown: BusinessesSection },
  { path: "forms", title: "Forms", owners: true, Shown: FormsSection },
  { path: "webhooks", title: "Webhooks", owners: true, Shown: WebhooksSection },
  { path: "keys", title: "API keys", owners: true, Shown: KeysSection },
];

export function Settings(): JSX.Element {
  const { isOwner } = useTeam();
  const [path = "", id] = useRoute().subpath.split("/");
  const section = SECTIONS.find((section) => section.path === (path || "statuses"));
  const webhookId = section?.path === "webhooks" ? Number(id) : 0;
  const isHidden = section?.owners && !isOwner;
  useEffect(() => {
    if (section) document.title = `${section.title} · Settings · Leads`;
  }, [section]);
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
            <nav aria-label="Settings">
              {SECTIONS.filter(({ owners }) => isOwner || !owners).map(({ path, title }) => (
                <a key={path} href={`#/settings/${path}`} aria-current={section?.path === path ? "page" : undefined}>
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
              {!section ? (
                <EmptyState icon="settings" title="There is no such setting" text="Choose one from the list." />
              ) : isHidden ? (
                <EmptyState icon="settings" title="Only Owners see these settings" text="Ask an Owner of the team." />
              ) : webhookId > 0 ? (
                <WebhookScreen key={webhookId} id={webhookId} />
              ) : (
                <section.Shown />
              )}
            </div>
          </div>
        </div>
      </div>
    </>
  );
}
