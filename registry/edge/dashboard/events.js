// The registry's log of events, newest first. A registry without one answers 404: then there is no such section.
import { list, make, say } from "./document.js";

const MOST = 200;

export class Events {
  #section;
  #list;
  #events = [];
  #last = 0;
  #there = true;

  constructor(section, element) {
    this.#section = section;
    this.#list = element;
  }

  // Another registry may have another log, or one: it is asked for again.
  again() {
    this.#there = true;
    this.#last = 0;
    this.#events = [];
  }

  async poll(fetchJson) {
    if (!this.#there) return;
    // At first the newest, then what came after them.
    const query = this.#last === 0 ? `limit=${MOST}` : `after=${this.#last}`;
    const answer = await fetchJson(`/api/events?${query}`, [404]);
    this.#there = answer !== null;
    this.#section.hidden = !this.#there;
    if (!this.#there || answer.events.length === 0) return;
    this.#last = Math.max(this.#last, ...answer.events.map((event) => event.id));
    this.#events = [...this.#events, ...answer.events].slice(-MOST);
    list(this.#list, this.#events.toReversed(), (event) => event.id, (event) => this.#item(event));
  }

  #item(event) {
    const time = make("time", { datetime: event.time });
    const moment = new Date(event.time);
    say(time, Number.isNaN(moment.getTime()) ? event.time : moment.toLocaleString("en-GB", { hour12: false }));
    const because = event.cause === undefined ? "" : ` (because of ${event.cause})`;
    return make("li", { "data-kind": event.kind }, make("span", { class: "number" }, String(event.id)), time,
      make("span", { class: "kind" }, event.kind.replaceAll("_", " ")), make("span", { class: "text" }, event.text + because));
  }
}
