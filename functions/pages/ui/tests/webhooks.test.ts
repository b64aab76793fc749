// Webhooks, as an Owner sets them up: told, tried, failing, sent again, with another secret.

import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "@playwright/test";
import { Webhook } from "standardwebhooks";
import { accessible, test as base, expect, signIn } from "./product";

interface Request {
  headers: IncomingHttpHeaders;
  body: string;
}

/** An endpoint that somebody else has. */
class Endpoint {
  readonly requests: Request[] = [];
  answer = { status: 200, body: "" };
  private readonly server: Server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    this.requests.push({ headers: request.headers, body });
    response.writeHead(this.answer.status, { "content-type": "text/html" }).end(this.answer.body);
  });

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/hook`;
  }

  /** The types of what came so far, each signed by this secret as another library verifies it. */
  verified(secret: string): string[] {
    const webhook = new Webhook(secret);
    return this.requests.map(({ headers, body }) => {
      const event = webhook.verify(body, headers as Record<string, string>) as { id: string; type: string };
      expect(headers["webhook-id"]).toBe(event.id);
      return event.type;
    });
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

const test = base.extend<{ endpoint: Endpoint }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads a fixture's needs from its pattern.
  endpoint: async ({}, use) => {
    const endpoint = new Endpoint();
    await endpoint.start();
    await use(endpoint);
    endpoint.stop();
  },
});

const section = (page: Page) => page.getByRole("region", { name: "Deliveries" });
const deliveries = (page: Page) => section(page).getByRole("button", { expanded: false });
const refresh = (page: Page) => page.getByRole("button", { name: "Refresh the deliveries" }).click();
const back = (page: Page) => page.getByRole("link", { name: "All webhooks" }).click();

/** Chooses from the menu of the webhook that is shown. */
async function more(page: Page, item: string): Promise<void> {
  await page.getByRole("button", { name: "More about this webhook" }).click();
  await page.getByRole("menuitem", { name: item }).click();
}

const confirm = (page: Page, action: string) =>
  page.getByRole("dialog").getByRole("button", { name: action, exact: true }).click();

/** The secret that is shown, once. */
async function secretShown(page: Page): Promise<string> {
  const secret = await page.getByLabel("Secret", { exact: true }).inputValue();
  expect(secret).toMatch(/^whsec_/);
  await page.getByRole("button", { name: "Done" }).click();
  expect(await page.content()).not.toContain(secret);
  return secret;
}

test("a webhook's day", async ({ page, product, endpoint, refusals }) => {
  test.slow();
  refusals.push(400);
  const api = await product.api("Manager");
  const write = (company: string) => api.PATCH("/leads/{id}", { params: { path: { id: 60 } }, body: { company } });
  await signIn(page);
  await page.goto("/#/settings/webhooks");
  const row = page.getByRole("row").filter({ hasText: endpoint.url });
  const attempts = section(page).getByRole("list", { name: "Attempts" }).getByRole("listitem");

  await test.step("what is wrong is said beside its field", async () => {
    await page.getByRole("button", { name: "New webhook" }).click();
    const dialog = page.getByRole("dialog", { name: "New webhook" });
    await dialog.getByLabel("Address").fill("https://10.0.0.1/");
    await dialog.getByLabel("Description").fill("The warehouse");
    await dialog.getByRole("button", { name: "Create webhook" }).click();
    await expect(dialog.getByRole("alert")).toContainText("must lead to a public address");
    await expect(dialog.getByLabel("Address")).toBeFocused();
    await dialog.getByLabel("Address").fill(endpoint.url);
    await dialog.getByRole("checkbox", { name: "lead.updated" }).check();
    await dialog.getByRole("checkbox", { name: "comment.created" }).check();
    await dialog.getByRole("button", { name: "Create webhook" }).click();
  });
  const secret = await secretShown(page);
  await expect(page.getByRole("button", { name: "New webhook" })).toBeFocused();
  await expect(row).toContainText("lead.updated, comment.created");
  await expect(row).toContainText("Active");

  await test.step("a test is told, signed, and shown", async () => {
    await row.getByRole("link", { name: "The warehouse" }).click();
    await expect(page.getByText("Nothing was sent in the last 30 days.")).toBeVisible();
    endpoint.answer = { status: 202, body: "<b>Thanks</b>" };
    await page.getByRole("button", { name: "Send a test" }).click();
    await deliveries(page).filter({ hasText: "202" }).click();
    await expect(attempts).toHaveText(/202.* ms<b>Thanks<\/b>$/);
    await expect(section(page).getByText("Delivered", { exact: true })).toBeVisible();
    await expect(page.getByRole("button", { name: "Send again" })).toHaveCount(0);
    expect(endpoint.verified(secret)).toEqual(["ping"]);
  });

  await test.step("an event is told, and what it is not told of is not", async () => {
    await api.PUT("/leads/change-status", { body: { ids: [60], statusId: 3 } });
    await write("Acme");
    await expect.poll(() => endpoint.verified(secret)).toEqual(["ping", "lead.updated"]);
    await refresh(page);
    await expect(deliveries(page).first()).toHaveAccessibleName("Delivered, 202, lead.updated");
  });

  await test.step("sent again, it is the same event", async () => {
    await deliveries(page).first().click();
    await section(page).getByRole("button", { name: "Send again" }).click();
    // One of the test, which is still open, and two of this.
    await expect(attempts).toHaveCount(3);
    const ids = endpoint.requests.map(({ headers }) => headers["webhook-id"]);
    expect(ids[2]).toBe(ids[1]);
    await page.reload();
  });

  await test.step("what fails is tried again, with each attempt shown", async () => {
    endpoint.answer = { status: 500, body: "Out of order" };
    await write("Acme Ltd");
    await expect.poll(() => endpoint.requests.length).toBe(4);
    await refresh(page);
    const failing = section(page).getByRole("button", { name: /^Not delivered yet, 500, lead.updated/ });
    await failing.click();
    await expect(section(page).getByText(/^Next attempt at/)).toBeVisible();
    await expect(page.getByText(/^Failing since/)).toBeVisible();
    await expect(attempts.first()).toContainText("500");
    await accessible(page);
    // The first pause is of five seconds.
    await expect.poll(() => endpoint.requests.length, { timeout: 10_000 }).toBe(5);
    await refresh(page);
    await expect(attempts).toHaveCount(2);
    await section(page).getByText("Failed only", { exact: true }).click();
    await expect(section(page).getByRole("button", { name: /lead.updated/ })).toHaveCount(1);
    await section(page).getByText("All", { exact: true }).click();
  });

  await test.step("an endpoint that is gone switches it off, which says why", async () => {
    endpoint.answer = { status: 410, body: "" };
    await write("Acme GmbH");
    await expect.poll(() => endpoint.requests.length).toBe(6);
    await refresh(page);
    await expect(page.getByText("Off: the endpoint answered 410.")).toBeVisible();
    await expect(deliveries(page).first()).toHaveAccessibleName("Failed, 410, lead.updated");
    await expect(page.getByRole("button", { name: "Send a test" })).toBeDisabled();
    await back(page);
    await expect(row).toContainText("Off: the endpoint answered 410");
  });

  await test.step("switched on again, it is told of everything, and what failed is replayed", async () => {
    await row.getByRole("link").click();
    await page.getByRole("button", { name: "Edit", exact: true }).click();
    const dialog = page.getByRole("dialog", { name: "Webhook" });
    for (const type of ["lead.updated", "comment.created"])
      await dialog.getByRole("checkbox", { name: type }).uncheck();
    await dialog.getByLabel("Description").fill("The warehouse, again");
    await dialog.getByRole("checkbox", { name: "Active" }).check();
    await dialog.getByRole("button", { name: "Save webhook" }).click();
    await expect(page.getByRole("button", { name: "Edit events: Every event" })).toBeVisible();
    await expect(page.getByRole("heading", { name: "The warehouse, again" })).toBeVisible();
    endpoint.answer = { status: 200, body: "" };
    await more(page, "Send failed ones again");
    await page.getByRole("dialog").getByRole("button", { name: "Send again" }).click();
    await expect(page.getByText("1 sent again")).toBeVisible();
    await expect(deliveries(page).first()).toHaveAccessibleName("Delivered, 200, lead.updated");
    expect(endpoint.verified(secret).at(-1)).toBe("lead.updated");
    await more(page, "Send failed ones again");
    await page.getByLabel("Since").fill("2999-01-01T00:00");
    await page.getByRole("dialog").getByRole("button", { name: "Send again" }).click();
    await expect(page.getByText("Nothing has failed since then")).toBeVisible();
  });

  await test.step("a new secret signs, and so does the one before", async () => {
    await more(page, "Renew the secret");
    await confirm(page, "Renew secret");
    await expect(page.getByRole("dialog")).toContainText("For 24 hours every delivery is signed with both");
    const next = await secretShown(page);
    expect(next).not.toBe(secret);
    endpoint.requests.length = 0;
    await page.getByRole("button", { name: "Send a test" }).click();
    await expect.poll(() => endpoint.verified(next)).toEqual(["ping"]);
    expect(endpoint.verified(secret)).toEqual(["ping"]);
  });

  await test.step("deleted, it is told nothing more", async () => {
    await more(page, "Delete");
    await confirm(page, "Delete");
    await expect(row).toHaveCount(0);
    await expect(page.getByRole("main").getByRole("rowheader")).toHaveCount(1);
  });
});

test("a replay goes on until all that failed is sent", async ({ page }) => {
  await signIn(page);
  const bodies: string[] = [];
  await page.route("**/webhooks/1/replay", (route) => {
    bodies.push(route.request().postDataJSON().since);
    const nextSince = bodies.length === 1 ? { nextSince: "2026-01-02T03:04:05.678Z" } : {};
    return route.fulfill({ status: 202, json: { count: 1000, ...nextSince } });
  });
  await page.goto("/#/settings/webhooks/1");
  await more(page, "Send failed ones again");
  await page.getByLabel("Since").fill("2026-01-01T00:00");
  await page.getByRole("dialog").getByRole("button", { name: "Send again" }).click();
  await expect(page.getByText("2,000 sent again")).toBeVisible();
  expect(bodies).toEqual([new Date("2026-01-01T00:00").toISOString(), "2026-01-02T03:04:05.678Z"]);
});

test("deliveries are read page by page, as far as they are scrolled", async ({ page, product, endpoint }) => {
  const api = await product.api();
  const { data } = await api.POST("/webhooks", { body: { url: endpoint.url, types: ["lead.archived"] } });
  const ids = Array.from({ length: 45 }, (_, n) => n + 1);
  await api.PATCH("/leads/archive", { body: { ids } });
  await expect.poll(() => endpoint.requests.length, { timeout: 20_000 }).toBe(45);
  await signIn(page);
  await page.goto(`/#/settings/webhooks/${data?.id}`);
  await expect(deliveries(page).first()).toBeVisible();
  await expect(async () => {
    await deliveries(page).last().scrollIntoViewIfNeeded();
    await expect(deliveries(page)).toHaveCount(45, { timeout: 200 });
  }).toPass();
});
