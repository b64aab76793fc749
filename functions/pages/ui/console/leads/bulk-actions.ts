// Actions on the selected leads: move, archive, restore, delete, and edit a field. Changes of more than fifty leads need a
// confirmation. A dialog shows the progress with a Stop button, and a toast offers Undo.

import { signal } from "@preact/signals";
import { api, describeError, type Lead, RequestError, type Status, unwrap } from "../app/api";
import { confirmAction } from "../ui/dialog";
import { formatCount } from "../ui/time";
import { notify, reportFailure } from "../ui/toast";
import { type BulkResult, runInBulk } from "./bulk-run";
import type { LeadPages, Row } from "./list-pages";
import { matchesFilter } from "./list-query";
import type { Selection } from "./list-selection";

/** A change of more leads than this needs a confirmation. */
const MAX_UNASKED_LEADS = 50;
/** The progress dialog appears only if a run takes longer than this. */
const DIALOG_DELAY_MS = 250;

export interface Progress {
  title: string;
  done: number;
  total: number;
  /** Text beside the Stop button: the state of the processed leads after a stop. */
  note: string;
  stop: () => void;
}

/** Progress of the current run. `undefined` until the run has taken `DIALOG_DELAY_MS`. */
export const progress = signal<Progress | undefined>(undefined);

export const countLeads = (count: number): string => (count === 1 ? "1 lead" : `${formatCount(count)} leads`);

type Send = (ids: number[]) => Promise<unknown>;

/** Executes runs one after the other with one progress dialog. Stop ends all of them. */
async function runShown(title: string, note: string, runs: { ids: number[]; send: Send }[]): Promise<BulkResult> {
  const total = runs.reduce((sum, { ids }) => sum + ids.length, 0);
  let isStopped = false;
  const current: Progress = {
    title,
    note,
    total,
    done: 0,
    stop: () => {
      isStopped = true;
    },
  };
  let isShown = false;
  const timer = setTimeout(() => {
    isShown = true;
    progress.value = { ...current };
  }, DIALOG_DELAY_MS);
  const all: BulkResult = { done: [], deleted: [], left: [] };
  try {
    for (const { ids, send } of runs) {
      const before = all.done.length + all.deleted.length;
      const one = await runInBulk(ids, send, {
        isStopped: () => isStopped || all.error !== undefined,
        onProgress: (done) => {
          current.done = before + done;
          if (isShown) progress.value = { ...current };
        },
      });
      all.done.push(...one.done);
      all.deleted.push(...one.deleted);
      all.left.push(...one.left);
      if (one.error !== undefined) all.error = one.error;
    }
  } finally {
    clearTimeout(timer);
    progress.value = undefined;
  }
  return all;
}

/** Texts for a change: `Move 3 leads to Lost?`, `Moving leads to Lost`, `3 leads moved to Lost`. */
interface Words {
  verb: string;
  running: string;
  done: string;
  /** Text after the number of leads: ` to Lost`. */
  target?: string;
}

interface Change {
  words: Words;
  send: Send;
  /** Applies the change to the rows of the list. */
  show: (ids: number[]) => void;
  /** Returns the requests that undo the change. Absent for a change that cannot be undone. */
  undo?: (leads: Row[]) => { ids: number[]; send: Send }[];
}

export class BulkActions {
  constructor(
    readonly pages: LeadPages,
    readonly selection: Selection,
  ) {}

