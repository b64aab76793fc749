// The screen of one webhook: its properties, a test, its deliveries with their attempts, and redelivery.

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { api, describeError, getDataOrThrow, type Webhook, type WebhookDelivery } from "../app/api";
import { navigate } from "../app/route";
import { confirmAction, Dialog } from "../ui/dialog";
import { createSubmitHandler, FormField } from "../ui/field";
import { Icon } from "../ui/icon";
import { useIdempotentRequest } from "../ui/idempotent-request";
import { ErrorNote, LoadableContent, PagedListFooter, useLoadable, usePagedList } from "../ui/loading";
import { MenuItem, MoreMenu } from "../ui/menu";
import { formatCount, formatDateTime, RelativeTime } from "../ui/time";
import { awaitRequestAndShowOutcome, showFailureAlert, showToast } from "../ui/toast";
import { CopyTextDialog } from "./copy-dialog";
import { includesAllEventTypes, WebhookDialog } from "./webhook-dialog";
import { SWITCH_OFF_REASON_TEXTS } from "./webhook-state";

const DELIVERIES_PER_PAGE = 20;
const DAY_MS = 24 * 60 * 60 * 1000;
/** Number of times that the deliveries are read again after a request to send one. */
const MAX_DELIVERY_POLLS = 10;
const DELIVERY_POLL_PAUSE_MS = 1500;

export function WebhookScreen({ id }: { id: number }): JSX.Element {
  const loadableWebhook = useLoadable(
    () => getDataOrThrow(api.GET("/webhooks/{id}", { params: { path: { id } } })),
    [id],
  );
  if (!loadableWebhook.value && loadableWebhook.error) {
    return (
      <section class="stack">
        <WebhookHeader title="Webhook" />
        <ErrorNote error={loadableWebhook.error} retry={loadableWebhook.reload} />
      </section>
    );
  }
  return (
    <LoadableContent loadable={loadableWebhook}>
      {(read) => <WebhookDetails webhook={read} reload={loadableWebhook.reload} />}
    </LoadableContent>
  );
}

function WebhookHeader({ title, children }: { title: string; children?: ComponentChildren }): JSX.Element {
  return (
    <div class="sec">
      <a class="btn ghost icon hang" href="#/settings/webhooks" aria-label="All webhooks" title="All webhooks">
        <Icon name="chevron-left" />
      </a>
      <h2 class="title cut" title={title}>
        <bdi>{title}</bdi>
      </h2>
      <span class="push" />
      {children}
    </div>
  );
}

interface WebhookDetailsProps {
  webhook: Webhook;
  reload: () => void;
}

