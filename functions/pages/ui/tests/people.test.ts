// Whoever it is, and however they use it: as Viewer, on a phone, by keyboard alone, with a screen reader.

import type { Page } from "@playwright/test";
import { accessible, column, expect, signIn, signOut, test, written } from "./product";

/** Screens whose tests do not look at their accessibility themselves. */
const OTHER_SCREENS = [
  "settings/statuses",
  "settings/businesses",
  "settings/forms",
  "settings/webhooks",
  "settings/webhooks/1",
  "settings/keys",
  "new",
  "leads/999",
  "nowhere",
];
const SCREENS = ["board", "board?lead=60", "leads", "leads/60", "dashboard", "import", ...OTHER_SCREENS];

test("a Viewer reads and is offered nothing that would be refused", async ({ page }) => {
  await signIn(page, "Viewer");
  await expect(page.getByRole("link", { name: "New lead" })).toHaveCount(0);
  await expect(page.getByRole("link", { name: "Import" })).toHaveCount(0);
  await expect(page.locator("[draggable=true]")).toHaveCount(0);
  await page.goto("/#/leads");
  await expect(page.getByRole("table")).toHaveAttribute("aria-rowcount", "61");
  await expect(page.getByRole("checkbox", { name: "Select" })).toHaveCount(0);
  await page.goto("/#/leads/60");
  await expect(page.getByRole("heading", { level: 1 })).not.toBeEmpty();
  await expect(page.getByRole("list", { name: "Activity" }).getByRole("listitem").first()).toBeVisible();
  const buttons = await page.getByRole("main").getByRole("button").all();
  const names = await Promise.all(buttons.map((button) => button.getAttribute("aria-label")));
  expect(names).toEqual(["Previous lead", "Next lead"]);
  await page.goto("/#/settings");
  await expect(page.getByText("Only Owners see them.")).toBeVisible();
  await expect(page.getByRole("main").getByRole("button")).toHaveCount(0);
  await page.goto("/#/new");
  await expect(page.getByText("Viewers cannot create leads")).toBeVisible();
  await page.goto("/#/import");
  await expect(page.getByText("Viewers cannot import leads.")).toBeVisible();
  // Cards do not move by keys either.
  await page.goto("/#/board");
  await column(page, "New").getByRole("article").getByRole("link").first().focus();
  await page.keyboard.press("Shift+ArrowRight");
  await expect(column(page, "New").locator(".count")).toHaveText("27");
});

test("a Manager comments and edits none but their own comments", async ({ page }) => {
  await signIn(page, "Manager");
  await page.goto("/#/leads/60");
  const comments = page.getByRole("list", { name: "Activity" }).getByRole("listitem");
  await expect(comments.first()).toBeVisible();
  await expect(comments.getByRole("button")).toHaveCount(0);
  await page.getByLabel("Comment", { exact: true }).fill("Mine.");
  await page.keyboard.press("Control+Enter");
  await expect(comments.filter({ hasText: "Mine." }).getByRole("button")).toHaveCount(2);
  await page.goto("/#/settings");
  await expect(page.getByText("Only Owners of the team change these.")).toBeVisible();
});

const WIDTHS = [1440, 768, 360];

async function openScreen(page: Page, screen: string): Promise<void> {
  await page.goto(`/#/${screen}`);
  await expect(page.getByRole("heading", { level: 1 })).toBeAttached();
  await expect(page.locator(".skeleton")).toHaveCount(0);
}

for (const colorScheme of ["light", "dark"] as const) {
  test(`no other screen breaks a rule of accessibility, ${colorScheme}`, async ({ page, refusals }) => {
    test.slow();
    refusals.push(404);
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.goto("/");
    await page.getByText("Somebody else").click();
    await accessible(page);
    await signIn(page);
    for (const screen of OTHER_SCREENS) {
      await openScreen(page, screen);
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 900 });
        await accessible(page);
      }
    }
  });

  test(`nothing that opens breaks a rule of accessibility, ${colorScheme}`, async ({ page }) => {
    test.slow();
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await signIn(page);
    const opens = async (name: string | RegExp) => {
      await page.getByRole("main").getByRole("button", { name }).first().click();
      await accessible(page);
      await page.keyboard.press("Escape");
    };
    await openScreen(page, "leads");
    await page.getByRole("checkbox", { name: "Select all" }).check();
    await accessible(page);
    for (const name of ["Export", "Save as a view", "Columns", /^Filter/]) await opens(name);
    await openScreen(page, "leads/60");
    for (const field of ["company", "phone numbers", "businesses", "description"]) await opens(`Edit ${field}:`);
    await opens(/^Status/);
    await openScreen(page, "settings/keys");
    await opens("New key");
    await openScreen(page, "settings/forms");
    await opens("New form");
    await opens("More about Contact");
    await openScreen(page, "settings/webhooks");
    await opens("New webhook");
    await openScreen(page, "settings/webhooks/1");
    // Nobody listens there.
    await page.getByRole("button", { name: "Send a test" }).click();
    await page.getByRole("button", { name: /ping$/ }).click();
    await expect(page.getByRole("list", { name: "Attempts" })).toBeVisible();
    await accessible(page);
    await opens("More about this webhook");
  });
}

