// The settings section of the team's businesses, to which leads belong.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { api, type Business, describeError, getDataOrThrow } from "../app/api";
import { LIMITS } from "../app/contract-values";
import { useTeam } from "../app/team";
import { confirmAction } from "../ui/dialog";
import { MenuItem, MoreMenu } from "../ui/menu";
import { EmptyState } from "../ui/states";
import { awaitRequestAndShowOutcome, showFailureAlert, showToast } from "../ui/toast";
import { EditableName } from "./editable";
import { CreateNamedItemDialog } from "./name-dialog";
import { SettingsSection } from "./section";

export function BusinessesSection(): JSX.Element {
  const { businesses, isOwner, reload } = useTeam();
  const [isAdding, setIsAdding] = useState(false);
  const sendBusinessNameUpdate = async ({ id }: Business, name: string) => {
    await getDataOrThrow(api.PUT("/businesses/{id}", { params: { path: { id } }, body: { name } }));
    await reload();
  };
  const renameBusiness = async (business: Business, name: string) => {
    try {
      await sendBusinessNameUpdate(business, name);
    } catch (error) {
      return showFailureAlert(describeError(error));
    }
    return showToast(`${business.name} renamed to ${name}`, {
      undo: () => sendBusinessNameUpdate(business, business.name),
    });
  };
  const deleteBusiness = async ({ id, name }: Business) => {
    const deletionDialogText = "Only a business that no lead belongs to can be deleted.";
    if (!(await confirmAction(`Delete “${name}”?`, deletionDialogText, "Delete"))) return;
    await awaitRequestAndShowOutcome(
      getDataOrThrow(api.DELETE("/businesses/{id}", { params: { path: { id } } })),
      `${name} deleted`,
    );
    await reload();
  };
  return (
    <SettingsSection
      title="Businesses"
      count={businesses.length}
      limit={LIMITS.maxBusinessesPerTeam}
      description="The parts of your company, or the companies, that leads belong to. Board, list and dashboard can be filtered by them."
      addLabel={isOwner ? "New business" : undefined}
      onAdd={() => setIsAdding(true)}
    >
      {businesses.length === 0 ? (
        <EmptyState
          icon="briefcase"
          title="No businesses yet"
          text="A lead needs none. Add them if you sell for several."
        />
      ) : (
        <table class="plain">
          <thead>
            <tr>
              <th scope="col">Name</th>
              {isOwner ? (
                <th scope="col" class="w-box">
                  <span class="unseen">Actions</span>
                </th>
              ) : null}
            </tr>
          </thead>
          <tbody>
            {businesses.map((business) => (
              <tr key={business.id}>
                <th scope="row">
                  {isOwner ? (
                    <EditableName
                      label={`name of ${business.name}`}
                      text={business.name}
                      maxLength={LIMITS.maxNameChars}
                      saveName={(name) => renameBusiness(business, name)}
                    />
                  ) : (
                    <div class="cut" title={business.name}>
                      <bdi>{business.name}</bdi>
                    </div>
                  )}
                </th>
                {isOwner ? (
                  <td class="right">
                    <MoreMenu label={`More about ${business.name}`}>
                      <MenuItem icon="trash-2" isDangerous onSelect={() => deleteBusiness(business)}>
                        Delete
                      </MenuItem>
                    </MoreMenu>
                  </td>
                ) : null}
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {isAdding ? (
        <CreateNamedItemDialog
          title="New business"
          maxLength={LIMITS.maxNameChars}
          submitLabel="Create business"
          onCreate={async (name) => {
            await getDataOrThrow(api.POST("/businesses", { body: { name } }));
            setIsAdding(false);
            await reload();
            showToast(`${name} is a business now`);
          }}
          onClose={() => setIsAdding(false)}
        />
      ) : null}
    </SettingsSection>
  );
}
