// Files as people have them: in four languages, in Excel's encodings, with values that the team does not know, and with rows
// that fail.

import { readFile } from "node:fs/promises";
import type { Page } from "@playwright/test";
import { accessible, expect, signIn, test, written } from "./product";

async function drop(page: Page, content: string | Buffer, name = "leads.csv"): Promise<void> {
  await page.goto("/#/import");
  const another = page.getByRole("button", { name: "Another file" });
  const input = page.locator("input[type=file]");
  await expect(another.or(page.getByText("Drop a CSV file here"))).toBeVisible();
  if (await another.isVisible()) await another.click();
  await input.setInputFiles({ name, mimeType: "text/csv", buffer: Buffer.from(content as string) });
}

const field = (page: Page, heading: string) => page.getByLabel(`Field for ${heading}`, { exact: true });
const outcome = (page: Page) => page.getByRole("region", { name: "Outcome", exact: true });
const check = (page: Page) => page.getByRole("button", { name: /^Check / });
const run = (page: Page) => page.getByRole("button", { name: /^Import \d/ });
/** The figures of the outcome: created, changed, unchanged, failed. */
const figures = (page: Page) => outcome(page).locator("dl dd");

/** Chooses what a value becomes. */
async function choose(page: Page, kind: string, value: string, choice: string): Promise<void> {
  await page.getByRole("button", { name: new RegExp(`^${kind} for ${value}:`) }).click();
  await page.getByRole("menuitemradio", { name: choice, exact: true }).click();
}

/** The rows of a failed-rows file or any other download. */
async function saved(page: Page): Promise<Buffer> {
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: /^Save .* that failed/ }).click();
  return readFile(await (await download).path());
}

test("2,000 rows with names of statuses in German, as Excel in Germany writes them", async ({ page, product }) => {
  test.slow();
  const values = ["Neu", "Kontaktiert", "closed", "Wiedervorlage", "k. A."];
  const rows = Array.from({ length: 2000 }, (_, n) => {
    const value = values[n < 1124 ? 0 : n < 1612 ? 1 : n < 1815 ? 2 : n < 1956 ? 3 : 4];
    return `Jörg Müller-${n};j.${n}@beispiel.example;0172 555 ${n};Molkerei Groß;${value};Messe Porto;${10442 + n}`;
  });
  const file = ["sep=;", "Name;E-Mail;Handy;Firma;Status;Quelle;Kd-Nr.", ...rows].join("\r\n");
  await signIn(page);
  await drop(page, Buffer.from(file, "latin1"), "Kunden.csv");
  await expect(
    page.getByText("2,000 rows, semicolons, Windows-1252. Headings were recognised as German."),
  ).toBeVisible();
  for (const [heading, target] of [
    ["Name", "First and last name"],
    ["E-Mail", "E-mail"],
    ["Handy", "Phone"],
    ["Firma", "Company"],
    ["Status", "Status"],
    ["Quelle", "Source"],
    ["Kd-Nr.", "Leave out"],
  ] as const) {
    await expect(field(page, heading).locator("option:checked")).toHaveText(target);
  }
  // What the team knows by another word is proposed; “closed” is the team's own name, whatever its case.
  const mapping = page.getByRole("group", { name: "Values of Status" });
  await expect(mapping.getByRole("button", { name: "Status for Neu: New" })).toBeVisible();
  await expect(mapping.getByRole("button", { name: "Status for Kontaktiert: Contacted" })).toBeVisible();
  await expect(mapping).not.toContainText("closed");
  await expect(page.getByText("2 of 4 values to choose")).toBeVisible();
  // The button leads to the first decision instead of resting.
  await check(page).click();
  await expect(page.getByRole("button", { name: "Status for Wiedervorlage: Choose a status" })).toBeFocused();
  await choose(page, "Status", "Wiedervorlage", "Qualified");
  await choose(page, "Status", "k. A.", "Leave out");
  await check(page).click();
  await expect(outcome(page).getByRole("heading")).toHaveText("2,000 rows can be imported", { timeout: 60_000 });
  await expect(figures(page)).toHaveText(["2,000", "0", "0", "0"]);
  const api = await product.api();
  const count = async (query: object) =>
    (await api.GET("/leads", { params: { query: { source: "Messe Porto", ...query } } })).data?.count;
  expect(await count({})).toBe(0);
  await page.getByRole("button", { name: "Import 2,000 leads" }).click();
  await expect(outcome(page).getByRole("heading")).toHaveText("2,000 rows imported", { timeout: 90_000 });
  await expect(page.getByText("2,000 leads created, 0 changed.")).toBeVisible();
  // A row whose value is left out gets the first status.
  expect([await count({ status: [1] }), await count({ status: [2] })]).toEqual([1124 + 44, 488]);
  expect([await count({ status: [3] }), await count({ status: [4] })]).toEqual([141, 203]);
  const { data } = await api.GET("/leads/search", { params: { query: { search: "j.7@beispiel.example" } } });
  expect(data).toMatchObject([{ firstName: "Jörg", lastName: "Müller-7", company: "Molkerei Groß" }]);
  await page.getByRole("link", { name: "See the new leads" }).click();
  await expect(page).toHaveURL(/source=Messe\+Porto/);
});

