// Actions on the selected leads: move, archive, restore, delete, and edit a field. Changes of more than fifty leads need a
// confirmation. A dialog shows the progress with a Stop button, and a toast offers Undo.

import { signal } from "@preact/signals";
import { api, describeError, type Lead, RequestError, type Status, unwrap } from "../app/api";
import { confirmAction } from "../ui/dialog";
import { formatCount } from "../ui/time";
import { notify, reportFailure } from "../ui/toast";
import { type BulkResult, runInBulk } from "./bulk-run";
import type { LeadPages, ListLead } from "./list-pages";
import { matchesFilter } from "./list-query";
import type { Selection } from "./list-selection";

/** A change of more leads than this needs a confirmation. */
const MAX_UNCONFIRMED_LEADS = 50;
/** The progress dialog appears only if a run takes longer than this. */
const DIALOG_DELAY_MS = 250;

export interface BulkProgressState {
  title: string;
  done: number;
  total: number;
  /** Text beside the Stop button: the state of the processed leads after a stop. */
  note: string;
  stop: () => void;
}

/** Progress of the current run. `undefined` until the run has taken `DIALOG_DELAY_MS`. */
export const bulkProgress = signal<BulkProgressState | undefined>(undefined);

export const formatLeadCount = (count: number): string => (count === 1 ? "1 lead" : `${formatCount(count)} leads`);

type SendRequest = (ids: number[]) => Promise<unknown>;

/** Executes runs one after the other with one progress dialog. Stop ends all of them. */
async function runWithProgress(
  progressTitle: string,
  note: string,
  runs: { ids: number[]; send: SendRequest }[],
): Promise<BulkResult> {
  const totalLeads = runs.reduce((sum, { ids }) => sum + ids.length, 0);
  let isStopped = false;
  const currentProgress: BulkProgressState = {
    title: progressTitle,
    note,
    total: totalLeads,
    done: 0,
    stop: () => {
      isStopped = true;
    },
  };
  let isShown = false;
  const timer = setTimeout(() => {
    isShown = true;
    bulkProgress.value = { ...currentProgress };
  }, DIALOG_DELAY_MS);
  const totalResult: BulkResult = { changed: [], deleted: [], unprocessed: [] };
  try {
    for (const { ids, send } of runs) {
      const processedBefore = totalResult.changed.length + totalResult.deleted.length;
      const runResult = await runInBulk(ids, send, {
        isStopped: () => isStopped || totalResult.error !== undefined,
        onProgress: (done) => {
          currentProgress.done = processedBefore + done;
          if (isShown) bulkProgress.value = { ...currentProgress };
        },
      });
      totalResult.changed.push(...runResult.changed);
      totalResult.deleted.push(...runResult.deleted);
      totalResult.unprocessed.push(...runResult.unprocessed);
      if (runResult.error !== undefined) totalResult.error = runResult.error;
    }
  } finally {
    clearTimeout(timer);
    bulkProgress.value = undefined;
  }
  return totalResult;
}

/** Texts for a change: `Move 3 leads to Lost?`, `Moving leads to Lost`, `3 leads moved to Lost`. */
interface ChangeTexts {
  verb: string;
  running: string;
  done: string;
  /** Text after the number of leads: ` to Lost`. */
  target?: string;
}

