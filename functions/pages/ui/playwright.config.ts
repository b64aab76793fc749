// Configuration of the browser tests. The environment variable `CHROMIUM` sets the path of a Chromium, `/usr/bin/chromium` by default.

import { defineConfig } from "@playwright/test";

export default defineConfig({
  outputDir: "../../../target/playwright",
  // Each test starts its own local API server. Two workers suit two cores, because tests mostly wait for the page to
  // update.
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
      // The last two flags switch off Chromium's own background requests, so that only the page sends requests.
      args: ["--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-component-update"],
    },
  },
  projects: [
    { name: "console", testMatch: "*.test.ts", grepInvert: /@timed/ },
    // Tests tagged `@timed` measure durations. They run one at a time after the other tests, so that no other test
    // slows them down.
    { name: "timed", testMatch: "*.test.ts", grep: /@timed/, workers: 1, dependencies: ["console"] },
    { name: "deployed", testMatch: "deployed.ts" },
    { name: "screenshots", testMatch: "screenshots.ts" },
  ],
});
