// A lead's photo: upload by drop or file dialog with a preview and progress, deletion, and Undo of both.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { api, describeError, type Lead, unwrap, uploadPhoto } from "../app/api";
import { useTeam } from "../app/team";
import { confirmAction } from "../ui/dialog";
import { useFileDrop } from "../ui/drop";
import { Avatar, fullName } from "../ui/face";
import { Menu, MenuItem } from "../ui/menu";
import { notify, reportFailure } from "../ui/toast";

/** The API's limit for the size of a photo. */
const MAX_PHOTO_BYTES = 4 * 1024 * 1024;
const PHOTO_TYPES = "image/jpeg,image/png,image/webp,image/gif";

/**
 * Copies a photo before it is replaced, because the API keeps only the newest. It reads the photo as an image, because the
 * page's CSP does not allow `fetch` from the photo bucket. Returns `undefined` if the bucket's CORS rules do not allow this
 * page.
 */
async function copyPhoto(url: string | undefined): Promise<File | undefined> {
  if (!url) return undefined;
  const image = new Image();
  image.crossOrigin = "anonymous";
  image.src = url;
  try {
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = image.naturalWidth;
    canvas.height = image.naturalHeight;
    canvas.getContext("2d")?.drawImage(image, 0, 0);
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.95));
    return blob ? new File([blob], "photo.jpg", { type: "image/jpeg" }) : undefined;
  } catch {
    return undefined;
  }
}

const deletePhoto = (fileName: string): Promise<unknown> =>
  unwrap(api.DELETE("/leads/delete-photo/{fileName}", { params: { path: { fileName } } }));

export function LeadPhoto({ lead, onChanged }: { lead: Lead; onChanged: () => void }): JSX.Element {
  const { mayWrite } = useTeam();
  const [sending, setSending] = useState<{ preview: string; part: number }>();
  const input = useRef<HTMLInputElement>(null);
  const preview = sending?.preview;
  useEffect(() => {
    if (preview) return () => URL.revokeObjectURL(preview);
    return undefined;
  }, [preview]);
  const name = fullName(lead);

  /** Uploads a photo. Returns its file name, or `undefined` after a failure, which a toast reports. */
  const upload = async (file: File): Promise<string | undefined> => {
    const preview = URL.createObjectURL(file);
    setSending({ preview, part: 0 });
    try {
      return await uploadPhoto(file, lead.id, (part) => setSending({ preview, part }));
    } catch (error) {
      reportFailure(`The photo was not saved. ${describeError(error)}`);
      return undefined;
    } finally {
      onChanged();
      setSending(undefined);
    }
  };
  const replace = async (file: File | undefined) => {
    if (!file) return;
    if (file.size > MAX_PHOTO_BYTES) {
      reportFailure(`${file.name} is larger than 4 MiB.`);
      return;
    }
    const before = await copyPhoto(lead.photoUrl);
    const uploaded = await upload(file);
    if (!uploaded) return;
    const undo = before
      ? () => upload(before)
      : lead.photo
        ? undefined
        : () => deletePhoto(uploaded).then(onChanged, (error) => reportFailure(describeError(error)));
    notify(`${name} has a new photo`, undo ? { undo } : {});
  };
  const remove = async () => {
    const before = await copyPhoto(lead.photoUrl);
    if (!before && !(await confirmAction(`Delete the photo of ${name}?`, "This cannot be undone.", "Delete photo")))
      return;
    try {
      await deletePhoto(lead.photo);
      notify("Photo deleted", before ? { undo: () => upload(before) } : {});
    } catch (error) {
      reportFailure(`The photo was not deleted. ${describeError(error)}`);
    }
    onChanged();
  };
  const { isDraggedOver, dropHandlers } = useFileDrop(replace);
  const face = <Avatar person={preview ? { ...lead, photoUrl: preview } : lead} size="large" />;
  if (!mayWrite) return face;
  const choose = () => input.current?.click();
  return (
    <div class={isDraggedOver ? "portrait over" : "portrait"} {...dropHandlers}>
      {lead.photo ? (
        <Menu
          label="Photo"
          trigger={(props) => (
            <button {...props} type="button" title="Change photo">
              <span class="unseen">Change photo</span>
              {face}
            </button>
          )}
        >
          <MenuItem icon="upload" onSelect={choose}>
            Replace photo
          </MenuItem>
          <MenuItem icon="trash-2" onSelect={remove}>
            Delete photo
          </MenuItem>
        </Menu>
      ) : (
        <button type="button" title="Add photo, or drop one here" onClick={choose}>
          <span class="unseen">Add photo</span>
          {face}
        </button>
      )}
      <input
        ref={input}
        class="unseen"
        type="file"
        accept={PHOTO_TYPES}
        aria-label="Photo"
        tabIndex={-1}
        onInput={({ currentTarget }) => {
          replace(currentTarget.files?.[0]);
          // Without this reset, choosing the same file again fires no event.
          currentTarget.value = "";
        }}
      />
      {sending ? <progress max={1} value={sending.part} aria-label="Photo uploaded" /> : null}
    </div>
  );
}
