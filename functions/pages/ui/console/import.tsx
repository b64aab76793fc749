// Leads out of a CSV file: dropped, its columns mapped, tried, and written.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { told } from "./api";
import { FileInput, useDrop } from "./drop";
import { save } from "./export";
import { Field } from "./field";
import { failedRows, guessed, readSheet, type Sheet } from "./import-file";
import { type Choices, forget, type Run, start, stop, useRun } from "./import-run";
import { FIELDS } from "./lead-fields";
import { complain } from "./messages";
import { number } from "./person";
import { useTeam } from "./team";

export function Import(): JSX.Element {
  const { mayWrite, reload } = useTeam();
  const run = useRun();
  const [sheet, setSheet] = useState<Sheet | undefined>(run?.sheet);
  const written = run?.over && !run.dryRun && run.choices.createBusinesses;
  useEffect(() => {
    // Businesses that it has created are to be seen everywhere.
    if (written) reload();
  }, [written]);
  if (!mayWrite) {
    return (
      <>
        <h1>Import</h1>
        <p class="failure">Viewers cannot import leads. Ask an Owner of the team.</p>
      </>
    );
  }
  const running = run !== undefined && !run.over;
  return (
    <>
      <div class="title">
        <h1>Import</h1>
        {running ? (
          <button type="button" onClick={stop}>
            Stop
          </button>
        ) : sheet ? (
          <button
            type="button"
            onClick={() => {
              forget();
              setSheet(undefined);
            }}
          >
            Another file
          </button>
        ) : null}
      </div>
      {sheet ? <Mapping sheet={sheet} run={run} /> : <DropFile take={setSheet} />}
      {run ? <Outcome run={run} /> : null}
    </>
  );
}

function DropFile({ take }: { take: (sheet: Sheet) => void }): JSX.Element {
  const read = async (file: File | undefined) => {
    if (!file) return;
    try {
      take(await readSheet(file));
    } catch (error) {
      complain(`${file.name} could not be read. ${told(error)}`);
    }
  };
  const { over, on } = useDrop(read);
  return (
    <label class={over ? "drop file over" : "drop file"} {...on}>
      <strong>Drop a CSV file here, or choose one</strong>
      <span class="quiet">Its first row names the columns. Nothing is written before you say so.</span>
      <FileInput accept=".csv,text/csv,text/plain" take={read} />
    </label>
  );
}