function WebhookDetails({ webhook, reload }: WebhookDetailsProps): JSX.Element {
  const { id, url, description, types, active, createdAt } = webhook;
  const pagedDeliveryList = usePagedList<WebhookDelivery & { id: string }>(
    async (cursor) => {
      const deliveriesQueryParams = { limit: DELIVERIES_PER_PAGE, ...(cursor ? { cursor } : {}) };
      const deliveriesPage = await getDataOrThrow(
        api.GET("/webhooks/{id}/deliveries", { params: { path: { id }, query: deliveriesQueryParams } }),
      );
      return {
        ...deliveriesPage,
        items: deliveriesPage.deliveries.map((delivery) => ({ ...delivery, id: delivery.event.id })),
      };
    },
    [id],
  );
  const [renewedSecret, setRenewedSecret] = useState<string>();
  const [openDialog, setOpenDialog] = useState<"edit" | "replay">();
  const [showsFailedOnly, setShowsFailedOnly] = useState(false);
  const [remainingPolls, setRemainingPolls] = useState(0);
  const { isBusy, send } = useIdempotentRequest();
  const reloadWebhookAndDeliveries = () => {
    reload();
    pagedDeliveryList.reload();
  };
  useEffect(() => {
    if (remainingPolls === 0) return;
    const deliveryPollTimer = setTimeout(() => {
      reloadWebhookAndDeliveries();
      setRemainingPolls(remainingPolls - 1);
    }, DELIVERY_POLL_PAUSE_MS);
    return () => clearTimeout(deliveryPollTimer);
  }, [remainingPolls]);

  /** Sends a request. Returns `undefined` after a failure, which an alert reports. */
  const sendRequestOrShowFailure = async <T,>(
    body: unknown,
    request: (key: string) => Promise<T>,
  ): Promise<T | undefined> => {
    try {
      return await send(body, request);
    } catch (error) {
      showFailureAlert(describeError(error));
      return undefined;
    }
  };
  const buildWebhookRequestParams = (key: string) => ({ path: { id }, header: { "Idempotency-Key": key } });
  const sendTestEvent = async () => {
    const testEventResponse = await sendRequestOrShowFailure("test", (key) =>
      getDataOrThrow(api.POST("/webhooks/{id}/test", { params: buildWebhookRequestParams(key) })),
    );
    if (!testEventResponse) return;
    showToast("Test sent");
    setRemainingPolls(MAX_DELIVERY_POLLS);
  };
  const resendDelivery = async (eventId: string) => {
    const resendDeliveryResponse = await sendRequestOrShowFailure(eventId, (key) => {
      const { path, header } = buildWebhookRequestParams(key);
      return getDataOrThrow(
        api.POST("/webhooks/{id}/deliveries/{eventId}", { params: { path: { ...path, eventId }, header } }),
      );
    });
    if (!resendDeliveryResponse) return;
    showToast("Sent again");
    setRemainingPolls(MAX_DELIVERY_POLLS);
  };
  const replayFailedDeliveries = async (from: string) => {
    setOpenDialog(undefined);
    let resentDeliveries = 0;
    let nextStartTime: string | undefined = from;
    while (nextStartTime) {
      const replayRequestBody: { since: string } = { since: nextStartTime };
      const replayResponse = await sendRequestOrShowFailure(replayRequestBody, (key) =>
        getDataOrThrow(
          api.POST("/webhooks/{id}/replay", { params: buildWebhookRequestParams(key), body: replayRequestBody }),
        ),
      );
      if (!replayResponse) return;
      resentDeliveries += replayResponse.count;
      // Each response names the start time of the next request. If that time is unchanged, the loop ends, because it
      // would send the same request for ever: more events have this time than one response can hold.
      nextStartTime = replayResponse.nextSince === nextStartTime ? undefined : replayResponse.nextSince;
    }
    showToast(resentDeliveries === 0 ? "Nothing has failed since then" : `${formatCount(resentDeliveries)} sent again`);
    if (resentDeliveries > 0) setRemainingPolls(MAX_DELIVERY_POLLS);
  };
  const renewWebhookSecret = async () => {
    const secretRenewalDialogText = "The current secret stays valid for 24 hours beside the new one.";
    if (!(await confirmAction("Renew the secret?", secretRenewalDialogText, "Renew secret"))) return;
    const secretRenewalResponse = await sendRequestOrShowFailure("secret", (key) =>
      getDataOrThrow(api.POST("/webhooks/{id}/secret", { params: buildWebhookRequestParams(key) })),
    );
    if (!secretRenewalResponse) return;
    setRenewedSecret(secretRenewalResponse.secret ?? undefined);
    // If the first response was lost, the response to the retry has no secret, because the API stores only its hash.
    if (!secretRenewalResponse.secret) showFailureAlert("The new secret was lost on the way. Renew it once more.");
  };
  const deleteWebhook = async () => {
    if (!(await confirmAction("Delete this webhook?", `${url} gets no more events.`, "Delete"))) return;
    const webhookDeletionPromise = getDataOrThrow(api.DELETE("/webhooks/{id}", { params: { path: { id } } }));
    if (await awaitRequestAndShowOutcome(webhookDeletionPromise, "Webhook deleted")) navigate("/settings/webhooks");
  };
  const filteredDeliveries = pagedDeliveryList.items.filter(({ state }) => !showsFailedOnly || state !== "Delivered");
  const isSendingDisabled = isBusy || !active;
  const disabledSendButtonTitle = active ? undefined : "The webhook is off";
  return (
    <section class="stack" aria-label={description || url}>
      <WebhookHeader title={description || url}>
        <button
          type="button"
          class="btn"
          disabled={isSendingDisabled}
          title={disabledSendButtonTitle}
          onClick={sendTestEvent}
        >
          Send a test
        </button>
        <MoreMenu label="More about this webhook">
          <MenuItem icon="pencil" onSelect={() => setOpenDialog("edit")}>
            Edit
          </MenuItem>
          <MenuItem icon="key-round" onSelect={renewWebhookSecret}>
            Renew the secret
          </MenuItem>
          <MenuItem icon="history" isDisabled={isSendingDisabled} onSelect={() => setOpenDialog("replay")}>
            Send failed ones again
          </MenuItem>
          <MenuItem icon="trash-2" isDangerous onSelect={deleteWebhook}>
            Delete
          </MenuItem>
        </MoreMenu>
      </WebhookHeader>
      <dl class="fields">
        <div>
          <dt>Address</dt>
          <dd>
            <button type="button" class="value" title={url} onClick={() => setOpenDialog("edit")}>
              <span class="unseen">Edit address: </span>
              <bdi class="cut">{url}</bdi>
            </button>
          </dd>
        </div>
        <div>
          <dt>Events</dt>
          <dd>
            <button type="button" class="value" onClick={() => setOpenDialog("edit")}>
              <span class="unseen">Edit events: </span>
              {includesAllEventTypes(types)
                ? "Every event"
                : types.map((type) => (
                    <span key={type} class="tag">
                      {type}
                    </span>
                  ))}
            </button>
          </dd>
        </div>
        <div>
          <dt>Secret</dt>
          <dd>
            <button type="button" class="value" disabled={isBusy} onClick={renewWebhookSecret}>
              <span>
                Shown once, <RelativeTime at={createdAt} isInSentence />. Renew
              </span>
            </button>
          </dd>
        </div>
      </dl>
      <WebhookHealthNotice
        webhook={webhook}
        edit={() => setOpenDialog("edit")}
        replay={() => setOpenDialog("replay")}
      />
      <section aria-label="Deliveries">
        <div class="sec">
          <h2>Deliveries</h2>
          <span class="count">30 days</span>
          <button
            type="button"
            class="btn icon ghost"
            aria-label="Refresh the deliveries"
            title="Refresh"
            onClick={reloadWebhookAndDeliveries}
          >
            <Icon name="refresh-cw" />
          </button>
          <span class="push" />
          <div class="tabs" role="radiogroup" aria-label="Deliveries that are shown">
            {[false, true].map((only) => (
              <label key={String(only)}>
                <input
                  class="unseen"
                  type="radio"
                  name="deliveries"
                  checked={showsFailedOnly === only}
                  onInput={() => setShowsFailedOnly(only)}
                />
                {only ? (
                  <>
                    Failed<span class="unseen"> only</span>
                  </>
                ) : (
                  "All"
                )}
              </label>
            ))}
          </div>
        </div>
        {filteredDeliveries.length > 0 ? (
          <table class="plain deliveries">
            <thead>
              <tr>
                <th scope="col" class="w-l">
                  Result
                </th>
                <th scope="col">Event</th>
                <th scope="col" class="right w-s c1">
                  Took
                </th>
                <th scope="col" class="right w-s">
                  When
                </th>
              </tr>
            </thead>
            <tbody>
              {filteredDeliveries.map((delivery) => (
                <DeliveryAndAttemptRows
                  key={delivery.id}
                  delivery={delivery}
                  disabled={isSendingDisabled}
                  resend={() => resendDelivery(delivery.id)}
                />
              ))}
            </tbody>
          </table>
        ) : null}
        {filteredDeliveries.length === 0 &&
        !pagedDeliveryList.error &&
        !pagedDeliveryList.hasMore &&
        (remainingPolls > 0 || !pagedDeliveryList.isBusy) ? (
          <p class="quiet">
            {remainingPolls > 0
              ? "It is on its way."
              : showsFailedOnly
                ? "Nothing has failed in the last 30 days."
                : "Nothing was sent in the last 30 days."}
          </p>
        ) : (
          <PagedListFooter pagedList={pagedDeliveryList} />
        )}
      </section>
      {openDialog === "edit" ? (
        <WebhookDialog
          webhook={webhook}
          onClose={() => setOpenDialog(undefined)}
          onSaved={() => {
            setOpenDialog(undefined);
            reload();
          }}
        />
      ) : null}
      {openDialog === "replay" ? (
        <ReplayDeliveriesDialog replay={replayFailedDeliveries} onClose={() => setOpenDialog(undefined)} />
      ) : null}
      {renewedSecret ? (
        <CopyTextDialog
          title="The new secret"
          text={renewedSecret}
          label="Secret"
          onClose={() => setRenewedSecret(undefined)}
        >
          It is shown this once. For 24 hours every delivery is signed with both, the one before and this one.
        </CopyTextDialog>
      ) : null}
    </section>
  );
}

