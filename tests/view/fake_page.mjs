// As much of a page and of a widget's model as lists and buttons use, for node's test runner.

export class Element {
  constructor(tag) {
    Object.assign(this, { tag, children: [], dataset: {}, attributes: {}, slots: {}, classes: new Set() });
    Object.assign(this, { className: "", hidden: false, parent: null, own: "" });
    this.classList = { toggle: (name, on) => (on ? this.classes.add(name) : this.classes.delete(name)) };
  }

  get textContent() {
    return this.own + this.children.map((child) => child.textContent ?? child).join("");
  }

  set textContent(text) {
    this.own = text;
    this.children = [];
  }

  set innerHTML(_) {
    throw new Error("texts are set as text");
  }

  append(...children) {
    for (const child of children) if (child instanceof Element) child.parent = this;
    this.children.push(...children);
  }

  replaceChildren(...children) {
    this.children = [];
    this.append(...children);
  }

  remove() {
    this.parent?.children.splice(this.parent.children.indexOf(this), 1);
    this.parent = null;
  }

  all() {
    return this.children.flatMap((child) => (child instanceof Element ? [child, ...child.all()] : []));
  }

  is(selector) {
    return this.className.split(" ").includes(selector.slice(1));
  }

  querySelector(selector) {
    return this.all().find((each) => each.is(selector)) ?? null;
  }

  closest(selector) {
    return this.is(selector) ? this : (this.parent?.closest(selector) ?? null);
  }

  contains(other) {
    return this === other || this.all().includes(other);
  }

  setAttribute(name, value) {
    this.attributes[name] = value;
  }

  toggleAttribute(name, on) {
    if (on) this.attributes[name] = "";
    else delete this.attributes[name];
  }

  addEventListener(type, slot) {
    this.slots[type] = slot;
  }

  click() {
    this.slots.click?.();
  }

  focus() {
    document.activeElement = this;
  }
}

/** A page with a body; `keydown` gives a key to what listens at the window. */
export function open() {
  const keys = new Set();
  const body = new Element("body");
  globalThis.Node = globalThis.HTMLElement = Element;
  globalThis.document = { body, activeElement: body, createElement: (tag) => new Element(tag) };
  globalThis.window = {
    addEventListener(_, slot, { signal }) {
      keys.add(slot);
      signal.addEventListener("abort", () => keys.delete(slot));
    },
  };
  return { body, keys, keydown: (event) => keys.forEach((slot) => slot(event)) };
}

/** A model of these traits; `sent` is what went to Python. */
export function model(traits) {
  const slots = new Map();
  const sent = [];
  const call = (event, ...content) => (slots.get(event) ?? []).forEach((slot) => slot(...content));
  return {
    sent,
    get: (name) => traits[name],
    send: (content) => sent.push(content),
    set(changed) {
      Object.assign(traits, changed);
      Object.keys(changed).forEach((name) => call(`change:${name}`));
    },
    tell: (content, buffers) => call("msg:custom", content, buffers),
    on: (event, slot) => slots.set(event, [...(slots.get(event) ?? []), slot]),
    off: (event, slot) => slots.set(event, slots.get(event).filter((each) => each !== slot)),
    listening: () => [...slots.values()].flat().length,
  };
}
