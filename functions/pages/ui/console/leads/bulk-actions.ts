// Actions on the selected leads: move, archive, restore, delete, and edit a field. A deletion, and a change of more
// than fifty leads, needs a confirmation. A dialog shows the progress with a Stop button, and a toast offers Undo,
// except after a deletion.

import { signal } from "@preact/signals";
import { api, describeError, getDataOrThrow, type Lead, type LeadStatus, RequestError } from "../app/api";
import { confirmAction } from "../ui/dialog";
import { formatCount } from "../ui/time";
import { showFailureAlert, showToast } from "../ui/toast";
import { type BulkResult, sendIdsInParallelChunks } from "./bulk-run";
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
async function sendBulkRequestsWithProgress(
  progressTitle: string,
  note: string,
  runs: { ids: number[]; send: SendBulkRequest }[],
): Promise<BulkResult> {
  const totalLeadCount = runs.reduce((sum, { ids }) => sum + ids.length, 0);
  let isStopped = false;
  const progressState: BulkProgressState = {
    title: progressTitle,
    note,
    total: totalLeadCount,
    done: 0,
    stop: () => {
      isStopped = true;
    },
  };
  let isDialogShown = false;
  const dialogTimer = setTimeout(() => {
    isDialogShown = true;
    bulkProgress.value = { ...progressState };
  }, PROGRESS_DIALOG_DELAY_MS);
  const totalBulkResult: BulkResult = { changedIds: [], deletedIds: [], unprocessedIds: [] };
  try {
    for (const { ids, send } of runs) {
      const earlierProcessedCount = totalBulkResult.changedIds.length + totalBulkResult.deletedIds.length;
      const bulkResultOfRun = await sendIdsInParallelChunks(ids, send, {
        isStopped: () => isStopped || totalBulkResult.error !== undefined,
        onProgress: (done) => {
          progressState.done = earlierProcessedCount + done;
          if (isDialogShown) bulkProgress.value = { ...progressState };
        },
      });
      totalBulkResult.changedIds.push(...bulkResultOfRun.changedIds);
      totalBulkResult.deletedIds.push(...bulkResultOfRun.deletedIds);
      totalBulkResult.unprocessedIds.push(...bulkResultOfRun.unprocessedIds);
      if (bulkResultOfRun.error !== undefined) totalBulkResult.error = bulkResultOfRun.error;
    }
  } finally {
    clearTimeout(dialogTimer);
    bulkProgress.value = undefined;
  }
  return totalBulkResult;
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
    const selectedLeadCount = this.selection.size;
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
        total: selectedLeadCount,
        note: progressNote,
        stop: stopReading,
      };
    });
    try {
      const selectedLeads = await this.selection.readSelectedLeads();
      return isStopped ? [] : selectedLeads;
    } catch (error) {
      showFailureAlert(`Not all leads could be read, so none was changed. ${describeError(error)}`);
      return [];
    } finally {
      unsubscribe();
      bulkProgress.value = undefined;
    }
  }

  async #execute(leads: ListLead[], change: BulkChange): Promise<void> {
    const { verb, running, done, target = "" } = change.texts;
    const progressTitle = `${running} leads${target}`;
    const leadIds = leads.map(({ id }) => id);
    const bulkResult = await sendBulkRequestsWithProgress(progressTitle, `What is ${done} stays ${done}`, [
      { ids: leadIds, send: change.send },
    ]);
    change.updateRows(bulkResult.changedIds);
    this.pages.removeLeads(bulkResult.deletedIds);
    if (this.selection.state.peek().isInverted || this.selection.size > 0)
      this.selection.selectOnly(bulkResult.unprocessedIds);
    this.pages.recount();
    const changedLeadIds = new Set(bulkResult.changedIds);
    const deletedLeadsText =
      bulkResult.deletedIds.length > 0 ? `, ${formatCount(bulkResult.deletedIds.length)} had been deleted` : "";
    const summaryText = `${formatLeadCount(bulkResult.changedIds.length)} ${done}${target}${deletedLeadsText}`;
    const { buildUndoOperations } = change;
    if (bulkResult.error !== undefined) {
      const unprocessedLeadsText = `${formatCount(bulkResult.unprocessedIds.length)} of ${formatLeadCount(leads.length)} not ${done}${target}.`;
      showFailureAlert(`${unprocessedLeadsText} ${describeError(bulkResult.error)}`);
    }
    if (bulkResult.changedIds.length === 0) {
      if (bulkResult.error === undefined) showToast(`No lead ${done}${target}${deletedLeadsText}`);
      return;
    }
    if (!buildUndoOperations) {
      showToast(summaryText);
      return;
    }
    showToast(summaryText, {
      undo: async () => {
        const undoOperations = buildUndoOperations(leads.filter(({ id }) => changedLeadIds.has(id)));
        const bulkResultOfUndo = await sendBulkRequestsWithProgress(
          "Taking it back",
          "What is taken back stays so",
          undoOperations,
        );
        await this.pages.reload();
        if (bulkResultOfUndo.error !== undefined) throw bulkResultOfUndo.error;
        showToast(`Undone: ${verb.toLowerCase()} ${formatLeadCount(bulkResultOfUndo.changedIds.length)}${target}`);
      },
    });
  }

  async #confirm(leads: ListLead[], { texts, buildUndoOperations }: BulkChange): Promise<boolean> {
    if (leads.length === 0) return false;
    if (buildUndoOperations && leads.length <= MAX_UNCONFIRMED_LEADS) return true;
    const { verb, target = "" } = texts;
    const confirmButtonText = `${verb} ${formatLeadCount(leads.length)}`;
    const consequenceText = buildUndoOperations
      ? "You can undo it right afterwards."
      : `Comments, history and ${leads.length === 1 ? "photo" : "photos"} go too. It cannot be undone.`;
    return confirmAction(`${confirmButtonText}${target}?`, consequenceText, confirmButtonText);
  }

  async #change(change: BulkChange, given?: ListLead[]): Promise<void> {
    const leadsToChange = given ?? (await this.#readSelected());
    if (await this.#confirm(leadsToChange, change)) await this.#execute(leadsToChange, change);
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
    const bulkStatusChange: BulkChange = {
      texts: { verb: "Move", running: "Moving", done: "moved", target: ` to ${to.name}` },
      send: (ids) => getDataOrThrow(api.PUT("/leads/change-status", { body: { ids, statusId: to.id } })),
      updateRows: (ids) => {
        this.pages.updateLeads(ids, (lead) => ({ ...lead, statusId: to.id, status: to.name }));
        this.#removeMismatches(ids);
      },
      buildUndoOperations: (leads) => {
        const leadIdsByStatusId = new Map<number, number[]>();
        for (const { id, statusId } of leads)
          leadIdsByStatusId.set(statusId, [...(leadIdsByStatusId.get(statusId) ?? []), id]);
        return [...leadIdsByStatusId].map(([statusId, ids]) => ({
          ids,
          send: (ids: number[]) => getDataOrThrow(api.PUT("/leads/change-status", { body: { ids, statusId } })),
        }));
      },
    };
    return this.#change(bulkStatusChange, given);
  }

  /** Archives or restores `given`, by default the selected leads. */
  archive(archived: boolean, given?: ListLead[]): Promise<void> {
    const sendArchive: SendBulkRequest = (ids) => getDataOrThrow(api.PATCH("/leads/archive", { body: { ids } }));
    const sendRestore: SendBulkRequest = (ids) => getDataOrThrow(api.PATCH("/leads/restore", { body: { ids } }));
    const bulkArchiveChange: BulkChange = {
      texts: archived
        ? { verb: "Archive", running: "Archiving", done: "archived" }
        : { verb: "Restore", running: "Restoring", done: "restored" },
      send: archived ? sendArchive : sendRestore,
      updateRows: (ids) => {
        this.pages.updateLeads(ids, (lead) => ({ ...lead, archived }));
        this.#removeMismatches(ids);
      },
      buildUndoOperations: (leads) => {
        const leadIdsToUndo = leads.filter((lead) => lead.archived !== archived).map(({ id }) => id);
        return [{ ids: leadIdsToUndo, send: archived ? sendRestore : sendArchive }];
      },
    };
    return this.#change(bulkArchiveChange, given);
  }

  delete(): Promise<void> {
    return this.#change({
      texts: { verb: "Delete", running: "Deleting", done: "deleted" },
      send: (ids) => getDataOrThrow(api.DELETE("/leads", { body: { ids } })),
      updateRows: (ids) => this.pages.removeLeads(ids),
    });
  }

  /** Writes one field of the selected leads. Their previous values are kept for Undo. */
  async edit<Field extends BulkEditableFieldName>(field: Field, value: Lead[Field], fieldTitle: string): Promise<void> {
    const selectedLeads = await this.#readSelected();
    const leadsById = new Map(selectedLeads.map((lead) => [lead.id, lead]));
    const previousFieldsById = new Map<number, Partial<Lead>>();
    const bulkFieldChange: BulkChange = {
      texts: { verb: `Change the ${fieldTitle} of`, running: `Changing the ${fieldTitle} of`, done: "changed" },
      send: async (ids) => {
        await collectPreviousFieldValues(ids, leadsById, field, previousFieldsById);
        await writeFieldOfLeads(ids, leadsById, () => ({ [field]: value }));
      },
      updateRows: (ids) => {
        this.pages.updateLeads(ids, (lead) => ({ ...lead, [field]: value }));
        this.#removeMismatches(ids);
      },
      buildUndoOperations: (changedLeads) => [
        {
          ids: changedLeads.map(({ id }) => id),
          send: (ids) => writeFieldOfLeads(ids, leadsById, (id) => previousFieldsById.get(id) ?? {}),
        },
      ],
    };
    await this.#change(bulkFieldChange, selectedLeads);
  }
}