interface WebhookHealthNoticeProps {
  webhook: Webhook;
  edit: () => void;
  replay: () => void;
}

/** A notice if the webhook is off or failing, with a button to fix that. */
function WebhookHealthNotice({ webhook, edit, replay }: WebhookHealthNoticeProps): JSX.Element | null {
  const { active, switchedOff, failingSince } = webhook;
  if (!active) {
    return (
      <div class={switchedOff ? "note bad" : "note"}>
        <Icon name={switchedOff ? "circle-alert" : "info"} />
        <div>
          <b>Off{switchedOff ? `: ${SWITCH_OFF_REASON_TEXTS[switchedOff]}` : ""}.</b> Nothing is sent until it is
          switched on again.
        </div>
        <button type="button" class="btn little push" onClick={edit}>
          Edit
        </button>
      </div>
    );
  }
  if (!failingSince) return null;
  return (
    <div class="note bad">
      <Icon name="circle-alert" />
      <div>
        <b>Failing since {formatDateTime(failingSince)}.</b> Each delivery is tried again for three days. After five
        days of failures the webhook is switched off.
      </div>
      <button type="button" class="btn little push" onClick={replay}>
        Send failed ones again
      </button>
    </div>
  );
}

interface DeliveryAndAttemptRowsProps {
  delivery: WebhookDelivery;
  disabled: boolean;
  resend: () => void;
}

