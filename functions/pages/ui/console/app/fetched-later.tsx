// Lazily loaded components: their code is fetched when the browser is idle, or when they are shown.

import type { ComponentChildren, ComponentType, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Skeleton } from "../ui/loading";
import { ErrorPlaceholder } from "../ui/states";

export interface LazyComponent<Props> {
  (props: Props): JSX.Element;
  /** Fetches the component's module unless it is loaded. Rejects if the module cannot be fetched. */
  fetch: () => Promise<unknown>;
}

/**
 * Returns a component that loads its module when it is shown. `Frame` surrounds the placeholder until then, and the error if
 * the module cannot be fetched.
 */
export function lazyComponent<Props extends object>(
  importComponent: () => Promise<ComponentType<Props>>,
  Frame: ComponentType<{ children: ComponentChildren }> = ({ children }) => <>{children}</>,
): LazyComponent<Props> {
  let LoadedComponent: ComponentType<Props> | undefined;
  const fetchModule = async () => {
    LoadedComponent ??= await importComponent();
  };
  const LazyWrapper = (props: Props): JSX.Element => {
    const [error, setError] = useState<Error>();
    const [, redraw] = useState(LoadedComponent !== undefined);
    useEffect(() => {
      fetchModule().then(
        () => redraw(true),
        () => setError(new Error("It may have been updated. What you see elsewhere is unchanged.")),
      );
    }, []);
    const Content = LoadedComponent;
    if (Content) return <Content {...props} />;
    return (
      <Frame>
        {error ? (
          // Browsers cache a failed import of a module, so only a reload fetches the module again.
          <ErrorPlaceholder
            heading="h1"
            title="This screen could not be fetched"
            error={error}
            retry={() => location.reload()}
          />
        ) : (
          <Skeleton lines={6} />
        )}
      </Frame>
    );
  };
  return Object.assign(LazyWrapper, { fetch: fetchModule });
}
