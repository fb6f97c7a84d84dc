// Where the focus goes when what was pressed can be pressed no longer; and whose a key is.
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";

import { holdFocus, holdKeys, OWN_KEYS } from "../../mockmate_nb/view/static/hold_focus.js";

class Part extends EventTarget {
  constructor(tag, { halts = false, parts = [] } = {}) {
    super();
    Object.assign(this, { tag, halts, parts, disabled: false, hidden: false, tabIndex: -1, marks: new Set() });
  }

  contains(other) {
    return this === other || this.parts.some((part) => part.contains(other));
  }

  closest(selector) {
    return selector.split(", ").includes(this.tag) ? this : null;
  }

  getClientRects() {
    return this.hidden ? [] : [{}];
  }

  querySelectorAll() {
    return this.parts.filter(({ halts }) => halts);
  }

  toggleAttribute(name, on) {
    this.marks[on ? "add" : "delete"](name);
  }

  focus() {
    if (this.disabled || this.hidden) return;
    document.activeElement = this;
    window.dispatchEvent(Object.assign(new Event("focusin"), { on: this }));
  }
}

let changed = () => {};
let end = new AbortController();

beforeEach(() => {
  end = new AbortController();
  changed = () => {};
  globalThis.HTMLElement = globalThis.Element = Part;
  globalThis.document = { body: new Part("body"), activeElement: null, hasFocus: () => true };
  document.activeElement = document.body;
  const slots = new EventTarget();
  globalThis.window = {
    dispatchEvent: (event) => slots.dispatchEvent(event),
    addEventListener: (name, slot, { signal }) =>
      slots.addEventListener(name, (event) => slot({ ...event.more, target: event.on }), { signal }),
  };
  globalThis.MutationObserver = class {
    constructor(slot) {
      this.slot = slot;
    }

    observe() {
      changed = this.slot;
    }

    disconnect() {
      changed = () => {};
    }
  };
});
afterEach(() => end.abort());

/** A panel of three buttons and a field: one begins work, one halts it, one does something else. */
function page() {
  const [begin, halt, other, field] = [new Part("button"), new Part("button", { halts: true }), new Part("button"), new Part("input")];
  halt.disabled = true;
  const panel = new Part("div", { parts: [begin, halt, other, field] });
  return { begin, halt, other, field, panel };
}

describe("the focus", () => {
  for (const lost of ["disabled", "hidden"]) {
    test(`goes to what halts the work when its button is ${lost}, though that can be pressed later only`, () => {
      const { begin, halt, panel } = page();
      holdFocus(() => panel, end.signal);
      begin.focus();
      begin[lost] = true;
      changed();
      assert.equal(document.activeElement, panel, "in the meantime");
      halt.disabled = false;
      changed();
      assert.equal(document.activeElement, halt);
    });
  }

  test("goes from what halts to the panel: the next press must begin nothing", () => {
    const { begin, halt, panel } = page();
    holdFocus(() => panel, end.signal);
    [begin.disabled, halt.disabled] = [true, false];
    halt.focus();
    [begin.disabled, halt.disabled] = [false, true];
    document.activeElement = document.body;
    changed();
    assert.equal(document.activeElement, panel);
  });

  test("goes home where the panel has a place for it, and to the panel where that cannot be seen", () => {
    const { begin, other, panel } = page();
    holdFocus(() => panel, end.signal, () => other);
    for (const [hidden, wanted] of [[false, other], [true, panel]]) {
      Object.assign(begin, { disabled: false });
      other.hidden = hidden;
      begin.focus();
      begin.disabled = true;
      changed();
      assert.equal(document.activeElement, wanted);
    }
  });

  test("is left alone where the person has gone elsewhere", () => {
    const { begin, field, panel } = page();
    holdFocus(() => panel, end.signal);
    for (const away of [() => field.focus(), () => new Part("a").focus(), () => end.abort()]) {
      begin.disabled = false;
      begin.focus();
      away();
      const now = (document.activeElement = document.activeElement === begin ? document.body : document.activeElement);
      begin.disabled = true;
      changed();
      assert.equal(document.activeElement, now);
    }
  });

  test("is not fetched back from nowhere once the person has left a button that could be pressed", () => {
    const { begin, panel } = page();
    holdFocus(() => panel, end.signal);
    begin.focus();
    window.dispatchEvent(Object.assign(new Event("focusout"), { on: begin }));
    document.activeElement = document.body;
    begin.disabled = true;
    changed();
    assert.equal(document.activeElement, document.body);
  });
});

describe("a key", () => {
  for (const [what, own, of, more] of [
    ["on a button is the panel's", true, "begin", {}],
    ["in a field is the field's", false, "field", {}],
    ["with Control is JupyterLab's", false, "begin", { ctrlKey: true }],
    ["with Shift is JupyterLab's", false, "begin", { shiftKey: true }],
  ]) {
    test(what, () => {
      const made = page();
      holdKeys(() => made.panel, end.signal);
      window.dispatchEvent(Object.assign(new Event("keydown"), { on: made[of], more }));
      assert.equal(made[of].marks.has(OWN_KEYS), own);
    });
  }
});
