// The edit of one field of a lead: its draft, its error, and a conflicting change by another user.

import { useEffect, useRef, useState } from "preact/hooks";
import { describeError, RequestError } from "../app/api";
import { useDraft } from "../ui/draft";
import { type EditedFieldName, findFieldDefinitionByPath, formatFieldErrorSentence, getFieldText } from "./lead-fields";
import { type FieldEdit, type LeadWithEtag, readLatestFieldChange, saveLeadField } from "./lead-save";

export interface FieldEditError {
  text: string;
  /** The lead that has the e-mail address already. */
  existing?: RequestError["existing"];
}

export interface FieldEditConflict {
  /** The text that another user has saved. */
  theirText: string;
  by?: string;
  at?: string;
}

export interface LeadFieldEditState {
  /** Text of the input. `undefined` while the field is not being edited. */
  text: string | undefined;
  /** Whether the input lost the focus, or the page was reloaded, before the edit was saved. */
  isLeft: boolean;
  isBusy: boolean;
  error: FieldEditError | undefined;
  conflict: FieldEditConflict | undefined;
  startEdit: () => void;
  changeText: (text: string) => void;
  /** Saves `text`, by default the input's text. Returns the saved version, or `undefined` if nothing was saved. */
  save: (text?: string) => Promise<LeadWithEtag | undefined>;
  handleLeave: () => void;
  cancel: () => void;
}

export const buildFieldDraftKey = (id: number, name: EditedFieldName): string => `lead ${id} ${name}`;

/** Converts the API's errors about one edit to sentences. */
function convertToFieldEditError(error: unknown, name: EditedFieldName): FieldEditError {
  if (!(error instanceof RequestError)) return { text: describeError(error) };
  if (error.existing) return { text: "Another lead has this address.", existing: error.existing };
  const findFieldNameByPath = (path: string) => findFieldDefinitionByPath(path)?.name;
  const errorsOfField = error.errors.filter(({ field }) => findFieldNameByPath(field) === name);
  if (errorsOfField.length > 0)
    return { text: errorsOfField.map(({ message }) => formatFieldErrorSentence(message)).join(" ") };
  if (error.errors.length === 0) return { text: describeError(error) };
  const errorSentences = error.errors.map(
    ({ field, message }) => `${findFieldDefinitionByPath(field)?.label ?? field} ${message}.`,
  );
  return { text: errorSentences.join(" ") };
}

interface UseLeadFieldEditOptions {
  name: EditedFieldName;
  /** Path of the field in the log, such as `socialMedia.youtube`. */
  fieldPath: string;
  version: LeadWithEtag;
  onSaved: (version: LeadWithEtag) => void;
  /** Called before the input is removed, while it may still have the focus. */
  onClosing?: () => void;
}

export function useLeadFieldEdit({
  name,
  fieldPath,
  version,
  onSaved,
  onClosing,
}: UseLeadFieldEditOptions): LeadFieldEditState {
  const { lead } = version;
  const [fieldEdit, setFieldEdit, clearFieldEdit] = useDraft<FieldEdit | null>(buildFieldDraftKey(lead.id, name), null);
  const [isLeft, setLeft] = useState(fieldEdit !== null);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<FieldEditError>();
  const [conflict, setConflict] = useState<FieldEditConflict>();
  const latestFieldEditRef = useRef(fieldEdit);
  latestFieldEditRef.current = fieldEdit;
  const shownLeadWithEtagRef = useRef(version);
  shownLeadWithEtagRef.current = version;
  const isSavingRef = useRef(false);
  const isMountedRef = useRef(true);
  useEffect(
    () => () => {
      isMountedRef.current = false;
    },
    [],
  );
  const createFieldEdit = (): FieldEdit => {
    const textAtEditStart = getFieldText(shownLeadWithEtagRef.current.lead, name);
    return { text: textAtEditStart, base: textAtEditStart, etag: shownLeadWithEtagRef.current.etag };
  };

  const closeEdit = () => {
    if (isMountedRef.current) onClosing?.();
    clearFieldEdit();
    setError(undefined);
    setConflict(undefined);
    setLeft(false);
  };
  const saveEdit = async (text = latestFieldEditRef.current?.text) => {
    if (text === undefined || isSavingRef.current) return undefined;
    const editToSave = latestFieldEditRef.current ?? createFieldEdit();
    if (text === editToSave.base && !conflict) {
      closeEdit();
      return undefined;
    }
    isSavingRef.current = true;
    setBusy(true);
    setError(undefined);
    try {
      const saveOutcome = await saveLeadField(lead.id, name, { ...editToSave, text });
      const latestTypedText = latestFieldEditRef.current?.text ?? text;
      const storedFieldText = getFieldText(saveOutcome.version.lead, name);
      onSaved(saveOutcome.version);
      if (saveOutcome.isConflict) {
        // Another user has changed the field. The note about the conflict shows that user's text. The edit is now based on the
        // other user's version, so that saving again overwrites it deliberately.
        setFieldEdit({ text: latestTypedText, base: storedFieldText, etag: saveOutcome.version.etag });
        setConflict({ theirText: storedFieldText });
        readLatestFieldChange(lead.id, fieldPath)
          .then((change) => change && setConflict((now) => now && { ...now, ...change }))
          .catch(() => undefined);
        return undefined;
      }
      if (latestTypedText === text) closeEdit();
      else {
        // The user has typed more during the request, so the editor stays open with the typed text.
        setFieldEdit({ text: latestTypedText, base: storedFieldText, etag: saveOutcome.version.etag });
        setConflict(undefined);
      }
      return saveOutcome.version;
    } catch (error) {
      // A choice from a menu opens no editor. After a failure the choice is kept as an edit, so that the user can save it again.
      if (!latestFieldEditRef.current) setFieldEdit({ ...editToSave, text });
      setError(convertToFieldEditError(error, name));
      return undefined;
    } finally {
      isSavingRef.current = false;
      setBusy(false);
    }
  };
  return {
    text: fieldEdit?.text,
    isLeft,
    isBusy,
    error,
    conflict,
    startEdit: () => setFieldEdit(createFieldEdit()),
    changeText: (text) => {
      setLeft(false);
      setFieldEdit((now) => ({ ...(now ?? createFieldEdit()), text }));
    },
    save: saveEdit,
    handleLeave: () => {
      if (!latestFieldEditRef.current) return;
      setLeft(true);
      // During a conflict, leaving the input saves nothing: the user decides with the buttons of the note.
      if (!conflict) saveEdit();
    },
    cancel: closeEdit,
  };
}
