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
  popupRole: "menu" | "dialog" | "listbox";
  /** Accessible name of the popover. By default the trigger names it. */
  label?: string | undefined;
  /** Renders the content. Its argument closes the popover and returns the focus to the trigger. */
  children: (closePopover: () => void) => ComponentChildren;
}

const supportsAnchors = CSS.supports("position-area: end");
const GAP_PX = 4;

/** Positions a popover below or above its trigger, for browsers without CSS anchor positioning. */
function positionPopover(popover: HTMLElement, trigger: HTMLElement): void {
  const triggerRect = trigger.getBoundingClientRect();
  const { offsetWidth, offsetHeight } = popover;
  const leftPx = Math.max(GAP_PX, Math.min(triggerRect.left, innerWidth - offsetWidth - GAP_PX));
  const topBelowPx = triggerRect.bottom + GAP_PX;
  const topPx =
    topBelowPx + offsetHeight > innerHeight ? Math.max(GAP_PX, triggerRect.top - GAP_PX - offsetHeight) : topBelowPx;
  popover.style.setProperty("left", `${leftPx}px`);
  popover.style.setProperty("top", `${topPx}px`);
}

const FOCUSABLE = "a[href],button:not(:disabled),input:not(:disabled),select:not(:disabled),textarea:not(:disabled)";

/**
 * A popover with any content. With the role `dialog`, a popover may contain several Tab stops, and closes when the focus
 * leaves.
 */
