import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { Dialog } from "../ui/dialog";
import { Kbd } from "../ui/kbd";
import { activeShortcutsSignal, setSingleKeyShortcutsEnabled, singleKeyShortcutsEnabledSignal } from "./shortcuts";

const isShortcutsDialogOpenSignal = signal(false);

export const openShortcutsDialog = (): void => {
  isShortcutsDialogOpenSignal.value = true;
};

/** The dialog that lists the shortcuts of the current screen. */
export function ShortcutsDialog(): JSX.Element | null {
  if (!isShortcutsDialogOpenSignal.value) return null;
  const closeDialog = () => {
    isShortcutsDialogOpenSignal.value = false;
  };
  return (
    <Dialog title="Shortcuts" onClose={closeDialog}>
      <dl class="keyset">
        {activeShortcutsSignal.value.map(({ keys, label }) => (
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
          checked={singleKeyShortcutsEnabledSignal.value}
          onInput={({ currentTarget }) => setSingleKeyShortcutsEnabled(currentTarget.checked)}
        />
        Single keys act
      </label>
      <div class="actions">
        <button type="button" class="btn" onClick={closeDialog}>
          Close
        </button>
      </div>
    </Dialog>
  );
}
