// The command palette: finds leads, runs commands and opens screens by keyboard.

import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { isSearchable } from "../leads/list-query";
import { leadHref } from "../leads/open-lead";
import { addressOfView, readViews, views } from "../leads/views-api";
import { Face, fullName } from "../ui/face";
import { Icon } from "../ui/icon";
import type { IconName } from "../ui/icons";
import { Kbd } from "../ui/kbd";
import { StatusPill } from "../ui/status";
import { api, describeError, type LeadSummary, unwrapResponse, wait } from "./api";
import { LOW_PLACES, PLACES, placesFor } from "./places";
import { go } from "./route";
import { type Scheme, scheme, setScheme } from "./scheme";
import { signOut } from "./session";
import { openShortcuts } from "./shortcuts-dialog";
import { useTeam } from "./team";

const MAX_LEADS = 7;
/** The search is sent when nothing was typed for this long. */
const PAUSE_MS = 120;

const open = signal(false);

export const openPalette = (): void => {
  open.value = true;
};

interface Found {
  text: string;
  leads: LeadSummary[];
  complete: boolean;
  error?: unknown;
}

const NOTHING: Found = { text: "", leads: [], complete: true };

async function search(text: string): Promise<Found> {
  if (!isSearchable(text)) return { ...NOTHING, text };
  try {
    const query = { search: text, limit: MAX_LEADS };
    const { data, response } = await unwrapResponse(api.GET("/leads/search", { params: { query } }));
    return { text, leads: data, complete: response.headers.get("search-complete") !== "false" };
  } catch (error) {
    return { ...NOTHING, text, error };
  }
}

/** Returns the latest result, and whether that result is for an older text. */
function useSearch(text: string): { found: Found; pending: boolean } {
  const [found, setFound] = useState(NOTHING);
  useEffect(() => {
    let current = true;
    const look = async () => {
      if (isSearchable(text)) await wait(PAUSE_MS);
      if (!current) return;
      const next = await search(text);
      if (current) setFound(next);
    };
    look();
    return () => {
      current = false;
    };
  }, [text]);
  return { found, pending: found.text !== text };
}

interface Hit {
  id: string;
  kind: "Leads" | "Commands" | "Go to";
  lead?: LeadSummary;
  label: string;
  icon?: IconName;
  keys?: string | undefined;
  run: (asPage: boolean) => void;
}

const SCHEMES: { value: Scheme; label: string; icon: IconName }[] = [
  { value: "light", label: "Use the light scheme", icon: "sun" },
  { value: "dark", label: "Use the dark scheme", icon: "moon" },
  { value: "system", label: "Use the system’s scheme", icon: "monitor" },
];

export function Palette(): JSX.Element | null {
  return open.value ? <OpenPalette /> : null;
}

