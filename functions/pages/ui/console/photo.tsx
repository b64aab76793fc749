// A lead's photo: dropped or chosen, seen at once, and sent with its progress shown.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { api, type Lead, ok, told, uploadPhoto } from "./api";
import { FileInput, useDrop } from "./drop";
import { attempted, complain, say } from "./messages";
import { fullName, Photo } from "./person";
import { useTeam } from "./team";

/** What the API takes, in bytes. */
const LIMIT = 4 * 1024 * 1024;

export function LeadPhoto({ lead, changed }: { lead: Lead; changed: () => void }): JSX.Element {
  const { mayWrite } = useTeam();
  const [sending, setSending] = useState<{ preview: string; part: number }>();
  const send = async (file: File | undefined) => {
    if (!file) return;
    if (file.size > LIMIT) {
      complain(`${file.name} is larger than 4 MiB.`);
      return;
    }
    const preview = URL.createObjectURL(file);
    setSending({ preview, part: 0 });
    try {
      await uploadPhoto(file, lead.id, (part) => setSending({ preview, part }));
      say(`${fullName(lead)} has a new photo.`);
      changed();
    } catch (error) {
      complain(`The photo was not taken. ${told(error)}`);
    }
    URL.revokeObjectURL(preview);
    setSending(undefined);
  };
  const { over, on } = useDrop(send);
  if (!mayWrite) return <Photo of={lead} large />;
  const remove = async () => {
    const change = ok(api.DELETE("/leads/delete-photo/{fileName}", { params: { path: { fileName: lead.photo } } }));
    if (await attempted(change, "The photo is deleted.")) changed();
  };
  return (
    <div class={over ? "drop over" : "drop"} {...on}>
      <Photo of={sending ? { ...lead, photoUrl: sending.preview } : lead} large />
      {sending ? (
        <progress max={1} value={sending.part} aria-label="Photo sent" />
      ) : (
        <span class="photo-actions">
          <label class="button">
            {lead.photo ? "Replace" : "Add photo"}
            <FileInput accept="image/jpeg,image/png,image/webp,image/gif" take={send} />
          </label>
          {lead.photo ? (
            <button type="button" class="plain" onClick={remove} aria-label="Delete the photo">
              ✕
            </button>
          ) : null}
        </span>
      )}
    </div>
  );
}
