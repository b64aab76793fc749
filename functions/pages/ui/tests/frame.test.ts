// The frame round the screens: navigation, palette, shortcuts, menus, toasts, and what happens when a screen throws.

import type { Page } from "@playwright/test";
import { accessible, expect, signIn, test } from "./product";

const palette = (page: Page) => page.getByRole("dialog", { name: "Search and commands" });
const main = (page: Page) => page.getByRole("navigation", { name: "Main" });

async function openPalette(page: Page) {
  await page.keyboard.press("ControlOrMeta+k");
  await expect(page.getByRole("combobox", { name: "Search leads and commands" })).toBeFocused();
}

test("the palette finds leads by name, address and number, and opens them beside the board or as a page", async ({
  page,
  product,
}) => {
  const api = await product.api();
  const created = await api.POST("/leads", {
    body: {
      firstName: "Zdenka",
      lastName: "Quartz",
      email: "zq.office@example.org",
      phoneNumber: ["+420 777 123 456"],
      business: [],
      photo: "",
      state: "Active",
      statusId: 2,
      source: "",
      description: "",
      location: "",
      position: "",
      company: "Sklárna",
      socialMedia: {},
    },
  });
  const id = created.data?.id;
  await signIn(page);
  const address = page.url();
  for (const text of ["zdenka qua", "zq.office", "420777123"]) {
    await openPalette(page);
    await page.keyboard.type(text);
    const first = palette(page).getByRole("option").first();
    await expect(first).toContainText("Zdenka Quartz");
    await expect(first).toContainText("Sklárna");
    await expect(first).toContainText("Contacted");
    await expect(first).toHaveAttribute("aria-selected", "true");
    await page.keyboard.press("Escape");
    await expect(palette(page)).toHaveCount(0);
    expect(page.url()).toBe(address);
  }
  // Enter waits for what is being searched.
  await openPalette(page);
  await page.keyboard.type("zdenka");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(new RegExp(`#/board\\?lead=${id}$`));
  await expect(page.getByRole("complementary", { name: /Lead|Zdenka/ })).toBeVisible();
  await openPalette(page);
  await page.keyboard.type("zdenka");
  await page.keyboard.press("ControlOrMeta+Enter");
  await expect(page).toHaveURL(new RegExp(`#/leads/${id}$`));
});

test("the palette acts, goes places, and says when it could not search", async ({ page, refusals }) => {
  refusals.push(500);
  await signIn(page);
  await openPalette(page);
  // One letter is no error.
  await page.keyboard.type("d");
  await expect(palette(page).getByRole("option", { name: /Dashboard/ })).toBeVisible();
  await expect(palette(page).getByRole("alert")).toHaveCount(0);
  await accessible(page);
  await page.keyboard.type("ash");
  await palette(page)
    .getByRole("option", { name: /Dashboard/ })
    .click();
  await expect(page.getByRole("heading", { name: "Dashboard" })).toBeVisible();
  await expect(page).toHaveTitle("Dashboard · Leads");

  await openPalette(page);
  await page.keyboard.type("dark sch");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.reload();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");

  await page.route("**/leads/search?*", (route) =>
    route.fulfill({ status: 500, json: { message: "Internal server error", requestId: "7f3a" } }),
  );
  await openPalette(page);
  await page.keyboard.type("anna");
  await expect(palette(page).getByRole("alert")).toContainText("Leads could not be searched.");
  await expect(palette(page).getByRole("option", { name: /New lead “anna”/ })).toBeVisible();
});

test("shortcuts go places, rest while somebody types, are listed, and can be switched off", async ({ page }) => {
  await signIn(page);
  const go = async (keys: string, heading: string) => {
    for (const key of keys) await page.keyboard.press(key);
    await expect(page.getByRole("heading", { level: 1, name: heading })).toBeVisible();
  };
  await go("gl", "Leads");
  await go("gd", "Dashboard");
  await go("gb", "Board");
  await go("c", "New lead");
  // The keys of a text are its own.
  const field = page.getByRole("main").getByRole("textbox").first();
  await field.focus();
  await page.keyboard.type("gl?c");
  await expect(field).toHaveValue("gl?c");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await page.goto("/#/dashboard");
  await expect(page.getByRole("heading", { name: "Dashboard" })).toBeVisible();

  await page.keyboard.press("?");
  const dialog = page.getByRole("dialog", { name: "Shortcuts" });
  await expect(dialog.getByText("Search and commands")).toBeVisible();
  await accessible(page);
  await dialog.getByRole("checkbox", { name: "Single keys act" }).uncheck();
  await page.keyboard.press("Escape");
  await expect(dialog).toHaveCount(0);
  await page.keyboard.press("g");
  await page.keyboard.press("b");
  await page.keyboard.press("?");
  await page.waitForTimeout(300);
  await expect(page.getByRole("heading", { level: 1, name: "Dashboard" })).toBeVisible();
  await expect(dialog).toHaveCount(0);
  // Combinations with a modifier stay.
  await openPalette(page);
});

