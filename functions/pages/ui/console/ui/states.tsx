// Messages in place of content: for an empty list, a filter without matches, and content that could not be read.

import type { ComponentChildren, JSX } from "preact";
import { describeError, RequestError } from "../app/api";
import { Icon } from "./icon";
import type { IconName } from "./icons";

interface EmptyStateProps {
  icon: IconName;
  title: string;
  /** One sentence that advises the user. */
  text?: ComponentChildren;
  /** Heading level. `h1` if the message replaces a whole screen. */
  heading?: "h1" | "h2";
  /** Buttons below the text: at most one primary button and one secondary button. */
  children?: ComponentChildren;
}

export function EmptyState({ icon, title, text, heading: Heading = "h2", children }: EmptyStateProps): JSX.Element {
  return (
    <div class="empty">
      <Icon name={icon} />
      <Heading>{title}</Heading>
      {text ? <p class="quiet">{text}</p> : null}
      {children ? <div class="row wrap">{children}</div> : null}
    </div>
  );
}

/** The message for filters and searches without matches. */
export function NoMatchesPlaceholder({
  text,
  onClear,
}: {
  text: ComponentChildren;
  onClear?: () => void;
}): JSX.Element {
  return (
    <EmptyState icon="list-filter" title="Nothing matches" text={text}>
      {onClear ? (
        <button type="button" class="btn" onClick={onClear}>
          Clear filters
        </button>
      ) : null}
    </EmptyState>
  );
}

interface ErrorPlaceholderProps {
  /** The failed action as a sentence: `The leads could not be read`. */
  title?: string | undefined;
  error: unknown;
  retry?: (() => void) | undefined;
  /** Heading level. `h1` if the message replaces a whole screen. */
  heading?: "h1" | "h2";
}

/** An error message in place of content that could not be read. */
export function ErrorPlaceholder({
  title = "This could not be read",
  error,
  retry,
  heading: Heading = "h2",
}: ErrorPlaceholderProps): JSX.Element {
  const isForbiddenError = error instanceof RequestError && error.status === 403;
  const failedRequestId = error instanceof RequestError && error.status >= 500 ? error.requestId : undefined;
  return (
    <div class="empty" role="alert">
      <Icon name="triangle-alert" />
      <Heading>{title}</Heading>
      <p class="quiet">
        {isForbiddenError ? "Your role does not allow this. Ask an Owner of the team." : describeError(error)}
      </p>
      {retry && !isForbiddenError ? (
        <div class="row">
          <button type="button" class="btn" onClick={retry}>
            <Icon name="rotate-cw" />
            Try again
          </button>
        </div>
      ) : null}
      {failedRequestId ? <small class="quiet">Request {failedRequestId}</small> : null}
    </div>
  );
}
