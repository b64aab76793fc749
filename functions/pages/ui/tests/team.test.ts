// What is the team's: its settings, many leads at once, none at all, and more than fit a page.

import { column, expect, signIn, test, written } from "./product";

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
  await expect(page.locator(".column h2")).toHaveText([/Signed/, /New/, /Contacted/, /Qualified/, /Closed/]);
  await page.reload();
  await expect(page.locator(".column h2").first()).toHaveText(/Signed/);
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

test("leads are selected across pages and changed at once", async ({ page, product }) => {
  const api = await product.api();
  await signIn(page);
  await page.goto("/#/table?status=1");
  await expect(page.getByText("27 leads")).toBeVisible();
  await page.getByRole("checkbox", { name: "Select all" }).check();
  await page.getByLabel("New status").selectOption("Contacted");
  await page.getByRole("button", { name: "Change status" }).click();
  await expect(page.getByText("No lead is like that.")).toBeVisible();
  expect((await api.GET("/leads", { params: { query: { status: [2] } } })).data?.count).toBe(44);

  // More than a page: what was not read is selected too.
  await page.goto("/#/table");
  await expect(page.getByText("60 leads", { exact: true })).toBeVisible();
  await page.getByRole("checkbox", { name: "Select all" }).check();
  await page.getByRole("button", { name: "Select all 60" }).click();
  await expect(page.getByText("60 leads selected")).toBeVisible();
  await page.getByRole("button", { name: "Archive" }).click();
  await expect(page.getByText("There are no leads yet.")).toBeVisible();
  await page.getByText("More filters").click();
  await page.getByRole("checkbox", { name: "Archived" }).check();
  await expect(page.getByText("60 leads", { exact: true })).toBeVisible();
  const rows = page.getByRole("row");
  const name = await written(rows.nth(2).getByRole("link"));
  await page
    .getByRole("checkbox", { name: `Select ${name}` })
    .first()
    .check();
  await page.getByRole("button", { name: "Restore" }).click();
  await expect(page.getByText("59 leads", { exact: true })).toBeVisible();
  await rows.nth(1).getByRole("checkbox").check();
  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete 1 lead" }).click();
  await expect(page.getByText("58 leads", { exact: true })).toBeVisible();
  expect((await api.GET("/leads")).data?.count).toBe(1);
});

test("filters narrow what is counted, and stay in the address", async ({ page }) => {
  await signIn(page);
  await page.goto("/#/table");
  await page.getByText("Status", { exact: true }).first().click();
  await page.getByRole("checkbox", { name: "Closed" }).check();
  await expect(page.getByText("8 leads")).toBeVisible();
  await page.getByRole("checkbox", { name: "Qualified" }).check();
  await expect(page.getByText("16 leads")).toBeVisible();
  await page.getByText("Business", { exact: true }).first().click();
  await page.getByRole("checkbox", { name: "Fabrikam Foods" }).check();
  await expect(page.locator(".counted")).not.toHaveText("16 leads");
  const counted = await written(page.locator(".counted"));
  await page.reload();
  await expect(page.locator(".counted")).toHaveText(counted);
  expect(page.url()).toContain("status=4&status=3&business=3");
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
  const closed = column(page, "Closed");
  await expect(closed.locator(".count")).toHaveText("208");
  await expect(async () => {
    await closed.locator(".end").scrollIntoViewIfNeeded();
    await expect(closed.locator(".card")).toHaveCount(208, { timeout: 200 });
  }).toPass();
  const ids = await closed
    .locator(".card")
    .evaluateAll((cards) => cards.map((card) => (card as HTMLElement).dataset.lead));
  expect(new Set(ids).size).toBe(208);
});

test("a team without a lead is told how to begin", async ({ page }) => {
  await page.goto("/");
  await page.getByText("Somebody else").click();
  await page.getByLabel("Team").fill("fresh");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(column(page, "New")).toContainText("No leads.");
  await page.goto("/#/table");
  await expect(page.getByText("There are no leads yet.")).toBeVisible();
  await page.goto("/#/dashboard");
  await expect(page.getByText("No lead came in this period.")).toBeVisible();
  await page.goto("/#/settings");
  await expect(page.getByText("No machine calls yet.")).toBeVisible();
  await expect(page.getByText("No web site sends leads yet.")).toBeVisible();
});
