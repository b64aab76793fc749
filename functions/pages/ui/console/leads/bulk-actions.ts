// Actions on the selected leads: move, archive, restore, delete, and edit a field. A deletion, and a change of more
// than fifty leads, needs a confirmation. A dialog shows the progress with a Stop button, and a toast offers Undo,
// except after a deletion.

import { signal } from "@preact/signals";
import { api, describeError, type Lead, type LeadStatus, RequestError, unwrap } from "../app/api";
import { confirmAction } from "../ui/dialog";
import { formatCount } from "../ui/time";
import { reportFailure, showToast } from "../ui/toast";
import { type BulkResult, runInBulk } from "./bulk-run";
import type { LeadPages, ListLead } from "./list-pages";
import { matchesFilter } from "./list-query";
import type { LeadSelection } from "./list-selection";

/** A change of more leads than this needs a confirmation. */
const MAX_UNCONFIRMED_LEADS = 50;
/** The progress dialog appears only if the change takes longer than this. */
const PROGRESS_DIALOG_DELAY_MS = 250;

export interface BulkProgressState {
  title: string;
  done: number;
  total: number;
  /** Text beside the Stop button: the state of the processed leads after a stop. */
  note: string;
  stop: () => void;
}

/** Progress of the current change. `undefined` until the change has taken `PROGRESS_DIALOG_DELAY_MS`. */
export const bulkProgress = signal<BulkProgressState | undefined>(undefined);

export const formatLeadCount = (count: number): string => (count === 1 ? "1 lead" : `${formatCount(count)} leads`);

type SendBulkRequest = (ids: number[]) => Promise<unknown>;

/** Executes several series of requests one after the other, with one progress dialog. Stop ends all of them. */
async function sendSeriesWithProgress(
  progressTitle: string,
  note: string,
  runs: { ids: number[]; send: SendBulkRequest }[],
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
  let isDialogShown = false;
  const dialogTimer = setTimeout(() => {
    isDialogShown = true;
    bulkProgress.value = { ...currentProgress };
  }, PROGRESS_DIALOG_DELAY_MS);
  const totalResult: BulkResult = { changedIds: [], deletedIds: [], unprocessedIds: [] };
  try {
    for (const { ids, send } of runs) {
      const earlierProcessedCount = totalResult.changedIds.length + totalResult.deletedIds.length;
      const runResult = await runInBulk(ids, send, {
        isStopped: () => isStopped || totalResult.error !== undefined,
        onProgress: (done) => {
          currentProgress.done = earlierProcessedCount + done;
          if (isDialogShown) bulkProgress.value = { ...currentProgress };
        },
      });
      totalResult.changedIds.push(...runResult.changedIds);
      totalResult.deletedIds.push(...runResult.deletedIds);
      totalResult.unprocessedIds.push(...runResult.unprocessedIds);
      if (runResult.error !== undefined) totalResult.error = runResult.error;
    }
  } finally {
    clearTimeout(dialogTimer);
    bulkProgress.value = undefined;
  }
  return totalResult;
}

/** Texts for a change: `Move 3 leads to Lost?`, `Moving leads to Lost`, `3 leads moved to Lost`. */
interface BulkChangeTexts {
  verb: string;
  running: string;
  done: string;
  /** Text after the number of leads: ` to Lost`. */
  target?: string;
}

interface BulkChange {
  texts: BulkChangeTexts;
  send: SendBulkRequest;
  /** Applies the change to the rows of the list. */
  updateRows: (ids: number[]) => void;
  /** Returns the requests that undo the change. Absent for a change that cannot be undone. */
  buildUndoOperations?: (leads: ListLead[]) => { ids: number[]; send: SendBulkRequest }[];
}

