// Leads out of a CSV file: columns are mapped, tried without writing, and sent in chunks that may be sent again.

import Papa from "papaparse";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import {
  api,
  type BatchRequest,
  type BatchResponse,
  idempotencyKey,
  ok,
  Refused,
  told,
  Unreachable,
  wait,
} from "./api";
import { useDrop } from "./drop";
import { save } from "./export";
import { Field } from "./field";
import { FIELDS } from "./lead-fields";
import { complain, say } from "./messages";
import { number } from "./person";
import { useTeam } from "./team";

/** How many rows a request takes. */
const CHUNK = 100;
/** A request of this many characters is well below the limit of its body. */
const ROOM = 1_000_000;
/** How many chunks are on their way at once. */
const LANES = 2;
/** The longest pause between tries, in milliseconds. */
const LONGEST = 10_000;

interface Sheet {
  name: string;
  columns: string[];
  rows: string[][];
}

type Mode = BatchRequest["mode"];

interface Choices {
  mode: Mode;
  fill: boolean;
  createBusinesses: boolean;
}

interface Reading {
  /** The field that each column becomes, by its name in an export; empty is none. */
  mapping: string[];
  /** Whether an empty cell empties the field of a lead that exists. */
  clears: boolean;
}

interface Failed {
  row: number;
  message: string;
}

interface Progress {
  dryRun: boolean;
  done: number;
  created: number;
  updated: number;
  unchanged: number;
  failed: Failed[];
  /** Why it does not go on at the moment. */
  waiting?: string | undefined;
  over: boolean;
}

/** Other names of a field, as other systems export it: letters and digits alone. */
const ALIASES: Record<string, string[]> = {
  firstName: ["first", "givenname", "vorname", "prenom", "nombre"],
  lastName: ["last", "surname", "familyname", "nachname", "nom", "apellido", "apellidos"],
  email: ["mail", "emailaddress", "emailaddresses", "primaryemail"],
  phoneNumber: ["phone", "phones", "telephone", "tel", "mobile", "mobilephone", "phonenumbers", "telefon"],
  company: ["organization", "organisation", "account", "accountname", "companyname", "firma"],
  position: ["title", "jobtitle", "role"],
  location: ["city", "address", "ort", "stadt"],
  source: ["leadsource", "origin"],
  description: ["notes", "note", "comment", "message"],
  business: ["businesses", "businessunit"],
};

const plain = (text: string): string =>
  text
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, "");

/** Which field each column most likely is; none twice. */
export function guessed(columns: string[]): string[] {
  const taken = new Set<string>();
  return columns.map((column) => {
    const name = plain(column);
    const field = FIELDS.find(
      (field) =>
        !taken.has(field.column) &&
        [field.column, field.name, field.label, ...(ALIASES[field.name] ?? [])].some((known) => plain(known) === name),
    );
    if (!field) return "";
    taken.add(field.column);
    return field.column;
  });
}

function parsed(file: File): Promise<Sheet> {
  return new Promise((resolve, reject) => {
    Papa.parse<string[]>(file, {
      skipEmptyLines: "greedy",
      error: reject,
      complete: ({ data: [columns, ...rows] }) => {
        if (!columns || rows.length === 0) reject(new Error("There are no rows in it."));
        else resolve({ name: file.name, columns: columns.map((column) => column.replace(/^\uFEFF/, "").trim()), rows });
      },
    });
  });
}

interface Chunk {
  /** The first of its rows. */
  first: number;
  leads: Record<string, string>[];
}

function chunksOf({ rows }: Sheet, { mapping, clears }: Reading): Chunk[] {
  const chunks: Chunk[] = [];
  let chunk: Chunk = { first: 0, leads: [] };
  let size = 0;
  rows.forEach((cells, row) => {
    const pairs = mapping
      .map((field, column) => [field, (cells[column] ?? "").trim()] as const)
      .filter(([field, cell]) => field && (cell || clears));
    const lead = Object.fromEntries(pairs);
    const length = pairs.reduce((sum, [, cell]) => sum + cell.length + 20, 0);
    if (chunk.leads.length === CHUNK || (size + length > ROOM && chunk.leads.length > 0)) {
      chunks.push(chunk);
      chunk = { first: row, leads: [] };
      size = 0;
    }
    chunk.leads.push(lead);
    size += length;
  });
  return [...chunks, chunk];
}

/** What this tab remembers of an import: the same file, dropped again, goes on with the same keys. */
function keyOf(file: Sheet, reading: Reading, choices: Choices): string {
  const name = `import ${JSON.stringify([file.name, file.rows.length, file.rows[0], file.rows.at(-1), reading, choices])}`;
  const known = sessionStorage.getItem(name);
  if (known) return known;
  const key = idempotencyKey();
  sessionStorage.setItem(name, key);
  return key;
}

