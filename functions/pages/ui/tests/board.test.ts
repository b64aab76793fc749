// The board: moves by drag, key and menu, their guarantees, and what it shows of others' work.

import type { Page } from "@playwright/test";
import { accessible, column, expect, signIn, test, written } from "./product";

const count = (page: Page, status: string) => column(page, status).getByRole("heading").locator(".count");
const cards = (page: Page, status: string) => column(page, status).getByRole("article");
const links = (page: Page, status: string) => column(page, status).getByRole("article").getByRole("link");

test("a card is dragged to another status, and Undo brings it back", async ({ page, product }) => {
  await signIn(page);
  const api = await product.api();
  const inQualified = async () => (await api.GET("/leads", { params: { query: { status: [3] } } })).data?.count;
  await expect(count(page, "New")).toContainText("27");
  const name = await written(links(page, "New").first());
  const from = await cards(page, "New").first().boundingBox();
  const to = await column(page, "Qualified").boundingBox();
  if (!from || !to) throw new Error("the board is not shown");
  await page.mouse.move(from.x + 40, from.y + 20);
  await page.mouse.down();
  await page.mouse.move(from.x + 60, from.y + 60, { steps: 4 });
  // A dragged card leaves a dashed place in its column.
  const place = column(page, "New").getByRole("listitem").first();
  await expect(place).toHaveCSS("border-top-style", "dashed");
  expect((await place.boundingBox())?.height).toBeGreaterThan(60);
  await page.mouse.move(to.x + 60, to.y + 120, { steps: 4 });
  await page.mouse.up();
  await expect(links(page, "Qualified").filter({ hasText: name })).toBeVisible();
  await expect(count(page, "New")).toContainText("26");
  await expect(count(page, "Qualified")).toContainText("9");
  await expect(page.getByRole("status").filter({ hasText: `${name} moved to Qualified` })).toBeVisible();
  expect(await inQualified()).toBe(9);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByRole("status").filter({ hasText: `${name} moved back to New` })).toBeVisible();
  await expect(links(page, "New").first()).toHaveText(name);
  await expect(count(page, "New")).toContainText("27");
  expect(await inQualified()).toBe(8);
});

test("a refused move is undone, and says why", async ({ page, refusals, product }) => {
  refusals.push(409);
  await signIn(page);
  const card = cards(page, "New").first();
  const name = await written(card.getByRole("link"));
  await page.route("**/leads/change-status", (route) =>
    route.fulfill({ status: 409, json: { message: "Conflict", description: "Other requests kept changing it." } }),
  );
  await card.dragTo(column(page, "Closed"));
  await expect(page.getByRole("alert")).toContainText(`${name} stays in New. Conflict: Other requests kept`);
  await expect(links(page, "New").first()).toHaveText(name);
  await expect(count(page, "New")).toContainText("27");
  await expect(count(page, "Closed")).toContainText("8");
  const { data } = await (await product.api()).GET("/leads", { params: { query: { status: [1] } } });
  expect(data?.count).toBe(27);
});

test("moves of a lead are written in their order, and the last one stays", async ({ page, product }) => {
  await signIn(page);
  const link = links(page, "New").first();
  const name = await written(link);
  const sent: number[] = [];
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route("**/leads/change-status", async (route) => {
    sent.push(route.request().postDataJSON().statusId);
    // The first is answered after the others were asked for.
    await released;
    return route.continue();
  });
  await link.focus();
  for (const status of ["Contacted", "Qualified", "Closed"]) {
    await page.keyboard.press("Shift+ArrowRight");
    await expect(links(page, status).filter({ hasText: name })).toBeFocused();
  }
  expect(sent).toEqual([2]);
  release();
  await expect(page.getByRole("status").filter({ hasText: `${name} moved to Closed` })).toBeVisible();
  expect(sent).toEqual([2, 3, 4]);
  await expect(count(page, "Closed")).toContainText("9");
  const api = await product.api();
  expect((await api.GET("/leads", { params: { query: { status: [4] } } })).data?.count).toBe(9);
  // Undo takes back all three, which were one act.
  await page.keyboard.press("Control+z");
  await expect(links(page, "New").first()).toHaveText(name);
  await expect.poll(async () => (await api.GET("/leads", { params: { query: { status: [1] } } })).data?.count).toBe(27);
});

