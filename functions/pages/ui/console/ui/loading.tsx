// What is being read, what could not be, and what there is more of.

import type { ComponentChildren, JSX } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { describeError, RequestError } from "../app/api";
import { Unreachable, watch } from "../app/connection";
import { Icon } from "./icon";

/** Something that is read: what was read stays while it is read again. */
export interface Loading<T> {
  value: T | undefined;
  error: unknown;
  busy: boolean;
  reload: () => Promise<void>;
  set: (value: T) => void;
}

export function useLoading<T>(load: () => Promise<T>, dependencies: unknown[]): Loading<T> {
  const [state, setState] = useState<{ value?: T | undefined; error?: unknown; busy: boolean }>({ busy: true });
  // The answer to what is asked no longer is dropped.
  const latest = useRef(0);
  const reload = useCallback(async () => {
    latest.current += 1;
    const number = latest.current;
    setState(({ value }) => ({ value, busy: true }));
    try {
      const value = await load();
      if (number === latest.current) setState({ value, busy: false });
    } catch (error) {
      if (number === latest.current) setState(({ value }) => ({ value, error, busy: false }));
    }
  }, dependencies);
  useEffect(() => {
    reload();
    return () => {
      latest.current += 1;
    };
  }, [reload]);
  const set = useCallback((value: T) => {
    latest.current += 1;
    setState({ value, busy: false });
  }, []);
  useReconnected(() => state.error instanceof Unreachable && reload());
  return { value: state.value, error: state.error, busy: state.busy, reload, set };
}

interface Page<T> {
  items: T[];
  /** Of all, where that is known. */
  count?: number;
  /** Whether there may be more than the count says. */
  isPartial?: boolean;
  nextCursor?: string | undefined;
}

/** A list that is read page by page, as far as it is scrolled. */
export interface Pages<T> {
  items: T[];
  /** Of all, read or not; absent before the first page, and where it is not known. */
  count: number | undefined;
  /** Whether there may be more than the count says. */
  isPartial: boolean;
  more: boolean;
  busy: boolean;
  /** What is shown is read again, and stays meanwhile. */
  again: boolean;
  error: unknown;
  /** Reads the next page, or what could not be read. */
  next: () => void;
  /** Reads again what was read, as many pages as there are. */
  reload: () => void;
  change: (change: (items: T[]) => T[], by?: number) => void;
  setCount: (count: number) => void;
}

export function usePages<T extends { id: number | string }>(
  read: (cursor: string | undefined) => Promise<Page<T>>,
  dependencies: unknown[],
): Pages<T> {
  interface State {
    items: T[];
    count?: number | undefined;
    isPartial?: boolean | undefined;
    cursor?: string | undefined;
    busy: boolean;
    error?: unknown;
    /** Whether all of it is read again, not the next page. */
    anew?: boolean;
  }
  const [state, setState] = useState<State>({ items: [], busy: true });
  const shown = useRef(state);
  shown.current = state;
  const latest = useRef(0);
  const load = useCallback(async (anew: boolean) => {
    latest.current += 1;
    const number = latest.current;
    const { items: before, cursor: from } = shown.current;
    setState(({ error: _, ...state }) => ({ ...state, anew, busy: true }));
    try {
      let page = await read(anew ? undefined : from);
      let items = page.items;
      while (anew && page.nextCursor && items.length < before.length) {
        page = await read(page.nextCursor);
        items = [...items, ...page.items];
      }
      if (number !== latest.current) return;
      const { count, isPartial, nextCursor: cursor } = page;
      setState(({ items: shown }) => {
        if (anew) return { items, count, isPartial, cursor, busy: false };
        // One that was moved here meanwhile is not shown twice.
        const known = new Set(shown.map(({ id }) => id));
        const added = items.filter(({ id }) => !known.has(id));
        return { items: [...shown, ...added], count, isPartial, cursor, busy: false };
      });
    } catch (error) {
      if (number === latest.current) setState((state) => ({ ...state, error, busy: false }));
    }
  }, dependencies);
  useEffect(() => {
    load(true);
    return () => {
      latest.current += 1;
    };
  }, [load]);
  const retry = () => load(state.anew ?? false);
  useReconnected(() => state.error instanceof Unreachable && retry());
  return {
    items: state.items,
    count: state.count,
    isPartial: state.isPartial ?? false,
    more: state.cursor !== undefined,
    busy: state.busy,
    again: state.busy && state.anew === true && state.items.length > 0,
    error: state.error,
    next: () => {
      if (state.busy) return;
      if (state.error) retry();
      else if (state.cursor !== undefined) load(false);
    },
    reload: () => load(true),
    change: (change, by = 0) =>
      setState((state) => ({
        ...state,
        items: change(state.items),
        ...(state.count === undefined ? {} : { count: state.count + by }),
      })),
    setCount: (count) => setState((state) => ({ ...state, count })),
  };
}

