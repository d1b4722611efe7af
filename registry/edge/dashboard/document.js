// The page's elements. Whatever comes from the cluster enters the page as text, never as HTML: everything is made here,
// of elements, attributes and text nodes.

const SVG = "http://www.w3.org/2000/svg";

export const $ = (id) => document.getElementById(id);

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

// make("p", {class: "quiet"}, "text", another, ...)
export function make(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

export function draw(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

// Changes the page only where it says something else: so nothing that has the focus, or is read aloud, is disturbed.
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function classify(element, name, value) {
  if (element.dataset[name] !== value) element.dataset[name] = value;
}

// The children of `parent` become those of `items`, in order. An item whose key was there before keeps its element:
// `create(item)` makes one, `update(element, item)` fills it.
export function list(parent, items, key, create, update = () => {}) {
  const before = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const name = String(key(item));
    let element = before.get(name);
    before.delete(name);
    if (!element) {
      element = create(item);
      element.dataset.key = name;
    }
    update(element, item);
    if (element === place) place = place.nextElementSibling;
    else parent.insertBefore(element, place);
  }
  for (const left of before.values()) left.remove();
}