const LANGUAGES = {
  English: "Given name,Surname,E-mail address,Mobile,Work phone,Organisation,Job title,City,Lead source,Notes",
  German: "Vorname,Name,E-Mail-Adresse,Handy,Telefonnummer,Unternehmen,Funktion,Ort,Herkunft,Bemerkungen",
  French: "Prénom,Nom,Courriel,Portable,Téléphone,Société,Poste,Ville,Provenance,Remarques",
  Spanish: "Nombre,Apellidos,Correo electrónico,Móvil,Teléfono,Empresa,Puesto,Ciudad,Origen,Observaciones",
};

for (const [language, headings] of Object.entries(LANGUAGES)) {
  test(`headings are recognised in ${language}`, async ({ page }) => {
    await signIn(page);
    await drop(page, `${headings}\nAda,Lovelace,ada@example.com,1,2,Acme,Poet,London,Fair,Hello\n`);
    await expect(page.getByText(`Headings were recognised as ${language}.`)).toBeVisible();
    const chosen = page.getByLabel(/^Field for /);
    const targets = [
      "First name",
      "Last name",
      "E-mail",
      "Phone",
      "Phone",
      "Company",
      "Position",
      "Location",
      "Source",
    ];
    await expect(chosen.locator("option:checked")).toHaveText([...targets, "Description"]);
  });
}

test("a name is split, two numbers are one list, and an address that is a region stays out", async ({
  page,
  product,
}) => {
  await signIn(page);
  await drop(
    page,
    'Full name\tE-mail\tMobile\tPhone\tState\n"Lovelace, Ada"\tada@example.com\t\'+1 2\t+3 4\tCA\nJuan Carlos Ruiz\tjuan@example.com\t\t5\tNY\n',
  );
  await expect(page.getByText("2 rows, tabs, UTF-8.")).toBeVisible();
  await expect(field(page, "State")).toHaveValue("");
  await check(page).click();
  await run(page).click();
  await expect(outcome(page).getByRole("heading")).toHaveText("2 rows imported");
  const api = await product.api();
  const { data } = await api.GET("/leads/search", { params: { query: { search: "ada lovelace" } } });
  expect(data).toMatchObject([{ firstName: "Ada", lastName: "Lovelace", phoneNumber: ["+1 2", "+3 4"] }]);
  const { data: other } = await api.GET("/leads/search", { params: { query: { search: "juan" } } });
  expect(other).toMatchObject([{ firstName: "Juan Carlos", lastName: "Ruiz" }]);
});

test("rows with ids of another system change the leads that have them", async ({ page, product }) => {
  const api = await product.api();
  await signIn(page);
  await drop(
    page,
    "HubSpot ID,Company,externalIds.odoo\n51002,First Ltd,\n51006,Changed Ltd,\n9,Unknown Ltd,\n51002,Changed Ltd,\n",
  );
  await expect(field(page, "HubSpot ID").locator("option:checked")).toHaveText("Id in HubSpot");
  const existing = page.getByRole("combobox", { name: "Leads that exist, by id in HubSpot or e-mail" });
  // A new lead needs an address or a number, so these rows can only change leads.
  await check(page).click();
  await expect(outcome(page)).toHaveCount(0);
  await existing.selectOption("update");
  await check(page).click();
  await expect(figures(page)).toHaveText(["0", "3", "0", "1"]);
  await expect(outcome(page)).toContainText("Id in HubSpot: is the id of no lead.");
  await run(page).click();
  await expect(outcome(page).getByRole("heading")).toHaveText("3 of 4 rows imported");
  const { data } = await api.GET("/leads/by/{system}/{id}", { params: { path: { system: "hubspot", id: "51002" } } });
  expect(data).toMatchObject({ id: 3, company: "Changed Ltd", externalIds: { hubspot: "51002", xero: "C-0302" } });
});

