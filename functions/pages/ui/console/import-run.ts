// An import under way. It goes on while other screens are shown; its chunks may be sent again, each with its own key.

import { useEffect, useState } from "preact/hooks";
import {
  api,
  type BatchRequest,
  type BatchResponse,
  hex,
  idempotencyKey,
  ok,
  Refused,
  told,
  wait,
  worded,
} from "./api";
import { Unreachable } from "./connection";
import type { Row, Sheet } from "./import-file";
import { say } from "./messages";
import { listen } from "./session";

/** How many rows a request takes. */
const CHUNK = 100;
/** A request of this many characters is well below the limit of its body. */
const ROOM = 1_000_000;
/** The longest pause between tries, in milliseconds. */
const LONGEST = 10_000;
/** What a row is answered that may be sent again with the same key, which then goes on where it was cut short. */
const UNDECIDED = ["Conflict", "Outcome unknown", "Service unavailable"];

export interface Choices {
  mode: BatchRequest["mode"];
  fill: boolean;
  createBusinesses: boolean;
  /** The field that each column becomes, by its name in an export; empty is none. */
  mapping: string[];
  /** Whether an empty cell empties the field of a lead that exists. */
  clears: boolean;
}

export interface Run {
  sheet: Sheet;
  choices: Choices;
  dryRun: boolean;
  done: number;
  created: number;
  updated: number;
  unchanged: number;
  /** By the row's number. */
  failed: Map<number, string>;
  /** Why it does not go on at the moment. */
  waiting?: string | undefined;
  /** Why it did not go on to the end. */
  stopped?: string;
  over: boolean;
}

let run: Run | undefined;
const listeners = new Set<() => void>();

function become(next: Run | undefined): void {
  run = next;
  for (const listener of listeners) listener();
}

/** The import that is under way, or was last. */
export function useRun(): Run | undefined {
  const [shown, setShown] = useState(run);
  useEffect(() => {
    const follow = () => setShown(run);
    listeners.add(follow);
    follow();
    return () => {
      listeners.delete(follow);
    };
  }, []);
  return shown;
}

/** Ends it after the chunk that is on its way. */
export function stop(): void {
  if (run && !run.over) become({ ...run, over: true, stopped: "It was stopped." });
}

export function forget(): void {
  stop();
  become(undefined);
}

// It is of whoever is signed in.
listen((state) => {
  if (state.is === "out") forget();
});

interface Chunk {
  rows: Row[];
  leads: Record<string, string>[];
}

function chunksOf({ rows }: Sheet, { mapping, clears }: Choices): Chunk[] {
  const chunks: Chunk[] = [];
  let chunk: Chunk = { rows: [], leads: [] };
  let size = 0;
  for (const row of rows) {
    const pairs = mapping
      .map((field, column) => [field, (row.cells[column] ?? "").trim()] as const)
      .filter(([field, cell]) => field && (cell || clears));
    const length = pairs.reduce((sum, [, cell]) => sum + cell.length + 20, 0);
    if (chunk.rows.length === CHUNK || (size + length > ROOM && chunk.rows.length > 0)) {
      chunks.push(chunk);
      chunk = { rows: [], leads: [] };
      size = 0;
    }
    chunk.rows.push(row);
    chunk.leads.push(Object.fromEntries(pairs));
    size += length;
  }
  return [...chunks, chunk];
}

/**
 * The beginning of the chunks' keys. This tab keeps it until the import is done: the same file, dropped again, goes on. A file or
 * choices that differ anywhere are another import.
 */
async function keyOf(sheet: Sheet, choices: Choices): Promise<{ key: string; done: () => void }> {
  const key = idempotencyKey();
  // Over plain http, from another machine, there is no digest: begun anew, it is another import.
  if (!crypto.subtle) return { key, done: () => undefined };
  const content = new TextEncoder().encode(JSON.stringify([sheet.rows, choices]));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content));
  const name = `import ${hex(digest)}`;
  const known = sessionStorage.getItem(name) ?? key;
  sessionStorage.setItem(name, known);
  return { key: known, done: () => sessionStorage.removeItem(name) };
}

/** Writes the rows of a file, or tries it. Chunks go one after the other, so that of rows of one address the last one stays. */
export async function start(sheet: Sheet, choices: Choices, dryRun: boolean): Promise<void> {
  const { mapping: _, clears: __, ...options } = choices;
  const begun: Run = {
    sheet,
    choices,
    dryRun,
    done: 0,
    created: 0,
    updated: 0,
    unchanged: 0,
    failed: new Map(),
    over: false,
  };
  become(begun);
  let state = begun;
  /** Whether it is still this one that is under way. */
  const goesOn = () => run === state && !state.over;
  const change = (by: Partial<Run>) => {
    if (!goesOn()) return;
    state = { ...state, ...by };
    become(state);
  };
  const { key, done } = await keyOf(sheet, choices);
  try {
    for (const [index, { rows, leads }] of chunksOf(sheet, choices).entries()) {
      const body: BatchRequest = { ...options, dryRun, format: "csv", leads };
      // A dry run decides nothing that could be repeated.
      const params = dryRun ? {} : { header: { "Idempotency-Key": `${key}-${index}` } };
      const answer = await patiently(() => ok(api.POST("/leads/batch", { params, body })), change, goesOn);
      if (!answer) return;
      const failed = new Map(state.failed);
      for (const { index, result, message = "", errors = [] } of answer.results) {
        const row = rows[index];
        if (row && result === "failed") failed.set(row.number, [message, worded(errors)].filter(Boolean).join(": "));
      }
      change({
        done: state.done + rows.length,
        created: state.created + answer.created,
        updated: state.updated + answer.updated,
        unchanged: state.unchanged + answer.unchanged,
        failed,
      });
    }
    if (!goesOn()) return;
    change({ over: true });
    if (!dryRun) {
      done();
      say("The import is done.");
    }
  } catch (error) {
    change({ over: true, stopped: told(error) });
  }
}

/** Goes on trying while there is no connection or the API is busy: the key makes that harmless. Nothing once it is stopped. */
async function patiently(
  send: () => Promise<BatchResponse>,
  change: (by: Partial<Run>) => void,
  goesOn: () => boolean,
): Promise<BatchResponse | undefined> {
  for (let pause = 1000; goesOn(); pause = Math.min(pause * 2, LONGEST)) {
    let why: string;
    let least = 0;
    try {
      const answer = await send();
      const undecided = answer.results.find(
        ({ result, message, errors }) => result === "failed" && !errors && UNDECIDED.includes(message ?? ""),
      );
      if (!undecided) {
        change({ waiting: undefined });
        return answer;
      }
      why = undecided.message ?? "";
    } catch (error) {
      const busy = error instanceof Refused && [409, 429, 503].includes(error.status);
      if (!busy && !(error instanceof Unreachable)) throw error;
      least = error instanceof Refused ? error.retryAfter : 0;
      why = told(error);
    }
    change({ waiting: why });
    await wait(Math.max(least, (0.5 + Math.random() / 2) * pause));
  }
  return undefined;
}
