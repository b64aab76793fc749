// What goes wrong: refusals, lost sessions, no connection, hostile text.

import type { Page } from "@playwright/test";
import { accessible, column, expect, signIn, test, written } from "./product";

test("a refused move is undone, and says why", async ({ page, refusals, product }) => {
  refusals.push(409);
  await signIn(page);
  const from = column(page, "New");
  const card = from.locator(".card").first();
  const name = await written(card.getByRole("link"));
  await page.route("**/leads/change-status", (route) =>
    route.fulfill({ status: 409, json: { message: "Conflict", description: "Other requests kept changing it." } }),
  );
  await card.dragTo(column(page, "Closed"));
  await expect(page.getByRole("status").first()).toContainText(`${name} stays New. Conflict: Other requests kept`);
  await expect(from.locator(".card").first().getByRole("link")).toHaveText(name);
  await expect(from.locator(".count")).toHaveText("27");
  await expect(column(page, "Closed").locator(".count")).toHaveText("8");
  const { data } = await (await product.api()).GET("/leads", { params: { query: { status: [1] } } });
  expect(data?.count).toBe(27);
});

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
  await expect(page.locator(".field.bad")).toHaveCount(2);
  await expect(page.getByLabel("E-mail")).toBeFocused();
  await page.getByLabel("Phone numbers").fill("1");
  await page.getByLabel("E-mail").fill(known?.email.toUpperCase() ?? "");
  await page.getByRole("button", { name: "Create" }).click();
  await page.getByRole("link", { name: "Open the lead that has it" }).click();
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
  await expect(page.locator(".figures .total strong")).toHaveText(/^(29|30)$/);
  const renewed = await page.evaluate(() => sessionStorage.getItem("session"));
  expect(JSON.parse(renewed ?? "{}").token).not.toContain("AAAAAAAA");
  await page.locator(".account summary").click();
  const left = page.waitForRequest((request) => request.url().includes("/local/logout?"));
  await page.getByRole("button", { name: "Sign out" }).click();
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
  await expect(page.locator(".said", { hasText: "Half a sentence" })).toBeVisible();
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
  await expect(page.locator(".offline")).toBeVisible();
  await page.getByRole("link", { name: "Leads", exact: true }).last().click();
  await expect(page.getByRole("alert")).toContainText("The API cannot be reached.");
  await context.setOffline(false);
  await expect(page.getByText("60 leads")).toBeVisible();

  // An import goes on by itself, and writes no row twice.
  const rows = Array.from({ length: 450 }, (_, n) => `First,Last,row.${n}@example.org`);
  const buffer = Buffer.from(["firstName,lastName,email", ...rows].join("\n"));
  await page.goto("/#/import");
  await page.locator("input[type=file]").setInputFiles({ name: "rows.csv", mimeType: "text/csv", buffer });
  let answers = 0;
  await page.route("**/leads/batch", async (route) => {
    answers += 1;
    // The second is written and its answer lost; then the connection is gone.
    if (answers !== 2) return route.continue();
    await route.fetch();
    await context.setOffline(true);
    return route.abort("internetdisconnected");
  });
  await page.getByRole("button", { name: "Import 450 rows" }).click();
  const outcome = page.getByRole("region", { name: "Outcome" });
  await expect(outcome).toContainText("It goes on by itself.");
  await context.setOffline(false);
  await expect(outcome.getByRole("heading")).toHaveText("Done");
  await expect(outcome.locator(".figures li")).toHaveText(["created450", "changed0", "unchanged0", "failed0"]);
  const { data } = await (await product.api()).GET("/leads");
  expect(data?.count).toBe(510);
});

test("a search that left something unread says so", async ({ page }) => {
  await signIn(page);
  await page.route("**/leads/search?*", async (route) => {
    const response = await route.fetch();
    return route.fulfill({ response, headers: { ...response.headers(), "search-complete": "false" } });
  });
  await page.goto("/#/table?search=ma");
  await expect(page.locator(".counted")).toContainText("Not everything was read");
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
    ["table", "changed"],
    [`leads/${id}`, "comment"],
    ["dashboard", "business"],
    ["settings", "key"],
    ["settings", "form"],
    ["settings", "webhook"],
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
    .evaluateAll((links) => links.map((link) => (link as HTMLAnchorElement).protocol));
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
  await expect(page.getByRole("heading", { name: "Leads" })).toBeVisible();
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
  await expect(page.locator(".figures .total strong")).toHaveText(/^(29|30)$/);
});

test("moves of a lead are written in their order, and the last one stays", async ({ page, product }) => {
  await signIn(page);
  const link = column(page, "New").getByRole("link").first();
  const name = await written(link);
  const sent: number[] = [];
  await page.route("**/leads/change-status", async (route) => {
    sent.push(route.request().postDataJSON().statusId);
    // The first takes longer than both others.
    if (sent.length === 1) await new Promise((resolve) => setTimeout(resolve, 400));
    return route.continue();
  });
  await link.focus();
  for (const status of ["Contacted", "Qualified", "Closed"]) {
    await page.keyboard.press("Shift+ArrowRight");
    await expect(column(page, status).getByRole("link", { name })).toBeFocused();
  }
  await expect(page.getByRole("status")).toContainText(`${name} is Closed now.`);
  expect(sent).toEqual([2, 3, 4]);
  await expect(column(page, "Closed").locator(".count")).toHaveText("9");
  const { data } = await (await product.api()).GET("/leads", { params: { query: { status: [4] } } });
  expect(data?.count).toBe(9);
});

