// The command palette: finds leads, runs commands and opens screens by keyboard.

import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { isLongEnoughToSearch } from "../leads/list-query";
import { buildLeadUrl } from "../leads/open-lead";
import { buildViewPath, loadSavedViews, savedViewsSignal } from "../leads/views-api";
import { Avatar, getDisplayName } from "../ui/face";
import { Icon } from "../ui/icon";
import type { IconName } from "../ui/icons";
import { Kbd } from "../ui/kbd";
import { StatusPill } from "../ui/status";
import { api, describeError, getDataAndResponseOrThrow, type LeadSummary, sleep } from "./api";
import { navigate } from "./route";
import { type ColorScheme, colorSchemeSignal, setColorScheme } from "./scheme";
import { filterScreenEntriesForUser, MAIN_SCREEN_ENTRIES, SECONDARY_SCREEN_ENTRIES } from "./screen-entries";
import { signOut } from "./session";
import { openShortcutsDialog } from "./shortcuts-dialog";
import { useTeam } from "./team";

const MAX_LEAD_RESULTS = 7;
/** The search is sent when nothing was typed for this long. */
const SEARCH_DEBOUNCE_MS = 120;

const isPaletteOpenSignal = signal(false);

export const openCommandPalette = (): void => {
  isPaletteOpenSignal.value = true;
};

interface LeadSearchResults {
  text: string;
  leads: LeadSummary[];
  isComplete: boolean;
  error?: unknown;
}

const EMPTY_LEAD_SEARCH_RESULTS: LeadSearchResults = { text: "", leads: [], isComplete: true };

async function searchLeads(text: string): Promise<LeadSearchResults> {
  if (!isLongEnoughToSearch(text)) return { ...EMPTY_LEAD_SEARCH_RESULTS, text };
  try {
    const searchRequestQuery = { search: text, limit: MAX_LEAD_RESULTS };
    const { data, response } = await getDataAndResponseOrThrow(
      api.GET("/leads/search", { params: { query: searchRequestQuery } }),
    );
    return { text, leads: data, isComplete: response.headers.get("search-complete") !== "false" };
  } catch (error) {
    return { ...EMPTY_LEAD_SEARCH_RESULTS, text, error };
  }
}

/** Returns the latest result of the search for leads. `isPending` if that result is for an earlier text. */
function useLeadSearch(text: string): { latestResult: LeadSearchResults; isPending: boolean } {
  const [latestResult, setLatestResult] = useState(EMPTY_LEAD_SEARCH_RESULTS);
  useEffect(() => {
    let isTextCurrent = true;
    const searchLeadsAfterDebounce = async () => {
      if (isLongEnoughToSearch(text)) await sleep(SEARCH_DEBOUNCE_MS);
      if (!isTextCurrent) return;
      const newSearchResults = await searchLeads(text);
      if (isTextCurrent) setLatestResult(newSearchResults);
    };
    searchLeadsAfterDebounce();
    return () => {
      isTextCurrent = false;
    };
  }, [text]);
  return { latestResult, isPending: latestResult.text !== text };
}

interface PaletteItemData {
  id: string;
  kind: "Leads" | "Commands" | "Go to";
  lead?: LeadSummary;
  label: string;
  icon?: IconName;
  keys?: string | undefined;
  run: (opensFullPage: boolean) => void;
}

const COLOR_SCHEME_COMMANDS: { value: ColorScheme; label: string; icon: IconName }[] = [
  { value: "light", label: "Use the light scheme", icon: "sun" },
  { value: "dark", label: "Use the dark scheme", icon: "moon" },
  { value: "system", label: "Use the system’s scheme", icon: "monitor" },
];

export function CommandPalette(): JSX.Element | null {
  return isPaletteOpenSignal.value ? <PaletteDialog /> : null;
}