function Mapping({ sheet, run }: { sheet: Sheet; run: Run | undefined }): JSX.Element {
  const { owns } = useTeam();
  const [choices, setChoices] = useState<Choices>(
    run?.choices ?? {
      mode: "upsert",
      fill: false,
      createBusinesses: false,
      mapping: guessed(sheet.columns),
      clears: false,
    },
  );
  const { mode, fill, createBusinesses, mapping, clears } = choices;
  // What was tried is not what would happen now.
  const choose = (by: Partial<Choices>) => {
    forget();
    setChoices({ ...choices, ...by });
  };
  // Leads are found by their address; a new one needs somebody to be reached by.
  const needed = FIELDS.filter(({ name }) => name === "email" || (name === "phoneNumber" && mode !== "update"));
  const missing = needed.some(({ column }) => mapping.includes(column)) ? [] : needed;
  const running = run !== undefined && !run.over;
  const rows = number.format(sheet.rows.length);
  const cutShort = run?.stopped !== undefined && !run.dryRun;
  return (
    <>
      <p>
        <strong>{sheet.name}</strong>: {rows} rows
      </p>
      {run && !run.dryRun && !cutShort ? null : (
        <form onSubmit={(event) => event.preventDefault()}>
          <fieldset disabled={running}>
            <legend>Columns</legend>
            <div class="scrolls" tabIndex={0} role="region" aria-label="Columns">
              <table>
                <thead>
                  <tr>
                    <th>Column</th>
                    <th>becomes</th>
                    <th>for example</th>
                  </tr>
                </thead>
                <tbody>
                  {sheet.columns.map((column, index) => {
                    const name = column || `column ${index + 1}`;
                    return (
                      <tr key={`${index} ${column}`}>
                        <td>{name}</td>
                        <td>
                          <select
                            aria-label={`What ${name} becomes`}
                            value={mapping[index]}
                            onInput={({ currentTarget: { value } }) => {
                              const others = mapping.map((other) => (other === value ? "" : other));
                              choose({ mapping: others.map((other, at) => (at === index ? value : other)) });
                            }}
                          >
                            <option value="">nothing</option>
                            {FIELDS.map(({ column, label }) => (
                              <option key={column} value={column}>
                                {label}
                              </option>
                            ))}
                          </select>
                        </td>
                        <td class="quiet">
                          {sheet.rows.find(({ cells }) => cells[index])?.cells[index]?.slice(0, 60)}
                        </td>
                      </tr>
                    );
                  })}
                </tbody>
              </table>
            </div>
            <Field label="Leads that exist (by e-mail)">
              <select
                value={mode}
                onInput={({ currentTarget }) => choose({ mode: currentTarget.value as Choices["mode"] })}
              >
                <option value="upsert">are changed, new ones are created</option>
                <option value="create">are left alone: their rows fail</option>
                <option value="update">are changed, rows of new ones fail</option>
              </select>
            </Field>
            <label class="check">
              <input
                type="checkbox"
                checked={fill}
                onInput={({ currentTarget }) => choose({ fill: currentTarget.checked })}
              />
              Only fill in what is empty, overwrite nothing
            </label>
            <label class="check">
              <input
                type="checkbox"
                checked={clears}
                disabled={fill}
                onInput={({ currentTarget }) => choose({ clears: currentTarget.checked })}
              />
              Empty cells empty the fields of leads that exist
            </label>
            {owns ? (
              <label class="check">
                <input
                  type="checkbox"
                  checked={createBusinesses}
                  onInput={({ currentTarget }) => choose({ createBusinesses: currentTarget.checked })}
                />
                Create businesses that do not exist
              </label>
            ) : null}
            {missing.length > 0 ? (
              <p class="failure" role="alert">
                Not mapped yet: {missing.map(({ label }) => label).join(", ")}
              </p>
            ) : null}
            <div class="actions">
              <button type="button" disabled={missing.length > 0} onClick={() => start(sheet, choices, true)}>
                Dry run
              </button>
              <button
                type="button"
                class="primary"
                disabled={missing.length > 0}
                onClick={() => start(sheet, choices, false)}
              >
                {cutShort ? "Go on with" : "Import"} {rows} rows
              </button>
            </div>
          </fieldset>
        </form>
      )}
    </>
  );
}

function Outcome({ run }: { run: Run }): JSX.Element {
  const { sheet, dryRun, done, created, updated, unchanged, failed, waiting, stopped, over } = run;
  const rows = [...failed];
  const title = over
    ? stopped
      ? "Cut short"
      : dryRun
        ? "What would happen"
        : "Done"
    : dryRun
      ? "Trying…"
      : "Importing…";
  const download = () => save(sheet.name.replace(/(\.csv)?$/i, "-failed.csv"), [failedRows(sheet, failed)], "text/csv");
  return (
    <section class="panel" aria-label="Outcome">
      <h2>{title}</h2>
      {stopped ? (
        <p class="failure" role="alert">
          {stopped} {dryRun ? "" : "What is counted here is written; going on repeats nothing."}
        </p>
      ) : null}
      <progress max={sheet.rows.length} value={done} aria-label="Rows" />
      <p role="status">
        {number.format(done)} of {number.format(sheet.rows.length)} rows
        {waiting && !over ? <strong> · {waiting} It goes on by itself.</strong> : null}
      </p>
      <ul class="figures">
        {[
          { label: "created", count: created },
          { label: "changed", count: updated },
          { label: "unchanged", count: unchanged },
          { label: "failed", count: failed.size },
        ].map(({ label, count }) => (
          <li key={label}>
            <span>{label}</span>
            <strong>{number.format(count)}</strong>
          </li>
        ))}
      </ul>
      {rows.length > 0 ? (
        <>
          <ul class="faults">
            {rows.slice(0, 20).map(([row, message]) => (
              <li key={row}>
                Row {row}: {message}
              </li>
            ))}
          </ul>
          {rows.length > 20 ? <p class="quiet">and {number.format(rows.length - 20)} more</p> : null}
          {over ? (
            <button type="button" onClick={download}>
              Save the failed rows, to mend them
            </button>
          ) : null}
        </>
      ) : null}
      {over && !dryRun ? (
        <p>
          <a href="#/table">See the leads</a>
        </p>
      ) : null}
    </section>
  );
}
