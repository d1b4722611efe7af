// Copies on the move: how many, which, and how long it may take at the pace of the last minute.
import { list, make, say } from "./document.js";
import { counted, number, span } from "./format.js";

const WINDOW = 60; // seconds
const LEAST = 10; // seconds, before a pace is a pace

// Watches how many copies are still to be made. The estimate takes the pace for what it was; it is none until some
// copies were finished in ten seconds at least.
export class Pace {
  #readings = [];
  most = 0; // since the last time that nothing moved, or that more was planned

  add(seconds, left) {
    const last = this.#readings.at(-1);
    if (left === 0 || (last && left > last.left)) this.#readings = [];
    this.most = left === 0 ? 0 : Math.max(this.most, left);
    this.#readings.push({ seconds, left });
    while (seconds - this.#readings[0].seconds > WINDOW) this.#readings.shift();
  }

  // Seconds; null: it cannot be told yet.
  get rest() {
    const first = this.#readings[0];
    const last = this.#readings.at(-1);
    if (!first || last.seconds - first.seconds < LEAST || last.left >= first.left) return null;
    return (last.left * (last.seconds - first.seconds)) / (first.left - last.left);
  }
}

// `held`: how many of those that are to be made wait for a node that is not up.
export function movesText(moves, pace, held = 0) {
  const wait = held === 0 ? "" : held >= moves.pending ? ", which wait for nodes that are down" : `, ${number(held)} of which wait for nodes that are down`;
  const text = `${counted(moves.active, "copy", "copies")} being made, ${number(moves.pending)} to be made${wait}.`;
  if (moves.frozen) return `${text} Nothing moves: ${moves.frozen}.`;
  return pace.rest === null ? text : `${text} About ${span(pace.rest)} at the pace of the last minute.`;
}

export function showMoves({ section, text, progress, items }, { moves, nodes }, pace) {
  const held = nodes.filter((node) => node.state !== "up").reduce((sum, node) => sum + node.awaiting, 0);
  const left = moves.active + moves.pending;
  section.hidden = left === 0;
  if (left === 0) return;
  say(text, movesText(moves, pace, held));
  progress.max = Math.max(pace.most, 1);
  progress.value = pace.most - left;
  list(items, moves.list, (move) => `${move.partition} ${move.to}`, () => make("li"),
    (item, move) => say(item, `partition ${number(move.partition)}: ${move.from} → ${move.to}`));
}
