// API keys: how machines call. A secret is shown once.

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { type ApiKey, api, idempotencyKey, ok, told } from "./api";
import { Copied } from "./copied";
import { confirmed, Dialog } from "./dialog";
import { Field } from "./field";
import { Loaded, useLoading } from "./loading";
import { complain, say } from "./messages";
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
    try {
      await ok(api.DELETE("/keys/{id}", { params: { path: { id } } }));
      say(`${name} is revoked.`);
    } catch (error) {
      complain(told(error));
    }
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
        <Dialog title="The new key" onClose={() => setSecret(undefined)}>
          <p>It is shown this once. Keep it where secrets are kept.</p>
          <Copied text={secret} what="The secret" />
          <div class="actions">
            <button type="button" class="primary" onClick={() => setSecret(undefined)}>
              Done
            </button>
          </div>
        </Dialog>
      ) : null}
    </section>
  );
}

function NewKey({ created }: { created: (secret: string) => void }): JSX.Element {
  const [name, setName] = useState("");
  const [role, setRole] = useState<ApiKey["role"]>("Sender");
  const [expires, setExpires] = useState("");
  const key = useRef(idempotencyKey());
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const body = { name, role, ...(expires ? { expiresAt: `${expires}T23:59:59.000Z` } : {}) };
    try {
      const { secret } = await ok(api.POST("/keys", { params: { header: { "Idempotency-Key": key.current } }, body }));
      setName("");
      // The answer to a repeated request holds no secret: only its hash is stored.
      if (secret) created(secret);
      else complain("The key exists, but its secret was lost on the way. Revoke it and create another.");
    } catch (error) {
      complain(told(error));
    }
    key.current = idempotencyKey();
  };
  return (
    <details>
      <summary>New key</summary>
      <form onSubmit={submit}>
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
        <button type="submit" class="primary">
          Create
        </button>
      </form>
    </details>
  );
}
