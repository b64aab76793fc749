// Start of the console, a web application on top of the public API: completes or restores a sign-in, then renders the
// application.

import { render } from "preact";
import { App } from "./app";
import { finish } from "./oidc";
import "./scheme";
import { restore, startSession } from "./session";

async function start(): Promise<void> {
  let fault: string | undefined;
  try {
    const grant = await finish();
    if (grant) startSession(grant);
    else restore();
  } catch (error) {
    fault = error instanceof Error ? error.message : String(error);
    restore();
  }
  const place = document.getElementById("console");
  if (!place) throw new Error("the page has no place for the console");
  render(<App fault={fault} />, place);
}

start();