function useHits(text: string, leads: LeadSummary[]): Hit[] {
  const { user, mayWrite } = useTeam();
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const matches = ({ label }: Hit) => words.every((word) => label.toLowerCase().includes(word));
  const ofLeads = leads.map(
    (lead): Hit => ({
      id: `lead-${lead.id}`,
      kind: "Leads",
      lead,
      label: fullName(lead),
      run: (asPage) => go(asPage ? `/leads/${lead.id}` : leadHref(lead.id).slice(1)),
    }),
  );
  const newLead: Hit = {
    id: "new-lead",
    kind: "Commands",
    label: text ? `New lead “${text}”` : "New lead",
    icon: "plus",
    keys: "c",
    run: () => go(text ? `/new?${new URLSearchParams({ name: text })}` : "/new"),
  };
  const commands: Hit[] = [
    ...SCHEMES.filter(({ value }) => value !== scheme.value).map(
      ({ value, label, icon }): Hit => ({
        id: `scheme-${value}`,
        kind: "Commands",
        label,
        icon,
        run: () => setScheme(value),
      }),
    ),
    { id: "shortcuts", kind: "Commands", label: "Show shortcuts", icon: "keyboard", keys: "?", run: openShortcuts },
    { id: "sign-out", kind: "Commands", label: "Sign out", icon: "log-out", run: signOut },
  ];
  const places: Hit[] = [
    ...placesFor(user, [...PLACES, ...LOW_PLACES]).map(
      ({ screen, title, icon, keys }): Hit => ({
        id: `place-${screen}`,
        kind: "Go to",
        label: title,
        icon,
        keys,
        run: () => go(`/${screen}`),
      }),
    ),
    ...(views.value ?? []).map(
      (view): Hit => ({
        id: `view-${view.id}`,
        kind: "Go to",
        label: `View ${view.name}`,
        icon: view.layout === "board" ? "square-kanban" : "rows-3",
        run: () => go(addressOfView(view)),
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
  return [...ofLeads, ...(mayWrite ? [newLead] : []), ...commands.filter(matches), ...places.filter(matches)];
}

function OpenPalette(): JSX.Element {
  const { statuses } = useTeam();
  const [typed, setTyped] = useState("");
  const [chosen, setChosen] = useState<string>();
  /** Set if Enter was pressed while the search was pending. The first result opens when the search is complete. */
  const [entered, setEntered] = useState<{ asPage: boolean }>();
  const dialog = useRef<HTMLDialogElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const id = useId();
  const text = typed.trim();
  const { found, pending } = useSearch(text);
  const hits = useHits(text, found.leads);
  const at = Math.max(
    0,
    hits.findIndex((hit) => hit.id === chosen),
  );
  useEffect(() => {
    // If the saved views cannot be read, the palette works without them. The board and the list show the error.
    if (views.peek() === undefined) readViews().catch(() => undefined);
  }, []);
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  useEffect(() => {
    list.current?.querySelector(".on")?.scrollIntoView({ block: "nearest" });
  }, [at, hits.length]);
  const close = () => {
    // The dialog closes before the hit runs: closing returns the focus, and the hit may then move it.
    dialog.current?.close();
    open.value = false;
  };
  const run = (hit: Hit | undefined, asPage: boolean) => {
    if (!hit) return;
    close();
    hit.run(asPage);
  };
  useEffect(() => {
    if (entered && !pending) run(hits[at], entered.asPage);
  }, [entered, pending]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    const asPage = event.ctrlKey || event.metaKey;
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (move) setChosen(hits[(at + move + hits.length) % hits.length]?.id);
    else if (event.key === "Enter" && pending && chosen === undefined && isSearchable(text)) setEntered({ asPage });
    else if (event.key === "Enter") run(hits[at], asPage);
    else if (asPage && event.key.toLowerCase() === "k") close();
    else return;
    event.preventDefault();
  };
  const groups = (["Leads", "Commands", "Go to"] as const).filter((kind) => hits.some((hit) => hit.kind === kind));
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes it by keyboard.
    <dialog
      ref={dialog}
      class="palette"
      aria-label="Search and commands"
      onClose={() => {
        open.value = false;
      }}
      // Only a click on the backdrop has the dialog itself as its target.
      onClick={({ target, currentTarget }) => target === currentTarget && close()}
    >
      <div class="row">
        <Icon name="search" />
        <input
          type="text"
          role="combobox"
          aria-expanded="true"
          aria-controls={id}
          aria-activedescendant={hits[at] ? `${id}-${hits[at].id}` : undefined}
          aria-label="Search leads and commands"
          placeholder="Search leads and commands"
          autocomplete="off"
          spellcheck={false}
          value={typed}
          onInput={({ currentTarget }) => {
            setTyped(currentTarget.value);
            setChosen(undefined);
            setEntered(undefined);
          }}
          onKeyDown={onKeyDown}
        />
        <kbd>Esc</kbd>
        <button type="button" class="btn ghost icon slim" aria-label="Close" onClick={close}>
          <Icon name="x" />
        </button>
      </div>
      {found.error ? (
        <p class="bad" role="alert">
          Leads could not be searched. {describeError(found.error)}
        </p>
      ) : null}
      <p class="unseen" role="status">
        {pending ? "" : `${hits.length} results`}
      </p>
      <div id={id} ref={list} role="listbox" aria-label="Results" aria-busy={pending}>
        {groups.map((kind) => (
          <div key={kind} role="group" aria-labelledby={`${id}-${kind.replace(" ", "-")}`}>
            <p class="kind" role="presentation" id={`${id}-${kind.replace(" ", "-")}`}>
              {kind}
            </p>
            <div class="hits" role="presentation">
              {hits
                .filter((hit) => hit.kind === kind)
                .map((hit) => (
                  // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus.
                  // biome-ignore lint/a11y/useKeyWithClickEvents: the field handles the keys.
                  <div
                    key={hit.id}
                    id={`${id}-${hit.id}`}
                    class={hit === hits[at] ? "item on" : "item"}
                    role="option"
                    aria-selected={hit === hits[at]}
                    onPointerMove={() => setChosen(hit.id)}
                    onClick={(event) => run(hit, event.ctrlKey || event.metaKey)}
                  >
                    <HitContent hit={hit} status={statuses.find((status) => status.id === hit.lead?.statusId)} />
                  </div>
                ))}
            </div>
          </div>
        ))}
      </div>
      {found.complete ? null : <p class="small quiet">Not all leads were searched. Write more to find the others.</p>}
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

function HitContent({
  hit,
  status,
}: {
  hit: Hit;
  status: Parameters<typeof StatusPill>[0]["status"] | undefined;
}): JSX.Element {
  const { lead, label, icon, keys } = hit;
  return (
    <>
      {lead ? <Face of={lead} /> : icon ? <Icon name={icon} /> : null}
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
