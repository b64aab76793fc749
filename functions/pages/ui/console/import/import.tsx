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
import { findMatchSystem, getImportFieldLabel, recogniseColumnTargetFields } from "./columns";
import { type CsvFile, getSeparatorName, readCsvFile } from "./csv-file";
import {
  csvFileSignal,
  formatRowCount,
  type ImportRun,
  importOptionsSignal,
  importRunSignal,
  isImportRunningSignal,
  resetImport,
  startImport,
  stopImport,
  updateImportOptions,
} from "./import-run";
import type { ImportOptions } from "./lead-rows";
import { ColumnMappingTable, type CsvFileMapping, useCsvFileMapping } from "./mapping";
import { ImportResultSection } from "./outcome";

const STEP_NAMES = ["File", "Columns", "Check", "Import"];

function getCurrentStepIndex(file: CsvFile | undefined, run: ImportRun | undefined): number {
  if (!file) return 0;
  if (!run) return 1;
  if (run.dryRun) return 2;
  return run.isFinished && !run.stopReason ? STEP_NAMES.length : 3;
}

export function ImportScreen(): JSX.Element {
  const { mayWrite } = useTeam();
  const [file, run] = [csvFileSignal.value, importRunSignal.value];
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
        <ChosenFileScreen file={file} run={run} />
      ) : (
        <FileDropScreen />
      )}
    </>
  );
}

function FileDropScreen(): JSX.Element {
  const [errorText, setErrorText] = useState<string>();
  const parseAndStoreCsvFile = async (file: File | undefined) => {
    if (!file) return;
    try {
      const parsedFile = await readCsvFile(file);
      const { targets } = recogniseColumnTargetFields(parsedFile);
      importOptionsSignal.value = { mode: "upsert", fill: false, clearsFields: false, targets, values: {} };
      csvFileSignal.value = parsedFile;
    } catch (error) {
      setErrorText(`${file.name} cannot be read. ${describeError(error)}`);
    }
  };
  const { isDraggedOver, dropHandlers } = useFileDrop(parseAndStoreCsvFile);
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
          <FileInput accept="" onFile={parseAndStoreCsvFile} />
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

function ChosenFileScreen({ file, run }: { file: CsvFile; run: ImportRun | undefined }): JSX.Element {
  const { reload } = useTeam();
  const currentImportOptions = importOptionsSignal.value;
  const csvFileMapping = useCsvFileMapping(file, currentImportOptions);
  const headingLanguageName = recogniseColumnTargetFields(file).language;
  const hasRealRunEnded = run?.isFinished === true && !run.dryRun;
  const importCreatesBusinesses = csvFileMapping?.createsBusinesses === true;
  useEffect(() => {
    // Reads the team again, so that all filters offer the businesses that the run has created.
    if (hasRealRunEnded && importCreatesBusinesses) reload();
  }, [hasRealRunEnded]);
  const fileSummaryText = [formatRowCount(file.rows.length), getSeparatorName(file.separator), file.encoding].join(
    ", ",
  );
  return (
    <div class="footed">
      <div class="scroll" tabIndex={0} role="region" aria-label="Columns and outcome">
        <div class="body page narrow">
          <p class="lede">
            <b>
              <bdi>{file.name}</bdi>
            </b>{" "}
            <span class="quiet">
              {fileSummaryText}.{headingLanguageName ? ` Headings were recognised as ${headingLanguageName}.` : ""}
            </span>
          </p>
          {run ? <ImportResultSection run={run} csvFile={file} /> : null}
          {csvFileMapping && currentImportOptions ? (
            <>
              <ColumnMappingTable csvFile={file} mapping={csvFileMapping} disabled={isImportRunningSignal.value} />
              <ExistingLeadsFieldset options={currentImportOptions} />
            </>
          ) : null}
        </div>
      </div>
      {csvFileMapping ? <ImportFooter file={file} run={run} mapping={csvFileMapping} /> : null}
    </div>
  );
}

function ExistingLeadsFieldset({ options }: { options: ImportOptions }): JSX.Element {
  const { mode, fill, clearsFields, targets } = options;
  const matchSystem = findMatchSystem(targets);
  const matchKeysText = matchSystem
    ? `${getImportFieldLabel(`externalIds.${matchSystem}`).replace("Id", "id")} or e-mail`
    : "e-mail";
  return (
    <fieldset class="import-options" disabled={isImportRunningSignal.value}>
      <legend class="unseen">Leads that exist</legend>
      <label class="label">
        Leads that exist, by {matchKeysText}
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
  const leadListUrlParams = new URLSearchParams({ from: todayIsoDay, to: todayIsoDay });
  const leadSourceColumnIndex = targets.indexOf("source");
  const distinctLeadSources = new Set(
    leadSourceColumnIndex < 0 ? [] : rows.map(({ cells }) => cells[leadSourceColumnIndex]?.trim()),
  );
  const [source] = distinctLeadSources;
  if (distinctLeadSources.size === 1 && source) leadListUrlParams.set("source", source);
  return `#/leads?${leadListUrlParams}`;
}

function ImportFooter({
  file,
  run,
  mapping,
}: {
  file: CsvFile;
  run: ImportRun | undefined;
  mapping: CsvFileMapping;
}): JSX.Element {
  const footerRef = useRef<HTMLElement>(null);
  const isRunInProgress = isImportRunningSignal.value;
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
      const footerParentElement = footerRef.current?.parentElement;
      const missingChoiceSelector = isContactMissing ? "select" : "[data-undecided]";
      footerParentElement?.querySelector<HTMLElement>(`.map ${missingChoiceSelector}`)?.focus();
      return;
    }
    startImport(mapping.options, mapping.createsBusinesses, dryRun);
    footerRef.current?.parentElement?.querySelector(".scroll")?.scrollTo({ top: 0 });
  };
  const isDryRunDone = run?.dryRun === true && run.isFinished && !run.stopReason;
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
    const willButtonStartImport = (isDryRunDone && importableRowCount > 0) || isInterrupted || run?.dryRun === false;
    const primaryButtonLabel = isRunInProgress
      ? run?.dryRun
        ? "Checking…"
        : "Importing…"
      : isInterrupted
        ? "Go on with the import"
        : willButtonStartImport
          ? `Import ${formatCount(importableRowCount)} ${importableRowCount === 1 ? "lead" : "leads"}`
          : `Check ${formatRowCount(file.rows.length)}`;
    // During a run the button has `aria-disabled`, because a button with `disabled` would lose the focus.
    primaryControl = (
      <button
        type="button"
        class="btn primary"
        aria-disabled={isRunInProgress}
        aria-describedby={missingChoiceText ? "import-missing" : undefined}
        onClick={() => isRunInProgress || startRunOrFocusMissingChoice(!willButtonStartImport)}
      >
        {primaryButtonLabel}
      </button>
    );
  }
  return (
    <footer class="foot" ref={footerRef}>
      {primaryControl}
      {isRunInProgress ? (
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
          {isRunInProgress
            ? "It goes on while you work elsewhere"
            : isDryRunDone
              ? "Nothing is written yet"
              : isImportDone
                ? ""
                : "Checking writes nothing"}
        </small>
      )}
    </footer>
  );
}
