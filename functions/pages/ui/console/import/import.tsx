// The import screen, in four steps: choose a CSV file, map its columns, check the rows, import them.

import "../app/first-view";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { describeError } from "../app/api";
import { useTeam } from "../app/team";
import { FileInput, useFileDrop } from "../ui/drop";
import { Icon } from "../ui/icon";
import { EmptyState } from "../ui/states";
import { formatCount } from "../ui/time";
import { recogniseColumns } from "./columns";
import { type CsvFile, getSeparatorName, readCsvFile } from "./csv-file";
import {
  csvFile,
  formatRowCount,
  type ImportRun,
  importOptions,
  importRun,
  isImportRunning,
  resetImport,
  startImport,
  stopImport,
  updateImportOptions,
} from "./import-run";
import type { ImportOptions } from "./lead-rows";
import { type ColumnMapping, MappingTable, useColumnMapping } from "./mapping";
import { ImportResult } from "./outcome";

const STEP_NAMES = ["File", "Columns", "Check", "Import"];

function getCurrentStepIndex(file: CsvFile | undefined, run: ImportRun | undefined): number {
  if (!file) return 0;
  if (!run) return 1;
  if (run.dryRun) return 2;
  return run.isFinished && !run.stopReason ? STEP_NAMES.length : 3;
}

export function ImportScreen(): JSX.Element {
  const { mayWrite } = useTeam();
  const [file, run] = [csvFile.value, importRun.value];
  const stepIndex = getCurrentStepIndex(file, run);
  return (
    <>
      <header class="head">
        <div>
          <h1>Import</h1>
          <span class="push" />
          {mayWrite ? (
            <ol class="steps wide">
              {STEP_NAMES.map((name, index) => (
                <li
                  key={name}
                  class={index < stepIndex ? "good" : undefined}
                  aria-current={index === stepIndex ? "step" : undefined}
                >
                  {index < stepIndex ? <Icon name="check" /> : null}
                  {name}
                </li>
              ))}
            </ol>
          ) : null}
        </div>
      </header>
      {!mayWrite ? (
        <EmptyState icon="upload" title="Viewers cannot import leads." text="Ask an Owner of the team." />
      ) : file ? (
        <MappingScreen file={file} run={run} />
      ) : (
        <FileDropScreen />
      )}
    </>
  );
}

function FileDropScreen(): JSX.Element {
  const [errorText, setErrorText] = useState<string>();
  const readFile = async (file: File | undefined) => {
    if (!file) return;
    try {
      const parsedFile = await readCsvFile(file);
      const { targets } = recogniseColumns(parsedFile);
      importOptions.value = { mode: "upsert", fill: false, clearsFields: false, targets, values: {} };
      csvFile.value = parsedFile;
    } catch (error) {
      setErrorText(`${file.name} cannot be read. ${describeError(error)}`);
    }
  };
  const { isDraggedOver, dropHandlers } = useFileDrop(readFile);
  return (
    <div class="scroll">
      <div class="body page narrow">
        <label class={isDraggedOver ? "drop-file over" : "drop-file"} {...dropHandlers}>
          <Icon name="file-up" />
          <strong>Drop a CSV file here, or choose one</strong>
          <span class="quiet">
            The first row names the columns. From Excel: “Save as”, then “CSV UTF-8”. Nothing is written before you have
            seen a check.
          </span>
          <span class="btn primary" aria-hidden="true">
            Choose a file
          </span>
          <FileInput accept="" onFile={readFile} />
        </label>
        {errorText ? (
          <div class="note bad" role="alert">
            <Icon name="circle-alert" />
            <div>{errorText}</div>
          </div>
        ) : null}
      </div>
    </div>
  );
}

function MappingScreen({ file, run }: { file: CsvFile; run: ImportRun | undefined }): JSX.Element {
  const { reload } = useTeam();
  const options = importOptions.value;
  const columnMapping = useColumnMapping(file, options);
  const headingLanguage = recogniseColumns(file).language;
  const isImported = run?.isFinished === true && !run.dryRun;
  const createsBusinesses = columnMapping?.createsBusinesses === true;
  useEffect(() => {
    // Reads the team again, so that all filters offer the businesses that the run has created.
    if (isImported && createsBusinesses) reload();
  }, [isImported]);
  const fileSummary = [formatRowCount(file.rows.length), getSeparatorName(file.separator), file.encoding].join(", ");
  return (
    <div class="footed">
      <div class="scroll" tabIndex={0} role="region" aria-label="Columns and outcome">
        <div class="body page narrow">
          <p class="lede">
            <b>
              <bdi>{file.name}</bdi>
            </b>{" "}
            <span class="quiet">
              {fileSummary}.{headingLanguage ? ` Headings were recognised as ${headingLanguage}.` : ""}
            </span>
          </p>
          {run ? <ImportResult run={run} csvFile={file} /> : null}
          {columnMapping && options ? (
            <>
              <MappingTable csvFile={file} mapping={columnMapping} disabled={isImportRunning.value} />
              <ExistingLeadOptions options={options} />
            </>
          ) : null}
        </div>
      </div>
      {columnMapping ? <ImportFooter file={file} run={run} mapping={columnMapping} /> : null}
    </div>
  );
}

