// What the registry says of all partitions in one text (docs/http-api.md, "runs"): "1020f3 u2+1 3x0" is 1020 partitions
// that are full with 3 copies, one that is under-replicated with 2 and gets one more, 3 that are unavailable. Pure
// functions.
import { number } from "./format.js";

export const SERVICES = {
  f: { name: "full", worse: 0 },
  u: { name: "under-replicated", worse: 2 },
  x: { name: "unavailable", worse: 3 },
  l: { name: "lost", worse: 4 },
};

// -> [{first, count, service, live, making}], in order, without gaps. Throws on anything else: the page then says that
// it does not understand the registry.
export function parseRuns(text) {
  const runs = [];
  let first = 0;
  for (const word of text.split(" ").filter((part) => part !== "")) {
    const match = /^(\d*)([fuxl])(\d+)(?:\+(\d+))?$/.exec(word);
    if (!match) throw new Error(`what is '${word}'?`);
    const count = match[1] === "" ? 1 : Number(match[1]);
    runs.push({ first, count, service: match[2], live: Number(match[3]), making: Number(match[4] ?? 0) });
    first += count;
  }
  return runs;
}

// The same of what one node has: "3p 2b -" -> [{first, count, role}].
export function parseRoles(text) {
  const runs = [];
  let first = 0;
  for (const word of text.split(" ").filter((part) => part !== "")) {
    const match = /^(\d*)([pblw-])$/.exec(word);
    if (!match) throw new Error(`what is '${word}'?`);
    const count = match[1] === "" ? 1 : Number(match[1]);
    runs.push({ first, count, role: match[2] });
    first += count;
  }
  return runs;
}

const same = (left, right) => left.service === right.service && left.live === right.live && left.making === right.making;

function worse(left, right) {
  const rank = (of) => [SERVICES[of.service].worse, -of.live, of.making];
  const [a, b] = [rank(left), rank(right)];
  for (let i = 0; i < a.length; ++i) if (a[i] !== b[i]) return a[i] > b[i] ? left : right;
  return left;
}

export const MOST_COLUMNS = 1024;

// Columns for the picture: [{from, to, service, live, making}], `from` and `to` being shares of the ring. There are so
// many at most, however many partitions: one that stands for several shows the worst of them. Neighbours that are equal
// are one.
export function columnsOf(runs, total) {
  const width = Math.max(1, total / MOST_COLUMNS);
  const columns = [];
  const add = (from, to, of) => {
    const last = columns.at(-1);
    if (last && same(last, of)) last.to = to;
    else columns.push({ from, to, service: of.service, live: of.live, making: of.making });
  };
  let open = null; // a column that is not full yet
  for (const run of runs) {
    let at = run.first;
    const end = run.first + run.count;
    while (at < end) {
      const column = Math.floor(at / width);
      const edge = Math.min(total, Math.ceil((column + 1) * width));
      const next = Math.min(end, edge);
      open = open && open.column === column ? { column, of: worse(open.of, run) } : { column, of: run };
      if (next === edge) {
        add(Math.min(1, (column * width) / total), Math.min(1, ((column + 1) * width) / total), open.of);
        open = null;
      }
      at = next;
    }
  }
  return columns;
}

// -> [{label, count, ranges: [[first, last], ...]}], the worst first: which partitions are in which state.
export function groupsOf(runs, replication) {
  const groups = new Map();
  for (const run of runs) {
    const label = labelOf(run, replication);
    const group = groups.get(label) ?? { label, service: run.service, live: run.live, count: 0, ranges: [] };
    group.count += run.count;
    const last = group.ranges.at(-1);
    if (last && last[1] + 1 === run.first) last[1] += run.count;
    else group.ranges.push([run.first, run.first + run.count - 1]);
    groups.set(label, group);
  }
  return [...groups.values()].sort(
    (left, right) => SERVICES[right.service].worse - SERVICES[left.service].worse || left.live - right.live);
}

function labelOf(run, replication) {
  const copies = `${run.live} of ${replication} copies`;
  if (run.service === "l") return "lost: no copy is left";
  if (run.service === "x") return `unavailable: the primary is down, ${copies} live`;
  return `${run.service === "f" ? "full" : `with ${copies}`}${run.making > 0 ? ` and ${run.making} more being made` : ""}`;
}

// "0–3, 7, 9–12 and 40 more ranges".
export function rangesText(ranges, most = 60) {
  const words = ranges.slice(0, most).map(([first, last]) =>
    first === last ? String(first) : `${first}${last === first + 1 ? ", " : "–"}${last}`);
  const left = ranges.length - most;
  return words.join(", ") + (left > 0 ? ` and ${number(left)} more ranges` : "");
}