test("unknown businesses are created by an Owner, matched or left out by a Manager", async ({ page, product }) => {
  const file = (name: string) =>
    `firstName,email,business\nA,${name}.1@example.com,Contoso Consulting;Acme\nB,${name}.2@example.com,Łódź & Söhne\n`;
  await signIn(page);
  await drop(page, file("owner"));
  await expect(page.getByText("2 of 2 values to choose")).toBeVisible();
  await page.getByRole("button", { name: "Create 2 businesses" }).click();
  await check(page).click();
  await run(page).click();
  await expect(figures(page)).toHaveText(["2", "0", "0", "0"]);
  const api = await product.api();
  const names = async () => (await api.GET("/businesses")).data?.businesses.map(({ name }) => name);
  expect(await names()).toEqual(expect.arrayContaining(["Acme", "Łódź & Söhne"]));
  const count = (await names())?.length;

  await page.getByRole("button", { name: "Another file" }).click();
  await page.evaluate(() => sessionStorage.clear());
  await page.reload();
  await signIn(page, "Manager");
  await drop(page, file("manager").replace("Acme", "Acme Ltd").replace("Łódź & Söhne", "Nobody"));
  await expect(page.getByText("Only Owners create businesses.")).toBeVisible();
  await expect(page.getByRole("button", { name: /^Create/ })).toHaveCount(0);
  await choose(page, "Business", "Acme Ltd", "Acme");
  await choose(page, "Business", "Nobody", "Leave out");
  await check(page).click();
  await run(page).click();
  await expect(figures(page)).toHaveText(["2", "0", "0", "0"]);
  expect(await names()).toHaveLength(count ?? 0);
  const { data } = await api.GET("/leads/search", { params: { query: { search: "manager.1@example.com" } } });
  expect(data?.[0]?.business.map(({ name }) => name)).toEqual(["Contoso Consulting", "Acme"]);
});

test("a workbook gets a sentence that helps, and so does a file that is no table", async ({ page }) => {
  await signIn(page);
  const alert = page.getByRole("alert");
  await drop(page, Buffer.from([0x50, 0x4b, 0x03, 0x04, 0x14, 0]), "Kunden.xlsx");
  await expect(alert).toContainText("Kunden.xlsx cannot be read. It is a workbook");
  await expect(alert).toContainText("“CSV UTF-8”");
  await drop(page, 'firstName,lastName,email\nAda,"Lovelace,ada@example.com\nGrace,Hopper,grace@example.com\n');
  await expect(alert).toContainText("The quotes of row");
  await drop(page, "firstName,lastName,email\n");
  await expect(alert).toContainText("no rows below its headings");
});

for (const [name, encode] of Object.entries({
  "UTF-8": (text: string) => Buffer.from(`\uFEFF${text}`),
  "UTF-16": (text: string) => Buffer.from(`\uFEFF${text}`, "utf16le"),
  "Windows-1252": (text: string) => Buffer.from(text, "latin1"),
})) {
  test(`${name}: rows that failed come back in the file's own form`, async ({ page, product }) => {
    await signIn(page);
    const text = "sep=;\r\nVorname;Nachname;E-Mail\r\nJürgen;Müller;juergen@example.com\r\nZoë;Groß;keine\r\n";
    await drop(page, encode(text));
    await expect(page.getByText(`2 rows, semicolons, ${name}.`)).toBeVisible();
    await check(page).click();
    await page.getByRole("button", { name: "Import 1 lead" }).click();
    await expect(outcome(page).getByRole("heading")).toHaveText("1 of 2 rows imported");
    const file = await saved(page);
    const failed = "sep=;\r\nVorname;Nachname;E-Mail;error\r\nZoë;Groß;keine;E-mail: must be an e-mail address.";
    expect(file.equals(encode(failed))).toBe(true);
    const { data } = await (await product.api()).GET("/leads/search", { params: { query: { search: "juergen" } } });
    expect(data).toMatchObject([{ firstName: "Jürgen", lastName: "Müller" }]);
    // Corrected, it is imported as it is: the column of reasons is left out.
    await drop(page, Buffer.from(file.toString("latin1").replace("keine", "zoe@example.com"), "latin1"));
    if (name === "UTF-16") return;
    await expect(field(page, "error")).toHaveValue("");
    await check(page).click();
    await expect(figures(page)).toHaveText(["1", "0", "0", "0"]);
  });
}

