// The content of a lead, on its page and in the panel: head, details, and activity. `useOpenLead` reads the lead and applies
// events from the feed.

import type { JSX } from "preact";
import { useId, useRef, useState } from "preact/hooks";
import { api, describeError, getDataOrThrow, isRequestErrorWithStatus, type LeadEvent } from "../app/api";
import { useTeam } from "../app/team";
import { confirmAction } from "../ui/dialog";
import { readDraft } from "../ui/draft";
import { getDisplayName } from "../ui/face";
import { Icon } from "../ui/icon";
import { type Loadable, Skeleton, useLoadable } from "../ui/loading";
import { ErrorPlaceholder } from "../ui/states";
import { RelativeTime } from "../ui/time";
import { awaitRequestAndShowOutcome, showFailureAlert, showToast } from "../ui/toast";
import { useLeadChanges } from "./lead-changes";
import { buildFieldDraftKey } from "./lead-edit";
import { formatExternalIdLabel, getFieldText, LEAD_FIELD_DEFINITIONS } from "./lead-fields";
import { LeadHead } from "./lead-head";
import { type LeadWithEtag, parseEtagVersionNumber, readLeadWithEtag } from "./lead-save";
import { EditableLeadField } from "./lead-value";
import { closeLeadPanelOrPage, lastListScreenLinkSignal } from "./open-lead";
import { buildCommentDraftKey, Timeline } from "./timeline";
import { describeLeadEventWithAuthor, getAuthorName } from "./timeline-groups";

export interface OpenLeadState {
  id: number;
  loadable: Loadable<LeadWithEtag>;
  /** The lead with its ETag. `undefined` until the lead is read. */
  version: LeadWithEtag | undefined;
  /** Shows a version of the lead that was saved or read, unless a newer one is shown. */
  showVersion: (version: LeadWithEtag) => void;
  refresh: () => Promise<void>;
  /** Number of changes of the lead since it was opened. When the number grows, the activity is read again. */
  changeCount: number;
  /** The latest changes by other users, as text for screen readers. */
  newsText: string;
  /** The event of the lead's deletion, if the lead was deleted while it was shown. */
  deletion: LeadEvent | undefined;
  archive: () => Promise<void>;
  restore: () => Promise<void>;
  remove: () => Promise<void>;
}

/** Reads a lead, and applies the changes that other users make to it. */
export function useOpenLead(id: number): OpenLeadState {
  const { user } = useTeam();
  const [changeCount, setChangeCount] = useState(0);
  const [latestNews, setLatestNews] = useState({ id, text: "" });
  const [deletion, setDeletion] = useState<LeadEvent>();
  const latestLeadWithEtagRef = useRef<LeadWithEtag | undefined>(undefined);

  const showLeadUnlessOlder = (next: LeadWithEtag) => {
    // The timeline is read again even if this version is ignored.
    setChangeCount((count) => count + 1);
    const shownLeadWithEtag = latestLeadWithEtagRef.current;
    if (next.lead.id !== shownLeadWithEtag?.lead.id) return;
    // Responses may arrive out of order, so a version older than the shown one is ignored.
    if (parseEtagVersionNumber(next.etag) >= parseEtagVersionNumber(shownLeadWithEtag.etag))
      loadableLead.setValue(next);
  };
  const refreshLead = () =>
    readLeadWithEtag(id).then(showLeadUnlessOlder, (error) => {
      if (!isRequestErrorWithStatus(error, 404)) showFailureAlert(describeError(error));
      else loadableLead.reload();
    });
  const handleLeadEvents = (events: LeadEvent[]) => {
    const leadEvents = events.filter(({ leadId }) => leadId === id);
    const shownLeadWithEtag = latestLeadWithEtagRef.current;
    if (leadEvents.length === 0 || !shownLeadWithEtag) return;
    const deletionEvent = leadEvents.find(({ type }) => type === "lead.deleted");
    if (deletionEvent) {
      setDeletion(deletionEvent);
      return;
    }
    const leadOfNewestEvent = leadEvents.at(-1)?.lead;
    if (!leadOfNewestEvent || leadOfNewestEvent.version <= parseEtagVersionNumber(shownLeadWithEtag.etag))
      setChangeCount((count) => count + 1);
    // Events carry no photo URL. If the photo was changed, the lead is read again to get the URL.
    else if (leadOfNewestEvent.photo !== shownLeadWithEtag.lead.photo) refreshLead();
    else
      showLeadUnlessOlder({
        lead: { ...shownLeadWithEtag.lead, ...leadOfNewestEvent },
        etag: `"${leadOfNewestEvent.version}"`,
      });
    const eventsByOthers = leadEvents.filter(({ actor }) => actor.user.id !== user.id || actor.key || actor.form);
    if (eventsByOthers.length > 0)
      setLatestNews({ id, text: [...new Set(eventsByOthers.map(describeLeadEventWithAuthor))].slice(-3).join("; ") });
  };
  useLeadChanges(handleLeadEvents, () => void (latestLeadWithEtagRef.current && refreshLead()), {
    readsAfterSubscribing: true,
  });
  const loadableLead = useLoadable(() => readLeadWithEtag(id), [id]);
  const loadedLeadWithEtag = loadableLead.value?.lead.id === id ? loadableLead.value : undefined;
  latestLeadWithEtagRef.current = loadedLeadWithEtag;

  const archiveOrRestoreRequestBody = { ids: [id] };
  const leadName = loadedLeadWithEtag ? getDisplayName(loadedLeadWithEtag.lead) : "";
  const restoreArchivedLead = async () => {
    if (
      await awaitRequestAndShowOutcome(
        getDataOrThrow(api.PATCH("/leads/restore", { body: archiveOrRestoreRequestBody })),
        `${leadName} restored`,
        "Nothing was restored.",
      )
    ) {
      await refreshLead();
    }
  };
  const archiveLead = async () => {
    try {
      await getDataOrThrow(api.PATCH("/leads/archive", { body: archiveOrRestoreRequestBody }));
      showToast(`${leadName} archived`, {
        undo: () =>
          getDataOrThrow(api.PATCH("/leads/restore", { body: archiveOrRestoreRequestBody })).then(refreshLead),
      });
      await refreshLead();
    } catch (error) {
      showFailureAlert(`${leadName} was not archived. ${describeError(error)}`);
    }
  };
  const deleteLead = async () => {
    const deletionWarningText = "Comments, history and photo go with the lead. This cannot be undone.";
    if (!(await confirmAction(`Delete ${leadName}?`, deletionWarningText, "Delete lead"))) return;
    const deleteRequestPromise = getDataOrThrow(api.DELETE("/leads/{id}", { params: { path: { id } } }));
    if (await awaitRequestAndShowOutcome(deleteRequestPromise, `${leadName} deleted`, `${leadName} was not deleted.`))
      closeLeadPanelOrPage();
  };
  return {
    id,
    loadable: loadableLead,
    version: loadedLeadWithEtag,
    showVersion: showLeadUnlessOlder,
    refresh: refreshLead,
    changeCount,
    newsText: latestNews.id === id ? latestNews.text : "",
    deletion: deletion?.leadId === id ? deletion : undefined,
    archive: archiveLead,
    restore: restoreArchivedLead,
    remove: deleteLead,
  };
}

