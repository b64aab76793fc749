// The lead panel beside the board or the list. Closing it keeps the scroll position, filters and focus of the screen.

import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { useShortcut } from "../app/shortcuts";
import { fullName } from "../ui/face";
import { Icon } from "../ui/icon";
import { LeadBody, useOpenLead } from "./lead-body";
import { LeadMenu, useLeadKeys, useWalk, WalkButtons } from "./lead-walk";
import { closeLead } from "./open-lead";

/** Media query for a phone, on which the panel covers the whole screen. */
const PHONE = "(width < 48rem)";

/** Finds the link to a lead on the screen beside the panel. */
function linkOf(id: number): HTMLElement | undefined {
  const links = document.querySelectorAll<HTMLAnchorElement>('main a[href*="lead="]');
  return [...links].find(({ hash }) => new URLSearchParams(hash.split("?")[1]).get("lead") === String(id));
}

/**
 * Focuses the panel when it opens. When it closes, the focus returns to the lead's link, or to the element that had it before.
 */
function usePanelFocus(panel: { current: HTMLElement | null }, id: number): void {
  const latest = useRef(id);
  latest.current = id;
  useLayoutEffect(() => {
    const before = document.activeElement;
    panel.current?.focus({ preventScroll: true });
    return () => {
      const { activeElement } = document;
      const isElsewhere = activeElement && activeElement !== document.body && !panel.current?.contains(activeElement);
      if (isElsewhere) return;
      const target = linkOf(latest.current) ?? (before instanceof HTMLElement ? before : undefined);
      target?.focus({ preventScroll: true });
    };
  }, []);
  // The focused element of the previous lead was removed, so the panel takes the focus.
  useEffect(() => {
    if (document.activeElement === document.body) panel.current?.focus({ preventScroll: true });
  }, [id]);
}

/** Makes the covered screen inert on a phone, so that it is not reachable by Tab or by a screen reader. */
function useCovering(): void {
  useLayoutEffect(() => {
    const phone = matchMedia(PHONE);
    const covered = [...document.querySelectorAll<HTMLElement>(".app > main, .app > .side")];
    const cover = (on: boolean) => {
      for (const element of covered) element.inert = on;
    };
    const follow = () => cover(phone.matches);
    follow();
    phone.addEventListener("change", follow);
    return () => {
      phone.removeEventListener("change", follow);
      cover(false);
    };
  }, []);
}

export function LeadPanel({ id }: { id: number }): JSX.Element {
  const panel = useRef<HTMLElement>(null);
  const open = useOpenLead(id);
  const walk = useWalk(id);
  // `useCovering` comes first: its cleanup must make the screen focusable before the cleanup of `usePanelFocus` returns the
  // focus to it.
  useCovering();
  usePanelFocus(panel, id);
  useLeadKeys(open, panel);
  useShortcut("Escape", closeLead, "Close the lead");
  const name = open.version ? fullName(open.version.lead) : "";
  useEffect(() => {
    if (!name) return undefined;
    const before = document.title;
    document.title = `${name} · Leads`;
    return () => {
      document.title = before;
    };
  }, [name]);
  return (
    <aside
      ref={panel}
      class="panel"
      aria-label="Lead"
      tabIndex={-1}
      onKeyDown={(event) => {
        const { target } = event;
        const isText = target instanceof HTMLTextAreaElement || target instanceof HTMLInputElement;
        if (event.key !== "Escape" || event.defaultPrevented || event.isComposing || !isText) return;
        // The first Escape moves the focus from the text field to the panel, and keeps the text. The next Escape closes the
        // panel.
        event.preventDefault();
        panel.current?.focus();
      }}
    >
      <header>
        <span class="small quiet num cut">{walk.place}</span>
        <span class="push" />
        <WalkButtons walk={walk} />
        <LeadMenu open={open} />
        <a class="btn icon ghost" href={`#/leads/${id}`} aria-label="Open as a page" title="Open as a page">
          <Icon name="maximize-2" />
        </a>
        <button
          type="button"
          class="btn icon ghost"
          aria-label="Close"
          title="Close (Escape)"
          aria-keyshortcuts="Escape"
          onClick={closeLead}
        >
          <Icon name="x" />
        </button>
      </header>
      <div class="scroll" key={id} tabIndex={0} role="region" aria-label="Lead’s content">
        <LeadBody open={open} level={2} />
      </div>
    </aside>
  );
}
