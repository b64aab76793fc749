// The application frame: navigation, the current screen, lead panel, command palette, toasts, sign-in, and the notice of a lost
// connection.

import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { BoardScreen } from "../leads/board";
import { NewLeadScreen } from "../leads/new-lead";
import { getPanelLeadId } from "../leads/open-lead";
import { Icon } from "../ui/icon";
import { ErrorNote, Skeleton, useLoadable } from "../ui/loading";
import { EmptyState, ErrorPlaceholder } from "../ui/states";
import { Toasts } from "../ui/toast";
import { lastResponseAtMsSignal, useIsApiReachable } from "./connection";
import { ErrorBoundary } from "./error-boundary";
import { createLazyComponent, type LazyComponentType } from "./lazy-component";
import { Navigation } from "./navigation";
import { CommandPalette, openCommandPalette } from "./palette";
import { navigate, type ParsedRoute, useRoute } from "./route";
import { MAIN_SCREEN_ENTRIES, SECONDARY_SCREEN_ENTRIES } from "./screen-entries";
import { sessionStateSignal, type User } from "./session";
import { useShortcut } from "./shortcuts";
import { openShortcutsDialog, ShortcutsDialog } from "./shortcuts-dialog";
import { SignInAgainDialog, SignInScreen } from "./sign-in";
import { readStatusesAndBusinesses, TeamContext } from "./team";

export function App({ signInError }: { signInError: string | undefined }): JSX.Element {
  const sessionState = sessionStateSignal.value;
  // The error of a failed sign-in is shown until a user has signed in.
  const hadSessionRef = useRef(false);
  if (sessionState.is !== "out") hadSessionRef.current = true;
  if (sessionState.is === "out") return <SignInScreen signInError={hadSessionRef.current ? undefined : signInError} />;
  return (
    <>
      <AppFrame user={sessionState.user} />
      {sessionState.is === "lost" ? <SignInAgainDialog user={sessionState.user} /> : null}
    </>
  );
}

const clockTimeFormatter = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

function OfflineNotice(): JSX.Element | null {
  if (useIsApiReachable()) return null;
  return (
    <p class="strip" role="status">
      <Icon name="cloud-off" />
      No connection. You see what was there at {clockTimeFormatter.format(lastResponseAtMsSignal.peek())}, and changes
      are not saved.
    </p>
  );
}

function AppFrame({ user }: { user: User }): JSX.Element {
  const currentRoute = useRoute();
  const loadableTeamData = useLoadable(readStatusesAndBusinesses, []);
  const mainElementRef = useRef<HTMLElement>(null);
  const isFirstRenderRef = useRef(true);
  useEffect(() => prefetchRouteComponents(currentRoute), []);
  // Navigation moves the focus to `main`, for users of keyboards and screen readers. Opening the panel changes only the query,
  // so the focus stays.
  useEffect(() => {
    if (isFirstRenderRef.current) isFirstRenderRef.current = false;
    else mainElementRef.current?.focus({ preventScroll: true });
  }, [currentRoute.screen, currentRoute.subpath]);
  useShortcut("mod+k", openCommandPalette, "Search and commands");
  useShortcut("c", user.role === "Viewer" ? undefined : () => navigate("/new"), "New lead");
  useShortcut("g b", () => navigate("/board"), "Board");
  useShortcut("g l", () => navigate("/leads"), "Leads");
  useShortcut("g d", () => navigate("/dashboard"), "Dashboard");
  useShortcut("?", openShortcutsDialog, "Show shortcuts");
  const panelLeadId = getPanelLeadId(currentRoute);
  const mainElementClass = currentRoute.screen === "board" ? "" : "sheet";
  if (loadableTeamData.value === undefined) {
    return (
      <div class="app">
        <OfflineNotice />
        <Navigation user={user} />
        <main ref={mainElementRef} id="main" tabIndex={-1} class={mainElementClass}>
          {loadableTeamData.error ? (
            <ErrorPlaceholder
              heading="h1"
              title="The team could not be read"
              error={loadableTeamData.error}
              retry={loadableTeamData.reload}
            />
          ) : (
            <Skeleton lines={6} />
          )}
        </main>
        <Toasts />
      </div>
    );
  }
  return (
    <TeamContext.Provider value={{ ...loadableTeamData.value, user, reload: loadableTeamData.reload }}>
      <div class="app">
        <button type="button" class="btn primary skip" onClick={() => mainElementRef.current?.focus()}>
          Skip to content
        </button>
        <OfflineNotice />
        <Navigation user={user} />
        <main ref={mainElementRef} id="main" tabIndex={-1} class={mainElementClass}>
          {loadableTeamData.error ? <ErrorNote error={loadableTeamData.error} retry={loadableTeamData.reload} /> : null}
          <ErrorBoundary heading="h1" contentKey={`${currentRoute.screen}/${currentRoute.subpath}`}>
            <CurrentScreen route={currentRoute} />
          </ErrorBoundary>
        </main>
        {panelLeadId === undefined ? null : (
          <ErrorBoundary contentKey={String(panelLeadId)}>
            <LeadPanel id={panelLeadId} />
          </ErrorBoundary>
        )}
        <Toasts />
      </div>
      <CommandPalette />
      <ShortcutsDialog />
    </TeamContext.Provider>
  );
}

