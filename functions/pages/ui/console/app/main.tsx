// Start of the console, a web application on top of the public API: completes or restores a sign-in, then renders the
// application.

import { render } from "preact";
import { App } from "./app";
import { completeSignIn } from "./oidc";
import "./scheme";
import { restoreSession, startSession } from "./session";

async function startConsole(): Promise<void> {
  let signInError: string | undefined;
  try {
    const signInGrant = await completeSignIn();
    if (signInGrant) startSession(signInGrant);
    else restoreSession();
  } catch (error) {
    signInError = error instanceof Error ? error.message : String(error);
    restoreSession();
  }
  const consoleContainer = document.getElementById("console");
  if (!consoleContainer) throw new Error("the page has no place for the console");
  render(<App signInError={signInError} />, consoleContainer);
}

startConsole();
