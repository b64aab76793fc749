// The screens that the navigation and the palette link to.

import type { IconName } from "../ui/icons";
import type { User } from "./session";

export interface NavigationScreenEntry {
  /** First segment of the screen's route. */
  screen: string;
  title: string;
  icon: IconName;
  keys?: string;
  /** Whether the screen is only useful to users who may change data. Viewers do not see it. */
  isForWriters?: boolean;
}

export const MAIN_SCREEN_ENTRIES: NavigationScreenEntry[] = [
  { screen: "board", title: "Board", icon: "square-kanban", keys: "g b" },
  { screen: "leads", title: "Leads", icon: "rows-3", keys: "g l" },
  { screen: "dashboard", title: "Dashboard", icon: "chart-no-axes-column", keys: "g d" },
];

export const SECONDARY_SCREEN_ENTRIES: NavigationScreenEntry[] = [
  { screen: "import", title: "Import", icon: "upload", isForWriters: true },
  { screen: "settings", title: "Settings", icon: "settings" },
];

export const filterScreenEntriesForUser = (user: User, screens: NavigationScreenEntry[]): NavigationScreenEntry[] =>
  screens.filter(({ isForWriters }) => !isForWriters || user.role !== "Viewer");