const LeadListScreen = createLazyComponent(() => import("../leads/list").then(({ ListScreen }) => ListScreen));
const LeadScreen = createLazyComponent(() => import("../leads/lead").then(({ LeadScreen }) => LeadScreen));
const LeadPanel = createLazyComponent(
  () => import("../leads/lead").then(({ LeadPanel }) => LeadPanel),
  ({ children }) => <aside class="panel">{children}</aside>,
);
/** Lazily loaded screens without properties, by their name in the URL. */
const LAZY_SCREENS_BY_NAME = new Map<string, LazyComponentType<object>>([
  [
    "dashboard",
    createLazyComponent(() => import("../dashboard/dashboard").then(({ DashboardScreen }) => DashboardScreen)),
  ],
  ["settings", createLazyComponent(() => import("../settings/settings").then(({ SettingsScreen }) => SettingsScreen))],
  ["import", createLazyComponent(() => import("../import/import").then(({ ImportScreen }) => ImportScreen))],
]);

/** Lazily loaded components, ordered by how likely they are needed next. */
const LAZY_COMPONENTS = [LeadPanel, LeadScreen, LeadListScreen, ...LAZY_SCREENS_BY_NAME.values()];
const PREFETCH_DELAY_MS = 2000;

function prefetchComponents(): void {
  for (const { fetch } of LAZY_COMPONENTS) fetch().catch(() => undefined);
}

/** Fetches the components of a route in parallel with the team's data. */
function prefetchRouteComponents(route: ParsedRoute): void {
  const { screen, subpath } = route;
  const routeComponents = [
    screen === "leads" && (subpath === "" ? LeadListScreen : LeadScreen),
    LAZY_SCREENS_BY_NAME.get(screen),
    getPanelLeadId(route) !== undefined && LeadPanel,
  ];
  for (const routeComponent of routeComponents) if (routeComponent) routeComponent.fetch().catch(() => undefined);
}

function CurrentScreen({ route }: { route: ParsedRoute }): JSX.Element {
  const { screen, subpath } = route;
  // The lead page sets the document's title to the lead's name.
  const isLeadPage = screen === "leads" && subpath !== "";
  const screenTitle = isLeadPage
    ? undefined
    : [...MAIN_SCREEN_ENTRIES, ...SECONDARY_SCREEN_ENTRIES].find((place) => place.screen === screen)?.title;
  useEffect(() => {
    if (screenTitle) document.title = `${screenTitle} · Leads`;
  }, [screenTitle]);
  useEffect(() => {
    const prefetchTimer = setTimeout(() => {
      if ("requestIdleCallback" in window) requestIdleCallback(prefetchComponents);
      else prefetchComponents();
    }, PREFETCH_DELAY_MS);
    return () => clearTimeout(prefetchTimer);
  }, []);
  if (screen === "board") return <BoardScreen />;
  if (screen === "leads" && subpath === "") return <LeadListScreen />;
  if (screen === "new") return <NewLeadScreen />;
  if (screen === "leads" && Number(subpath) > 0) return <LeadScreen key={subpath} id={Number(subpath)} />;
  const CurrentLazyScreen = LAZY_SCREENS_BY_NAME.get(screen);
  return CurrentLazyScreen ? <CurrentLazyScreen key={screen} /> : <NotFoundScreen />;
}

function NotFoundScreen(): JSX.Element {
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
