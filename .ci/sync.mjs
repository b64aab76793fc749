// Runs the script of docs/sync.md between two teams, and checks that both have the same leads and that no change travels back.
// Usage: node .ci/sync.mjs URL FOLDER. `FOLDER` has `sync.mjs`.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
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
await right.send("POST", "/leads/batch", { mode: "create", leads: [{ email: "LEFT7@example.com", company: "Old" }, ...rows("right", 0, 3)] });
await left.send("PATCH", "/leads/archive", { ids: [9, 10] });
run("copy");
const { ours } = await converge();
assert.equal(ours.size, 98 + 1 + 30 + 3);
run("copy");
assert.equal((await leadsOf(right)).size, ours.size, "a second copy creates nothing");

// Changes on both sides, of one field of one lead at once too. The left side wins that one.
const [one, two, three, four] = [...(await leadsOf(right)).values()].filter(({ externalIds, archived }) => externalIds.left && !archived);
const leftIdOf = (lead) => Number(lead.externalIds.left);
await left.send("PATCH", `/leads/${leftIdOf(one)}`, { company: "Left", position: "CTO" });
await right.send("PATCH", `/leads/${one.id}`, { company: "Right", source: "Fair" });
await right.send("PATCH", `/leads/${two.id}`, { statusId: 4, business: [], socialMedia: { twitter: "@ada" } });
await left.send("DELETE", `/leads/${leftIdOf(three)}`);
await right.send("PATCH", "/leads/archive", { ids: [four.id] });
await right.send("POST", "/leads/batch", { mode: "create", leads: rows("right", 50, 2) });
await left.send("POST", "/leads/comments/1", { content: "Comments stay where they are." });
const settled = await converge();
const merged = settled.ours.get(leftIdOf(one));
assert.deepEqual([merged.company, merged.position, merged.source], ["Left", "CTO", "Fair"]);
assert.equal(settled.ours.get(leftIdOf(two)).status, "Closed");
assert.equal(settled.ours.has(leftIdOf(three)), false);
assert.equal(settled.ours.get(leftIdOf(four)).archived, true);

// Nothing travels back: running on changes no lead.
const versions = (leads) => [...leads].map(([id, { version }]) => [id, version]);
await sleep(2000);
run("once");
const later = await converge();
assert.deepEqual(versions(later.ours), versions(settled.ours));
assert.deepEqual(versions(later.theirs), versions(settled.theirs));
console.log(`${later.ours.size} leads are the same in both teams`);
