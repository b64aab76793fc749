// Start of the console, a web application on top of the public API: completes or restores a sign-in, then renders the
// application.

import { render } from "preact";
import { App } from "./app";
import { completeSignIn } from "./oidc";
import "./scheme";
import { restoreSession, startSession } from "./session";

async function startConsoleApp(): Promise<void> {
  let signInError: string | undefined;
  try {
    const signInTokenGrant = await completeSignIn();
    if (signInTokenGrant) startSession(signInTokenGrant);
    else restoreSession();
  } catch (error) {
    signInError = error instanceof Error ? error.message : String(error);
    restoreSession();
  }
  const consoleContainerElement = document.getElementById("console");
  if (!consoleContainerElement) throw new Error("the page has no place for the console");
  render(<App signInError={signInError} />, consoleContainerElement);
}

startConsoleApp();