test.describe("on a phone", () => {
  test.use({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });

  test("nothing is wider than the screen, and a status is changed by touch", async ({ page, refusals }) => {
    refusals.push(404);
    await signIn(page);
    for (const screen of SCREENS) {
      await openScreen(page, screen);
      // The second is a window of 1,280 pixels at 400 %.
      for (const size of [
        { width: 360, height: 740 },
        { width: 320, height: 256 },
      ]) {
        await page.setViewportSize(size);
        const width = await page.evaluate(() => document.documentElement.scrollWidth);
        expect(width, screen).toBeLessThanOrEqual(size.width);
      }
    }
    await page.setViewportSize({ width: 360, height: 740 });
    await page.goto("/#/board");
    const card = column(page, "New").getByRole("article").first();
    const name = await written(card.getByRole("link"));
    await card.getByRole("button", { name: `Status of ${name}` }).tap();
    await page.getByRole("option", { name: "Closed" }).tap();
    await expect(column(page, "Closed").getByRole("link", { name })).toBeAttached();
    await expect(column(page, "Closed").locator(".count")).toHaveText("9");
  });
});

test("by keyboard alone", async ({ page, product }) => {
  await page.goto("/");
  const owner = page.getByRole("button", { name: "Owner", exact: true });
  await expect(owner).toBeVisible();
  for (let stops = 0; stops < 4 && !(await owner.evaluate((button) => button === document.activeElement)); stops++) {
    await page.keyboard.press("Tab");
  }
  await page.keyboard.press("Enter");
  await expect(page.locator(".card").first()).toBeVisible();
  // The first stop of every screen skips the navigation.
  await page.keyboard.press("Tab");
  await expect(page.getByRole("button", { name: "Skip to content" })).toBeFocused();
  await page.keyboard.press("Enter");
  const first = column(page, "New").getByRole("article").getByRole("link").first();
  const name = await written(first);
  for (let stops = 0; stops < 8 && !(await first.evaluate((link) => link === document.activeElement)); stops++) {
    await page.keyboard.press("Tab");
  }
  await expect(first).toBeFocused();
  await page.keyboard.press("Shift+ArrowRight");
  const moved = column(page, "Contacted").getByRole("link", { name });
  await expect(moved).toBeFocused();
  await expect(page.getByRole("status")).toContainText(`${name} moved to Contacted`);
  await page.keyboard.press("ArrowDown");
  await expect(column(page, "Contacted").getByRole("article").getByRole("link").nth(1)).toBeFocused();
  await page.keyboard.press("ArrowRight");
  await expect(column(page, "Qualified").getByRole("article").getByRole("link").nth(1)).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Activity" })).toBeVisible();

  await page.goto("/#/new");
  await page.getByLabel("First name").focus();
  for (const text of ["Ada", "Lovelace", "ada@example.com"]) {
    await page.keyboard.type(text);
    await page.keyboard.press("Tab");
  }
  await page.keyboard.type("+44 20 7946 0000");
  await page.getByLabel("Company").focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Ada Lovelace");
  await page.getByRole("button", { name: "Edit company:" }).press("Enter");
  await page.keyboard.type("Analytical Engines");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: "Edit company: Analytical Engines" })).toBeFocused();
  const more = page.getByRole("button", { name: "More", exact: true });
  await more.press("Enter");
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(more).toBeFocused();
  const { data } = await (await product.api()).GET("/leads/search", { params: { query: { search: "lovelace" } } });
  expect(data).toHaveLength(1);
});

test("a lead opened in another tab is signed in there, and signing out ends both", async ({ page, context }) => {
  await signIn(page, "Manager");
  const link = column(page, "New").getByRole("article").getByRole("link").first();
  const name = await written(link);
  const opened = context.waitForEvent("page");
  await link.click({ modifiers: ["ControlOrMeta"] });
  const tab = await opened;
  await expect(tab.getByRole("complementary").getByRole("heading", { name })).toBeVisible();
  await signOut(tab);
  await expect(page.getByRole("button", { name: "Manager", exact: true })).toBeVisible();
  expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
});
