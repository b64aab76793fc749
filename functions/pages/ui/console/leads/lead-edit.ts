// The edit of one field of a lead: its draft, its error, and a conflicting change by another user.

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
  /** The text that another user has saved. */
  theirs: string;
  by?: string;
  at?: string;
}

export interface LeadEdit {
  /** Text of the input. `undefined` while the field is not being edited. */
  text: string | undefined;
  /** Whether the input lost the focus, or the page was reloaded, before the edit was saved. */
  isLeft: boolean;
  isBusy: boolean;
  fault: Fault | undefined;
  conflict: Conflict | undefined;
  begin: () => void;
  change: (text: string) => void;
  /** Saves `text`, by default the input's text. Returns the saved version, or `undefined` if nothing was saved. */
  save: (text?: string) => Promise<LeadVersion | undefined>;
  leave: () => void;
  cancel: () => void;
}

export const draftKey = (id: number, name: EditName): string => `lead ${id} ${name}`;

/** Converts the API's errors about one edit to sentences. */
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
  /** Path of the field in the log, such as `socialMedia.youtube`. */
  column: string;
  version: LeadVersion;
  onSaved: (version: LeadVersion) => void;
  /** Called before the input is removed, while it may still have the focus. */
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
        // The edit takes the newer version as its base: the user sees the other text, so saving again overwrites it.
        setEdit({ text: typed, base: saved, etag: outcome.version.etag });
        setConflict({ theirs: saved });
        lastChangeOf(lead.id, column)
          .then((change) => change && setConflict((now) => now && { ...now, ...change }))
          .catch(() => undefined);
        return undefined;
      }
      if (typed === text) close();
      else {
        // The user has typed more during the request. The edit continues on the saved version.
        setEdit({ text: typed, base: saved, etag: outcome.version.etag });
        setConflict(undefined);
      }
      return outcome.version;
    } catch (error) {
      // A choice from a menu has no open edit. It becomes one, so that the choice can be saved again.
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
      // During a conflict, only the buttons save or discard.
      if (!conflict) save();
    },
    cancel: close,
  };
}
