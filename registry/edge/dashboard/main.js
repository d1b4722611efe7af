// Asks the registry every second, and shows what it says; and says so when it does not answer.
import { showCharts } from "./charts.js";
import { $, classify, list, make, say } from "./document.js";
import { Events } from "./events.js";
import { bytes, clock, counted, latency, number, rate, span } from "./format.js";
import { headlineOf, problemsOf, ringText } from "./health.js";
import { Lookup } from "./lookup.js";
import { Pace, showMoves } from "./moves.js";
import { Nodes, untoldText } from "./nodes.js";
import { groupsOf, parseRoles, parseRuns, rangesText } from "./partitions.js";
import { Ring, showLegend } from "./ring.js";

const SHOWN = 1000; // milliseconds between two questions
const HIDDEN = 15000; // the same, while nobody looks
const PATIENCE = 5000;

const ring = new Ring($("ring"));
const pace = new Pace();
const events = new Events($("events"), $("event-list"));
const lookup = new Lookup({ form: $("lookup"), key: $("key"), encoded: $("encoded"), clear: $("clear"), output: $("found"),
  changed: () => showRing() });
const nodes = new Nodes($("node-columns"), $("node-rows"), () => followNode());

let state = null; // of /api/cluster
let runs = [];
let activity = null; // of /api/activity
let roles = null; // what the selected node has: {name, epoch, text, runs}
let answeredAt = 0; // milliseconds since 1970, by this machine's clock
let failure = ""; // why the last question was not answered

async function fetchJson(path, none = []) {
  const answer = await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
  if (none.includes(answer.status)) return null;
  if (!answer.ok) {
    const said = await answer.json().catch(() => ({}));
    throw new Error(said.error ?? `the registry answers ${answer.status}`);
  }
  return answer.json();
}

// ---------------------------------------------------------------- what is shown

function showHealth() {
  const waits = answeredAt === 0 ? "It has not answered yet." : `What is shown is of ${clock(answeredAt)}, ${span((Date.now() - answeredAt) / 1000)} ago.`;
  const lost = { mood: "unavailable",
    text: answeredAt === 0 ? "No answer from the registry." : `No answer from the registry since ${clock(answeredAt)}.` };
  const headline = failure ? lost : headlineOf(state);
  classify($("health"), "mood", headline.mood);
  say($("headline"), headline.text);
  const problems = failure
    ? [{ mood: "unavailable", key: "failure", text: `${waits} ${failure}` },
      { mood: "note", key: "goes on", text: "Reads and writes go on without it; joins and fail-over wait for it." }]
    : problemsOf(state);
  list($("problems"), problems, (problem) => problem.key, () => make("li"), (item, problem) => {
    classify(item, "mood", problem.mood);
    say(item, problem.text);
  });
  say($("freshness"), state === null ? "" : `epoch ${number(state.epoch)} · ${failure ? "last answer" : "live"} ${clock(answeredAt)}`);
  classify(document.body, "stale", String(failure !== ""));
  document.title = state === null ? "RingKV" : `${failure ? "no answer" : state.health} · ${state.cluster} · RingKV`;
}

function showRing() {
  if (state === null) return;
  const groups = groupsOf(runs, state.replication);
  const node = state.nodes.find((each) => each.name === nodes.selected);
  ring.show({ text: state.partitions.runs, runs, total: state.partitions.total, replication: state.replication,
    nodes: state.nodes, found: lookup.found, node, roles: node && roles?.name === node.name ? roles : null });
  say($("ring-text"), ringText(state, groups, lookup.found ? null : node));
  $("which").hidden = groups.length < 2;
  list($("ranges"), groups, (group) => group.label, () => make("div", {}, make("dt"), make("dd")), (item, group) => {
    say(item.firstChild, `${counted(group.count, "partition")}: ${group.label}`);
    say(item.lastChild, rangesText(group.ranges));
  });
}

function showFigures() {
  const now = activity?.nodes.length > 0 ? activity.now : null; // null: no node tells
  const up = state.nodes.filter((node) => node.state === "up").length;
  const racks = new Set(state.nodes.map((node) => node.rack)).size;
  const figures = [
    ["Nodes up", `${number(up)} of ${number(state.nodes.length)}`, `in ${counted(racks, "rack")}`],
    ["Full partitions", `${number(state.partitions.full)} of ${number(state.partitions.total)}`, `${counted(state.replication, "copy", "copies")} each`],
    ["Requests/s", now ? rate(now.writes + now.gets + now.scans) : "–", now ? `${rate(now.writes)} writes, ${rate(now.gets)} reads${now.scans > 0 ? `, ${rate(now.scans)} scans` : ""}` : ""],
    ["Write, p99", latency(now?.write_p99_us), `half within ${latency(now?.write_p50_us)}`],
    ["Read, p99", latency(now?.get_p99_us), `half within ${latency(now?.get_p50_us)}`],
    ["Refused/s", now ? rate(now.refused) : "–", now ? `${bytes(now.received_bytes)}/s in, ${bytes(now.sent_bytes)}/s out` : ""],
  ];
  list($("figures"), figures, ([name]) => name, ([name]) => make("div", {}, make("dt", {}, name), make("dd"), make("dd", { class: "quiet" })),
    (item, [, value, more]) => {
      say(item.children[1], value);
      say(item.children[2], more);
    });
}

function show() {
  showHealth();
  if (state === null) return;
  say($("cluster-name"), state.cluster);
  showRing();
  showFigures();
  nodes.show(state.nodes, activity);
  showMoves({ section: $("moves"), text: $("moves-text"), progress: $("moves-progress"), items: $("moves-list") }, state, pace);
  if (activity) showCharts($("charts"), activity);
  say($("untold"), untoldText(state.nodes, activity));
}

// ---------------------------------------------------------------- what is asked

async function followNode() {
  const name = nodes.selected;
  if (name !== "" && (roles?.name !== name || roles.epoch !== state.epoch)) {
    const answer = await fetchJson(`/api/node?name=${encodeURIComponent(name)}`, [404]).catch(() => null);
    if (name !== nodes.selected) return;
    roles = answer && { name: answer.name, epoch: answer.epoch, text: answer.runs, runs: parseRoles(answer.runs) };
  }
  showRing();
}

async function poll() {
  try {
    [state, activity] = await Promise.all([fetchJson("/api/cluster"), fetchJson("/api/activity")]);
    runs = parseRuns(state.partitions.runs);
    answeredAt = Date.now();
    pace.add(performance.now() / 1000, state.moves.active + state.moves.pending);
    if (failure) events.again();
    failure = "";
  } catch (error) {
    failure = error.name === "TimeoutError" ? "It does not answer in time." :
      error instanceof TypeError ? "It cannot be reached." : `${error.message}.`;
  }
  show();
  if (failure) return;
  await Promise.all([events.poll(fetchJson).catch(() => {}), lookup.follow(state.epoch), nodes.selected ? followNode() : null]);
}

let timer = 0;
async function turn() {
  clearTimeout(timer);
  await poll();
  clearTimeout(timer);
  timer = setTimeout(turn, document.hidden ? HIDDEN : SHOWN);
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) turn();
});
showLegend($("legend"));
turn();
