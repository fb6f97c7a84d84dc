// When text is painted, and the buttons that time it, without a page: run with `node --test`.
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import glyph, { tick } from "../../mockmate_nb/view/static/glyph.js";
import { listen } from "../../mockmate_nb/view/static/line.js";
import { Paints } from "../../mockmate_nb/view/static/paint.js";
import * as page from "./fake_page.mjs";

/** @type {Map<number, () => void>} */
const frames = new Map();
let frameId = 0;
globalThis.requestAnimationFrame = (callback) => {
  frames.set(++frameId, callback);
  return frameId;
};
globalThis.cancelAnimationFrame = (id) => frames.delete(id);
/** One frame, and the task after it. */
const frame = async () => {
  const due = [...frames.values()];
  frames.clear();
  due.forEach((callback) => callback());
  await new Promise((done) => setImmediate(done));
  await new Promise((done) => setImmediate(done));
};

const begin = () => {
  const told = [];
  return { told, paints: new Paints((content) => told.push(content)) };
};
const text = (length, units = length) => ({ run: 1, length, units, received: 10 * length });
const lengths = (told) => told.map(({ paints }) => paints.map(({ length }) => length));

beforeEach(() => {
  frames.clear();
  page.open();
  Object.assign(document, { hidden: false, addEventListener() {}, removeEventListener() {} });
});

describe("what is painted", () => {
  test("is told at the end of the text, with the page's times, once its frame is over", async () => {
    const { told, paints } = begin();
    const before = performance.timeOrigin + performance.now();
    paints.ask(text(3));
    paints.drawn(3);
    await frame();
    paints.ask(text(5));
    paints.drawn(5);
    paints.end();
    assert.deepEqual(told, []);
    await frame();
    assert.deepEqual(lengths(told), [[3, 5]]);
    const [{ type, origin, paints: [first, second] }] = told;
    assert.deepEqual([type, origin], ["painted", performance.timeOrigin]);
    assert.deepEqual([first.run, first.received], [1, 30]);
    assert.ok(before <= first.painted && first.painted <= second.painted);
  });

  test("is told at once if the end comes after the paint", async () => {
    const { told, paints } = begin();
    paints.ask(text(3));
    paints.drawn(3);
    await frame();
    paints.end();
    assert.deepEqual(lengths(told), [[3]]);
    paints.end();
    assert.equal(told.length, 1);
  });

  test("is told of a text that goes on, now and then", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const { told, paints } = begin();
    for (const length of [1, 2]) {
      paints.ask(text(length));
      paints.drawn(length);
      await frame();
    }
    t.mock.timers.tick(1_999);
    assert.deepEqual(told, []);
    t.mock.timers.tick(1);
    assert.deepEqual(lengths(told), [[1, 2]]);
  });

  test("is only what has been drawn: a slow pace holds the rest back", async () => {
    const { told, paints } = begin();
    paints.ask(text(4, 2));
    paints.ask(text(9, 5));
    paints.drawn(4);
    await frame();
    paints.end();
    assert.deepEqual(lengths(told), [[4]]);
    paints.drawn(5);
    await frame();
    assert.deepEqual(lengths(told), [[4], [9]]);
  });

  test("is nothing in a hidden tab", async () => {
    const { told, paints } = begin();
    document.hidden = true;
    paints.ask(text(1));
    paints.drawn(1);
    document.hidden = false;
    paints.drawn(1);
    await frame();
    paints.end();
    assert.deepEqual(told, []);
  });

  test("of an older text is told before the next; what was not drawn never", async () => {
    const { told, paints } = begin();
    paints.ask(text(1));
    paints.drawn(1);
    await frame();
    paints.ask(text(2));
    paints.forget();
    paints.drawn(9);
    await frame();
    paints.end();
    assert.deepEqual(lengths(told), [[1]]);
  });

  test("is bounded where no view draws", () => {
    const { paints } = begin();
    for (let length = 0; length < 1_000; length += 1) paints.ask(text(length));
    assert.equal(paints.due.length, 100);
  });

  test("leaves no frame and says nothing after its end", async () => {
    const { told, paints } = begin();
    paints.ask(text(1));
    paints.drawn(1);
    const waiting = [...frames.values()];
    paints.undo();
    assert.equal(frames.size, 0);
    waiting.forEach((callback) => callback());
    await frame();
    paints.end();
    assert.deepEqual(told, []);
  });
});

