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
 * Copies a photo before the photo is replaced, because the API keeps only the newest. The copy is made from an image element,
 * because the page's CSP does not allow `fetch` from the photo bucket. Returns `undefined` if the bucket's CORS rules do not
 * allow this page.
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
  const [sending, setSending] = useState<{ previewUrl: string; fraction: number }>();
  const inputRef = useRef<HTMLInputElement>(null);
  const previewUrl = sending?.previewUrl;
  useEffect(() => {
    if (previewUrl) return () => URL.revokeObjectURL(previewUrl);
    return undefined;
  }, [previewUrl]);
  const leadName = fullName(lead);

  /** Uploads a photo. Returns its file name, or `undefined` after a failure, which a toast reports. */
  const uploadFile = async (file: File): Promise<string | undefined> => {
    const previewUrl = URL.createObjectURL(file);
    setSending({ previewUrl, fraction: 0 });
    try {
      return await uploadPhoto(file, lead.id, (fraction) => setSending({ previewUrl, fraction }));
    } catch (error) {
      reportFailure(`The photo was not saved. ${describeError(error)}`);
      return undefined;
    } finally {
      onChanged();
      setSending(undefined);
    }
  };
  const replacePhoto = async (file: File | undefined) => {
    if (!file) return;
    if (file.size > MAX_PHOTO_BYTES) {
      reportFailure(`${file.name} is larger than 4 MiB.`);
      return;
    }
    const previousPhoto = await copyPhoto(lead.photoUrl);
    const uploadedFileName = await uploadFile(file);
    if (!uploadedFileName) return;
    const undoReplace = previousPhoto
      ? () => uploadFile(previousPhoto)
      : lead.photo
        ? undefined
        : () => deletePhoto(uploadedFileName).then(onChanged, (error) => reportFailure(describeError(error)));
    notify(`${leadName} has a new photo`, undoReplace ? { undo: undoReplace } : {});
  };
  const removePhoto = async () => {
    const previousPhoto = await copyPhoto(lead.photoUrl);
    if (
      !previousPhoto &&
      !(await confirmAction(`Delete the photo of ${leadName}?`, "This cannot be undone.", "Delete photo"))
    )
      return;
    try {
      await deletePhoto(lead.photo);
      notify("Photo deleted", previousPhoto ? { undo: () => uploadFile(previousPhoto) } : {});
    } catch (error) {
      reportFailure(`The photo was not deleted. ${describeError(error)}`);
    }
    onChanged();
  };
  const { isDraggedOver, dropHandlers } = useFileDrop(replacePhoto);
  const avatar = <Avatar person={previewUrl ? { ...lead, photoUrl: previewUrl } : lead} size="large" />;
  if (!mayWrite) return avatar;
  const openFileDialog = () => inputRef.current?.click();
  return (
    <div class={isDraggedOver ? "portrait over" : "portrait"} {...dropHandlers}>
      {lead.photo ? (
        <Menu
          label="Photo"
          trigger={(props) => (
            <button {...props} type="button" title="Change photo">
              <span class="unseen">Change photo</span>
              {avatar}
            </button>
          )}
        >
          <MenuItem icon="upload" onSelect={openFileDialog}>
            Replace photo
          </MenuItem>
          <MenuItem icon="trash-2" onSelect={removePhoto}>
            Delete photo
          </MenuItem>
        </Menu>
      ) : (
        <button type="button" title="Add photo, or drop one here" onClick={openFileDialog}>
          <span class="unseen">Add photo</span>
          {avatar}
        </button>
      )}
      <input
        ref={inputRef}
        class="unseen"
        type="file"
        accept={PHOTO_TYPES}
        aria-label="Photo"
        tabIndex={-1}
        onInput={({ currentTarget }) => {
          replacePhoto(currentTarget.files?.[0]);
          // Without this reset, choosing the same file again fires no event.
          currentTarget.value = "";
        }}
      />
      {sending ? <progress max={1} value={sending.fraction} aria-label="Photo uploaded" /> : null}
    </div>
  );
}
