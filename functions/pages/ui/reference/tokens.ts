// Buttons that fetch a demo token for each role, on deployments with a token endpoint.

import { signIn } from "../console/app/configuration";

const ROLES = ["Owner", "Manager", "Viewer"] as const;

export function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (!found) throw new Error(`no element ${id}`);
  return found;
}

export function say(text: string): void {
  element("said").textContent = text;
}

/** Offers a button for each role, which gives its token to `use`. */
export function offerTokens(use: (token: string, role: string) => void): void {
  const endpoint = signIn.tokens;
  if (!endpoint) return;
  const tokens = element("tokens");
  for (const role of ROLES) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = role;
    button.addEventListener("click", async () => {
      try {
        const headers = { "content-type": "application/json" };
        const response = await fetch(endpoint, { method: "POST", headers, body: JSON.stringify({ role }) });
        if (!response.ok) throw new Error(`${response.status}`);
        const { token } = (await response.json()) as { token: string };
        for (const other of tokens.querySelectorAll("button")) other.ariaPressed = `${other === button}`;
        use(token, role);
      } catch (error) {
        say(`No token could be had: ${error instanceof Error ? error.message : error}`);
      }
    });
    tokens.append(button, " ");
  }
  tokens.hidden = false;
}
