// The businesses that leads belong to.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { api, type Business, ok } from "./api";
import { confirmed } from "./dialog";
import { submitting } from "./field";
import { attempted } from "./messages";
import { useTeam } from "./team";

export function Businesses(): JSX.Element {
  const { businesses, owns, reload } = useTeam();
  const run = async (change: Promise<unknown>, done: string) => {
    const succeeded = await attempted(change, done);
    await reload();
    return succeeded;
  };
  const remove = async ({ id, name }: Business) => {
    if (await confirmed(`Delete “${name}”?`, "Only a business that no lead belongs to can be deleted.", "Delete")) {
      await run(ok(api.DELETE("/businesses/{id}", { params: { path: { id } } })), `${name} is deleted.`);
    }
  };
  return (
    <section class="panel" aria-label="Businesses">
      <h2>Businesses</h2>
      {businesses.length === 0 ? <p class="quiet">None yet.</p> : null}
      <ul class="list">
        {businesses.map((business) => (
          <li key={business.id}>
            {owns ? (
              <>
                <NameForm
                  label={`Name of ${business.name}`}
                  name={business.name}
                  save={(name) =>
                    run(
                      ok(api.PUT("/businesses/{id}", { params: { path: { id: business.id } }, body: { name } })),
                      `${name} is renamed.`,
                    )
                  }
                />
                <button
                  type="button"
                  class="plain"
                  aria-label={`Delete ${business.name}`}
                  onClick={() => remove(business)}
                >
                  ✕
                </button>
              </>
            ) : (
              business.name
            )}
          </li>
        ))}
      </ul>
      {owns ? (
        <NameForm
          label="Name of the new business"
          name=""
          save={(name) => run(ok(api.POST("/businesses", { body: { name } })), `${name} is a business now.`)}
        />
      ) : null}
    </section>
  );
}

interface NameFormProps {
  label: string;
  /** Empty is a new one. */
  name: string;
  /** Whether it could be saved. */
  save: (name: string) => Promise<boolean>;
}

function NameForm({ label, name, save }: NameFormProps): JSX.Element {
  // What is being typed stays when the list is read again.
  const [text, setText] = useState<string>();
  const typed = text ?? name;
  const submit = async () => {
    // What was typed meanwhile stays.
    if (await save(typed)) setText((now) => (now === typed ? undefined : now));
  };
  return (
    <form class="inline" onSubmit={submitting(submit)}>
      <input
        aria-label={label}
        placeholder={name ? "" : "New business"}
        value={typed}
        required
        maxLength={100}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
      />
      {typed === name && name ? null : <button type="submit">{name ? "Save" : "Add"}</button>}
    </form>
  );
}
