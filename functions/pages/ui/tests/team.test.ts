// What is the team's: its settings, many leads at once, none at all, and more than fit a page.

import type { Page } from "@playwright/test";
import { STATUS_COLORS } from "../console/app/contract-values";
import { accessible, column, expect, signIn, test } from "./product";

const main = (page: Page) => page.getByRole("main");

/** Chooses from the menu behind the three dots of a row. */
async function more(page: Page, name: string, item: string): Promise<void> {
  await main(page)
    .getByRole("button", { name: `More about ${name}`, exact: true })
    .click();
  await page.getByRole("menuitem", { name: item }).click();
}

/** Edits a name where it stands. */
async function rename(page: Page, from: string, to: string): Promise<void> {
  await main(page)
    .getByRole("button", { name: `Edit name of ${from}: ${from}` })
    .click();
  await main(page).getByLabel(`Name of ${from}`).fill(to);
  await page.keyboard.press("Enter");
}

test("statuses: coloured, renamed, ordered by drag and by button, deleted unless a lead has one", async ({
  page,
  product,
  refusals,
}) => {
  refusals.push(400);
  await signIn(page);
  await page.goto("/#/settings");
  const api = await product.api();
  const names = async () => (await api.GET("/leads/statuses")).data?.statuses.map(({ name }) => name);
  const shown = page.getByRole("main").getByRole("rowheader");
  const expectOrder = async (order: string[]) => {
    await expect(shown).toHaveText(order.map((name) => new RegExp(name)));
    await expect.poll(names).toEqual(order);
  };
  await page.getByRole("button", { name: "New status" }).click();
  const dialog = page.getByRole("dialog", { name: "New status" });
  await expect(dialog.getByLabel("Name")).toBeFocused();
  await dialog.getByLabel("Name").fill("new");
  await dialog.getByRole("button", { name: "Create status" }).click();
  // What is wrong is said beside the name, which stays.
  await expect(dialog.getByRole("alert")).toBeVisible();
  await expect(dialog.getByLabel("Name")).toHaveValue("new");
  await dialog.getByLabel("Name").fill("Won");
  await dialog.getByRole("button", { name: "Create status" }).click();
  await expect(page.getByRole("button", { name: "New status" })).toBeFocused();
  await expectOrder(["New", "Contacted", "Qualified", "Closed", "Won"]);
  await page.getByRole("button", { name: "Move Won up" }).click();
  await expectOrder(["New", "Contacted", "Qualified", "Won", "Closed"]);
  const grips = page.locator(".grip");
  await grips.nth(3).dragTo(grips.nth(0));
  await expectOrder(["Won", "New", "Contacted", "Qualified", "Closed"]);
  await page.getByRole("button", { name: "Undo" }).click();
  await expectOrder(["New", "Contacted", "Qualified", "Won", "Closed"]);
  await more(page, "Won", "Move up");
  await expectOrder(["New", "Contacted", "Won", "Qualified", "Closed"]);
  await page.getByRole("button", { name: "Colour of Won" }).click();
  // The style sheet has a colour of its own for every name of the contract.
  await expect(page.getByRole("menuitemradio")).toHaveText([...STATUS_COLORS]);
  const dots = await page.getByRole("menuitemradio").locator(".dot").all();
  const shades = await Promise.all(dots.map((dot) => dot.evaluate((dot) => getComputedStyle(dot).backgroundColor)));
  expect(shades).not.toContain("rgba(0, 0, 0, 0)");
  expect(new Set(shades).size).toBe(STATUS_COLORS.length);
  await page.getByRole("menuitemradio", { name: "seagreen" }).click();
  await expect(page.getByRole("button", { name: "Colour of Won: seagreen" })).toBeVisible();
  await rename(page, "Won", "Signed");
  await expectOrder(["New", "Contacted", "Signed", "Qualified", "Closed"]);
  await expect(page.getByRole("button", { name: "Edit name of Signed: Signed" })).toBeFocused();
  await page.goto("/#/board");
  const columns = page.getByRole("main").getByRole("heading", { level: 2 });
  await expect(columns).toHaveText([/New/, /Contacted/, /Signed/, /Qualified/, /Closed/]);
  await page.reload();
  await expect(columns.nth(2)).toHaveText(/Signed/);
  await page.goto("/#/settings");
  await more(page, "Signed", "Delete");
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await expectOrder(["New", "Contacted", "Qualified", "Closed"]);
  await more(page, "New", "Delete");
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await expect(page.getByRole("alert")).toContainText("Cannot delete status");
  await expectOrder(["New", "Contacted", "Qualified", "Closed"]);
});