function ExistingLeadOptions({ options }: { options: ImportOptions }): JSX.Element {
  const { mode, fill, clearsFields } = options;
  return (
    <fieldset class="import-options" disabled={isImportRunning.value}>
      <legend class="unseen">Leads that exist</legend>
      <label class="label">
        Leads that exist, by e-mail
        <span class="select">
          <select
            value={mode}
            onInput={({ currentTarget }) => updateImportOptions({ mode: currentTarget.value as ImportOptions["mode"] })}
          >
            <option value="upsert">Are changed, new ones are created</option>
            <option value="create">Stay as they are, their rows fail</option>
            <option value="update">Are changed, rows of new ones fail</option>
          </select>
          <Icon name="chevron-down" />
        </span>
      </label>
      <label class="row">
        <input
          type="checkbox"
          checked={fill}
          disabled={mode === "create"}
          onInput={({ currentTarget }) => updateImportOptions({ fill: currentTarget.checked, clearsFields: false })}
        />
        Only fill in empty fields, overwrite nothing
      </label>
      <label class="row">
        <input
          type="checkbox"
          checked={clearsFields}
          disabled={fill || mode === "create"}
          onInput={({ currentTarget }) => updateImportOptions({ clearsFields: currentTarget.checked })}
        />
        Empty cells empty the fields of leads that exist
      </label>
    </fieldset>
  );
}

/**
 * Returns the URL of the list with filters that approximate the leads of this import: created today, and with the
 * file's source if all rows have the same one.
 */
function buildImportedLeadsUrl({ rows }: CsvFile, { targets }: ImportOptions): string {
  const todayIsoDay = new Date().toISOString().slice(0, 10);
  const urlParams = new URLSearchParams({ from: todayIsoDay, to: todayIsoDay });
  const sourceColumnIndex = targets.indexOf("source");
  const distinctSources = new Set(
    sourceColumnIndex < 0 ? [] : rows.map(({ cells }) => cells[sourceColumnIndex]?.trim()),
  );
  const [source] = distinctSources;
  if (distinctSources.size === 1 && source) urlParams.set("source", source);
  return `#/leads?${urlParams}`;
}

function ImportFooter({
  file,
  run,
  mapping,
}: {
  file: CsvFile;
  run: ImportRun | undefined;
  mapping: ColumnMapping;
}): JSX.Element {
  const footerRef = useRef<HTMLElement>(null);
  const isRunning = isImportRunning.value;
  const { undecidedCount, isContactMissing } = mapping;
  const missingChoiceText = isContactMissing
    ? mapping.options.mode === "update"
      ? "Choose the column that is the e-mail address"
      : "Choose the column that is the e-mail address or the phone number"
    : undecidedCount > 0
      ? `Choose what ${undecidedCount === 1 ? "one value becomes" : `${formatCount(undecidedCount)} values become`}`
      : undefined;
  const startRunOrFocusMissingChoice = (dryRun: boolean) => {
    if (missingChoiceText) {
      const footerParent = footerRef.current?.parentElement;
      const controlSelector = isContactMissing ? "select" : "[data-undecided]";
      footerParent?.querySelector<HTMLElement>(`.map ${controlSelector}`)?.focus();
      return;
    }
    startImport(mapping.options, mapping.createsBusinesses, dryRun);
    footerRef.current?.parentElement?.querySelector(".scroll")?.scrollTo({ top: 0 });
  };
  const isCheckDone = run?.dryRun === true && run.isFinished && !run.stopReason;
  const isInterrupted = run?.dryRun === false && run.stopReason !== undefined;
  const importableRowCount = run ? run.totalRows - run.failedRows.size : 0;
  const isImportDone = run?.dryRun === false && run.isFinished && !run.stopReason;
  let primaryControl: JSX.Element;
  if (isImportDone) {
    primaryControl = (
      <a class="btn primary" href={buildImportedLeadsUrl(file, mapping.options)}>
        See the new leads
      </a>
    );
  } else {
    const willImport = (isCheckDone && importableRowCount > 0) || isInterrupted || run?.dryRun === false;
    const buttonLabel = isRunning
      ? run?.dryRun
        ? "Checking…"
        : "Importing…"
      : isInterrupted
        ? "Go on with the import"
        : willImport
          ? `Import ${formatCount(importableRowCount)} ${importableRowCount === 1 ? "lead" : "leads"}`
          : `Check ${formatRowCount(file.rows.length)}`;
    // During a run the button has `aria-disabled`, because a button with `disabled` would lose the focus.
    primaryControl = (
      <button
        type="button"
        class="btn primary"
        aria-disabled={isRunning}
        aria-describedby={missingChoiceText ? "import-missing" : undefined}
        onClick={() => isRunning || startRunOrFocusMissingChoice(!willImport)}
      >
        {buttonLabel}
      </button>
    );
  }
  return (
    <footer class="foot" ref={footerRef}>
      {primaryControl}
      {isRunning ? (
        <button type="button" class="btn" onClick={stopImport}>
          Stop
        </button>
      ) : (
        <button type="button" class="btn ghost" onClick={resetImport}>
          Another file
        </button>
      )}
      {missingChoiceText ? (
        <small id="import-missing" class="bad push">
          {missingChoiceText}
        </small>
      ) : (
        <small class="quiet push wide">
          {isRunning
            ? "It goes on while you work elsewhere"
            : isCheckDone
              ? "Nothing is written yet"
              : isImportDone
                ? ""
                : "Checking writes nothing"}
        </small>
      )}
    </footer>
  );
}