test("a menu moves by arrows and letters, and closes on Tab, on Escape and by a click beside it", async ({ page }) => {
  await signIn(page);
  const account = page.getByRole("button", { name: /^Account/ });
  const menu = page.getByRole("menu", { name: "Account" });
  await account.focus();
  await page.keyboard.press("Enter");
  await expect(menu.getByRole("menuitemradio", { name: "As the system" })).toBeFocused();
  await accessible(page);
  await page.keyboard.press("ArrowDown");
  await expect(menu.getByRole("menuitem", { name: "Shortcuts" })).toBeFocused();
  await page.keyboard.press("Home");
  await expect(menu.getByRole("menuitemradio", { name: "Light" })).toBeFocused();
  await page.keyboard.press("ArrowUp");
  await expect(menu.getByRole("menuitem", { name: "Sign out" })).toBeFocused();
  await page.keyboard.press("a");
  await expect(menu.getByRole("menuitemradio", { name: "As the system" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(menu).toHaveCount(0);
  await expect(account).toBeFocused();

  await page.keyboard.press("ArrowDown");
  await expect(menu).toBeVisible();
  await page.keyboard.press("Tab");
  await expect(menu).toHaveCount(0);
  // It goes on behind the trigger, not behind what the menu held.
  await expect(account).not.toBeFocused();
  expect(await page.evaluate(() => document.activeElement?.closest("main, .toasts") !== null)).toBe(true);

  await account.click();
  await expect(menu).toBeVisible();
  await account.click();
  await expect(menu).toHaveCount(0);
  await account.click();
  await page.mouse.click(800, 20);
  await expect(menu).toHaveCount(0);

  await account.click();
  await menu.getByRole("menuitemradio", { name: "Dark" }).click();
  await expect(menu).toHaveCount(0);
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
});

test("a screen that throws is one error, and the frame goes on", async ({ page }) => {
  await signIn(page);
  await page.route("**/leads/total-leads*", (route) => route.fulfill({ json: null }));
  await page.route("**/leads/leads-volume*", (route) => route.fulfill({ json: null }));
  await page.goto("/#/dashboard");
  const alert = page.getByRole("main").getByRole("alert");
  await expect(alert).toContainText("This part of the console failed");
  await expect(alert.getByRole("button", { name: "Reload the page" })).toBeVisible();
  await accessible(page);
  await main(page).getByRole("link", { name: "Board", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Board" })).toBeVisible();
  await expect(alert).toHaveCount(0);
});

test("an address that names nothing leads back", async ({ page }) => {
  await signIn(page);
  await page.goto("/#/nowhere");
  await expect(page.getByRole("heading", { name: "There is no such screen" })).toBeVisible();
  await expect(page).toHaveTitle("Not found · Leads");
  await page.getByRole("link", { name: "Go to the board" }).click();
  await expect(page.getByRole("main")).toBeFocused();
});

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(`in ${colorScheme}`, () => {
    test.use({ colorScheme, contextOptions: { reducedMotion: "reduce" } });

    test("sidebar, rail and bottom bar lead to the same places", async ({ page, refusals }) => {
      refusals.push(404);
      await page.setViewportSize({ width: 1440, height: 900 });
      await page.goto("/");
      await accessible(page);
      await signIn(page);
      await page.goto("/#/nowhere");
      await expect(page.getByRole("heading", { name: "There is no such screen" })).toBeVisible();
      const board = main(page).getByRole("link", { name: "Board", exact: true });
      await expect(board).toBeVisible();
      expect((await main(page).boundingBox())?.width).toBe(216);
      await accessible(page);

      for (const width of [1024, 768]) {
        await page.setViewportSize({ width, height: 768 });
        expect((await main(page).boundingBox())?.width).toBe(56);
        // The name stays, and is in the title.
        await expect(board).toHaveAttribute("title", /^Board/);
        await expect(main(page).getByRole("link", { name: "Settings" })).toBeVisible();
        await accessible(page);
        await page.getByRole("button", { name: /^Account/ }).click();
        await accessible(page);
        await page.keyboard.press("Escape");
      }

      await page.setViewportSize({ width: 360, height: 740 });
      const bar = await main(page).boundingBox();
      expect(bar?.width).toBe(360);
      expect((bar?.y ?? 0) + (bar?.height ?? 0)).toBe(740);
      await expect(main(page).getByRole("link", { name: "Settings" })).toHaveCount(0);
      await accessible(page);
      await main(page).getByRole("button", { name: "More" }).click();
      const sheet = page.getByRole("menu", { name: "More" });
      await accessible(page);
      // It comes from below, over the bar.
      const box = await page.locator(":popover-open").boundingBox();
      expect(box?.x).toBe(0);
      expect(box?.width).toBe(360);
      expect((box?.y ?? 0) + (box?.height ?? 0)).toBe(740);
      await sheet.getByRole("menuitem", { name: "Settings" }).click();
      await expect(page.getByRole("heading", { level: 1, name: "Settings" })).toBeVisible();
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
      await page.goto("/#/nowhere");
      await main(page).getByRole("button", { name: "More" }).click();
      await sheet.getByRole("menuitem", { name: "Search" }).click();
      await expect(palette(page)).toBeVisible();
      await accessible(page);
      await palette(page).getByRole("button", { name: "Close" }).click();
      await expect(palette(page)).toHaveCount(0);
    });
  });
}
