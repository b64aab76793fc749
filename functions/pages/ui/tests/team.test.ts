// What is the team's: its settings, many leads at once, none at all, and more than fit a page.

import { column, expect, signIn, test } from "./product";

test("statuses: coloured, renamed, ordered by drag and by button, deleted unless a lead has one", async ({
  page,
  refusals,
}) => {
  refusals.push(400);
  await signIn(page);
  await page.goto("/#/settings");
  const statuses = page.getByRole("region", { name: "Statuses" });
  const names = () =>
    statuses.getByLabel(/^Name of (?!the new)/).evaluateAll((all) => all.map((one) => (one as HTMLInputElement).value));
  await statuses.getByLabel("Name of the new status").fill("Won");
  await statuses.getByRole("button", { name: "Add" }).click();
  await expect.poll(names).toEqual(["New", "Contacted", "Qualified", "Closed", "Won"]);
  await statuses.getByRole("button", { name: "Move Won up" }).click();
  await expect.poll(names).toEqual(["New", "Contacted", "Qualified", "Won", "Closed"]);
  const grips = statuses.locator(".grip");
  await grips.nth(3).dragTo(grips.nth(0));
  await expect.poll(names).toEqual(["Won", "New", "Contacted", "Qualified", "Closed"]);
  await statuses.getByLabel("Colour of Won").selectOption("seagreen");
  await expect(statuses.getByLabel("Colour of Won")).toHaveValue("seagreen");
  await statuses.getByLabel("Name of Won").fill("Signed");
  await statuses.getByRole("button", { name: "Save" }).click();
  await page.goto("/#/board");
  const columns = page.getByRole("main").getByRole("heading", { level: 2 });
  await expect(columns).toHaveText([/Signed/, /New/, /Contacted/, /Qualified/, /Closed/]);
  await page.reload();
  await expect(columns.first()).toHaveText(/Signed/);
  await page.goto("/#/settings");
  await statuses.getByRole("button", { name: "Delete Signed" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await expect.poll(names).toEqual(["New", "Contacted", "Qualified", "Closed"]);
  await statuses.getByRole("button", { name: "Delete New" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await expect(page.getByRole("status").last()).toContainText("Cannot delete status");
  await expect.poll(names).toHaveLength(4);
});

test("businesses are created, renamed and deleted", async ({ page }) => {
  await signIn(page);
  await page.goto("/#/settings");
  const businesses = page.getByRole("region", { name: "Businesses" });
  await businesses.getByLabel("Name of the new business").fill("Łódź & Söhne");
  await businesses.getByRole("button", { name: "Add" }).click();
  await businesses.getByLabel("Name of Łódź & Söhne").fill("Łódź GmbH");
  await businesses.getByRole("button", { name: "Save" }).click();
  await expect(businesses.getByLabel("Name of Łódź GmbH")).toBeVisible();
  await businesses.getByRole("button", { name: "Delete Łódź GmbH" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await expect(businesses.locator("li")).toHaveCount(3);
});

test("a key's secret is shown once, and calls", async ({ page, product }) => {
  await signIn(page);
  await page.goto("/#/settings");
  const keys = page.getByRole("region", { name: "API keys" });
  await keys.getByText("New key").click();
  await keys.getByLabel("Name").fill("Web shop");
  await keys.getByLabel("Role").selectOption("Viewer");
  await keys.getByRole("button", { name: "Create" }).click();
  const secret = await page.getByLabel("The secret").inputValue();
  const call = async () =>
    (await fetch(`${product.url}/leads?limit=1`, { headers: { authorization: `Bearer ${secret}` } })).status;
  expect(await call()).toBe(200);
  await page.getByRole("button", { name: "Done" }).click();
  await expect(keys.getByText("Web shop")).toBeVisible();
  expect(await page.content()).not.toContain(secret);
  await keys.getByRole("button", { name: "Revoke Web shop" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
  await expect(keys.getByText("Web shop")).toHaveCount(0);
});

test("a form's HTML, pasted into a page, sends a lead", async ({ page, context, product }) => {
  await signIn(page);
  await page.goto("/#/settings");
  const forms = page.getByRole("region", { name: "Forms" });
  await forms.getByRole("button", { name: "New form" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Landing page");
  await dialog.getByLabel("Status of its leads").selectOption("Contacted");
  await dialog.getByRole("checkbox", { name: "Contoso Consulting" }).check();
  await dialog.getByLabel("Source of its leads").fill("Landing");
  await dialog.getByRole("button", { name: "Save" }).click();
  await forms.getByRole("button", { name: "HTML of Landing page" }).click();
  const html = await page.getByLabel("The HTML").inputValue();

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
  await expect(forms.locator("li", { hasText: "Landing page" })).toContainText("1 submissions");
});

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
  await page.goto("/#/settings");
  await expect(page.getByText("No machine calls yet.")).toBeVisible();
  await expect(page.getByText("No web site sends leads yet.")).toBeVisible();
});