const DELIVERY_STATE_LABELS: Record<WebhookDelivery["state"], string> = {
  Pending: "Not delivered yet",
  Delivered: "Delivered",
  Failed: "Failed",
};

function DeliveryAndAttemptRows({ delivery, disabled, resend }: DeliveryAndAttemptRowsProps): JSX.Element {
  const { event, state, attempts, nextAttemptAt } = delivery;
  const [isOpen, setOpen] = useState(false);
  const latestDeliveryAttempt = attempts[0];
  const isDelivered = state === "Delivered";
  const isWaitingForFirstAttempt = attempts.length === 0;
  const resultButtonCssClass = isDelivered ? "row good" : isWaitingForFirstAttempt ? "row quiet" : "row bad";
  return (
    <>
      <tr>
        <th scope="row">
          <button
            type="button"
            class={resultButtonCssClass}
            aria-expanded={isOpen}
            aria-label={`${DELIVERY_STATE_LABELS[state]}, ${latestDeliveryAttempt ? (latestDeliveryAttempt.status ?? latestDeliveryAttempt.error) : "no attempt yet"}, ${event.type}`}
            onClick={() => setOpen(!isOpen)}
          >
            <Icon name={isDelivered ? "circle-check" : isWaitingForFirstAttempt ? "clock" : "circle-alert"} />
            <span class="cut" title={latestDeliveryAttempt?.error}>
              {latestDeliveryAttempt ? (latestDeliveryAttempt.status ?? latestDeliveryAttempt.error) : "Waiting"}
            </span>
            <Icon name={isOpen ? "chevron-down" : "chevron-right"} />
          </button>
        </th>
        <td class="cut" title={event.type}>
          <code>{event.type}</code>
        </td>
        <td class="right num quiet c1">
          {latestDeliveryAttempt ? `${formatCount(latestDeliveryAttempt.duration)} ms` : null}
        </td>
        <td class="right num quiet">
          <RelativeTime at={event.createdAt} />
        </td>
      </tr>
      {isOpen ? (
        <tr class="inner">
          <td colSpan={4}>
            <div class="attempts">
              <p class="row wrap">
                <span>{DELIVERY_STATE_LABELS[state]}</span>
                <code class="quiet cut" title={event.id}>
                  {event.id}
                </code>
                {/* The API does not store the events of tests, so they cannot be sent again. */}
                {event.type === "ping" ? null : (
                  <button type="button" class="btn little push" disabled={disabled} onClick={resend}>
                    Send again
                  </button>
                )}
              </p>
              {nextAttemptAt ? <p class="small quiet">Next attempt at {formatDateTime(nextAttemptAt)}</p> : null}
              <ol aria-label="Attempts">
                {attempts.map(({ at, status, error, duration, response }) => (
                  <li key={at}>
                    <span class="small quiet num">
                      {formatDateTime(at)} · <b>{status ?? error}</b> · {formatCount(duration)} ms
                    </span>
                    {response ? <pre>{response}</pre> : null}
                  </li>
                ))}
              </ol>
            </div>
          </td>
        </tr>
      ) : null}
    </>
  );
}

/** Formats a time in the user's time zone for an input of type `datetime-local`. */
const formatForDateTimeLocalInput = (time: number): string =>
  new Date(time - new Date(time).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);

function ReplayDeliveriesDialog({
  replay,
  onClose,
}: {
  replay: (since: string) => void;
  onClose: () => void;
}): JSX.Element {
  const [sinceLocalTime, setSinceLocalTime] = useState(() => formatForDateTimeLocalInput(Date.now() - DAY_MS));
  return (
    <Dialog title="Send failed ones again" onClose={onClose}>
      <form class="form" onSubmit={createSubmitHandler(() => replay(new Date(sinceLocalTime).toISOString()))}>
        <FormField label="Since" hint="Deliveries that are still tried by themselves are not sent.">
          {(ids) => (
            <input
              {...ids}
              class="input"
              type="datetime-local"
              value={sinceLocalTime}
              required
              onInput={({ currentTarget }) => setSinceLocalTime(currentTarget.value)}
            />
          )}
        </FormField>
        <div class="actions">
          <button type="button" class="btn ghost" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="btn primary">
            Send again
          </button>
        </div>
      </form>
    </Dialog>
  );
}
