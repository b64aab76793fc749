// The Preact context that gives nearly all screens the signed-in user, and the team's statuses and businesses.

import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { api, type Business, getDataOrThrow, type LeadStatus, type StatusColor } from "./api";
import type { User } from "./session";

export interface TeamContextValue {
  user: User;
  /** The team's statuses, in the order of the board. */
  statuses: LeadStatus[];
  /** The colours that a status may have. */
  colors: StatusColor[];
  businesses: Business[];
  /** Reads statuses and businesses again. */
  reload: () => Promise<void>;
}

export const TeamContext = createContext<TeamContextValue | undefined>(undefined);

export function useTeam(): TeamContextValue & { mayWrite: boolean; isOwner: boolean } {
  const teamContextValue = useContext(TeamContext);
  if (!teamContextValue) throw new Error("no team is shown");
  const { role } = teamContextValue.user;
  return { ...teamContextValue, mayWrite: role !== "Viewer", isOwner: role === "Owner" };
}

export async function readStatusesAndBusinesses(): Promise<
  Pick<TeamContextValue, "statuses" | "colors" | "businesses">
> {
  const [{ statuses, colors }, { businesses }] = await Promise.all([
    getDataOrThrow(api.GET("/leads/statuses")),
    getDataOrThrow(api.GET("/businesses")),
  ]);
  return { statuses, colors, businesses };
}
