// What the page makes of what the registry says, without a browser. `run` puts the page's modules into page/.
import assert from "node:assert/strict";
import { test } from "node:test";

import { ceiling, pathOf } from "./page/charts.js";
import { bytes, latency, rate, span } from "./page/format.js";
import { headlineOf, problemsOf } from "./page/health.js";
import { movesText, Pace } from "./page/moves.js";
import { columnsOf, groupsOf, parseRoles, parseRuns, rangesText } from "./page/partitions.js";
import { placesOf } from "./page/ring.js";

test("runs of partitions are read, and nothing else is", () => {
  assert.deepEqual(parseRuns("2f3 u2+1 3x0").map((run) => [run.first, run.count, run.service, run.live, run.making]),
    [[0, 2, "f", 3, 0], [2, 1, "u", 2, 1], [3, 3, "x", 0, 0]]);
  assert.deepEqual(parseRuns(""), []);
  for (const wrong of ["f", "3", "q3", "f3+", "-1f3", "f3,f3"]) assert.throws(() => parseRuns(wrong), /what is/, wrong);
  assert.deepEqual(parseRoles("2p b -").map((run) => [run.first, run.count, run.role]), [[0, 2, "p"], [2, 1, "b"], [3, 1, "-"]]);
});

test("columns cover the whole ring, and show the worst of what they stand for", () => {
  for (const [text, total] of [["256f3", 256], ["f3 2u2 f3", 4], [Array(32768).fill("f3 u2").join(" "), 65536], ["65000f3 x1 535f3", 65536]]) {
    const columns = columnsOf(parseRuns(text), total);
    assert.equal(columns[0].from, 0);
    assert.equal(columns.at(-1).to, 1);
    for (let i = 1; i < columns.length; ++i) assert.equal(columns[i].from, columns[i - 1].to);
    assert.ok(columns.length <= 1024);
  }
  assert.deepEqual(columnsOf(parseRuns("65000f3 x1 535f3"), 65536).map((column) => column.service), ["f", "x", "f"]);
  assert.equal(columnsOf(parseRuns(Array(32768).fill("f3 u2").join(" ")), 65536).length, 1);
  assert.deepEqual(columnsOf(parseRuns("f3 2u2 f3"), 4).map((column) => [column.from, column.to]), [[0, 0.25], [0.25, 0.75], [0.75, 1]]);
});

test("which partitions are in which state, the worst first", () => {
  const groups = groupsOf(parseRuns("2f3 u2 x1 u2 l0 u2+1 f3"), 3);
  assert.deepEqual(groups.map((group) => [group.label, group.count, rangesText(group.ranges)]), [
    ["lost: no copy is left", 1, "5"],
    ["unavailable: the primary is down, 1 of 3 copies live", 1, "3"],
    ["with 2 of 3 copies", 2, "2, 4"],
    ["with 2 of 3 copies and 1 more being made", 1, "6"],
    ["full", 3, "0, 1, 7"],
  ]);
  assert.equal(rangesText([[0, 5], [7, 8], [10, 10]], 2), "0–5, 7, 8 and 1 more ranges");
});

test("an estimate is made of what was seen, and of nothing else", () => {
  const pace = new Pace();
  pace.add(0, 100);
  assert.equal(pace.rest, null);
  pace.add(5, 90);
  assert.equal(pace.rest, null, "too short a time");
  pace.add(10, 80);
  assert.equal(pace.rest, 40);
  pace.add(20, 80);
  assert.equal(pace.rest, 80, "it stood still for half of the time");
  assert.equal(pace.most, 100);
  pace.add(21, 500);
  assert.equal(pace.rest, null, "more was planned: the old pace says nothing");
  for (let second = 22; second <= 100; ++second) pace.add(second, 500);
  assert.equal(pace.rest, null, "nothing moves: it would never end");
  pace.add(200, 490);
  assert.equal(pace.rest, null, "what was a minute ago is forgotten");
  pace.add(201, 0);
  assert.equal(pace.most, 0);
  const moves = { active: 1, pending: 2, frozen: "" };
  assert.equal(movesText(moves, pace), "1 copy being made, 2 to be made.");
  assert.equal(movesText(moves, pace, 1), "1 copy being made, 2 to be made, 1 of which wait for nodes that are down.");
  assert.equal(movesText(moves, pace, 2), "1 copy being made, 2 to be made, which wait for nodes that are down.");
  assert.match(movesText({ active: 1, pending: 2, frozen: "more than half are down" }, pace), /^1 copy being made, 2 to be made\. Nothing moves: more than half/);
});

