// What is the team's own: statuses, businesses, keys of machines, forms of web sites, webhooks.

import type { JSX } from "preact";
import { Businesses } from "./businesses";
import { Forms } from "./forms";
import { Keys } from "./keys";
import { useRoute } from "./route";
import { Statuses } from "./statuses";
import { useTeam } from "./team";
import { WebhookScreen } from "./webhook";
import { Webhooks } from "./webhooks";

export function Settings(): JSX.Element {
  const { owns } = useTeam();
  const webhook = Number(/^webhooks\/(\d+)$/.exec(useRoute().rest)?.[1]);
  if (owns && webhook > 0) return <WebhookScreen key={webhook} id={webhook} />;
  return (
    <>
      <h1>Settings</h1>
      {owns ? null : <p class="notice">Only Owners of the team change these.</p>}
      <div class="settings">
        <Statuses />
        <Businesses />
        {owns ? (
          <>
            <Keys />
            <Forms />
            <Webhooks />
          </>
        ) : (
          <section class="panel" aria-label="Keys, forms and webhooks">
            <h2>API keys, forms and webhooks</h2>
            <p class="quiet">Only Owners see them.</p>
          </section>
        )}
      </div>
    </>
  );
}