function forget(key: string): void {
  for (const [name, value] of Object.entries(sessionStorage)) if (value === key) sessionStorage.removeItem(name);
}

export function Import(): JSX.Element {
  const { mayWrite, owns } = useTeam();
  const [file, setFile] = useState<Sheet>();
  const [mapping, setMapping] = useState<string[]>([]);
  const [clears, setClears] = useState(false);
  const [choices, setChoices] = useState<Choices>({ mode: "upsert", fill: false, createBusinesses: false });
  const [progress, setProgress] = useState<Progress>();
  const stopped = useRef(false);
  useEffect(() => {
    return () => {
      stopped.current = true;
    };
  }, []);
  const take = async (dropped: File | undefined) => {
    if (!dropped) return;
    try {
      const file = await parsed(dropped);
      setFile(file);
      setMapping(guessed(file.columns));
      setProgress(undefined);
    } catch (error) {
      complain(`${dropped.name} could not be read. ${told(error)}`);
    }
  };
  const { over, on } = useDrop(take);
  if (!mayWrite) {
    return (
      <>
        <h1>Import</h1>
        <p class="failure">Viewers cannot import leads. Ask an Owner of the team.</p>
      </>
    );
  }
  const run = async (dryRun: boolean) => {
    if (!file) return;
    stopped.current = false;
    const reading = { mapping, clears };
    const chunks = chunksOf(file, reading);
    const key = keyOf(file, reading, choices);
    let state: Progress = { dryRun, done: 0, created: 0, updated: 0, unchanged: 0, failed: [], over: false };
    const become = (next: Partial<Progress>) => {
      state = { ...state, ...next };
      if (!stopped.current) setProgress(state);
    };
    become({});
    const waiting = [...chunks.keys()];
    const lane = async () => {
      for (let index = waiting.shift(); index !== undefined; index = waiting.shift()) {
        const chunk = chunks[index];
        if (!chunk || stopped.current) return;
        const send = () => sent({ ...choices, dryRun, format: "csv", leads: chunk.leads }, `${key}-${index}`);
        const outcome = await patiently(
          send,
          (waiting) => become({ waiting }),
          () => stopped.current,
        );
        if (!outcome) return;
        become({
          done: state.done + chunk.leads.length,
          created: state.created + outcome.created,
          updated: state.updated + outcome.updated,
          unchanged: state.unchanged + outcome.unchanged,
          failed: [...state.failed, ...failuresOf(outcome, chunk.first)],
        });
      }
    };
    try {
      await Promise.all(Array.from({ length: LANES }, lane));
      if (stopped.current) return;
      state.failed.sort((a, b) => a.row - b.row);
      become({ over: true });
      if (!dryRun) {
        forget(key);
        say("The import is done.");
      }
    } catch (error) {
      stopped.current = true;
      complain(`The import stopped. ${told(error)}`);
      setProgress(undefined);
    }
  };
  if (!file) {
    return (
      <>
        <h1>Import</h1>
        <label class={over ? "drop file over" : "drop file"} {...on}>
          <strong>Drop a CSV file here, or choose one</strong>
          <span class="quiet">Its first row names the columns. Nothing is written before you say so.</span>
          <input
            class="unseen"
            type="file"
            accept=".csv,text/csv,text/plain"
            onInput={({ currentTarget }) => take(currentTarget.files?.[0])}
          />
        </label>
      </>
    );
  }
  // What was tried is not what would happen now.
  const choose = (by: Partial<Choices>) => {
    setProgress(undefined);
    setChoices({ ...choices, ...by });
  };
  const missing = FIELDS.filter(({ required, column }) => required && !mapping.includes(column));
  const short = choices.mode === "update" ? missing.filter(({ name }) => name === "email") : missing;
  const running = progress !== undefined && !progress.over;
  return (
    <>
      <div class="title">
        <h1>Import</h1>
        <button
          type="button"
          onClick={() => {
            stopped.current = true;
            setFile(undefined);
            setProgress(undefined);
          }}
        >
          {running ? "Stop" : "Another file"}
        </button>
      </div>
      <p>
        <strong>{file.name}</strong>: {number.format(file.rows.length)} rows
      </p>
      {progress && !progress.dryRun ? null : (
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
                  {file.columns.map((column, index) => (
                    <tr key={index}>
                      <td>{column || `Column ${index + 1}`}</td>
                      <td>
                        <select
                          aria-label={`What ${column || `column ${index + 1}`} becomes`}
                          value={mapping[index]}
                          onInput={({ currentTarget }) => {
                            const { value } = currentTarget;
                            setProgress(undefined);
                            setMapping(
                              mapping.map((other, at) => (at === index ? value : other === value ? "" : other)),
                            );
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
                      <td class="quiet">{file.rows.find((cells) => cells[index])?.[index]?.slice(0, 60)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
            <Field label="Leads that exist (by e-mail)">
              <select
                value={choices.mode}
                onInput={({ currentTarget }) => choose({ mode: currentTarget.value as Mode })}
              >
                <option value="upsert">are changed, new ones are created</option>
                <option value="create">are left alone: their rows fail</option>
                <option value="update">are changed, rows of new ones fail</option>
              </select>
            </Field>
            <label class="check">
              <input
                type="checkbox"
                checked={choices.fill}
                onInput={({ currentTarget }) => choose({ fill: currentTarget.checked })}
              />
              Only fill in what is empty, overwrite nothing
            </label>
            <label class="check">
              <input
                type="checkbox"
                checked={clears}
                disabled={choices.fill}
                onInput={({ currentTarget }) => {
                  setProgress(undefined);
                  setClears(currentTarget.checked);
                }}
              />
              Empty cells empty the fields of leads that exist
            </label>
            {owns ? (
              <label class="check">
                <input
                  type="checkbox"
                  checked={choices.createBusinesses}
                  onInput={({ currentTarget }) => choose({ createBusinesses: currentTarget.checked })}
                />
                Create businesses that do not exist
              </label>
            ) : null}
            {short.length > 0 ? (
              <p class="failure" role="alert">
                Not mapped yet: {short.map(({ label }) => label).join(", ")}
              </p>
            ) : null}
            <div class="actions">
              <button type="button" disabled={short.length > 0} onClick={() => run(true)}>
                Dry run
              </button>
              <button type="button" class="primary" disabled={short.length > 0} onClick={() => run(false)}>
                Import {number.format(file.rows.length)} rows
              </button>
            </div>
          </fieldset>
        </form>
      )}
      {progress ? <Outcome file={file} progress={progress} /> : null}
    </>
  );
}

const sent = (body: BatchRequest, key: string): Promise<BatchResponse> => {
  // A dry run decides nothing that could be repeated.
  const params = body.dryRun ? {} : { header: { "Idempotency-Key": key } };
  return ok(api.POST("/leads/batch", { params, body }));
};

/** Goes on trying while there is no connection or the API is busy; the key makes that harmless. Nothing once it is stopped. */
async function patiently<T>(
  send: () => Promise<T>,
  waits: (why: string | undefined) => void,
  stopped: () => boolean,
): Promise<T | undefined> {
  for (let pause = 1000; !stopped(); pause = Math.min(pause * 2, LONGEST)) {
    try {
      const answer = await send();
      waits(undefined);
      return answer;
    } catch (error) {
      const passes = error instanceof Unreachable || (error instanceof Refused && error.passes);
      if (!passes) throw error;
      waits(told(error));
      await wait((0.5 + Math.random() / 2) * pause);
    }
  }
  return undefined;
}

function failuresOf({ results }: BatchResponse, first: number): Failed[] {
  const failed = results.filter(({ result }) => result === "failed");
  return failed.map(({ index, message = "", errors = [] }) => {
    const fields = errors.map(({ field, message }) => `${field} ${message}`).join("; ");
    return { row: first + index, message: [message, fields].filter(Boolean).join(": ") };
  });
}

function Outcome({ file, progress }: { file: Sheet; progress: Progress }): JSX.Element {
  const { dryRun, done, created, updated, unchanged, failed, waiting, over } = progress;
  const download = () => {
    const rows = failed.map(({ row, message }) => [...(file.rows[row] ?? []), message]);
    const text = Papa.unparse({ fields: [...file.columns, "error"], data: rows });
    save(file.name.replace(/(\.csv)?$/i, "-failed.csv"), [text], "text/csv");
  };
  return (
    <section class="panel" aria-label="Outcome">
      <h2>{over ? (dryRun ? "What would happen" : "Done") : dryRun ? "Trying…" : "Importing…"}</h2>
      <progress max={file.rows.length} value={done} aria-label="Rows" />
      <p role="status">
        {number.format(done)} of {number.format(file.rows.length)} rows
        {waiting && !over ? <strong> · {waiting} It goes on by itself.</strong> : null}
      </p>
      <ul class="figures">
        {[
          { label: "created", count: created },
          { label: "changed", count: updated },
          { label: "unchanged", count: unchanged },
          { label: "failed", count: failed.length },
        ].map(({ label, count }) => (
          <li key={label}>
            <span>{label}</span>
            <strong>{number.format(count)}</strong>
          </li>
        ))}
      </ul>
      {failed.length > 0 ? (
        <>
          <ul class="faults">
            {failed.slice(0, 20).map(({ row, message }) => (
              <li key={row}>
                Row {row + 2}: {message}
              </li>
            ))}
          </ul>
          {failed.length > 20 ? <p class="quiet">and {number.format(failed.length - 20)} more</p> : null}
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
