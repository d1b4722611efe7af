// Where a key is: asked of the registry, so that it is hashed as the cluster hashes it.
import { list, make, say } from "./document.js";
import { number } from "./format.js";

// Throws what the registry says is wrong.
async function ask(query) {
  const answer = await fetch(`/api/locate?${query}`, { cache: "no-store" });
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.error);
  return found;
}

const ROLE = { primary: "primary", backup: "copy", learner: "is being copied to", planned: "will be copied to" };

export class Lookup {
  #form;
  #key;
  #encoded;
  #clear;
  #output;
  #changed;
  #query = "";
  #epoch = 0;
  found = null;

  // `changed` is called when another key, or none, is looked at.
  constructor({ form, key, encoded, clear, output, changed }) {
    this.#form = form;
    this.#key = key;
    this.#encoded = encoded;
    this.#clear = clear;
    this.#output = output;
    this.#changed = changed;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#look();
    });
    clear.addEventListener("click", () => this.forget());
    form.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.forget();
    });
  }

  // The map is another one: the answer may be, too.
  async follow(epoch) {
    if (this.#query === "" || epoch === this.#epoch) return;
    this.#epoch = epoch;
    await this.#refresh();
  }

  forget() {
    this.#query = "";
    this.found = null;
    this.#key.value = "";
    this.#show();
    this.#key.focus();
  }

  async #look() {
    const text = this.#key.value;
    if (text === "") return this.forget();
    // A lone surrogate is no text, and no key that can be typed.
    const encoded = this.#encoded.checked ? text : encodeURIComponent(text.toWellFormed?.() ?? text);
    // Of what is percent-encoded already, '&' and '#' alone would end it.
    this.#query = `key=${encoded.replaceAll("&", "%26").replaceAll("#", "%23")}`;
    await this.#refresh();
  }

  async #refresh() {
    const query = this.#query;
    try {
      const found = await ask(query);
      if (query !== this.#query) return;
      this.found = found;
      this.#show();
    } catch (error) {
      if (query !== this.#query) return;
      this.found = null;
      this.#show(error.message);
    }
  }

  #show(problem = "") {
    this.#clear.hidden = this.#query === "";
    const found = this.found;
    if (!found) {
      this.#output.replaceChildren(...(problem ? [make("p", { class: "problem" }, problem)] : []));
      return this.#changed();
    }
    const state = !found.available ? "it is not served now" : found.full ? "all its copies are there" : "a copy lacks";
    if (!this.#output.querySelector("ul")) this.#output.replaceChildren(make("p"), make("ul"));
    say(this.#output.querySelector("p"), `Partition ${number(found.partition)}, view ${found.view}: ${state}.`);
    list(this.#output.querySelector("ul"), found.members, (member) => member.name,
      () => make("li", {}, make("strong"), make("span")),
      (item, member) => {
        item.dataset.role = member.role;
        say(item.firstChild, member.name);
        say(item.lastChild, `${ROLE[member.role] ?? member.role}, ${member.rack || "no rack"}` +
          (member.state === "up" ? "" : `, ${member.state}`));
      });
    this.#changed();
  }
}
