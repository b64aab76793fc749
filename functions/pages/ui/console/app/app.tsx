// The application frame: navigation, the current screen, lead panel, command palette, toasts, sign-in, and the notice of a lost
// connection.

import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Board } from "../leads/board";
import { NewLeadScreen } from "../leads/new-lead";
import { openLeadId } from "../leads/open-lead";
import { Icon } from "../ui/icon";
import { ErrorNote, Skeleton, useLoading } from "../ui/loading";
import { EmptyState, ErrorPlaceholder } from "../ui/states";
import { Toasts } from "../ui/toast";
import { lastResponseAtMs, useReachable } from "./connection";
import { ErrorBoundary } from "./error-boundary";
import { lazyComponent } from "./lazy-component";
import { Navigation } from "./navigation";
import { openPalette, Palette } from "./palette";
import { navigate, type Route, useRoute } from "./route";
import { MAIN_SCREENS, SECONDARY_SCREENS } from "./screen-entries";
import { session, type User } from "./session";
import { useShortcut } from "./shortcuts";
import { openShortcutsDialog, ShortcutsDialog } from "./shortcuts-dialog";
import { SignInAgain, SignInScreen } from "./sign-in";
import { readTeam, TeamContext } from "./team";

export function App({ signInError }: { signInError: string | undefined }): JSX.Element {
  const sessionState = session.value;
  // The error of a failed sign-in is shown until a user has signed in.
  const hadSessionRef = useRef(false);
  if (sessionState.is !== "out") hadSessionRef.current = true;
  if (sessionState.is === "out") return <SignInScreen signInError={hadSessionRef.current ? undefined : signInError} />;
  return (
    <>
      <Frame user={sessionState.user} />
      {sessionState.is === "lost" ? <SignInAgain user={sessionState.user} /> : null}
    </>
  );
}

const timeFormat = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

function OfflineStrip(): JSX.Element | null {
  if (useReachable()) return null;
  return (
    <p class="strip" role="status">
      <Icon name="cloud-off" />
      No connection. You see what was there at {timeFormat.format(lastResponseAtMs.peek())}, and changes are not saved.
    </p>
  );
}

function Frame({ user }: { user: User }): JSX.Element {
  const route = useRoute();
  const team = useLoading(readTeam, []);
  const mainRef = useRef<HTMLElement>(null);
  const isFirstRenderRef = useRef(true);
  useEffect(() => fetchForRoute(route), []);
  // Navigation moves the focus to `main`, for users of keyboards and screen readers. Opening the panel changes only the query,
  // so the focus stays.
  useEffect(() => {
    if (isFirstRenderRef.current) isFirstRenderRef.current = false;
    else mainRef.current?.focus({ preventScroll: true });
  }, [route.screen, route.subpath]);
  useShortcut("mod+k", openPalette, "Search and commands");
  useShortcut("c", user.role === "Viewer" ? undefined : () => navigate("/new"), "New lead");
  useShortcut("g b", () => navigate("/board"), "Board");
  useShortcut("g l", () => navigate("/leads"), "Leads");
  useShortcut("g d", () => navigate("/dashboard"), "Dashboard");
  useShortcut("?", openShortcutsDialog, "Show shortcuts");
  const panelLeadId = openLeadId(route);
  const mainClass = route.screen === "board" ? "" : "sheet";
  if (team.value === undefined) {
    return (
      <div class="app">
        <OfflineStrip />
        <Navigation user={user} />
        <main ref={mainRef} id="main" tabIndex={-1} class={mainClass}>
          {team.error ? (
            <ErrorPlaceholder heading="h1" title="The team could not be read" error={team.error} retry={team.reload} />
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
        <button type="button" class="btn primary skip" onClick={() => mainRef.current?.focus()}>
          Skip to content
        </button>
        <OfflineStrip />
        <Navigation user={user} />
        <main ref={mainRef} id="main" tabIndex={-1} class={mainClass}>
          {team.error ? <ErrorNote error={team.error} retry={team.reload} /> : null}
          <ErrorBoundary heading="h1" contentKey={`${route.screen}/${route.subpath}`}>
            <CurrentScreen route={route} />
          </ErrorBoundary>
        </main>
        {panelLeadId === undefined ? null : (
          <ErrorBoundary contentKey={String(panelLeadId)}>
            <LeadPanel id={panelLeadId} />
          </ErrorBoundary>
        )}
        <Toasts />
      </div>
      <Palette />
      <ShortcutsDialog />
    </TeamContext.Provider>
  );
}

const List = lazyComponent(() => import("../leads/list").then(({ List }) => List));
const LeadScreen = lazyComponent(() => import("../leads/lead").then(({ LeadScreen }) => LeadScreen));
const LeadPanel = lazyComponent(
  () => import("../leads/lead").then(({ LeadPanel }) => LeadPanel),
  ({ children }) => <aside class="panel">{children}</aside>,
);
const Dashboard = lazyComponent(() => import("../dashboard/dashboard").then(({ Dashboard }) => Dashboard));
const Import = lazyComponent(() => import("../import/import").then(({ Import }) => Import));
const Settings = lazyComponent(() => import("../settings/settings").then(({ Settings }) => Settings));

/** Lazily loaded components, ordered by how likely they are needed next. */
const LAZY_COMPONENTS = [LeadPanel, LeadScreen, List, Dashboard, Settings, Import];
const PREFETCH_DELAY_MS = 2000;

function prefetch(): void {
  for (const { fetch } of LAZY_COMPONENTS) fetch().catch(() => undefined);
}

/** Fetches the components of a route in parallel with the team's data. */
function fetchForRoute(route: Route): void {
  const { screen, subpath } = route;
  const routeComponents = [
    screen === "leads" && (subpath === "" ? List : LeadScreen),
    screen === "dashboard" && Dashboard,
    screen === "import" && Import,
    screen === "settings" && Settings,
    openLeadId(route) !== undefined && LeadPanel,
  ];
  for (const component of routeComponents) if (component) component.fetch().catch(() => undefined);
}

function CurrentScreen({ route }: { route: Route }): JSX.Element {
  const { screen, subpath } = route;
  // The lead page sets the document's title to the lead's name.
  const isLeadPage = screen === "leads" && subpath !== "";
  const screenTitle = isLeadPage
    ? undefined
    : [...MAIN_SCREENS, ...SECONDARY_SCREENS].find((place) => place.screen === screen)?.title;
  useEffect(() => {
    if (screenTitle) document.title = `${screenTitle} · Leads`;
  }, [screenTitle]);
  useEffect(() => {
    const timer = setTimeout(() => {
      if ("requestIdleCallback" in window) requestIdleCallback(prefetch);
      else prefetch();
    }, PREFETCH_DELAY_MS);
    return () => clearTimeout(timer);
  }, []);
  if (screen === "board") return <Board />;
  if (screen === "leads" && subpath === "") return <List />;
  if (screen === "new") return <NewLeadScreen />;
  if (screen === "leads" && Number(subpath) > 0) return <LeadScreen key={subpath} id={Number(subpath)} />;
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
    <EmptyState
      heading="h1"
      icon="circle-help"
      title="There is no such screen"
      text="The address may be old or cut short."
    >
      <a class="btn" href="#/board">
        Go to the board
      </a>
    </EmptyState>
  );
}
