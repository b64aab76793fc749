// A lead's photo: upload by drop or file dialog with a preview and progress, deletion, and Undo of both.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { api, describeError, getDataOrThrow, type Lead, uploadLeadPhoto } from "../app/api";
import { useTeam } from "../app/team";
import { confirmAction } from "../ui/dialog";
import { useFileDrop } from "../ui/drop";
import { Avatar, getDisplayName } from "../ui/face";
import { Menu, MenuItem } from "../ui/menu";
import { showFailureAlert, showToast } from "../ui/toast";

/** The API's limit for the size of a photo. */
const MAX_PHOTO_BYTES = 4 * 1024 * 1024;
const PHOTO_MIME_TYPES = "image/jpeg,image/png,image/webp,image/gif";

/**
 * Copies a photo before the photo is replaced, because the API keeps only the newest. The copy is made from an image element,
 * because the page's CSP does not allow `fetch` from the photo bucket. Returns `undefined` if the bucket's CORS rules do not
 * allow this page.
 */
async function copyPhotoToJpegFile(url: string | undefined): Promise<File | undefined> {
  if (!url) return undefined;
  const imageElement = new Image();
  imageElement.crossOrigin = "anonymous";
  imageElement.src = url;
  try {
    await imageElement.decode();
    const canvasElement = document.createElement("canvas");
    canvasElement.width = imageElement.naturalWidth;
    canvasElement.height = imageElement.naturalHeight;
    canvasElement.getContext("2d")?.drawImage(imageElement, 0, 0);
    const jpegBlob = await new Promise<Blob | null>((resolve) => canvasElement.toBlob(resolve, "image/jpeg", 0.95));
    return jpegBlob ? new File([jpegBlob], "photo.jpg", { type: "image/jpeg" }) : undefined;
  } catch {
    return undefined;
  }
}

const deletePhoto = (fileName: string): Promise<unknown> =>
  getDataOrThrow(api.DELETE("/leads/delete-photo/{fileName}", { params: { path: { fileName } } }));

export function LeadPhotoEditor({ lead, onChanged }: { lead: Lead; onChanged: () => void }): JSX.Element {
  const { mayWrite } = useTeam();
  const [uploadProgress, setUploadProgress] = useState<{ previewUrl: string; fraction: number }>();
  const fileInputRef = useRef<HTMLInputElement>(null);
  const photoPreviewUrl = uploadProgress?.previewUrl;
  useEffect(() => {
    if (photoPreviewUrl) return () => URL.revokeObjectURL(photoPreviewUrl);
    return undefined;
  }, [photoPreviewUrl]);
  const leadName = getDisplayName(lead);

  /** Uploads a photo. Returns its file name, or `undefined` after a failure, which a toast reports. */
  const uploadPhotoFile = async (file: File): Promise<string | undefined> => {
    const newPhotoPreviewUrl = URL.createObjectURL(file);
    setUploadProgress({ previewUrl: newPhotoPreviewUrl, fraction: 0 });
    try {
      return await uploadLeadPhoto(file, lead.id, (fraction) =>
        setUploadProgress({ previewUrl: newPhotoPreviewUrl, fraction }),
      );
    } catch (error) {
      showFailureAlert(`The photo was not saved. ${describeError(error)}`);
      return undefined;
    } finally {
      onChanged();
      setUploadProgress(undefined);
    }
  };
  const replacePhoto = async (file: File | undefined) => {
    if (!file) return;
    if (file.size > MAX_PHOTO_BYTES) {
      showFailureAlert(`${file.name} is larger than 4 MiB.`);
      return;
    }
    const previousPhotoFile = await copyPhotoToJpegFile(lead.photoUrl);
    const uploadedPhotoFileName = await uploadPhotoFile(file);
    if (!uploadedPhotoFileName) return;
    const undoPhotoReplacement = previousPhotoFile
      ? () => uploadPhotoFile(previousPhotoFile)
      : lead.photo
        ? undefined
        : () => deletePhoto(uploadedPhotoFileName).then(onChanged, (error) => showFailureAlert(describeError(error)));
    showToast(`${leadName} has a new photo`, undoPhotoReplacement ? { undo: undoPhotoReplacement } : {});
  };
  const deletePhotoWithUndo = async () => {
    const previousPhotoFile = await copyPhotoToJpegFile(lead.photoUrl);
    if (
      !previousPhotoFile &&
      !(await confirmAction(`Delete the photo of ${leadName}?`, "This cannot be undone.", "Delete photo"))
    )
      return;
    try {
      await deletePhoto(lead.photo);
      showToast("Photo deleted", previousPhotoFile ? { undo: () => uploadPhotoFile(previousPhotoFile) } : {});
    } catch (error) {
      showFailureAlert(`The photo was not deleted. ${describeError(error)}`);
    }
    onChanged();
  };
  const { isDraggedOver, dropHandlers } = useFileDrop(replacePhoto);
  const avatarJsx = <Avatar person={photoPreviewUrl ? { ...lead, photoUrl: photoPreviewUrl } : lead} size="large" />;
  if (!mayWrite) return avatarJsx;
  const openFileDialog = () => fileInputRef.current?.click();
  return (
    <div class={isDraggedOver ? "portrait over" : "portrait"} {...dropHandlers}>
      {lead.photo ? (
        <Menu
          label="Photo"
          trigger={(props) => (
            <button {...props} type="button" title="Change photo">
              <span class="unseen">Change photo</span>
              {avatarJsx}
            </button>
          )}
        >
          <MenuItem icon="upload" onSelect={openFileDialog}>
            Replace photo
          </MenuItem>
          <MenuItem icon="trash-2" onSelect={deletePhotoWithUndo}>
            Delete photo
          </MenuItem>
        </Menu>
      ) : (
        <button type="button" title="Add photo, or drop one here" onClick={openFileDialog}>
          <span class="unseen">Add photo</span>
          {avatarJsx}
        </button>
      )}
      <input
        ref={fileInputRef}
        class="unseen"
        type="file"
        accept={PHOTO_MIME_TYPES}
        aria-label="Photo"
        tabIndex={-1}
        onInput={({ currentTarget }) => {
          replacePhoto(currentTarget.files?.[0]);
          // The input is reset, because otherwise choosing the same file again fires no event.
          currentTarget.value = "";
        }}
      />
      {uploadProgress ? <progress max={1} value={uploadProgress.fraction} aria-label="Photo uploaded" /> : null}
    </div>
  );
}
