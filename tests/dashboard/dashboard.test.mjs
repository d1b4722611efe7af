// The registry's page in a browser, over a cluster of real processes. See README.md. It waits for what is to be seen,
// never for a time.
import assert from "node:assert/strict";
import fs from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";

import { chromium } from "playwright-core";

import { Cluster, PATIENCE, until } from "./cluster.mjs";

const { RINGKV_BIN, RINGKV_CHROMIUM, RINGKV_PICTURES, RINGKV_CHART_POINTS = "2" } = process.env;
const cluster = new Cluster(RINGKV_BIN);
const partitions = 256;
const elsewhere = []; // requests to any other server
const complaints = []; // of the browser: errors of scripts, what the policy refuses
let browser;
let page;

const text = (selector) => page.locator(selector).innerText();
const shows = (selector, pattern) => until(`${selector} says ${pattern}`, async () => {
  const said = await text(selector);
  if (!pattern.test(said)) throw new Error(said);
  return true;
});
const headline = (pattern) => shows("#headline", pattern);

async function picture(name, options = {}) {
  if (!RINGKV_PICTURES) return;
  fs.mkdirSync(RINGKV_PICTURES, { recursive: true });
  await page.screenshot({ path: path.join(RINGKV_PICTURES, `${name}.png`), animations: "disabled", ...options });
}

async function openPage(options = {}) {
  await page?.unrouteAll({ behavior: "ignoreErrors" });
  await page?.context().close();
  const context = await browser.newContext({ viewport: { width: 1280, height: 960 }, ...options });
  page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  page.on("request", (request) => {
    if (!request.url().startsWith(cluster.page)) elsewhere.push(request.url());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" && !/Failed to load resource/.test(message.text())) complaints.push(message.text());
  });
  return page;
}

const open = async (options) => (await openPage(options)).goto(cluster.page);

// "#ranges" as numbers: those of all groups that are not full.
async function partitionsThatLack() {
  const numbers = [];
  for (const group of await page.locator("#ranges > div").all()) {
    if (/: full/.test(await group.locator("dt").textContent())) continue;
    for (const word of (await group.locator("dd").textContent()).split(", ")) {
      const [first, last] = word.split("–").map(Number);
      for (let partition = first; partition <= (last ?? first); ++partition) numbers.push(partition);
    }
  }
  return numbers.sort((left, right) => left - right);
}

const lackingByKvctl = () => cluster.kvctl("ring").partitions.filter((each) => !each.full).map((each) => each.partition);

// What the page says of a key is what kvctl says.
async function sameAs(expected) {
  await shows("#found p", new RegExp(`^Partition ${expected.partition}, view ${expected.view}: `));
  const members = await page.locator("#found li").evaluateAll((items) =>
    items.map((item) => ({ name: item.querySelector("strong").textContent, role: item.dataset.role })));
  assert.deepEqual(members, expected.members.map(({ name, role }) => ({ name, role })));
  const lines = await page.locator("#ring path.line").count();
  assert.equal(lines, expected.members.length, "a line to each copy");
}

