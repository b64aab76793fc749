// Components whose code is no part of the first view: it is fetched when the first view is idle, or when they are shown.

import type { ComponentChildren, ComponentType, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Skeleton } from "../ui/loading";
import { Failed } from "../ui/states";

export interface FetchedLater<Props> {
  (props: Props): JSX.Element;
  /** Fetches the code unless that was done before. Rejects where it cannot be fetched. */
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
    loaded ??= await load();
  };
  const Later = (props: Props): JSX.Element => {
    const [error, setError] = useState<Error>();
    const [, redraw] = useState(loaded !== undefined);
    useEffect(() => {
      fetch().then(
        () => redraw(true),
        () => setError(new Error("It may have been updated. What you see elsewhere is unchanged.")),
      );
    }, []);
    const Loaded = loaded;
    if (Loaded) return <Loaded {...props} />;
    return (
      <Frame>
        {error ? (
          // A browser remembers that it could not fetch a module, so only a reload helps.
          <Failed heading="h1" title="This screen could not be fetched" error={error} retry={() => location.reload()} />
        ) : (
          <Skeleton lines={6} />
        )}
      </Frame>
    );
  };
  return Object.assign(Later, { fetch });
}
