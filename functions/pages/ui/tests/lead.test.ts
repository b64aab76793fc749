// Tests of the lead page, the lead panel and the new-lead form.

import type { Page } from "@playwright/test";
import { accessible, expect, type Product, signIn, test } from "./product";

const value = (page: Page, what: string) => page.getByRole("button", { name: `Edit ${what}:` });
const details = (page: Page) => page.getByRole("region", { name: "Details", exact: true });
const activity = (page: Page) => page.getByRole("region", { name: "Activity", exact: true });
const toast = (page: Page) => page.locator(".toast");

/** Opens an input in the place of a value, and fills it in. */
async function edit(page: Page, label: string, text: string): Promise<void> {
  await value(page, label).click();
  await details(page).getByRole("textbox", { name: label }).fill(text);
}

const readLead = async (product: Product, id: number) => {
  const api = await product.api();
  return (await api.GET("/leads/{id}", { params: { path: { id } } })).data;
};

test("a click on a value edits it where it stands", async ({ page, product, refusals }) => {
  refusals.push(400);
  await signIn(page);
  await page.goto("/#/leads/60");
  const texts = {
    "E-mail": "zoe@example.com",
    Company: "Łódź & Söhne",
    Position: "Chair",
    Location: "São Paulo",
    Source: "Fair",
    YouTube: "youtube.com/zoe",
    Facebook: "facebook.com/zoe",
    Instagram: "instagram.com/zoe",
    "X (Twitter)": "x.com/zoe",
  };
  for (const [label, text] of Object.entries(texts)) {
    await edit(page, label, text);
    await page.keyboard.press("Enter");
    // The focus is on the value's button again, so Tab moves it to the next value.
    await expect(value(page, label)).toBeFocused();
    await expect(value(page, label)).toContainText(text);
  }
  await edit(page, "Phone numbers", "+1 (555) 867-5309");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("0711 1234");
  await page.keyboard.press("Enter");
  await expect(value(page, "phone numbers")).toContainText("0711 1234");
  await edit(page, "Description", "Two");
  await page.keyboard.press("Enter");
  await page.keyboard.type("lines.");
  await page.keyboard.press("Control+Enter");
  await expect(value(page, "description")).toContainText("lines.");
  // A select is saved by its choice.
  await value(page, "state").click();
  await page.getByRole("menuitemradio", { name: "Inactive" }).click();
  await expect(value(page, "state")).toContainText("Inactive");
  await value(page, "businesses").click();
  await page.getByRole("checkbox", { name: "Fabrikam Foods" }).check();
  await page.getByRole("checkbox", { name: "Northwind Traders" }).check();
  await page.keyboard.press("Enter");
  await expect(value(page, "businesses")).toContainText("Northwind Traders");
  // Both names at once.
  await page.getByRole("button", { name: /^Edit name:/ }).click();
  await page.getByRole("textbox", { name: "First name" }).fill("Zoë");
  await page.getByRole("textbox", { name: "Last name" }).fill("O’Connor");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Zoë O’Connor");
  await expect(page.getByText("Chair at Łódź & Söhne")).toBeVisible();
  const data = await readLead(product, 60);
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
    state: "Inactive",
  });
  expect(data?.business.map(({ name }) => name).sort()).toEqual(["Fabrikam Foods", "Northwind Traders"]);
  await expect(page.getByRole("link", { name: "Open https://youtube.com/zoe" })).toBeVisible();

  // Every field but the names can be emptied.
  await edit(page, "Facebook", "");
  await page.keyboard.press("Enter");
  await edit(page, "Phone numbers", "");
  await page.keyboard.press("Enter");
  await value(page, "businesses").click();
  for (const name of ["Fabrikam Foods", "Northwind Traders"]) await page.getByRole("checkbox", { name }).uncheck();
  await page.keyboard.press("Enter");
  for (const what of ["Facebook", "phone numbers", "businesses"]) await expect(value(page, what)).toContainText("Add");
  const emptied = await readLead(product, 60);
  expect(emptied).toMatchObject({ phoneNumber: [], business: [] });
  expect(emptied?.socialMedia).not.toHaveProperty("facebook");
  await page.getByRole("button", { name: /^Edit name:/ }).click();
  await page.getByRole("textbox", { name: "Last name" }).fill("");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert")).toContainText("Last name must not be empty.");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Zoë O’Connor");
});

