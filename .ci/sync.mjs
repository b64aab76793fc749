// Runs the script of docs/sync.md between two teams, and checks that both have the same leads and that no change travels back.
// Usage: node .ci/sync.mjs URL FOLDER. `FOLDER` has `sync.mjs`.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

const [url, folder] = process.argv.slice(2);
const COMPARED = ["firstName", "lastName", "email", "phoneNumber", "status", "state", "company", "position", "source", "socialMedia",
  "archived"];

async function call(token, method, path, body) {
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
  const response = await fetch(url + path, { method, headers, body: body && JSON.stringify(body) });
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${await response.clone().text()}`);
  return response.json();
}

async function createSide(team) {
  const { token } = await (await fetch(`${url}/local/token`, { method: "POST", body: JSON.stringify({ team }) })).json();
  const { id, secret } = await call(token, "POST", "/keys", { name: "Sync", role: "Manager" });
  await call(token, "POST", "/businesses", { name: team === "left" ? "Sales" : "Other" });
  await call(token, "POST", "/businesses", { name: team === "left" ? "Other" : "Sales" });
  return { send: (...request) => call(token, ...request), id, secret };
}

const [left, right] = [await createSide("left"), await createSide("right")];
const env = {
  ...process.env, SYNC_STATE_FILE: `${folder}/sync-state.json`,
  LEFT_URL: url, LEFT_KEY: left.secret, LEFT_KEY_ID: left.id, RIGHT_URL: url, RIGHT_KEY: right.secret, RIGHT_KEY_ID: right.id,
};
const run = (command) => execFileSync("node", [`${folder}/sync.mjs`, command], { env, stdio: ["ignore", "inherit", "pipe"] });

/** All leads of a side, by the id that the left side has for each. */
async function leadsOf(side) {
  const leads = [];
  for (const archived of [false, true]) {
    for (let cursor = "", page; cursor !== undefined; cursor = page.nextCursor && `&cursor=${page.nextCursor}`) {
      page = await side.send("GET", `/leads?limit=100&archived=${archived}${cursor}`);
      for (const { id } of page.leads) leads.push(await side.send("GET", `/leads/${id}`));
    }
  }
  return new Map(leads.map((lead) => [Number(lead.externalIds.left ?? lead.id), lead]));
}
const compared = (lead) => ({
  ...Object.fromEntries(COMPARED.map((field) => [field, lead[field]])),
  business: lead.business.map(({ name }) => name),
});

/** Runs the script until both sides have the same leads. */
async function converge() {
  for (let tries = 0; ; tries += 1) {
    run("once");
    const [ours, theirs] = [await leadsOf(left), await leadsOf(right)];
    const [one, other] = [ours, theirs].map((leads) => Object.fromEntries([...leads].map(([id, lead]) => [id, compared(lead)])));
    try {
      assert.deepEqual(one, other);
      return { ours, theirs };
    } catch (error) {
      if (tries === 20) throw error;
      await sleep(500);
    }
  }
}

const rows = (side, first, count) => Array.from({ length: count }, (_, n) => ({
  firstName: "山田", lastName: `O’Connor ${first + n}`, email: `${side}${first + n}@example.com`, business: ["Sales"],
  company: `Company ${first + n}`, status: n % 2 === 0 ? "New" : "Qualified",
}));
const phone = { phoneNumber: ["+1 (555) 867-5309"] };
await left.send("POST", "/leads/batch", { mode: "create", leads: [...rows("left", 0, 98), phone] });
await left.send("POST", "/leads/batch", { mode: "create", leads: rows("left", 100, 30) });
// One person whom both sides know already, and one whom only the right side knows.
const known = { email: "LEFT7@example.com", company: "Old", position: "CFO", socialMedia: { twitter: "@seven" } };
await right.send("POST", "/leads/batch", { mode: "create", leads: [known, ...rows("right", 0, 3)] });
await left.send("PATCH", "/leads/archive", { ids: [9, 10] });
run("copy");
const { ours } = await converge();
assert.equal(ours.size, 98 + 1 + 30 + 3);
const seventh = [...ours.values()].find(({ email }) => email === "left7@example.com");
assert.deepEqual([seventh.company, seventh.position, seventh.socialMedia.twitter], ["Company 7", "CFO", "@seven"]);
run("copy");
assert.equal((await leadsOf(right)).size, ours.size, "a second copy creates nothing");

// Changes on both sides, of one field of one lead at once too. The left side wins that one.
const [one, two, three, four, five, six] = [...(await leadsOf(right)).values()].filter(({ externalIds, archived }) => externalIds.left && !archived);
const leftIdOf = (lead) => Number(lead.externalIds.left);
await left.send("PATCH", `/leads/${leftIdOf(one)}`, { company: "Left", position: "CTO" });
await right.send("PATCH", `/leads/${one.id}`, { company: "Right", source: "Fair" });
await right.send("PATCH", `/leads/${two.id}`, { statusId: 4, business: [], socialMedia: { twitter: "@ada", youtube: "ada" } });
await left.send("PATCH", `/leads/${leftIdOf(five)}`, { business: [] });
await right.send("PATCH", `/leads/${five.id}`, { business: (await right.send("GET", "/businesses")).businesses.map(({ id }) => id) });
// Both sides enter one person between two runs.
await left.send("POST", "/leads/batch", { mode: "create", leads: [{ email: "both@example.com", company: "Acme" }] });
await right.send("POST", "/leads/batch", { mode: "create", leads: [{ email: "both@example.com", position: "CEO" }] });
await left.send("DELETE", `/leads/${leftIdOf(three)}`);
await right.send("PATCH", "/leads/archive", { ids: [four.id] });
await right.send("POST", "/leads/batch", { mode: "create", leads: rows("right", 50, 2) });
await left.send("POST", "/leads/comments/1", { content: "Comments stay where they are." });
const settled = await converge();
const merged = settled.ours.get(leftIdOf(one));
assert.deepEqual([merged.company, merged.position, merged.source], ["Left", "CTO", "Fair"]);
assert.equal(settled.ours.get(leftIdOf(two)).status, "Closed");
assert.deepEqual(settled.ours.get(leftIdOf(five)).business, []);
const both = [...settled.ours.values()].filter(({ email }) => email === "both@example.com");
assert.deepEqual(both.map(({ company, position }) => [company, position]), [["Acme", "CEO"]]);
assert.equal(settled.ours.has(leftIdOf(three)), false);
assert.equal(settled.ours.get(leftIdOf(four)).archived, true);

// A profile that is removed is removed on the other side. Events that are read again, as after a kill, change nothing.
await right.send("PATCH", `/leads/${two.id}`, { socialMedia: { twitter: null } });
const before = await readFile(env.SYNC_STATE_FILE);
await left.send("PATCH", `/leads/${leftIdOf(six)}`, { company: "First" });
await converge();
await left.send("PATCH", `/leads/${leftIdOf(six)}`, { company: "Second" });
await converge();
await writeFile(env.SYNC_STATE_FILE, before);
const again = await converge();
assert.deepEqual(again.ours.get(leftIdOf(two)).socialMedia, { youtube: "ada" });
assert.equal(again.ours.get(leftIdOf(six)).company, "Second");

// Nothing travels back: running on changes no lead.
const versions = (leads) => [...leads].map(([id, { version }]) => [id, version]);
await sleep(2000);
run("once");
const later = await converge();
assert.deepEqual(versions(later.ours), versions(again.ours));
assert.deepEqual(versions(later.theirs), versions(again.theirs));
console.log(`${later.ours.size} leads are the same in both teams`);
