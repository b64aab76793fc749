// The fields of a lead that people write, once: the new lead, the lead and the import show the same.

import type { JSX } from "preact";
import type { Lead, LeadMerge, NewLead } from "./api";
import { Checks, Options } from "./choices";
import { focused } from "./focus";
import { useTeam } from "./team";

/** What is typed of a lead: lists a line each, businesses and status by id. */
export interface Draft {
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

export interface LeadField {
  name: keyof Draft;
  label: string;
  kind: "text" | "email" | "lines" | "paragraph" | "status" | "state" | "businesses";
  /** The column of an export. */
  column: string;
  limit: number;
  required?: boolean;
}

export const FIELDS: LeadField[] = [
  { name: "firstName", label: "First name", kind: "text", column: "firstName", limit: 100, required: true },
  { name: "lastName", label: "Last name", kind: "text", column: "lastName", limit: 100, required: true },
  { name: "email", label: "E-mail", kind: "email", column: "email", limit: 254 },
  { name: "phoneNumber", label: "Phone numbers", kind: "lines", column: "phoneNumber", limit: 330 },
  { name: "company", label: "Company", kind: "text", column: "company", limit: 200 },
  { name: "position", label: "Position", kind: "text", column: "position", limit: 200 },
  { name: "location", label: "Location", kind: "text", column: "location", limit: 200 },
  { name: "source", label: "Source", kind: "text", column: "source", limit: 200 },
  { name: "statusId", label: "Status", kind: "status", column: "statusId", limit: 16 },
  { name: "state", label: "State", kind: "state", column: "state", limit: 8 },
  { name: "business", label: "Businesses", kind: "businesses", column: "business", limit: 200 },
  { name: "description", label: "Description", kind: "paragraph", column: "description", limit: 10_000 },
  { name: "youtube", label: "YouTube", kind: "text", column: "socialMedia.youtube", limit: 200 },
  { name: "facebook", label: "Facebook", kind: "text", column: "socialMedia.facebook", limit: 200 },
  { name: "instagram", label: "Instagram", kind: "text", column: "socialMedia.instagram", limit: 200 },
  { name: "twitter", label: "X (Twitter)", kind: "text", column: "socialMedia.twitter", limit: 200 },
];

const lines = (text: string): string[] =>
  text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
const ids = (text: string): number[] => text.split(",").filter(Boolean).map(Number);

export function draftOf(lead: Lead): Draft {
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

export const emptyDraft = (statusId: number): Draft => ({
  ...(Object.fromEntries(FIELDS.map(({ name }) => [name, ""])) as unknown as Draft),
  statusId: String(statusId),
  state: "Active",
});

/** The whole of a draft, as it is created. */
export function leadOf(draft: Draft): NewLead {
  const { youtube, facebook, instagram, twitter, phoneNumber, business, statusId, state, ...texts } = draft;
  const social = Object.entries({ youtube, facebook, instagram, twitter }).filter(([, value]) => value.trim() !== "");
  return {
    ...texts,
    phoneNumber: lines(phoneNumber),
    business: ids(business),
    statusId: Number(statusId),
    state: state === "Inactive" ? "Inactive" : "Active",
    photo: "",
    socialMedia: Object.fromEntries(social),
  };
}

/** One field of a draft, as a merge patch. */
export function mergeOf(name: keyof Draft, text: string): LeadMerge {
  switch (name) {
    case "youtube":
    case "facebook":
    case "instagram":
    case "twitter":
      return { socialMedia: { [name]: text.trim() || null } };
    case "phoneNumber":
      return { phoneNumber: lines(text) };
    case "business":
      return { business: ids(text) };
    case "statusId":
      return { statusId: Number(text) };
    case "state":
      return { state: text === "Inactive" ? "Inactive" : "Active" };
    default:
      return { [name]: text };
  }
}

/** Which of the fields a fault of the API's is about: it names `phoneNumber` and `socialMedia.youtube`. */
export function fieldNamed(named: string): LeadField | undefined {
  return FIELDS.find(({ column }) => named === column);
}

/** A field of a change, as people name it: a status stands there by its name too. */
export const labelOf = (named: string): string => (fieldNamed(named) ?? fieldNamed(`${named}Id`))?.label ?? named;

interface InputProps {
  field: LeadField;
  value: string;
  change: (value: string) => void;
  /** The field is what was asked for, and takes the focus. */
  focused?: boolean;
  /** The element that says what is wrong with it, if something is. */
  fault?: string | undefined;
}

export function LeadInput({ field, value, change, focused: first = false, fault }: InputProps): JSX.Element {
  const { statuses, businesses } = useTeam();
  const { kind, name, limit, required = false } = field;
  const focus = first ? focused : null;
  const typed = ({ currentTarget }: { currentTarget: { value: string } }) => change(currentTarget.value);
  const shared = {
    name,
    value,
    ref: focus,
    onInput: typed,
    "aria-invalid": fault !== undefined,
    "aria-describedby": fault,
  };
  switch (kind) {
    case "lines":
      return <textarea {...shared} rows={2} maxLength={limit} placeholder="One a line" />;
    case "paragraph":
      return <textarea {...shared} rows={4} maxLength={limit} />;
    case "state":
      return (
        <select {...shared}>
          <option>Active</option>
          <option>Inactive</option>
        </select>
      );
    case "status":
      return (
        <select {...shared}>
          <Options of={statuses} />
        </select>
      );
    case "businesses": {
      const chosen = ids(value);
      if (businesses.length === 0) return <p class="quiet">The team has no businesses yet.</p>;
      return (
        <div class="checks" role="group" aria-label={field.label}>
          <Checks of={businesses} chosen={chosen} choose={(ids) => change(ids.join(","))} first={focus} />
        </div>
      );
    }
    case "email":
      return <input {...shared} type="email" maxLength={limit} required={required} autocomplete="off" />;
    default:
      return <input {...shared} type="text" maxLength={limit} required={required} autocomplete="off" />;
  }
}
