// The picture: around it the hash ring, as many bands as there are copies, with what lacks left open; within it the
// nodes, rack by rack; and for a partition that is looked at, lines from its place to its copies.
import { draw, list, make } from "./document.js";
import { number } from "./format.js";
import { columnsOf } from "./partitions.js";

const OUTER = 296; // of the hash ring
const DEPTH = 54; // of all its bands
const GAP = 3; // between bands
const RACKS = 203;
const BEADS = 155;
const TURN = 2 * Math.PI;

function point(radius, share) {
  const angle = share * TURN - TURN / 4; // 0 is at the top
  return [radius * Math.cos(angle), radius * Math.sin(angle)];
}
const at = (radius, share) => point(radius, share).map((value) => value.toFixed(2)).join(" ");

// The outline of a piece of a ring.
function piece(outer, inner, from, to) {
  if (to - from >= 1) return piece(outer, inner, 0, 0.5) + piece(outer, inner, 0.5, 0.99999);
  const large = to - from > 0.5 ? 1 : 0;
  return `M${at(outer, from)}A${outer} ${outer} 0 ${large} 1 ${at(outer, to)}` +
    `L${at(inner, to)}A${inner} ${inner} 0 ${large} 0 ${at(inner, from)}Z`;
}

function arc(radius, from, to) {
  const large = to - from > 0.5 ? 1 : 0;
  return `M${at(radius, from)}A${radius} ${radius} 0 ${large} 1 ${at(radius, Math.min(to, from + 0.99999))}`;
}

const band = (index, bands) => {
  const width = (DEPTH + GAP) / bands;
  const outer = OUTER - index * width;
  return [outer, outer - Math.max(width - GAP, width * 0.6)];
};

// One path for each kind of piece, however many pieces there are.
function bandsOf(columns, bands, replication) {
  const paths = new Map();
  const add = (name, outline) => paths.set(name, (paths.get(name) ?? "") + outline);
  for (const column of columns) {
    const out = column.service === "x" || column.service === "l";
    for (let index = 0; index < bands; ++index) {
      const [outer, inner] = band(index, bands);
      const outline = piece(outer, inner, column.from, column.to);
      if (index < column.live) add(out ? "copy out" : "copy", outline);
      else if (index < column.live + column.making) add("copy making", outline);
      // Not by its colour alone: what lacks is thin, and what is not served stands out.
      else if (index < replication) add(out ? "copy out" : "copy lacking", piece((outer + inner) / 2 + 1.5, (outer + inner) / 2 - 1.5, column.from, column.to));
    }
    if (out) add("spike", piece(OUTER + 9, OUTER + 3, column.from, Math.max(column.to, column.from + 0.002)));
  }
  return [...paths].map(([name, outline]) => draw("path", { class: name, d: outline }));
}

// Where each node stands: rack by rack, with a gap between racks, in as many rows as it takes.
export function placesOf(nodes) {
  const racks = new Map();
  for (const node of nodes) racks.set(node.rack, [...(racks.get(node.rack) ?? []), node.name]);
  const names = [...racks.keys()].sort((left, right) => left.localeCompare(right, "en", { numeric: true }));
  const rows = nodes.length > 160 ? 3 : nodes.length > 40 ? 2 : 1;
  const gap = names.length > 1 ? Math.min(0.04, 0.3 / names.length) : 0;
  const slots = [...racks.values()].reduce((sum, of) => sum + Math.ceil(of.length / rows), 0);
  const step = (1 - gap * (names.length > 1 ? names.length : 0)) / Math.max(1, slots);
  const size = Math.min(28, (step * TURN * BEADS) / 2.3, rows > 1 ? 26 / rows : 28);
  const beads = new Map();
  const bows = [];
  let share = 0;
  for (const rack of names) {
    const from = share;
    racks.get(rack).forEach((name, index) => {
      const place = from + (Math.floor(index / rows) + 0.5) * step;
      const radius = BEADS + ((index % rows) - (rows - 1) / 2) * size * 2.3;
      beads.set(name, { share: place, radius, size });
    });
    const length = Math.ceil(racks.get(rack).length / rows) * step;
    bows.push({ rack, from, to: from + length });
    share += length + gap;
  }
  return { beads, bows };
}

