// Asking, telling and acknowledging, without a page: run with `node --test`.
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { crc32 } from "node:zlib";

import { listen } from "../../mockmate_nb/view/static/line.js";

const delta = (run, offset, text, more = {}) => ({ type: "delta", run, offset, text, ...more });
const finish = (run, text, state = "complete") => ({
  type: "finish", run, length: text.length, crc32: crc32(text), state,
});
const block = (start, end) => ({ start, end, units: end - start });

/** @type {Map<number, () => void>} */
const frames = new Map();
const page = { hidden: false, listeners: new Map() };
globalThis.document = {
  get hidden() { return page.hidden; },
  addEventListener: (name, callback) => page.listeners.set(name, callback),
  removeEventListener: (name) => page.listeners.delete(name),
};
globalThis.requestAnimationFrame = (callback) => {
  const id = frames.size + 1;
  frames.set(id, callback);
  return id;
};
globalThis.cancelAnimationFrame = (id) => frames.delete(id);
const frame = () => {
  const due = [...frames.values()];
  frames.clear();
  due.forEach((callback) => callback());
};

/** A model whose messages from Python are given by `hear`. */
function fakeModel(traits = { markdown: true }) {
  const callbacks = new Map();
  return {
    sent: [],
    get: (trait) => traits[trait],
    send(content) { this.sent.push(content); },
    on: (event, callback) => callbacks.set(event, callback),
    off: (event, callback) => callbacks.get(event) === callback && callbacks.delete(event),
    hear: (...messages) => messages.forEach((message) => callbacks.get("msg:custom")?.(message)),
    listeners: () => callbacks.size,
    of(type) { return this.sent.filter((content) => content.type === type); },
  };
}

const begin = (t, traits) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const model = fakeModel(traits);
  const told = [];
  const line = listen(model, ({ change, live }) => told.push([change, line.received.state, live]));
  t.after(line.undo);
  return { model, told, ...line, timers: t.mock.timers };
};

beforeEach(() => {
  frames.clear();
  page.hidden = false;
});

describe("asking", () => {
  const started = (t) => {
    const all = begin(t);
    all.model.hear(delta(1, 0, "ab", { answer: true }));
    return all;
  };

  test("at first, then once a gap until the answer", (t) => {
    const { model } = started(t);
    model.hear(delta(1, 5, "x"), delta(1, 6, "x"), delta(1, 7, "x"));
    assert.deepEqual(model.of("resync"), [
      { type: "resync", run: 0, offset: 0, closed: 0 },
      { type: "resync", run: 1, offset: 2, closed: 0 },
    ]);
    model.hear(delta(1, 2, "cdexxx", { answer: true }), delta(1, 99, "y"));
    assert.deepEqual(model.of("resync").at(-1), { type: "resync", run: 1, offset: 8, closed: 0 });
  });

  test("says which blocks are closed", (t) => {
    const { model } = started(t);
    model.hear(delta(1, 2, "c", { blocks: [block(0, 2)] }), delta(1, 9, "x"));
    assert.deepEqual(model.of("resync").at(-1), { type: "resync", run: 1, offset: 3, closed: 2 });
  });

  test("from zero after a wrong end, while the old text stays", (t) => {
    const { model, received } = started(t);
    model.hear(finish(1, "ac"));
    assert.deepEqual(model.of("resync").at(-1), { type: "resync", run: 1, offset: 0, closed: 0 });
    assert.equal(received.text, "ab");
  });

  test("piece by piece for a long text, and its end in between is no fault", (t) => {
    const { model, received } = begin(t);
    const text = "abcdefghi";
    for (const at of [0, 2, 4, 6]) {
      model.hear(delta(1, at, text.slice(at, at + 2), { answer: true, more: true }), finish(1, text));
    }
    assert.deepEqual(model.of("resync").map(({ offset }) => offset), [0, 2, 4, 6, 8]);
    model.hear(delta(1, 8, "i", { answer: true }), finish(1, text));
    assert.deepEqual([received.text, received.state, received.faults], [text, "complete", 0]);
    assert.equal(model.of("resync").length, 5);
  });

  test("is not doubled by the answers that another tab asked for", (t) => {
    const { model } = begin(t);
    const piece = delta(1, 0, "ab", { answer: true, more: true });
    model.hear(piece, piece, piece);
    assert.equal(model.of("resync").length, 2);
  });

  test("ever less often while all is silent, and not after the end", (t) => {
    const { model, timers } = started(t);
    const seconds = [];
    for (let second = 1; second <= 200; second += 1) {
      const before = model.sent.length;
      timers.tick(1_000);
      if (model.sent.length > before) seconds.push(second);
    }
    assert.deepEqual(seconds, [4, 12, 28, 60, 124, 188]);
    const before = model.sent.length;
    model.hear(finish(1, "ab"));
    timers.tick(1_000_000);
    assert.equal(model.sent.length, before);
  });

  test("of a kernel that is gone ends the run as failed", (t) => {
    const { model, told, timers } = started(t);
    model.send = () => { throw new Error("Cannot send"); };
    timers.tick(1_000_000);
    assert.deepEqual(told, [["replace", "streaming", false], ["state", "failed", false]]);
  });

  test("leaves no listener, no frame and no timer", (t) => {
    const { model, undo, timers } = started(t);
    const before = model.sent.length;
    undo();
    frame();
    timers.tick(1_000_000);
    assert.deepEqual([model.listeners(), page.listeners.size, model.sent.length], [0, 0, before]);
  });
});