export class BulkActions {
  constructor(
    readonly pages: LeadPages,
    readonly selection: LeadSelection,
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
      const progressNote = "Nothing is changed yet";
      bulkProgress.value = {
        title: "Reading the leads",
        done: this.pages.items.length,
        total: totalLeads,
        note: progressNote,
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
    const { verb, running, done, target = "" } = change.texts;
    const progressTitle = `${running} leads${target}`;
    const ids = leads.map(({ id }) => id);
    const bulkResult = await sendSeriesWithProgress(progressTitle, `What is ${done} stays ${done}`, [
      { ids, send: change.send },
    ]);
    change.updateRows(bulkResult.changedIds);
    this.pages.removeLeads(bulkResult.deletedIds);
    if (this.selection.state.peek().isInverted || this.selection.size > 0)
      this.selection.selectOnly(bulkResult.unprocessedIds);
    this.pages.recount();
    const changedLeadIds = new Set(bulkResult.changedIds);
    const deletedText =
      bulkResult.deletedIds.length > 0 ? `, ${formatCount(bulkResult.deletedIds.length)} had been deleted` : "";
    const summaryText = `${formatLeadCount(bulkResult.changedIds.length)} ${done}${target}${deletedText}`;
    const { buildUndoOperations } = change;
    if (bulkResult.error !== undefined) {
      const unprocessedText = `${formatCount(bulkResult.unprocessedIds.length)} of ${formatLeadCount(leads.length)} not ${done}${target}.`;
      reportFailure(`${unprocessedText} ${describeError(bulkResult.error)}`);
    }
    if (bulkResult.changedIds.length === 0) {
      if (bulkResult.error === undefined) showToast(`No lead ${done}${target}${deletedText}`);
      return;
    }
    if (!buildUndoOperations) {
      showToast(summaryText);
      return;
    }
    showToast(summaryText, {
      undo: async () => {
        const undoOperations = buildUndoOperations(leads.filter(({ id }) => changedLeadIds.has(id)));
        const resultOfUndo = await sendSeriesWithProgress(
          "Taking it back",
          "What is taken back stays so",
          undoOperations,
        );
        await this.pages.reload();
        if (resultOfUndo.error !== undefined) throw resultOfUndo.error;
        showToast(`Undone: ${verb.toLowerCase()} ${formatLeadCount(resultOfUndo.changedIds.length)}${target}`);
      },
    });
  }

  async #confirm(leads: ListLead[], { texts, buildUndoOperations }: BulkChange): Promise<boolean> {
    if (leads.length === 0) return false;
    if (buildUndoOperations && leads.length <= MAX_UNCONFIRMED_LEADS) return true;
    const { verb, target = "" } = texts;
    const actionText = `${verb} ${formatLeadCount(leads.length)}`;
    const consequenceText = buildUndoOperations
      ? "You can undo it right afterwards."
      : `Comments, history and ${leads.length === 1 ? "photo" : "photos"} go too. It cannot be undone.`;
    return confirmAction(`${actionText}${target}?`, consequenceText, actionText);
  }

  async #change(change: BulkChange, given?: ListLead[]): Promise<void> {
    const leads = given ?? (await this.#readSelected());
    if (await this.#confirm(leads, change)) await this.#execute(leads, change);
  }

  #removeMismatches(ids: number[]): void {
    const { filter, search } = this.pages.source;
    const mismatchedIds = ids.filter((id) => {
      const lead = this.pages.getLead(id);
      return lead && !(search ? !lead.archived : matchesFilter(lead, filter));
    });
    this.pages.removeLeads(mismatchedIds);
  }

  /** Moves `given` to a status, by default the selected leads. */
  move(to: LeadStatus, given?: ListLead[]): Promise<void> {
    const change: BulkChange = {
      texts: { verb: "Move", running: "Moving", done: "moved", target: ` to ${to.name}` },
      send: (ids) => unwrap(api.PUT("/leads/change-status", { body: { ids, statusId: to.id } })),
      updateRows: (ids) => {
        this.pages.updateLeads(ids, (lead) => ({ ...lead, statusId: to.id, status: to.name }));
        this.#removeMismatches(ids);
      },
      buildUndoOperations: (leads) => {
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
    const sendArchive: SendBulkRequest = (ids) => unwrap(api.PATCH("/leads/archive", { body: { ids } }));
    const sendRestore: SendBulkRequest = (ids) => unwrap(api.PATCH("/leads/restore", { body: { ids } }));
    const change: BulkChange = {
      texts: archived
        ? { verb: "Archive", running: "Archiving", done: "archived" }
        : { verb: "Restore", running: "Restoring", done: "restored" },
      send: archived ? sendArchive : sendRestore,
      updateRows: (ids) => {
        this.pages.updateLeads(ids, (lead) => ({ ...lead, archived }));
        this.#removeMismatches(ids);
      },
      buildUndoOperations: (leads) => {
        const ids = leads.filter((lead) => lead.archived !== archived).map(({ id }) => id);
        return [{ ids, send: archived ? sendRestore : sendArchive }];
      },
    };
    return this.#change(change, given);
  }

  delete(): Promise<void> {
    return this.#change({
      texts: { verb: "Delete", running: "Deleting", done: "deleted" },
      send: (ids) => unwrap(api.DELETE("/leads", { body: { ids } })),
      updateRows: (ids) => this.pages.removeLeads(ids),
    });
  }

