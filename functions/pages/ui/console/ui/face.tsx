// An avatar: a person's photo, or their initials on a background colour derived from their e-mail address.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

/** Data of a person for name and avatar. Leads have all properties, team members only some. */
export interface Person {
  id?: number;
  firstName?: string;
  lastName?: string;
  name?: string;
  email?: string;
  phoneNumber?: string[];
  photoUrl?: string;
}

/** Returns a person's name, or the e-mail address or phone number of a person without a name. */
export const fullName = ({ firstName = "", lastName = "", name = "", email, phoneNumber }: Person): string =>
  `${firstName} ${lastName}`.trim() || name || email || phoneNumber?.[0] || "No name";

const TONE_COUNT = 6;

function getInitials(person: Person): string {
  const { firstName = "", lastName = "" } = person;
  const words = firstName || lastName ? [firstName, lastName] : fullName(person).split(/[\s@]+/);
  const letters = words.map((word) => Array.from(word.replace(/^[^\p{L}\p{N}]+/u, ""))[0] ?? "");
  return letters.slice(0, 2).join("").toUpperCase();
}

/**
 * Returns the number of the background colour, from a hash of the e-mail address. Names are corrected more often, which would
 * change the colour.
 */
function chooseTone(person: Person): number {
  let sum = 0;
  for (const character of person.email || fullName(person)) sum = (sum * 31 + (character.codePointAt(0) ?? 0)) % 65_521;
  return sum % TONE_COUNT;
}

interface Props {
  person: Person;
  size?: "small" | "large";
}

/** The avatar is decorative and hidden from screen readers, because the name is always shown beside it. */
export function Avatar({ person, size }: Props): JSX.Element {
  const [broken, setBroken] = useState(false);
  useEffect(() => setBroken(false), [person.photoUrl]);
  const className = size === "small" ? "face s" : size === "large" ? "face xl" : "face";
  if (person.photoUrl && !broken) {
    return <img class={className} src={person.photoUrl} alt="" loading="lazy" onError={() => setBroken(true)} />;
  }
  return (
    <span class={className} data-tone={chooseTone(person)} aria-hidden="true">
      {getInitials(person)}
    </span>
  );
}
