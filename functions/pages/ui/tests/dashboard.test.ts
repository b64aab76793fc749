// Tests of the dashboard: chart and figures show the same numbers, and each links to the list of the leads that it counts.

import type { Page } from "@playwright/test";
import { accessible, expect, signIn, test, written } from "./product";

const DAY_MS = 24 * 60 * 60 * 1000;
const day = (ago: number): string => new Date(Date.now() - ago * DAY_MS).toISOString().slice(0, 10);

const chart = (page: Page) => page.getByRole("group", { name: /^New leads by / });
const figure = (page: Page, name: string) => page.getByRole("region", { name, exact: true });
const numberIn = (text: string | null): number => Number(/[\d,]+/.exec(text ?? "")?.[0].replaceAll(",", ""));

/** The number of leads that a bar's name says, as in `2 November: 3 leads (New 2, Closed 1)`. */
const inBarName = (name: string): number => numberIn(/: (.*) leads? \(/.exec(name)?.[1] ?? "");

/** The number that each bar says, from left to right. */
const barCounts = async (page: Page): Promise<number[]> =>
  (
    await chart(page)
      .getByRole("link")
      .evaluateAll((bars) => bars.map((bar) => bar.getAttribute("aria-label") ?? ""))
  ).map(inBarName);

const sum = (counts: number[]): number => counts.reduce((total, count) => total + count, 0);

async function open(page: Page, query = ""): Promise<void> {
  await page.goto(`/#/dashboard${query}`);
  await expect(figure(page, "New leads")).toBeVisible({ timeout: 15_000 });
}

/** Puts an answer of counts in place of the API's. */
async function fake(page: Page, perDay: number, previous: number): Promise<void> {
  await page.route("**/leads/leads-volume?*", async (route) => {
    const response = await route.fetch();
    const body = await response.json();
    const days = (count: number) => Object.fromEntries(body.labels.map((label: string) => [label, count]));
    body.statuses = body.statuses.map((status: object, index: number) => ({
      ...status,
      data: days(index === 0 ? perDay : 0),
    }));
    body.data = {};
    body.unassigned = days(perDay);
    body.totalLeadsAmount = perDay * body.labels.length;
    body.previousLeadsAmount = previous;
    return route.fulfill({ response, json: body });
  });
}

test("the bars' sum is the figure above, by day, week and month", async ({ page, product }) => {
  const api = await product.api();
  await signIn(page);
  for (const [query, startDate] of [
    ["", day(29)],
    ["?period=90d", day(89)],
    ["?period=365d", day(364)],
    [`?from=${day(1500)}&to=${day(0)}`, day(1500)],
  ] as const) {
    await open(page, query);
    const { data } = await api.GET("/leads/total-leads", { params: { query: { startDate, endDate: day(0) } } });
    const total = data?.current ?? 0;
    await expect(figure(page, "New leads").getByRole("link")).toHaveText(String(total));
    await expect.poll(async () => sum(await barCounts(page))).toBe(total);
    const keys = page.getByRole("list", { name: "New leads by their status now" }).getByRole("listitem");
    expect(sum((await keys.allTextContents()).map((text) => Number(/\d+$/.exec(text)?.[0])))).toBe(total);
  }
});

test("bars are as high as their numbers", async ({ page }) => {
  await signIn(page);
  await open(page, "?period=365d");
  const counts = await barCounts(page);
  const heights = await chart(page)
    .getByRole("link")
    .evaluateAll((bars) =>
      bars.map((bar) => {
        const boxes = Array.from(bar.querySelectorAll("rect[data-color]"), (part) => part.getBoundingClientRect());
        return Math.max(...boxes.map(({ bottom }) => bottom)) - Math.min(...boxes.map(({ top }) => top));
      }),
    );
  const unit = Math.max(...heights) / Math.max(...counts);
  for (const [at, count] of counts.entries()) expect(Math.abs((heights[at] ?? 0) - count * unit)).toBeLessThan(2);
});

test("a bar, a status and a business lead to lists of as many leads", async ({ page }) => {
  await signIn(page);
  await open(page);
  const bar = chart(page).getByRole("link").last();
  const inBar = inBarName((await bar.getAttribute("aria-label")) ?? "");
  await bar.click();
  await expect(page.getByText(new RegExp(`^${inBar} leads?$`)).first()).toBeVisible();

  await open(page);
  const key = page.getByRole("list", { name: "New leads by their status now" }).getByRole("link").nth(1);
  const inKey = Number(/\d+$/.exec(await written(key))?.[0]);
  await key.click();
  await expect(page.getByText(new RegExp(`^${inKey} leads?$`)).first()).toBeVisible();

  await open(page);
  const row = page.getByRole("table", { name: "By business" }).getByRole("row").nth(1);
  const inRow = numberIn(await row.getByRole("cell").nth(-2).textContent());
  await row.getByRole("link").click();
  await expect(page.getByText(new RegExp(`^${inRow} leads?$`)).first()).toBeVisible();
  await page.goBack();
  await expect(figure(page, "New leads")).toBeVisible();
});

test("an axis of tens of thousands is whole", async ({ page }) => {
  await fake(page, 25_000, 600_000);
  for (const width of [1440, 360]) {
    await page.setViewportSize({ width, height: 900 });
    if (width === 1440) await signIn(page);
    await open(page, "?period=7d");
    const labels = chart(page).locator("text", { hasText: ",000" });
    await expect(labels.first()).toHaveText("10,000");
    const [svg, bars] = [
      await chart(page).boundingBox(),
      await chart(page).getByRole("link").last().locator("rect[data-color]").last().boundingBox(),
    ];
    for (const label of await labels.all()) {
      const box = await label.boundingBox();
      expect(box?.x).toBeGreaterThan((bars?.x ?? 0) + (bars?.width ?? 0));
      expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual((svg?.x ?? 0) + (svg?.width ?? 0) + 0.5);
    }
  }
});

test("the comparison is a sentence: whole percents, and new from zero", async ({ page }) => {
  await signIn(page);
  const sentence = figure(page, "New leads").getByRole("paragraph").last();
  for (const [perDay, previous, words] of [
    [1, 0, "New: none in the 30 days before"],
    [1, 30, "As many as in the 30 days before"],
    [1, 27, "+11% on the 30 days before"],
    [1, 45, "-33% on the 30 days before"],
    [100, 2999, "About as many as in the 30 days before"],
  ] as const) {
    await page.unrouteAll();
    await fake(page, perDay, previous);
    await page.goto("/#/board");
    await open(page);
    await expect(sentence).toHaveText(words);
  }
});

test("period and business are in the address", async ({ page, product }) => {
  const api = await product.api();
  await signIn(page);
  await open(page);
  await page.getByRole("button", { name: "Period: Last 30 days" }).click();
  await page.getByRole("menuitemradio", { name: "Last 90 days" }).click();
  await expect(page).toHaveURL(/period=90d/);
  await page.getByRole("button", { name: "Period: Last 90 days" }).click();
  await page.getByRole("menuitemradio", { name: "Choose days" }).click();
  await page.getByLabel("From", { exact: true }).fill(day(19));
  await page.getByLabel("To", { exact: true }).fill(day(10));
  await page.getByRole("button", { name: "Business: All businesses" }).click();
  await page.getByRole("menuitemradio", { name: "Contoso Consulting" }).click();
  const query = { startDate: day(19), endDate: day(10), business: [2] };
  const { data } = await api.GET("/leads/total-leads", { params: { query } });
  await expect(figure(page, "New leads").getByRole("link")).toHaveText(String(data?.current));
  expect(page.url()).toContain(`from=${day(19)}&to=${day(10)}&business=2`);
  await page.reload();
  await expect(figure(page, "New leads").getByRole("link")).toHaveText(String(data?.current));
  await expect(page.getByLabel("From", { exact: true })).toHaveValue(day(19));
  await expect(page.getByRole("button", { name: "Business: Contoso Consulting" })).toBeVisible();
});

test("days are drawn as bars that fit: weeks and months where the period is long", async ({ page }) => {
  await fake(page, 2, 10);
  await page.setViewportSize({ width: 1440, height: 900 });
  await signIn(page);
  await open(page);
  await expect(page.getByRole("heading", { name: "New leads by day" })).toBeVisible();
  await expect(chart(page).getByRole("link")).toHaveCount(30);
  await open(page, "?period=365d");
  await expect(page.getByRole("heading", { name: "New leads by week" })).toBeVisible();
  await page.setViewportSize({ width: 360, height: 740 });
  await expect(page.getByRole("heading", { name: "New leads by month" })).toBeVisible();
  await expect.poll(async () => sum(await barCounts(page))).toBe(730);
});

test("as a table: the same numbers", async ({ page, product }) => {
  await signIn(page);
  await open(page, `?from=${day(19)}&to=${day(10)}`);
  await page.getByRole("button", { name: "As a table" }).click();
  const query = { startDate: day(19), endDate: day(10) };
  const { data } = await (await product.api()).GET("/leads/leads-volume", { params: { query } });
  const rows = page.getByRole("table", { name: "New leads by day" }).getByRole("row");
  await expect(rows).toHaveCount(12);
  const totals = (await rows.evaluateAll((rows) => rows.map((row) => row.lastElementChild?.textContent ?? ""))).slice(
    1,
  );
  expect(sum(totals.slice(0, -1).map(Number))).toBe(data?.totalLeadsAmount);
  expect(Number(totals.at(-1))).toBe(data?.totalLeadsAmount);
  await page.reload();
  await expect(rows).toHaveCount(12);
  await page.getByRole("button", { name: "As bars" }).click();
  await expect(chart(page)).toBeVisible();
});

test("a lead with several businesses counts in each, and it says so", async ({ page, product }) => {
  const api = await product.api();
  await api.PATCH("/leads/{id}", { params: { path: { id: 60 } }, body: { business: [1, 2, 3] } });
  await signIn(page);
  await open(page);
  await expect(page.getByText("A lead with several businesses counts in each of them.")).toBeVisible();
  await expect
    .poll(async () => sum(await barCounts(page)))
    .toBe(numberIn(await figure(page, "New leads").getByRole("link").textContent()));
});

test("bars are one Tab stop, and arrows go from one to the next", async ({ page }) => {
  await signIn(page);
  await open(page);
  const bars = chart(page).getByRole("link");
  await page.getByRole("button", { name: "As a table" }).focus();
  await page.keyboard.press("Tab");
  await expect(bars.last()).toBeFocused();
  await page.keyboard.press("ArrowLeft");
  await expect(bars.nth(-2)).toBeFocused();
  await page.keyboard.press("Home");
  await expect(bars.first()).toBeFocused();
  await page.keyboard.press("Tab");
  await expect(
    page.getByRole("list", { name: "New leads by their status now" }).getByRole("link").first(),
  ).toBeFocused();
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Leads");
});

test("recent leads open", async ({ page }) => {
  await signIn(page);
  await open(page);
  const recent = page.getByRole("table", { name: "Recent leads" });
  const name = await written(recent.getByRole("link").first());
  await recent.getByRole("link").first().click();
  await expect(page.getByRole("heading", { name, exact: true }).first()).toBeVisible();
});

test("it follows what others do", async ({ page, product }) => {
  await signIn(page);
  await open(page);
  const total = figure(page, "New leads").getByRole("link");
  const before = numberIn(await total.textContent());
  await page.waitForResponse((response) => response.url().includes("/events?"));
  const leads = [{ firstName: "Ada", lastName: "Lovelace", email: "ada@example.com" }];
  await (await product.api("Manager")).POST("/leads/batch", { body: { mode: "create", leads } });
  await expect(total).toHaveText(String(before + 1), { timeout: 15_000 });
  await expect(page.getByRole("table", { name: "Recent leads" })).toContainText("Ada Lovelace");
});

test("a failure is said, and keeps what is there", async ({ page, refusals }) => {
  refusals.push(500);
  await signIn(page);
  await open(page);
  await page.route("**/leads/leads-volume?*", (route) =>
    route.fulfill({ status: 500, json: { message: "Internal server error", requestId: "abc-123" } }),
  );
  await page.getByRole("button", { name: "Period: Last 30 days" }).click();
  await page.getByRole("menuitemradio", { name: "Last 7 days" }).click();
  await expect(page.getByRole("alert")).toContainText("abc-123");
  await expect(chart(page)).toBeVisible();
  await page.unrouteAll();
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("alert")).toHaveCount(0);
  await expect(chart(page).getByRole("link").first()).toBeVisible();
});

test("a period without a lead says what to do", async ({ page }) => {
  await signIn(page);
  await open(page, "?from=2020-01-01&to=2020-01-31");
  await expect(page.getByRole("heading", { name: "No leads came in this period" })).toBeVisible();
  await expect(figure(page, "New leads")).toContainText("None in December 2019 either");
  await page.getByRole("button", { name: "Show the last 365 days" }).click();
  await expect(figure(page, "New leads").getByRole("link")).toHaveText("60");
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`it is accessible at every width, ${colorScheme}`, async ({ page }) => {
    test.slow();
    await page.emulateMedia({ colorScheme });
    await signIn(page);
    for (const query of ["", "?period=365d&as=table", "?from=2020-01-01&to=2020-01-31"]) {
      await page.setViewportSize({ width: 1440, height: 900 });
      await open(page, query);
      for (const width of [1440, 768, 360]) {
        await page.setViewportSize({ width, height: 900 });
        await accessible(page);
        expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
      }
    }
  });
}
