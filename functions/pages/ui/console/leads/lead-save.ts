// Reads a lead, and saves one field with a conditional request (`If-Match`), so that no change by another user is overwritten
// unseen.

import { api, hasHttpStatus, type Lead, unwrap, unwrapWithResponse } from "../app/api";
import { buildMergePatch, type EditedFieldName, getFieldText } from "./lead-fields";

/** A lead with its ETag, for conditional requests. */
export interface LeadVersion {
  lead: Lead;
  etag: string;
}

/**
 * Returns the version number in a lead's ETag, which grows with every change. The rest of the ETag depends on other parts of
 * the response, such as the photo's URL.
 */
export const parseVersionNumber = (etag: string): number => Number(/\d+/.exec(etag)?.[0]);

export async function readLead(id: number): Promise<LeadVersion> {
  const { data, response } = await unwrapWithResponse(api.GET("/leads/{id}", { params: { path: { id } } }));
  return { lead: data, etag: response.headers.get("etag") ?? "" };
}

/** An edit of one field: the new text, the text when the edit started, and the ETag of that version. */
export interface FieldEdit {
  text: string;
  base: string;
  etag: string;
}

/** With `isConflict`, another user has changed the field to another text, and nothing was saved. */
export interface SaveFieldOutcome {
  version: LeadVersion;
  isConflict: boolean;
}

/** Saves one field unless another user has changed that field since the edit started. */
export async function saveField(id: number, name: EditedFieldName, edit: FieldEdit): Promise<SaveFieldOutcome> {
  const patchParams = { path: { id }, header: { "If-Match": edit.etag } };
  try {
    const { data, response } = await unwrapWithResponse(
      api.PATCH("/leads/{id}", { params: patchParams, body: buildMergePatch(name, edit.text) }),
    );
    return { version: { lead: data, etag: response.headers.get("etag") ?? "" }, isConflict: false };
  } catch (error) {
    if (!hasHttpStatus(error, 412)) throw error;
    const currentVersion = await readLead(id);
    const currentText = getFieldText(currentVersion.lead, name);
    // If the API already has the new text, an earlier request saved it and its response was lost. This is no conflict.
    if (currentText === edit.text) return { version: currentVersion, isConflict: false };
    // If the API's text of this field is still the one that the edit started from, only other fields were changed. The edit is
    // sent again with the new ETag.
    if (currentText === edit.base) return saveField(id, name, { ...edit, etag: currentVersion.etag });
    return { version: currentVersion, isConflict: true };
  }
}

/** Returns the author and the time of a field's latest change, or `undefined` if the latest log entries do not contain one. */
export async function readLatestFieldChange(
  id: number,
  fieldPath: string,
): Promise<{ by: string; at: string } | undefined> {
  const logParams = { path: { id }, query: { limit: 20 } };
  const { logsAndComments } = await unwrap(api.GET("/leads/logs-and-comments/{id}", { params: logParams }));
  for (const entry of logsAndComments) {
    if ("content" in entry || !(fieldPath in entry.changes)) continue;
    const { firstName, lastName, email } = entry.user;
    return { by: entry.form?.name ?? (`${firstName} ${lastName}`.trim() || email), at: entry.createdAt };
  }
  return undefined;
}