export type BulkEditableFieldName = "business" | "company" | "position" | "location" | "source" | "state";

/**
 * Stores the field's current value of each lead in `previousFieldsById`, so that Undo can restore it. A lead whose list row
 * lacks the field is read with a request of its own.
 */
async function collectPreviousFieldValues(
  ids: number[],
  leadsById: Map<number, ListLead>,
  field: BulkEditableFieldName,
  previousFieldsById: Map<number, Partial<Lead>>,
): Promise<void> {
  const idsToRead: number[] = [];
  for (const id of ids) {
    const lead: Partial<Lead> = leadsById.get(id) ?? {};
    if (field in lead) previousFieldsById.set(id, { [field]: lead[field] });
    else if (!previousFieldsById.has(id)) idsToRead.push(id);
  }
  const readPreviousField = async (id: number) => {
    const leadFromApi = await getDataOrThrow(api.GET("/leads/{id}", { params: { path: { id } } })).catch(
      ignoreNotFoundError,
    );
    if (leadFromApi) previousFieldsById.set(id, { [field]: leadFromApi[field] });
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
async function writeFieldOfLeads(
  ids: number[],
  leadsById: Map<number, ListLead>,
  getFields: (id: number) => Partial<Lead>,
): Promise<void> {
  const leadsToWrite = ids.map((id) => leadsById.get(id)).filter((lead) => lead !== undefined);
  const patchLead = async ({ id }: ListLead) => {
    const { business, ...otherFields } = getFields(id);
    const patchBody = { ...otherFields, ...(business ? { business: business.map(({ id }) => id) } : {}) };
    await getDataOrThrow(api.PATCH("/leads/{id}", { params: { path: { id } }, body: patchBody })).catch(
      ignoreNotFoundError,
    );
  };
  const sendBatch = async (batchLeads: ListLead[], dryRun: boolean) => {
    const batchRows = batchLeads.map(({ id, email }) => {
      const { business, ...otherFields } = getFields(id);
      return { email, ...otherFields, ...(business ? { business: business.map(({ id }) => id) } : {}) };
    });
    const batchBody = { mode: "update" as const, dryRun, leads: batchRows };
    const { results } = await getDataOrThrow(api.POST("/leads/batch", { body: batchBody }));
    return new Map(results.map((rowResult) => [batchLeads[rowResult.index], rowResult]));
  };
  const leadsWithEmail = leadsToWrite.filter(({ email }) => email !== "");
  const leadsWrittenInBatch = new Set<ListLead>();
  if (leadsWithEmail.length > 1) {
    // The batch identifies leads by e-mail address. Since the list was read, an address may have been removed or given
    // to another lead. A dry run shows which addresses still belong to the same lead, so that no other lead is
    // overwritten.
    const dryRunResultsByLead = await sendBatch(leadsWithEmail, true);
    const leadsWithCurrentEmail = leadsWithEmail.filter((lead) => dryRunResultsByLead.get(lead)?.id === lead.id);
    const batchResultsByLead =
      leadsWithCurrentEmail.length > 0 ? await sendBatch(leadsWithCurrentEmail, false) : new Map();
    for (const lead of leadsWithCurrentEmail)
      if (batchResultsByLead.get(lead)?.result !== "failed") leadsWrittenInBatch.add(lead);
  }
  const leadsToPatch = leadsToWrite.filter((lead) => !leadsWrittenInBatch.has(lead));
  for (let start = 0; start < leadsToPatch.length; start += 5)
    await Promise.all(leadsToPatch.slice(start, start + 5).map(patchLead));
}
