// Data from the API in components: hooks that load a value or a list of pages, and the placeholders, errors and “Show more”
// button for them.

import type { ComponentChildren, JSX } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { describeError, RequestError } from "../app/api";
import { UnreachableError, watchApiReachability } from "../app/connection";
import { Icon } from "./icon";

/** A value that is loaded. The previous value is kept during a reload. */
export interface Loadable<T> {
  value: T | undefined;
  error: unknown;
  isBusy: boolean;
  reload: () => Promise<void>;
  setValue: (value: T) => void;
}

export function useLoadable<T>(load: () => Promise<T>, dependencies: unknown[]): Loadable<T> {
  const [state, setState] = useState<{ value?: T | undefined; error?: unknown; isBusy: boolean }>({ isBusy: true });
  // Number of the latest request. Responses to earlier requests are discarded.
  const latestRequestNumberRef = useRef(0);
  const reloadValue = useCallback(async () => {
    latestRequestNumberRef.current += 1;
    const requestNumber = latestRequestNumberRef.current;
    setState(({ value }) => ({ value, isBusy: true }));
    try {
      const loadedValue = await load();
      if (requestNumber === latestRequestNumberRef.current) setState({ value: loadedValue, isBusy: false });
    } catch (error) {
      if (requestNumber === latestRequestNumberRef.current) setState(({ value }) => ({ value, error, isBusy: false }));
    }
  }, dependencies);
  useEffect(() => {
    reloadValue();
    return () => {
      latestRequestNumberRef.current += 1;
    };
  }, [reloadValue]);
  const setLoadedValue = useCallback((value: T) => {
    latestRequestNumberRef.current += 1;
    setState({ value, isBusy: false });
  }, []);
  useOnReconnect(() => state.error instanceof UnreachableError && reloadValue());
  return {
    value: state.value,
    error: state.error,
    isBusy: state.isBusy,
    reload: reloadValue,
    setValue: setLoadedValue,
  };
}

interface PagedListPage<T> {
  items: T[];
  /** Number of all items, if the API returns it. */
  count?: number;
  /** Whether there may be more items than `count`. */
  isPartial?: boolean;
  nextCursor?: string | undefined;
}

/** A list that is loaded page by page as the user scrolls. */
export interface PagedList<T> {
  items: T[];
  /**
   * Number of all items, including items that are not loaded. `undefined` before the first page, or if the API does not return
   * it.
   */
  count: number | undefined;
  /** Whether there may be more items than `count`. */
  isPartial: boolean;
  hasMore: boolean;
  isBusy: boolean;
  /** Whether loaded items are being reloaded. They stay visible. */
  isReloading: boolean;
  error: unknown;
  /** Loads the next page, or retries a failed request. */
  readNext: () => void;
  /** Reloads as many items as were loaded. */
  reload: () => void;
  updateItems: (change: (items: T[]) => T[], countDelta?: number) => void;
  setCount: (count: number) => void;
}

export function usePagedList<T extends { id: number | string }>(
  read: (cursor: string | undefined) => Promise<PagedListPage<T>>,
  dependencies: unknown[],
): PagedList<T> {
  interface PagedListState {
    items: T[];
    count?: number | undefined;
    isPartial?: boolean | undefined;
    cursor?: string | undefined;
    isBusy: boolean;
    error?: unknown;
    /** Whether the latest request reloads the list instead of loading the next page. */
    isReload?: boolean;
  }
  const [state, setState] = useState<PagedListState>({ items: [], isBusy: true });
  const pagedListStateRef = useRef(state);
  pagedListStateRef.current = state;
  const latestRequestNumberRef = useRef(0);
  const loadPagesIntoList = useCallback(async (isReload: boolean) => {
    latestRequestNumberRef.current += 1;
    const requestNumber = latestRequestNumberRef.current;
    const { items: previousItems, cursor: previousCursor } = pagedListStateRef.current;
    setState(({ error: _, ...state }) => ({ ...state, isReload, isBusy: true }));
    try {
      let listPage = await read(isReload ? undefined : previousCursor);
      let readItems = listPage.items;
      while (isReload && listPage.nextCursor && readItems.length < previousItems.length) {
        listPage = await read(listPage.nextCursor);
        readItems = [...readItems, ...listPage.items];
      }
      if (requestNumber !== latestRequestNumberRef.current) return;
      const { count, isPartial, nextCursor: cursor } = listPage;
      setState(({ items: shownItems }) => {
        if (isReload) return { items: readItems, count, isPartial, cursor, isBusy: false };
        // An item of this page may have been added during the request. It is not added again.
        const shownItemIds = new Set(shownItems.map(({ id }) => id));
        const newlyLoadedItems = readItems.filter(({ id }) => !shownItemIds.has(id));
        return { items: [...shownItems, ...newlyLoadedItems], count, isPartial, cursor, isBusy: false };
      });
    } catch (error) {
      if (requestNumber === latestRequestNumberRef.current) setState((state) => ({ ...state, error, isBusy: false }));
    }
  }, dependencies);
  useEffect(() => {
    loadPagesIntoList(true);
    return () => {
      latestRequestNumberRef.current += 1;
    };
  }, [loadPagesIntoList]);
  const retryFailedPageRequest = () => loadPagesIntoList(state.isReload ?? false);
  useOnReconnect(() => state.error instanceof UnreachableError && retryFailedPageRequest());
  return {
    items: state.items,
    count: state.count,
    isPartial: state.isPartial ?? false,
    hasMore: state.cursor !== undefined,
    isBusy: state.isBusy,
    isReloading: state.isBusy && state.isReload === true && state.items.length > 0,
    error: state.error,
    readNext: () => {
      if (state.isBusy) return;
      if (state.error) retryFailedPageRequest();
      else if (state.cursor !== undefined) loadPagesIntoList(false);
    },
    reload: () => loadPagesIntoList(true),
    updateItems: (change, countDelta = 0) =>
      setState((state) => ({
        ...state,
        items: change(state.items),
        ...(state.count === undefined ? {} : { count: state.count + countDelta }),
      })),
    setCount: (count) => setState((state) => ({ ...state, count })),
  };
}

