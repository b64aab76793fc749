// Buttons that fetch a demo token for each role, on deployments with a token endpoint.

import { signInConfiguration } from "../console/app/configuration";

const DEMO_ROLES = ["Owner", "Manager", "Viewer"] as const;

export function findElement(id: string): HTMLElement {
  const foundElement = document.getElementById(id);
  if (!foundElement) throw new Error(`no element ${id}`);
  return foundElement;
}

export function showStatusMessage(text: string): void {
  findElement("said").textContent = text;
}

/** Shows a button for each role. A click fetches a token for the role and passes it to `onToken`. */
export function showTokenButtons(onToken: (token: string, role: string) => void): void {
  const tokenEndpointUrl = signInConfiguration.tokens;
  if (!tokenEndpointUrl) return;
  const buttonsElement = findElement("tokens");
  for (const role of DEMO_ROLES) {
    const roleButton = document.createElement("button");
    roleButton.type = "button";
    roleButton.textContent = role;
    roleButton.addEventListener("click", async () => {
      try {
        const requestHeaders = { "content-type": "application/json" };
        const response = await fetch(tokenEndpointUrl, {
          method: "POST",
          headers: requestHeaders,
          body: JSON.stringify({ role }),
        });
        if (!response.ok) throw new Error(`${response.status}`);
        const { token } = (await response.json()) as { token: string };
        for (const tokenButton of buttonsElement.querySelectorAll("button"))
          tokenButton.ariaPressed = `${tokenButton === roleButton}`;
        onToken(token, role);
      } catch (error) {
        showStatusMessage(`No token could be had: ${error instanceof Error ? error.message : error}`);
      }
    });
    buttonsElement.append(roleButton, " ");
  }
  buttonsElement.hidden = false;
}