describe("a line", () => {
  const delta = (offset, said, more = {}) => ({ type: "delta", run: 1, offset, text: said, ...more });
  const open = (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const model = page.model({ markdown: false });
    const line = listen(model, () => line.drawn(line.received.units));
    t.after(line.undo);
    return model;
  };
  const finish = { type: "finish", run: 1, length: 4, crc32: 70108546, state: "complete" };
  const painted = ({ sent }) => sent.filter(({ type }) => type === "painted");

  test("tells of the deltas that ask, in bytes", async (t) => {
    const model = open(t);
    model.tell(delta(0, "a"));
    model.tell(delta(1, "é", { paint: true }));
    model.tell(delta(3, "d", { paint: true }));
    await frame();
    model.tell(finish);
    assert.deepEqual(lengths(painted(model)), [[3, 4]]);
    assert.ok(painted(model)[0].paints.every((each) => each.received <= each.painted));
  });

  test("says nothing where nobody asks", async (t) => {
    const model = open(t);
    model.tell(delta(0, "aéd"));
    await frame();
    model.tell(finish);
    assert.deepEqual(painted(model), []);
  });
});

describe("the buttons", () => {
  const open = (traits = {}) => {
    const labels = { ask: "Ask", more: "More", stop: "Stop", reset: "Again" };
    const model = page.model({ busy: false, language: "en", labels, ...traits });
    const el = new page.Element("div");
    const widget = glyph();
    const undo = widget.initialize({ model });
    const remove = widget.render({ model, el });
    const [root] = el.children;
    const press = (at, timeStamp = performance.now()) => root.children[at].slots.click({ timeStamp });
    return { model, root, press, remove, undo };
  };
  const now = () => performance.timeOrigin + performance.now();

  test("tell when the person pressed, not when the page came to it", () => {
    const { model, press } = open();
    const late = performance.now() - 50;
    press(0, late);
    const [{ type, number, clicked, said, origin, tick: step }] = model.sent;
    assert.deepEqual([type, number, origin], ["click", 0, performance.timeOrigin]);
    assert.equal(clicked, performance.timeOrigin + late);
    assert.ok(said - clicked >= 50 && said <= now());
    assert.ok(step > 0 && step <= 5);
  });

  for (const wrong of [0, -1, Date.now() * 2]) {
    test(`take the time themselves where the event has none: ${wrong}`, () => {
      const { model, press } = open();
      const before = now();
      press(0, wrong);
      assert.ok(before <= model.sent[0].clicked && model.sent[0].clicked <= model.sent[0].said);
    });
  }

  test("answer the kernel, as long as they are shown", () => {
    const { model, remove, undo } = open();
    model.tell({ type: "press", number: 7 });
    model.tell({ type: "ping", number: 8, origin: performance.timeOrigin });
    model.tell({ type: "ping", number: 9, origin: 1 });
    assert.deepEqual(model.sent.map(({ type, number }) => [type, number]), [["click", 7], ["pong", 8]]);
    assert.ok(model.sent[1].received <= model.sent[1].answered);
    remove();
    model.tell({ type: "press", number: 10 });
    assert.equal(model.sent.length, 2);
    undo();
    assert.equal(model.listening(), 0);
  });

  test("that have no place now do nothing, and keep the focus", () => {
    const { model, root, press } = open();
    press(2);
    assert.deepEqual(model.sent, []);
    model.set({ busy: true });
    [0, 1, 3].forEach((at) => press(at));
    assert.deepEqual(model.sent, []);
    press(2);
    assert.deepEqual(model.sent, [{ type: "stop" }]);
    assert.deepEqual(root.children.map((each) => each.attributes["aria-disabled"]), ["true", "true", "false", "true"]);
    assert.ok(root.children.every((each) => !each.disabled));
  });

  test("know in which steps the page's clock counts", () => {
    let at = 0;
    assert.equal(tick(() => Math.floor((at += 0.3)) * 1), 1);
    assert.equal(tick(() => (at += 100)), 5);
  });
});