/** Fields that the panel shows before the user unfolds the others. */
const NEVER_FOLDED_FIELD_NAMES = ["email", "phoneNumber", "company", "position", "location", "business"];
/** Fields that the head shows, so that the details omit them. */
const LEAD_HEAD_FIELD_NAMES = ["firstName", "lastName", "statusId"];
const DETAIL_FIELDS = [
  ...NEVER_FOLDED_FIELD_NAMES.flatMap((name) => LEAD_FIELD_DEFINITIONS.filter((field) => field.name === name)),
  ...LEAD_FIELD_DEFINITIONS.filter(
    ({ name }) => !NEVER_FOLDED_FIELD_NAMES.includes(name) && !LEAD_HEAD_FIELD_NAMES.includes(name),
  ),
];

interface LeadBodyProps {
  openLead: OpenLeadState;
  /** Level of the name's heading: 1 on the lead's own page, 2 in the panel. */
  headingLevel: 1 | 2;
}

export function LeadBody({ openLead, headingLevel }: LeadBodyProps): JSX.Element {
  const { loadable, version, deletion } = openLead;
  if (deletion || isRequestErrorWithStatus(loadable.error, 404))
    return <DeletedLeadMessage openLead={openLead} headingLevel={headingLevel} />;
  if (!version) {
    return loadable.error ? (
      <ErrorPlaceholder title="The lead could not be read" error={loadable.error} retry={loadable.reload} />
    ) : (
      <div class="lead">
        <Skeleton lines={6} />
      </div>
    );
  }
  return <LeadContent key={openLead.id} openLead={openLead} version={version} headingLevel={headingLevel} />;
}

function LeadContent({ openLead, version, headingLevel }: LeadBodyProps & { version: LeadWithEtag }): JSX.Element {
  const { mayWrite } = useTeam();
  const tabRadioGroupName = useId();
  const { lead } = version;
  return (
    <div class="lead">
      <p class="unseen" role="status">
        {openLead.newsText}
      </p>
      {lead.archived ? (
        <div class="note archived">
          <Icon name="archive" />
          <p>This lead is archived: lists and searches leave it out.</p>
          {mayWrite ? (
            <button type="button" class="btn little push" onClick={openLead.restore}>
              Restore
            </button>
          ) : null}
        </div>
      ) : null}
      <LeadHead version={version} onSaved={openLead.showVersion} refresh={openLead.refresh} level={headingLevel} />
      <div class="tabs seg" role="group" aria-label="Show">
        <label>
          <input class="unseen" type="radio" name={tabRadioGroupName} defaultChecked />
          Activity
        </label>
        <label>
          <input class="unseen" type="radio" name={tabRadioGroupName} />
          Details
        </label>
      </div>
      <div class="parts">
        <section class="details" aria-label="Details">
          <LeadDetails openLead={openLead} version={version} headingLevel={headingLevel} />
        </section>
        <section class="activity" aria-label="Activity">
          <Timeline leadId={lead.id} changeCount={openLead.changeCount} headingLevel={headingLevel === 1 ? 2 : 3} />
        </section>
      </div>
    </div>
  );
}