test("1,455 equal errors are one line, the mapping stays, and nobody says that it is done", async ({ page }) => {
  test.slow();
  await signIn(page);
  const rows = Array.from({ length: 2000 }, (_, n) => `A${n},${n < 545 ? `row.${n}@example.com` : `row ${n}`},Acme`);
  await drop(page, ["First name,E-mail,Company", ...rows].join("\n"));
  await field(page, "Company").selectOption("Source");
  await check(page).click();
  await expect(outcome(page).getByRole("heading")).toHaveText("545 of 2,000 rows can be imported", { timeout: 60_000 });
  await page.getByRole("button", { name: "Import 545 leads" }).click();
  await expect(outcome(page).getByRole("heading")).toHaveText("545 of 2,000 rows imported", { timeout: 60_000 });
  await expect(page.getByRole("alert")).toHaveText(/1,455 rows could not be imported. 545 leads created, 0 changed./);
  const reasons = outcome(page).getByRole("row");
  await expect(reasons).toHaveCount(2);
  await expect(reasons.nth(1)).toHaveText(/^1,455 rows.*must be an e-mail address\.547–2001$/);
  await expect(page.getByText(/\bdone\b/i)).toHaveCount(0);
  await expect(field(page, "Company").locator("option:checked")).toHaveText("Source");
  // Another look at it, from somewhere else.
  await page.goto("/#/board");
  await page.goto("/#/import");
  await expect(reasons).toHaveCount(2);
  await expect(field(page, "Company").locator("option:checked")).toHaveText("Source");
  // Another choice is another import, which begins with a check.
  await field(page, "Company").selectOption("Company");
  await expect(check(page)).toBeVisible();
});

for (const { mode, counts } of [
  { mode: "Are changed, new ones are created", counts: ["151", "3", "1", "0"] },
  { mode: "Stay as they are, their rows fail", counts: ["151", "0", "0", "4"] },
  { mode: "Are changed, rows of new ones fail", counts: ["0", "0", "0", "155"] },
]) {
  test(`a check counts addresses that are twice in the file as the run does: ${mode}`, async ({ page }) => {
    await signIn(page);
    const filler = Array.from({ length: 150 }, (_, n) => `F${n},row.${n}@example.com,Acme`);
    const twice = [
      "Ada,ada@example.com,Acme",
      "Ada,ADA@example.com,Acme",
      "Ada,ada@example.com,Other",
      ...filler,
      "Ada,ada@example.com,Other",
      "F0,row.0@example.com,Changed",
    ];
    await drop(page, ["firstName,email,company", ...twice].join("\n"));
    await page.getByLabel("Leads that exist, by e-mail").selectOption(mode);
    await check(page).click();
    await expect(outcome(page).getByRole("heading")).toHaveText(/can be imported$/, { timeout: 20_000 });
    await expect(figures(page)).toHaveText(counts);
    if (counts[0] === "0") {
      await expect(check(page)).toBeVisible();
      return;
    }
    await run(page).click();
    await expect(outcome(page).getByRole("heading")).toHaveText(/imported$/, { timeout: 20_000 });
    await expect(figures(page)).toHaveText(counts);
  });
}

test("rows are named as a spreadsheet counts them", async ({ page }) => {
  await signIn(page);
  await drop(page, 'firstName,lastName,email\n\nAda,"of two\nlines",ada@example.com\n,,\nNo,Address\n');
  await check(page).click();
  const reasons = outcome(page).getByRole("row");
  await expect(reasons.nth(1)).toHaveText(/Last name.*3$/);
  await expect(reasons.nth(2)).toHaveText(/E-mail.*5$/);
});

test("without an address and a number there is nothing to check", async ({ page }) => {
  await signIn(page);
  await drop(page, "firstName,lastName,Reach\nAda,Lovelace,ada@example.com\n");
  await expect(page.getByText("Choose the column that is the e-mail address or the phone number")).toBeVisible();
  await check(page).click();
  await expect(field(page, "firstName")).toBeFocused();
  await field(page, "Reach").selectOption("E-mail");
  await check(page).click();
  await expect(figures(page)).toHaveText(["1", "0", "0", "0"]);
});

