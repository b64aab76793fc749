// One field of a lead that is being edited: its draft, what was wrong with it, and who else changed it meanwhile.

import { useEffect, useRef, useState } from "preact/hooks";
import { describeError, RequestError } from "../app/api";
import { useDraft } from "../ui/draft";
import { type EditName, faultSentence, fieldNamed, textOf } from "./lead-fields";
import { type FieldEdit, type LeadVersion, lastChangeOf, saveField } from "./lead-save";

export interface Fault {
  text: string;
  /** The lead that has the e-mail address already. */
  existing?: RequestError["existing"];
}

export interface Conflict {
  /** The text that somebody else has saved. */
  theirs: string;
  by?: string;
  at?: string;
}

export interface LeadEdit {
  /** The text of the input; `undefined` while the value is only shown. */
  text: string | undefined;
  /** The edit was left before it could be saved, here or before the page was loaded again. */
  isLeft: boolean;
  isBusy: boolean;
  fault: Fault | undefined;
  conflict: Conflict | undefined;
  begin: () => void;
  change: (text: string) => void;
  /** Saves the input's text, or the one given. Returns the saved version; `undefined` if nothing was saved. */
  save: (text?: string) => Promise<LeadVersion | undefined>;
  leave: () => void;
  cancel: () => void;
}

export const draftKey = (id: number, name: EditName): string => `lead ${id} ${name}`;

/** The API's errors about one edit, in sentences. */
function faultOf(error: unknown, name: EditName): Fault {
  if (!(error instanceof RequestError)) return { text: describeError(error) };
  if (error.existing) return { text: "Another lead has this address.", existing: error.existing };
  const column = (path: string) => fieldNamed(path)?.name;
  const own = error.errors.filter(({ field }) => column(field) === name);
  if (own.length > 0) return { text: own.map(({ message }) => faultSentence(message)).join(" ") };
  if (error.errors.length === 0) return { text: describeError(error) };
  const sentences = error.errors.map(({ field, message }) => `${fieldNamed(field)?.label ?? field} ${message}.`);
  return { text: sentences.join(" ") };
}

interface Options {
  name: EditName;
  /** The path of the field in the log. */
  column: string;
  version: LeadVersion;
  onSaved: (version: LeadVersion) => void;
  /** Called before the input closes, while it may still have the focus. */
  onClosing?: () => void;
}

export function useLeadEdit({ name, column, version, onSaved, onClosing }: Options): LeadEdit {
  const { lead } = version;
  const [edit, setEdit, clearEdit] = useDraft<FieldEdit | null>(draftKey(lead.id, name), null);
  const [isLeft, setLeft] = useState(edit !== null);
  const [isBusy, setBusy] = useState(false);
  const [fault, setFault] = useState<Fault>();
  const [conflict, setConflict] = useState<Conflict>();
  const latest = useRef(edit);
  latest.current = edit;
  const shown = useRef(version);
  shown.current = version;
  const saving = useRef(false);
  const isShown = useRef(true);
  useEffect(
    () => () => {
      isShown.current = false;
    },
    [],
  );
  const begun = (): FieldEdit => {
    const base = textOf(shown.current.lead, name);
    return { text: base, base, etag: shown.current.etag };
  };

  const close = () => {
    if (isShown.current) onClosing?.();
    clearEdit();
    setFault(undefined);
    setConflict(undefined);
    setLeft(false);
  };
  const save = async (text = latest.current?.text) => {
    if (text === undefined || saving.current) return undefined;
    const from = latest.current ?? begun();
    if (text === from.base && !conflict) {
      close();
      return undefined;
    }
    saving.current = true;
    setBusy(true);
    setFault(undefined);
    try {
      const outcome = await saveField(lead.id, name, { ...from, text });
      const typed = latest.current?.text ?? text;
      const saved = textOf(outcome.version.lead, name);
      onSaved(outcome.version);
      if (outcome.isConflict) {
        // Saving again is a decision made in sight of the other text.
        setEdit({ text: typed, base: saved, etag: outcome.version.etag });
        setConflict({ theirs: saved });
        lastChangeOf(lead.id, column)
          .then((change) => change && setConflict((now) => now && { ...now, ...change }))
          .catch(() => undefined);
        return undefined;
      }
      if (typed === text) close();
      else {
        // What was typed while the request was under way is edited on.
        setEdit({ text: typed, base: saved, etag: outcome.version.etag });
        setConflict(undefined);
      }
      return outcome.version;
    } catch (error) {
      // A select has no input of its own: it becomes one, with the choice that was not saved.
      if (!latest.current) setEdit({ ...from, text });
      setFault(faultOf(error, name));
      return undefined;
    } finally {
      saving.current = false;
      setBusy(false);
    }
  };
  return {
    text: edit?.text,
    isLeft,
    isBusy,
    fault,
    conflict,
    begin: () => setEdit(begun()),
    change: (text) => {
      setLeft(false);
      setEdit((now) => ({ ...(now ?? begun()), text }));
    },
    save,
    leave: () => {
      if (!latest.current) return;
      setLeft(true);
      // Which of two texts stays is decided by a button.
      if (!conflict) save();
    },
    cancel: close,
  };
}
