// Forms: where web sites send leads to.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { api, type Form, ok, told } from "./api";
import { Checks, Options } from "./choices";
import { CopyDialog } from "./copied";
import { useDecision } from "./decision";
import { confirmed, Dialog } from "./dialog";
import { Field, submitting } from "./field";
import { Loaded, useLoading } from "./loading";
import { attempted, say } from "./messages";
import { number, Time } from "./person";
import { useTeam } from "./team";

/** A page's part that posts to a form; `_gotcha` is hidden, and what fills it in is no visitor. */
const html = (form: Form): string => `<form action="${location.origin}/forms/${form.key}/leads" method="post">
  <label>Name <input name="name" autocomplete="name" required></label>
  <label>E-mail <input name="email" type="email" autocomplete="email" required></label>
  <label>Message <textarea name="message"></textarea></label>
  <input name="_gotcha" tabindex="-1" autocomplete="off" aria-hidden="true" style="position: absolute; left: -9999px">
  <button type="submit">Send</button>
</form>`;

interface Draft {
  name: string;
  statusId: number;
  business: number[];
  source: string;
  allowedOrigins: string;
  redirectUrl: string;
  active: boolean;
}

export function Forms(): JSX.Element {
  const { statuses } = useTeam();
  const forms = useLoading(async () => (await ok(api.GET("/forms"))).forms, []);
  const [editing, setEditing] = useState<Form | "new">();
  const [pasting, setPasting] = useState<Form>();
  const remove = async ({ id, name }: Form) => {
    const text = "What is posted to it is not found. Its leads stay.";
    if (!(await confirmed(`Delete “${name}”?`, text, "Delete"))) return;
    await attempted(ok(api.DELETE("/forms/{id}", { params: { path: { id } } })), `${name} is deleted.`);
    forms.reload();
  };
  const close = () => setEditing(undefined);
  return (
    <section class="panel" aria-label="Forms">
      <h2>Forms</h2>
      <Loaded of={forms}>
        {(forms) =>
          forms.length === 0 ? (
            <p class="quiet">No web site sends leads yet.</p>
          ) : (
            <ul class="list">
              {forms.map((form) => (
                <li key={form.id}>
                  <div>
                    <strong>{form.name}</strong> {form.active ? null : <span class="quiet">(inactive)</span>}
                    <br />
                    <span class="quiet">
                      {statuses.find(({ id }) => id === form.statusId)?.name} · {number.format(form.submissions)}{" "}
                      submissions
                      {form.spam > 0 ? `, ${number.format(form.spam)} of bots` : ""}
                      {form.lastSubmittedAt ? (
                        <>
                          {" · last "}
                          <Time at={form.lastSubmittedAt} />
                        </>
                      ) : null}
                      {form.ignored.length > 0 ? (
                        <>
                          <br />
                          Ignored fields of its page: {form.ignored.join(", ")}
                        </>
                      ) : null}
                    </span>
                  </div>
                  <button type="button" onClick={() => setPasting(form)} aria-label={`HTML of ${form.name}`}>
                    HTML
                  </button>
                  <button type="button" onClick={() => setEditing(form)} aria-label={`Edit ${form.name}`}>
                    Edit
                  </button>
                  <button type="button" class="plain" onClick={() => remove(form)} aria-label={`Delete ${form.name}`}>
                    ✕
                  </button>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
      <button type="button" onClick={() => setEditing("new")}>
        New form
      </button>
      {editing ? (
        <Dialog title={editing === "new" ? "New form" : `Form ${editing.name}`} onClose={close}>
          <FormForm
            form={editing === "new" ? undefined : editing}
            saved={() => {
              close();
              forms.reload();
            }}
            cancel={close}
          />
        </Dialog>
      ) : null}
      {pasting ? (
        <CopyDialog
          title={`HTML of ${pasting.name}`}
          text={html(pasting)}
          what="The HTML"
          close={() => setPasting(undefined)}
        >
          Paste this into a page. It needs no script.
        </CopyDialog>
      ) : null}
    </section>
  );
}

interface FormProps {
  form: Form | undefined;
  saved: () => void;
  cancel: () => void;
}

function FormForm({ form, saved, cancel }: FormProps): JSX.Element {
  const { statuses, businesses } = useTeam();
  const [draft, setDraft] = useState<Draft>({
    name: form?.name ?? "",
    statusId: form?.statusId ?? statuses[0]?.id ?? 1,
    business: form?.business.map(({ id }) => id) ?? [],
    source: form?.source ?? "",
    allowedOrigins: form?.allowedOrigins.join("\n") ?? "",
    redirectUrl: form?.redirectUrl ?? "",
    active: form?.active ?? true,
  });
  const [failed, setFailed] = useState<string>();
  const change = (by: Partial<Draft>) => setDraft({ ...draft, ...by });
  const { busy, send } = useDecision();
  const save = async () => {
    const body = { ...draft, allowedOrigins: draft.allowedOrigins.split(/\s+/).filter(Boolean) };
    try {
      const done = await send(body, (key) =>
        form
          ? ok(api.PUT("/forms/{id}", { params: { path: { id: form.id } }, body }))
          : ok(api.POST("/forms", { params: { header: { "Idempotency-Key": key } }, body })),
      );
      if (!done) return;
      say(`${draft.name} is saved.`);
      saved();
    } catch (error) {
      setFailed(told(error));
    }
  };
  return (
    <form onSubmit={submitting(save)}>
      {failed ? (
        <p class="failure" role="alert">
          {failed}
        </p>
      ) : null}
      <Field label="Name">
        <input
          value={draft.name}
          required
          maxLength={100}
          onInput={({ currentTarget }) => change({ name: currentTarget.value })}
        />
      </Field>
      <Field label="Status of its leads">
        <select
          value={draft.statusId}
          onInput={({ currentTarget }) => change({ statusId: Number(currentTarget.value) })}
        >
          <Options of={statuses} />
        </select>
      </Field>
      <fieldset class="field">
        <legend>Businesses of its leads</legend>
        <div class="checks">
          <Checks of={businesses} chosen={draft.business} choose={(business) => change({ business })} />
        </div>
      </fieldset>
      <Field label="Source of its leads">
        <input
          value={draft.source}
          maxLength={200}
          onInput={({ currentTarget }) => change({ source: currentTarget.value })}
        />
      </Field>
      <Field label="Pages that may post" hint="Origins, one a line, as https://www.example.com. Empty: any.">
        <textarea
          rows={2}
          value={draft.allowedOrigins}
          onInput={({ currentTarget }) => change({ allowedOrigins: currentTarget.value })}
        />
      </Field>
      <Field label="Where a browser goes then" hint="Empty: it shows “Thank you”.">
        <input
          type="url"
          value={draft.redirectUrl}
          onInput={({ currentTarget }) => change({ redirectUrl: currentTarget.value })}
        />
      </Field>
      <label class="check">
        <input
          type="checkbox"
          checked={draft.active}
          onInput={({ currentTarget }) => change({ active: currentTarget.checked })}
        />
        Takes posts
      </label>
      <div class="actions">
        <button type="button" onClick={cancel}>
          Cancel
        </button>
        <button type="submit" class="primary" disabled={busy}>
          Save
        </button>
      </div>
    </form>
  );
}
