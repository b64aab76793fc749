// The settings section of API keys, with which programs call the API. A key's secret is shown once.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { type ApiKey, api, getDataOrThrow } from "../app/api";
import { LIMITS } from "../app/contract-values";
import { confirmAction } from "../ui/dialog";
import { FormField } from "../ui/field";
import { LoadableContent, useLoadable } from "../ui/loading";
import { MenuItem, MoreMenu } from "../ui/menu";
import { EmptyState } from "../ui/states";
import { formatDay, RelativeTime } from "../ui/time";
import { awaitRequestAndShowOutcome, showFailureAlert } from "../ui/toast";
import { CopyTextDialog } from "./copy-dialog";
import { CreateNamedItemDialog } from "./name-dialog";
import { SettingsSection } from "./section";

const API_KEY_ROLES: { role: ApiKey["role"]; rights: string }[] = [
  { role: "Sender", rights: "Creates leads and reads nothing. For web shops and forms." },
  { role: "Viewer", rights: "Reads everything and changes nothing." },
  { role: "Manager", rights: "Reads and changes leads." },
];

export function ApiKeysSection(): JSX.Element {
  const loadableApiKeys = useLoadable(async () => (await getDataOrThrow(api.GET("/keys"))).keys, []);
  const [isAdding, setIsAdding] = useState(false);
  const [newKeySecret, setNewKeySecret] = useState<string>();
  const revokeApiKey = async ({ id, name }: ApiKey) => {
    const revocationDialogText = "Requests with it are refused within a minute.";
    if (!(await confirmAction(`Revoke “${name}”?`, revocationDialogText, "Revoke"))) return;
    await awaitRequestAndShowOutcome(
      getDataOrThrow(api.DELETE("/keys/{id}", { params: { path: { id } } })),
      `${name} revoked`,
    );
    loadableApiKeys.reload();
  };
  return (
    <SettingsSection
      title="API keys"
      count={loadableApiKeys.value?.length}
      limit={LIMITS.maxApiKeysPerTeam}
      description={
        <>
          For programs that call the API. <a href="/docs">The API reference</a> says how.
        </>
      }
      addLabel="New key"
      onAdd={() => setIsAdding(true)}
    >
      <LoadableContent loadable={loadableApiKeys}>
        {(keys) =>
          keys.length === 0 ? (
            <EmptyState
              icon="key-round"
              title="No API keys yet"
              text="A program that reads or writes leads needs one of its own."
            />
          ) : (
            <table class="plain">
              <thead>
                <tr>
                  <th scope="col">Name</th>
                  <th scope="col" class="w-xs c1">
                    Ends in
                  </th>
                  <th scope="col" class="w-s">
                    Role
                  </th>
                  <th scope="col" class="w-s c1">
                    Last used
                  </th>
                  <th scope="col" class="w-s c1">
                    Expires
                  </th>
                  <th scope="col" class="w-box">
                    <span class="unseen">Actions</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {keys.map((key) => (
                  <tr key={key.id}>
                    <th scope="row">
                      <div class="cut" title={key.name}>
                        <bdi>{key.name}</bdi>
                      </div>
                      <div class="small quiet cut">
                        Created <RelativeTime at={key.createdAt} isInSentence />
                      </div>
                    </th>
                    <td class="quiet c1">
                      <code>{key.hint}</code>
                    </td>
                    <td class="quiet">{key.role}</td>
                    <td class="quiet c1">{key.lastUsedOn ? formatDay(key.lastUsedOn) : "Never"}</td>
                    <td class="quiet c1">{key.expiresAt ? formatDay(key.expiresAt) : "Never"}</td>
                    <td class="right">
                      <MoreMenu label={`More about ${key.name}`}>
                        <MenuItem icon="x" isDangerous onSelect={() => revokeApiKey(key)}>
                          Revoke
                        </MenuItem>
                      </MoreMenu>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )
        }
      </LoadableContent>
      {isAdding ? (
        <CreateApiKeyDialog
          onClose={() => setIsAdding(false)}
          onCreated={(secret) => {
            setIsAdding(false);
            setNewKeySecret(secret);
            loadableApiKeys.reload();
          }}
        />
      ) : null}
      {newKeySecret ? (
        <CopyTextDialog
          title="The new key"
          text={newKeySecret}
          label="Secret"
          onClose={() => setNewKeySecret(undefined)}
        >
          It is shown this once. Keep it where you keep passwords.
        </CopyTextDialog>
      ) : null}
    </SettingsSection>
  );
}

interface CreateApiKeyDialogProps {
  onCreated: (secret: string | undefined) => void;
  onClose: () => void;
}

function CreateApiKeyDialog({ onCreated, onClose }: CreateApiKeyDialogProps): JSX.Element {
  const [role, setRole] = useState<ApiKey["role"]>("Sender");
  const [lastDay, setLastDay] = useState("");
  const createApiKey = async (name: string, idempotencyKey: string) => {
    // The key expires at the end of the chosen day, in the user's time zone.
    const expiresAtBodyPart = lastDay ? { expiresAt: new Date(`${lastDay}T23:59:59.999`).toISOString() } : {};
    const apiKeyRequestParams = { header: { "Idempotency-Key": idempotencyKey } };
    const { secret } = await getDataOrThrow(
      api.POST("/keys", { params: apiKeyRequestParams, body: { name, role, ...expiresAtBodyPart } }),
    );
    onCreated(secret ?? undefined);
    // The response to a retry has no secret, because the API stores only its hash.
    if (!secret) showFailureAlert("The key exists, but its secret was lost on the way. Revoke it and create another.");
  };
  return (
    <CreateNamedItemDialog
      title="New API key"
      maxLength={LIMITS.maxNameChars}
      placeholder="Web shop"
      submitLabel="Create key"
      onCreate={createApiKey}
      onClose={onClose}
    >
      <fieldset class="label">
        <legend>Role</legend>
        <div class="options-list">
          {API_KEY_ROLES.map(({ role: name, rights }) => (
            <label key={name} class="option">
              <input type="radio" name="role" checked={name === role} onInput={() => setRole(name)} />
              <span>
                {name} <small class="quiet">{rights}</small>
              </span>
            </label>
          ))}
        </div>
      </fieldset>
      <FormField label="Last day" hint="Without one it does not expire.">
        {(ids) => (
          <input
            {...ids}
            class="input"
            type="date"
            value={lastDay}
            onInput={({ currentTarget }) => setLastDay(currentTarget.value)}
          />
        )}
      </FormField>
    </CreateNamedItemDialog>
  );
}