function LeadDetails({ openLead, version, headingLevel }: LeadBodyProps & { version: LeadWithEtag }): JSX.Element {
  const { mayWrite } = useTeam();
  const { lead } = version;
  const isLeadPage = headingLevel === 1;
  const shownDetailFields = DETAIL_FIELDS.filter(({ name }) => mayWrite || getFieldText(lead, name) !== "");
  const neverFoldedFields = shownDetailFields.filter(({ name }) => NEVER_FOLDED_FIELD_NAMES.includes(name));
  const foldableFields = shownDetailFields.filter(({ name }) => !NEVER_FOLDED_FIELD_NAMES.includes(name));
  // If a folded field has an unsaved draft, the fields start unfolded, so that the user sees the draft.
  const [isUnfolded, setUnfolded] = useState(() =>
    foldableFields.some(({ name }) => readDraft(buildFieldDraftKey(lead.id, name)) !== undefined),
  );
  const fieldListRef = useRef<HTMLDListElement>(null);
  const readOnlyEntries = [
    ...Object.entries(lead.externalIds).map(([system, id]) => [formatExternalIdLabel(system), id] as const),
    ...Object.entries(lead.attribution ?? {}),
  ];
  const unfoldFields = () => {
    setUnfolded(true);
    requestAnimationFrame(() => {
      fieldListRef.current
        ?.querySelector<HTMLElement>(`div:nth-child(${neverFoldedFields.length + 1}) .value`)
        ?.focus();
    });
  };
  const SectionHeadingTag = isLeadPage ? "h2" : "h3";
  return (
    <>
      <div class="sec">
        <SectionHeadingTag>Details</SectionHeadingTag>
      </div>
      <dl class="fields" ref={fieldListRef}>
        {[...neverFoldedFields, ...(isLeadPage || isUnfolded ? foldableFields : [])].map((field) => (
          <EditableLeadField key={field.name} field={field} version={version} onSaved={openLead.showVersion} />
        ))}
        {isLeadPage || isUnfolded ? (
          <>
            <div>
              <dt>Created</dt>
              <dd>
                <span class="value fixed">
                  <RelativeTime at={lead.createdAt} />
                </span>
              </dd>
            </div>
            {readOnlyEntries.map(([name, value]) => (
              <div key={name}>
                <dt class="cut" title={name}>
                  {name}
                </dt>
                <dd>
                  <span class="value fixed">
                    <bdi>{value}</bdi>
                  </span>
                </dd>
              </div>
            ))}
          </>
        ) : null}
      </dl>
      {isLeadPage || isUnfolded ? null : (
        <button type="button" class="btn ghost hang" onClick={unfoldFields}>
          <Icon name="chevron-down" />
          {foldableFields.length + 1 + readOnlyEntries.length} more fields
        </button>
      )}
    </>
  );
}

/** Message for a lead that was deleted or never existed. An unsent comment can still be copied. */
function DeletedLeadMessage({ openLead, headingLevel }: LeadBodyProps): JSX.Element {
  const { deletion, id } = openLead;
  const unsentCommentText = readDraft<string>(buildCommentDraftKey(id));
  const HeadingTag = headingLevel === 1 ? "h1" : "h2";
  const copyUnsentComment = async () => {
    try {
      await navigator.clipboard.writeText(unsentCommentText ?? "");
      showToast("Comment copied");
    } catch {
      // Over plain HTTP, except on localhost, browsers provide no clipboard, so the user is asked to select the text.
      showFailureAlert("The browser does not let this page copy. Select the text instead.");
    }
  };
  return (
    <div class="empty gone" role="alert">
      <Icon name="trash-2" />
      <HeadingTag class="title">This lead is gone</HeadingTag>
      <p class="quiet">
        {deletion ? (
          <>
            <bdi>{getAuthorName(deletion.actor)}</bdi> deleted it.
          </>
        ) : (
          `Somebody deleted it, or there never was a lead ${id}.`
        )}
        {unsentCommentText ? " Your unsent comment is kept." : null}
      </p>
      {unsentCommentText ? (
        <blockquote class="paragraph">
          <bdi>{unsentCommentText}</bdi>
        </blockquote>
      ) : null}
      <div class="row wrap">
        {unsentCommentText ? (
          <button type="button" class="btn" onClick={copyUnsentComment}>
            Copy the comment
          </button>
        ) : null}
        <button type="button" class="btn ghost" onClick={closeLeadPanelOrPage}>
          {lastListScreenLinkSignal.value.title === "Board" ? "Back to the board" : "Back to the list"}
        </button>
      </div>
    </div>
  );
}
