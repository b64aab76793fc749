// Pictures of every screen, light and dark, wide and narrow: `npm run screenshots` writes them to `target/screenshots`, and
// those of the documentation to `screenshots`.

import { expect, signIn, test } from "./product";

const SCREENS = ["board", "leads", "leads/58", "new", "dashboard", "import", "settings", "settings/webhooks/1"];
const DOCUMENTED: Record<string, string> = { "board-wide-light": "board.png", "dashboard-wide-dark": "dashboard.png" };

for (const colorScheme of ["light", "dark"] as const) {
  for (const [width, height, size] of [
    [1280, 800, "wide"],
    [390, 844, "narrow"],
  ] as const) {
    test(`${size}, ${colorScheme}`, async ({ page, product }) => {
      const api = await product.api("Manager");
      await api.PATCH("/leads/{id}", {
        params: { path: { id: 58 } },
        body: { photo: "photo.jpg", business: [1, 3], socialMedia: { facebook: "facebook.com/lead" } },
      });
      await api.POST("/leads/comments/{id}", {
        params: { path: { id: 58 } },
        body: { content: "Call back on Monday." },
      });
      await (await product.api()).POST("/webhooks/{id}/test", { params: { path: { id: 1 } } });
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme });
      await page.goto("/");
      await page.screenshot({ path: `../../../target/screenshots/sign-in-${size}-${colorScheme}.png` });
      await signIn(page);
      for (const screen of SCREENS) {
        await page.goto(`/#/${screen}`);
        await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
        await expect(page.locator(".waiting")).toHaveCount(0);
        await page.mouse.move(0, 0);
        const name = `${screen.replace("leads/58", "lead").replaceAll("/", "-")}-${size}-${colorScheme}`;
        await page.screenshot({ path: `../../../target/screenshots/${name}.png`, fullPage: true });
        if (DOCUMENTED[name]) await page.screenshot({ path: `screenshots/${DOCUMENTED[name]}` });
      }
    });
  }
}
