// Lazily loaded components: their code is fetched when the browser is idle, or when they are shown.

import type { ComponentChildren, ComponentType, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Skeleton } from "../ui/loading";
import { ErrorPlaceholder } from "../ui/states";
import { isApiReachableSignal, UnreachableError, watchApiReachability } from "./connection";

/**
 * The server no longer has a module, or did not send it. Only a reload helps, because browsers cache a failed import.
 */
class ModuleMissingError extends Error {
  constructor() {
    super("The console may have been updated. What you see elsewhere is unchanged.");
  }
}

export interface LazyComponentType<Props> {
  (props: Props): JSX.Element;
  /** Fetches the component's module unless it is loaded. Rejects if the module cannot be fetched or the API is unreachable. */
  fetch: () => Promise<unknown>;
}

/**
 * Returns a component that loads its module when it is shown. Until then a placeholder is shown, or an error if the
 * module cannot be fetched, both within `Wrapper`.
 */
export function createLazyComponent<Props extends object>(
  importComponent: () => Promise<ComponentType<Props>>,
  Wrapper: ComponentType<{ children: ComponentChildren }> = ({ children }) => <>{children}</>,
): LazyComponentType<Props> {
  let LoadedComponent: ComponentType<Props> | undefined;
  const loadComponentModule = async () => {
    if (LoadedComponent) return;
    // A failed import of a module cannot be repeated without a reload, because browsers cache the failure. So no import
    // is attempted while the API is unreachable.
    if (!isApiReachableSignal.peek()) throw new UnreachableError();
    LoadedComponent = await importComponent();
  };
  const LazilyLoadedComponent = (props: Props): JSX.Element => {
    const [error, setError] = useState<unknown>();
    const [, forceRender] = useState(LoadedComponent !== undefined);
    const tryToLoadComponentModule = () => {
      loadComponentModule().then(
        () => forceRender(true),
        (failure) => setError(failure instanceof UnreachableError ? failure : new ModuleMissingError()),
      );
    };
    useEffect(() => {
      tryToLoadComponentModule();
      return watchApiReachability((isReachable) => isReachable && tryToLoadComponentModule());
    }, []);
    const ComponentToRender = LoadedComponent;
    if (ComponentToRender) return <ComponentToRender {...props} />;
    return (
      <Wrapper>
        {error ? (
          <ErrorPlaceholder
            heading="h1"
            title="This screen could not be fetched"
            error={error}
            retry={error instanceof UnreachableError ? tryToLoadComponentModule : () => location.reload()}
          />
        ) : (
          <Skeleton lines={6} />
        )}
      </Wrapper>
    );
  };
  return Object.assign(LazilyLoadedComponent, { fetch: loadComponentModule });
}
