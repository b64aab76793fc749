// Reads a lead, and saves one field with a conditional request (`If-Match`), so that no change by another user is overwritten
// unseen.

import { api, getDataAndResponseOrThrow, getDataOrThrow, isRequestErrorWithStatus, type Lead } from "../app/api";
import { buildLeadMergePatch, type EditedFieldName, getFieldText } from "./lead-fields";

/** A lead with its ETag, for conditional requests. */
export interface LeadWithEtag {
  lead: Lead;
  etag: string;
}

/**
 * Returns the version number in a lead's ETag, which grows with every change. The rest of the ETag depends on other parts of
 * the response, such as the photo's URL.
 */
export const parseEtagVersionNumber = (etag: string): number => Number(/\d+/.exec(etag)?.[0]);

export async function readLeadWithEtag(id: number): Promise<LeadWithEtag> {
  const { data, response } = await getDataAndResponseOrThrow(api.GET("/leads/{id}", { params: { path: { id } } }));
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
  version: LeadWithEtag;
  isConflict: boolean;
}

/** Saves one field unless another user has changed that field since the edit started. */
export async function saveLeadField(id: number, name: EditedFieldName, edit: FieldEdit): Promise<SaveFieldOutcome> {
  const patchParams = { path: { id }, header: { "If-Match": edit.etag } };
  try {
    const { data, response } = await getDataAndResponseOrThrow(
      api.PATCH("/leads/{id}", { params: patchParams, body: buildLeadMergePatch(name, edit.text) }),
    );
    return { version: { lead: data, etag: response.headers.get("etag") ?? "" }, isConflict: false };
  } catch (error) {
    if (!isRequestErrorWithStatus(error, 412)) throw error;
    const currentLeadWithEtag = await readLeadWithEtag(id);
    const currentFieldText = getFieldText(currentLeadWithEtag.lead, name);
    // If the API already has the new text, an earlier request saved it and its response was lost. This is no conflict.
    if (currentFieldText === edit.text) return { version: currentLeadWithEtag, isConflict: false };
    // If the API's text of this field is still the one that the edit started from, only other fields were changed. The edit is
    // sent again with the new ETag.
    if (currentFieldText === edit.base) return saveLeadField(id, name, { ...edit, etag: currentLeadWithEtag.etag });
    return { version: currentLeadWithEtag, isConflict: true };
  }
}

/** Returns the author and the time of a field's latest change, or `undefined` if the latest log entries do not contain one. */
export async function readLatestFieldChange(
  id: number,
  fieldPath: string,
): Promise<{ by: string; at: string } | undefined> {
  const logRequestParams = { path: { id }, query: { limit: 20 } };
  const { logsAndComments } = await getDataOrThrow(
    api.GET("/leads/logs-and-comments/{id}", { params: logRequestParams }),
  );
  for (const logOrComment of logsAndComments) {
    if ("content" in logOrComment || !(fieldPath in logOrComment.changes)) continue;
    const { firstName, lastName, email } = logOrComment.user;
    return { by: logOrComment.form?.name ?? (`${firstName} ${lastName}`.trim() || email), at: logOrComment.createdAt };
  }
  return undefined;
}
