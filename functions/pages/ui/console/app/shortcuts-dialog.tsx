import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { Dialog } from "../ui/dialog";
import { Kbd } from "../ui/kbd";
import { shortcuts, singleKeys, switchSingleKeys } from "./shortcuts";

const open = signal(false);

export const openShortcuts = (): void => {
  open.value = true;
};

/** The dialog that lists the shortcuts of the current screen. */
export function ShortcutsDialog(): JSX.Element | null {
  if (!open.value) return null;
  const close = () => {
    open.value = false;
  };
  return (
    <Dialog title="Shortcuts" onClose={close}>
      <dl class="keyset">
        {shortcuts.value.map(({ keys, label }) => (
          <div key={keys}>
            <dt>{label}</dt>
            <dd>
              <Kbd keys={keys} />
            </dd>
          </div>
        ))}
      </dl>
      <label class="check">
        <input
          type="checkbox"
          checked={singleKeys.value}
          onInput={({ currentTarget }) => switchSingleKeys(currentTarget.checked)}
        />
        Single keys act
      </label>
      <div class="actions">
        <button type="button" class="btn" onClick={close}>
          Close
        </button>
      </div>
    </Dialog>
  );
}
