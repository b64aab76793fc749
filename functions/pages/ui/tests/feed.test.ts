// A lead that is open shows what others do to it.

import type { Page } from "@playwright/test";
import { accessible, expect, signIn, test } from "./product";

/** Events become known, and are looked for, within seconds. */
const soon = { timeout: 10_000 };

const value = (page: Page, what: string) => page.getByRole("button", { name: `Edit ${what}:` });
/** What others have done, for screen readers. */
const news = (page: Page) => page.getByRole("main").locator(".lead").getByRole("status");
const comment = (page: Page) => page.getByRole("textbox", { name: "Comment", exact: true });
const activity = (page: Page) => page.getByRole("region", { name: "Activity", exact: true });

test("two people have one lead open, and each sees what the other does", async ({
  page,
  browser,
  product,
  refusals,
}) => {
  test.setTimeout(180_000);
  refusals.push(404, 412);
  const context = await browser.newContext({ baseURL: product.url });
  const other = await context.newPage();
  await signIn(other, "Manager");
  await signIn(page);
  for (const one of [page, other]) {
    const follows = one.waitForResponse((response) => response.url().includes("/events?after="));
    await one.goto("/#/leads/60");
    await follows;
    await expect(activity(one).getByRole("listitem").first()).toBeVisible();
  }
  const edit = async (on: Page, label: string, text: string) => {
    await value(on, label).click();
    await on.getByRole("textbox", { name: label, exact: true }).fill(text);
  };

  await test.step("a field, the history, and who it was", async () => {
    await edit(other, "Company", "Łódź & Söhne");
    await other.keyboard.press("Enter");
    await expect(value(page, "company")).toContainText("Łódź & Söhne", soon);
    await expect(news(page)).toHaveText("Max Demo changed Company");
    await activity(page).getByText("changed company").click();
    await expect(activity(page)).toContainText("→ Łódź & Söhne");
    await expect(news(other)).toBeEmpty();
    await accessible(page);
  });

  await test.step("what is being written stays, and a conflict is one", async () => {
    await comment(page).fill("Half a sentence");
    await edit(page, "Source", "My source");
    await edit(other, "Source", "Their source");
    await other.keyboard.press("Enter");
    await expect(value(other, "source")).toContainText("Their source");
    await other.getByRole("button", { name: /^Status:/ }).click();
    await other.getByRole("option", { name: "Closed" }).click();
    await expect(page.getByRole("button", { name: /^Status:/ })).toContainText("Closed", soon);
    await expect(news(page)).toContainText("Max Demo changed Status");
    const source = page.getByRole("textbox", { name: "Source" });
    await expect(source).toHaveValue("My source");
    await expect(comment(page)).toHaveValue("Half a sentence");
    await source.press("Enter");
    const conflict = page.getByRole("alert").filter({ hasText: "Source was changed while you typed" });
    await expect(conflict).toContainText("by Max Demo");
    await expect(conflict.getByRole("definition")).toHaveText(["My source", "Their source"]);
    await accessible(page);
    await conflict.getByRole("button", { name: "Save yours" }).click();
    await expect(value(other, "source")).toContainText("My source", soon);
    await expect(news(other)).toHaveText("Olivia Demo changed Source");
    // A value that came with an event is changed without a conflict.
    await edit(other, "Position", "Chair");
    await other.keyboard.press("Enter");
    await expect(value(other, "position")).toContainText("Chair");
  });

  await test.step("a comment, and a photo", async () => {
    await comment(other).fill("Call back on Monday.");
    await other.getByRole("button", { name: "Comment", exact: true }).click();
    await expect(activity(page).getByText("Call back on Monday.")).toBeVisible(soon);
    await expect(news(page)).toContainText("Max Demo created a comment");
    const api = await product.api("Viewer");
    expect((await api.GET("/events", { params: { query: { after: "latest" } } })).response.status).toBe(200);
    await (await product.api("Manager")).PATCH("/leads/{id}", {
      params: { path: { id: 60 } },
      body: { photo: "photo.jpg" },
    });
    await expect(page.locator(".top img.face")).toHaveAttribute("src", new RegExp(`^${product.bucket}/`), soon);
  });

  await test.step("its end", async () => {
    await other.getByRole("button", { name: "More", exact: true }).click();
    await other.getByRole("menuitem", { name: "Delete lead" }).click();
    await other.getByRole("dialog").getByRole("button", { name: "Delete lead" }).click();
    const gone = page.getByRole("alert").filter({ hasText: "This lead is gone" });
    await expect(gone).toContainText("Max Demo deleted it. Your unsent comment is kept.", soon);
    await expect(gone).toContainText("Half a sentence");
    await expect(gone.getByRole("button", { name: "Copy the comment" })).toBeVisible();
    await accessible(page);
    await gone.getByRole("button", { name: /^Back to the/ }).click();
    await expect(gone).toHaveCount(0);
  });
  await context.close();
});

test("the feed is walked one step at a time, while somebody can see the lead, and slower where it fails", async ({
  page,
  product,
  refusals,
}) => {
  test.slow();
  refusals.push(400, 500);
  const api = await product.api("Manager");
  const write = (company: string) => api.PATCH("/leads/{id}", { params: { path: { id: 60 } }, body: { company } });
  const cursors: (string | null)[] = [];
  const askedAt: number[] = [];
  let answer = 200;
  let underWay = 0;
  await page.route("**/events?*", async (route) => {
    askedAt.push(Date.now());
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
  await expect(value(page, "company")).toContainText("Unseen Ltd", soon);

  // It fails: each time it waits longer, and goes on from where it was.
  answer = 500;
  await (await steps(cursors.length)).toBe(1);
  await write("Failed Ltd");
  await (await steps(cursors.length)).toBe(1);
  const [first = 0, second = 0] = askedAt.slice(-2);
  expect(second - first).toBeGreaterThan(4000);
  answer = 200;
  await expect(value(page, "company")).toContainText("Failed Ltd", { timeout: 20_000 });

  // A cursor that is good no longer: the lead is read again, and followed from there.
  answer = 400;
  await (await steps(cursors.length)).toBe(1);
  await write("Missed Ltd");
  await page.waitForTimeout(1000);
  answer = 200;
  await expect(value(page, "company")).toContainText("Missed Ltd", { timeout: 20_000 });
  expect(cursors.filter((cursor) => cursor === "latest")).toHaveLength(2);

  // A screen without leads follows nothing.
  await page.goto("/#/settings");
  await expect(page.getByRole("heading", { level: 1, name: "Settings" })).toBeVisible();
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
  await expect(activity(page).getByRole("listitem").first()).toBeVisible();
  await page.waitForTimeout(5000);
  expect(asked).toBe(1);
  await expect(page.getByRole("alert")).toHaveCount(0);
});
