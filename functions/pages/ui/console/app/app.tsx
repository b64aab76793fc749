// The application frame: navigation, the current screen, lead panel, command palette, toasts, sign-in, and the notice of a lost
// connection.

import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Board } from "../leads/board";
import { NewLeadScreen } from "../leads/new-lead";
import { openLeadId } from "../leads/open-lead";
import { Icon } from "../ui/icon";
import { Failure, Skeleton, useLoading } from "../ui/loading";
import { Empty, Failed } from "../ui/states";
import { Toasts } from "../ui/toast";
import { lastAnswerAt, reachable, useReachable } from "./connection";
import { ErrorBoundary } from "./error-boundary";
import { fetchedLater } from "./fetched-later";
import { Navigation } from "./navigation";
import { openPalette, Palette } from "./palette";
import { LOW_PLACES, PLACES } from "./places";
import { go, type Route, useRoute } from "./route";
import { session, type User } from "./session";
import { useShortcut } from "./shortcuts";
import { openShortcuts, ShortcutsDialog } from "./shortcuts-dialog";
import { SignInAgain, SignInScreen } from "./sign-in";
import { readTeam, TeamContext } from "./team";

export function App({ fault }: { fault: string | undefined }): JSX.Element {
  const state = session.value;
  // The error of a failed sign-in is shown until a user has signed in.
  const hadSession = useRef(false);
  if (state.is !== "out") hadSession.current = true;
  if (state.is === "out") return <SignInScreen fault={hadSession.current ? undefined : fault} />;
  return (
    <>
      <Frame user={state.user} />
      {state.is === "lost" ? <SignInAgain user={state.user} /> : null}
    </>
  );
}

const writtenTime = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

function OfflineStrip(): JSX.Element | null {
  if (useReachable()) return null;
  return (
    <p class="strip" role="status">
      <Icon name="cloud-off" />
      No connection. You see what was there at {writtenTime.format(lastAnswerAt.peek())}, and changes are not saved.
    </p>
  );
}

function Frame({ user }: { user: User }): JSX.Element {
  const route = useRoute();
  const team = useLoading(readTeam, []);
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  useEffect(() => fetchForRoute(route), []);
  // Navigation moves the focus to `main`, for users of keyboards and screen readers. Opening the panel changes only the query,
  // so the focus stays.
  useEffect(() => {
    if (first.current) first.current = false;
    else main.current?.focus({ preventScroll: true });
  }, [route.screen, route.rest]);
  useShortcut("mod+k", openPalette, "Search and commands");
  useShortcut("c", user.role === "Viewer" ? undefined : () => go("/new"), "New lead");
  useShortcut("g b", () => go("/board"), "Board");
  useShortcut("g l", () => go("/leads"), "Leads");
  useShortcut("g d", () => go("/dashboard"), "Dashboard");
  useShortcut("?", openShortcuts, "Show shortcuts");
  const lead = openLeadId(route);
  const screenStyle = route.screen === "board" ? "" : "sheet";
  if (team.value === undefined) {
    return (
      <div class="app">
        <OfflineStrip />
        <Navigation user={user} />
        <main ref={main} id="main" tabIndex={-1} class={screenStyle}>
          {team.error ? (
            <Failed heading="h1" title="The team could not be read" error={team.error} retry={team.reload} />
          ) : (
            <Skeleton lines={6} />
          )}
        </main>
        <Toasts />
      </div>
    );
  }
  return (
    <TeamContext.Provider value={{ ...team.value, user, reload: team.reload }}>
      <div class="app">
        <button type="button" class="btn primary skip" onClick={() => main.current?.focus()}>
          Skip to content
        </button>
        <OfflineStrip />
        <Navigation user={user} />
        <main ref={main} id="main" tabIndex={-1} class={screenStyle}>
          {team.error ? <Failure error={team.error} retry={team.reload} /> : null}
          <ErrorBoundary heading="h1" place={`${route.screen}/${route.rest}`}>
            <Screen route={route} />
          </ErrorBoundary>
        </main>
        {lead === undefined ? null : (
          <ErrorBoundary place={String(lead)}>
            <LeadPanel id={lead} />
          </ErrorBoundary>
        )}
        <Toasts />
      </div>
      <Palette />
      <ShortcutsDialog />
    </TeamContext.Provider>
  );
}

const List = fetchedLater(() => import("../leads/list").then(({ List }) => List));
const LeadScreen = fetchedLater(() => import("../leads/lead").then(({ LeadScreen }) => LeadScreen));
const LeadPanel = fetchedLater(
  () => import("../leads/lead").then(({ LeadPanel }) => LeadPanel),
  ({ children }) => <aside class="panel">{children}</aside>,
);
const Dashboard = fetchedLater(() => import("../dashboard/dashboard").then(({ Dashboard }) => Dashboard));
const Import = fetchedLater(() => import("../import/import").then(({ Import }) => Import));
const Settings = fetchedLater(() => import("../settings/settings").then(({ Settings }) => Settings));

/** Lazily loaded components, ordered by how likely they are needed next. */
const FETCHED_LATER = [LeadPanel, LeadScreen, List, Dashboard, Settings, Import];
const PREFETCH_DELAY_MS = 2000;

function prefetch(): void {
  // Browsers cache a failed import of a module, so nothing is fetched while offline.
  if (!reachable.peek() || !navigator.onLine) return;
  for (const { fetch } of FETCHED_LATER) fetch().catch(() => undefined);
}

/** Fetches the components of a route in parallel with the team's data. */
function fetchForRoute(route: Route): void {
  const { screen, rest } = route;
  const fetched = [
    screen === "leads" && (rest === "" ? List : LeadScreen),
    screen === "dashboard" && Dashboard,
    screen === "import" && Import,
    screen === "settings" && Settings,
    openLeadId(route) !== undefined && LeadPanel,
  ];
  for (const component of fetched) if (component) component.fetch().catch(() => undefined);
}

function Screen({ route }: { route: Route }): JSX.Element {
  const { screen, rest } = route;
  // The lead page sets the document's title to the lead's name.
  const ofLead = screen === "leads" && rest !== "";
  const title = ofLead ? undefined : [...PLACES, ...LOW_PLACES].find((place) => place.screen === screen)?.title;
  useEffect(() => {
    if (title) document.title = `${title} · Leads`;
  }, [title]);
  useEffect(() => {
    const timer = setTimeout(() => {
      if ("requestIdleCallback" in window) requestIdleCallback(prefetch);
      else prefetch();
    }, PREFETCH_DELAY_MS);
    return () => clearTimeout(timer);
  }, []);
  if (screen === "board") return <Board />;
  if (screen === "leads" && rest === "") return <List />;
  if (screen === "new") return <NewLeadScreen />;
  if (screen === "leads" && Number(rest) > 0) return <LeadScreen key={rest} id={Number(rest)} />;
  if (screen === "dashboard") return <Dashboard />;
  if (screen === "import") return <Import />;
  if (screen === "settings") return <Settings />;
  return <NotFound />;
}

function NotFound(): JSX.Element {
  useEffect(() => {
    document.title = "Not found · Leads";
  }, []);
  return (
    <Empty heading="h1" icon="circle-help" title="There is no such screen" text="The address may be old or cut short.">
      <a class="btn" href="#/board">
        Go to the board
      </a>
    </Empty>
  );
}
