// Reading a lead and writing one field of it, so that nobody's change is lost.

import { api, isRefused, type Lead, unwrap, unwrapResponse } from "../app/api";
import { type EditName, mergeOf, textOf } from "./lead-fields";

/** A lead with the ETag that a conditional change is made against. */
export interface LeadVersion {
  lead: Lead;
  etag: string;
}

/** A lead's version grows with every change. The rest of the ETag depends on what is shown beside it, such as its photo's URL. */
export const versionNumber = (etag: string): number => Number(/\d+/.exec(etag)?.[0]);

export async function readLead(id: number): Promise<LeadVersion> {
  const { data, response } = await unwrapResponse(api.GET("/leads/{id}", { params: { path: { id } } }));
  return { lead: data, etag: response.headers.get("etag") ?? "" };
}

/** A change of one field: the new text, the text that was there when the edit began, and the ETag of that version. */
export interface FieldEdit {
  text: string;
  base: string;
  etag: string;
}

/** `isConflict`: somebody else has written another text meanwhile, and nothing was saved. */
export interface SaveOutcome {
  version: LeadVersion;
  isConflict: boolean;
}

/** Writes one field unless somebody else has changed that field since the edit began. */
export async function saveField(id: number, name: EditName, edit: FieldEdit): Promise<SaveOutcome> {
  const params = { path: { id }, header: { "If-Match": edit.etag } };
  try {
    const { data, response } = await unwrapResponse(
      api.PATCH("/leads/{id}", { params, body: mergeOf(name, edit.text) }),
    );
    return { version: { lead: data, etag: response.headers.get("etag") ?? "" }, isConflict: false };
  } catch (error) {
    if (!isRefused(error, 412)) throw error;
    const version = await readLead(id);
    const now = textOf(version.lead, name);
    // The text is there already: this very change was written, and its answer was lost.
    if (now === edit.text) return { version, isConflict: false };
    // Another field has changed.
    if (now === edit.base) return saveField(id, name, { ...edit, etag: version.etag });
    return { version, isConflict: true };
  }
}

/** Who changed a field last, and when. `undefined` where the latest entries of the log do not say. */
export async function lastChangeOf(id: number, column: string): Promise<{ by: string; at: string } | undefined> {
  const params = { path: { id }, query: { limit: 20 } };
  const { logsAndComments } = await unwrap(api.GET("/leads/logs-and-comments/{id}", { params }));
  for (const entry of logsAndComments) {
    if ("content" in entry || !(column in entry.changes)) continue;
    const { firstName, lastName, email } = entry.user;
    return { by: entry.form?.name ?? (`${firstName} ${lastName}`.trim() || email), at: entry.createdAt };
  }
  return undefined;
}
