// The first page: a request to paste, with a token in it where one can be had.

import { element, offerTokens, say } from "./tokens";

function show(token: string): void {
  element("curl").textContent = `curl -H "Authorization: Bearer ${token}" ${location.origin}/leads`;
}

show("$TOKEN");
offerTokens((token, role) => {
  show(token);
  element("needed").hidden = true;
  say(`The request is an ${role}'s now.`.replace(/an (M|V)/, "a $1"));
});
element("copy").addEventListener("click", async () => {
  const curl = element("curl");
  try {
    await navigator.clipboard.writeText(curl.textContent ?? "");
    say("Copied.");
  } catch {
    // Over plain http there is no clipboard but on the machine itself.
    getSelection()?.selectAllChildren(curl);
    say("It is selected, to be copied.");
  }
});