function usePaletteItems(text: string, leads: LeadSummary[]): PaletteItemData[] {
  const { user, mayWrite } = useTeam();
  const searchWords = text.toLowerCase().split(/\s+/).filter(Boolean);
  const itemMatchesSearchWords = ({ label }: PaletteItemData) =>
    searchWords.every((word) => label.toLowerCase().includes(word));
  const leadPaletteItems = leads.map(
    (lead): PaletteItemData => ({
      id: `lead-${lead.id}`,
      kind: "Leads",
      lead,
      label: getDisplayName(lead),
      run: (opensFullPage) => navigate(opensFullPage ? `/leads/${lead.id}` : buildLeadUrl(lead.id).slice(1)),
    }),
  );
  const newLeadPaletteItem: PaletteItemData = {
    id: "new-lead",
    kind: "Commands",
    label: text ? `New lead “${text}”` : "New lead",
    icon: "plus",
    keys: "c",
    run: () => navigate(text ? `/new?${new URLSearchParams({ name: text })}` : "/new"),
  };
  const commandPaletteItems: PaletteItemData[] = [
    ...COLOR_SCHEME_COMMANDS.filter(({ value }) => value !== colorSchemeSignal.value).map(
      ({ value, label, icon }): PaletteItemData => ({
        id: `scheme-${value}`,
        kind: "Commands",
        label,
        icon,
        run: () => setColorScheme(value),
      }),
    ),
    {
      id: "shortcuts",
      kind: "Commands",
      label: "Show shortcuts",
      icon: "keyboard",
      keys: "?",
      run: openShortcutsDialog,
    },
    { id: "sign-out", kind: "Commands", label: "Sign out", icon: "log-out", run: signOut },
  ];
  const navigationPaletteItems: PaletteItemData[] = [
    ...filterScreenEntriesForUser(user, [...MAIN_SCREEN_ENTRIES, ...SECONDARY_SCREEN_ENTRIES]).map(
      ({ screen, title, icon, keys }): PaletteItemData => ({
        id: `place-${screen}`,
        kind: "Go to",
        label: title,
        icon,
        keys,
        run: () => navigate(`/${screen}`),
      }),
    ),
    ...(savedViewsSignal.value ?? []).map(
      (view): PaletteItemData => ({
        id: `view-${view.id}`,
        kind: "Go to",
        label: `View ${view.name}`,
        icon: view.layout === "board" ? "square-kanban" : "rows-3",
        run: () => navigate(buildViewPath(view)),
      }),
    ),
    {
      id: "place-docs",
      kind: "Go to",
      label: "API reference",
      icon: "book-open",
      run: () => location.assign("/docs"),
    },
  ];
  return [
    ...leadPaletteItems,
    ...(mayWrite ? [newLeadPaletteItem] : []),
    ...commandPaletteItems.filter(itemMatchesSearchWords),
    ...navigationPaletteItems.filter(itemMatchesSearchWords),
  ];
}

