// The console: a page for people, which calls the public API and nothing else.

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
