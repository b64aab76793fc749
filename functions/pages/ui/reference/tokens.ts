// Buttons that fetch a demo token for each role, on deployments with a token endpoint.

import { signInConfiguration } from "../console/app/configuration";

const DEMO_ROLES = ["Owner", "Manager", "Viewer"] as const;

export function getElementByIdOrThrow(id: string): HTMLElement {
  const foundElement = document.getElementById(id);
  if (!foundElement) throw new Error(`no element ${id}`);
  return foundElement;
}

export function showStatusMessage(text: string): void {
  getElementByIdOrThrow("said").textContent = text;
}

/** Shows a button for each role. A click fetches a token for the role and passes it to `onToken`. */
export function showDemoTokenButtons(onToken: (token: string, role: string) => void): void {
  const tokenEndpointUrl = signInConfiguration.tokens;
  if (!tokenEndpointUrl) return;
  const tokenButtonsElement = getElementByIdOrThrow("tokens");
  for (const demoRole of DEMO_ROLES) {
    const roleButton = document.createElement("button");
    roleButton.type = "button";
    roleButton.textContent = demoRole;
    roleButton.addEventListener("click", async () => {
      try {
        const tokenRequestHeaders = { "content-type": "application/json" };
        const tokenResponse = await fetch(tokenEndpointUrl, {
          method: "POST",
          headers: tokenRequestHeaders,
          body: JSON.stringify({ role: demoRole }),
        });
        if (!tokenResponse.ok) throw new Error(`${tokenResponse.status}`);
        const { token } = (await tokenResponse.json()) as { token: string };
        for (const tokenButton of tokenButtonsElement.querySelectorAll("button"))
          tokenButton.ariaPressed = `${tokenButton === roleButton}`;
        onToken(token, demoRole);
      } catch (error) {
        showStatusMessage(`No token could be had: ${error instanceof Error ? error.message : error}`);
      }
    });
    tokenButtonsElement.append(roleButton, " ");
  }
  tokenButtonsElement.hidden = false;
}
