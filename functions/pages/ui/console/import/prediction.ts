// `Prediction` corrects the results of a dry run: a dry run writes nothing, so the API does not know the effects of earlier
// rows of the file.

import type { BatchRequest, BatchResponse } from "../app/api";
import { addressOf, type Cells } from "./lead-rows";

type RowResult = BatchResponse["results"][number];

/** The fields that earlier rows with the same e-mail address would have written. */
interface Written {
  isNew: boolean;
  cells: Cells;
}

export const SAME_ADDRESS = "Another row has the same e-mail address.";

export class Prediction {
  private readonly written = new Map<string, Written>();

  constructor(private readonly options: Pick<BatchRequest, "mode" | "fill">) {}

  /** Returns the result that a row would get in a real run, from its result in the dry run. */
  result(cells: Cells, result: RowResult): RowResult {
    const address = addressOf(cells);
    if (!address || result.result === "failed") return result;
    const before = this.written.get(address);
    if (!before) {
      this.written.set(address, { isNew: result.result === "created", cells });
      return result;
    }
    if (this.options.mode === "create") return { ...result, result: "failed", code: "email_exists" };
    const { isNew } = before;
    const changed = Object.keys(cells).filter((column) => {
      const [current, next] = [before.cells[column], cells[column] ?? ""];
      if ((current ?? (isNew ? "" : undefined)) === undefined) return false;
      return next !== (current ?? "") && !(this.options.fill && current);
    });
    // The API has compared fields that no earlier row contains with the stored lead, so its result is right for them.
    const rest = Object.keys(cells).some((column) => before.cells[column] === undefined);
    before.cells = { ...before.cells, ...Object.fromEntries(changed.map((column) => [column, cells[column] ?? ""])) };
    const isUpdate = changed.length > 0 || (rest && !isNew && result.result === "updated");
    return { ...result, result: isUpdate ? "updated" : "unchanged" };
  }
}