  /**
   * Reads the selected leads, with a progress dialog. Returns an empty array after Stop, and after a failure, which a toast
   * reports.
   */
  async #selected(): Promise<Row[]> {
    const total = this.selection.size;
    if (!this.pages.hasMore || !this.selection.state.peek().inverted) return this.selection.resolve();
    let isStopped = false;
    const stop = () => {
      isStopped = true;
      progress.value = undefined;
    };
    const follow = this.pages.version.subscribe(() => {
      if (isStopped) return;
      const note = "Nothing is changed yet";
      progress.value = { title: "Reading the leads", done: this.pages.items.length, total, note, stop };
    });
    try {
      const leads = await this.selection.resolve();
      return isStopped ? [] : leads;
    } catch (error) {
      reportFailure(`Not all leads could be read, so none was changed. ${describeError(error)}`);
      return [];
    } finally {
      follow();
      progress.value = undefined;
    }
  }

  async #run(leads: Row[], change: Change): Promise<void> {
    const { verb, running, done, target = "" } = change.words;
    const title = `${running} leads${target}`;
    const ids = leads.map(({ id }) => id);
    const result = await runShown(title, `What is ${done} stays ${done}`, [{ ids, send: change.send }]);
    change.show(result.done);
    this.pages.remove(result.deleted);
    if (this.selection.state.peek().inverted || this.selection.size > 0) this.selection.set(result.left);
    this.pages.recount();
    const changed = new Set(result.done);
    const deleted = result.deleted.length > 0 ? `, ${formatCount(result.deleted.length)} had been deleted` : "";
    const text = `${countLeads(result.done.length)} ${done}${target}${deleted}`;
    const { undo } = change;
    if (result.error !== undefined) {
      const left = `${formatCount(result.left.length)} of ${countLeads(leads.length)} not ${done}${target}.`;
      reportFailure(`${left} ${describeError(result.error)}`);
    }
    if (result.done.length === 0) {
      if (result.error === undefined) notify(`No lead ${done}${target}${deleted}`);
      return;
    }
    if (!undo) {
      notify(text);
      return;
    }
    notify(text, {
      undo: async () => {
        const runs = undo(leads.filter(({ id }) => changed.has(id)));
        const undone = await runShown("Taking it back", "What is taken back stays so", runs);
        await this.pages.reload();
        if (undone.error !== undefined) throw undone.error;
        notify(`Undone: ${verb.toLowerCase()} ${countLeads(undone.done.length)}${target}`);
      },
    });
  }

  async #ask(leads: Row[], { words, undo }: Change): Promise<boolean> {
    if (leads.length === 0) return false;
    if (undo && leads.length <= MAX_UNASKED_LEADS) return true;
    const { verb, target = "" } = words;
    const action = `${verb} ${countLeads(leads.length)}`;
    const text = undo
      ? "You can undo it right afterwards."
      : `Comments, history and ${leads.length === 1 ? "photo" : "photos"} go too. It cannot be undone.`;
    return confirmAction(`${action}${target}?`, text, action);
  }

  async #change(change: Change, given?: Row[]): Promise<void> {
    const leads = given ?? (await this.#selected());
    if (await this.#ask(leads, change)) await this.#run(leads, change);
  }

  #showWhatMatches(ids: number[]): void {
    const { filter, search } = this.pages.source;
    const leaving = ids.filter((id) => {
      const lead = this.pages.get(id);
      return lead && !(search ? !lead.archived : matchesFilter(lead, filter));
    });
    this.pages.remove(leaving);
  }

  /** Moves `given` to a status, by default the selected leads. */
  move(to: Status, given?: Row[]): Promise<void> {
    const change: Change = {
      words: { verb: "Move", running: "Moving", done: "moved", target: ` to ${to.name}` },
      send: (ids) => unwrap(api.PUT("/leads/change-status", { body: { ids, statusId: to.id } })),
      show: (ids) => {
        this.pages.update(ids, (lead) => ({ ...lead, statusId: to.id, status: to.name }));
        this.#showWhatMatches(ids);
      },
      undo: (leads) => {
        const byStatus = new Map<number, number[]>();
        for (const { id, statusId } of leads) byStatus.set(statusId, [...(byStatus.get(statusId) ?? []), id]);
        return [...byStatus].map(([statusId, ids]) => ({
          ids,
          send: (ids: number[]) => unwrap(api.PUT("/leads/change-status", { body: { ids, statusId } })),
        }));
      },
    };
    return this.#change(change, given);
  }

  /** Archives or restores `given`, by default the selected leads. */
  archive(archived: boolean, given?: Row[]): Promise<void> {
    const archive: Send = (ids) => unwrap(api.PATCH("/leads/archive", { body: { ids } }));
    const restore: Send = (ids) => unwrap(api.PATCH("/leads/restore", { body: { ids } }));
    const change: Change = {
      words: archived
        ? { verb: "Archive", running: "Archiving", done: "archived" }
        : { verb: "Restore", running: "Restoring", done: "restored" },
      send: archived ? archive : restore,
      show: (ids) => {
        this.pages.update(ids, (lead) => ({ ...lead, archived }));
        this.#showWhatMatches(ids);
      },
      undo: (leads) => {
        const ids = leads.filter((lead) => lead.archived !== archived).map(({ id }) => id);
        return [{ ids, send: archived ? restore : archive }];
      },
    };
    return this.#change(change, given);
  }

  delete(): Promise<void> {
    return this.#change({
      words: { verb: "Delete", running: "Deleting", done: "deleted" },
      send: (ids) => unwrap(api.DELETE("/leads", { body: { ids } })),
      show: (ids) => this.pages.remove(ids),
    });
  }

  /** Writes one field of the selected leads. Their previous values are kept for Undo. */
  async edit<Field extends EditableField>(field: Field, value: Lead[Field], name: string): Promise<void> {
    const leads = await this.#selected();
    const byId = new Map(leads.map((lead) => [lead.id, lead]));
    const previous = new Map<number, Partial<Lead>>();
    const change: Change = {
      words: { verb: `Change the ${name} of`, running: `Changing the ${name} of`, done: "changed" },
      send: async (ids) => {
        await readField(ids, byId, field, previous);
        await writeField(ids, byId, () => ({ [field]: value }));
      },
      show: (ids) => {
        this.pages.update(ids, (lead) => ({ ...lead, [field]: value }));
        this.#showWhatMatches(ids);
      },
      undo: (changed) => [
        {
          ids: changed.map(({ id }) => id),
          send: (ids) => writeField(ids, byId, (id) => previous.get(id) ?? {}),
        },
      ],
    };
    await this.#change(change, leads);
  }
}

