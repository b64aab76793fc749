// Actions on the selected leads: move, archive, restore, delete, and edit a field. A deletion, and a change of more
// than fifty leads, needs a confirmation. A dialog shows the progress with a Stop button, and a toast offers Undo,
// except after a deletion.

import { signal } from "@preact/signals";
import { api, describeError, getDataOrThrow, type Lead, type LeadStatus, RequestError } from "../app/api";
import { confirmAction } from "../ui/dialog";
import { formatCount } from "../ui/time";
import { showFailureAlert, showToast } from "../ui/toast";
import { type BulkResult, sendIdsInParallelChunks } from "./bulk-run";
import type { LeadForTable, LeadPages } from "./list-pages";
import { matchesFilter } from "./list-query";
import type { LeadSelection } from "./list-selection";

/** A change of more leads than this needs a confirmation. */
const MAX_LEADS_WITHOUT_CONFIRMATION = 50;
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
export const bulkProgressSignal = signal<BulkProgressState | undefined>(undefined);

export const formatLeadCount = (count: number): string => (count === 1 ? "1 lead" : `${formatCount(count)} leads`);

type SendBulkRequestFunction = (ids: number[]) => Promise<unknown>;

/** Executes several series of requests one after the other, with one progress dialog. Stop ends all of them. */
async function sendBulkRequestsWithProgress(
  progressTitle: string,
  note: string,
  runs: { ids: number[]; send: SendBulkRequestFunction }[],
): Promise<BulkResult> {
  const totalLeadCount = runs.reduce((sum, { ids }) => sum + ids.length, 0);
  let isStopped = false;
  const bulkProgressState: BulkProgressState = {
    title: progressTitle,
    note,
    total: totalLeadCount,
    done: 0,
    stop: () => {
      isStopped = true;
    },
  };
  let isDialogShown = false;
  const progressDialogTimer = setTimeout(() => {
    isDialogShown = true;
    bulkProgressSignal.value = { ...bulkProgressState };
  }, PROGRESS_DIALOG_DELAY_MS);
  const totalBulkResult: BulkResult = { changedIds: [], deletedIds: [], unprocessedIds: [] };
  try {
    for (const { ids, send } of runs) {
      const processedCountOfEarlierRuns = totalBulkResult.changedIds.length + totalBulkResult.deletedIds.length;
      const bulkResultOfRun = await sendIdsInParallelChunks(ids, send, {
        isStopped: () => isStopped || totalBulkResult.error !== undefined,
        onProgress: (done) => {
          bulkProgressState.done = processedCountOfEarlierRuns + done;
          if (isDialogShown) bulkProgressSignal.value = { ...bulkProgressState };
        },
      });
      totalBulkResult.changedIds.push(...bulkResultOfRun.changedIds);
      totalBulkResult.deletedIds.push(...bulkResultOfRun.deletedIds);
      totalBulkResult.unprocessedIds.push(...bulkResultOfRun.unprocessedIds);
      if (bulkResultOfRun.error !== undefined) totalBulkResult.error = bulkResultOfRun.error;
    }
  } finally {
    clearTimeout(progressDialogTimer);
    bulkProgressSignal.value = undefined;
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
  send: SendBulkRequestFunction;
  /** Applies the change to the rows of the list. */
  updateRows: (ids: number[]) => void;
  /** Returns the requests that undo the change. Absent for a change that cannot be undone. */
  buildUndoOperations?: (leads: LeadForTable[]) => { ids: number[]; send: SendBulkRequestFunction }[];
}

export class BulkActionRunner {
  constructor(
    readonly pages: LeadPages,
    readonly selection: LeadSelection,
  ) {}

  /**
   * Reads the selected leads, with a progress dialog. Returns an empty array after Stop, and after a failure, which a toast
   * reports.
   */
  async #readSelected(): Promise<LeadForTable[]> {
    const selectedLeadCount = this.selection.size;
    if (!this.pages.hasMore || !this.selection.state.peek().isInverted) return this.selection.readSelectedLeads();
    let isStopped = false;
    const stopReadingLeads = () => {
      isStopped = true;
      bulkProgressSignal.value = undefined;
    };
    const unsubscribeFromListVersion = this.pages.listVersion.subscribe(() => {
      if (isStopped) return;
      const progressNoteText = "Nothing is changed yet";
      bulkProgressSignal.value = {
        title: "Reading the leads",
        done: this.pages.items.length,
        total: selectedLeadCount,
        note: progressNoteText,
        stop: stopReadingLeads,
      };
    });
    try {
      const selectedLeads = await this.selection.readSelectedLeads();
      return isStopped ? [] : selectedLeads;
    } catch (error) {
      showFailureAlert(`Not all leads could be read, so none was changed. ${describeError(error)}`);
      return [];
    } finally {
      unsubscribeFromListVersion();
      bulkProgressSignal.value = undefined;
    }
  }

  async #execute(leads: LeadForTable[], change: BulkChange): Promise<void> {
    const { verb, running, done, target = "" } = change.texts;
    const progressTitle = `${running} leads${target}`;
    const leadIdsToChange = leads.map(({ id }) => id);
    const bulkResult = await sendBulkRequestsWithProgress(progressTitle, `What is ${done} stays ${done}`, [
      { ids: leadIdsToChange, send: change.send },
    ]);
    change.updateRows(bulkResult.changedIds);
    this.pages.removeLeads(bulkResult.deletedIds);
    if (this.selection.state.peek().isInverted || this.selection.size > 0)
      this.selection.selectOnly(bulkResult.unprocessedIds);
    this.pages.recount();
    const changedLeadIds = new Set(bulkResult.changedIds);
    const deletedLeadsText =
      bulkResult.deletedIds.length > 0 ? `, ${formatCount(bulkResult.deletedIds.length)} had been deleted` : "";
    const bulkResultSummaryText = `${formatLeadCount(bulkResult.changedIds.length)} ${done}${target}${deletedLeadsText}`;
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
      showToast(bulkResultSummaryText);
      return;
    }
    showToast(bulkResultSummaryText, {
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

  async #confirm(leads: LeadForTable[], { texts, buildUndoOperations }: BulkChange): Promise<boolean> {
    if (leads.length === 0) return false;
    if (buildUndoOperations && leads.length <= MAX_LEADS_WITHOUT_CONFIRMATION) return true;
    const { verb, target = "" } = texts;
    const confirmButtonText = `${verb} ${formatLeadCount(leads.length)}`;
    const consequenceText = buildUndoOperations
      ? "You can undo it right afterwards."
      : `Comments, history and ${leads.length === 1 ? "photo" : "photos"} go too. It cannot be undone.`;
    return confirmAction(`${confirmButtonText}${target}?`, consequenceText, confirmButtonText);
  }

  async #change(change: BulkChange, given?: LeadForTable[]): Promise<void> {
    const leadsToChange = given ?? (await this.#readSelected());
    if (await this.#confirm(leadsToChange, change)) await this.#execute(leadsToChange, change);
  }

  #removeMismatches(ids: number[]): void {
    const { filter, search } = this.pages.source;
    const leadIdsNotMatchingFilter = ids.filter((id) => {
      const listedLead = this.pages.getLead(id);
      return listedLead && !(search ? !listedLead.archived : matchesFilter(listedLead, filter));
    });
    this.pages.removeLeads(leadIdsNotMatchingFilter);
  }

  /** Moves `given` to a status, by default the selected leads. */
  move(to: LeadStatus, given?: LeadForTable[]): Promise<void> {
    const bulkStatusChange: BulkChange = {
      texts: { verb: "Move", running: "Moving", done: "moved", target: ` to ${to.name}` },
      send: (ids) => getDataOrThrow(api.PUT("/leads/change-status", { body: { ids, statusId: to.id } })),
      updateRows: (ids) => {
        this.pages.updateLeads(ids, (lead) => ({ ...lead, statusId: to.id, status: to.name }));
        this.#removeMismatches(ids);
      },
      buildUndoOperations: (leads) => {
        const leadIdsByPreviousStatusId = new Map<number, number[]>();
        for (const { id, statusId } of leads)
          leadIdsByPreviousStatusId.set(statusId, [...(leadIdsByPreviousStatusId.get(statusId) ?? []), id]);
        return [...leadIdsByPreviousStatusId].map(([statusId, ids]) => ({
          ids,
          send: (ids: number[]) => getDataOrThrow(api.PUT("/leads/change-status", { body: { ids, statusId } })),
        }));
      },
    };
    return this.#change(bulkStatusChange, given);
  }

  /** Archives or restores `given`, by default the selected leads. */
  archive(archived: boolean, given?: LeadForTable[]): Promise<void> {
    const sendArchiveRequest: SendBulkRequestFunction = (ids) =>
      getDataOrThrow(api.PATCH("/leads/archive", { body: { ids } }));
    const sendRestoreRequest: SendBulkRequestFunction = (ids) =>
      getDataOrThrow(api.PATCH("/leads/restore", { body: { ids } }));
    const bulkArchiveChange: BulkChange = {
      texts: archived
        ? { verb: "Archive", running: "Archiving", done: "archived" }
        : { verb: "Restore", running: "Restoring", done: "restored" },
      send: archived ? sendArchiveRequest : sendRestoreRequest,
      updateRows: (ids) => {
        this.pages.updateLeads(ids, (lead) => ({ ...lead, archived }));
        this.#removeMismatches(ids);
      },
      buildUndoOperations: (leads) => {
        const leadIdsToUndo = leads.filter((lead) => lead.archived !== archived).map(({ id }) => id);
        return [{ ids: leadIdsToUndo, send: archived ? sendRestoreRequest : sendArchiveRequest }];
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
    const selectedLeadsById = new Map(selectedLeads.map((lead) => [lead.id, lead]));
    const previousFieldsByLeadId = new Map<number, Partial<Lead>>();
    const bulkFieldChange: BulkChange = {
      texts: { verb: `Change the ${fieldTitle} of`, running: `Changing the ${fieldTitle} of`, done: "changed" },
      send: async (ids) => {
        await readPreviousFieldValues(ids, selectedLeadsById, field, previousFieldsByLeadId);
        await saveFieldOfLeads(ids, selectedLeadsById, () => ({ [field]: value }));
      },
      updateRows: (ids) => {
        this.pages.updateLeads(ids, (lead) => ({ ...lead, [field]: value }));
        this.#removeMismatches(ids);
      },
      buildUndoOperations: (changedLeads) => [
        {
          ids: changedLeads.map(({ id }) => id),
          send: (ids) => saveFieldOfLeads(ids, selectedLeadsById, (id) => previousFieldsByLeadId.get(id) ?? {}),
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
async function readPreviousFieldValues(
  ids: number[],
  leadsById: Map<number, LeadForTable>,
  field: BulkEditableFieldName,
  previousFieldsById: Map<number, Partial<Lead>>,
): Promise<void> {
  const leadIdsToRead: number[] = [];
  for (const id of ids) {
    const listedLead: Partial<Lead> = leadsById.get(id) ?? {};
    if (field in listedLead) previousFieldsById.set(id, { [field]: listedLead[field] });
    else if (!previousFieldsById.has(id)) leadIdsToRead.push(id);
  }
  const readPreviousFieldFromApi = async (id: number) => {
    const leadFromApi = await getDataOrThrow(api.GET("/leads/{id}", { params: { path: { id } } })).catch(
      ignoreNotFoundError,
    );
    if (leadFromApi) previousFieldsById.set(id, { [field]: leadFromApi[field] });
  };
  for (let start = 0; start < leadIdsToRead.length; start += 5)
    await Promise.all(leadIdsToRead.slice(start, start + 5).map(readPreviousFieldFromApi));
}

function ignoreNotFoundError(error: unknown): undefined {
  if (error instanceof RequestError && error.status === 404) return undefined;
  throw error;
}

/**
 * Writes one field of up to a hundred leads. A batch request identifies leads by e-mail address. Leads that have no address, or
 * whose address no longer identifies them, are written one by one by their ids.
 */
async function saveFieldOfLeads(
  ids: number[],
  leadsById: Map<number, LeadForTable>,
  getFields: (id: number) => Partial<Lead>,
): Promise<void> {
  const leadsToWrite = ids.map((id) => leadsById.get(id)).filter((lead) => lead !== undefined);
  const patchLead = async ({ id }: LeadForTable) => {
    const { business, ...otherFields } = getFields(id);
    const patchBody = { ...otherFields, ...(business ? { business: business.map(({ id }) => id) } : {}) };
    await getDataOrThrow(api.PATCH("/leads/{id}", { params: { path: { id } }, body: patchBody })).catch(
      ignoreNotFoundError,
    );
  };
  const sendLeadBatchRequest = async (batchLeads: LeadForTable[], dryRun: boolean) => {
    const batchRequestRows = batchLeads.map(({ id, email }) => {
      const { business, ...otherFields } = getFields(id);
      return { email, ...otherFields, ...(business ? { business: business.map(({ id }) => id) } : {}) };
    });
    const batchRequestBody = { mode: "update" as const, dryRun, leads: batchRequestRows };
    const { results } = await getDataOrThrow(api.POST("/leads/batch", { body: batchRequestBody }));
    return new Map(results.map((rowResult) => [batchLeads[rowResult.index], rowResult]));
  };
  const leadsWithEmail = leadsToWrite.filter(({ email }) => email !== "");
  const leadsWrittenInBatch = new Set<LeadForTable>();
  if (leadsWithEmail.length > 1) {
    // The batch identifies leads by e-mail address. Since the list was read, an address may have been removed or given
    // to another lead. A dry run shows which addresses still belong to the same lead, so that no other lead is
    // overwritten.
    const dryRunResultsByLeadObject = await sendLeadBatchRequest(leadsWithEmail, true);
    const leadsWithCurrentEmail = leadsWithEmail.filter((lead) => dryRunResultsByLeadObject.get(lead)?.id === lead.id);
    const batchResultsByLeadObject =
      leadsWithCurrentEmail.length > 0 ? await sendLeadBatchRequest(leadsWithCurrentEmail, false) : new Map();
    for (const leadWithCurrentEmail of leadsWithCurrentEmail)
      if (batchResultsByLeadObject.get(leadWithCurrentEmail)?.result !== "failed")
        leadsWrittenInBatch.add(leadWithCurrentEmail);
  }
  const leadsToPatch = leadsToWrite.filter((lead) => !leadsWrittenInBatch.has(lead));
  for (let start = 0; start < leadsToPatch.length; start += 5)
    await Promise.all(leadsToPatch.slice(start, start + 5).map(patchLead));
}
