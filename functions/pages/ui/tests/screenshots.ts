// Pictures of every screen, light and dark, wide and narrow: `npm run screenshots` writes them to `target/screenshots`, and
// those of the documentation to `screenshots`.

import { expect, signIn, test } from "./product";

/** Addresses of screens by the names of their pictures. */
const SCREENS = {
  board: "board",
  "board-lead": "board?lead=55",
  leads: "leads",
  "leads-lead": "leads?lead=55",
  lead: "leads/55",
  new: "new",
  dashboard: "dashboard",
  import: "import",
  statuses: "settings/statuses",
  businesses: "settings/businesses",
  keys: "settings/keys",
  forms: "settings/forms",
  webhooks: "settings/webhooks",
  webhook: "settings/webhooks/1",
};
const DOCUMENTED: Record<string, string> = {
  "board-wide-light": "board.png",
  "board-lead-wide-light": "lead.png",
  "dashboard-wide-dark": "dashboard.png",
};

for (const colorScheme of ["light", "dark"] as const) {
  for (const [width, height, size] of [
    [1440, 900, "wide"],
    [900, 900, "rail"],
    [390, 844, "narrow"],
  ] as const) {
    test(`${size}, ${colorScheme}`, async ({ page, product }) => {
      const api = await product.api("Manager");
      const path = { id: 55 };
      await api.PATCH("/leads/{id}", { params: { path }, body: { business: [1, 3] } });
      await api.PUT("/leads/change-status", { body: { ids: [55], statusId: 3 } });
      await (await product.api()).POST("/webhooks/{id}/test", { params: { path: { id: 1 } } });
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme });
      await page.goto("/");
      await page.screenshot({ path: `../../../target/screenshots/sign-in-${size}-${colorScheme}.png` });
      await signIn(page);
      for (const [screen, address] of Object.entries(SCREENS)) {
        await page.goto(`/#/${address}`);
        await expect(page.locator("main").getByRole("heading").first()).toBeVisible();
        await expect(page.locator(".skeleton, [aria-busy=true]")).toHaveCount(0);
        await page.mouse.move(0, 0);
        const name = `${screen}-${size}-${colorScheme}`;
        await page.screenshot({ path: `../../../target/screenshots/${name}.png`, fullPage: true });
        if (DOCUMENTED[name]) await page.screenshot({ path: `screenshots/${DOCUMENTED[name]}` });
      }
    });
  }
}
