// Numbers and times, as people read them. Pure functions.

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 });

export const number = (value) => whole.format(value);

export function counted(value, thing, things = `${thing}s`) {
  return `${number(value)} ${value === 1 ? thing : things}`;
}

// Per second: 0.4, 12, 1,234, 45.6k.
export function rate(value) {
  if (value >= 1e6) return `${tenths.format(value / 1e6)}M`;
  if (value >= 1e4) return `${tenths.format(value / 1e3)}k`;
  return value < 10 ? tenths.format(value) : whole.format(value);
}

export function bytes(value) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  while (value >= 1024 && unit + 1 < units.length) {
    value /= 1024;
    ++unit;
  }
  return `${value < 10 && unit > 0 ? tenths.format(value) : whole.format(value)} ${units[unit]}`;
}

// Microseconds. A percentile is known to a factor of two or so: two digits are enough.
export function latency(value) {
  if (value === null || value === undefined) return "–";
  if (value < 1000) return `${whole.format(Number(value.toPrecision(2)))} µs`;
  if (value < 1e6) return `${tenths.format(Number((value / 1000).toPrecision(2)))} ms`;
  return `${tenths.format(Number((value / 1e6).toPrecision(2)))} s`;
}

// How long, in seconds: 0.4 s, 12 s, 3 min, 2 h.
export function span(seconds) {
  if (seconds < 1) return "less than 1 s";
  if (seconds < 100) return `${whole.format(seconds)} s`;
  if (seconds < 5400) return `${whole.format(seconds / 60)} min`;
  return `${tenths.format(seconds / 3600)} h`;
}

export const clock = (milliseconds) => new Date(milliseconds).toLocaleTimeString("en-GB");

// A few of many: "n1, n2, n3 and 9 more".
export function some(items, most = 5) {
  if (items.length <= most) return items.join(", ");
  return `${items.slice(0, most).join(", ")} and ${number(items.length - most)} more`;
}
