// The main navigation: a sidebar, a rail of icons on narrow windows, and a bar at the bottom on phones.

import type { JSX } from "preact";
import { ImportCount } from "../import/progress";
import { Face } from "../ui/face";
import { Icon, Mark } from "../ui/icon";
import type { IconName } from "../ui/icons";
import { Kbd } from "../ui/kbd";
import { Menu, MenuItem, type TriggerProps } from "../ui/menu";
import { openPalette } from "./palette";
import { LOW_PLACES, PLACES, type Place, placesFor } from "./places";
import { useRoute } from "./route";
import { type Scheme, scheme, setScheme } from "./scheme";
import { signOut, type User } from "./session";
import { keyCaps, singleKeys, switchSingleKeys } from "./shortcuts";
import { openShortcuts } from "./shortcuts-dialog";

export function Navigation({ user }: { user: User }): JSX.Element {
  const low = placesFor(user, LOW_PLACES);
  return (
    <nav class="side" aria-label="Main">
      <a class="brand" href="#/board" title="Leads">
        <Mark />
        <span class="cut">Leads</span>
      </a>
      <button type="button" class="find" title={`Search and commands (${keyCaps("mod+k")})`} onClick={openPalette}>
        <Icon name="search" />
        <span>Search</span>
        <Kbd keys="mod+k" />
      </button>
      <ul class="nav">
        {PLACES.map((place) => (
          <PlaceLink key={place.screen} place={place} />
        ))}
        <li class="phone">
          <Menu
            trigger={(props) => (
              <button type="button" {...props}>
                <Icon name="menu" />
                <span>More</span>
                <ImportCount />
              </button>
            )}
            label="More"
            head={<Who user={user} />}
          >
            <MenuItem icon="search" onSelect={openPalette}>
              Search
            </MenuItem>
            {low.map(({ screen, title, icon }) => (
              <MenuItem key={screen} icon={icon} href={`#/${screen}`}>
                {title}
              </MenuItem>
            ))}
            <hr />
            <AccountItems keyboard={false} />
          </Menu>
        </li>
      </ul>
      <ul class="low">
        {low.map((place) => (
          <PlaceLink key={place.screen} place={place} />
        ))}
        <li>
          <Menu
            trigger={(props: TriggerProps) => (
              <button type="button" title={user.name} {...props}>
                <span class="unseen">Account: </span>
                <Face of={user} size="small" />
                <span class="cut">
                  <bdi>{user.name}</bdi>
                </span>
              </button>
            )}
            label="Account"
            head={<Who user={user} />}
          >
            <AccountItems keyboard={true} />
          </Menu>
        </li>
      </ul>
    </nav>
  );
}

function PlaceLink({ place: { screen, title, icon, keys } }: { place: Place }): JSX.Element {
  const route = useRoute();
  // The new-lead form has no entry of its own: it marks “Leads” as current.
  const current = (route.screen === "new" ? "leads" : route.screen) === screen;
  return (
    <li>
      <a
        href={`#/${screen}`}
        title={keys ? `${title} (${keyCaps(keys)})` : title}
        aria-current={current ? "page" : undefined}
      >
        <Icon name={icon} />
        <span>{title}</span>
        {screen === "import" ? <ImportCount /> : null}
      </a>
    </li>
  );
}

function Who({ user }: { user: User }): JSX.Element {
  return (
    <div class="who">
      <div class="cut" title={user.name}>
        <bdi>{user.name}</bdi>
      </div>
      <div class="small quiet">
        {user.email && user.email !== user.name ? (
          <>
            <bdi>{user.email}</bdi>
            <br />
          </>
        ) : null}
        {user.role} of team {user.team}
      </div>
    </div>
  );
}

const SCHEMES: { value: Scheme; name: string; icon: IconName }[] = [
  { value: "light", name: "Light", icon: "sun" },
  { value: "dark", name: "Dark", icon: "moon" },
  { value: "system", name: "As the system", icon: "monitor" },
];

function AccountItems({ keyboard }: { keyboard: boolean }): JSX.Element {
  return (
    <>
      {SCHEMES.map(({ value, name, icon }) => (
        <MenuItem key={value} icon={icon} checked={scheme.value === value} onSelect={() => setScheme(value)}>
          {name}
        </MenuItem>
      ))}
      <hr />
      {keyboard ? (
        <>
          <MenuItem icon="keyboard" kbd="?" onSelect={openShortcuts}>
            Shortcuts
          </MenuItem>
          <MenuItem icon="toggle-left" onSelect={() => switchSingleKeys(!singleKeys.peek())}>
            {singleKeys.value ? "Switch single keys off" : "Switch single keys on"}
          </MenuItem>
        </>
      ) : null}
      <MenuItem icon="book-open" href="/docs">
        API reference
      </MenuItem>
      <MenuItem icon="log-out" onSelect={signOut}>
        Sign out
      </MenuItem>
    </>
  );
}
