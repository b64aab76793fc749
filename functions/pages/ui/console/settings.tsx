// What is the team's own: statuses, businesses, keys of machines, forms of web sites.

import type { JSX } from "preact";
import { Businesses } from "./businesses";
import { Forms } from "./forms";
import { Keys } from "./keys";
import { Statuses } from "./statuses";
import { useTeam } from "./team";

export function Settings(): JSX.Element {
  const { owns } = useTeam();
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
          </>
        ) : (
          <section class="panel" aria-label="Keys and forms">
            <h2>API keys and forms</h2>
            <p class="quiet">Only Owners see them.</p>
          </section>
        )}
      </div>
    </>
  );
}
