// The editable fields of a lead: their definitions, their conversion to and from text, and their inputs. The new-lead form, the
// lead page and the lead panel use these definitions.

import type { JSX } from "preact";
import type { CreateLeadBody, Lead, LeadJsonMergePatch } from "../app/api";
import { LIMITS } from "../app/contract-values";
import { useTeam } from "../app/team";
import { Checkboxes, SelectOptionList } from "../ui/choices";
import { Icon } from "../ui/icon";

/** The fields of a lead as text: phone numbers one per line, businesses and the status by id. */
export interface LeadFieldInputTexts {
  firstName: string;
  lastName: string;
  email: string;
  phoneNumber: string;
  company: string;
  position: string;
  location: string;
  source: string;
  description: string;
  youtube: string;
  facebook: string;
  instagram: string;
  twitter: string;
  statusId: string;
  state: string;
  business: string;
}

export interface LeadFieldDefinition {
  name: keyof LeadFieldInputTexts;
  label: string;
  kind: "text" | "email" | "lines" | "paragraph" | "status" | "state" | "businesses";
  /** Path of the field in requests, which is also the name of its column in an export. */
  fieldPath: string;
  /** Maximum length of the input, in characters. */
  maxChars: number;
  isRequired?: boolean;
  /** Whether the label is a proper name, which keeps its capital letter within a sentence. */
  isProperName?: boolean;
}

export const LEAD_FIELD_DEFINITIONS: LeadFieldDefinition[] = [
  {
    name: "firstName",
    label: "First name",
    kind: "text",
    fieldPath: "firstName",
    maxChars: LIMITS.maxNameChars,
    isRequired: true,
  },
  {
    name: "lastName",
    label: "Last name",
    kind: "text",
    fieldPath: "lastName",
    maxChars: LIMITS.maxNameChars,
    isRequired: true,
  },
  { name: "email", label: "E-mail", kind: "email", fieldPath: "email", maxChars: LIMITS.maxEmailChars },
  {
    name: "phoneNumber",
    label: "Phone numbers",
    kind: "lines",
    fieldPath: "phoneNumber",
    maxChars: LIMITS.maxPhoneNumbers * (LIMITS.maxPhoneNumberChars + 1),
  },
  { name: "company", label: "Company", kind: "text", fieldPath: "company", maxChars: LIMITS.maxTextChars },
  { name: "position", label: "Position", kind: "text", fieldPath: "position", maxChars: LIMITS.maxTextChars },
  { name: "location", label: "Location", kind: "text", fieldPath: "location", maxChars: LIMITS.maxTextChars },
  { name: "source", label: "Source", kind: "text", fieldPath: "source", maxChars: LIMITS.maxTextChars },
  { name: "statusId", label: "Status", kind: "status", fieldPath: "statusId", maxChars: 16 },
  { name: "state", label: "State", kind: "state", fieldPath: "state", maxChars: 8 },
  { name: "business", label: "Businesses", kind: "businesses", fieldPath: "business", maxChars: LIMITS.maxTextChars },
  {
    name: "description",
    label: "Description",
    kind: "paragraph",
    fieldPath: "description",
    maxChars: LIMITS.maxDescriptionChars,
  },
  {
    name: "youtube",
    label: "YouTube",
    kind: "text",
    fieldPath: "socialMedia.youtube",
    maxChars: LIMITS.maxTextChars,
    isProperName: true,
  },
  {
    name: "facebook",
    label: "Facebook",
    kind: "text",
    fieldPath: "socialMedia.facebook",
    maxChars: LIMITS.maxTextChars,
    isProperName: true,
  },
  {
    name: "instagram",
    label: "Instagram",
    kind: "text",
    fieldPath: "socialMedia.instagram",
    maxChars: LIMITS.maxTextChars,
    isProperName: true,
  },
  {
    name: "twitter",
    label: "X (Twitter)",
    kind: "text",
    fieldPath: "socialMedia.twitter",
    maxChars: LIMITS.maxTextChars,
    isProperName: true,
  },
];

/** Returns a field's label for use within a sentence: `company` in “Edit company”. */
export const formatLeadFieldLabelInSentence = ({
  label,
  isProperName,
}: Pick<LeadFieldDefinition, "label" | "isProperName">): string =>
  isProperName ? label : label.charAt(0).toLowerCase() + label.slice(1);

const splitLines = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
const parseCommaSeparatedIds = (text: string): number[] => text.split(",").filter(Boolean).map(Number);

export function convertLeadToFieldTexts(lead: Lead): LeadFieldInputTexts {
  const { youtube = "", facebook = "", instagram = "", twitter = "" } = lead.socialMedia;
  return {
    firstName: lead.firstName,
    lastName: lead.lastName,
    email: lead.email,
    phoneNumber: lead.phoneNumber.join("\n"),
    company: lead.company,
    position: lead.position,
    location: lead.location,
    source: lead.source,
    description: lead.description,
    youtube,
    facebook,
    instagram,
    twitter,
    statusId: String(lead.statusId),
    state: lead.state,
    business: lead.business.map(({ id }) => id).join(","),
  };
}

export const createNewLeadFieldTexts = (statusId: number): LeadFieldInputTexts => ({
  ...(Object.fromEntries(LEAD_FIELD_DEFINITIONS.map(({ name }) => [name, ""])) as unknown as LeadFieldInputTexts),
  statusId: String(statusId),
  state: "Active",
});

