// Components whose code is no part of the first view: it is fetched when the first view is idle, or when they are shown.

import type { ComponentChildren, ComponentType, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Skeleton } from "../ui/loading";
import { Failed } from "../ui/states";
import { reachable, Unreachable, watch } from "./connection";

/** A module that the API does not have or did not answer. Only a reload helps, because the browser never fetches it again. */
class ModuleMissing extends Error {
  constructor() {
    super("The console may have been updated. What you see elsewhere is unchanged.");
  }
}

export interface FetchedLater<Props> {
  (props: Props): JSX.Element;
  /** Fetches the code unless that was done before. Rejects if it cannot be fetched, or the API cannot be reached. */
  fetch: () => Promise<unknown>;
}

/**
 * Returns a component that stands for one of a module that is fetched later. `Frame` surrounds what is shown until then, or
 * what says that the module cannot be fetched.
 */
export function fetchedLater<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
  Frame: ComponentType<{ children: ComponentChildren }> = ({ children }) => <>{children}</>,
): FetchedLater<Props> {
  let loaded: ComponentType<Props> | undefined;
  const fetch = async () => {
    if (loaded) return;
    // A browser remembers that it could not fetch a module, and never tries again.
    if (!reachable.peek() || !navigator.onLine) throw new Unreachable();
    loaded = await load();
  };
  const Later = (props: Props): JSX.Element => {
    const [error, setError] = useState<unknown>();
    const [, redraw] = useState(loaded !== undefined);
    const attempt = () => {
      fetch().then(
        () => redraw(true),
        (failure) => setError(failure instanceof Unreachable ? failure : new ModuleMissing()),
      );
    };
    useEffect(() => {
      attempt();
      return watch((isReachable) => isReachable && attempt());
    }, []);
    const Loaded = loaded;
    if (Loaded) return <Loaded {...props} />;
    return (
      <Frame>
        {error ? (
          <Failed
            heading="h1"
            title="This screen could not be fetched"
            error={error}
            retry={error instanceof Unreachable ? attempt : () => location.reload()}
          />
        ) : (
          <Skeleton lines={6} />
        )}
      </Frame>
    );
  };
  return Object.assign(Later, { fetch });
}
