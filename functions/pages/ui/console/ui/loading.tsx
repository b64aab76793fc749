// Data from the API in components: hooks that load a value or a list of pages, and the placeholders, errors and “Show more”
// button for them.

import type { ComponentChildren, JSX } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { describeError, RequestError } from "../app/api";
import { Unreachable, watch } from "../app/connection";
import { Icon } from "./icon";

/** A value that is loaded. The previous value is kept during a reload. */
export interface Loading<T> {
  value: T | undefined;
  error: unknown;
  busy: boolean;
  reload: () => Promise<void>;
  set: (value: T) => void;
}

export function useLoading<T>(load: () => Promise<T>, dependencies: unknown[]): Loading<T> {
  const [state, setState] = useState<{ value?: T | undefined; error?: unknown; busy: boolean }>({ busy: true });
  // Number of the latest request. Responses to earlier requests are discarded.
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
  /** Number of all items, if the API returns it. */
  count?: number;
  /** Whether there may be more items than `count`. */
  isPartial?: boolean;
  nextCursor?: string | undefined;
}

/** A list that is loaded page by page as the user scrolls. */
export interface Pages<T> {
  items: T[];
  /**
   * Number of all items, including items that are not loaded. `undefined` before the first page, or if the API does not return
   * it.
   */
  count: number | undefined;
  /** Whether there may be more items than `count`. */
  isPartial: boolean;
  more: boolean;
  busy: boolean;
  /** Whether loaded items are being reloaded. They stay visible. */
  again: boolean;
  error: unknown;
  /** Loads the next page, or retries a failed request. */
  next: () => void;
  /** Reloads as many items as were loaded. */
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
    /** Whether the latest request reloads the list instead of loading the next page. */
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
        // An item that was added during the request is not added twice.
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

/** Calls `act` when the API becomes reachable again. */
function useReconnected(act: () => void): void {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => watch((reachable) => reachable && latest.current()), []);
}

/** Renders its children with a loaded value, a placeholder before that, or the error. */
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
  /** Whether each line starts with the placeholder of an avatar. */
  faces?: boolean;
}

/**
 * A placeholder for content that is being loaded. CSS shows it after 150 ms, so that it does not flash before a quick response.
 */
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
  /** The failed action as a sentence: `The leads could not be read`. */
  title?: string | undefined;
  retry?: (() => void) | undefined;
}

/** An error message beside content that is still shown. `Failed` in `states.tsx` replaces missing content. */
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

/** The end of a list: loads the next page when it scrolls into view, and shows the placeholder, the error or a button. */
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
