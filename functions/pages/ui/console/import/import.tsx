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
import { recognise } from "./columns";
import { readSheet, type Sheet, separatorName } from "./csv-file";
import { choices, choose, forget, isRunning, type Run, rowsCount, run, sheet, start, stop } from "./import-run";
import type { Choices } from "./lead-rows";
import { type Decisions, Mapping, useDecisions } from "./mapping";
import { Outcome } from "./outcome";

const STEPS = ["File", "Columns", "Check", "Import"];

function stepOf(file: Sheet | undefined, shown: Run | undefined): number {
  if (!file) return 0;
  if (!shown) return 1;
  if (shown.dryRun) return 2;
  return shown.over && !shown.stopped ? STEPS.length : 3;
}

export function Import(): JSX.Element {
  const { mayWrite } = useTeam();
  const [file, shown] = [sheet.value, run.value];
  const step = stepOf(file, shown);
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
                  class={index < step ? "good" : undefined}
                  aria-current={index === step ? "step" : undefined}
                >
                  {index < step ? <Icon name="check" /> : null}
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
        <FileScreen file={file} shown={shown} />
      ) : (
        <DropScreen />
      )}
    </>
  );
}

function DropScreen(): JSX.Element {
  const [fault, setFault] = useState<string>();
  const read = async (file: File | undefined) => {
    if (!file) return;
    try {
      const read = await readSheet(file);
      const { targets } = recognise(read);
      choices.value = { mode: "upsert", fill: false, clears: false, targets, values: {} };
      sheet.value = read;
    } catch (error) {
      setFault(`${file.name} cannot be read. ${describeError(error)}`);
    }
  };
  const { isDraggedOver, dropHandlers } = useFileDrop(read);
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
          <FileInput accept="" take={read} />
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

function FileScreen({ file, shown }: { file: Sheet; shown: Run | undefined }): JSX.Element {
  const { reload } = useTeam();
  const chosen = choices.value;
  const decisions = useDecisions(file, chosen);
  const language = recognise(file).language;
  const isWritten = shown?.over === true && !shown.dryRun;
  const createsBusinesses = decisions?.createsBusinesses === true;
  useEffect(() => {
    // Reads the team again, so that all filters offer the businesses that the run has created.
    if (isWritten && createsBusinesses) reload();
  }, [isWritten]);
  const format = [rowsCount(file.rows.length), separatorName(file.separator), file.encoding].join(", ");
  return (
    <div class="footed">
      <div class="scroll" tabIndex={0} role="region" aria-label="Columns and outcome">
        <div class="body page narrow">
          <p class="lede">
            <b>
              <bdi>{file.name}</bdi>
            </b>{" "}
            <span class="quiet">
              {format}.{language ? ` Headings were recognised as ${language}.` : ""}
            </span>
          </p>
          {shown ? <Outcome run={shown} sheet={file} /> : null}
          {decisions && chosen ? (
            <>
              <Mapping sheet={file} decisions={decisions} disabled={isRunning.value} />
              <Options chosen={chosen} />
            </>
          ) : null}
        </div>
      </div>
      {decisions ? <Foot file={file} shown={shown} decisions={decisions} /> : null}
    </div>
  );
}

function Options({ chosen }: { chosen: Choices }): JSX.Element {
  const { mode, fill, clears } = chosen;
  return (
    <fieldset class="import-options" disabled={isRunning.value}>
      <legend class="unseen">Leads that exist</legend>
      <label class="label">
        Leads that exist, by e-mail
        <span class="select">
          <select
            value={mode}
            onInput={({ currentTarget }) => choose({ mode: currentTarget.value as Choices["mode"] })}
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
          onInput={({ currentTarget }) => choose({ fill: currentTarget.checked, clears: false })}
        />
        Only fill in empty fields, overwrite nothing
      </label>
      <label class="row">
        <input
          type="checkbox"
          checked={clears}
          disabled={fill || mode === "create"}
          onInput={({ currentTarget }) => choose({ clears: currentTarget.checked })}
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
function leadsHref({ rows }: Sheet, { targets }: Choices): string {
  const today = new Date().toISOString().slice(0, 10);
  const query = new URLSearchParams({ from: today, to: today });
  const index = targets.indexOf("source");
  const sources = new Set(index < 0 ? [] : rows.map(({ cells }) => cells[index]?.trim()));
  const [source] = sources;
  if (sources.size === 1 && source) query.set("source", source);
  return `#/leads?${query}`;
}

function Foot({ file, shown, decisions }: { file: Sheet; shown: Run | undefined; decisions: Decisions }): JSX.Element {
  const foot = useRef<HTMLElement>(null);
  const running = isRunning.value;
  const { undecided, contactMissing } = decisions;
  const missing = contactMissing
    ? decisions.choices.mode === "update"
      ? "Choose the column that is the e-mail address"
      : "Choose the column that is the e-mail address or the phone number"
    : undecided > 0
      ? `Choose what ${undecided === 1 ? "one value becomes" : `${formatCount(undecided)} values become`}`
      : undefined;
  const begin = (dryRun: boolean) => {
    if (missing) {
      const screen = foot.current?.parentElement;
      const first = contactMissing ? "select" : "[data-undecided]";
      screen?.querySelector<HTMLElement>(`.map ${first}`)?.focus();
      return;
    }
    start(decisions.choices, decisions.createsBusinesses, dryRun);
    foot.current?.parentElement?.querySelector(".scroll")?.scrollTo({ top: 0 });
  };
  const isChecked = shown?.dryRun === true && shown.over && !shown.stopped;
  const isCutShort = shown?.dryRun === false && shown.stopped !== undefined;
  const passed = shown ? shown.total - shown.failed.size : 0;
  const isDone = shown?.dryRun === false && shown.over && !shown.stopped;
  let primary: JSX.Element;
  if (isDone) {
    primary = (
      <a class="btn primary" href={leadsHref(file, decisions.choices)}>
        See the new leads
      </a>
    );
  } else {
    const imports = (isChecked && passed > 0) || isCutShort || shown?.dryRun === false;
    const name = running
      ? shown?.dryRun
        ? "Checking…"
        : "Importing…"
      : isCutShort
        ? "Go on with the import"
        : imports
          ? `Import ${formatCount(passed)} ${passed === 1 ? "lead" : "leads"}`
          : `Check ${rowsCount(file.rows.length)}`;
    // During a run the button has `aria-disabled`: with `disabled` it would lose the focus.
    primary = (
      <button
        type="button"
        class="btn primary"
        aria-disabled={running}
        aria-describedby={missing ? "import-missing" : undefined}
        onClick={() => running || begin(!imports)}
      >
        {name}
      </button>
    );
  }
  return (
    <footer class="foot" ref={foot}>
      {primary}
      {running ? (
        <button type="button" class="btn" onClick={stop}>
          Stop
        </button>
      ) : (
        <button type="button" class="btn ghost" onClick={forget}>
          Another file
        </button>
      )}
      {missing ? (
        <small id="import-missing" class="bad push">
          {missing}
        </small>
      ) : (
        <small class="quiet push wide">
          {running
            ? "It goes on while you work elsewhere"
            : isChecked
              ? "Nothing is written yet"
              : isDone
                ? ""
                : "Checking writes nothing"}
        </small>
      )}
    </footer>
  );
}
