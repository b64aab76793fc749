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
import { type CsvFile, describeSeparator, readCsvFile } from "./csv-file";
import {
  changeOptions,
  csvFile,
  formatRowCount,
  type ImportRun,
  importOptions,
  importRun,
  isImportRunning,
  resetImport,
  startImport,
  stopImport,
} from "./import-run";
import type { ImportOptions } from "./lead-rows";
import { type ColumnMapping, MappingTable, useColumnMapping } from "./mapping";
import { ImportResult } from "./outcome";

const STEPS = ["File", "Columns", "Check", "Import"];

function currentStep(file: CsvFile | undefined, run: ImportRun | undefined): number {
  if (!file) return 0;
  if (!run) return 1;
  if (run.dryRun) return 2;
  return run.isFinished && !run.stopReason ? STEPS.length : 3;
}

export function Import(): JSX.Element {
  const { mayWrite } = useTeam();
  const [file, run] = [csvFile.value, importRun.value];
  const stepIndex = currentStep(file, run);
  return (
    <>
      <header class="head">
        <div>
          <h1>Import</h1>
          <span class="push" />
          {mayWrite ? (
            <ol class="steps wide">
              {STEPS.map((name, index) => (
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
        <FileScreen file={file} run={run} />
      ) : (
        <FileDropScreen />
      )}
    </>
  );
}

function FileDropScreen(): JSX.Element {
  const [fault, setFault] = useState<string>();
  const readFile = async (file: File | undefined) => {
    if (!file) return;
    try {
      const csv = await readCsvFile(file);
      const { targets } = recogniseColumns(csv);
      importOptions.value = { mode: "upsert", fill: false, clearsFields: false, targets, values: {} };
      csvFile.value = csv;
    } catch (error) {
      setFault(`${file.name} cannot be read. ${describeError(error)}`);
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
          <FileInput accept="" take={readFile} />
        </label>
        {fault ? (
          <div class="note bad" role="alert">
            <Icon name="circle-alert" />
            <div>{fault}</div>
          </div>
        ) : null}
      </div>
    </div>
  );
}

function FileScreen({ file, run }: { file: CsvFile; run: ImportRun | undefined }): JSX.Element {
  const { reload } = useTeam();
  const options = importOptions.value;
  const mapping = useColumnMapping(file, options);
  const headingLanguage = recogniseColumns(file).language;
  const isImported = run?.isFinished === true && !run.dryRun;
  const createsBusinesses = mapping?.createsBusinesses === true;
  useEffect(() => {
    // Reads the team again, so that all filters offer the businesses that the run has created.
    if (isImported && createsBusinesses) reload();
  }, [isImported]);
  const fileSummary = [formatRowCount(file.rows.length), describeSeparator(file.separator), file.encoding].join(", ");
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
          {mapping && options ? (
            <>
              <MappingTable csvFile={file} mapping={mapping} disabled={isImportRunning.value} />
              <WriteOptions options={options} />
            </>
          ) : null}
        </div>
      </div>
      {mapping ? <ImportFooter file={file} run={run} mapping={mapping} /> : null}
    </div>
  );
}

function WriteOptions({ options }: { options: ImportOptions }): JSX.Element {
  const { mode, fill, clearsFields } = options;
  return (
    <fieldset class="import-options" disabled={isImportRunning.value}>
      <legend class="unseen">Leads that exist</legend>
      <label class="label">
        Leads that exist, by e-mail
        <span class="select">
          <select
            value={mode}
            onInput={({ currentTarget }) => changeOptions({ mode: currentTarget.value as ImportOptions["mode"] })}
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
          onInput={({ currentTarget }) => changeOptions({ fill: currentTarget.checked, clearsFields: false })}
        />
        Only fill in empty fields, overwrite nothing
      </label>
      <label class="row">
        <input
          type="checkbox"
          checked={clearsFields}
          disabled={fill || mode === "create"}
          onInput={({ currentTarget }) => changeOptions({ clearsFields: currentTarget.checked })}
        />
        Empty cells empty the fields of leads that exist
      </label>
    </fieldset>
  );
}

/**
 * Links to the list with filters that approximate the leads of this import: created today, with the file's source if all rows
 * have the same one.
 */
function importedLeadsUrl({ rows }: CsvFile, { targets }: ImportOptions): string {
  const today = new Date().toISOString().slice(0, 10);
  const urlParams = new URLSearchParams({ from: today, to: today });
  const sourceIndex = targets.indexOf("source");
  const sources = new Set(sourceIndex < 0 ? [] : rows.map(({ cells }) => cells[sourceIndex]?.trim()));
  const [source] = sources;
  if (sources.size === 1 && source) urlParams.set("source", source);
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
  const { undecided, isContactMissing } = mapping;
  const missingChoice = isContactMissing
    ? mapping.options.mode === "update"
      ? "Choose the column that is the e-mail address"
      : "Choose the column that is the e-mail address or the phone number"
    : undecided > 0
      ? `Choose what ${undecided === 1 ? "one value becomes" : `${formatCount(undecided)} values become`}`
      : undefined;
  const handleStart = (dryRun: boolean) => {
    if (missingChoice) {
      const screenElement = footerRef.current?.parentElement;
      const controlSelector = isContactMissing ? "select" : "[data-undecided]";
      screenElement?.querySelector<HTMLElement>(`.map ${controlSelector}`)?.focus();
      return;
    }
    startImport(mapping.options, mapping.createsBusinesses, dryRun);
    footerRef.current?.parentElement?.querySelector(".scroll")?.scrollTo({ top: 0 });
  };
  const isChecked = run?.dryRun === true && run.isFinished && !run.stopReason;
  const isInterrupted = run?.dryRun === false && run.stopReason !== undefined;
  const importableRows = run ? run.totalRows - run.failedRows.size : 0;
  const isImportDone = run?.dryRun === false && run.isFinished && !run.stopReason;
  let primaryControl: JSX.Element;
  if (isImportDone) {
    primaryControl = (
      <a class="btn primary" href={importedLeadsUrl(file, mapping.options)}>
        See the new leads
      </a>
    );
  } else {
    const willImport = (isChecked && importableRows > 0) || isInterrupted || run?.dryRun === false;
    const buttonLabel = isRunning
      ? run?.dryRun
        ? "Checking…"
        : "Importing…"
      : isInterrupted
        ? "Go on with the import"
        : willImport
          ? `Import ${formatCount(importableRows)} ${importableRows === 1 ? "lead" : "leads"}`
          : `Check ${formatRowCount(file.rows.length)}`;
    // During a run the button has `aria-disabled`, because a button with `disabled` would lose the focus.
    primaryControl = (
      <button
        type="button"
        class="btn primary"
        aria-disabled={isRunning}
        aria-describedby={missingChoice ? "import-missing" : undefined}
        onClick={() => isRunning || handleStart(!willImport)}
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
      {missingChoice ? (
        <small id="import-missing" class="bad push">
          {missingChoice}
        </small>
      ) : (
        <small class="quiet push wide">
          {isRunning
            ? "It goes on while you work elsewhere"
            : isChecked
              ? "Nothing is written yet"
              : isImportDone
                ? ""
                : "Checking writes nothing"}
        </small>
      )}
    </footer>
  );
}
