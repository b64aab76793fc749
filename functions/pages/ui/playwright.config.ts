// Configuration of the browser tests. The environment variable `CHROMIUM` sets the path of a Chromium, `/usr/bin/chromium` by default.

import { defineConfig } from "@playwright/test";

export default defineConfig({
  outputDir: "../../../target/playwright",
  // Each worker starts the whole product. Two share two cores, because tests mostly wait for what people see.
  workers: 2,
  fullyParallel: true,
  forbidOnly: true,
  reporter: process.env.CI ? "list" : "line",
  timeout: 120_000,
  // Assertions are repeated until they hold, so a long timeout helps slow machines and costs nothing on fast ones.
  expect: { timeout: 15_000 },
  use: {
    headless: true,
    viewport: { width: 1280, height: 800 },
    trace: "retain-on-failure",
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      // What a browser asks the internet by itself is no request of the page's.
      args: ["--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-component-update"],
    },
  },
  projects: [
    { name: "console", testMatch: "*.test.ts", grepInvert: /@timed/ },
    // Tests that measure time, with nothing beside them.
    { name: "timed", testMatch: "*.test.ts", grep: /@timed/, workers: 1, dependencies: ["console"] },
    { name: "deployed", testMatch: "deployed.ts" },
    { name: "screenshots", testMatch: "screenshots.ts" },
  ],
});
