// What goes wrong: refusals, lost sessions, no connection, hostile text.

import type { Page } from "@playwright/test";
import { accessible, expect, signIn, signOut, test } from "./product";

test("bad fields are named where they are, and a lead that exists is led to", async ({ page, refusals, product }) => {
  refusals.push(400);
  await signIn(page);
  const api = await product.api();
  const { data: known } = await api.GET("/leads/{id}", { params: { path: { id: 7 } } });
  await page.goto("/#/new");
  await page.getByLabel("First name").fill("Ada");
  await page.getByLabel("Last name").fill("Lovelace");
  await page.getByLabel("E-mail").fill("ada@localhost");
  await page.getByLabel("Phone numbers").fill(`1\n${"2".repeat(40)}`);
  await page.getByRole("button", { name: "Create" }).click();
  await expect(page.getByRole("alert")).toHaveCount(2);
  await expect(page.getByLabel("E-mail")).toBeFocused();
  await page.getByLabel("Phone numbers").fill("1");
  await page.getByLabel("E-mail").fill(known?.email.toUpperCase() ?? "");
  await page.getByRole("button", { name: "Create" }).click();
  await page.getByRole("link", { name: "Open that lead" }).click();
  await expect(page).toHaveURL(/#\/leads\/7$/);
});

test("a lost answer makes no second lead", async ({ page, refusals, product }) => {
  refusals.push(503);
  await signIn(page);
  await page.goto("/#/new");
  await page.getByLabel("First name").fill("Grace");
  await page.getByLabel("Last name").fill("Hopper");
  await page.getByLabel("E-mail").fill("grace@example.com");
  let lost = 0;
  await page.route(
    (url) => url.pathname === "/leads",
    async (route) => {
      if (route.request().method() !== "POST" || lost > 0) return route.continue();
      lost += 1;
      await route.fetch();
      return route.fulfill({ status: 503, headers: { "retry-after": "1" }, json: { message: "Service unavailable" } });
    },
  );
  await page.getByRole("button", { name: "Create" }).click();
  await expect(page.getByRole("alert")).toContainText("Service unavailable");
  await page.getByRole("button", { name: "Create" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Grace Hopper");
  const { data } = await (await product.api()).GET("/leads/search", { params: { query: { search: "hopper" } } });
  expect(data).toHaveLength(1);
});

/** Replaces the token by one that does not verify. */
async function spoil(page: Page, keepsRefresh: boolean): Promise<void> {
  await page.evaluate((keepsRefresh) => {
    const grant = JSON.parse(sessionStorage.getItem("session") ?? "{}");
    grant.token = `${grant.token.slice(0, -8)}AAAAAAAA`;
    if (!keepsRefresh) grant.refresh = "none";
    sessionStorage.setItem("session", JSON.stringify(grant));
  }, keepsRefresh);
  await page.reload();
}

async function signInAtIssuer(page: Page): Promise<void> {
  await page.goto("/#/dashboard");
  await page.getByRole("button", { name: /^Sign in at/ }).click();
  await page.getByRole("button", { name: "Owner" }).click();
  // It comes back to where it began, and nothing of the flow stays in the address.
  await expect(page.getByRole("heading", { name: "Dashboard" })).toBeVisible();
  expect(new URL(page.url()).search).toBe("");
}

test("by code and PKCE, renewed by the refresh token, and signed out at the issuer too", async ({ page, refusals }) => {
  refusals.push(403);
  await signInAtIssuer(page);
  await spoil(page, true);
  await expect(page.getByRole("region", { name: "New leads", exact: true }).getByRole("link")).toHaveText(/^3\d$/);
  const renewed = await page.evaluate(() => sessionStorage.getItem("session"));
  expect(JSON.parse(renewed ?? "{}").token).not.toContain("AAAAAAAA");
  const left = page.waitForRequest((request) => request.url().includes("/local/logout?"));
  await signOut(page);
  await left;
  await expect(page.getByRole("button", { name: /^Sign in at/ })).toBeVisible();
});

test("a lost session comes back without losing what was typed", async ({ page, refusals }) => {
  refusals.push(400, 403);
  await signInAtIssuer(page);
  await page.goto("/#/leads/60");
  const comment = page.getByLabel("Comment", { exact: true });
  await expect(comment).toBeVisible();
  await comment.fill("Half a sentence");
  // The next answers refuse the token, and the issuer will not renew it.
  await page.route("**/local/token", (route) =>
    route.request().postData()?.includes("refresh_token")
      ? route.fulfill({ status: 400, json: { error: "invalid_grant" } })
      : route.continue(),
  );
  let refused = 0;
  await page.route("**/leads/comments/60", (route) => {
    refused += 1;
    return refused === 1 ? route.fulfill({ status: 403, body: '{"message":"Forbidden"}' }) : route.continue();
  });
  await page.getByRole("button", { name: "Comment", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "Sign in again" });
  await expect(dialog).toBeVisible();
  await expect(comment).toHaveValue("Half a sentence");
  await accessible(page);
  const popup = page.waitForEvent("popup");
  await dialog.getByRole("button", { name: /^Sign in at/ }).click();
  await (await popup).getByRole("button", { name: "Owner" }).click();
  await expect(dialog).toHaveCount(0);
  // What waited for it was sent.
  await expect(page.getByRole("listitem").filter({ hasText: "Half a sentence" })).toBeVisible();
});

test("a sign-in that was begun elsewhere is none", async ({ page }) => {
  await page.goto("/?code=stolen&state=unknown");
  await expect(page.getByRole("alert")).toContainText("begun elsewhere");
  expect(new URL(page.url()).search).toBe("");
  await expect(page.getByRole("button", { name: "Owner", exact: true })).toBeVisible();
});

test("without a connection it says so, and goes on when there is one", async ({ page, context, refusals, product }) => {
  refusals.push(0);
  await signIn(page);
  await context.setOffline(true);
  await expect(page.getByText("No connection. You see what was there at")).toBeVisible();
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Leads", exact: true }).last().click();
  await expect(page.getByRole("alert")).toContainText("The API cannot be reached.");
  await context.setOffline(false);
  await expect(page.getByText("60 leads")).toBeVisible();

  // An import goes on by itself, and writes no row twice.
  const rows = Array.from({ length: 450 }, (_, n) => `First,Last,row.${n}@example.org`);
  const buffer = Buffer.from(["firstName,lastName,email", ...rows].join("\n"));
  await page.goto("/#/import");
  await page.locator("input[type=file]").setInputFiles({ name: "rows.csv", mimeType: "text/csv", buffer });
  await page.getByRole("button", { name: "Check 450 rows" }).click();
  await expect(page.getByRole("button", { name: "Import 450 leads" })).toBeVisible();
  let answers = 0;
  await page.route("**/leads/batch", async (route) => {
    answers += 1;
    // The second is written and its answer lost; then the connection is gone.
    if (answers !== 2) return route.continue();
    await route.fetch();
    await context.setOffline(true);
    return route.abort("internetdisconnected");
  });
  await page.getByRole("button", { name: "Import 450 leads" }).click();
  const outcome = page.getByRole("region", { name: "Outcome", exact: true });
  await expect(outcome).toContainText("The import goes on by itself.");
  await context.setOffline(false);
  await expect(outcome.getByRole("heading")).toHaveText("450 rows imported", { timeout: 20_000 });
  await expect(outcome.locator("dl dd")).toHaveText(["450", "0", "0", "0"]);
  const { data } = await (await product.api()).GET("/leads");
  expect(data?.count).toBe(510);
});

test("hostile text is shown as text", async ({ page, product }) => {
  const attack = (n: string) => `<img src=x onerror=alert(1)>"'{{${n}}}</script>`;
  const api = await product.api();
  await api.POST("/businesses", { body: { name: attack("business") } });
  await api.POST("/leads/status", { body: { name: attack("status"), primaryColor: "blue" } });
  const created = await api.POST("/leads", {
    body: {
      firstName: attack("first"),
      lastName: attack("last"),
      email: "o'hostile+&b@example.com",
      phoneNumber: ["javascript:alert(1)"],
      business: [4],
      photo: "",
      state: "Active",
      statusId: 5,
      source: attack("source"),
      description: attack("description"),
      location: attack("location"),
      position: attack("position"),
      company: attack("company"),
      socialMedia: {
        youtube: "javascript:alert(1)",
        facebook: 'https://example.com/" onmouseover="alert(1)',
        instagram: "data:text/html,<script>alert(1)</script>",
        twitter: "JaVaScRiPt://example.com/%0Aalert(1)",
      },
    },
  });
  expect(created.response.status).toBe(201);
  const id = created.data?.id ?? 0;
  await api.POST("/leads/comments/{id}", { params: { path: { id } }, body: { content: attack("comment") } });
  await api.PATCH("/leads/{id}", { params: { path: { id } }, body: { company: attack("changed") } });
  await api.POST("/keys", { body: { name: attack("key"), role: "Sender" } });
  await api.POST("/forms", { body: { name: attack("form") } });
  await api.POST("/webhooks", { body: { url: "http://127.0.0.1:9/", description: attack("webhook"), active: false } });
  page.on("dialog", () => expect("a script of a lead's").toBe("never run"));
  await signIn(page);
  for (const [screen, shown] of [
    ["board", "first"],
    ["leads", "changed"],
    [`leads/${id}`, "comment"],
    ["dashboard", "business"],
    ["settings", "status"],
    ["settings/businesses", "business"],
    ["settings/keys", "key"],
    ["settings/forms", "form"],
    ["settings/webhooks", "webhook"],
    ["settings/webhooks/2", "webhook"],
    ["new", "business"],
  ]) {
    await page.goto(`/#/${screen}`);
    await expect(page.getByText(attack(shown ?? "")).first(), screen).toBeAttached();
    await expect(page.locator("img[src=x], main script")).toHaveCount(0);
  }
  await page.goto(`/#/leads/${id}`);
  await expect(page.getByText("data:text/html")).toBeVisible();
  const links = await page
    .getByRole("main")
    .getByRole("link")
    .evaluateAll((links) =>
      links
        .filter((link) => !link.getAttribute("href")?.startsWith("#"))
        .map((link) => (link as HTMLAnchorElement).protocol),
    );
  expect([...new Set(links)].sort()).toEqual(["https:", "mailto:", "tel:"]);
});

test("a token that is refused for good is asked for once more, and no oftener", async ({ page, refusals }) => {
  refusals.push(403);
  await signIn(page);
  let calls = 0;
  await page.route(
    (url) => url.pathname === "/leads/statuses",
    (route) => {
      calls += 1;
      return route.fulfill({ status: 403, body: '{"message":"Forbidden"}' });
    },
  );
  await page.reload();
  const dialog = page.getByRole("dialog", { name: "Sign in again" });
  await expect(dialog).toBeVisible();
  // It cannot be closed unanswered, and there is a way out.
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await expect(dialog).toBeVisible();
  expect(calls).toBe(2);
  await dialog.getByRole("button", { name: "Sign out instead" }).click();
  await expect(page.getByRole("heading", { name: "Sign in to Leads" })).toBeVisible();
  await expect(dialog).toHaveCount(0);
});

test("an issuer that is down ends no session", async ({ page, refusals }) => {
  refusals.push(403, 503);
  await signInAtIssuer(page);
  let down = true;
  await page.route("**/local/token", (route) => (down ? route.fulfill({ status: 503, body: "" }) : route.continue()));
  await spoil(page, true);
  await expect(page.getByRole("alert").first()).toContainText("The sign-in cannot be reached.");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  down = false;
  await page.getByRole("button", { name: "Try again" }).first().click();
  await expect(page.getByRole("region", { name: "New leads", exact: true }).getByRole("link")).toHaveText(/^3\d$/);
});