before(async () => {
  browser = await chromium.launch({ executablePath: RINGKV_CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
  await cluster.start(5, partitions);
  cluster.load();
}, { timeout: PATIENCE });

after(async () => {
  await browser?.close();
  await cluster.end();
});

test("a healthy cluster", async () => {
  await open();
  await headline(/^Healthy: all 256 partitions have 3 copies, on 5 nodes\.$/);
  assert.equal(await page.locator("#node-rows tr").count(), 5);
  assert.equal(await page.locator("#ring .bead.up").count(), 5);
  assert.equal(await page.locator("#ring .rack").count(), 3);
  assert.match(await text("#ring-text"), /^256 partitions around a ring: 256 full\.$/);
  for (const { name, primaries, copies } of cluster.kvctl("nodes")) {
    const row = page.locator("#node-rows tr").filter({ has: page.getByRole("button", { name, exact: true }) });
    assert.match(await row.innerText(), new RegExp(`\\b${primaries}\\s+${copies}\\b`));
  }
  await until("rates and times are shown", async () => {
    const points = (await page.locator('[data-key="requests"] .plot .line-0').getAttribute("d")).match(/[ML]/g).length;
    return points >= Number(RINGKV_CHART_POINTS) && /\d+ (µs|ms)/.test(await text('[data-key="latency"] .readings'));
  });
  assert.match(await text("#untold"), /^$/);
  await picture("healthy", { fullPage: true });
});

test("a key that is typed shows its copies", async () => {
  await page.fill("#key", "user:1");
  await page.press("#key", "Enter");
  await sameAs(cluster.kvctl("locate", "user:1"));
  await picture("located", { fullPage: true });
  await page.fill("#key", "größe & co #1 +%");
  await page.getByRole("button", { name: "Find it" }).click();
  await sameAs(cluster.kvctl("locate", "größe & co #1 +%"));
  await page.fill("#key", "%ff%FE&");
  await page.check("#encoded");
  await page.press("#key", "Enter");
  await sameAs(cluster.locateBytes("$'\\xff\\xfe&'"));
  await page.fill("#key", "%zz");
  await page.press("#key", "Enter");
  await shows("#found", /two hexadecimal digits/);
  await page.getByRole("button", { name: "Clear" }).click();
  await until("nothing is said any more", async () => (await text("#found")) === "");
});

test("by keyboard alone", async () => {
  await page.reload();
  await headline(/^Healthy/);
  const stops = [];
  const pressed = async () => {
    await page.keyboard.press("Tab");
    const stop = await page.evaluate(() => {
      const element = document.activeElement;
      const style = getComputedStyle(element);
      const box = element.getBoundingClientRect();
      return { name: element.id || element.textContent.trim(), outline: style.outlineStyle, width: box.width, left: box.left };
    });
    if (stop.name !== "") stops.push(stop);
    return stop.name;
  };
  assert.equal(await pressed(), "To the nodes");
  while ((await pressed()) !== "key") assert.ok(stops.length < 10, JSON.stringify(stops));
  await page.keyboard.type("user:7");
  await page.keyboard.press("Enter");
  await sameAs(cluster.kvctl("locate", "user:7"));
  await page.keyboard.press("Escape");
  await until("the key is gone", async () => (await text("#found")) === "");
  while ((await pressed()) !== "n1") assert.ok(stops.length < 40, JSON.stringify(stops));
  await page.keyboard.press("Enter");
  await until("what n1 holds is on the ring", async () => (await page.locator("#ring path.held.p").count()) === 1);
  assert.equal(await page.getByRole("button", { name: "n1", exact: true }).getAttribute("aria-pressed"), "true");
  await picture("keyboard");
  await page.keyboard.press("Escape");
  await until("and is taken away", async () => (await page.locator("#ring path.held").count()) === 0);
  for (const stop of stops) {
    assert.equal(stop.outline, "solid", `${stop.name} shows that it has the focus`);
    assert.ok(stop.width > 0 && stop.left >= 0, `${stop.name} is to be seen`);
  }
});

test("a node that is killed, and comes back", async () => {
  await page.locator("#which").evaluate((details) => { details.open = true; });
  await cluster.kill("n2");
  await headline(/^Degraded: \d+ of 256 partitions lack a copy\. All are served\.$/);
  await shows("#problems", /n2 \(rack-b\) is down, silent for .*waited for until 60 min have passed/);
  assert.match(await page.title(), /^degraded/);
  await until("the page and kvctl name the same partitions", async () => {
    const [seen, expected] = [await partitionsThatLack(), lackingByKvctl()];
    assert.ok(expected.length > 0);
    assert.deepEqual(seen, expected);
    return true;
  });
  assert.equal(await page.locator("#ring .bead.down").count(), 1);
  assert.match(await page.locator('#node-rows tr[data-state="down"]').innerText(), /n2[\s\S]*✕ down/);
  await picture("one-node-dead", { fullPage: true });
  await cluster.startNode("n2", "rack-b");
  await headline(/^Healthy: all 256 partitions have 3 copies, on 5 nodes\.$/);
  await shows("#node-rows", /n2[\s\S]*● up/);
});

test("copies on the move to a node that joins", async () => {
  await cluster.startNode("n6", "rack-c");
  await shows("#moves-text", /^\d+ cop(y|ies) being made, \d+ to be made/);
  await until("the ring shows a copy that is being made", async () => (await page.locator("#ring path.making").count()) > 0);
  await until("how long it will take", async () => /About .* at the pace/.test(await text("#moves-text")) || (await page.locator("#moves").isHidden()));
  await picture("moving", { fullPage: true });
  await until("nothing moves any more", () => page.locator("#moves").isHidden());
  await headline(/^Healthy: all 256 partitions have 3 copies, on 6 nodes\.$/);
  await until("the new node has its share", async () =>
    (await text("#node-rows")).includes(String(cluster.kvctl("nodes").find((node) => node.name === "n6").copies)));
});

test("a registry that does not answer, and does again", async () => {
  await cluster.kill("registry");
  try {
    await headline(/^No answer from the registry since \d\d:\d\d:\d\d\.$/);
    await shows("#problems", /What is shown is of [\s\S]*cannot be reached[\s\S]*Reads and writes go on/);
    assert.equal(await page.locator("#node-rows tr").count(), 6, "what was known is still shown");
  } finally {
    await cluster.startRegistry();
  }
  await headline(/^Healthy/);
});

test("on a phone, and in the dark", async () => {
  for (const [name, colorScheme] of [["phone", "light"], ["phone-dark", "dark"], ["dark", "dark"]]) {
    const viewport = name === "dark" ? { width: 1280, height: 960 } : { width: 360, height: 740 };
    await open({ viewport, colorScheme, deviceScaleFactor: name === "dark" ? 1 : 2 });
    await headline(/^Healthy/);
    await until("the charts are there", async () => (await page.locator("#charts .chart").count()) > 0);
    const { content, window } = await page.evaluate(() =>
      ({ content: document.documentElement.scrollWidth, window: document.documentElement.clientWidth }));
    assert.ok(content <= window, `${name}: ${content} wide in a window of ${window}`);
    const [paper, ink] = await page.evaluate(() => {
      const light = (colour) => colour.match(/\d+/g).slice(0, 3).map(Number).reduce((sum, part) => sum + part, 0) / 3;
      const style = getComputedStyle(document.body);
      return [light(style.backgroundColor), light(style.color)];
    });
    assert.ok(colorScheme === "dark" ? paper < 60 && ink > 180 : paper > 200 && ink < 90, `${name}: ${ink} on ${paper}`);
    await picture(name, { fullPage: true });
  }
});

// What a cluster could say that this one does not.
async function openWith(change, events) {
  await openPage();
  await page.route("**/api/cluster", async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: change(await answer.json()) });
  });
  await page.route("**/api/events*", (route) => (events ? route.fulfill({ json: { events: events(new URL(route.request().url())) } })
    : route.fulfill({ status: 404, json: { error: "there is none" } })));
  await page.goto(cluster.page);
}

