// The settings section of webhooks, the endpoints that receive events about leads.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { api, unwrap } from "../app/api";
import { LIMITS } from "../app/contract-values";
import { Loaded, useLoading } from "../ui/loading";
import { EmptyState } from "../ui/states";
import { CopyDialog } from "./copy-dialog";
import { SettingsSection } from "./section";
import { hasAllTypes, WebhookDialog } from "./webhook-dialog";
import { WebhookState } from "./webhook-state";

export function WebhooksSection(): JSX.Element {
  const webhooks = useLoading(async () => (await unwrap(api.GET("/webhooks"))).webhooks, []);
  const [isAdding, setIsAdding] = useState(false);
  const [secret, setSecret] = useState<string>();
  return (
    <SettingsSection
      title="Webhooks"
      count={webhooks.value?.length}
      limit={LIMITS.maxWebhooksPerTeam}
      text="A webhook tells another system of each change, within seconds, and tries again while that system is down."
      addLabel="New webhook"
      onAdd={() => setIsAdding(true)}
    >
      <Loaded loadable={webhooks}>
        {(webhooks) =>
          webhooks.length === 0 ? (
            <EmptyState
              icon="webhook"
              title="No webhooks yet"
              text="Create one to send changes of leads to another system."
            />
          ) : (
            <table class="plain">
              <thead>
                <tr>
                  <th scope="col">Webhook</th>
                  <th scope="col" class="w-l c1">
                    Events
                  </th>
                  <th scope="col" class="w-l">
                    State
                  </th>
                </tr>
              </thead>
              <tbody>
                {webhooks.map((webhook) => {
                  const { id, url, description, types } = webhook;
                  const eventTypes = hasAllTypes(types) ? "Every event" : types.join(", ");
                  return (
                    <tr key={id}>
                      <th scope="row">
                        <a class="cut block" href={`#/settings/webhooks/${id}`} title={description || url}>
                          <bdi>{description || url}</bdi>
                        </a>
                        {description ? (
                          <div class="small quiet cut" title={url}>
                            <bdi>{url}</bdi>
                          </div>
                        ) : null}
                      </th>
                      <td class="quiet cut c1" title={eventTypes}>
                        {eventTypes}
                      </td>
                      <td>
                        <WebhookState webhook={webhook} />
                      </td>
                    </tr>
                  );
                })}
              </tbody>
            </table>
          )
        }
      </Loaded>
      {isAdding ? (
        <WebhookDialog
          webhook={undefined}
          onClose={() => setIsAdding(false)}
          onSaved={(secret) => {
            setIsAdding(false);
            setSecret(secret);
            webhooks.reload();
          }}
        />
      ) : null}
      {secret ? (
        <CopyDialog title="The webhook’s secret" text={secret} label="Secret" onClose={() => setSecret(undefined)}>
          It is shown this once. The endpoint verifies with it that a request is from here.
        </CopyDialog>
      ) : null}
    </SettingsSection>
  );
}
