// How the screens that are not rebuilt yet show a lead.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Status } from "../app/api";
import type { Person } from "./face";
import { StatusDot } from "./status";

export { fullName } from "./face";

/** @deprecated Use `Face`. */
export function Photo({ of, large = false }: { of: Person; large?: boolean }): JSX.Element {
  const [broken, setBroken] = useState(false);
  useEffect(() => setBroken(false), [of.photoUrl]);
  const style = large ? "photo large" : "photo";
  if (of.photoUrl && !broken) {
    return <img class={style} src={of.photoUrl} alt="" loading="lazy" onError={() => setBroken(true)} />;
  }
  const names = of.firstName || of.lastName ? [of.firstName, of.lastName] : [of.email];
  const initials = names.map((name) => Array.from(name ?? "")[0] ?? "").join("");
  return (
    <span class={style} aria-hidden="true">
      {initials}
    </span>
  );
}

/** @deprecated Use `StatusDot`. */
export const Dot = StatusDot;

export function StatusName({ status }: { status: Pick<Status, "name" | "primaryColor"> }): JSX.Element {
  return (
    <span class="status">
      <Dot color={status.primaryColor} />
      {status.name}
    </span>
  );
}

// A day by itself is of UTC, as filters and the dashboard count days.
const days = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeZone: "UTC" });
const times = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const seconds = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

interface TimeProps {
  at: string;
  day?: boolean;
  exact?: boolean;
}

export function Time({ at, day = false, exact = false }: TimeProps): JSX.Element {
  const date = new Date(at);
  return (
    <time dateTime={at} title={times.format(date)}>
      {(day ? days : exact ? seconds : times).format(date)}
    </time>
  );
}

export const number = new Intl.NumberFormat();