test("a request that was cut short is sent again with the same key", async ({ page, product }) => {
  await signIn(page);
  await drop(page, "firstName,lastName,email\nAda,Lovelace,ada@example.com\nGrace,Hopper,grace@example.com\n");
  await check(page).click();
  await expect(run(page)).toBeVisible();
  const keys: (string | undefined)[] = [];
  await page.route("**/leads/batch", async (route) => {
    keys.push(route.request().headers()["idempotency-key"]);
    if (keys.length > 1) return route.continue();
    const results = [0, 1].map((index) => {
      return { index, result: "failed", code: "outcome_unknown", message: "Outcome unknown" };
    });
    return route.fulfill({ json: { created: 0, updated: 0, unchanged: 0, failed: 2, results } });
  });
  await run(page).click();
  await expect(outcome(page)).toContainText("Outcome unknown. The import goes on by itself.");
  await expect(outcome(page).getByRole("heading")).toHaveText("2 rows imported");
  await expect(figures(page)).toHaveText(["2", "0", "0", "0"]);
  expect(keys).toHaveLength(2);
  expect(keys[0]).toBe(keys[1]);
  const { data } = await (await product.api()).GET("/leads");
  expect(data?.count).toBe(62);
});

test("it goes on while other screens are shown, stops when asked, and goes on after that", async ({
  page,
  product,
}) => {
  await signIn(page);
  const api = await product.api();
  const rows = Array.from({ length: 500 }, (_, n) => `First,Last,row.${n}@example.org`);
  const file = ["firstName,lastName,email", ...rows].join("\n");
  await drop(page, file);
  await check(page).click();
  await expect(run(page)).toBeVisible();
  await page.route("**/leads/batch", async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 700));
    return route.continue();
  });
  await run(page).click();
  await page.goto("/#/leads");
  // How far it is stands beside the way back to it.
  const back = page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: /^Import/ });
  await expect(back).toContainText(/[2468]0 % done/);
  await expect.poll(async () => (await api.GET("/leads")).data?.count).toBeGreaterThan(60);
  await back.click();
  await page.getByRole("button", { name: "Stop" }).click();
  await expect(outcome(page).getByRole("heading")).toHaveText(/^Import stopped after [1-4]00 of 500 rows$/);
  await expect(page.getByRole("button", { name: "Go on with the import" })).toBeVisible();
  await expect(back).not.toContainText("%");
  // The same file in a page that knows nothing of it any more: what is written is not written again.
  await page.reload();
  await drop(page, file);
  await check(page).click();
  await run(page).click();
  await expect(outcome(page).getByRole("heading")).toHaveText("500 rows imported", { timeout: 20_000 });
  await expect(figures(page)).toHaveText(["500", "0", "0", "0"]);
  expect((await api.GET("/leads")).data?.count).toBe(560);
});

test("a file and its choices are still there after a look at another screen", async ({ page }) => {
  await signIn(page);
  await drop(page, "Status,E-mail\nWarm,ada@example.com\n");
  await choose(page, "Status", "Warm", "Qualified");
  await page.goto("/#/board");
  await page.goto("/#/import");
  await expect(page.getByRole("button", { name: "Status for Warm: Qualified" })).toBeVisible();
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`every step is accessible, ${colorScheme}`, async ({ page }) => {
    test.slow();
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await signIn(page);
    for (const width of [1440, 768, 360]) {
      await page.setViewportSize({ width, height: 800 });
      await drop(page, "Status,E-mail,Geschäft\nWarm,ada@example.com,Acme\nNeu,nobody,\n");
      await accessible(page);
      // Nothing but what scrolls by itself is wider than the screen.
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
      await choose(page, "Status", "Warm", "Qualified");
      await page.getByRole("button", { name: /^Business for Acme/ }).click();
      await accessible(page);
      await page.getByRole("menuitemradio", { name: "Leave out" }).click();
      await check(page).click();
      await expect(run(page)).toBeVisible();
      await accessible(page);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
      const primary = await run(page).boundingBox();
      expect((primary?.y ?? 0) + (primary?.height ?? 0)).toBeLessThanOrEqual(800);
      expect(await written(run(page))).toBe("Import 1 lead");
    }
  });
}
