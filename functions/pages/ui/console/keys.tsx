// API keys: how machines call. A secret is shown once.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { type ApiKey, api, ok, told } from "./api";
import { CopyDialog } from "./copied";
import { useDecision } from "./decision";
import { confirmed } from "./dialog";
import { Field, submitting } from "./field";
import { Loaded, useLoading } from "./loading";
import { attempted, complain } from "./messages";
import { Time } from "./person";

const ROLES: { role: ApiKey["role"]; does: string }[] = [
  { role: "Sender", does: "creates leads and reads nothing" },
  { role: "Viewer", does: "reads" },
  { role: "Manager", does: "reads and changes leads" },
];

export function Keys(): JSX.Element {
  const keys = useLoading(async () => (await ok(api.GET("/keys"))).keys, []);
  const [secret, setSecret] = useState<string>();
  const revoke = async ({ id, name }: ApiKey) => {
    const text = "Whatever calls with it is refused, within a minute at the latest.";
    if (!(await confirmed(`Revoke “${name}”?`, text, "Revoke"))) return;
    await attempted(ok(api.DELETE("/keys/{id}", { params: { path: { id } } })), `${name} is revoked.`);
    keys.reload();
  };
  return (
    <section class="panel" aria-label="API keys">
      <h2>API keys</h2>
      <Loaded of={keys}>
        {(keys) =>
          keys.length === 0 ? (
            <p class="quiet">No machine calls yet.</p>
          ) : (
            <ul class="list">
              {keys.map((key) => (
                <li key={key.id}>
                  <div>
                    <strong>{key.name}</strong> <span class="quiet">…{key.hint}</span>
                    <br />
                    <span class="quiet">
                      {key.role} · created <Time at={key.createdAt} day />
                      {key.expiresAt ? (
                        <>
                          {" · expires "}
                          <Time at={key.expiresAt} day />
                        </>
                      ) : null}
                      {key.lastUsedOn ? ` · last used ${key.lastUsedOn}` : " · not used yet"}
                    </span>
                  </div>
                  <button type="button" onClick={() => revoke(key)} aria-label={`Revoke ${key.name}`}>
                    Revoke
                  </button>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
      <NewKey
        created={(secret) => {
          setSecret(secret);
          keys.reload();
        }}
      />
      {secret ? (
        <CopyDialog title="The new key" text={secret} what="The secret" close={() => setSecret(undefined)}>
          It is shown this once. Keep it where secrets are kept.
        </CopyDialog>
      ) : null}
    </section>
  );
}

function NewKey({ created }: { created: (secret: string | undefined) => void }): JSX.Element {
  const [name, setName] = useState("");
  const [role, setRole] = useState<ApiKey["role"]>("Sender");
  const [expires, setExpires] = useState("");
  const { busy, send } = useDecision();
  const create = async () => {
    // To the end of the day, as it is where the page is read.
    const last = expires ? { expiresAt: new Date(`${expires}T23:59:59.999`).toISOString() } : {};
    const body = { name, role, ...last };
    try {
      const key = await send(body, (key) => {
        return ok(api.POST("/keys", { params: { header: { "Idempotency-Key": key } }, body }));
      });
      if (!key) return;
      setName("");
      created(key.secret ?? undefined);
      // The answer to a request that is sent again holds no secret: only its hash is stored.
      if (!key.secret) complain("The key exists, but its secret was lost on the way. Revoke it and create another.");
    } catch (error) {
      complain(told(error));
    }
  };
  return (
    <details>
      <summary>New key</summary>
      <form onSubmit={submitting(create)}>
        <Field label="Name">
          <input value={name} required maxLength={100} onInput={({ currentTarget }) => setName(currentTarget.value)} />
        </Field>
        <Field label="Role" hint={ROLES.find((one) => one.role === role)?.does}>
          <select value={role} onInput={({ currentTarget }) => setRole(currentTarget.value as ApiKey["role"])}>
            {ROLES.map(({ role }) => (
              <option key={role}>{role}</option>
            ))}
          </select>
        </Field>
        <Field label="Last day" hint="Empty: it does not expire.">
          <input type="date" value={expires} onInput={({ currentTarget }) => setExpires(currentTarget.value)} />
        </Field>
        <button type="submit" class="primary" disabled={busy}>
          Create
        </button>
      </form>
    </details>
  );
}