test("leaving an input saves what is valid and keeps what is not", async ({ page, product, refusals }) => {
  refusals.push(400);
  await signIn(page);
  const known = await readLead(product, 7);
  await page.goto("/#/leads/60");
  await edit(page, "Company", "Left Ltd");
  await page.getByRole("textbox", { name: "Comment" }).click();
  await expect(value(page, "company")).toContainText("Left Ltd");
  // The focus stays where it went.
  await expect(page.getByRole("textbox", { name: "Comment" })).toBeFocused();
  await edit(page, "Location", "Nowhere");
  await page.keyboard.press("Escape");
  await expect(value(page, "location")).not.toContainText("Nowhere");
  await expect(value(page, "location")).toBeFocused();

  // An address that is none stays as a draft: after leaving, and after a reload.
  await edit(page, "E-mail", "zoe@localhost");
  await page.getByRole("textbox", { name: "Comment" }).click();
  const email = details(page).getByRole("textbox", { name: "E-mail" });
  await expect(page.getByRole("alert")).toHaveText("Must be an e-mail address.");
  await expect(email).toHaveAccessibleDescription("Must be an e-mail address.");
  await accessible(page);
  await page.goto("/#/leads");
  await page.goto("/#/leads/60");
  await expect(email).toHaveValue("zoe@localhost");
  await page.reload();
  await expect(email).toHaveValue("zoe@localhost");
  await expect(details(page).getByText("Not saved yet")).toBeVisible();
  expect((await readLead(product, 60))?.email).not.toBe("zoe@localhost");

  // An address that a lead has leads to that lead.
  await email.fill(known?.email.toUpperCase() ?? "");
  await email.press("Enter");
  await expect(page.getByRole("alert")).toContainText("Another lead has this address.");
  await page.getByRole("link", { name: "Open that lead" }).click();
  await expect(page).toHaveURL(/#\/leads\/7$/);
  await page.goBack();
  await email.press("Escape");
  await expect(value(page, "e-mail")).toBeVisible();

  // A long text is not lost by one key.
  await edit(page, "Description", "A long text.");
  await page.keyboard.press("Escape");
  await toast(page).getByRole("button", { name: "Undo" }).click();
  await expect(details(page).getByRole("textbox", { name: "Description" })).toHaveValue("A long text.");
});

test("a status is changed by its pill, and back by Undo", async ({ page, product }) => {
  await signIn(page);
  await page.goto("/#/leads/60");
  const pill = page.getByRole("button", { name: /^Status:/ });
  await pill.click();
  await page.keyboard.type("clo");
  await page.keyboard.press("Enter");
  await expect(pill).toContainText("Closed");
  await expect(activity(page)).toContainText("moved it from New to Closed");
  expect((await readLead(product, 60))?.status).toBe("Closed");
  await toast(page).getByRole("button", { name: "Undo" }).click();
  await expect(pill).toContainText("New");
  expect((await readLead(product, 60))?.status).toBe("New");
  await page.keyboard.press("s");
  await page.keyboard.press("2");
  await expect(pill).toContainText("Contacted");
});

test("a photo is chosen, dropped, deleted, and put back", async ({ page, product }) => {
  const photo = Buffer.from(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
    "base64",
  );
  await signIn(page);
  await page.goto("/#/leads/60");
  const file = { name: "face.png", mimeType: "image/png", buffer: photo };
  const shown = page.locator(".top img.face");
  await expect(page.getByRole("button", { name: "Add photo" })).toBeVisible();
  await page.getByLabel("Photo", { exact: true }).setInputFiles(file);
  await expect(toast(page)).toContainText("has a new photo");
  await expect(shown).toHaveAttribute("src", new RegExp(`^${product.bucket}/`));
  await toast(page).getByRole("button", { name: "Undo" }).click();
  await expect(shown).toHaveCount(0);

  const data = await page.evaluateHandle(
    (bytes) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([Uint8Array.from(bytes)], "face.png", { type: "image/png" }));
      return transfer;
    },
    [...photo],
  );
  await page.getByRole("button", { name: "Add photo" }).dispatchEvent("drop", { dataTransfer: data });
  await expect(toast(page)).toContainText("has a new photo");
  await expect(shown).toHaveCount(1);
  await page.getByRole("button", { name: "Change photo" }).click();
  await page.getByRole("menuitem", { name: "Delete photo" }).click();
  await expect(toast(page)).toContainText("Photo deleted");
  await expect(shown).toHaveCount(0);
  await page.keyboard.press("Control+z");
  await expect(shown).toHaveAttribute("src", new RegExp(`^${product.bucket}/`));
  expect((await readLead(product, 60))?.photo).not.toBe("");
});

