// The product, started for a test by itself, and a page that is held to what must always be true of it.

import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { AxeBuilder } from "@axe-core/playwright";
import { test as base, expect, type Locator, type Page } from "@playwright/test";
import createClient from "openapi-fetch";
import type { paths } from "../contract";

const LOCAL = process.env.LEADS_LOCAL ?? fileURLToPath(new URL("../../../../target/debug/local", import.meta.url));

export type Role = "Owner" | "Manager" | "Viewer";

/** A running system. */
export interface Product {
  url: string;
  /** Where photos are. */
  bucket: string;
  token: (identity?: { team?: string; role?: Role; userId?: number; expiresIn?: number }) => Promise<string>;
  /** The API, as a member of the demo team. */
  api: (role?: Role) => Promise<ReturnType<typeof createClient<paths>>>;
}

async function start(): Promise<{ product: Product; process: ChildProcess }> {
  const process = spawn(LOCAL, ["--port", "0"], { stdio: ["ignore", "pipe", "ignore"] });
  let printed = "";
  const [url, bucket] = await new Promise<string[]>((resolve, reject) => {
    process.on("error", reject);
    process.on("exit", (code) => reject(new Error(`${LOCAL} ended with ${code}`)));
    process.stdout?.on("data", (text) => {
      printed += text;
      const found = /^listening on (\S+).*S3 +(\S+).*Viewer/ms.exec(printed);
      if (found) resolve(found.slice(1));
    });
  });
  if (!url || !bucket) throw new Error(printed);
  const token: Product["token"] = async (identity = {}) => {
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${url}/local/token`, { method: "POST", headers, body: JSON.stringify(identity) });
    return ((await response.json()) as { token: string }).token;
  };
  const api: Product["api"] = async (role = "Owner") =>
    createClient<paths>({ baseUrl: url, headers: { authorization: `Bearer ${await token({ role })}` } });
  return { product: { url, bucket, token, api }, process };
}

interface Fixtures {
  product: Product;
  /** What the browser may complain of: Chromium writes of each refused request. */
  refusals: number[];
}

export const test = base.extend<Fixtures>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads a fixture's needs from its pattern.
  product: async ({}, use) => {
    const { product, process } = await start();
    await use(product);
    process.removeAllListeners("exit");
    process.kill();
  },
  baseURL: async ({ product }, use) => use(product.url),
  // biome-ignore lint/correctness/noEmptyPattern: as above.
  refusals: async ({}, use) => use([]),
  // Nothing is asked of another origin, and nothing goes wrong that a test does not expect.
  context: async ({ context, product, refusals }, use) => {
    const faults: string[] = [];
    const origins = new Set([product.url, product.bucket]);
    context.on("request", (request) => {
      const url = new URL(request.url());
      if (url.protocol.startsWith("http") && !origins.has(url.origin)) faults.push(`a request to ${url.origin}`);
    });
    context.on("console", (message) => {
      const status = Number(/the server responded with a status of (\d+)/.exec(message.text())?.[1]);
      const offline = message.text().includes("ERR_INTERNET_DISCONNECTED") && refusals.includes(0);
      const expected = refusals.includes(status) || offline;
      if (["error", "warning"].includes(message.type()) && !expected) faults.push(message.text());
    });
    context.on("weberror", (error) => faults.push(String(error.error())));
    await use(context);
    expect(faults).toEqual([]);
  },
});

/** Signs in by the one click of a system for trying out. */
export async function signIn(page: Page, role: Role = "Owner"): Promise<void> {
  await page.goto("/");
  await page.getByRole("button", { name: role, exact: true }).click();
  await expect(page.getByRole("heading", { name: "Board" })).toBeVisible();
  await expect(page.locator(".card").first()).toBeVisible();
}

/** Signs out by the account's menu. */
export async function signOut(page: Page): Promise<void> {
  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
}

/** No rule of WCAG 2.2 A or AA, nor of good practice, that axe knows is broken. */
export async function accessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
  const told = violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join("\n")}`);
  expect(told).toEqual([]);
}

/** A column of the board. */
export const column = (page: Page, status: string) => page.getByRole("region", { name: status, exact: true });

/** The text of what is shown. */
export const written = async (shown: Locator): Promise<string> => (await shown.textContent()) ?? "";

export { expect };
