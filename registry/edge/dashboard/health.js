// How it is, in one line, and then what matters. Pure functions of what /api/cluster says.
import { counted, number, some, span } from "./format.js";
import { MOST_COLUMNS } from "./partitions.js";

const lacks = (state) => state.partitions.total - state.partitions.full;

// -> {mood, text}; mood: ok, degraded, unavailable, forming.
export function headlineOf(state) {
  const { partitions, nodes, replication } = state;
  const up = nodes.filter((node) => node.state === "up").length;
  switch (state.health) {
    case "ok":
      return { mood: "ok", text: `Healthy: ${partitions.total === 1 ? "the partition has" : `all ${number(partitions.total)} partitions have`} ` +
        `${counted(replication, "copy", "copies")}, on ${counted(up, "node")}.` };
    case "degraded":
      return { mood: "degraded",
        text: `Degraded: ${number(lacks(state))} of ${counted(partitions.total, "partition")} lack a copy. All are served.` };
    case "unavailable":
      return { mood: "unavailable",
        text: `Unavailable: ${number(partitions.unavailable)} of ${counted(partitions.total, "partition")} are not served.` };
    case "forming":
      return { mood: "forming", text: "No cluster yet: the registry waits for nodes to join." };
    default:
      return { mood: "degraded", text: `The registry says: ${state.health}.` };
  }
}

function aboutNodes({ nodes, repair_after_ms }) {
  const items = [];
  for (const node of nodes) {
    if (node.state === "down") {
      const seconds = node.silent_ms === undefined ? "" : `, silent for ${span(node.silent_ms / 1000)}`;
      const then = node.duty === "absent" ? "Its copies are made elsewhere."
        : node.duty === "leaving" || node.duty === "draining" ? "It gives its copies away."
        : node.copies + node.awaiting === 0 ? "It holds nothing."
        : `It is waited for until ${span(repair_after_ms / 1000)} have passed; then its copies are made elsewhere.`;
      items.push({ mood: "degraded", key: `down ${node.name}`, text: `${node.name} (${node.rack}) is down${seconds}. ${then}` });
    } else if (node.state === "stopping") {
      items.push({ mood: "note", key: `stopping ${node.name}`, text: `${node.name} (${node.rack}) is stopping: it hands over, and ends.` });
    } else if (node.duty !== "") {
      const text = { draining: `is being emptied: ${counted(node.copies, "copy", "copies")} left.`, drained: "is drained: it may be stopped.",
        leaving: `leaves: ${counted(node.copies, "copy", "copies")} left.` }[node.duty] ?? `is ${node.duty}.`;
      items.push({ mood: "note", key: `${node.duty} ${node.name}`, text: `${node.name} ${text}` });
    }
  }
  if (items.length <= 8) return items;
  const down = nodes.filter((node) => node.state === "down").map((node) => node.name);
  return [{ mood: "degraded", key: "many", text: `${number(down.length)} of ${counted(nodes.length, "node")} are down: ${some(down, 12)}.` },
    ...items.filter((item) => item.mood === "note").slice(0, 7)];
}

// -> [{mood, key, text}], the worst first; mood: unavailable, degraded, note.
export function problemsOf(state) {
  const items = [];
  const add = (mood, key, text) => items.push({ mood, key, text });
  const { partitions, nodes, moves, registry } = state;
  if (registry.standing_aside) add("unavailable", "aside", `The registry stands aside: ${registry.standing_aside}.`);
  if (registry.stands_still)
    add("unavailable", "still", "The registry's disk stores nothing: no node can join, and no other can take over.");
  if (partitions.lost > 0)
    add("unavailable", "lost", `${counted(partitions.lost, "partition")} lost: no copy is left. docs/operations.md says how to begin anew.`);
  if (partitions.unavailable > partitions.lost)
    add("unavailable", "unserved", "What is not served comes back when one of its members does; a backup that is up takes over within a second.");
  if (moves.frozen) add("degraded", "frozen", `No copies are made: ${moves.frozen}.`);
  items.push(...aboutNodes(state));
  const holding = nodes.filter((node) => node.state === "up" && node.duty === "").length;
  if (partitions.total > 0 && holding < state.replication)
    add("degraded", "few", `${counted(state.replication, "copy needs", "copies need")} as many nodes; ${number(holding)} ${holding === 1 ? "is" : "are"} up.`);
  return items;
}

// The picture, in words. `node`: the one whose copies are marked, if any.
export function ringText(state, groups, node) {
  if (state.partitions.total === 0) return "There are no partitions yet.";
  const parts = groups.map((group) => `${number(group.count)} ${group.label}`);
  const marked = node ? ` Marked is what ${node.name} has: ${counted(node.primaries, "primary", "primaries")} by long marks, ` +
    `${counted(node.copies - node.primaries, "other copy", "other copies")} by short ones.` : "";
  const worst = state.partitions.total > MOST_COLUMNS ? " Where there is no room for each, the worst of its neighbours is shown." : "";
  return `${counted(state.partitions.total, "partition")} around a ring: ${parts.join("; ")}.${worst}${marked}`;
}
