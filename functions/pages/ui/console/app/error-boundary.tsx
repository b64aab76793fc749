import { Component, type ComponentChildren } from "preact";
import { EmptyState } from "../ui/states";

interface ErrorBoundaryProps {
  /** Identifies the content. When this key changes, the boundary renders its children again. */
  contentKey: string;
  heading?: "h1" | "h2";
  children: ComponentChildren;
}

/** Catches an error that is thrown while its children render, so that the rest of the page stays usable. */
export class ErrorBoundary extends Component<ErrorBoundaryProps, { error?: unknown }> {
  override state: { error?: unknown } = {};

  static override getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override componentDidUpdate({ contentKey }: ErrorBoundaryProps): void {
    if (contentKey !== this.props.contentKey && this.state.error !== undefined) this.setState({ error: undefined });
  }

  override render() {
    const { error } = this.state;
    if (error === undefined) return this.props.children;
    return (
      <div role="alert">
        <EmptyState
          icon="triangle-alert"
          heading={this.props.heading ?? "h2"}
          title="This part of the console failed"
          text={`Your data is unchanged. Reload the page; if it fails again, report this: ${error}`}
        >
          <button type="button" class="btn" onClick={() => location.reload()}>
            Reload the page
          </button>
        </EmptyState>
      </div>
    );
  }
}
