// The settings section of webhooks, the endpoints that receive events about leads.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { api, getDataOrThrow } from "../app/api";
import { LIMITS } from "../app/contract-values";
import { LoadableContent, useLoadable } from "../ui/loading";
import { EmptyState } from "../ui/states";
import { CopyTextDialog } from "./copy-dialog";
import { SettingsSection } from "./section";
import { includesAllEventTypes, WebhookDialog } from "./webhook-dialog";
import { WebhookStateLabel } from "./webhook-state";

export function WebhooksSection(): JSX.Element {
  const loadableWebhooks = useLoadable(async () => (await getDataOrThrow(api.GET("/webhooks"))).webhooks, []);
  const [isAdding, setIsAdding] = useState(false);
  const [newWebhookSecret, setNewWebhookSecret] = useState<string>();
  return (
    <SettingsSection
      title="Webhooks"
      count={loadableWebhooks.value?.length}
      limit={LIMITS.maxWebhooksPerTeam}
      description="A webhook tells another system of each change, within seconds, and tries again while that system is down."
      addLabel="New webhook"
      onAdd={() => setIsAdding(true)}
    >
      <LoadableContent loadable={loadableWebhooks}>
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
                  const eventTypesText = includesAllEventTypes(types) ? "Every event" : types.join(", ");
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
                      <td class="quiet cut c1" title={eventTypesText}>
                        {eventTypesText}
                      </td>
                      <td>
                        <WebhookStateLabel webhook={webhook} />
                      </td>
                    </tr>
                  );
                })}
              </tbody>
            </table>
          )
        }
      </LoadableContent>
      {isAdding ? (
        <WebhookDialog
          webhook={undefined}
          onClose={() => setIsAdding(false)}
          onSaved={(secret) => {
            setIsAdding(false);
            setNewWebhookSecret(secret);
            loadableWebhooks.reload();
          }}
        />
      ) : null}
      {newWebhookSecret ? (
        <CopyTextDialog
          title="The webhook’s secret"
          text={newWebhookSecret}
          label="Secret"
          onClose={() => setNewWebhookSecret(undefined)}
        >
          It is shown this once. The endpoint verifies with it that a request is from here.
        </CopyTextDialog>
      ) : null}
    </SettingsSection>
  );
}
