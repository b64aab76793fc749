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
export const getDisplayName = ({ firstName = "", lastName = "", name = "", email, phoneNumber }: Person): string =>
  `${firstName} ${lastName}`.trim() || name || email || phoneNumber?.[0] || "No name";

const AVATAR_COLOR_COUNT = 6;

function getInitials(person: Person): string {
  const { firstName = "", lastName = "" } = person;
  const nameWords = firstName || lastName ? [firstName, lastName] : getDisplayName(person).split(/[\s@]+/);
  const initialLetters = nameWords.map((word) => Array.from(word.replace(/^[^\p{L}\p{N}]+/u, ""))[0] ?? "");
  return initialLetters.slice(0, 2).join("").toUpperCase();
}

/**
 * Returns the number of the background colour, from a hash of the e-mail address. Names are corrected more often, which would
 * change the colour.
 */
function getAvatarColorNumber(person: Person): number {
  let characterHash = 0;
  for (const nameOrEmailCharacter of person.email || getDisplayName(person))
    characterHash = (characterHash * 31 + (nameOrEmailCharacter.codePointAt(0) ?? 0)) % 65_521;
  return characterHash % AVATAR_COLOR_COUNT;
}

interface AvatarProps {
  person: Person;
  size?: "small" | "large";
}

/** The avatar is decorative and hidden from screen readers, because the name is always shown beside it. */
export function Avatar({ person, size }: AvatarProps): JSX.Element {
  const [isImageBroken, setImageBroken] = useState(false);
  useEffect(() => setImageBroken(false), [person.photoUrl]);
  const avatarCssClass = size === "small" ? "face s" : size === "large" ? "face xl" : "face";
  if (person.photoUrl && !isImageBroken) {
    return (
      <img class={avatarCssClass} src={person.photoUrl} alt="" loading="lazy" onError={() => setImageBroken(true)} />
    );
  }
  return (
    <span class={avatarCssClass} data-tone={getAvatarColorNumber(person)} aria-hidden="true">
      {getInitials(person)}
    </span>
  );
}
