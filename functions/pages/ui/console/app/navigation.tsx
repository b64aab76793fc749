// The main navigation: a sidebar, a rail of icons on narrow windows, and a bar at the bottom on phones.

import type { JSX } from "preact";
import { ImportPercentageLabel } from "../import/progress";
import { Avatar } from "../ui/face";
import { Icon, Logo } from "../ui/icon";
import type { IconName } from "../ui/icons";
import { Kbd } from "../ui/kbd";
import { Menu, MenuItem, type PopoverTriggerProps } from "../ui/menu";
import { openCommandPalette } from "./palette";
import { useRoute } from "./route";
import { type ColorScheme, colorSchemeSignal, setColorScheme } from "./scheme";
import {
  filterScreenEntriesForUser,
  MAIN_SCREEN_ENTRIES,
  type NavigationScreenEntry,
  SECONDARY_SCREEN_ENTRIES,
} from "./screen-entries";
import { signOut, type User } from "./session";
import { formatShortcutKeys, setSingleKeyShortcutsEnabled, singleKeyShortcutsEnabledSignal } from "./shortcuts";
import { openShortcutsDialog } from "./shortcuts-dialog";

export function Navigation({ user }: { user: User }): JSX.Element {
  const secondaryScreenEntries = filterScreenEntriesForUser(user, SECONDARY_SCREEN_ENTRIES);
  return (
    <nav class="side" aria-label="Main">
      <a class="brand" href="#/board" title="Leads">
        <Logo />
        <span class="cut">Leads</span>
      </a>
      <button
        type="button"
        class="find"
        title={`Search and commands (${formatShortcutKeys("mod+k")})`}
        onClick={openCommandPalette}
      >
        <Icon name="search" />
        <span>Search</span>
        <Kbd keys="mod+k" />
      </button>
      <ul class="nav">
        {MAIN_SCREEN_ENTRIES.map((screenEntry) => (
          <ScreenLink key={screenEntry.screen} screenEntry={screenEntry} />
        ))}
        <li class="phone">
          <Menu
            trigger={(props) => (
              <button type="button" {...props}>
                <Icon name="menu" />
                <span>More</span>
                <ImportPercentageLabel />
              </button>
            )}
            label="More"
            header={<AccountMenuHeader user={user} />}
          >
            <MenuItem icon="search" onSelect={openCommandPalette}>
              Search
            </MenuItem>
            {secondaryScreenEntries.map(({ screen, title, icon }) => (
              <MenuItem key={screen} icon={icon} href={`#/${screen}`}>
                {title}
              </MenuItem>
            ))}
            <hr />
            <AccountMenuItems showsKeyboardItems={false} />
          </Menu>
        </li>
      </ul>
      <ul class="low">
        {secondaryScreenEntries.map((screenEntry) => (
          <ScreenLink key={screenEntry.screen} screenEntry={screenEntry} />
        ))}
        <li>
          <Menu
            trigger={(props: PopoverTriggerProps) => (
              <button type="button" title={user.name} {...props}>
                <span class="unseen">Account: </span>
                <Avatar person={user} size="small" />
                <span class="cut">
                  <bdi>{user.name}</bdi>
                </span>
              </button>
            )}
            label="Account"
            header={<AccountMenuHeader user={user} />}
          >
            <AccountMenuItems showsKeyboardItems={true} />
          </Menu>
        </li>
      </ul>
    </nav>
  );
}

function ScreenLink({
  screenEntry: { screen, title, icon, keys },
}: {
  screenEntry: NavigationScreenEntry;
}): JSX.Element {
  const currentRoute = useRoute();
  // The new-lead form has no entry of its own: it marks “Leads” as current.
  const isCurrentScreen = (currentRoute.screen === "new" ? "leads" : currentRoute.screen) === screen;
  return (
    <li>
      <a
        href={`#/${screen}`}
        title={keys ? `${title} (${formatShortcutKeys(keys)})` : title}
        aria-current={isCurrentScreen ? "page" : undefined}
      >
        <Icon name={icon} />
        <span>{title}</span>
        {screen === "import" ? <ImportPercentageLabel /> : null}
      </a>
    </li>
  );
}

function AccountMenuHeader({ user }: { user: User }): JSX.Element {
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

const COLOR_SCHEME_OPTIONS: { value: ColorScheme; name: string; icon: IconName }[] = [
  { value: "light", name: "Light", icon: "sun" },
  { value: "dark", name: "Dark", icon: "moon" },
  { value: "system", name: "As the system", icon: "monitor" },
];

function AccountMenuItems({ showsKeyboardItems }: { showsKeyboardItems: boolean }): JSX.Element {
  return (
    <>
      {COLOR_SCHEME_OPTIONS.map(({ value, name, icon }) => (
        <MenuItem
          key={value}
          icon={icon}
          isChecked={colorSchemeSignal.value === value}
          onSelect={() => setColorScheme(value)}
        >
          {name}
        </MenuItem>
      ))}
      <hr />
      {showsKeyboardItems ? (
        <>
          <MenuItem icon="keyboard" kbd="?" onSelect={openShortcutsDialog}>
            Shortcuts
          </MenuItem>
          <MenuItem
            icon="toggle-left"
            onSelect={() => setSingleKeyShortcutsEnabled(!singleKeyShortcutsEnabledSignal.peek())}
          >
            {singleKeyShortcutsEnabledSignal.value ? "Switch single keys off" : "Switch single keys on"}
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
