// The Preact context that gives nearly all screens the signed-in user, and the team's statuses and businesses.

import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { api, type Business, type Color, type LeadStatus, unwrap } from "./api";
import type { User } from "./session";

export interface TeamContextValue {
  user: User;
  /** The team's statuses, in the order of the board. */
  statuses: LeadStatus[];
  /** The colours that a status may have. */
  colors: Color[];
  businesses: Business[];
  /** Reads statuses and businesses again. */
  reload: () => Promise<void>;
}

export const TeamContext = createContext<TeamContextValue | undefined>(undefined);

export function useTeam(): TeamContextValue & { mayWrite: boolean; isOwner: boolean } {
  const team = useContext(TeamContext);
  if (!team) throw new Error("no team is shown");
  const { role } = team.user;
  return { ...team, mayWrite: role !== "Viewer", isOwner: role === "Owner" };
}

export async function readStatusesAndBusinesses(): Promise<
  Pick<TeamContextValue, "statuses" | "colors" | "businesses">
> {
  const [{ statuses, colors }, { businesses }] = await Promise.all([
    unwrap(api.GET("/leads/statuses")),
    unwrap(api.GET("/businesses")),
  ]);
  return { statuses, colors, businesses };
}
