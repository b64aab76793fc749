// Popovers and menus that open at a trigger button. A click outside, Escape and navigation close them and return the focus.

import type { ComponentChildren, JSX } from "preact";
import { createContext } from "preact";
import { useCallback, useContext, useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Icon } from "./icon";
import type { IconName } from "./icons";
import { Kbd } from "./kbd";

/** Attributes of the button that opens a popover. */
export interface TriggerProps {
  ref: (element: HTMLElement | null) => void;
  onClick: (event: MouseEvent) => void;
  onPointerDown: () => void;
  onKeyDown: (event: KeyboardEvent) => void;
  "aria-haspopup": "menu" | "dialog" | "listbox";
  "aria-expanded": boolean;
  "aria-controls": string | undefined;
}

interface PopoverProps {
  trigger: (props: TriggerProps) => JSX.Element;
  popup: "menu" | "dialog" | "listbox";
  /** Accessible name of the popover. By default the trigger names it. */
  label?: string | undefined;
  /** Renders the content. `close` closes the popover and returns the focus to the trigger. */
  children: (close: () => void) => ComponentChildren;
}

const hasAnchors = CSS.supports("position-area: end");
const GAP_PX = 4;

/** Positions a popover below or above its trigger, for browsers without CSS anchor positioning. */
function placeAt(popover: HTMLElement, trigger: HTMLElement): void {
  const at = trigger.getBoundingClientRect();
  const { offsetWidth, offsetHeight } = popover;
  const left = Math.max(GAP_PX, Math.min(at.left, innerWidth - offsetWidth - GAP_PX));
  const below = at.bottom + GAP_PX;
  const top = below + offsetHeight > innerHeight ? Math.max(GAP_PX, at.top - GAP_PX - offsetHeight) : below;
  popover.style.setProperty("left", `${left}px`);
  popover.style.setProperty("top", `${top}px`);
}

const FOCUSABLE = "a[href],button:not(:disabled),input:not(:disabled),select:not(:disabled),textarea:not(:disabled)";

/** A popover with any content. With `popup="dialog"` it may contain several Tab stops, and closes when the focus leaves it. */
export function Popover({ trigger, popup, label, children }: PopoverProps): JSX.Element {
  const [open, setOpen] = useState(false);
  const id = useId();
  const button = useRef<HTMLElement | null>(null);
  const popover = useRef<HTMLDivElement>(null);
  // Whether the popover was open at pointerdown. The browser closes it before the trigger's click event, which would open it
  // again.
  const wasOpen = useRef(false);
  const close = useCallback(() => {
    popover.current?.hidePopover();
    setOpen(false);
    button.current?.focus();
  }, []);
  useLayoutEffect(() => {
    const [element, source] = [popover.current, button.current];
    if (!open || !element || !source) return;
    // TypeScript's DOM types lack the `source` option of `showPopover`, which sets the CSS anchor.
    (element.showPopover as (options: { source: HTMLElement }) => void).call(element, { source });
    if (!hasAnchors) placeAt(element, source);
    const first = element.querySelector<HTMLElement>(`[autofocus],[aria-checked="true"]`);
    (first ?? element.querySelector<HTMLElement>(FOCUSABLE) ?? element).focus();
  }, [open]);
  useEffect(() => {
    const leave = () => setOpen(false);
    if (open) addEventListener("hashchange", leave);
    return () => removeEventListener("hashchange", leave);
  }, [open]);
  const onKeyDown = (event: KeyboardEvent) => {
    // Keys pressed in the popover must not trigger shortcuts of the screen.
    event.stopPropagation();
    if (event.key === "Escape") {
      event.preventDefault();
      close();
    }
    // Closing moves the focus to the trigger, so Tab continues from there.
    if (event.key === "Tab" && popup !== "dialog") close();
  };
  return (
    <>
      {trigger({
        ref: (element) => {
          button.current = element;
        },
        onPointerDown: () => {
          wasOpen.current = open;
        },
        onClick: (event) => {
          event.stopPropagation();
          setOpen(!open && !wasOpen.current);
          wasOpen.current = false;
        },
        onKeyDown: (event) => {
          if (event.key !== "ArrowDown" || popup === "dialog" || open) return;
          event.preventDefault();
          event.stopPropagation();
          setOpen(true);
        },
        "aria-haspopup": popup,
        "aria-expanded": open,
        "aria-controls": open ? id : undefined,
      })}
      {open ? (
        // biome-ignore lint/a11y/noStaticElementInteractions: it has a role as a dialog; else its content has.
        <div
          id={id}
          ref={popover}
          class="menu"
          popover="auto"
          tabIndex={-1}
          {...(popup === "dialog" ? { role: "dialog", "aria-label": label } : {})}
          onToggle={(event) => event.newState === "closed" && setOpen(false)}
          onClick={(event) => event.stopPropagation()}
          onKeyDown={onKeyDown}
          onFocusOut={({ relatedTarget, currentTarget }) => {
            if (relatedTarget instanceof Node && !currentTarget.contains(relatedTarget)) setOpen(false);
          }}
        >
          {children(close)}
        </div>
      ) : null}
    </>
  );
}