test("nothing of the cluster's is taken for HTML", async () => {
  const bad = '<img src="/x" onerror="document.title=\'taken\'"><b>';
  await openWith((state) => {
    state.cluster = bad;
    state.nodes[0] = { ...state.nodes[0], name: bad, rack: bad, address: bad, duty: bad, state: "down" };
    state.registry.standing_aside = bad;
    state.moves = { active: 1, pending: 0, frozen: bad, list: [{ partition: 1, from: bad, to: bad }] };
    return state;
  }, () => [{ id: 1, time: bad, kind: bad, text: bad }]);
  await shows("#node-rows", /<img src="\/x" onerror=/);
  await shows("#event-list", /<img src="\/x" onerror=/);
  assert.equal(await page.locator("main img, main b, h1 b").count(), 0);
  assert.doesNotMatch(await page.title(), /^taken/);
});

test("events, the newest first; none where the registry has none", async () => {
  const asked = [];
  const event = (id, words) => ({ id, time: "2026-01-31T23:59:59.999Z", kind: "node_down", node: "n1", text: words });
  await openWith((state) => state, (url) => {
    const last = Number(url.searchParams.get("after"));
    asked.push(last);
    return last === 0 ? [event(7, "the first"), { ...event(9, "the second"), cause: 7 }] : last === 9 ? [event(12, "a third")] : [];
  });
  await until("all are there", async () => (await page.locator("#event-list li").count()) === 3);
  assert.deepEqual(await page.locator("#event-list .text").allInnerTexts(), ["a third", "the second (because of 7)", "the first"]);
  await until("it goes on where it was", () => asked.includes(12));
  await openWith((state) => state, null);
  await headline(/^Healthy/);
  assert.ok(await page.locator("#events").isHidden());
});

test("hundreds of nodes and 65,536 partitions", async () => {
  await openWith((state) => {
    const some = state.nodes[0];
    state.nodes = Array.from({ length: 300 }, (_, index) => ({ ...some, name: `node-${index}`, rack: `rack-${index % 12}`,
      state: index === 17 ? "down" : "up" }));
    state.health = "degraded";
    state.partitions = { total: 65536, full: 32768, under_replicated: 32768, unavailable: 0, lost: 0, runs: Array(32768).fill("f3 u2").join(" ") };
    return state;
  }, null);
  await headline(/^Degraded: 32,768 of 65,536 partitions lack a copy/);
  assert.equal(await page.locator("#node-rows tr").count(), 300);
  assert.equal(await page.locator("#ring .bead").count(), 300);
  const size = await page.locator("#ring").evaluate((ring) => ring.innerHTML.length);
  assert.ok(size < 1_000_000, `the picture has ${size} characters`);
  assert.ok((await page.locator("#ring path").count()) < 60, "equal neighbours are one");
  await picture("large");
});

test("the page needs nothing from elsewhere, and the browser has nothing to complain of", () => {
  assert.deepEqual(elsewhere, []);
  assert.deepEqual(complaints, []);
});
