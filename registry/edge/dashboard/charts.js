// The last minutes, as lines. Each chart says in words what it shows.
import { draw, list, make, say } from "./document.js";
import { bytes, latency, rate, span } from "./format.js";

const WIDTH = 300;
const HEIGHT = 84;

const CHARTS = [
  { name: "requests", title: "Requests a second", unit: rate, least: 10,
    lines: [{ key: "writes", label: "writes" }, { key: "gets", label: "reads" }] },
  { name: "latency", title: "Time until 99 of 100 are answered", unit: latency, least: 1000,
    lines: [{ key: "write_p99_us", label: "writes" }, { key: "get_p99_us", label: "reads" }] },
  { name: "refused", title: "Refused requests a second", unit: rate, least: 10, lines: [{ key: "refused", label: "refused" }] },
  { name: "traffic", title: "Clients' traffic a second", unit: bytes, least: 1024,
    lines: [{ key: "received_bytes", label: "in" }, { key: "sent_bytes", label: "out" }] },
];

// The next of 1, 2, 5, 10, 20, ... : a scale that does not jump with every reading.
// Of bytes, powers of 2.
export function ceiling(value, least) {
  let top = least;
  for (let step = 0; top < value; ++step) top *= step % 3 === 1 && least % 1024 !== 0 ? 2.5 : 2;
  return top;
}

// A line with gaps where nothing is known.
export function pathOf(values, top, width, height) {
  let path = "";
  let pen = "M";
  values.forEach((value, index) => {
    if (value === null || value === undefined) {
      pen = "M";
      return;
    }
    const x = values.length < 2 ? 0 : (index / (values.length - 1)) * width;
    const y = height - 1.5 - (Math.min(value, top) / top) * (height - 3);
    // A reading without neighbours would be no line at all.
    const alone = pen === "M" && (values[index + 1] === null || values[index + 1] === undefined);
    path += `${pen}${x.toFixed(1)} ${y.toFixed(1)}${alone ? "h1.5" : ""}`;
    pen = "L";
  });
  return path;
}

const highest = (values) => values.reduce((most, value) => (value === null ? most : Math.max(most, value)), 0);

function create(chart) {
  const plot = draw("svg", { class: "plot", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img" },
    draw("path", { class: "grid", d: `M0 1.5H${WIDTH}M0 ${HEIGHT / 2}H${WIDTH}M0 ${HEIGHT - 1.5}H${WIDTH}` }),
    ...chart.lines.map((_, index) => draw("path", { class: `series line-${index}` })));
  const legend = make("ul", { class: "readings" }, ...chart.lines.map((line, index) =>
    make("li", {}, draw("svg", { class: "swatch", viewBox: "0 0 22 8", width: 22, height: 8, "aria-hidden": "true" },
      draw("path", { class: `series line-${index}`, d: "M1 4H21" })), `${line.label} `, make("strong"))));
  return make("div", { class: "chart" }, make("h3", {}, chart.title), legend,
    make("div", { class: "frame" }, plot, make("span", { class: "top" }), make("span", { class: "begin" }),
      make("span", { class: "end" }, "now")));
}

function update(element, { chart, activity }) {
  const values = chart.lines.map((line) => activity.series[line.key]);
  const now = chart.lines.map((line) => activity.now[line.key]);
  const top = ceiling(Math.max(...values.map(highest)), chart.least);
  const seconds = values[0].length * activity.slot_seconds;
  element.querySelectorAll(".readings strong").forEach((reading, index) => say(reading, chart.unit(now[index])));
  element.querySelectorAll(".plot .series").forEach((path, index) =>
    path.setAttribute("d", pathOf(values[index], top, WIDTH, HEIGHT)));
  say(element.querySelector(".top"), chart.unit(top));
  say(element.querySelector(".begin"), `${span(seconds)} ago`);
  const words = chart.lines.map((line, index) =>
    `${line.label}: now ${chart.unit(now[index])}, at most ${chart.unit(highest(values[index]))}`);
  element.querySelector(".plot").setAttribute("aria-label", `${chart.title}, the last ${span(seconds)}. ${words.join("; ")}.`);
}

export function showCharts(parent, activity) {
  // What is refused is worth a picture only if something is.
  const shown = CHARTS.filter((chart) => chart.name !== "refused" || highest(activity.series.refused) > 0);
  list(parent, shown.map((chart) => ({ chart, activity })), ({ chart }) => chart.name, ({ chart }) => create(chart), update);
}

// A small one without an axis, for a cell of a table.
export function sparkline() {
  return draw("svg", { class: "spark", viewBox: "0 0 80 20", width: 80, height: 20, preserveAspectRatio: "none", "aria-hidden": "true" },
    draw("path", { class: "series line-0" }));
}
export function showSparkline(svg, values, top) {
  svg.firstChild.setAttribute("d", pathOf(values, Math.max(top, 1), 80, 20));
}