  /** Writes one field of the selected leads. Their previous values are kept for Undo. */
  async edit<Field extends EditableField>(field: Field, value: Lead[Field], fieldTitle: string): Promise<void> {
    const leads = await this.#readSelected();
    const leadsById = new Map(leads.map((lead) => [lead.id, lead]));
    const previousFieldsById = new Map<number, Partial<Lead>>();
    const change: BulkChange = {
      texts: { verb: `Change the ${fieldTitle} of`, running: `Changing the ${fieldTitle} of`, done: "changed" },
      send: async (ids) => {
        await collectPreviousFieldValues(ids, leadsById, field, previousFieldsById);
        await writeField(ids, leadsById, () => ({ [field]: value }));
      },
      updateRows: (ids) => {
        this.pages.updateLeads(ids, (lead) => ({ ...lead, [field]: value }));
        this.#removeMismatches(ids);
      },
      buildUndoOperations: (changedLeads) => [
        {
          ids: changedLeads.map(({ id }) => id),
          send: (ids) => writeField(ids, leadsById, (id) => previousFieldsById.get(id) ?? {}),
        },
      ],
    };
    await this.#change(change, leads);
  }
}

export type EditableField = "business" | "company" | "position" | "location" | "source" | "state";

/**
 * Stores the field's current value of each lead in `previousFieldsById`, so that Undo can restore it. A lead whose list row
 * lacks the field is read with a request of its own.
 */
async function collectPreviousFieldValues(
  ids: number[],
  leadsById: Map<number, ListLead>,
  field: EditableField,
  previousFieldsById: Map<number, Partial<Lead>>,
): Promise<void> {
  const idsToRead: number[] = [];
  for (const id of ids) {
    const lead: Partial<Lead> = leadsById.get(id) ?? {};
    if (field in lead) previousFieldsById.set(id, { [field]: lead[field] });
    else if (!previousFieldsById.has(id)) idsToRead.push(id);
  }
  const readPreviousField = async (id: number) => {
    const lead = await unwrap(api.GET("/leads/{id}", { params: { path: { id } } })).catch(ignoreNotFoundError);
    if (lead) previousFieldsById.set(id, { [field]: lead[field] });
  };
  for (let start = 0; start < idsToRead.length; start += 5)
    await Promise.all(idsToRead.slice(start, start + 5).map(readPreviousField));
}

function ignoreNotFoundError(error: unknown): undefined {
  if (error instanceof RequestError && error.status === 404) return undefined;
  throw error;
}

/**
 * Writes one field of up to a hundred leads. A batch request identifies leads by e-mail address. Leads that have no address, or
 * whose address no longer identifies them, are written one by one by their ids.
 */
async function writeField(
  ids: number[],
  leadsById: Map<number, ListLead>,
  getFields: (id: number) => Partial<Lead>,
): Promise<void> {
  const leads = ids.map((id) => leadsById.get(id)).filter((lead) => lead !== undefined);
  const patchLead = async ({ id }: ListLead) => {
    const { business, ...otherFields } = getFields(id);
    const patchBody = { ...otherFields, ...(business ? { business: business.map(({ id }) => id) } : {}) };
    await unwrap(api.PATCH("/leads/{id}", { params: { path: { id } }, body: patchBody })).catch(ignoreNotFoundError);
  };
  const sendBatch = async (batchLeads: ListLead[], dryRun: boolean) => {
    const batchRows = batchLeads.map(({ id, email }) => {
      const { business, ...otherFields } = getFields(id);
      return { email, ...otherFields, ...(business ? { business: business.map(({ id }) => id) } : {}) };
    });
    const batchBody = { mode: "update" as const, dryRun, leads: batchRows };
    const { results } = await unwrap(api.POST("/leads/batch", { body: batchBody }));
    return new Map(results.map((rowResult) => [batchLeads[rowResult.index], rowResult]));
  };
  const leadsWithEmail = leads.filter(({ email }) => email !== "");
  const leadsWrittenInBatch = new Set<ListLead>();
  if (leadsWithEmail.length > 1) {
    // Since the list was read, a lead's e-mail address may have been removed or given to another lead. A dry run shows which
    // addresses still belong to the same lead.
    const dryRunResultsByLead = await sendBatch(leadsWithEmail, true);
    const leadsWithCurrentEmail = leadsWithEmail.filter((lead) => dryRunResultsByLead.get(lead)?.id === lead.id);
    const batchResultsByLead =
      leadsWithCurrentEmail.length > 0 ? await sendBatch(leadsWithCurrentEmail, false) : new Map();
    for (const lead of leadsWithCurrentEmail)
      if (batchResultsByLead.get(lead)?.result !== "failed") leadsWrittenInBatch.add(lead);
  }
  const leadsToPatch = leads.filter((lead) => !leadsWrittenInBatch.has(lead));
  for (let start = 0; start < leadsToPatch.length; start += 5)
    await Promise.all(leadsToPatch.slice(start, start + 5).map(patchLead));
}