test("a move whose answer is lost stays where the lead is", async ({ page, refusals }) => {
  refusals.push(503);
  await signIn(page);
  const card = column(page, "New").locator(".card").first();
  const name = await written(card.getByRole("link"));
  await page.route("**/leads/change-status", async (route) => {
    await route.fetch();
    return route.fulfill({ status: 503, json: { message: "Service unavailable" } });
  });
  await card.dragTo(column(page, "Qualified"));
  await expect(page.getByRole("status").first()).toContainText(`${name} is Qualified.`);
  await expect(column(page, "Qualified").getByRole("link", { name })).toBeVisible();
  await expect(column(page, "Qualified").locator(".count")).toHaveText("9");
});

test.describe("import", () => {
  const drop = async (page: Page, content: string | Buffer, name = "leads.csv") => {
    await page.goto("/#/import");
    const buffer = Buffer.from(content as string);
    await page.locator("input[type=file]").setInputFiles({ name, mimeType: "text/csv", buffer });
  };

  test("what is no table is refused, and what is of another encoding is read", async ({ page, product }) => {
    await signIn(page);
    await drop(page, 'firstName,lastName,email\nAda,"Lovelace,ada@example.com\nGrace,Hopper,grace@example.com\n');
    await expect(page.getByRole("status").last()).toContainText("The quotes of row");
    await drop(page, "firstName,lastName,email\n");
    await expect(page.getByRole("status").last()).toContainText("There are no rows in it.");
    await drop(page, Buffer.from("firstName;lastName;email\nJ\xfcrgen;M\xfcller;juergen@example.com\n", "latin1"));
    await page.getByRole("button", { name: "Import 1 rows" }).click();
    await expect(page.getByRole("heading", { name: "Done" })).toBeVisible();
    const { data } = await (await product.api()).GET("/leads/search", { params: { query: { search: "juergen" } } });
    expect(data).toMatchObject([{ firstName: "Jürgen", lastName: "Müller" }]);
  });

  test("rows are named as a spreadsheet counts them", async ({ page }) => {
    await signIn(page);
    await drop(page, 'firstName,lastName,email\n\nAda,"of two\nlines",ada@example.com\n,,\nNo,Address\n');
    await page.getByRole("button", { name: "Dry run" }).click();
    await expect(page.locator(".faults li")).toHaveText([/^Row 3: .*lastName/, /^Row 5: .*email/]);
  });

  test("what was cut short is sent again until it is decided", async ({ page, product }) => {
    await signIn(page);
    const keys: (string | undefined)[] = [];
    await page.route("**/leads/batch", async (route) => {
      keys.push(route.request().headers()["idempotency-key"]);
      if (keys.length > 1) return route.continue();
      const results = [0, 1].map((index) => ({ index, result: "failed", message: "Outcome unknown" }));
      return route.fulfill({ json: { created: 0, updated: 0, unchanged: 0, failed: 2, results } });
    });
    await drop(page, "firstName,lastName,email\nAda,Lovelace,ada@example.com\nGrace,Hopper,grace@example.com\n");
    await page.getByRole("button", { name: "Import 2 rows" }).click();
    await expect(page.getByRole("region", { name: "Outcome" })).toContainText("Outcome unknown It goes on by itself.");
    await expect(page.getByRole("heading", { name: "Done" })).toBeVisible();
    await expect(page.locator(".figures li")).toHaveText(["created2", "changed0", "unchanged0", "failed0"]);
    expect(keys).toHaveLength(2);
    expect(keys[0]).toBe(keys[1]);
    const { data } = await (await product.api()).GET("/leads");
    expect(data?.count).toBe(62);
  });

  test("it goes on while other screens are shown, stops when told, and goes on after that", async ({
    page,
    product,
  }) => {
    await signIn(page);
    const api = await product.api();
    const rows = Array.from({ length: 500 }, (_, n) => `First,Last,row.${n}@example.org`);
    const file = ["firstName,lastName,email", ...rows].join("\n");
    await drop(page, file);
    await page.route("**/leads/batch", async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 500));
      return route.continue();
    });
    await page.getByRole("button", { name: "Import 500 rows" }).click();
    await page.goto("/#/table");
    await expect.poll(async () => (await api.GET("/leads")).data?.count).toBeGreaterThan(60);
    await page.goto("/#/import");
    await page.getByRole("button", { name: "Stop" }).click();
    await expect(page.getByRole("heading", { name: "Cut short" })).toBeVisible();
    // The same file in a page that knows nothing of it any more: what is written is not written again.
    await page.reload();
    await drop(page, file);
    await page.getByRole("button", { name: "Import 500 rows" }).click();
    await expect(page.getByRole("heading", { name: "Done" })).toBeVisible({ timeout: 20_000 });
    await expect(page.locator(".figures li")).toHaveText(["created500", "changed0", "unchanged0", "failed0"]);
    expect((await api.GET("/leads")).data?.count).toBe(560);
  });
});