const node = (name, more = {}) => ({ name, rack: "r1", state: "up", duty: "", copies: 1, awaiting: 0, ...more });
const state = (more) => ({ health: "ok", replication: 1, repair_after_ms: 30000, nodes: [node("n1")],
  partitions: { total: 4, full: 4, under_replicated: 0, unavailable: 0, lost: 0 },
  moves: { active: 0, pending: 0, frozen: "" }, registry: { stands_still: false, standing_aside: "" }, ...more });

test("how it is in one line, and then what matters", () => {
  assert.deepEqual(headlineOf(state()), { mood: "ok", text: "Healthy: all 4 partitions have 1 copy, on 1 node." });
  assert.deepEqual(problemsOf(state()), []);
  assert.equal(headlineOf(state({ health: "forming" })).mood, "forming");
  const bad = state({ health: "unavailable", partitions: { total: 4, full: 1, under_replicated: 1, unavailable: 2, lost: 1 },
    nodes: [node("n1", { state: "down", silent_ms: 4000 }), node("n2", { duty: "draining" })], registry: { stands_still: true, standing_aside: "an old backup" } });
  assert.equal(headlineOf(bad).text, "Unavailable: 2 of 4 partitions are not served.");
  const said = problemsOf(bad).map((problem) => problem.text).join("\n");
  for (const part of [/stands aside: an old backup/, /disk stores nothing/, /1 partition lost/, /n1 \(r1\) is down, silent for 4 s\. It is waited for/, /n2 is being emptied: 1 copy left/, /1 copy needs as many nodes; 0 are up/])
    assert.match(said, part);
  const many = state({ nodes: Array.from({ length: 40 }, (_, index) => node(`n${index}`, { state: index < 30 ? "down" : "up" })) });
  assert.match(problemsOf(many)[0].text, /^30 of 40 nodes are down: n0, n1, .* and 18 more\.$/);
  assert.ok(problemsOf(many).length < 10);
});

test("nodes do not overlap, however many", () => {
  for (const [count, racks] of [[1, 1], [5, 3], [40, 4], [300, 12], [4096, 1]]) {
    const nodes = Array.from({ length: count }, (_, index) => node(`n${index}`, { rack: `rack ${index % racks}` }));
    const { beads, bows } = placesOf(nodes);
    assert.equal(beads.size, count);
    assert.equal(bows.length, Math.min(count, racks));
    for (const bow of bows) assert.ok(bow.from >= 0 && bow.to <= 1.0001, JSON.stringify(bow));
    const rows = new Map();
    for (const bead of beads.values()) rows.set(bead.radius, [...(rows.get(bead.radius) ?? []), bead]);
    for (const row of rows.values()) {
      row.sort((left, right) => left.share - right.share);
      for (let i = 1; i < row.length; ++i)
        assert.ok((row[i].share - row[i - 1].share) * 2 * Math.PI * row[i].radius >= 1.6 * row[i].size, `${count} nodes`);
    }
  }
});

test("numbers as people read them", () => {
  assert.deepEqual([0.04, 3.26, 12.4, 1234, 45678, 2.5e6].map(rate), ["0", "3.3", "12", "1,234", "45.7k", "2.5M"]);
  assert.deepEqual([null, 87, 1234, 2e6].map(latency), ["–", "87 µs", "1.2 ms", "2 s"]);
  assert.deepEqual([0, 1000, 1536, 5 * 2 ** 30].map(bytes), ["0 B", "1,000 B", "1.5 KiB", "5 GiB"]);
  assert.deepEqual([0.2, 12, 600, 7200].map(span), ["less than 1 s", "12 s", "10 min", "2 h"]);
  assert.deepEqual([3, 11, 47, 1e6].map((value) => ceiling(value, 10)), [10, 20, 50, 1e6]);
  assert.deepEqual([1, 3000].map((value) => ceiling(value, 1024)), [1024, 4096]);
});

test("a line has gaps where nothing is known", () => {
  assert.equal(pathOf([null, 1, 2, null, 1], 2, 4, 5).match(/M/g).length, 2);
  assert.equal(pathOf([null, null], 2, 4, 5), "");
  assert.doesNotMatch(pathOf([0, 5, 1e9], 2, 4, 5), /NaN|Infinity|-/);
});
