// Tabs of saved views, the form that saves a view, and the menu that updates, renames, shares or deletes a view.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { describeError, RequestError } from "../app/api";
import { LIMITS } from "../app/contract-values";
import { navigate } from "../app/route";
import { useTeam } from "../app/team";
import { Dialog } from "../ui/dialog";
import { createSubmitHandler, FormField } from "../ui/field";
import { Icon } from "../ui/icon";
import { Menu, MenuItem, Popover } from "../ui/menu";
import { showFailureAlert, showToast } from "../ui/toast";
import { type LeadListColumnName, storeChosenColumns } from "./columns";
import { buildListRouteParams, type LeadListUrlQuery } from "./list-query";
import {
  areFiltersAndSortEqual,
  buildListOrBoardPath,
  buildViewPath,
  convertListQueryToViewQuery,
  convertViewToListQuery,
  createView,
  deleteView,
  filterViewsByLayout,
  loadSavedViews,
  type SavedView,
  savedViewsSignal,
  updateView,
  type ViewLayout,
} from "./views-api";

const NO_COLUMN_NAMES: readonly LeadListColumnName[] = [];

/** If the URL contains the id of a saved view but no filters, writes the filters of that view to the URL. */
export function useApplyViewFromUrl(query: LeadListUrlQuery, showQuery: (query: LeadListUrlQuery) => void): void {
  const savedViewFromUrl = savedViewsSignal.value?.find(({ id }) => id === query.view);
  useEffect(() => {
    if (!savedViewFromUrl || buildListRouteParams({ ...query, view: 0, search: "" }).toString() !== "") return;
    const viewQueryWithSearch = { ...convertViewToListQuery(savedViewFromUrl), search: query.search };
    if (buildListRouteParams(viewQueryWithSearch).toString() !== buildListRouteParams(query).toString())
      showQuery(viewQueryWithSearch);
  }, [savedViewFromUrl === undefined, query.view]);
}

interface ViewTabsProps {
  layout: ViewLayout;
  query: LeadListUrlQuery;
  /** Columns of the list. Empty for a board. */
  columns?: readonly LeadListColumnName[];
}

export function ViewTabs({ layout, query, columns = NO_COLUMN_NAMES }: ViewTabsProps): JSX.Element {
  const { isOwner } = useTeam();
  useEffect(() => {
    // If the views cannot be read, an alert says so, and the screen works without their tabs. The next visit reads the views
    // again.
    loadSavedViews().catch((error) => showFailureAlert(`The views could not be read. ${describeError(error)}`));
  }, []);
  const navigateToListQuery = (next: LeadListUrlQuery) => navigate(buildListOrBoardPath(next, layout));
  const savedViewsInTabs = filterViewsByLayout(savedViewsSignal.value ?? [], layout);
  const currentSavedView = savedViewsInTabs.find(({ id }) => id === query.view);
  const isCurrentViewChanged =
    currentSavedView !== undefined &&
    (!areFiltersAndSortEqual(query, convertViewToListQuery(currentSavedView)) ||
      (columns.length > 0 && columns.join() !== currentSavedView.columns.join()));
  const mayChangeView = currentSavedView && (isOwner || !currentSavedView.shared);
  return (
    <>
      <nav class="tabs" aria-label="Views">
        <a href={layout === "board" ? "#/board" : "#/leads"} aria-current={currentSavedView ? undefined : "page"}>
          All
        </a>
        {savedViewsInTabs.map((view) => (
          <a
            key={view.id}
            href={`#${buildViewPath(view)}`}
            aria-current={view === currentSavedView ? "page" : undefined}
            title={view.shared ? `${view.name} (shared with the team)` : view.name}
          >
            <bdi>{view.name}</bdi>
            {view === currentSavedView && isCurrentViewChanged ? <span class="quiet"> · changed</span> : null}
          </a>
        ))}
      </nav>
      {mayChangeView ? (
        <ViewMenu
          {...{
            view: currentSavedView,
            isChanged: isCurrentViewChanged,
            query,
            layout,
            columns,
            navigateToQuery: navigateToListQuery,
          }}
        />
      ) : null}
      <SaveViewButton {...{ query, layout, columns, navigateToQuery: navigateToListQuery }} />
    </>
  );
}

interface ViewActionsProps extends Required<ViewTabsProps> {
  /** Shows the list or the board with another query, in a new history entry. */
  navigateToQuery: (query: LeadListUrlQuery) => void;
}

/** Returns a sentence about an error: about the name if the API names that field, else the error's message. */
function describeViewNameError(error: unknown): string {
  const viewNameError = error instanceof RequestError ? error.errors.find(({ field }) => field === "name") : undefined;
  return viewNameError ? `The name ${viewNameError.message}.` : describeError(error);
}

function SaveViewButton(props: ViewActionsProps): JSX.Element {
  return (
    <Popover
      popupRole="dialog"
      label="Save as a view"
      trigger={(props) => (
        <button type="button" class="btn icon ghost wide" aria-label="Save as a view" title="Save as a view" {...props}>
          <Icon name="plus" />
        </button>
      )}
    >
      {(close) => <SaveViewForm {...props} close={close} />}
    </Popover>
  );
}

