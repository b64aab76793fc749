// Debian's Chromium, as CI has it; `CHROMIUM` names another.

import { defineConfig } from "@playwright/test";

export default defineConfig({
  outputDir: "../../../target/playwright",
  // Each worker starts the whole product, on two cores.
  workers: 1,
  fullyParallel: true,
  forbidOnly: true,
  reporter: process.env.CI ? "list" : "line",
  timeout: 60_000,
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
    { name: "console", testMatch: "*.test.ts" },
    { name: "deployed", testMatch: "deployed.ts" },
    { name: "screenshots", testMatch: "screenshots.ts" },
  ],
});