describe("news", () => {
  test("is what was not there before the page asked", (t) => {
    const { model, told } = begin(t);
    model.hear(delta(1, 0, "ab", { answer: true }), delta(1, 2, "c"), finish(1, "abc"));
    model.hear(delta(2, 0, ""), delta(2, 0, "d"));
    assert.deepEqual(told, [
      ["replace", "streaming", false], ["append", "streaming", true], ["state", "complete", true],
      ["replace", "waiting", false], ["append", "streaming", true],
    ]);
  });
});

describe("acknowledging", () => {
  test("a frame after drawing, where it is asked for, and all that is drawn by then", (t) => {
    const { model } = begin(t);
    model.hear(delta(1, 0, "a"));
    frame();
    model.hear(delta(1, 1, "b", { ack: true }), delta(1, 2, "cd"));
    assert.deepEqual(model.of("ack"), []);
    frame();
    assert.deepEqual(model.of("ack"), [{ type: "ack", run: 1, length: 4 }]);
    frame();
    model.hear(delta(1, 4, "e"), finish(1, "abcde"));
    frame();
    assert.equal(model.of("ack").length, 1);
    model.hear(delta(2, 0, "f", { ack: true }));
    frame();
    assert.deepEqual(model.of("ack").at(-1), { type: "ack", run: 2, length: 1 });
  });

  test("at once in a hidden tab, and as the tab is hidden", (t) => {
    const { model } = begin(t);
    model.hear(delta(1, 0, "ab", { ack: true }));
    page.hidden = true;
    page.listeners.get("visibilitychange")();
    assert.equal(model.of("ack").length, 1);
    model.hear(delta(1, 2, "c", { ack: true }));
    assert.deepEqual(model.of("ack").map(({ length }) => length), [2, 3]);
    frame();
    assert.equal(model.of("ack").length, 2);
  });
});

describe("HTML is asked for", () => {
  const closed = (t) => {
    const all = begin(t);
    all.model.hear(delta(1, 0, "abcdef", { blocks: [block(0, 2), block(2, 4), block(4, 6)] }));
    return all;
  };

  test("once a frame, not again while waiting, again after a silence", (t) => {
    const { model, render, timers } = closed(t);
    render([0, 2]);
    render([2, 4]);
    frame();
    render([0]);
    frame();
    assert.deepEqual(model.of("render"), [{ type: "render", run: 1, starts: [0, 2, 4] }]);
    model.hear({ type: "html", run: 1, blocks: [{ ...block(0, 2), html: "<p>" }] });
    timers.tick(4_000);
    frame();
    assert.deepEqual(model.of("render").at(-1), { type: "render", run: 1, starts: [2, 4] });
  });

  test("not for an older run", (t) => {
    const { model, render } = closed(t);
    render([0]);
    model.hear(delta(2, 0, "new"));
    frame();
    assert.deepEqual(model.of("render"), []);
  });

  test("never for a plain text", (t) => {
    const { model, render } = begin(t, { markdown: false });
    model.hear(delta(1, 0, "ab"));
    render([0]);
    frame();
    assert.deepEqual(model.of("render"), []);
  });
});
