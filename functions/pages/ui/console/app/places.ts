// The screens that the navigation and the palette link to.

import type { IconName } from "../ui/icons";
import type { User } from "./session";

export interface Place {
  /** First segment of the screen's route. */
  screen: string;
  title: string;
  icon: IconName;
  keys?: string;
  /** Whether the screen only serves changes, so that Viewers do not see it. */
  writes?: boolean;
}

export const PLACES: Place[] = [
  { screen: "board", title: "Board", icon: "square-kanban", keys: "g b" },
  { screen: "leads", title: "Leads", icon: "rows-3", keys: "g l" },
  { screen: "dashboard", title: "Dashboard", icon: "chart-no-axes-column", keys: "g d" },
];

export const LOW_PLACES: Place[] = [
  { screen: "import", title: "Import", icon: "upload", writes: true },
  { screen: "settings", title: "Settings", icon: "settings" },
];

export const placesFor = (user: User, places: Place[]): Place[] =>
  places.filter(({ writes }) => !writes || user.role !== "Viewer");