/** Calls `onReconnect` when the API becomes reachable again. */
function useOnReconnect(onReconnect: () => void): void {
  const onReconnectRef = useRef(onReconnect);
  onReconnectRef.current = onReconnect;
  useEffect(() => watchApiReachability((reachable) => reachable && onReconnectRef.current()), []);
}

/** Renders its children with a loaded value, a placeholder before that, or the error. */
export function LoadableContent<T>({
  loadable,
  children,
}: {
  loadable: Loadable<T>;
  children: (value: T) => ComponentChildren;
}): JSX.Element {
  if (loadable.value !== undefined) {
    return (
      <>
        {loadable.error ? <ErrorNote error={loadable.error} retry={loadable.reload} /> : null}
        {children(loadable.value)}
      </>
    );
  }
  return loadable.error ? <ErrorNote error={loadable.error} retry={loadable.reload} /> : <Skeleton />;
}

interface SkeletonProps {
  lines?: number;
  /** Whether each line starts with the placeholder of an avatar. */
  hasAvatars?: boolean;
}

/**
 * A placeholder for content that is being loaded. CSS shows the placeholder after 150 ms, to avoid a flash before a quick
 * response.
 */
export function Skeleton({ lines = 3, hasAvatars = false }: SkeletonProps): JSX.Element {
  return (
    <div class="waiting skeleton" role="status" aria-label="Loading">
      {Array.from({ length: lines }, (_, line) => (
        <div class="row">
          {hasAvatars ? <span class="bone face" /> : null}
          <span class={line % 3 === 2 ? "bone short" : "bone"} />
        </div>
      ))}
    </div>
  );
}

interface ErrorNoteProps {
  error: unknown;
  /** The failed action as a sentence: `The leads could not be read`. */
  title?: string | undefined;
  retry?: (() => void) | undefined;
}

/** An error message beside content that is still shown. `ErrorPlaceholder` in `states.tsx` replaces missing content. */
export function ErrorNote({ error, title, retry }: ErrorNoteProps): JSX.Element {
  const isForbiddenError = error instanceof RequestError && error.status === 403;
  const failedRequestId = error instanceof RequestError && error.status >= 500 ? error.requestId : undefined;
  return (
    <div class="note bad" role="alert">
      <Icon name="triangle-alert" />
      <div>
        {title ? <h3>{title}</h3> : null}
        <p>{isForbiddenError ? "Your role does not allow this. Ask an Owner of the team." : describeError(error)}</p>
        {failedRequestId ? <p class="small quiet">Request {failedRequestId}</p> : null}
        {retry && !isForbiddenError ? (
          <button type="button" class="btn" onClick={retry}>
            <Icon name="rotate-cw" />
            Try again
          </button>
        ) : null}
      </div>
    </div>
  );
}

/**
 * The end of a paged list. Loads the next page when scrolled into view, and shows a placeholder, an error or a “Show more”
 * button.
 */
export function PagedListFooter<T>({ pagedList }: { pagedList: PagedList<T> }): JSX.Element | null {
  const listEndRef = useRef<HTMLDivElement>(null);
  const readNextPageRef = useRef(pagedList.readNext);
  readNextPageRef.current = pagedList.readNext;
  const mayReadNextPage = pagedList.hasMore && !pagedList.error;
  useEffect(() => {
    if (!mayReadNextPage || pagedList.isBusy || !listEndRef.current) return;
    const intersectionObserver = new IntersectionObserver(
      ([entry]) => entry?.isIntersecting && readNextPageRef.current(),
      {
        rootMargin: "400px",
      },
    );
    intersectionObserver.observe(listEndRef.current);
    return () => intersectionObserver.disconnect();
  }, [mayReadNextPage, pagedList.isBusy]);
  if (pagedList.error) return <ErrorNote error={pagedList.error} retry={pagedList.readNext} />;
  if (pagedList.isBusy && !pagedList.isReloading) return <Skeleton lines={pagedList.items.length > 0 ? 1 : 4} />;
  return pagedList.hasMore ? (
    <div ref={listEndRef} class="more">
      <button type="button" class="btn ghost" onClick={pagedList.readNext}>
        Show more
      </button>
    </div>
  ) : null;
}