function shortened(text, most) {
  const letters = [...text];
  return letters.length <= most ? text : `${letters.slice(0, Math.max(1, most - 1)).join("")}…`;
}

const SIGNS = { down: "✕", stopping: "▽" };

function beadOf(node, place, role) {
  const [x, y] = point(place.radius, place.share);
  const group = draw("g", { class: `bead ${node.state}${node.duty ? " away" : ""}${role ? ` ${role}` : ""}` },
    draw("title", {}, `${node.name}, ${node.rack}: ${node.state}${node.duty ? `, ${node.duty}` : ""}`),
    draw("circle", { cx: x.toFixed(1), cy: y.toFixed(1), r: place.size.toFixed(1) }));
  if (place.size < 11) return group;
  const letters = Math.floor(place.size / 4.4);
  const sign = SIGNS[node.state];
  group.append(draw("text", { x: x.toFixed(1), y: (y + (sign ? -1 : 4.5)).toFixed(1), class: "name" },
    shortened(node.name, letters)));
  if (sign) group.append(draw("text", { x: x.toFixed(1), y: (y + 13).toFixed(1), class: "sign" }, sign));
  return group;
}

// A rack's bow, and its name along it: read from the left wherever it stands.
function bowOf({ rack, from, to }, index) {
  const group = draw("g", { class: "rack" });
  const middle = (from + to) / 2;
  group.append(draw("path", { class: "bow", d: arc(RACKS, from + 0.004, Math.max(from + 0.006, to - 0.004)) }));
  const letters = Math.floor(((to - from) * TURN * RACKS) / 8);
  if (letters < 3) return group;
  const below = middle > 0.25 && middle < 0.75;
  const radius = below ? RACKS + 17 : RACKS + 7;
  const span = Math.min(0.49, (to - from) / 2 + 0.02);
  const line = below
    ? `M${at(radius, middle + span)}A${radius} ${radius} 0 0 0 ${at(radius, middle - span)}`
    : `M${at(radius, middle - span)}A${radius} ${radius} 0 0 1 ${at(radius, middle + span)}`;
  group.append(draw("path", { id: `bow-${index}`, d: line, fill: "none" }),
    draw("text", { class: "rack-name" },
      draw("textPath", { href: `#bow-${index}`, startOffset: "50%" }, shortened(rack, letters))));
  return group;
}

const ROLES = { primary: 0, backup: 1, learner: 2, planned: 3 };

// From one share of the ring to another, the shorter way round.
const shorter = (from, to) => ((to - from + 1.5) % 1) - 0.5;

// From the partition's place on the ring to each of its nodes.
function linesOf(found, total, places, bands) {
  const from = found.partition / total;
  const to = (found.partition + 1) / total;
  const middle = (from + to) / 2;
  const width = Math.max(to - from, 0.004);
  const inner = band(bands - 1, bands)[1];
  const marks = [draw("path", { class: "mark", d: piece(OUTER + 14, inner - 7, middle - width / 2, middle + width / 2) })];
  for (const member of [...found.members].sort((left, right) => ROLES[right.role] - ROLES[left.role])) {
    const place = places.beads.get(member.name);
    if (!place) continue;
    const way = shorter(middle, place.share); // 0: beside it, 0.5: opposite
    const bend = point(BEADS * (1 - 2 * Math.abs(way)), middle + way / 2);
    const [x, y] = point(place.radius, place.share);
    marks.push(draw("path", { class: `line ${member.role}`,
      d: `M${at(inner - 7, middle)}Q${bend.map((value) => value.toFixed(1)).join(" ")} ${x.toFixed(1)} ${y.toFixed(1)}` }));
  }
  return marks;
}

