// `DryRunPrediction` corrects the results of a dry run: a dry run writes nothing, so the API does not know the effects of earlier
// rows of the file.

import type { LeadBatchRequestBody, LeadBatchResponse } from "../app/api";
import { getNormalizedEmail, type LeadCellsByColumnName } from "./lead-rows";

type BatchRowResult = LeadBatchResponse["results"][number];

/** The fields that earlier rows with the same e-mail address would have written. */
interface LeadAfterEarlierRows {
  isNew: boolean;
  cells: LeadCellsByColumnName;
}

export const DUPLICATE_EMAIL_MESSAGE = "Another row has the same e-mail address.";

export class DryRunPrediction {
  private readonly predictedByEmail = new Map<string, LeadAfterEarlierRows>();

  constructor(private readonly options: Pick<LeadBatchRequestBody, "mode" | "fill">) {}

  /** Returns the result that a row would get in a real run, from its result in the dry run. */
  predictResult(cells: LeadCellsByColumnName, result: BatchRowResult): BatchRowResult {
    const normalizedEmail = getNormalizedEmail(cells);
    if (!normalizedEmail || result.result === "failed") return result;
    const predictedLead = this.predictedByEmail.get(normalizedEmail);
    if (!predictedLead) {
      this.predictedByEmail.set(normalizedEmail, { isNew: result.result === "created", cells });
      return result;
    }
    if (this.options.mode === "create") return { ...result, result: "failed", code: "email_exists" };
    const { isNew } = predictedLead;
    const changedFieldNames = Object.keys(cells).filter((column) => {
      const [currentText, newText] = [predictedLead.cells[column], cells[column] ?? ""];
      if ((currentText ?? (isNew ? "" : undefined)) === undefined) return false;
      return newText !== (currentText ?? "") && !(this.options.fill && currentText);
    });
    // The API compared a field that no earlier row contains with the stored lead, so its dry-run result for this field
    // is right.
    const hasFieldsMissingInEarlierRows = Object.keys(cells).some(
      (column) => predictedLead.cells[column] === undefined,
    );
    predictedLead.cells = {
      ...predictedLead.cells,
      ...Object.fromEntries(changedFieldNames.map((column) => [column, cells[column] ?? ""])),
    };
    const isLeadUpdatePredicted =
      changedFieldNames.length > 0 || (hasFieldsMissingInEarlierRows && !isNew && result.result === "updated");
    return { ...result, result: isLeadUpdatePredicted ? "updated" : "unchanged" };
  }
}
