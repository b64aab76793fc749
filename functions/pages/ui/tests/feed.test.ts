// A lead that is open shows what others do to it.

import type { Page } from "@playwright/test";
import { accessible, expect, signIn, test } from "./product";

/** Events become known, and are looked for, within seconds. */
const soon = { timeout: 10_000 };

const value = (page: Page, label: string) =>
  page
    .locator(".facts > div")
    .filter({ has: page.getByText(label, { exact: true }) })
    .locator("dd");
const news = (page: Page) => page.locator(".title").getByRole("status");

test("two people have one lead open, and each sees what the other does", async ({
  page,
  browser,
  product,
  refusals,
}) => {
  test.setTimeout(120_000);
  refusals.push(404, 412);
  const context = await browser.newContext({ baseURL: product.url });
  const other = await context.newPage();
  await signIn(other, "Manager");
  await signIn(page);
  for (const one of [page, other]) {
    const follows = one.waitForResponse((response) => response.url().includes("/events?after=latest"));
    await one.goto("/#/leads/60");
    await follows;
    await expect(one.locator(".timeline li").first()).toBeVisible();
  }
  const edit = async (on: Page, label: string, text: string) => {
    await on.getByRole("button", { name: `Edit ${label}` }).click();
    await on.getByRole("form", { name: label }).getByRole("textbox").fill(text);
  };
  const save = (on: Page, label: string) =>
    on.getByRole("form", { name: label }).getByRole("button", { name: "Save" }).click();

  await test.step("a field, the history, and who it was", async () => {
    await edit(other, "Company", "Łódź & Söhne");
    await save(other, "Company");
    await expect(value(page, "Company")).toContainText("Łódź & Söhne", soon);
    await expect(news(page)).toHaveText("Max Demo changed Company");
    await expect(page.locator(".changes", { hasText: "→ Łódź & Söhne" })).toBeVisible();
    await expect(news(other)).toBeEmpty();
    await accessible(page);
  });

  await test.step("what is being written stays, and a conflict is one", async () => {
    await edit(page, "Source", "My source");
    await page.getByLabel("Comment", { exact: true }).fill("Half a sentence");
    await edit(other, "Source", "Their source");
    await save(other, "Source");
    await other.getByRole("button", { name: "Edit Status" }).click();
    await other.getByRole("form", { name: "Status" }).getByRole("combobox").selectOption("Closed");
    await save(other, "Status");
    await expect(value(page, "Status")).toContainText("Closed", soon);
    await expect(news(page)).toContainText("Max Demo changed Status");
    const field = page.getByRole("form", { name: "Source" });
    await expect(field.getByRole("textbox")).toHaveValue("My source");
    await expect(page.getByLabel("Comment", { exact: true })).toHaveValue("Half a sentence");
    await field.getByRole("button", { name: "Save" }).click();
    await expect(field.getByRole("alert")).toContainText("Theirs: Their source");
    await field.getByRole("button", { name: "Write mine" }).click();
    await expect(value(other, "Source")).toContainText("My source", soon);
    await expect(news(other)).toHaveText("Olivia Demo changed Source");
    // What was taken from an event can be changed without a conflict.
    await edit(other, "Position", "Chair");
    await save(other, "Position");
    await expect(value(other, "Position")).toContainText("Chair");
  });

  await test.step("a comment, and a photo", async () => {
    await other.getByLabel("Comment", { exact: true }).fill("Call back on Monday.");
    await other.getByRole("button", { name: "Comment", exact: true }).click();
    await expect(page.locator(".said", { hasText: "Call back on Monday." })).toBeVisible(soon);
    await expect(news(page)).toContainText("Max Demo created a comment");
    const api = await product.api("Viewer");
    expect((await api.GET("/events", { params: { query: { after: "latest" } } })).response.status).toBe(200);
    await (await product.api("Manager")).PATCH("/leads/{id}", {
      params: { path: { id: 60 } },
      body: { photo: "photo.jpg" },
    });
    await expect(page.locator("img.photo.large")).toHaveAttribute("src", new RegExp(`^${product.bucket}/`), soon);
  });

  await test.step("its end", async () => {
    await other.getByRole("button", { name: "Delete", exact: true }).first().click();
    await other.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    const alert = page.getByRole("alert");
    await expect(alert).toContainText("Max Demo deleted the lead.", soon);
    await expect(page.getByLabel("Comment", { exact: true })).toHaveValue("Half a sentence");
    await accessible(page);
    await alert.getByRole("link", { name: "Close the lead" }).click();
    await expect(page.getByText("59 leads", { exact: true })).toBeVisible();
  });
  await context.close();
});