/** Acts when the API can be reached again. */
function useReconnected(act: () => void): void {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => watch((reachable) => reachable && latest.current()), []);
}

/** What is to be shown once it is read. */
export function Loaded<T>({
  of,
  children,
}: {
  of: Loading<T>;
  children: (value: T) => ComponentChildren;
}): JSX.Element {
  if (of.value !== undefined) {
    return (
      <>
        {of.error ? <Failure error={of.error} retry={of.reload} /> : null}
        {children(of.value)}
      </>
    );
  }
  return of.error ? <Failure error={of.error} retry={of.reload} /> : <Skeleton />;
}

interface SkeletonProps {
  lines?: number;
  /** Whether each line begins with a face. */
  faces?: boolean;
}

/** The shape of what comes. The style shows it after 150 ms, so that a quick answer does not flicker. */
export function Skeleton({ lines = 3, faces = false }: SkeletonProps): JSX.Element {
  return (
    <div class="waiting skeleton" role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, line) => (
        <div class="row">
          {faces ? <span class="bone face" /> : null}
          <span class={line % 3 === 2 ? "bone short" : "bone"} />
        </div>
      ))}
    </div>
  );
}

interface FailureProps {
  error: unknown;
  /** Says what could not be read. */
  title?: string | undefined;
  retry?: (() => void) | undefined;
}

/** Beside what is kept on the screen. `Failed` of `states` stands where nothing is. */
export function Failure({ error, title, retry }: FailureProps): JSX.Element {
  const forbidden = error instanceof RequestError && error.status === 403;
  const requestId = error instanceof RequestError && error.status >= 500 ? error.requestId : undefined;
  return (
    <div class="note bad" role="alert">
      <Icon name="triangle-alert" />
      <div>
        {title ? <h3>{title}</h3> : null}
        <p>{forbidden ? "Your role does not allow this. Ask an Owner of the team." : describeError(error)}</p>
        {requestId ? <p class="small quiet">Request {requestId}</p> : null}
        {retry && !forbidden ? (
          <button type="button" class="btn" onClick={retry}>
            <Icon name="rotate-cw" />
            Try again
          </button>
        ) : null}
      </div>
    </div>
  );
}

/** The end of what is read of a list, which reads on when it comes into view. */
export function More<T>({ of }: { of: Pages<T> }): JSX.Element | null {
  const end = useRef<HTMLDivElement>(null);
  const next = useRef(of.next);
  next.current = of.next;
  const reading = of.more && !of.error;
  useEffect(() => {
    if (!reading || of.busy || !end.current) return;
    const seen = new IntersectionObserver(([entry]) => entry?.isIntersecting && next.current(), {
      rootMargin: "400px",
    });
    seen.observe(end.current);
    return () => seen.disconnect();
  }, [reading, of.busy]);
  if (of.error) return <Failure error={of.error} retry={of.next} />;
  if (of.busy && !of.again) return <Skeleton lines={of.items.length > 0 ? 1 : 4} />;
  return of.more ? (
    <div ref={end} class="more">
      <button type="button" class="btn ghost" onClick={of.next}>
        Show more
      </button>
    </div>
  ) : null;
}