test("a name that is being edited is given up by Escape, and kept when it cannot be saved", async ({
  page,
  refusals,
}) => {
  refusals.push(400);
  await signIn(page);
  await page.goto("/#/settings/statuses");
  const button = page.getByRole("button", { name: "Edit name of Contacted: Contacted" });
  await button.click();
  await page.getByLabel("Name of Contacted").fill("Something");
  await page.keyboard.press("Escape");
  await expect(button).toBeFocused();
  await button.click();
  await page.getByLabel("Name of Contacted").fill("Closed");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert")).toContainText("already exists");
  await expect(page.getByLabel("Name of Contacted")).toHaveValue("Closed");
});

test("businesses are created, renamed and deleted", async ({ page }) => {
  await signIn(page);
  await page.goto("/#/settings");
  await page.getByRole("navigation", { name: "Settings" }).getByRole("link", { name: "Businesses" }).click();
  await page.getByRole("button", { name: "New business" }).click();
  await page.getByRole("dialog").getByLabel("Name").fill("Łódź & Söhne");
  await page.getByRole("button", { name: "Create business" }).click();
  await rename(page, "Łódź & Söhne", "Łódź GmbH");
  await expect(page.getByRole("button", { name: "Edit name of Łódź GmbH: Łódź GmbH" })).toBeVisible();
  await more(page, "Łódź GmbH", "Delete");
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await expect(page.getByRole("main").getByRole("rowheader")).toHaveCount(3);
});

test("a key's secret is shown once, and calls", async ({ page, product }) => {
  await signIn(page);
  await page.goto("/#/settings/keys");
  await page.getByRole("button", { name: "New key" }).click();
  const dialog = page.getByRole("dialog", { name: "New API key" });
  await dialog.getByLabel("Name").fill("Web shop");
  await dialog.getByRole("radio", { name: "Viewer" }).check();
  await dialog.getByRole("button", { name: "Create key" }).click();
  const secret = await page.getByLabel("Secret").inputValue();
  const call = async () =>
    (await fetch(`${product.url}/leads?limit=1`, { headers: { authorization: `Bearer ${secret}` } })).status;
  expect(await call()).toBe(200);
  await page.getByRole("button", { name: "Done" }).click();
  const row = page.getByRole("row", { name: /Web shop/ });
  await expect(row).toContainText("Viewer");
  expect(await page.content()).not.toContain(secret);
  await more(page, "Web shop", "Revoke");
  await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
  await expect(row).toHaveCount(0);
});