test("the feed is walked one step at a time, while somebody can see the lead, and slower where it fails", async ({
  page,
  product,
  refusals,
}) => {
  test.setTimeout(120_000);
  refusals.push(400, 500);
  const api = await product.api("Manager");
  const write = (company: string) => api.PATCH("/leads/{id}", { params: { path: { id: 60 } }, body: { company } });
  const cursors: (string | null)[] = [];
  let answer = 200;
  let underWay = 0;
  await page.route("**/events?*", async (route) => {
    cursors.push(new URL(route.request().url()).searchParams.get("after"));
    underWay += 1;
    expect(underWay).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 200));
    underWay -= 1;
    if (answer === 200) return route.continue();
    return route.fulfill({ status: answer, json: { message: "No", requestId: "1" } });
  });
  const hide = (hidden: boolean) =>
    page.evaluate((hidden) => Object.defineProperty(document, "hidden", { value: hidden, configurable: true }), hidden);
  const steps = async (from: number) => expect.poll(() => cursors.length - from, { timeout: 20_000 });
  await signIn(page);
  await page.goto("/#/leads/60");
  await (await steps(0)).toBeGreaterThan(1);
  expect(cursors[0]).toBe("latest");

  // Nobody sees it.
  await hide(true);
  await page.waitForTimeout(500);
  const before = cursors.length;
  await write("Unseen Ltd");
  await page.waitForTimeout(7000);
  expect(cursors.length).toBe(before);
  await hide(false);
  await expect(value(page, "Company")).toContainText("Unseen Ltd", soon);

  // It fails: each time it waits longer, and goes on from where it was.
  answer = 500;
  await (await steps(cursors.length)).toBe(1);
  const at = Date.now();
  await write("Failed Ltd");
  await (await steps(cursors.length)).toBe(1);
  expect(Date.now() - at).toBeGreaterThan(4000);
  answer = 200;
  await expect(value(page, "Company")).toContainText("Failed Ltd", { timeout: 20_000 });

  // A cursor that is good no longer: the lead is read again, and followed from there.
  answer = 400;
  await (await steps(cursors.length)).toBe(1);
  await write("Missed Ltd");
  await page.waitForTimeout(1000);
  answer = 200;
  await expect(value(page, "Company")).toContainText("Missed Ltd", { timeout: 20_000 });
  expect(cursors.filter((cursor) => cursor === "latest")).toHaveLength(2);

  // Another screen follows nothing.
  await page.goto("/#/board");
  await page.waitForTimeout(500);
  const left = cursors.length;
  await page.waitForTimeout(4000);
  expect(cursors.length).toBe(left);
});

test("where the feed is refused, the lead is shown without it", async ({ page, refusals }) => {
  refusals.push(403);
  let asked = 0;
  await page.route("**/events?*", (route) => {
    asked += 1;
    return route.fulfill({ status: 403, json: { message: "Forbidden", description: "No.", requestId: "1" } });
  });
  await signIn(page, "Viewer");
  await page.goto("/#/leads/60");
  await expect(page.locator(".timeline li").first()).toBeVisible();
  await page.waitForTimeout(5000);
  expect(asked).toBe(1);
  await expect(page.getByRole("alert")).toHaveCount(0);
});
