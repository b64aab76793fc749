// The lead panel beside the board or the list. Closing it keeps the scroll position, filters and focus of the screen.

import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { useShortcut } from "../app/shortcuts";
import { getDisplayName } from "../ui/face";
import { Icon } from "../ui/icon";
import { LeadBody, useOpenLead } from "./lead-body";
import { LeadMenu, NeighbourButtons, useLeadNeighboursAndShortcuts, useLeadShortcuts } from "./lead-walk";
import { closeLeadPanelOrPage } from "./open-lead";

/** Media query for a phone, on which the panel covers the whole screen. */
const PHONE_MEDIA_QUERY = "(width < 48rem)";

/** Finds the link to a lead on the screen beside the panel. */
function findLeadLinkElement(id: number): HTMLElement | undefined {
  const allLeadLinkElements = document.querySelectorAll<HTMLAnchorElement>('main a[href*="lead="]');
  return [...allLeadLinkElements].find(
    ({ hash }) => new URLSearchParams(hash.split("?")[1]).get("lead") === String(id),
  );
}

/**
 * Focuses the panel when it opens. When the panel closes, the focus returns to the lead's link, or to
 * the element that had the focus before the panel opened.
 */
function usePanelFocus(panelRef: { current: HTMLElement | null }, id: number): void {
  const leadIdRef = useRef(id);
  leadIdRef.current = id;
  useLayoutEffect(() => {
    const previouslyFocusedElement = document.activeElement;
    panelRef.current?.focus({ preventScroll: true });
    return () => {
      const { activeElement } = document;
      const isFocusOutsidePanel =
        activeElement && activeElement !== document.body && !panelRef.current?.contains(activeElement);
      if (isFocusOutsidePanel) return;
      const elementToFocus =
        findLeadLinkElement(leadIdRef.current) ??
        (previouslyFocusedElement instanceof HTMLElement ? previouslyFocusedElement : undefined);
      elementToFocus?.focus({ preventScroll: true });
    };
  }, []);
  // When the panel shows another lead, the focused element may be removed. The panel then takes the focus.
  useEffect(() => {
    if (document.activeElement === document.body) panelRef.current?.focus({ preventScroll: true });
  }, [id]);
}

/** Makes the covered screen inert on a phone, so that neither Tab nor a screen reader reaches the covered screen. */
function useInertBackgroundOnPhone(): void {
  useLayoutEffect(() => {
    const phoneMediaQuery = matchMedia(PHONE_MEDIA_QUERY);
    const coveredElements = [...document.querySelectorAll<HTMLElement>(".app > main, .app > .side")];
    const setCoveredElementsInert = (on: boolean) => {
      for (const coveredElement of coveredElements) coveredElement.inert = on;
    };
    const updateInertForScreenWidth = () => setCoveredElementsInert(phoneMediaQuery.matches);
    updateInertForScreenWidth();
    phoneMediaQuery.addEventListener("change", updateInertForScreenWidth);
    return () => {
      phoneMediaQuery.removeEventListener("change", updateInertForScreenWidth);
      setCoveredElementsInert(false);
    };
  }, []);
}

export function LeadPanel({ id }: { id: number }): JSX.Element {
  const panelRef = useRef<HTMLElement>(null);
  const openLeadState = useOpenLead(id);
  const listPositionAndNeighbours = useLeadNeighboursAndShortcuts(id);
  // The order of these two hooks is the order of their cleanups. The cleanup of `useInertBackgroundOnPhone` makes the covered screen
  // focusable. Only then can the cleanup of `usePanelFocus` return the focus to that screen.
  useInertBackgroundOnPhone();
  usePanelFocus(panelRef, id);
  useLeadShortcuts(openLeadState, panelRef);
  useShortcut("Escape", closeLeadPanelOrPage, "Close the lead");
  const leadName = openLeadState.version ? getDisplayName(openLeadState.version.lead) : "";
  useEffect(() => {
    if (!leadName) return undefined;
    const previousDocumentTitle = document.title;
    document.title = `${leadName} · Leads`;
    return () => {
      document.title = previousDocumentTitle;
    };
  }, [leadName]);
  return (
    <aside
      ref={panelRef}
      class="panel"
      aria-label="Lead"
      tabIndex={-1}
      onKeyDown={(event) => {
        const { target } = event;
        const isTargetTextField = target instanceof HTMLTextAreaElement || target instanceof HTMLInputElement;
        if (event.key !== "Escape" || event.defaultPrevented || event.isComposing || !isTargetTextField) return;
        // The first Escape moves the focus from the text field to the panel, and keeps the text. The next Escape closes the
        // panel.
        event.preventDefault();
        panelRef.current?.focus();
      }}
    >
      <header>
        <span class="small quiet num cut">{listPositionAndNeighbours.listPositionText}</span>
        <span class="push" />
        <NeighbourButtons neighbours={listPositionAndNeighbours} />
        <LeadMenu openLead={openLeadState} />
        <a class="btn icon ghost" href={`#/leads/${id}`} aria-label="Open as a page" title="Open as a page">
          <Icon name="maximize-2" />
        </a>
        <button
          type="button"
          class="btn icon ghost"
          aria-label="Close"
          title="Close (Escape)"
          aria-keyshortcuts="Escape"
          onClick={closeLeadPanelOrPage}
        >
          <Icon name="x" />
        </button>
      </header>
      <div class="scroll" key={id} tabIndex={0} role="region" aria-label="Lead’s content">
        <LeadBody openLead={openLeadState} headingLevel={2} />
      </div>
    </aside>
  );
}
