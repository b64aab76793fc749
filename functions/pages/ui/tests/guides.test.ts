// The documentation that is served beside the reference.

import { accessible, expect, test } from "./product";

test("the reference leads to the documentation, and its pages to each other", async ({ page }) => {
  await page.goto("/docs");
  await page.getByRole("navigation", { name: "Documentation" }).getByRole("link", { name: "By example" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "The API by example" })).toBeVisible();
  await accessible(page);
  await page.getByRole("main").getByRole("link", { name: "many deletions" }).click();
  await expect(page).toHaveURL(/\/docs\/limits/);
  await expect(page.getByRole("navigation").locator("[aria-current=page]")).toBeVisible();
  await page.setViewportSize({ width: 360, height: 740 });
  await page.emulateMedia({ colorScheme: "dark" });
  await accessible(page);
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
});