const MenuContext = createContext<() => void>(() => undefined);

interface MenuProps {
  trigger: (props: TriggerProps) => JSX.Element;
  label?: string | undefined;
  /** Content above the menu items. */
  head?: ComponentChildren;
  children: ComponentChildren;
}

/** A menu of actions. Arrow keys, Home, End and first letters move the focus; Enter activates an item. */
export function Menu({ trigger, label, head, children }: MenuProps): JSX.Element {
  const typed = useRef({ text: "", at: 0 });
  const onKeyDown = (event: KeyboardEvent & { currentTarget: HTMLElement }) => {
    const items = [...event.currentTarget.querySelectorAll<HTMLElement>('[role^="menuitem"]:not(:disabled)')];
    const at = items.indexOf(document.activeElement as HTMLElement);
    let next: HTMLElement | undefined;
    if (event.key === "ArrowDown") next = items[(at + 1) % items.length];
    else if (event.key === "ArrowUp") next = items.at(at <= 0 ? -1 : at - 1);
    else if (event.key === "Home") next = items[0];
    else if (event.key === "End") next = items.at(-1);
    else if (/^[\p{L}\p{N}]$/u.test(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const text = (event.timeStamp - typed.current.at < 800 ? typed.current.text : "") + event.key.toLowerCase();
      typed.current = { text, at: event.timeStamp };
      const from = text.length > 1 ? at : at + 1;
      next = [...items.slice(from), ...items.slice(0, from)].find((item) =>
        item.textContent?.trim().toLowerCase().startsWith(text),
      );
    } else return;
    event.preventDefault();
    next?.focus();
  };
  return (
    <Popover trigger={trigger} popup="menu">
      {(close) => (
        <MenuContext.Provider value={close}>
          {head}
          <div role="menu" aria-label={label} onKeyDown={onKeyDown}>
            {children}
          </div>
        </MenuContext.Provider>
      )}
    </Popover>
  );
}

interface ItemProps {
  icon?: IconName | undefined;
  /** Makes the item a radio item, and says whether it is selected. */
  checked?: boolean;
  /** Keys of the item's shortcut, in the format of `useShortcut`. */
  kbd?: string | undefined;
  href?: string;
  danger?: boolean;
  disabled?: boolean;
  onSelect?: () => void;
  children: ComponentChildren;
}

export function MenuItem({ icon, checked, kbd, href, danger, disabled, onSelect, children }: ItemProps): JSX.Element {
  const close = useContext(MenuContext);
  const content = (
    <>
      {icon ? <Icon name={icon} /> : null}
      <span class="cut">{children}</span>
      {checked ? (
        <span class="end">
          <Icon name="check" />
        </span>
      ) : null}
      {kbd ? <Kbd keys={kbd} /> : null}
    </>
  );
  const select = () => {
    close();
    onSelect?.();
  };
  const style = danger ? "item bad" : "item";
  if (href !== undefined) {
    return (
      <a role="menuitem" class={style} tabIndex={-1} href={href} onClick={select}>
        {content}
      </a>
    );
  }
  return (
    <button
      type="button"
      {...(checked === undefined ? { role: "menuitem" } : { role: "menuitemradio", "aria-checked": checked })}
      class={style}
      tabIndex={-1}
      disabled={disabled ?? false}
      onClick={select}
    >
      {content}
    </button>
  );
}
