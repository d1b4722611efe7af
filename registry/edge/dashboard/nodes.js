// The table of nodes. Each name is a button: what the node has is then shown on the ring.
import { showSparkline, sparkline } from "./charts.js";
import { classify, list, make, say } from "./document.js";
import { bytes, latency, number, rate, span } from "./format.js";

const STATES = { up: "● up", down: "✕ down", stopping: "▽ stopping" };

function stateText(node) {
  const state = STATES[node.state] ?? node.state;
  const silent = node.state === "down" && node.silent_ms !== undefined ? ` for ${span(node.silent_ms / 1000)}` : "";
  return `${state}${silent}${node.duty ? `, ${node.duty}` : ""}`;
}

function copiesText(node) {
  const coming = node.receiving + node.awaiting;
  return `${number(node.copies)}${coming > 0 ? ` + ${number(coming)} to come` : ""}`;
}

function memoryText(told) {
  if (!told) return "–";
  return told.memory_limit_bytes > 0 ? `${bytes(told.memory_bytes)} of ${bytes(told.memory_limit_bytes)}` : bytes(told.memory_bytes);
}

const requestsOf = (told) => (told ? told.writes + told.gets + told.scans : 0);

// {title, numeric, text(node, told)}; `told`: what /api/activity says of it, if the node tells anything.
const COLUMNS = [
  { title: "Node" },
  { title: "Rack", text: (node) => node.rack },
  { title: "State", text: stateText },
  { title: "Primaries", numeric: true, text: (node) => number(node.primaries) },
  { title: "Copies", numeric: true, text: copiesText },
  { title: "Requests/s", numeric: true, text: (node, told) => (told && node.state !== "down" ? rate(requestsOf(told)) : "–") },
  { title: "Write p99", numeric: true, text: (node, told) => latency(told?.write_p99_us) },
  { title: "Read p99", numeric: true, text: (node, told) => latency(told?.get_p99_us) },
  { title: "Memory", numeric: true, text: (node, told) => (node.state === "down" ? "–" : memoryText(told)) },
  { title: "Durability", text: (node) => node.durability },
  { title: "Address", text: (node) => node.address },
];
const REQUESTS = COLUMNS.findIndex((column) => column.title === "Requests/s");

export class Nodes {
  #body;
  #changed;
  selected = ""; // a node's name

  // `changed` is called when another node, or none, is selected.
  constructor(head, body, changed) {
    this.#body = body;
    this.#changed = changed;
    head.replaceChildren(...COLUMNS.map((column) =>
      make("th", { role: "columnheader", scope: "col", class: column.numeric ? "numeric" : undefined }, column.title)));
    body.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.#select("");
    });
  }

  #select(name) {
    this.selected = name;
    for (const button of this.#body.querySelectorAll("button"))
      button.setAttribute("aria-pressed", String(button.dataset.name === name));
    this.#changed();
  }

  #row(node) {
    const button = make("button", { type: "button", "aria-pressed": "false", title: "Shows on the ring what it has" });
    button.dataset.name = node.name;
    button.addEventListener("click", () => this.#select(this.selected === node.name ? "" : node.name));
    const cells = COLUMNS.map((column, index) => index === 0
      ? make("th", { role: "rowheader", scope: "row" }, button)
      : make("td", { role: "cell", "data-label": column.title, class: column.numeric ? "numeric" : undefined },
        ...(index === REQUESTS ? [sparkline()] : []), make("span")));
    return make("tr", { role: "row" }, ...cells);
  }

  show(nodes, activity) {
    const told = new Map((activity?.nodes ?? []).map((node) => [node.name, node]));
    const top = Math.max(0, ...[...told.values()].flatMap((node) => node.requests).filter((value) => value !== null));
    if (this.selected && !nodes.some((node) => node.name === this.selected)) this.#select("");
    list(this.#body, nodes, (node) => node.name, (node) => this.#row(node), (row, node) => {
      const tells = told.get(node.name);
      classify(row, "state", node.state);
      classify(row, "duty", node.duty);
      say(row.querySelector("button"), node.name);
      [...row.children].forEach((cell, index) => {
        if (index > 0) say(cell.lastChild, COLUMNS[index].text(node, tells));
      });
      showSparkline(row.querySelector(".spark"), tells?.requests ?? [], top);
    });
  }
}

// Which nodes that are up do not tell what they do.
export function untoldText(nodes, activity) {
  const told = new Set((activity?.nodes ?? []).map((node) => node.name));
  const silent = nodes.filter((node) => node.state === "up" && !told.has(node.name)).map((node) => node.name);
  if (silent.length === 0) return "";
  const most = 6;
  const names = silent.length > most ? `${silent.slice(0, most).join(", ")} and ${silent.length - most} more` : silent.join(", ");
  return `Without ${names}: ${silent.length === 1 ? "it has" : "they have"} just started, or ${silent.length === 1 ? "is" : "are"} of a release that does not tell.`;
}
