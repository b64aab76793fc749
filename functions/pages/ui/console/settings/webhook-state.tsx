// The state of a webhook as an icon and text: active, failing or off.

import type { JSX } from "preact";
import type { Webhook } from "../app/api";
import { Icon } from "../ui/icon";
import { formatDateTime, formatDay } from "../ui/time";

/** The reasons why the API switches a webhook off, as text. */
export const SWITCH_OFF_REASON_TEXTS: Record<NonNullable<Webhook["switchedOff"]>, string> = {
  Gone: "the endpoint answered 410",
  Failing: "every delivery failed for five days",
};

export function WebhookStateLabel({ webhook }: { webhook: Webhook }): JSX.Element {
  const { active, switchedOff, failingSince } = webhook;
  if (switchedOff) {
    return (
      <span class="row bad" title={`Off: ${SWITCH_OFF_REASON_TEXTS[switchedOff]}`}>
        <Icon name="circle-alert" />
        <span class="cut">Off: {SWITCH_OFF_REASON_TEXTS[switchedOff]}</span>
      </span>
    );
  }
  if (!active) return <span class="quiet">Off</span>;
  if (failingSince) {
    return (
      <span class="row bad" title={`Failing since ${formatDateTime(failingSince)}`}>
        <Icon name="circle-alert" />
        <span class="cut">Failing since {formatDay(failingSince)}</span>
      </span>
    );
  }
  return (
    <span class="row good">
      <Icon name="circle-check" />
      Active
    </span>
  );
}