interface BulkChange {
  words: ChangeTexts;
  send: SendRequest;
  /** Applies the change to the rows of the list. */
  show: (ids: number[]) => void;
  /** Returns the requests that undo the change. Absent for a change that cannot be undone. */
  undo?: (leads: ListLead[]) => { ids: number[]; send: SendRequest }[];
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
  async #readSelected(): Promise<ListLead[]> {
    const totalLeads = this.selection.size;
    if (!this.pages.hasMore || !this.selection.state.peek().isInverted) return this.selection.readSelectedLeads();
    let isStopped = false;
    const stopReading = () => {
      isStopped = true;
      bulkProgress.value = undefined;
    };
    const unsubscribe = this.pages.listVersion.subscribe(() => {
      if (isStopped) return;
      const note = "Nothing is changed yet";
      bulkProgress.value = {
        title: "Reading the leads",
        done: this.pages.items.length,
        total: totalLeads,
        note,
        stop: stopReading,
      };
    });
    try {
      const leads = await this.selection.readSelectedLeads();
      return isStopped ? [] : leads;
    } catch (error) {
      reportFailure(`Not all leads could be read, so none was changed. ${describeError(error)}`);
      return [];
    } finally {
      unsubscribe();
      bulkProgress.value = undefined;
    }
  }

  async #execute(leads: ListLead[], change: BulkChange): Promise<void> {
    const { verb, running, done, target = "" } = change.words;
    const progressTitle = `${running} leads${target}`;
    const ids = leads.map(({ id }) => id);
    const result = await runWithProgress(progressTitle, `What is ${done} stays ${done}`, [{ ids, send: change.send }]);
    change.show(result.changed);
    this.pages.remove(result.deleted);
    if (this.selection.state.peek().isInverted || this.selection.size > 0) this.selection.set(result.unprocessed);
    this.pages.recount();
    const changedIds = new Set(result.changed);
    const deletedText = result.deleted.length > 0 ? `, ${formatCount(result.deleted.length)} had been deleted` : "";
    const summary = `${formatLeadCount(result.changed.length)} ${done}${target}${deletedText}`;
    const { undo } = change;
    if (result.error !== undefined) {
      const unprocessedText = `${formatCount(result.unprocessed.length)} of ${formatLeadCount(leads.length)} not ${done}${target}.`;
      reportFailure(`${unprocessedText} ${describeError(result.error)}`);
    }
    if (result.changed.length === 0) {
      if (result.error === undefined) notify(`No lead ${done}${target}${deletedText}`);
      return;
    }
    if (!undo) {
      notify(summary);
      return;
    }
    notify(summary, {
      undo: async () => {
        const undoRuns = undo(leads.filter(({ id }) => changedIds.has(id)));
        const undoResult = await runWithProgress("Taking it back", "What is taken back stays so", undoRuns);
        await this.pages.reload();
        if (undoResult.error !== undefined) throw undoResult.error;
        notify(`Undone: ${verb.toLowerCase()} ${formatLeadCount(undoResult.changed.length)}${target}`);
      },
    });
  }

  async #confirm(leads: ListLead[], { words, undo }: BulkChange): Promise<boolean> {
    if (leads.length === 0) return false;
    if (undo && leads.length <= MAX_UNCONFIRMED_LEADS) return true;
    const { verb, target = "" } = words;
    const actionText = `${verb} ${formatLeadCount(leads.length)}`;
    const consequence = undo
      ? "You can undo it right afterwards."
      : `Comments, history and ${leads.length === 1 ? "photo" : "photos"} go too. It cannot be undone.`;
    return confirmAction(`${actionText}${target}?`, consequence, actionText);
  }

  async #change(change: BulkChange, given?: ListLead[]): Promise<void> {
    const leads = given ?? (await this.#readSelected());
    if (await this.#confirm(leads, change)) await this.#execute(leads, change);
  }

  #removeMismatches(ids: number[]): void {
    const { filter, search } = this.pages.source;
    const leavingIds = ids.filter((id) => {
      const lead = this.pages.get(id);
      return lead && !(search ? !lead.archived : matchesFilter(lead, filter));
    });
    this.pages.remove(leavingIds);
  }

  /** Moves `given` to a status, by default the selected leads. */
  move(to: Status, given?: ListLead[]): Promise<void> {
    const change: BulkChange = {
      words: { verb: "Move", running: "Moving", done: "moved", target: ` to ${to.name}` },
      send: (ids) => unwrap(api.PUT("/leads/change-status", { body: { ids, statusId: to.id } })),
      show: (ids) => {
        this.pages.update(ids, (lead) => ({ ...lead, statusId: to.id, status: to.name }));
        this.#removeMismatches(ids);
      },
      undo: (leads) => {
        const idsByStatus = new Map<number, number[]>();
        for (const { id, statusId } of leads) idsByStatus.set(statusId, [...(idsByStatus.get(statusId) ?? []), id]);
        return [...idsByStatus].map(([statusId, ids]) => ({
          ids,
          send: (ids: number[]) => unwrap(api.PUT("/leads/change-status", { body: { ids, statusId } })),
        }));
      },
    };
    return this.#change(change, given);
  }

  /** Archives or restores `given`, by default the selected leads. */
  archive(archived: boolean, given?: ListLead[]): Promise<void> {
    const sendArchive: SendRequest = (ids) => unwrap(api.PATCH("/leads/archive", { body: { ids } }));
    const sendRestore: SendRequest = (ids) => unwrap(api.PATCH("/leads/restore", { body: { ids } }));
    const change: BulkChange = {
      words: archived
        ? { verb: "Archive", running: "Archiving", done: "archived" }
        : { verb: "Restore", running: "Restoring", done: "restored" },
      send: archived ? sendArchive : sendRestore,
      show: (ids) => {
        this.pages.update(ids, (lead) => ({ ...lead, archived }));
        this.#removeMismatches(ids);
      },
      undo: (leads) => {
        const ids = leads.filter((lead) => lead.archived !== archived).map(({ id }) => id);
        return [{ ids, send: archived ? sendRestore : sendArchive }];
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
    const leads = await this.#readSelected();
    const leadsById = new Map(leads.map((lead) => [lead.id, lead]));
    const previousById = new Map<number, Partial<Lead>>();
    const change: BulkChange = {
      words: { verb: `Change the ${name} of`, running: `Changing the ${name} of`, done: "changed" },
      send: async (ids) => {
        await rememberField(ids, leadsById, field, previousById);
        await writeField(ids, leadsById, () => ({ [field]: value }));
      },
      show: (ids) => {
        this.pages.update(ids, (lead) => ({ ...lead, [field]: value }));
        this.#removeMismatches(ids);
      },
      undo: (changed) => [
        {
          ids: changed.map(({ id }) => id),
          send: (ids) => writeField(ids, leadsById, (id) => previousById.get(id) ?? {}),
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
async function rememberField(
  ids: number[],
  leadsById: Map<number, ListLead>,
  field: EditableField,
  previousById: Map<number, Partial<Lead>>,
): Promise<void> {
  const unknownIds: number[] = [];
  for (const id of ids) {
    const lead: Partial<Lead> = leadsById.get(id) ?? {};
    if (field in lead) previousById.set(id, { [field]: lead[field] });
    else if (!previousById.has(id)) unknownIds.push(id);
  }
  const readOne = async (id: number) => {
    const lead = await unwrap(api.GET("/leads/{id}", { params: { path: { id } } })).catch(ignoreDeleted);
    if (lead) previousById.set(id, { [field]: lead[field] });
  };
  for (let start = 0; start < unknownIds.length; start += 5)
    await Promise.all(unknownIds.slice(start, start + 5).map(readOne));
}

function ignoreDeleted(error: unknown): undefined {
  if (error instanceof RequestError && error.status === 404) return undefined;
  throw error;
}

/**
 * Writes one field of up to a hundred leads. A batch request finds leads by their e-mail address; leads without an e-mail
 * address are written one by one.
 */
async function writeField(
  ids: number[],
  leadsById: Map<number, ListLead>,
  fieldsOf: (id: number) => Partial<Lead>,
): Promise<void> {
  const leads = ids.map((id) => leadsById.get(id)).filter((lead) => lead !== undefined);
  const patchOne = async ({ id }: ListLead) => {
    const { business, ...fields } = fieldsOf(id);
    const body = { ...fields, ...(business ? { business: business.map(({ id }) => id) } : {}) };
    await unwrap(api.PATCH("/leads/{id}", { params: { path: { id } }, body })).catch(ignoreDeleted);
  };
  const leadsWithEmail = leads.filter(({ email }) => email !== "");
  let leadsWithoutEmail = leads.filter(({ email }) => email === "");
  if (leadsWithEmail.length === 1) leadsWithoutEmail = leads;
  else if (leadsWithEmail.length > 1) {
    const batchRows = leadsWithEmail.map(({ id, email }) => {
      const { business, ...fields } = fieldsOf(id);
      return { email, ...fields, ...(business ? { business: business.map(({ id }) => id) } : {}) };
    });
    const { results } = await unwrap(api.POST("/leads/batch", { body: { mode: "update", leads: batchRows } }));
    // The batch finds leads by e-mail address. A row fails if the address was changed after the list was read. Its lead is then
    // updated by id.
    const failedIndexes = new Set(results.filter(({ result }) => result === "failed").map(({ index }) => index));
    leadsWithoutEmail = [...leadsWithoutEmail, ...leadsWithEmail.filter((_, index) => failedIndexes.has(index))];
  }
  for (let start = 0; start < leadsWithoutEmail.length; start += 5)
    await Promise.all(leadsWithoutEmail.slice(start, start + 5).map(patchOne));
}
