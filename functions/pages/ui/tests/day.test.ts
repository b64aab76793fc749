// The story of a day: everything that an Owner does, one after the other.

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { column, expect, signIn, signOut, test, written } from "./product";

const PHOTO = fileURLToPath(new URL("../../../../tests/local/demo/photo.jpg", import.meta.url));

/** A file as another system would export it: its own names of columns, and three rows that are wrong. */
function csv(): string {
  const rows = Array.from({ length: 197 }, (_, n) =>
    [
      `Łucja ${n}`,
      n === 100 ? "O’Connor" : "Ödegård",
      `import.${n}@example.org`,
      "+1 (555) 867-5309",
      `"Acme; ""${n}"" Ltd"`,
      "Fair",
    ].join(","),
  );
  const wrong = ["No,Address,,,,", "Bad,Address,not-an-address,,,", "Twice,Over,import.0@example.org,,,"];
  return ["Given name,Surname,E-mail address,Phone,Organisation,Lead source", ...rows, ...wrong].join("\r\n");
}

test("a day", async ({ page, product, refusals }) => {
  test.slow();
  await signIn(page);
  const api = await product.api("Manager");

  await test.step("import 200 rows", async () => {
    await page.getByRole("link", { name: "Import" }).click();
    const file = { name: "fair.csv", mimeType: "text/csv", buffer: Buffer.from(csv()) };
    await page.locator("input[type=file]").setInputFiles(file);
    await expect(page.getByLabel("Field for Organisation")).toHaveValue("company");
    await expect(page.getByLabel("Field for Given name")).toHaveValue("firstName");
    await page.getByRole("button", { name: "Check 200 rows" }).click();
    const outcome = page.getByRole("region", { name: "Outcome", exact: true });
    await expect(outcome.getByRole("heading")).toHaveText("198 of 200 rows can be imported", { timeout: 20_000 });
    await expect(outcome.locator("dl dd")).toHaveText(["197", "1", "0", "2"]);
    // A check writes nothing.
    const { data: before } = await api.GET("/leads", { params: { query: { source: "Fair" } } });
    expect(before?.count).toBe(0);
    await page.getByRole("button", { name: "Import 198 leads" }).click();
    await expect(outcome.getByRole("heading")).toHaveText("198 of 200 rows imported", { timeout: 20_000 });
    await expect(outcome.locator("dl dd")).toHaveText(["197", "1", "0", "2"]);
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Save 2 rows that failed" }).click();
    const failed = await readFile(await (await download).path(), "utf8");
    expect(failed.split("\r\n")[0]).toBe(
      "\uFEFFGiven name,Surname,E-mail address,Phone,Organisation,Lead source,error",
    );
    expect(failed).toContain("not-an-address");
    const { data: after } = await api.GET("/leads", { params: { query: { source: "Fair" } } });
    expect(after?.count).toBe(197);
  });

  await test.step("find", async () => {
    await page.getByRole("link", { name: "Leads", exact: true }).last().click();
    await page.getByRole("searchbox", { name: "Search this view" }).pressSequentially("oconnor lucja");
    await expect(page.getByRole("row")).toHaveCount(2);
    await page.getByRole("link", { name: "Łucja 100 O’Connor" }).click();
    const panel = page.getByRole("complementary", { name: "Lead" });
    await expect(panel.getByRole("heading", { level: 2 })).toHaveText("Łucja 100 O’Connor");
    await panel.getByRole("link", { name: "Open as a page" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Łucja 100 O’Connor");
  });
  const id = Number(new URL(page.url()).hash.split("/").at(-1));

  await test.step("drag", async () => {
    await page.getByRole("link", { name: "Board", exact: true }).click();
    const [from, to] = [column(page, "New"), column(page, "Qualified")];
    await expect(from.locator(".count")).toHaveText("224");
    const card = from.getByRole("article").first();
    const name = await written(card.getByRole("link"));
    await card.dragTo(to);
    await expect(from.locator(".count")).toHaveText("223");
    await expect(to.locator(".count")).toHaveText("9");
    await expect(to.getByRole("link", { name })).toBeVisible();
    const { data } = await api.GET("/leads", { params: { query: { status: [3] } } });
    expect(data?.count).toBe(9);
  });

  await test.step("edit against a conflict", async () => {
    refusals.push(412);
    await page.goto(`/#/leads/${id}`);
    // What is being written elsewhere on the page stays.
    await page.getByRole("textbox", { name: "Comment", exact: true }).fill("Half a sentence");
    const conflict = page.getByRole("alert").filter({ hasText: "was changed while you typed" });
    await page.getByRole("button", { name: "Edit company:" }).click();
    await page.getByRole("textbox", { name: "Company" }).fill("Mine & Sons");
    await api.PATCH("/leads/{id}", { params: { path: { id } }, body: { company: "Theirs Inc." } });
    await page.keyboard.press("Enter");
    await expect(conflict.getByRole("definition")).toHaveText(["Mine & Sons", "Theirs Inc."]);
    await conflict.getByRole("button", { name: "Save yours" }).click();
    await expect(page.getByRole("button", { name: "Edit company: Mine & Sons" })).toBeFocused();
    // So is what was changed since the edit began, though the page has read it for another field.
    await page.getByRole("button", { name: "Edit source:" }).click();
    await page.getByRole("textbox", { name: "Source" }).fill("My source");
    await api.PATCH("/leads/{id}", { params: { path: { id } }, body: { source: "Fair of theirs" } });
    await page.getByRole("button", { name: "Archive" }).click();
    await page.getByRole("button", { name: "Restore" }).first().click();
    await expect(page.getByRole("button", { name: "Archive" })).toBeVisible();
    await expect(conflict.getByRole("definition")).toHaveText(["My source", "Fair of theirs"]);
    await conflict.getByRole("button", { name: "Keep theirs" }).click();
    // Another field that changed meanwhile is no conflict.
    await page.getByRole("button", { name: "Edit position:" }).click();
    await page.getByRole("textbox", { name: "Position" }).fill("Chair");
    await api.PATCH("/leads/{id}", { params: { path: { id } }, body: { location: "Łódź" } });
    await page.keyboard.press("Enter");
    await expect(page.getByRole("button", { name: "Edit location: Łódź" })).toBeVisible();
    const { data } = await api.GET("/leads/{id}", { params: { path: { id } } });
    expect(data).toMatchObject({
      source: "Fair of theirs",
      company: "Mine & Sons",
      position: "Chair",
      location: "Łódź",
    });
  });

  await test.step("a photo", async () => {
    const bytes = (await readFile(PHOTO)).toString("base64");
    const dropped = await page.evaluateHandle((bytes) => {
      const data = new DataTransfer();
      const content = Uint8Array.from(atob(bytes), (char) => char.charCodeAt(0));
      data.items.add(new File([content], "photo.jpg", { type: "image/jpeg" }));
      return data;
    }, bytes);
    await page.getByRole("button", { name: "Add photo" }).dispatchEvent("drop", { dataTransfer: dropped });
    const photo = page.locator(".top img.face");
    await expect(photo).toHaveAttribute("src", new RegExp(`^${product.bucket}/`));
    expect(
      await photo.evaluate((image: HTMLImageElement) => image.decode().then(() => image.naturalWidth)),
    ).toBeGreaterThan(0);
  });

  await test.step("a comment", async () => {
    const composer = page.getByRole("textbox", { name: "Comment", exact: true });
    await expect(composer).toHaveValue("Half a sentence");
    await composer.fill("Call back <b>on Monday</b>.");
    await page.getByRole("button", { name: "Comment", exact: true }).click();
    const comment = page.getByRole("listitem").filter({ hasText: "Call back <b>on Monday</b>." });
    await expect(comment).toBeVisible();
    await comment.getByRole("button", { name: "Edit comment" }).click();
    await page.getByRole("textbox", { name: "Comment text" }).fill("Call back on Tuesday.");
    await page.getByRole("button", { name: "Save comment" }).click();
    const edited = page
      .getByRole("listitem")
      .filter({ has: page.getByRole("paragraph") })
      .first();
    await expect(edited).toContainText("Call back on Tuesday.");
    await expect(edited).toContainText("edited");
  });

  await test.step("the dashboard", async () => {
    await page.getByRole("link", { name: "Dashboard" }).click();
    const { data } = await api.GET("/leads/total-leads");
    const total = page.getByRole("region", { name: "New leads", exact: true }).getByRole("link");
    await expect(total).toHaveText(String(data?.current));
    await expect(page.getByRole("group", { name: "New leads by day" })).toBeVisible();
    await page.getByRole("button", { name: "As a table" }).click();
    await expect(page.getByRole("table", { name: "New leads by day" }).getByRole("row")).toHaveCount(32);
    await page.getByRole("button", { name: /^Period: / }).click();
    await page.getByRole("menuitemradio", { name: "Last 365 days" }).click();
    await expect(total).toHaveText("257");
  });

  await test.step("export", async () => {
    await page.goto("/#/leads?source=Fair");
    await expect(page.getByText("196 leads", { exact: true })).toBeVisible();
    await page.getByRole("button", { name: "Export" }).click();
    const download = page.waitForEvent("download");
    await page.getByRole("dialog").getByRole("button", { name: "Export" }).click();
    const text = await readFile(await (await download).path(), "utf8");
    const { data } = await api.GET("/leads/export", { params: { query: { source: "Fair" } }, parseAs: "text" });
    expect(text).toBe(data);
  });

  await test.step("sign out", async () => {
    await signOut(page);
    await expect(page.getByRole("button", { name: "Owner", exact: true })).toBeVisible();
    expect(
      await page.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }, document.cookie])),
    ).toBe('[{},{},""]');
    await page.reload();
    await expect(page.getByRole("button", { name: "Owner", exact: true })).toBeVisible();
  });
});
