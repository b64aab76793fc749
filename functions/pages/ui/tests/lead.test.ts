// A lead, field by field; and the dashboard's periods.

import { expect, signIn, test } from "./product";

test("every field is edited where it stands", async ({ page, product }) => {
  const api = await product.api();
  const path = { id: 60 };
  await signIn(page);
  await page.goto("/#/leads/60");
  const save = async (label: string, fill: () => Promise<unknown>) => {
    await page.getByRole("button", { name: `Edit ${label}` }).click();
    await fill();
    await page.getByRole("form", { name: label }).getByRole("button", { name: "Save" }).click();
    await expect(page.getByRole("form", { name: label })).toHaveCount(0);
  };
  const texts = {
    "First name": "Zoë",
    "Last name": "O’Connor",
    "E-mail": "zoe@example.com",
    Company: "Łódź & Söhne",
    Position: "Chair",
    Location: "São Paulo",
    Source: "Fair",
    Description: "Two\nlines.",
    "Phone numbers": "+1 (555) 867-5309\n0711 1234",
    YouTube: "youtube.com/zoe",
    Facebook: "facebook.com/zoe",
    Instagram: "instagram.com/zoe",
    "X (Twitter)": "x.com/zoe",
  };
  for (const [label, text] of Object.entries(texts)) {
    await save(label, () => page.getByRole("form", { name: label }).getByRole("textbox").fill(text));
  }
  await save("Status", () => page.getByRole("form", { name: "Status" }).getByRole("combobox").selectOption("Closed"));
  await save("State", () => page.getByRole("form", { name: "State" }).getByRole("combobox").selectOption("Inactive"));
  await save("Businesses", async () => {
    await page.getByRole("checkbox", { name: "Fabrikam Foods" }).check();
    await page.getByRole("checkbox", { name: "Northwind Traders" }).check();
  });
  const { data } = await api.GET("/leads/{id}", { params: { path } });
  expect(data).toMatchObject({
    firstName: "Zoë",
    lastName: "O’Connor",
    email: "zoe@example.com",
    company: "Łódź & Söhne",
    position: "Chair",
    location: "São Paulo",
    source: "Fair",
    description: "Two\nlines.",
    phoneNumber: ["+1 (555) 867-5309", "0711 1234"],
    socialMedia: {
      youtube: "youtube.com/zoe",
      facebook: "facebook.com/zoe",
      instagram: "instagram.com/zoe",
      twitter: "x.com/zoe",
    },
    status: "Closed",
    state: "Inactive",
  });
  expect(data?.business.map(({ name }) => name).sort()).toEqual(["Fabrikam Foods", "Northwind Traders"]);

  // What may be empty is emptied, and what may not says so.
  await save("Facebook", () => page.getByRole("form", { name: "Facebook" }).getByRole("textbox").fill(""));
  await save("Phone numbers", () => page.getByRole("form", { name: "Phone numbers" }).getByRole("textbox").fill(""));
  await save("Businesses", async () => {
    for (const name of ["Fabrikam Foods", "Northwind Traders"]) await page.getByRole("checkbox", { name }).uncheck();
  });
  const { data: emptied } = await api.GET("/leads/{id}", { params: { path } });
  expect(emptied).toMatchObject({ phoneNumber: [], business: [] });
  expect(emptied?.socialMedia).not.toHaveProperty("facebook");
  await page.getByRole("button", { name: "Edit Last name" }).click();
  const field = page.getByRole("form", { name: "Last name" });
  await field.getByRole("textbox").fill("");
  await field.getByRole("button", { name: "Save" }).click();
  await expect(field).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Zoë O’Connor");
});

test("a lead is archived, restored and deleted, and its photo goes", async ({ page, product, refusals }) => {
  refusals.push(404);
  const api = await product.api();
  await api.PATCH("/leads/{id}", { params: { path: { id: 60 } }, body: { photo: "photo.jpg" } });
  await signIn(page);
  await page.goto("/#/leads/60");
  await expect(page.locator("img.photo.large")).toBeVisible();
  await page.getByRole("button", { name: "Delete the photo" }).click();
  await expect(page.locator("span.photo.large")).toBeVisible();
  await page.getByRole("button", { name: "Archive" }).click();
  await expect(page.getByText("Archived", { exact: false }).first()).toBeVisible();
  await page.getByRole("button", { name: "Restore" }).click();
  await expect(page.locator(".timeline")).toContainText("restored the lead");
  await page.getByRole("button", { name: "Delete", exact: true }).first().click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await expect(page.getByRole("heading", { name: "Leads", level: 1 })).toBeVisible();
  await expect(page.getByText("59 leads", { exact: true })).toBeVisible();
  await page.goto("/#/leads/60");
  await expect(page.getByRole("heading", { name: "No such lead" })).toBeVisible();
});

test("the dashboard shows any period beside the one before", async ({ page, product }) => {
  const api = await product.api();
  const day = (ago: number) => new Date(Date.now() - ago * 24 * 60 * 60 * 1000).toISOString().slice(0, 10);
  await signIn(page);
  await page.goto("/#/dashboard");
  await page.getByLabel("From", { exact: true }).fill(day(19));
  await page.getByLabel("To", { exact: true }).fill(day(10));
  const read = async (startDate: string, endDate: string) =>
    (await api.GET("/leads/leads-volume", { params: { query: { startDate, endDate } } })).data;
  const [now, before] = [await read(day(19), day(10)), await read(day(29), day(20))];
  await expect(page.locator(".figures .total strong")).toHaveText(String(now?.totalLeadsAmount));
  const plot = page.getByRole("region", { name: "New leads", exact: true });
  await expect(plot).toContainText(`${now?.totalLeadsAmount} leads, ${before?.totalLeadsAmount} in the period before`);
  await page.getByText("As a table").click();
  const rows = page.getByRole("region", { name: "as a table" }).getByRole("row");
  await expect(rows).toHaveCount(11);
  const counts = await rows.evaluateAll((rows) =>
    rows.slice(1).map((row) => Array.from(row.querySelectorAll("td"), (cell) => Number(cell.textContent)).at(-1) ?? 0),
  );
  const series = [...Object.values(before?.data ?? {}), before?.unassigned ?? {}];
  const sum = series.flatMap((days) => Object.values(days as Record<string, number>)).reduce((a, b) => a + b, 0);
  expect(counts.reduce((a, b) => a + b, 0)).toBe(sum);
  await page.getByRole("combobox", { name: "Business" }).selectOption("Contoso Consulting");
  const { data } = await api.GET("/leads/total-leads", {
    params: { query: { startDate: day(19), endDate: day(10), business: [2] } },
  });
  await expect(page.locator(".figures .total strong")).toHaveText(String(data?.current));
});
