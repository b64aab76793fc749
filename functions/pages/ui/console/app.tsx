// The frame around the screens: navigation, who is signed in, what is wrong with the connection.

import type { ComponentType, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Board } from "./board";
import { useReachable } from "./connection";
import { LeadScreen } from "./lead";
import { Failure, Loaded, useLoading, Waiting } from "./loading";
import { Menu } from "./menu";
import { Messages } from "./messages";
import { NewLeadScreen } from "./new-lead";
import { type Route, useRoute } from "./route";
import { current, leave, listen, type User } from "./session";
import { SignInAgain, SignInScreen } from "./sign-in";
import { Table } from "./table";
import { readTeam, TeamContext } from "./team";

const SCREENS = [
  { name: "board", title: "Board", writes: false },
  { name: "table", title: "Leads", writes: false },
  { name: "dashboard", title: "Dashboard", writes: false },
  { name: "import", title: "Import", writes: true },
  { name: "settings", title: "Settings", writes: false },
];

export function App({ fault }: { fault: string | undefined }): JSX.Element {
  const [state, setState] = useState(current);
  // What went wrong with signing in is told once.
  const told = useRef(false);
  useEffect(() => {
    // It may have changed since it was drawn: another tab answers at once.
    setState(current());
    return listen((state) => {
      told.current = true;
      setState(state);
    });
  }, []);
  if (state.is === "out") return <SignInScreen fault={told.current ? undefined : fault} />;
  return (
    <>
      <Frame user={state.user} />
      {state.is === "lost" ? <SignInAgain user={state.user} /> : null}
    </>
  );
}

function Frame({ user }: { user: User }): JSX.Element {
  const route = useRoute();
  const reachable = useReachable();
  const team = useLoading(readTeam, []);
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  // Whoever follows a link is taken to what it shows, by keyboard and screen reader too.
  useEffect(() => {
    if (first.current) first.current = false;
    else main.current?.focus();
  }, [route.screen, route.rest]);
  return (
    <div class="frame">
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        Skip to the content
      </button>
      <header>
        <a class="brand" href="#/board">
          Leads
        </a>
        <nav aria-label="Screens">
          {SCREENS.filter(({ writes }) => !writes || user.role !== "Viewer").map(({ name, title }) => (
            <a key={name} href={`#/${name}`} aria-current={route.screen === name ? "page" : undefined}>
              {title}
            </a>
          ))}
        </nav>
        {user.role === "Viewer" ? null : (
          <a class="button primary" href="#/new">
            New lead
          </a>
        )}
        <Account user={user} />
      </header>
      {reachable ? null : (
        <p class="offline" role="status">
          There is no connection. What is shown may be out of date, and changes are not written.
        </p>
      )}
      <main ref={main} id="main" tabIndex={-1}>
        <Loaded of={team}>
          {(read) => (
            <TeamContext.Provider value={{ ...read, user, reload: team.reload }}>
              <Screen route={route} />
            </TeamContext.Provider>
          )}
        </Loaded>
      </main>
      <Messages />
    </div>
  );
}

function Account({ user }: { user: User }): JSX.Element {
  return (
    <Menu
      style="account"
      label={`Account: ${user.name}`}
      name={
        <span class="initials" aria-hidden="true">
          {user.name.slice(0, 1)}
        </span>
      }
    >
      <p>
        <strong>{user.name}</strong>
        <br />
        {user.email}
        <br />
        <span class="quiet">
          {user.role} of {user.team}
        </span>
      </p>
      <p>
        <a href="/docs">API reference</a>
      </p>
      <button type="button" onClick={leave}>
        Sign out
      </button>
    </Menu>
  );
}

/** A screen that is fetched when it is first shown. */
const LATER: Record<string, () => Promise<ComponentType>> = {
  dashboard: () => import("./dashboard").then(({ Dashboard }) => Dashboard),
  import: () => import("./import").then(({ Import }) => Import),
  settings: () => import("./settings").then(({ Settings }) => Settings),
};

function Screen({ route }: { route: Route }): JSX.Element {
  const { screen, rest } = route;
  const title = SCREENS.find(({ name }) => name === screen)?.title;
  useEffect(() => {
    if (title) document.title = `${title} · Leads`;
  }, [title]);
  if (screen === "board") return <Board />;
  if (screen === "table") return <Table query={route.query} />;
  if (screen === "new") return <NewLeadScreen />;
  if (screen === "leads" && Number(rest) > 0) return <LeadScreen key={rest} id={Number(rest)} />;
  const later = LATER[screen];
  if (later) return <Later key={screen} load={later} />;
  return (
    <>
      <h1>Not found</h1>
      <p>
        There is no such screen. <a href="#/board">Go to the board</a>
      </p>
    </>
  );
}

function Later({ load }: { load: () => Promise<ComponentType> }): JSX.Element {
  const [Shown, setShown] = useState<{ component?: ComponentType; error?: unknown }>({});
  useEffect(() => {
    load().then(
      (component) => setShown({ component }),
      () => setShown({ error: new Error("This screen could not be fetched. It may have been updated.") }),
    );
  }, []);
  // A browser remembers a module that it could not fetch.
  if (Shown.error) return <Failure error={Shown.error} retry={() => location.reload()} />;
  return Shown.component ? <Shown.component /> : <Waiting />;
}
