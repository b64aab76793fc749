// Tabs of saved views, the form that saves a view, and the menu that updates, renames, shares or deletes a view.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { describeError, RequestError } from "../app/api";
import { LIMITS } from "../app/contract-values";
import { navigate } from "../app/route";
import { useTeam } from "../app/team";
import { Dialog } from "../ui/dialog";
import { createSubmitHandler, Field } from "../ui/field";
import { Icon } from "../ui/icon";
import { Menu, MenuItem, Popover } from "../ui/menu";
import { reportFailure, showToast } from "../ui/toast";
import { type ColumnName, storeChosenColumns } from "./columns";
import { buildListUrlParams, type ListQuery } from "./list-query";
import {
  buildQueryPath,
  buildViewPath,
  buildViewQuery,
  createView,
  deleteView,
  filterViewsByLayout,
  hasSameFilters,
  parseViewQuery,
  readViews,
  type SavedView,
  savedViews,
  updateView,
  type ViewLayout,
} from "./views-api";

const NO_COLUMNS: readonly ColumnName[] = [];

/** If the URL contains the id of a saved view but no filters, writes the filters of that view to the URL. */
export function useApplyViewFromUrl(query: ListQuery, showQuery: (query: ListQuery) => void): void {
  const urlView = savedViews.value?.find(({ id }) => id === query.view);
  useEffect(() => {
    if (!urlView || buildListUrlParams({ ...query, view: 0, search: "" }).toString() !== "") return;
    const completeQuery = { ...parseViewQuery(urlView), search: query.search };
    if (buildListUrlParams(completeQuery).toString() !== buildListUrlParams(query).toString()) showQuery(completeQuery);
  }, [urlView === undefined, query.view]);
}

interface ViewTabsProps {
  layout: ViewLayout;
  query: ListQuery;
  /** Columns of the list. Empty for a board. */
  columns?: readonly ColumnName[];
}

export function ViewTabs({ layout, query, columns = NO_COLUMNS }: ViewTabsProps): JSX.Element {
  const { isOwner } = useTeam();
  useEffect(() => {
    // If the views cannot be read, an alert says so, and the screen works without their tabs. The next visit reads the views
    // again.
    readViews().catch((error) => reportFailure(`The views could not be read. ${describeError(error)}`));
  }, []);
  const navigateToQuery = (next: ListQuery) => navigate(buildQueryPath(next, layout));
  const tabViews = filterViewsByLayout(savedViews.value ?? [], layout);
  const currentView = tabViews.find(({ id }) => id === query.view);
  const isChanged =
    currentView !== undefined &&
    (!hasSameFilters(query, parseViewQuery(currentView)) ||
      (columns.length > 0 && columns.join() !== currentView.columns.join()));
  const mayChangeView = currentView && (isOwner || !currentView.shared);
  return (
    <>
      <nav class="tabs" aria-label="Views">
        <a href={layout === "board" ? "#/board" : "#/leads"} aria-current={currentView ? undefined : "page"}>
          All
        </a>
        {tabViews.map((view) => (
          <a
            key={view.id}
            href={`#${buildViewPath(view)}`}
            aria-current={view === currentView ? "page" : undefined}
            title={view.shared ? `${view.name} (shared with the team)` : view.name}
          >
            <bdi>{view.name}</bdi>
            {view === currentView && isChanged ? <span class="quiet"> · changed</span> : null}
          </a>
        ))}
      </nav>
      {mayChangeView ? (
        <ViewMenu {...{ view: currentView, isChanged, query, layout, columns, navigateToQuery }} />
      ) : null}
      <SaveViewButton {...{ query, layout, columns, navigateToQuery }} />
    </>
  );
}

interface ViewActionsProps extends Required<ViewTabsProps> {
  /** Shows the list or the board with another query, in a new history entry. */
  navigateToQuery: (query: ListQuery) => void;
}

/** Returns a sentence about an error: about the name if the API names that field, else the error's message. */
function describeNameError(error: unknown): string {
  const nameError = error instanceof RequestError ? error.errors.find(({ field }) => field === "name") : undefined;
  return nameError ? `The name ${nameError.message}.` : describeError(error);
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
      const newViewInput = {
        name: name.trim(),
        query: buildViewQuery(query),
        layout,
        columns: [...columns],
        shared,
      };
      const createdView = await createView(newViewInput);
      close();
      navigateToQuery({ ...query, view: createdView.id });
      showToast(`View ${createdView.name} saved`);
    } catch (error) {
      setNameErrorText(describeNameError(error));
      setIsBusy(false);
    }
  };
  return (
    <form class="editor" onSubmit={createSubmitHandler(createViewFromForm)}>
      <Field
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
      </Field>
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
  const updateViewAndNotify = async (change: Partial<SavedView>, done: string): Promise<void> => {
    try {
      await updateView({ ...view, ...change });
      showToast(done);
    } catch (error) {
      reportFailure(`View ${view.name} was not changed. ${describeError(error)}`);
    }
  };
  const saveShownQuery = async () => {
    await updateViewAndNotify({ query: buildViewQuery(query), columns: [...columns] }, `View ${view.name} updated`);
    storeChosenColumns(view.id, undefined);
  };
  const deleteViewWithUndo = async () => {
    try {
      await deleteView(view);
    } catch (error) {
      reportFailure(`View ${view.name} was not deleted. ${describeError(error)}`);
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
          <MenuItem icon="save" onSelect={saveShownQuery}>
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
              updateViewAndNotify(
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
      {isRenaming ? <RenameDialog view={view} onClose={() => setIsRenaming(false)} /> : null}
    </>
  );
}

function RenameDialog({ view, onClose }: { view: SavedView; onClose: () => void }): JSX.Element {
  const [name, setName] = useState(view.name);
  const [nameErrorText, setNameErrorText] = useState<string>();
  const renameView = async () => {
    try {
      await updateView({ ...view, name: name.trim() });
      onClose();
    } catch (error) {
      setNameErrorText(describeNameError(error));
    }
  };
  return (
    <Dialog title="Rename the view" onClose={onClose}>
      <form class="editor" onSubmit={createSubmitHandler(renameView)}>
        <Field label="Name of the view" fault={nameErrorText}>
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
        </Field>
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
