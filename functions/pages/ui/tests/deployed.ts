// Signing in to a deployed stack by its own user pool: the first password, the refresh, a forgotten one. `.ci/deployed` runs
// it where it has deployed the stack and made a user with a temporary password.

import { expect, type Page, test } from "@playwright/test";

const { CONSOLE_URL = "", CONSOLE_USER = "", CONSOLE_PASSWORD = "" } = process.env;
const FIRST = "A-first-Password-1";
const SECOND = "A-second-Password-2";

// The emulator's certificates are made for it.
test.use({ ignoreHTTPSErrors: true, baseURL: CONSOLE_URL });

async function fill(page: Page, password: string): Promise<void> {
  await page.getByLabel("E-mail").fill(CONSOLE_USER);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

async function signOut(page: Page): Promise<void> {
  await page.getByRole("button", { name: /^Account/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await expect(page.getByLabel("Password")).toBeVisible();
}

test("by the stack's user pool", async ({ page }) => {
  const faults: string[] = [];
  page.on("console", (message) => {
    const refused = /the server responded with a status of (400|403)/.test(message.text());
    if (message.type() === "error" && !refused) faults.push(message.text());
  });
  page.on("pageerror", (error) => faults.push(String(error)));

  await page.goto("/");
  await fill(page, "A-wrong-Password-0");
  await expect(page.getByRole("alert")).toHaveText("The address and the password do not belong together.");
  await fill(page, CONSOLE_PASSWORD);
  await page.getByLabel("New password").fill(FIRST);
  await page.getByRole("button", { name: "Continue" }).click();
  await expect(page.getByRole("heading", { name: "Board" })).toBeVisible();
  await expect(page.getByRole("main").getByRole("region")).toHaveCount(4);

  // What a photo is shown from is allowed, and nothing else.
  await page.getByRole("link", { name: "New lead", exact: true }).click();
  await page.getByLabel("First name").fill("Ada");
  await page.getByLabel("Last name").fill("Lovelace");
  await page.getByLabel("E-mail").fill("ada.console@example.com");
  await page.getByRole("button", { name: "Create" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Ada Lovelace");
  await page.locator("input[type=file]").setInputFiles("../../../tests/local/demo/photo.jpg");
  const photo = page.getByRole("main").locator("img[src^=https]");
  await expect(photo).toBeVisible();
  expect(
    await photo.evaluate((image: HTMLImageElement) => image.decode().then(() => image.naturalWidth)),
  ).toBeGreaterThan(0);

  // A token that is refused is renewed by the refresh token.
  await page.evaluate(() => {
    const grant = JSON.parse(sessionStorage.getItem("session") ?? "{}");
    sessionStorage.setItem("session", JSON.stringify({ ...grant, token: `${grant.token.slice(0, -8)}AAAAAAAA` }));
  });
  await page.goto("/#/leads");
  await page.reload();
  await expect(page.getByRole("search").getByRole("status")).toHaveText(/^\d+ leads$/);
  await signOut(page);

  await page.getByRole("button", { name: "Forgot the password" }).click();
  await page.getByLabel("E-mail").fill(CONSOLE_USER);
  await page.getByRole("button", { name: "Send the code" }).click();
  await page.getByLabel("Code").fill("123456");
  await page.getByLabel("New password").fill(SECOND);
  await page.getByRole("button", { name: "Set the password" }).click();
  await expect(page.getByRole("heading", { name: "Board" })).toBeVisible();
  await signOut(page);
  await fill(page, FIRST);
  await expect(page.getByRole("alert")).toHaveText("The address and the password do not belong together.");
  await fill(page, SECOND);
  await expect(page.getByRole("heading", { name: "Board" })).toBeVisible();
  expect(faults).toEqual([]);
});