test("a lead is archived, restored and deleted", async ({ page, refusals, product }) => {
  refusals.push(404);
  await signIn(page);
  await page.goto("/#/leads/60");
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await page.keyboard.press("e");
  await expect(page.getByText("This lead is archived")).toBeVisible();
  // A toast stays for as long as it is pointed at.
  await toast(page).hover();
  expect((await readLead(product, 60))?.archived).toBe(true);
  await accessible(page);
  await toast(page).getByRole("button", { name: "Undo" }).click();
  await expect(page.getByText("This lead is archived")).toHaveCount(0);
  await page.getByRole("button", { name: "Archive" }).click();
  await page.getByText("This lead is archived").locator("..").getByRole("button", { name: "Restore" }).click();
  await expect(page.getByText("This lead is archived")).toHaveCount(0);
  await expect(activity(page)).toContainText("restored the lead");
  await page.getByRole("button", { name: "More", exact: true }).click();
  await page.getByRole("menuitem", { name: "Delete lead" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(page.getByRole("button", { name: "More", exact: true })).toBeFocused();
  await page.keyboard.press("Enter");
  await page.getByRole("menuitem", { name: "Delete lead" }).click();
  await dialog.getByRole("button", { name: "Delete lead" }).click();
  await expect(toast(page)).toContainText("deleted");
  await page.goto("/#/leads/60");
  await expect(page.getByRole("heading", { name: "This lead is gone", level: 1 })).toBeVisible();
  await page.getByRole("button", { name: /^Back to/ }).click();
  await expect(page.getByRole("heading", { name: "This lead is gone" })).toHaveCount(0);
});

test("the activity has each comment once and one person's changes together", async ({ page, product }) => {
  const manager = await product.api("Manager");
  const path = { id: 60 };
  for (const body of [{ company: "One Ltd" }, { company: "Two Ltd", position: "Chair" }, { location: "Porto" }]) {
    await manager.PATCH("/leads/{id}", { params: { path }, body });
  }
  await manager.POST("/leads/comments/{id}", { params: { path }, body: { content: "Of the manager." } });
  const owner = await product.api();
  const { data: key } = await owner.POST("/keys", { body: { name: "Sync", role: "Manager" } });
  const headers = { authorization: `Bearer ${key?.secret}`, "content-type": "application/json" };
  await fetch(`${product.url}/leads/60`, { method: "PATCH", headers, body: JSON.stringify({ source: "Sync" }) });
  await signIn(page);
  await page.goto("/#/leads/60");
  const feed = activity(page).getByRole("list");
  await expect(feed.getByText("Of the manager.")).toHaveCount(1);
  const group = feed.getByRole("listitem").filter({ hasText: "changed 3 fields" });
  await expect(group).toContainText("Olivia Demo changed 3 fields");
  await expect(group.getByText("Two Ltd")).toBeHidden();
  await group.getByText("changed 3 fields").click();
  // From the first value to the last.
  await expect(group).toContainText("→ Two Ltd");
  await expect(group).not.toContainText("One Ltd");
  await expect(group).toContainText("→ Porto");
  await expect(feed).toContainText("Olivia Demo by the key Sync changed source");
  const time = group.locator("time");
  await expect(time).toHaveText(/^(Just now|\d+ min ago)$/);
  await expect(time).toHaveAttribute("title", /\d{4}, \d\d:\d\d/);
  await accessible(page);

  // A comment is sent by keys, edited and deleted where it stands.
  await page.getByRole("textbox", { name: "Comment" }).fill("Mine.");
  await page.keyboard.press("Control+Enter");
  const mine = feed
    .getByRole("listitem")
    .filter({ has: page.getByRole("paragraph") })
    .first();
  await expect(mine).toContainText("Mine.");
  await expect(page.getByRole("textbox", { name: "Comment", exact: true })).toHaveValue("");
  await mine.getByRole("button", { name: "Edit comment" }).click();
  await page.getByRole("textbox", { name: "Comment text" }).fill("Mine, edited.");
  await page.reload();
  await expect(page.getByRole("textbox", { name: "Comment text" })).toHaveValue("Mine, edited.");
  await page.getByRole("button", { name: "Save comment" }).click();
  await expect(mine.getByRole("paragraph")).toHaveText("Mine, edited.");
  await expect(mine).toContainText("edited");
  await feed.getByRole("button", { name: "Delete comment" }).first().click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete comment" }).click();
  await expect(feed).toContainText("deleted a comment");
});

test("a lead that came by a form names the form", async ({ page, product }) => {
  const api = await product.api();
  const { data: form } = await api.POST("/forms", { body: { name: "Trade fair Porto" } });
  const body = new URLSearchParams({ firstName: "Ada", lastName: "Lovelace", email: "ada@example.com" });
  const sent = await fetch(`${product.url}/forms/${form?.key}/leads`, { method: "POST", body });
  expect(sent.ok).toBe(true);
  await signIn(page);
  await page.goto("/#/leads/61");
  await expect(activity(page)).toContainText("Came in by the form Trade fair Porto");
});

test("a lead shows the ids of other systems, and who changed them", async ({ page, product }) => {
  const api = await product.api();
  await api.PATCH("/leads/{id}", { params: { path: { id: 60 } }, body: { externalIds: { hubspot: "512" } } });
  await signIn(page);
  await page.goto("/#/leads/60");
  await expect(details(page).getByRole("term").filter({ hasText: "Id in hubspot" })).toBeVisible();
  await expect(details(page)).toContainText("512");
  await expect(activity(page)).toContainText("id in hubspot");
  // A change by another system arrives by the feed.
  await api.PATCH("/leads/{id}", {
    params: { path: { id: 60 } },
    body: { externalIds: { hubspot: null, "sap-r3": "A#1" } },
  });
  await expect(details(page)).toContainText("Id in sap-r3");
  await expect(details(page)).not.toContainText("512");
  await accessible(page);
});

test("drafts survive leaving and a reload, and end with the session", async ({ page }) => {
  await signIn(page);
  await page.goto("/#/leads/60");
  const comment = page.getByRole("textbox", { name: "Comment", exact: true });
  await comment.fill("Half a sentence");
  await edit(page, "Company", "Half a compa");
  // The address changes while the input has the focus.
  await page.goto("/#/new");
  await page.getByLabel("First name").fill("Grace");
  await page.goto("/#/dashboard");
  await page.goto("/#/leads/59");
  await expect(comment).toHaveValue("");
  await page.goto("/#/leads/60");
  await expect(comment).toHaveValue("Half a sentence");
  // The company was saved when its input was left.
  await expect(value(page, "company")).toContainText("Half a compa");
  await page.goto("/#/new");
  await expect(page.getByLabel("First name")).toHaveValue("Grace");
  await page.reload();
  await expect(page.getByLabel("First name")).toHaveValue("Grace");
  await page.getByRole("button", { name: "Discard draft" }).click();
  await expect(page.getByLabel("First name")).toHaveValue("");
  await toast(page).getByRole("button", { name: "Undo" }).click();
  await expect(page.getByLabel("First name")).toHaveValue("Grace");
  expect(await page.evaluate(() => Object.keys(sessionStorage).some((key) => key.startsWith("draft:")))).toBe(true);
});

test("a Viewer's lead is text, with nothing that would be refused", async ({ page, product }) => {
  const api = await product.api();
  await api.PATCH("/leads/{id}", {
    params: { path: { id: 60 } },
    body: { company: "Volta", socialMedia: { facebook: "facebook.com/volta", twitter: "javascript:alert(1)" } },
  });
  await signIn(page, "Viewer");
  await page.goto("/#/leads/60");
  await expect(details(page)).toContainText("Volta");
  await expect(page.getByRole("main").getByRole("button")).toHaveCount(0);
  await expect(page.getByRole("main").getByRole("textbox")).toHaveCount(0);
  await expect(details(page).getByText("Instagram")).toHaveCount(0);
  await expect(page.getByRole("link", { name: "Open https://facebook.com/volta" })).toBeVisible();
  await expect(details(page).getByRole("link")).toHaveCount(1);
  await page.keyboard.press("e");
  await page.keyboard.press("s");
  await expect(page.getByRole("listbox")).toHaveCount(0);
  await accessible(page);
  await page.goto("/#/new");
  await expect(page.getByText("Viewers cannot create leads")).toBeVisible();
});

test("the panel shows six fields, and Escape gives the screen back", async ({ page }) => {
  await page.setViewportSize({ width: 1440, height: 900 });
  await signIn(page);
  await page.goto("/#/board?lead=60");
  const panel = page.getByRole("complementary", { name: "Lead" });
  await expect(panel.getByRole("heading", { level: 2 })).toBeVisible();
  await expect(panel).toBeFocused();
  await expect(details(page).getByRole("term")).toHaveCount(6);
  await expect(details(page).getByRole("button", { name: /^Edit / })).toHaveCount(6);
  await panel.getByRole("button", { name: "8 more fields" }).click();
  await expect(value(page, "source")).toBeFocused();
  await accessible(page);
  // Escape goes one step back: out of the input, out of the comment, out of the panel.
  await value(page, "source").press("Enter");
  await page.keyboard.press("Escape");
  await expect(value(page, "source")).toBeFocused();
  await panel.getByRole("textbox", { name: "Comment" }).fill("Kept");
  await page.keyboard.press("Escape");
  await expect(panel).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(panel).toHaveCount(0);
  await expect(page).toHaveURL(/#\/board$/);
  await page.goto("/#/board?lead=60");
  await expect(panel.getByRole("textbox", { name: "Comment" })).toHaveValue("Kept");
  await panel.getByRole("link", { name: "Open as a page" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await page.getByRole("link", { name: "Back to Board" }).click();
  await expect(page).toHaveURL(/#\/board$/);
});

test("what is wrong with a new lead is said at its fields, all at once", async ({ page, refusals, product }) => {
  refusals.push(400);
  const known = await readLead(product, 7);
  await signIn(page);
  await page.goto("/#/new?status=2");
  await expect(page.getByLabel("First name")).toBeFocused();
  await expect(page.getByRole("combobox", { name: "Status" })).toHaveValue("2");
  await page.getByLabel("Last name").fill("Lovelace");
  await page.getByLabel("E-mail").fill("ada@localhost");
  await page.getByLabel("Phone numbers").fill(`1\n${"2".repeat(40)}`);
  await page.getByRole("button", { name: "Create lead" }).click();
  await expect(page.getByRole("alert")).toHaveText([
    "Must not be empty.",
    "Must be an e-mail address.",
    "Item 2: must be at most 32 characters.",
  ]);
  await expect(page.getByLabel("First name")).toBeFocused();
  await expect(page.getByLabel("First name")).toHaveAccessibleDescription("Must not be empty.");
  await accessible(page);
  await page.getByLabel("First name").fill("Ada");
  await page.getByLabel("Phone numbers").fill("+1 555 0100");
  await page.getByLabel("E-mail").fill(known?.email.toUpperCase() ?? "");
  await page.getByRole("button", { name: "Create lead" }).click();
  await expect(page.getByRole("alert")).toHaveText("Another lead has this address.");
  await page.getByRole("link", { name: "Open that lead" }).click();
  await expect(page).toHaveURL(/#\/leads\/7$/);
  // The draft is still there.
  await page.goBack();
  await page.getByLabel("E-mail").fill("ada@example.com");
  await page.keyboard.press("Control+Enter");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Ada Lovelace");
  await expect(page.getByRole("button", { name: /^Status:/ })).toContainText("Contacted");
  await page.goto("/#/new");
  await expect(page.getByLabel("Last name")).toHaveValue("");
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`a lead at every width, ${colorScheme}`, async ({ page, product, refusals }) => {
    test.slow();
    refusals.push(404);
    const api = await product.api();
    const company = `${"Oliveira & Filhos Indústria Cerâmica ".repeat(4)}Lda.`;
    await api.PATCH("/leads/{id}", {
      params: { path: { id: 60 } },
      body: {
        firstName: "Maria Fernanda",
        lastName: "Albuquerque de Vasconcelos e Montenegro",
        company,
        phoneNumber: ["+1 555 0100", "+1 555 0101"],
        location: "x".repeat(190),
        socialMedia: { instagram: `instagram.com/${"y".repeat(100)}` },
      },
    });
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await signIn(page);
    for (const width of [1440, 768, 360, 320]) {
      await page.setViewportSize({ width, height: 800 });
      const heads = {
        "leads/60": page.getByRole("main").getByRole("heading", { level: 1, name: /^Maria Fernanda/ }),
        "board?lead=60": page.getByRole("complementary").getByRole("heading", { level: 2, name: /^Maria Fernanda/ }),
        new: page.getByRole("heading", { level: 1, name: "New lead" }),
        "leads/999": page.getByRole("heading", { level: 1, name: "This lead is gone" }),
      };
      for (const [address, head] of Object.entries(heads)) {
        await page.goto(`/#/${address}`);
        await expect(head).toBeVisible();
        await expect(page.getByRole("status", { name: "Loading" })).toHaveCount(0);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        expect(wide, `${address} at ${width}`).toBeLessThanOrEqual(width);
        const boxes = await page
          .locator(".lead, .newlead")
          .evaluateAll((boxes) => boxes.map(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth));
        expect(Math.max(0, ...boxes), `${address} at ${width}`).toBe(0);
        await accessible(page);
      }
    }
    // On a phone the activity comes first, and the details are behind a tab.
    await page.goto("/#/leads/60");
    await expect(details(page)).toBeHidden();
    await page.getByText("Details", { exact: true }).first().click();
    await expect(details(page)).toBeVisible();
    await expect(activity(page)).toBeHidden();
    await value(page, "location").click();
    await accessible(page);
  });
}
