// The edit of one field of a lead: its draft, its error, and a conflicting change by another user.

import { useEffect, useRef, useState } from "preact/hooks";
import { describeError, RequestError } from "../app/api";
import { useDraft } from "../ui/draft";
import { type EditName, findField, formatFieldError, getFieldText } from "./lead-fields";
import { type FieldEdit, type LeadVersion, readLastChange, saveField } from "./lead-save";

export interface EditError {
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
  error: EditError | undefined;
  conflict: Conflict | undefined;
  startEdit: () => void;
  changeText: (text: string) => void;
  /** Saves `text`, by default the input's text. Returns the saved version, or `undefined` if nothing was saved. */
  save: (text?: string) => Promise<LeadVersion | undefined>;
  handleLeave: () => void;
  cancel: () => void;
}

export const buildDraftKey = (id: number, name: EditName): string => `lead ${id} ${name}`;

/** Converts the API's errors about one edit to sentences. */
function describeEditError(error: unknown, name: EditName): EditError {
  if (!(error instanceof RequestError)) return { text: describeError(error) };
  if (error.existing) return { text: "Another lead has this address.", existing: error.existing };
  const fieldName = (path: string) => findField(path)?.name;
  const ownErrors = error.errors.filter(({ field }) => fieldName(field) === name);
  if (ownErrors.length > 0) return { text: ownErrors.map(({ message }) => formatFieldError(message)).join(" ") };
  if (error.errors.length === 0) return { text: describeError(error) };
  const sentences = error.errors.map(({ field, message }) => `${findField(field)?.label ?? field} ${message}.`);
  return { text: sentences.join(" ") };
}

interface LeadEditOptions {
  name: EditName;
  /** Path of the field in the log, such as `socialMedia.youtube`. */
  column: string;
  version: LeadVersion;
  onSaved: (version: LeadVersion) => void;
  /** Called before the input is removed, while it may still have the focus. */
  onClosing?: () => void;
}

export function useLeadEdit({ name, column, version, onSaved, onClosing }: LeadEditOptions): LeadEdit {
  const { lead } = version;
  const [edit, setEdit, clearEdit] = useDraft<FieldEdit | null>(buildDraftKey(lead.id, name), null);
  const [isLeft, setLeft] = useState(edit !== null);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<EditError>();
  const [conflict, setConflict] = useState<Conflict>();
  const latestEditRef = useRef(edit);
  latestEditRef.current = edit;
  const shownVersionRef = useRef(version);
  shownVersionRef.current = version;
  const isSavingRef = useRef(false);
  const isMountedRef = useRef(true);
  useEffect(
    () => () => {
      isMountedRef.current = false;
    },
    [],
  );
  const createEdit = (): FieldEdit => {
    const baseText = getFieldText(shownVersionRef.current.lead, name);
    return { text: baseText, base: baseText, etag: shownVersionRef.current.etag };
  };

  const closeEdit = () => {
    if (isMountedRef.current) onClosing?.();
    clearEdit();
    setError(undefined);
    setConflict(undefined);
    setLeft(false);
  };
  const saveEdit = async (text = latestEditRef.current?.text) => {
    if (text === undefined || isSavingRef.current) return undefined;
    const currentEdit = latestEditRef.current ?? createEdit();
    if (text === currentEdit.base && !conflict) {
      closeEdit();
      return undefined;
    }
    isSavingRef.current = true;
    setBusy(true);
    setError(undefined);
    try {
      const outcome = await saveField(lead.id, name, { ...currentEdit, text });
      const typedText = latestEditRef.current?.text ?? text;
      const savedText = getFieldText(outcome.version.lead, name);
      onSaved(outcome.version);
      if (outcome.isConflict) {
        // The edit is now based on the newer version. The user sees the other text, so a second save may overwrite it.
        setEdit({ text: typedText, base: savedText, etag: outcome.version.etag });
        setConflict({ theirs: savedText });
        readLastChange(lead.id, column)
          .then((change) => change && setConflict((now) => now && { ...now, ...change }))
          .catch(() => undefined);
        return undefined;
      }
      if (typedText === text) closeEdit();
      else {
        // The user has typed more during the request. The edit continues on the saved version.
        setEdit({ text: typedText, base: savedText, etag: outcome.version.etag });
        setConflict(undefined);
      }
      return outcome.version;
    } catch (error) {
      // A choice from a menu has no open edit. It becomes one, so that the choice can be saved again.
      if (!latestEditRef.current) setEdit({ ...currentEdit, text });
      setError(describeEditError(error, name));
      return undefined;
    } finally {
      isSavingRef.current = false;
      setBusy(false);
    }
  };
  return {
    text: edit?.text,
    isLeft,
    isBusy,
    error,
    conflict,
    startEdit: () => setEdit(createEdit()),
    changeText: (text) => {
      setLeft(false);
      setEdit((now) => ({ ...(now ?? createEdit()), text }));
    },
    save: saveEdit,
    handleLeave: () => {
      if (!latestEditRef.current) return;
      setLeft(true);
      // During a conflict, only the buttons save or discard.
      if (!conflict) saveEdit();
    },
    cancel: closeEdit,
  };
}