test("a column that was asked for before a lead was moved into it keeps the lead", async ({ page }) => {
  await signIn(page);
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  // What it answers was true before the move.
  await page.route(
    ({ pathname, searchParams }) => pathname === "/leads" && searchParams.get("status") === "2",
    async (route) => {
      const response = await route.fetch();
      await released;
      return route.fulfill({ response });
    },
    { times: 1 },
  );
  await page.reload();
  const link = links(page, "New").first();
  const name = await written(link);
  await link.focus();
  await page.keyboard.press("Shift+ArrowRight");
  const moved = links(page, "Contacted").filter({ hasText: name });
  await expect(moved).toBeFocused();
  await expect(page.getByRole("status").filter({ hasText: `${name} moved to Contacted` })).toBeVisible();
  release();
  await expect(cards(page, "Contacted").nth(5)).toBeVisible();
  await expect(moved).toHaveCount(1);
  await expect(moved).toBeFocused();
  await expect(count(page, "Contacted")).toHaveText("18");
});

test("a move whose answer is lost stays where the lead is", async ({ page, refusals }) => {
  refusals.push(503);
  await signIn(page);
  const card = cards(page, "New").first();
  const name = await written(card.getByRole("link"));
  await page.route("**/leads/change-status", async (route) => {
    await route.fetch();
    return route.fulfill({ status: 503, json: { message: "Service unavailable" } });
  });
  await card.dragTo(column(page, "Qualified"));
  await expect(page.getByRole("status").filter({ hasText: `${name} moved to Qualified` })).toBeVisible();
  await expect(links(page, "Qualified").filter({ hasText: name })).toBeVisible();
  await expect(count(page, "Qualified")).toContainText("9");
});

test("every lead of a column is read once, as far as it is scrolled", async ({ page, product }) => {
  const api = await product.api();
  for (const from of [0, 100]) {
    const leads = Array.from({ length: 100 }, (_, n) => ({
      firstName: "Many",
      lastName: `${from + n}`,
      email: `many.${from + n}@example.com`,
      statusId: 4,
    }));
    await api.POST("/leads/batch", { body: { mode: "create", leads } });
  }
  await signIn(page);
  await expect(count(page, "Closed")).toContainText("208");
  await cards(page, "Closed").first().hover();
  await expect(async () => {
    await page.mouse.wheel(0, 10_000);
    await expect(cards(page, "Closed")).toHaveCount(208, { timeout: 200 });
  }).toPass({ intervals: [200] });
  const names = await links(page, "Closed").allTextContents();
  expect(new Set(names.filter((name) => name.startsWith("Many"))).size).toBe(200);
});

test("by keyboard alone: one Tab stop a column, arrows between cards, S for the status", async ({ page, product }) => {
  await signIn(page);
  const first = links(page, "New").first();
  await first.focus();
  await page.keyboard.press("ArrowDown");
  await expect(links(page, "New").nth(1)).toBeFocused();
  await page.keyboard.press("ArrowRight");
  await expect(links(page, "Contacted").nth(1)).toBeFocused();
  // Tab leaves the column: first to the next one's head, then to its cards.
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "New lead in Qualified" })).toBeFocused();
  await page.keyboard.press("Tab");
  await expect(links(page, "Qualified").first()).toBeFocused();
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Shift+Tab");
  // Back to the card that was left.
  await expect(links(page, "Contacted").nth(1)).toBeFocused();

  const name = await written(links(page, "Contacted").nth(1));
  await page.keyboard.press("s");
  const menu = page.getByRole("listbox", { name: "Status" });
  await expect(menu.getByRole("option", { name: "Contacted" })).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("Escape");
  await expect(menu).toHaveCount(0);
  await expect(links(page, "Contacted").nth(1)).toBeFocused();
  await page.keyboard.press("s");
  await page.keyboard.press("4");
  await expect(links(page, "Closed").filter({ hasText: name })).toBeFocused();
  await expect(page.getByRole("status").filter({ hasText: `${name} moved to Closed` })).toBeVisible();
  const { data } = await (await product.api()).GET("/leads", { params: { query: { status: [4] } } });
  expect(data?.leads.map(({ firstName, lastName }) => `${firstName} ${lastName}`)).toContain(name);
});

