// Popovers and menus that open at a trigger button. A click outside, Escape and navigation close them and return the focus.

import type { ComponentChildren, JSX } from "preact";
import { createContext } from "preact";
import { useCallback, useContext, useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Icon } from "./icon";
import type { IconName } from "./icons";
import { Kbd } from "./kbd";

/** Attributes of the button that opens a popover. */
export interface PopoverTriggerProps {
  ref: (element: HTMLElement | null) => void;
  onClick: (event: MouseEvent) => void;
  onPointerDown: () => void;
  onKeyDown: (event: KeyboardEvent) => void;
  "aria-haspopup": "menu" | "dialog" | "listbox";
  "aria-expanded": boolean;
  "aria-controls": string | undefined;
}

interface PopoverProps {
  trigger: (props: PopoverTriggerProps) => JSX.Element;
  popupRole: "menu" | "dialog" | "listbox";
  /** Accessible name of a popover with the role `dialog`. For other roles, the content has the name. */
  label?: string | undefined;
  /** Renders the content. Its argument closes the popover and returns the focus to the trigger. */
  children: (closePopover: () => void) => ComponentChildren;
}

const hasCssAnchorSupport = CSS.supports("position-area: end");
const POPOVER_GAP_PX = 4;

/** Positions a popover below or above its trigger, for browsers without CSS anchor positioning. */
function positionPopover(popover: HTMLElement, trigger: HTMLElement): void {
  const triggerRect = trigger.getBoundingClientRect();
  const { offsetWidth, offsetHeight } = popover;
  const popoverLeftPx = Math.max(POPOVER_GAP_PX, Math.min(triggerRect.left, innerWidth - offsetWidth - POPOVER_GAP_PX));
  const topBelowTriggerPx = triggerRect.bottom + POPOVER_GAP_PX;
  const popoverTopPx =
    topBelowTriggerPx + offsetHeight > innerHeight
      ? Math.max(POPOVER_GAP_PX, triggerRect.top - POPOVER_GAP_PX - offsetHeight)
      : topBelowTriggerPx;
  popover.style.setProperty("left", `${popoverLeftPx}px`);
  popover.style.setProperty("top", `${popoverTopPx}px`);
}

const FOCUSABLE_SELECTOR =
  "a[href],button:not(:disabled),input:not(:disabled),select:not(:disabled),textarea:not(:disabled)";

/**
 * A popover with any content. With the role `dialog`, a popover may contain several Tab stops, and closes when the focus
 * leaves.
 */