function holdingsOf(roles, total, bands) {
  const inner = band(bands - 1, bands)[1];
  const outlines = { p: "", b: "", l: "" };
  for (const run of roles.runs)
    if (run.role in outlines)
      outlines[run.role] += piece(inner - 4, inner - (run.role === "p" ? 16 : 10), run.first / total,
        Math.max((run.first + run.count) / total, run.first / total + 0.0008));
  return Object.entries(outlines).filter(([, outline]) => outline !== "")
    .map(([role, outline]) => draw("path", { class: `held ${role}`, d: outline }));
}

function middleOf(view) {
  const lines = view.found
    ? [[number(view.found.partition), "figure"], ["is its partition", "unit"]]
    : view.node
      ? [[view.node.name, "figure"], [`${number(view.node.primaries)} primaries`, "unit"],
        [`${number(view.node.copies)} copies`, "unit"]]
      : view.total === 0
        ? [["…", "figure"], ["no cluster yet", "unit"]]
        : [[number(view.total), "figure"], [view.total === 1 ? "partition" : "partitions", "unit"],
          [view.replication === 1 ? "1 copy of each" : `${view.replication} copies of each`, "unit"]];
  const size = lines[0][0].length > 8 ? "small" : "large";
  return lines.map(([text, kind], index) =>
    draw("text", { class: `middle ${kind} ${size}`, y: kind === "figure" ? 2 : 6 + index * 21 }, text));
}

// Draws it anew where it has changed. view: {runs, total, replication, nodes, found, roles, node}; `found` is what the
// registry says of a key, `roles` what a node has.
export class Ring {
  #svg;
  #drawn = "";
  constructor(svg) {
    this.#svg = svg;
  }

  show(view) {
    const drawn = JSON.stringify([view.text, view.total, view.replication, view.found, view.roles?.text, view.node?.name,
      view.nodes.map((node) => [node.name, node.rack, node.state, node.duty, node.primaries, node.copies])]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const copies = Math.max(1, view.replication, ...view.runs.map((run) => Math.min(run.live + run.making, 16)));
    const places = placesOf(view.nodes);
    const role = new Map((view.found?.members ?? []).map((member) => [member.name, `chosen ${member.role}`]));
    if (view.node) role.set(view.node.name, "chosen primary");
    const quarters = view.total < 4 ? [] : [0, 0.25, 0.5, 0.75].map((share) => {
      const [x, y] = point(OUTER + 18, share);
      const side = { 0.25: "right", 0.75: "left" }[share] ?? "middle";
      return draw("text", { class: `quarter ${side}`, x: x.toFixed(1), y: (y + 4).toFixed(1) }, number(view.total * share));
    });
    this.#svg.replaceChildren(
      draw("g", { "aria-hidden": "true" },
        ...bandsOf(columnsOf(view.runs, view.total), copies, view.replication), ...quarters,
        ...places.bows.map(bowOf),
        ...(view.found ? linesOf(view.found, view.total, places, copies) : []),
        ...(view.roles && !view.found ? holdingsOf(view.roles, view.total, copies) : []),
        ...view.nodes.map((node) => beadOf(node, places.beads.get(node.name), role.get(node.name))),
        ...(view.found ? [] : middleOf(view))));
  }
}

const LEGEND = [
  ["live", "a copy"],
  ["lacking", "a copy that lacks"],
  ["making", "a copy being made"],
  ["out", "not served"],
];

export function showLegend(element) {
  list(element, LEGEND, ([name]) => name,
    ([name, text]) => make("li", {}, swatch(name), text));
}

function swatch(name) {
  return draw("svg", { class: "swatch", viewBox: "0 0 22 14", width: 22, height: 14, "aria-hidden": "true" },
    draw("rect", { class: `copy ${name}`, x: 1, y: { out: 5, lacking: 6 }[name] ?? 3, width: 20, height: name === "lacking" ? 3 : 9 }),
    ...(name === "out" ? [draw("rect", { class: "spike", x: 1, y: 0, width: 20, height: 2.5 })] : []));
}