export type EditableField = "business" | "company" | "position" | "location" | "source" | "state";

/**
 * Stores the current values of a field in `previousById`. A field that the list's rows lack is read with one request for each
 * lead.
 */
async function readField(
  ids: number[],
  byId: Map<number, Row>,
  field: EditableField,
  into: Map<number, Partial<Lead>>,
): Promise<void> {
  const unknown: number[] = [];
  for (const id of ids) {
    const lead: Partial<Lead> = byId.get(id) ?? {};
    if (field in lead) into.set(id, { [field]: lead[field] });
    else if (!into.has(id)) unknown.push(id);
  }
  const read = async (id: number) => {
    const lead = await unwrap(api.GET("/leads/{id}", { params: { path: { id } } })).catch(unlessDeleted);
    if (lead) into.set(id, { [field]: lead[field] });
  };
  for (let at = 0; at < unknown.length; at += 5) await Promise.all(unknown.slice(at, at + 5).map(read));
}

function unlessDeleted(error: unknown): undefined {
  if (error instanceof RequestError && error.status === 404) return undefined;
  throw error;
}

/**
 * Writes one field of up to a hundred leads. A batch request finds leads by their e-mail address; leads without an e-mail
 * address are written one by one.
 */
async function writeField(
  ids: number[],
  byId: Map<number, Row>,
  fieldsOf: (id: number) => Partial<Lead>,
): Promise<void> {
  const leads = ids.map((id) => byId.get(id)).filter((lead) => lead !== undefined);
  const patch = async ({ id }: Row) => {
    const { business, ...fields } = fieldsOf(id);
    const body = { ...fields, ...(business ? { business: business.map(({ id }) => id) } : {}) };
    await unwrap(api.PATCH("/leads/{id}", { params: { path: { id } }, body })).catch(unlessDeleted);
  };
  const addressed = leads.filter(({ email }) => email !== "");
  let single = leads.filter(({ email }) => email === "");
  if (addressed.length === 1) single = leads;
  else if (addressed.length > 1) {
    const rows = addressed.map(({ id, email }) => {
      const { business, ...fields } = fieldsOf(id);
      return { email, ...fields, ...(business ? { business: business.map(({ id }) => id) } : {}) };
    });
    const { results } = await unwrap(api.POST("/leads/batch", { body: { mode: "update", leads: rows } }));
    // A row fails if the e-mail address of its lead was changed in the meantime. Such leads are written one by one.
    const failed = new Set(results.filter(({ result }) => result === "failed").map(({ index }) => index));
    single = [...single, ...addressed.filter((_, index) => failed.has(index))];
  }
  for (let at = 0; at < single.length; at += 5) await Promise.all(single.slice(at, at + 5).map(patch));
}
