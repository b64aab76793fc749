import { useLeadChanges } from "../leads/lead-changes";
import type { Event } from "./api";

/** @deprecated Use `useLeadChanges`. */
export const useFeed = (following: boolean, heard: (events: Event[]) => void, missed: () => void): void =>
  useLeadChanges(heard, missed, { following });