function SaveViewForm({
  query,
  layout,
  columns,
  navigateToQuery,
  close,
}: ViewActionsProps & { close: () => void }): JSX.Element {
  const { isOwner } = useTeam();
  const [name, setName] = useState("");
  const [shared, setShared] = useState(false);
  const [nameErrorText, setNameErrorText] = useState<string>();
  const [isBusy, setIsBusy] = useState(false);
  const createViewFromForm = async () => {
    if (!name.trim()) return setNameErrorText("A view needs a name.");
    setIsBusy(true);
    try {
      const newViewRequestBody = {
        name: name.trim(),
        query: convertListQueryToViewQuery(query),
        layout,
        columns: [...columns],
        shared,
      };
      const createdView = await createView(newViewRequestBody);
      close();
      navigateToQuery({ ...query, view: createdView.id });
      showToast(`View ${createdView.name} saved`);
    } catch (error) {
      setNameErrorText(describeViewNameError(error));
      setIsBusy(false);
    }
  };
  return (
    <form class="editor" onSubmit={createSubmitHandler(createViewFromForm)}>
      <FormField
        label="Name of the view"
        fault={nameErrorText}
        hint={`Keeps ${layout === "board" ? "filters" : "filters, order and columns"}${query.search ? ", not the search" : ""}.`}
      >
        {(ids) => (
          <input
            {...ids}
            class="input"
            maxLength={LIMITS.maxNameChars}
            value={name}
            onInput={({ currentTarget }) => {
              setName(currentTarget.value);
              setNameErrorText(undefined);
            }}
          />
        )}
      </FormField>
      {isOwner ? (
        <label class="row">
          <input type="checkbox" checked={shared} onInput={({ currentTarget }) => setShared(currentTarget.checked)} />
          Share with the team
        </label>
      ) : null}
      <button type="submit" class="btn primary" disabled={isBusy}>
        Save view
      </button>
    </form>
  );
}

interface ViewMenuProps extends ViewActionsProps {
  view: SavedView;
  isChanged: boolean;
}

function ViewMenu({ view, isChanged, query, layout, columns, navigateToQuery }: ViewMenuProps): JSX.Element {
  const { isOwner } = useTeam();
  const [isRenaming, setIsRenaming] = useState(false);
  const updateViewAndShowToast = async (change: Partial<SavedView>, done: string): Promise<void> => {
    try {
      await updateView({ ...view, ...change });
      showToast(done);
    } catch (error) {
      showFailureAlert(`View ${view.name} was not changed. ${describeError(error)}`);
    }
  };
  const saveQueryAndColumnsInView = async () => {
    await updateViewAndShowToast(
      { query: convertListQueryToViewQuery(query), columns: [...columns] },
      `View ${view.name} updated`,
    );
    storeChosenColumns(view.id, undefined);
  };
  const deleteViewWithUndo = async () => {
    try {
      await deleteView(view);
    } catch (error) {
      showFailureAlert(`View ${view.name} was not deleted. ${describeError(error)}`);
      return;
    }
    storeChosenColumns(view.id, undefined);
    navigateToQuery({ ...query, view: 0 });
    const { name, query: deletedQuery, columns: deletedColumns, shared } = view;
    showToast(`View ${view.name} deleted`, {
      undo: async () => {
        const { id } = await createView({ name, query: deletedQuery, layout, columns: deletedColumns, shared });
        navigateToQuery({ ...query, view: id });
      },
    });
  };
  return (
    <>
      <Menu
        label={`View ${view.name}`}
        trigger={(props) => (
          <button
            type="button"
            class="btn icon ghost"
            aria-label={`Change the view ${view.name}`}
            title="Change this view"
            {...props}
          >
            <Icon name="ellipsis" />
          </button>
        )}
      >
        {isChanged ? (
          <MenuItem icon="save" onSelect={saveQueryAndColumnsInView}>
            Update with what is shown
          </MenuItem>
        ) : null}
        <MenuItem icon="pencil" onSelect={() => setIsRenaming(true)}>
          Rename
        </MenuItem>
        {isOwner ? (
          <MenuItem
            icon="users"
            onSelect={() =>
              updateViewAndShowToast(
                { shared: !view.shared },
                view.shared ? `View ${view.name} is yours alone` : `View ${view.name} shared with the team`,
              )
            }
          >
            {view.shared ? "Stop sharing" : "Share with the team"}
          </MenuItem>
        ) : null}
        <MenuItem icon="trash-2" isDangerous onSelect={deleteViewWithUndo}>
          Delete
        </MenuItem>
      </Menu>
      {isRenaming ? <RenameViewDialog view={view} onClose={() => setIsRenaming(false)} /> : null}
    </>
  );
}

function RenameViewDialog({ view, onClose }: { view: SavedView; onClose: () => void }): JSX.Element {
  const [name, setName] = useState(view.name);
  const [nameErrorText, setNameErrorText] = useState<string>();
  const renameView = async () => {
    try {
      await updateView({ ...view, name: name.trim() });
      onClose();
    } catch (error) {
      setNameErrorText(describeViewNameError(error));
    }
  };
  return (
    <Dialog title="Rename the view" onClose={onClose}>
      <form class="editor" onSubmit={createSubmitHandler(renameView)}>
        <FormField label="Name of the view" fault={nameErrorText}>
          {(ids) => (
            <input
              {...ids}
              class="input"
              required
              maxLength={LIMITS.maxNameChars}
              value={name}
              onInput={({ currentTarget }) => setName(currentTarget.value)}
            />
          )}
        </FormField>
        <div class="actions">
          <button type="button" class="btn ghost" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="btn primary">
            Rename
          </button>
        </div>
      </form>
    </Dialog>
  );
}