test("the pointer changes a status without dragging", async ({ page }) => {
  await signIn(page);
  const card = cards(page, "New").first();
  const name = await written(card.getByRole("link"));
  await card.hover();
  await card.getByRole("button", { name: `Status of ${name}` }).click();
  await page.getByRole("option", { name: "Closed" }).click();
  await expect(links(page, "Closed").filter({ hasText: name })).toBeVisible();
});

test("a card opens the lead beside the board, and is marked", async ({ page }) => {
  await signIn(page);
  const link = links(page, "Contacted").nth(2);
  const name = await written(link);
  await link.click();
  await expect(page).toHaveURL(/#\/board\?lead=\d+$/);
  await expect(page.getByRole("complementary")).toContainText(name);
  await expect(link).toHaveAttribute("aria-current", "true");
  await expect(page.getByRole("heading", { name: "Board", level: 1 })).toBeVisible();
});

test("a column's plus begins a lead of its status", async ({ page }) => {
  await signIn(page);
  await page.getByRole("link", { name: "New lead in Qualified" }).click();
  await expect(page).toHaveURL(/#\/new\?status=3$/);
});

test("it follows what others do", async ({ page, product }) => {
  await signIn(page);
  const api = await product.api("Manager");
  await expect(count(page, "New")).toContainText("27");
  // The feed is walked from when the page began.
  await page.waitForResponse((response) => response.url().includes("/events?"));
  const name = await written(links(page, "New").first());
  const id = Number(await column(page, "New").getByRole("listitem").first().getAttribute("data-lead"));
  await api.PUT("/leads/change-status", { body: { ids: [id], statusId: 2 } });
  await expect(links(page, "Contacted").filter({ hasText: name })).toBeVisible({ timeout: 10_000 });
  await expect(count(page, "New")).toContainText("26");
  await expect(count(page, "Contacted")).toContainText("18");
  const created = await api.POST("/leads", {
    body: {
      firstName: "Ada",
      lastName: "Lovelace",
      email: "ada@example.com",
      phoneNumber: [],
      business: [],
      photo: "",
      state: "Active",
      statusId: 4,
      source: "",
      description: "",
      location: "",
      position: "",
      company: "Analytical Engines",
      socialMedia: {},
    },
  });
  await expect(cards(page, "Closed").first()).toContainText("Ada Lovelace", { timeout: 10_000 });
  await expect(cards(page, "Closed").first()).toContainText("Analytical Engines");
  await expect(count(page, "Closed")).toContainText("9");
  await api.PATCH("/leads/archive", { body: { ids: [created.data?.id ?? 0] } });
  await expect(links(page, "Closed").filter({ hasText: "Ada Lovelace" })).toHaveCount(0, { timeout: 10_000 });
  await expect(count(page, "Closed")).toContainText("8");
});

test("nothing moves while a card is carried", async ({ page, product }) => {
  await signIn(page);
  const api = await product.api("Manager");
  await page.waitForResponse((response) => response.url().includes("/events?"));
  const [first = "", second = ""] = await links(page, "New").allTextContents();
  const id = Number(await column(page, "New").getByRole("listitem").nth(1).getAttribute("data-lead"));
  const from = await cards(page, "New").first().boundingBox();
  if (!from) throw new Error("the board is not shown");
  await page.mouse.move(from.x + 40, from.y + 20);
  await page.mouse.down();
  await page.mouse.move(from.x + 60, from.y + 60, { steps: 4 });
  await api.PUT("/leads/change-status", { body: { ids: [id], statusId: 4 } });
  for (let reads = 0; reads < 2; reads++) {
    await page.waitForResponse((response) => response.url().includes("/events?"));
  }
  // The carried card has left its place, so the second one is the first to be seen.
  await expect(links(page, "New").first()).toHaveText(second);
  await page.mouse.up();
  await expect(links(page, "Closed").filter({ hasText: second })).toBeVisible({ timeout: 10_000 });
  await expect(links(page, "New").first()).toHaveText(first);
});

test("filters and search narrow every column, and stay in the address", async ({ page, product }) => {
  const api = await product.api();
  const inBusiness = async (status: number) =>
    (await api.GET("/leads", { params: { query: { business: [3], status: [status] } } })).data?.count;
  await signIn(page);
  await page.goto("/#/board?business=3");
  await expect(count(page, "New")).toContainText(String(await inBusiness(1)));
  await expect(count(page, "Contacted")).toContainText(String(await inBusiness(2)));
  await page.goto("/#/board");
  await expect(count(page, "New")).toContainText("27");
  const name = await written(links(page, "Contacted").first());
  await page.getByRole("searchbox").fill(name);
  await expect(links(page, "Contacted").filter({ hasText: name })).toBeVisible();
  await expect(column(page, "New")).toContainText("No leads");
  // The head counts what was found.
  const search = { search: name, status: [2], limit: 100 };
  const found = (await api.GET("/leads/search", { params: { query: search } })).data?.length ?? 0;
  expect(found).toBeGreaterThan(0);
  await expect(links(page, "Contacted")).toHaveCount(found);
  await expect(count(page, "Contacted")).toHaveText(String(found));
  await expect(count(page, "New")).toHaveText("0");
  await expect(page).toHaveURL(/search=/);
  await page.reload();
  await expect(links(page, "Contacted").filter({ hasText: name })).toBeVisible();
  await expect(count(page, "Contacted")).toHaveText(String(found));

  // Both together.
  await page.goto("/#/board?business=3&search=ma");
  const { data } = await api.GET("/leads/search", {
    params: { query: { search: "ma", business: [3], status: [1], limit: 100 } },
  });
  await expect(count(page, "New")).toHaveText(String(data?.length));
  await expect(cards(page, "New")).toHaveCount(data?.length ?? -1);
});

test("views of the board are tabs, and the palette finds them", async ({ page }) => {
  const tab = (name: string) => page.getByRole("navigation", { name: "Views" }).getByRole("link", { name });
  await signIn(page);
  await tab("Open").click();
  await expect(column(page, "Closed")).toHaveCount(0);
  await expect(column(page, "Qualified")).toBeVisible();
  await expect(tab("Open")).toHaveAttribute("aria-current", "page");
  // A view of the list is no tab here.
  await expect(tab("From the website")).toHaveCount(0);
  await tab("All").click();
  await expect(column(page, "Closed")).toBeVisible();

  await page.goto("/#/board?business=3");
  await page.getByRole("button", { name: "Save as a view" }).click();
  await page.getByLabel("Name of the view").fill("Food");
  await page.getByRole("button", { name: "Save view" }).click();
  await expect(tab("Food")).toHaveAttribute("aria-current", "page");
  await page.keyboard.press("ControlOrMeta+k");
  await page.keyboard.type("website");
  await page.getByRole("option", { name: "View From the website" }).click();
  await expect(page).toHaveURL(/#\/leads\?source=Website&view=\d+$/);
  await page.keyboard.press("ControlOrMeta+k");
  await page.keyboard.type("view food");
  await page.getByRole("option", { name: "View Food", exact: true }).click();
  await expect(page).toHaveURL(/#\/board\?business=3&view=\d+$/);
  await expect(tab("Food")).toHaveAttribute("aria-current", "page");
  // A link may name the view alone.
  await page.goto(page.url().replace("business=3&", ""));
  await page.reload();
  await expect(page).toHaveURL(/business=3/);
});

test("a filter's chip leaves the focus in the bar when it goes", async ({ page }) => {
  await signIn(page);
  await page.goto("/#/board?business=3&state=Active");
  const bar = page.getByRole("search");
  const menu = bar.getByRole("button", { name: /^Filter( \d+)?$/ });
  await bar.getByRole("button", { name: "Remove the filter State" }).click();
  await expect(menu).toBeFocused();
  await expect(page).toHaveURL(/#\/board\?business=3$/);
  await bar.getByRole("button", { name: /^Business/ }).click();
  await page.getByRole("checkbox", { checked: true }).uncheck();
  await page.keyboard.press("Escape");
  await expect(menu).toBeFocused();
  await expect(page).toHaveURL(/#\/board$/);
});

test("a search that left something unread says so in the columns", async ({ page }) => {
  await signIn(page);
  await page.route("**/leads/search?*", async (route) => {
    const response = await route.fetch();
    const isNew = new URL(route.request().url()).searchParams.get("status") === "1";
    const json = isNew ? [] : await response.json();
    return route.fulfill({ json, headers: { ...response.headers(), "search-complete": "false" } });
  });
  await page.goto("/#/board?search=ma");
  await expect(links(page, "Contacted").first()).toBeVisible();
  await expect(count(page, "Contacted")).toHaveText(`${await links(page, "Contacted").count()}+`);
  await expect(column(page, "New")).toContainText("Not everything was read");
  await expect(column(page, "New")).not.toContainText("No leads");
});

test("long and right-to-left text is cut and isolated, and whole in the title", async ({ page, product }) => {
  const api = await product.api();
  const long = "Maximiliana-Konstantinopolitanska von und zu Hohenlohe-Langenburg-Weikersheim";
  await api.POST("/leads/batch", {
    body: {
      mode: "create",
      leads: [
        { firstName: "يوسف", lastName: "الخطيب", email: "y@example.com", company: "الخطيب للتعبئة" },
        { firstName: long, lastName: "x", email: "long@example.com", company: `${long} GmbH & Co. KG` },
      ],
    },
  });
  await page.setViewportSize({ width: 1024, height: 700 });
  await signIn(page);
  const link = links(page, "New").filter({ hasText: long });
  await expect(link).toHaveAttribute("title", `${long} x`);
  const card = cards(page, "New").filter({ hasText: long }).first();
  expect(await card.evaluate((element) => element.scrollWidth <= element.clientWidth)).toBe(true);
  await expect(links(page, "New").filter({ hasText: "يوسف" }).locator("bdi")).toHaveCount(1);
});

test("a viewer moves nothing", async ({ page }) => {
  await signIn(page, "Viewer");
  await expect(cards(page, "New").first()).toHaveAttribute("draggable", "false");
  await expect(page.getByRole("link", { name: /^New lead/ })).toHaveCount(0);
  const name = await written(links(page, "New").first());
  await links(page, "New").first().focus();
  await page.keyboard.press("s");
  await page.keyboard.press("Shift+ArrowRight");
  await expect(page.getByRole("listbox")).toHaveCount(0);
  await expect(links(page, "New").first()).toHaveText(name);
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`it is accessible at every width, ${colorScheme}`, async ({ page }) => {
    test.slow();
    await page.emulateMedia({ colorScheme });
    await signIn(page);
    for (const [width, height] of [
      [1440, 900],
      [768, 900],
      [360, 740],
    ] as const) {
      await page.setViewportSize({ width, height });
      await accessible(page);
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
    }
    await page.setViewportSize({ width: 1440, height: 900 });
    await links(page, "New").first().focus();
    await page.keyboard.press("s");
    await expect(page.getByRole("listbox", { name: "Status" })).toBeVisible();
    await accessible(page);
  });
}