function PaletteDialog(): JSX.Element {
  const { statuses } = useTeam();
  const [typedText, setTypedText] = useState("");
  const [highlightedItemId, setHighlightedItemId] = useState<string>();
  /** Set if the user pressed Enter before the search was complete. When it is complete, the first result opens. */
  const [pendingEnter, setPendingEnter] = useState<{ opensFullPage: boolean }>();
  const dialogRef = useRef<HTMLDialogElement>(null);
  const listboxRef = useRef<HTMLDivElement>(null);
  const listboxId = useId();
  const searchText = typedText.trim();
  const { latestResult, isPending } = useLeadSearch(searchText);
  const paletteItems = usePaletteItems(searchText, latestResult.leads);
  const highlightedItemIndex = Math.max(
    0,
    paletteItems.findIndex((hit) => hit.id === highlightedItemId),
  );
  useEffect(() => {
    // If the saved views cannot be read, the palette works without them. The board and the list show the error.
    if (savedViewsSignal.peek() === undefined) loadSavedViews().catch(() => undefined);
  }, []);
  useLayoutEffect(() => {
    const dialogElement = dialogRef.current;
    dialogElement?.showModal();
    return () => dialogElement?.close();
  }, []);
  useEffect(() => {
    listboxRef.current?.querySelector(".on")?.scrollIntoView({ block: "nearest" });
  }, [highlightedItemIndex, paletteItems.length]);
  const closePalette = () => {
    // The dialog closes before the chosen command runs, because closing returns the focus to where it was. The command may then
    // move the focus.
    dialogRef.current?.close();
    isPaletteOpenSignal.value = false;
  };
  const runPaletteItem = (hit: PaletteItemData | undefined, opensFullPage: boolean) => {
    if (!hit) return;
    closePalette();
    hit.run(opensFullPage);
  };
  useEffect(() => {
    if (pendingEnter && !isPending) runPaletteItem(paletteItems[highlightedItemIndex], pendingEnter.opensFullPage);
  }, [pendingEnter, isPending]);
  const handleSearchInputKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    const isCtrlOrMetaPressed = event.ctrlKey || event.metaKey;
    const highlightIndexStep = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (highlightIndexStep)
      setHighlightedItemId(
        paletteItems[(highlightedItemIndex + highlightIndexStep + paletteItems.length) % paletteItems.length]?.id,
      );
    else if (event.key === "Enter" && isPending && highlightedItemId === undefined && isLongEnoughToSearch(searchText))
      setPendingEnter({ opensFullPage: isCtrlOrMetaPressed });
    else if (event.key === "Enter") runPaletteItem(paletteItems[highlightedItemIndex], isCtrlOrMetaPressed);
    else if (isCtrlOrMetaPressed && event.key.toLowerCase() === "k") closePalette();
    else return;
    event.preventDefault();
  };
  const shownItemKinds = (["Leads", "Commands", "Go to"] as const).filter((kind) =>
    paletteItems.some((hit) => hit.kind === kind),
  );
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes the dialog by keyboard.
    <dialog
      ref={dialogRef}
      class="palette"
      aria-label="Search and commands"
      onClose={() => {
        isPaletteOpenSignal.value = false;
      }}
      // Only a click on the backdrop has the dialog itself as its target.
      onClick={({ target, currentTarget }) => target === currentTarget && closePalette()}
    >
      <div class="row">
        <Icon name="search" />
        <input
          type="text"
          role="combobox"
          aria-expanded="true"
          aria-controls={listboxId}
          aria-activedescendant={
            paletteItems[highlightedItemIndex] ? `${listboxId}-${paletteItems[highlightedItemIndex].id}` : undefined
          }
          aria-label="Search leads and commands"
          placeholder="Search leads and commands"
          autocomplete="off"
          spellcheck={false}
          value={typedText}
          onInput={({ currentTarget }) => {
            setTypedText(currentTarget.value);
            setHighlightedItemId(undefined);
            setPendingEnter(undefined);
          }}
          onKeyDown={handleSearchInputKeyDown}
        />
        <kbd>Esc</kbd>
        <button type="button" class="btn ghost icon slim" aria-label="Close" onClick={closePalette}>
          <Icon name="x" />
        </button>
      </div>
      {latestResult.error ? (
        <p class="bad" role="alert">
          Leads could not be searched. {describeError(latestResult.error)}
        </p>
      ) : null}
      <p class="unseen" role="status">
        {isPending ? "" : `${paletteItems.length} results`}
      </p>
      <div id={listboxId} ref={listboxRef} role="listbox" aria-label="Results" aria-busy={isPending}>
        {shownItemKinds.map((kind) => (
          <div key={kind} role="group" aria-labelledby={`${listboxId}-${kind.replace(" ", "-")}`}>
            <p class="kind" role="presentation" id={`${listboxId}-${kind.replace(" ", "-")}`}>
              {kind}
            </p>
            <div class="hits" role="presentation">
              {paletteItems
                .filter((hit) => hit.kind === kind)
                .map((hit) => (
                  // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus.
                  // biome-ignore lint/a11y/useKeyWithClickEvents: the field handles the keys.
                  <div
                    key={hit.id}
                    id={`${listboxId}-${hit.id}`}
                    class={hit === paletteItems[highlightedItemIndex] ? "item on" : "item"}
                    role="option"
                    aria-selected={hit === paletteItems[highlightedItemIndex]}
                    onPointerMove={() => setHighlightedItemId(hit.id)}
                    onClick={(event) => runPaletteItem(hit, event.ctrlKey || event.metaKey)}
                  >
                    <PaletteItemContent
                      item={hit}
                      status={statuses.find((status) => status.id === hit.lead?.statusId)}
                    />
                  </div>
                ))}
            </div>
          </div>
        ))}
      </div>
      {latestResult.isComplete ? null : (
        <p class="small quiet">Not all leads were searched. Write more to find the others.</p>
      )}
      <footer class="wide">
        <span>
          <kbd>↑</kbd> <kbd>↓</kbd> Choose
        </span>
        <span>
          <kbd>↵</kbd> Open
        </span>
        <span>
          <Kbd keys="mod+Enter" /> Open as a page
        </span>
      </footer>
    </dialog>
  );
}

function PaletteItemContent({
  item,
  status,
}: {
  item: PaletteItemData;
  status: Parameters<typeof StatusPill>[0]["status"] | undefined;
}): JSX.Element {
  const { lead, label, icon, keys } = item;
  return (
    <>
      {lead ? <Avatar person={lead} /> : icon ? <Icon name={icon} /> : null}
      <span class="cut" title={label}>
        <bdi>{label}</bdi>
      </span>
      {lead ? (
        <span class="quiet cut">
          <bdi>{lead.company || lead.email}</bdi>
        </span>
      ) : null}
      {status ? (
        <span class="end row">
          <StatusPill status={status} />
        </span>
      ) : null}
      {keys ? <Kbd keys={keys} /> : null}
    </>
  );
}