test("a form's HTML, pasted into a page, sends a lead", async ({ page, context, product, refusals }) => {
  refusals.push(400);
  await signIn(page);
  await page.goto("/#/settings/forms");
  await page.getByRole("button", { name: "New form" }).click();
  const dialog = page.getByRole("dialog", { name: "New form" });
  await dialog.getByLabel("Name").fill("Landing page");
  await dialog.getByLabel("Status of its leads").selectOption("Contacted");
  await dialog.getByRole("checkbox", { name: "Contoso Consulting" }).check();
  await dialog.getByLabel("Source of its leads").fill("Landing");
  await dialog.getByLabel("Sites that may post").fill("example");
  await dialog.getByRole("button", { name: "Create form" }).click();
  // An invalid field shows its error beside it, and has the focus.
  await expect(dialog.getByRole("alert")).toBeVisible();
  await expect(dialog.getByLabel("Sites that may post")).toBeFocused();
  await dialog.getByLabel("Sites that may post").fill("");
  await dialog.getByRole("button", { name: "Create form" }).click();
  const html = await page.getByRole("dialog", { name: "HTML of Landing page" }).getByLabel("HTML").inputValue();

  const site = await context.newPage();
  await site.route(`${product.url}/site`, (route) => route.fulfill({ contentType: "text/html", body: html }));
  await site.goto(`${product.url}/site`);
  await site.getByLabel("Name").fill("Ada Lovelace");
  await site.getByLabel("E-mail").fill("ada@example.com");
  await site.getByLabel("Message").fill("Please call.");
  await site.getByRole("button", { name: "Send" }).click();
  await expect(site.getByText("Thank you")).toBeVisible();
  await site.close();

  const { data } = await (await product.api()).GET("/leads", { params: { query: { source: "Landing" } } });
  expect(data?.leads).toMatchObject([{ firstName: "Ada", lastName: "Lovelace", status: "Contacted" }]);
  await page.getByRole("button", { name: "Done" }).click();
  await page.reload();
  await expect(
    page
      .getByRole("row", { name: /Landing page/ })
      .getByRole("cell")
      .nth(1),
  ).toHaveText("1");
  await more(page, "Landing page", "HTML to paste");
  await expect(page.getByLabel("HTML", { exact: true })).toHaveValue(html);
});

test("each kind of settings has its own address, and others than Owners see what they may", async ({ page }) => {
  await signIn(page, "Manager");
  await page.goto("/#/settings");
  const places = page.getByRole("navigation", { name: "Settings" }).getByRole("link");
  await expect(places).toHaveText(["Statuses", "Businesses"]);
  await expect(page.getByText("Only Owners of the team change these.")).toBeVisible();
  await expect(page.getByRole("main").getByRole("button")).toHaveCount(0);
  await page.goto("/#/settings/webhooks/1");
  await expect(page.getByText("Only Owners see these settings")).toBeVisible();
  await page.goto("/#/settings/nothing");
  await expect(page.getByText("There is no such setting")).toBeVisible();
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`settings and their dialogs are accessible at every width, ${colorScheme}`, async ({ page }) => {
    test.setTimeout(180_000);
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await signIn(page);
    for (const width of [1440, 768, 360]) {
      await page.setViewportSize({ width, height: 800 });
      for (const [path, button] of [
        ["statuses", "New status"],
        ["businesses", "New business"],
        ["forms", "New form"],
        ["webhooks", "New webhook"],
        ["keys", "New key"],
      ] as const) {
        await page.goto(`/#/settings/${path}`);
        await expect(page.getByRole("main").getByRole("heading", { level: 2 }).first()).toBeVisible();
        await expect(page.getByRole("status", { name: "Loading" })).toHaveCount(0);
        await accessible(page);
        expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
        await page.getByRole("button", { name: button }).click();
        const dialog = page.getByRole("dialog");
        const box = await dialog.boundingBox();
        expect(box?.x).toBeGreaterThanOrEqual(0);
        expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(width);
        await accessible(page);
        await page.keyboard.press("Escape");
        await expect(dialog).toHaveCount(0);
      }
    }
  });
}

test("a team without a lead is told how to begin", async ({ page }) => {
  await page.goto("/");
  await page.getByText("Somebody else").click();
  await page.getByLabel("Team").fill("fresh");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(column(page, "New")).toContainText("There are no leads yet");
  await page.goto("/#/leads");
  await expect(page.getByRole("heading", { name: "No leads yet" })).toBeVisible();
  await page.goto("/#/dashboard");
  await expect(page.getByText("No leads came in this period")).toBeVisible();
  for (const kind of ["businesses", "forms", "webhooks"]) {
    await page.goto(`/#/settings/${kind}`);
    await expect(page.getByText(`No ${kind} yet`)).toBeVisible();
  }
  await page.goto("/#/settings/keys");
  await expect(page.getByText("No API keys yet")).toBeVisible();
});