/** Converts the texts of the form to the body of `POST /leads`. */
export function buildCreateLeadBody(texts: LeadFieldInputTexts): CreateLeadBody {
  const { youtube, facebook, instagram, twitter, phoneNumber, business, statusId, state, ...otherTexts } = texts;
  const socialMediaEntries = Object.entries({ youtube, facebook, instagram, twitter }).filter(
    ([, value]) => value.trim() !== "",
  );
  return {
    ...otherTexts,
    phoneNumber: splitLines(phoneNumber),
    business: parseCommaSeparatedIds(business),
    statusId: Number(statusId),
    state: state === "Inactive" ? "Inactive" : "Active",
    photo: "",
    socialMedia: Object.fromEntries(socialMediaEntries),
  };
}

/** Name of an edit: one field, or `fullName`, which has the first name and the last name on two lines. */
export type EditedFieldName = keyof LeadFieldInputTexts | "fullName";

export const getFieldText = (lead: Lead, name: EditedFieldName): string =>
  name === "fullName" ? `${lead.firstName}\n${lead.lastName}` : convertLeadToFieldTexts(lead)[name];

/** Converts the text of one edit to the JSON merge patch (RFC 7396) that saves it. */
export function buildLeadMergePatch(name: EditedFieldName, text: string): LeadJsonMergePatch {
  switch (name) {
    case "fullName": {
      const [firstName = "", lastName = ""] = text.split("\n");
      return { firstName, lastName };
    }
    case "youtube":
    case "facebook":
    case "instagram":
    case "twitter":
      return { socialMedia: { [name]: text.trim() || null } };
    case "phoneNumber":
      return { phoneNumber: splitLines(text) };
    case "business":
      return { business: parseCommaSeparatedIds(text) };
    case "statusId":
      return { statusId: Number(text) };
    case "state":
      return { state: text === "Inactive" ? "Inactive" : "Active" };
    default:
      return { [name]: text };
  }
}

/** Returns a field by its path in the API's errors and logs, such as `phoneNumber` or `socialMedia.youtube`. */
export const findFieldDefinitionByPath = (path: string): LeadFieldDefinition | undefined =>
  LEAD_FIELD_DEFINITIONS.find(({ fieldPath }) => path === fieldPath);

/** Returns the label of the id that another system has for a lead. */
export const formatExternalIdLabel = (system: string): string => `Id in ${system}`;

/** Returns the label of a field in a log. Logs name the status both `status` and `statusId`. */
export function getFieldLabelByPath(path: string): string {
  if (path === "socialMedia") return "Social media";
  const [, system] = /^externalIds\.(.+)$/.exec(path) ?? [];
  if (system) return formatExternalIdLabel(system);
  return (findFieldDefinitionByPath(path) ?? findFieldDefinitionByPath(`${path}Id`))?.label ?? path;
}

/** Converts the API's message about a field to a sentence: `must be an e-mail address` becomes `Must be an e-mail address.` */
export const formatFieldErrorSentence = (message: string): string =>
  `${message.charAt(0).toUpperCase()}${message.slice(1)}`.replace(/[^.!?]$/, "$&.");

interface LeadFieldInputProps {
  field: LeadFieldDefinition;
  id: string;
  value: string;
  onChange: (value: string) => void;
  hasError?: boolean;
  /** Ids of the elements with the field's error or hint, for `aria-describedby`. */
  describedBy?: string | undefined;
  /** Callback ref of the control that takes the focus. */
  controlRef?: ((element: HTMLElement | null) => void) | undefined;
  /** Whether the control replaces a value on the lead, which has a style of its own. */
  isInPlace?: boolean;
}

export function LeadFieldInput({
  field,
  id,
  value,
  onChange,
  hasError = false,
  describedBy,
  controlRef,
  isInPlace = false,
}: LeadFieldInputProps): JSX.Element {
  const { statuses, businesses } = useTeam();
  const { kind, name, maxChars, isRequired = false } = field;
  const inputProps = {
    id,
    name,
    value,
    class: isInPlace ? "input editing" : "input",
    ref: controlRef ?? null,
    onInput: ({ currentTarget }: { currentTarget: { value: string } }) => onChange(currentTarget.value),
    "aria-invalid": hasError || undefined,
    "aria-describedby": describedBy,
  };
  switch (kind) {
    case "lines":
      return <textarea {...inputProps} rows={1} maxLength={maxChars} inputMode="tel" placeholder="One per line" />;
    case "paragraph":
      return <textarea {...inputProps} rows={3} maxLength={maxChars} />;
    case "state":
    case "status":
      return (
        <span class="select">
          <select {...inputProps} class={undefined}>
            {kind === "status" ? (
              <SelectOptionList items={statuses} />
            ) : (
              <>
                <option>Active</option>
                <option>Inactive</option>
              </>
            )}
          </select>
          <Icon name="chevron-down" />
        </span>
      );
    case "businesses":
      return (
        <div class="checks" role="group" id={id} aria-label={field.label} aria-describedby={describedBy}>
          {businesses.length === 0 ? <p class="quiet">The team has no businesses yet.</p> : null}
          <Checkboxes
            items={businesses}
            chosenIds={parseCommaSeparatedIds(value)}
            onChoose={(ids) => onChange(ids.join(","))}
            firstCheckboxRef={controlRef ?? null}
          />
        </div>
      );
    case "email":
      return <input {...inputProps} type="email" maxLength={maxChars} autocomplete="off" />;
    default:
      return (
        <input
          {...inputProps}
          type="text"
          maxLength={maxChars}
          aria-required={isRequired || undefined}
          autocomplete="off"
        />
      );
  }
}