export function Popover({ trigger, popupRole, label, children }: PopoverProps): JSX.Element {
  const [open, setOpen] = useState(false);
  const popoverId = useId();
  const triggerRef = useRef<HTMLElement | null>(null);
  const popoverRef = useRef<HTMLDivElement>(null);
  // Whether the popover was open at pointerdown. The browser closes an open popover before the trigger's click event, and that
  // click must not open the popover again.
  const wasOpenRef = useRef(false);
  const closePopover = useCallback(() => {
    popoverRef.current?.hidePopover();
    setOpen(false);
    triggerRef.current?.focus();
  }, []);
  useLayoutEffect(() => {
    const [element, source] = [popoverRef.current, triggerRef.current];
    if (!open || !element || !source) return;
    // TypeScript's DOM types lack the `source` option of `showPopover`, which sets the CSS anchor.
    (element.showPopover as (options: { source: HTMLElement }) => void).call(element, { source });
    if (!supportsAnchors) positionPopover(element, source);
    const checkedElement = element.querySelector<HTMLElement>(`[autofocus],[aria-checked="true"]`);
    (checkedElement ?? element.querySelector<HTMLElement>(FOCUSABLE) ?? element).focus();
  }, [open]);
  useEffect(() => {
    const handleNavigation = () => setOpen(false);
    if (open) addEventListener("hashchange", handleNavigation);
    return () => removeEventListener("hashchange", handleNavigation);
  }, [open]);
  const onKeyDown = (event: KeyboardEvent) => {
    // Keys pressed in the popover must not trigger shortcuts of the screen.
    event.stopPropagation();
    if (event.key === "Escape") {
      event.preventDefault();
      closePopover();
    }
    // Closing moves the focus to the trigger, so Tab continues from there.
    if (event.key === "Tab" && popupRole !== "dialog") closePopover();
  };
  return (
    <>
      {trigger({
        ref: (element) => {
          triggerRef.current = element;
        },
        onPointerDown: () => {
          wasOpenRef.current = open;
        },
        onClick: (event) => {
          event.stopPropagation();
          setOpen(!open && !wasOpenRef.current);
          wasOpenRef.current = false;
        },
        onKeyDown: (event) => {
          if (event.key !== "ArrowDown" || popupRole === "dialog" || open) return;
          event.preventDefault();
          event.stopPropagation();
          setOpen(true);
        },
        "aria-haspopup": popupRole,
        "aria-expanded": open,
        "aria-controls": open ? popoverId : undefined,
      })}
      {open ? (
        // biome-ignore lint/a11y/noStaticElementInteractions: the element or its content has a role.
        <div
          id={popoverId}
          ref={popoverRef}
          class="menu"
          popover="auto"
          tabIndex={-1}
          {...(popupRole === "dialog" ? { role: "dialog", "aria-label": label } : {})}
          onToggle={(event) => event.newState === "closed" && setOpen(false)}
          onClick={(event) => event.stopPropagation()}
          onKeyDown={onKeyDown}
          onFocusOut={({ relatedTarget, currentTarget }) => {
            if (relatedTarget instanceof Node && !currentTarget.contains(relatedTarget)) setOpen(false);
          }}
        >
          {children(closePopover)}
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
  header?: ComponentChildren;
  children: ComponentChildren;
}

/** A menu of actions. Arrow keys, Home, End and first letters move the focus; Enter activates an item. */
export function Menu({ trigger, label, header, children }: MenuProps): JSX.Element {
  const typedRef = useRef({ text: "", at: 0 });
  const onKeyDown = (event: KeyboardEvent & { currentTarget: HTMLElement }) => {
    const itemElements = [...event.currentTarget.querySelectorAll<HTMLElement>('[role^="menuitem"]:not(:disabled)')];
    const focusedIndex = itemElements.indexOf(document.activeElement as HTMLElement);
    let target: HTMLElement | undefined;
    if (event.key === "ArrowDown") target = itemElements[(focusedIndex + 1) % itemElements.length];
    else if (event.key === "ArrowUp") target = itemElements.at(focusedIndex <= 0 ? -1 : focusedIndex - 1);
    else if (event.key === "Home") target = itemElements[0];
    else if (event.key === "End") target = itemElements.at(-1);
    else if (/^[\p{L}\p{N}]$/u.test(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const typedText =
        (event.timeStamp - typedRef.current.at < 800 ? typedRef.current.text : "") + event.key.toLowerCase();
      typedRef.current = { text: typedText, at: event.timeStamp };
      const startIndex = typedText.length > 1 ? focusedIndex : focusedIndex + 1;
      target = [...itemElements.slice(startIndex), ...itemElements.slice(0, startIndex)].find((item) =>
        item.textContent?.trim().toLowerCase().startsWith(typedText),
      );
    } else return;
    event.preventDefault();
    target?.focus();
  };
  return (
    <Popover trigger={trigger} popupRole="menu">
      {(closePopover) => (
        <MenuContext.Provider value={closePopover}>
          {header}
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
  /** Whether the item is the selected one of several. With this property the item has the role `menuitemradio`. */
  isChecked?: boolean;
  /** Keys of the item's shortcut, in the format of `useShortcut`. */
  kbd?: string | undefined;
  href?: string;
  isDangerous?: boolean;
  isDisabled?: boolean;
  onSelect?: () => void;
  children: ComponentChildren;
}

export function MenuItem({
  icon,
  isChecked,
  kbd,
  href,
  isDangerous,
  isDisabled,
  onSelect,
  children,
}: ItemProps): JSX.Element {
  const closePopover = useContext(MenuContext);
  const itemContent = (
    <>
      {icon ? <Icon name={icon} /> : null}
      <span class="cut">{children}</span>
      {isChecked ? (
        <span class="end">
          <Icon name="check" />
        </span>
      ) : null}
      {kbd ? <Kbd keys={kbd} /> : null}
    </>
  );
  const handleSelect = () => {
    closePopover();
    onSelect?.();
  };
  const className = isDangerous ? "item bad" : "item";
  if (href !== undefined) {
    return (
      <a role="menuitem" class={className} tabIndex={-1} href={href} onClick={handleSelect}>
        {itemContent}
      </a>
    );
  }
  return (
    <button
      type="button"
      {...(isChecked === undefined ? { role: "menuitem" } : { role: "menuitemradio", "aria-checked": isChecked })}
      class={className}
      tabIndex={-1}
      disabled={isDisabled ?? false}
      onClick={handleSelect}
    >
      {itemContent}
    </button>
  );
}