export function Popover({ trigger, popupRole, label, children }: PopoverProps): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const popoverId = useId();
  const triggerRef = useRef<HTMLElement | null>(null);
  const popoverRef = useRef<HTMLDivElement>(null);
  // Whether the popover was open at pointerdown. The browser closes an open popover before the trigger's click event, and that
  // click must not open the popover again.
  const wasOpenAtPointerDownRef = useRef(false);
  const closePopover = useCallback(() => {
    popoverRef.current?.hidePopover();
    setOpen(false);
    triggerRef.current?.focus();
  }, []);
  useLayoutEffect(() => {
    const [popoverElement, triggerElement] = [popoverRef.current, triggerRef.current];
    if (!isOpen || !popoverElement || !triggerElement) return;
    // TypeScript's DOM types lack the `source` option of `showPopover`, which sets the CSS anchor.
    (popoverElement.showPopover as (options: { source: HTMLElement }) => void).call(popoverElement, {
      source: triggerElement,
    });
    if (!hasCssAnchorSupport) positionPopover(popoverElement, triggerElement);
    const preferredFocusElement = popoverElement.querySelector<HTMLElement>(`[autofocus],[aria-checked="true"]`);
    (preferredFocusElement ?? popoverElement.querySelector<HTMLElement>(FOCUSABLE_SELECTOR) ?? popoverElement).focus();
  }, [isOpen]);
  useEffect(() => {
    const closePopoverOnNavigation = () => setOpen(false);
    if (isOpen) addEventListener("hashchange", closePopoverOnNavigation);
    return () => removeEventListener("hashchange", closePopoverOnNavigation);
  }, [isOpen]);
  const handlePopoverKeyDown = (event: KeyboardEvent) => {
    // Keys pressed in the popover must not trigger shortcuts of the screen.
    event.stopPropagation();
    if (event.key === "Escape") {
      event.preventDefault();
      closePopover();
    }
    // Closing the popover moves the focus to the trigger, so that Tab then moves to the control after the trigger.
    if (event.key === "Tab" && popupRole !== "dialog") closePopover();
  };
  return (
    <>
      {trigger({
        ref: (element) => {
          triggerRef.current = element;
        },
        onPointerDown: () => {
          wasOpenAtPointerDownRef.current = isOpen;
        },
        onClick: (event) => {
          event.stopPropagation();
          setOpen(!isOpen && !wasOpenAtPointerDownRef.current);
          wasOpenAtPointerDownRef.current = false;
        },
        onKeyDown: (event) => {
          if (event.key !== "ArrowDown" || popupRole === "dialog" || isOpen) return;
          event.preventDefault();
          event.stopPropagation();
          setOpen(true);
        },
        "aria-haspopup": popupRole,
        "aria-expanded": isOpen,
        "aria-controls": isOpen ? popoverId : undefined,
      })}
      {isOpen ? (
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
          onKeyDown={handlePopoverKeyDown}
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

const ClosePopoverContext = createContext<() => void>(() => undefined);

interface MenuProps {
  trigger: (props: PopoverTriggerProps) => JSX.Element;
  label?: string | undefined;
  /** Content above the menu items. */
  header?: ComponentChildren;
  children: ComponentChildren;
}

/** A menu of actions. Arrow keys, Home, End and first letters move the focus; Enter activates an item. */
export function Menu({ trigger, label, header, children }: MenuProps): JSX.Element {
  const typeaheadTextAndTimeRef = useRef({ text: "", at: 0 });
  const handleMenuKeyDown = (event: KeyboardEvent & { currentTarget: HTMLElement }) => {
    const menuItemElements = [
      ...event.currentTarget.querySelectorAll<HTMLElement>('[role^="menuitem"]:not(:disabled)'),
    ];
    const focusedMenuItemIndex = menuItemElements.indexOf(document.activeElement as HTMLElement);
    let itemToFocus: HTMLElement | undefined;
    if (event.key === "ArrowDown") itemToFocus = menuItemElements[(focusedMenuItemIndex + 1) % menuItemElements.length];
    else if (event.key === "ArrowUp")
      itemToFocus = menuItemElements.at(focusedMenuItemIndex <= 0 ? -1 : focusedMenuItemIndex - 1);
    else if (event.key === "Home") itemToFocus = menuItemElements[0];
    else if (event.key === "End") itemToFocus = menuItemElements.at(-1);
    else if (/^[\p{L}\p{N}]$/u.test(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const typeaheadText =
        (event.timeStamp - typeaheadTextAndTimeRef.current.at < 800 ? typeaheadTextAndTimeRef.current.text : "") +
        event.key.toLowerCase();
      typeaheadTextAndTimeRef.current = { text: typeaheadText, at: event.timeStamp };
      const typeaheadStartIndex = typeaheadText.length > 1 ? focusedMenuItemIndex : focusedMenuItemIndex + 1;
      itemToFocus = [
        ...menuItemElements.slice(typeaheadStartIndex),
        ...menuItemElements.slice(0, typeaheadStartIndex),
      ].find((item) => item.textContent?.trim().toLowerCase().startsWith(typeaheadText));
    } else return;
    event.preventDefault();
    itemToFocus?.focus();
  };
  return (
    <Popover trigger={trigger} popupRole="menu">
      {(closePopover) => (
        <ClosePopoverContext.Provider value={closePopover}>
          {header}
          <div role="menu" aria-label={label} onKeyDown={handleMenuKeyDown}>
            {children}
          </div>
        </ClosePopoverContext.Provider>
      )}
    </Popover>
  );
}

interface MoreMenuProps {
  /** Name of the menu and of its button, such as `More about Contoso`. */
  label: string;
  children: ComponentChildren;
}

/** A menu of actions behind a button with three dots. */
export function MoreMenu({ label, children }: MoreMenuProps): JSX.Element {
  return (
    <Menu
      label={label}
      trigger={(props) => (
        <button type="button" class="btn icon ghost" aria-label={label} title="More" {...props}>
          <Icon name="ellipsis" />
        </button>
      )}
    >
      {children}
    </Menu>
  );
}

interface MenuItemProps {
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
}: MenuItemProps): JSX.Element {
  const closePopover = useContext(ClosePopoverContext);
  const menuItemContent = (
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
  const closeMenuAndCallOnSelect = () => {
    closePopover();
    onSelect?.();
  };
  const menuItemCssClass = isDangerous ? "item bad" : "item";
  if (href !== undefined) {
    return (
      <a role="menuitem" class={menuItemCssClass} tabIndex={-1} href={href} onClick={closeMenuAndCallOnSelect}>
        {menuItemContent}
      </a>
    );
  }
  return (
    <button
      type="button"
      {...(isChecked === undefined ? { role: "menuitem" } : { role: "menuitemradio", "aria-checked": isChecked })}
      class={menuItemCssClass}
      tabIndex={-1}
      disabled={isDisabled ?? false}
      onClick={closeMenuAndCallOnSelect}
    >
      {menuItemContent}
    </button>
  );
}
