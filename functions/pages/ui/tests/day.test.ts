// The story of a day: everything that an Owner does, one after the other.

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { column, expect, signIn, test, written } from "./product";

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
  test.setTimeout(120_000);
  await signIn(page);
  const api = await product.api("Manager");

  await test.step("import 200 rows", async () => {
    await page.getByRole("link", { name: "Import" }).click();
    const file = { name: "fair.csv", mimeType: "text/csv", buffer: Buffer.from(csv()) };
    await page.locator("input[type=file]").setInputFiles(file);
    await expect(page.getByLabel("What Organisation becomes")).toHaveValue("company");
    await expect(page.getByLabel("What Given name becomes")).toHaveValue("firstName");
    await page.getByRole("button", { name: "Dry run" }).click();
    const outcome = page.getByRole("region", { name: "Outcome" });
    await expect(outcome.getByRole("heading")).toHaveText("What would happen");
    await expect(outcome.locator(".figures li")).toHaveText(["created198", "changed0", "unchanged0", "failed2"]);
    // A dry run writes nothing, so what comes later in another request is not known to it.
    const { data: before } = await api.GET("/leads", { params: { query: { source: "Fair" } } });
    expect(before?.count).toBe(0);
    await page.getByRole("button", { name: "Import 200 rows" }).click();
    await expect(outcome.getByRole("heading")).toHaveText("Done", { timeout: 20_000 });
    await expect(outcome.locator(".figures li")).toHaveText(["created197", "changed1", "unchanged0", "failed2"]);
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Save the failed rows" }).click();
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
    await page.getByLabel("Search").pressSequentially("oconnor lucja");
    await expect(page.getByRole("row")).toHaveCount(2);
    await page.getByRole("link", { name: "Łucja 100 O’Connor" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Łucja 100 O’Connor");
  });
  const id = Number(new URL(page.url()).hash.split("/").at(-1));

  await test.step("drag", async () => {
    await page.getByRole("link", { name: "Board", exact: true }).click();
    const [from, to] = [column(page, "New"), column(page, "Qualified")];
    await expect(from.locator(".count")).toHaveText("224");
    const card = from.locator(".card").first();
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
    await page.getByLabel("Comment", { exact: true }).fill("Half a sentence");
    await page.getByRole("button", { name: "Edit Company" }).click();
    const field = page.getByRole("form", { name: "Company" });
    await field.getByRole("textbox").fill("Mine & Sons");
    await api.PATCH("/leads/{id}", { params: { path: { id } }, body: { company: "Theirs Inc." } });
    await field.getByRole("button", { name: "Save" }).click();
    await expect(field.getByRole("alert")).toContainText("Theirs: Theirs Inc.");
    await expect(field.getByRole("alert")).toContainText("Yours: Mine & Sons");
    await field.getByRole("button", { name: "Write mine" }).click();
    await expect(page.locator("dd", { hasText: "Mine & Sons" }).first()).toBeVisible();
    await expect(page.getByRole("button", { name: "Edit Company" })).toBeFocused();
    // So is what was changed since the editing began, though the page has read it for another field.
    await page.getByRole("button", { name: "Edit Source" }).click();
    await page.getByRole("form", { name: "Source" }).getByRole("textbox").fill("My source");
    await api.PATCH("/leads/{id}", { params: { path: { id } }, body: { source: "Fair of theirs" } });
    await page.getByRole("button", { name: "Archive" }).click();
    await page.getByRole("button", { name: "Restore" }).click();
    await expect(page.getByRole("button", { name: "Archive" })).toBeVisible();
    await page.getByRole("form", { name: "Source" }).getByRole("button", { name: "Save" }).click();
    await expect(page.getByRole("form", { name: "Source" }).getByRole("alert")).toContainText("Theirs: Fair of theirs");
    await page.getByRole("button", { name: "Keep theirs" }).click();
    // Another field that changed meanwhile is no conflict.
    await page.getByRole("button", { name: "Edit Position" }).click();
    await page.getByRole("form", { name: "Position" }).getByRole("textbox").fill("Chair");
    await api.PATCH("/leads/{id}", { params: { path: { id } }, body: { location: "Łódź" } });
    await page.getByRole("form", { name: "Position" }).getByRole("button", { name: "Save" }).click();
    await expect(page.locator("dd", { hasText: "Łódź" }).first()).toBeVisible();
    const { data } = await api.GET("/leads/{id}", { params: { path: { id } } });
    expect(data).toMatchObject({
      source: "Fair of theirs",
      company: "Mine & Sons",
      position: "Chair",
      location: "Łódź",
    });
    await expect(page.locator(".changes", { hasText: "Theirs Inc. → Mine & Sons" })).toBeVisible();
  });

  await test.step("a photo", async () => {
    const bytes = (await readFile(PHOTO)).toString("base64");
    const dropped = await page.evaluateHandle((bytes) => {
      const data = new DataTransfer();
      const content = Uint8Array.from(atob(bytes), (char) => char.charCodeAt(0));
      data.items.add(new File([content], "photo.jpg", { type: "image/jpeg" }));
      return data;
    }, bytes);
    await page.locator(".drop").dispatchEvent("drop", { dataTransfer: dropped });
    const photo = page.locator("img.photo.large");
    await expect(photo).toHaveAttribute("src", new RegExp(`^${product.bucket}/`));
    expect(
      await photo.evaluate((image: HTMLImageElement) => image.decode().then(() => image.naturalWidth)),
    ).toBeGreaterThan(0);
  });

  await test.step("a comment", async () => {
    await expect(page.getByLabel("Comment", { exact: true })).toHaveValue("Half a sentence");
    await page.getByLabel("Comment", { exact: true }).fill("Call back <b>on Monday</b>.");
    await page.getByRole("button", { name: "Comment", exact: true }).click();
    const comment = page.locator(".said", { hasText: "Call back <b>on Monday</b>." });
    await expect(comment).toBeVisible();
    await comment.getByRole("button", { name: "Edit" }).click();
    await page.getByLabel("Edit the comment").fill("Call back on Tuesday.");
    await page.getByRole("button", { name: "Save" }).click();
    await expect(page.locator(".said", { hasText: "Call back on Tuesday." })).toContainText("edited");
  });

  await test.step("the dashboard", async () => {
    await page.getByRole("link", { name: "Dashboard" }).click();
    const { data } = await api.GET("/leads/total-leads");
    await expect(page.locator(".figures .total strong")).toHaveText(String(data?.current));
    await expect(page.locator(".plot canvas")).toBeVisible();
    await page.getByText("As a table").click();
    await expect(page.getByRole("region", { name: "as a table" }).getByRole("row")).toHaveCount(31);
    await page.getByRole("button", { name: "A year" }).click();
    await expect(page.locator(".figures .total strong")).toHaveText("257");
  });

  await test.step("export", async () => {
    await page.goto("/#/table?source=Fair");
    await expect(page.getByText("196 leads")).toBeVisible();
    await page.getByRole("button", { name: "Export" }).click();
    const download = page.waitForEvent("download");
    await page.getByRole("dialog").getByRole("button", { name: "Export" }).click();
    const text = await readFile(await (await download).path(), "utf8");
    const { data } = await api.GET("/leads/export", { params: { query: { source: "Fair" } }, parseAs: "text" });
    expect(text).toBe(data);
  });

  await test.step("sign out", async () => {
    await page.locator(".account summary").click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await expect(page.getByRole("button", { name: "Owner", exact: true })).toBeVisible();
    expect(
      await page.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }, document.cookie])),
    ).toBe('[{},{},""]');
    await page.reload();
    await expect(page.getByRole("button", { name: "Owner", exact: true })).toBeVisible();
  });
});
