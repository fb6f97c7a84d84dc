// The five points without a page: run with `node --test`.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";

const source = await readFile(new URL("../../mockmate_nb/view/static/rating.js", import.meta.url), "utf8");
const { default: widget } = await import(`data:text/javascript,${encodeURIComponent(source)}`);

/** An element, as far as the row needs one. */
class Element {
  constructor(tag) {
    this.tag = tag;
    this.attributes = {};
    this.children = [];
    this.clicks = [];
  }

  setAttribute(name, value) { this.attributes[name] = value; }
  addEventListener(_, callback, { signal }) {
    this.clicks.push(callback);
    signal.addEventListener("abort", () => { this.clicks = []; });
  }
  append(...children) { this.children.push(...children); }
  remove() { this.removed = true; }
  click() { this.clicks.forEach((callback) => callback()); }
}
globalThis.document = { createElement: (tag) => new Element(tag) };

function row(value = null) {
  const names = ["1 of 5", "2 of 5", "3 of 5", "4 of 5", "5 of 5"];
  const traits = { value, names, label: "How good?", language: "en" };
  const callbacks = new Map();
  const model = {
    saved: 0,
    get: (trait) => traits[trait],
    set: (trait, to) => {
      traits[trait] = to;
      callbacks.get(`change:${trait}`)?.();
    },
    save_changes: () => { model.saved += 1; },
    on: (event, callback) => callbacks.set(event, callback),
    off: (event, callback) => callbacks.get(event) === callback && callbacks.delete(event),
  };
  const el = new Element("div");
  const undo = widget.render({ model, el });
  const [root] = el.children;
  const [label, { children: buttons }] = root.children;
  const pressed = () => buttons.map((button) => button.attributes["aria-pressed"]).indexOf("true") + 1;
  return { model, traits, callbacks, root, label, buttons, pressed, undo };
}

describe("a press", () => {
  for (const [name, before, at, after] of [
    ["chooses a point", null, 3, 3],
    ["chooses another", 2, 5, 5],
    ["takes the chosen one back", 4, 4, null],
  ]) {
    test(name, () => {
      const { model, traits, buttons, pressed } = row(before);
      buttons[at - 1].click();
      assert.equal(traits.value, after);
      assert.equal(pressed(), after ?? 0);
      assert.equal(model.saved, 1);
    });
  }
});

test("each point has its name, and the row its question", () => {
  const { root, label, buttons } = row();
  assert.equal(root.attributes["aria-label"], "How good?");
  assert.equal(label.textContent, "How good?");
  assert.deepEqual(buttons.map((button) => button.attributes["aria-label"]), ["1 of 5", "2 of 5", "3 of 5", "4 of 5", "5 of 5"]);
});

test("what Python sets is shown", () => {
  const { model, pressed } = row(2);
  assert.equal(pressed(), 2);
  model.set("value", null);
  assert.equal(pressed(), 0);
});

test("a row that is gone hears nothing", () => {
  const { model, callbacks, buttons, root, undo } = row();
  undo();
  buttons[0].click();
  assert.equal(model.saved, 0);
  assert.equal(callbacks.size, 0);
  assert.equal(root.removed, true);
});
