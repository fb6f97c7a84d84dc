// The clock of a race, without a page: run with `node --test`.
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import clock, { running, told } from "../../mockmate_nb/view/static/race_clock.js";
import { Element, model, open } from "./fake_page.mjs";

describe("a running clock shows", () => {
  for (const [gone, language, shown] of [
    [0, "en", "0.0 s"],
    [-20, "en", "0.0 s"],
    [99, "en", "0.0 s"],
    [100, "en", "0.1 s"],
    [1_999, "en", "1.9 s"],
    [1_999, "zh", "1.9 秒"],
    [59_999, "en", "59.9 s"],
    [60_000, "en", "1:00"],
    [754_900, "zh", "12:34"],
  ]) {
    test(`${gone} ms as ${shown}`, () => assert.equal(running(gone, language), shown));
  }
});

describe("a screen reader is told", () => {
  for (const [what, before, now, said] of [
    ["nothing while nothing comes", ["", ""], ["", ""], ""],
    ["the first mark", ["", ""], ["first", ""], "Batch: first"],
    ["the last mark alone", ["first", ""], ["first", "whole"], "Batch: whole"],
    ["both in one sentence", ["", ""], ["first", "whole"], "Batch: first, whole"],
    ["no mark that is only put right", ["first", "whole"], ["first.", "whole"], ""],
    ["nothing when they go", ["first", "whole"], ["", ""], ""],
  ]) {
    test(what, () => assert.equal(told("Batch", before, now), said));
  }
});

describe("in the page", () => {
  beforeEach(open);

  const traits = {
    label: "Streaming",
    running: true,
    began: 0,
    now: 0,
    speed: 1,
    shown: "0 s",
    first: "",
    last: "",
    language: "en",
  };

  /** A clock on a page whose own stands at 0. */
  const page = (t, more = {}) => {
    t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: 0 });
    const made = model({ ...traits, ...more });
    const { initialize, render } = clock();
    const undone = initialize({ model: made });
    const above = new Element("div");
    const el = new Element("div");
    above.append(el);
    const removed = render({ model: made, el });
    const [root] = el.children;
    const [time, first, last, said] = root.children;
    const undo = () => {
      removed();
      undone();
    };
    return { model: made, above, el, root, time, first, last, said, undo };
  };

  test("it runs by itself, keeps its marks, stops at the end, and asks the kernel nothing but the time", (t) => {
    const { model: made, root, time, first, last, said, undo } = page(t);
    const seen = [];
    for (let tick = 0; tick < 5; tick += 1) {
      seen.push(time.textContent);
      t.mock.timers.tick(100);
    }
    assert.deepEqual(seen, ["0.0 s", "0.1 s", "0.2 s", "0.3 s", "0.4 s"]);
    made.set({ first: "first text after 510 ms" });
    assert.deepEqual([first.textContent, last.textContent], ["first text after 510 ms", ""]);
    t.mock.timers.tick(500);
    assert.equal(time.textContent, "1.0 s");
    assert.equal(said.textContent, "Streaming: first text after 510 ms");
    made.set({ running: false, shown: "1.05 s", last: "whole reply after 1.05 s" });
    t.mock.timers.tick(5_000);
    assert.deepEqual([time.textContent, last.textContent], ["1.05 s", "whole reply after 1.05 s"]);
    assert.equal(root.classes.has("mm-race-running"), false);
    assert.equal(time.attributes.role, "timer");
    assert.equal(time.attributes["aria-label"], "Streaming");
    assert.deepEqual(made.sent, [{ type: "now" }]);
    undo();
  });

  test("what is told is told once: ticks and corrections leave it alone, a new beginning empties it", (t) => {
    const { model: made, said, undo } = page(t);
    made.set({ first: "first text after 300 ms" });
    said.textContent = "";
    t.mock.timers.tick(1_000);
    made.set({ first: "first text after 301 ms" });
    assert.equal(said.textContent, "");
    made.set({ running: false, last: "whole reply after 2 s" });
    assert.equal(said.textContent, "Streaming: whole reply after 2 s");
    made.set({ running: true, began: 2_000, now: 2_000, first: "", last: "" });
    assert.equal(said.textContent, "");
    undo();
  });

  test("marks that stand there at first sight are not told", (t) => {
    const { said, first, undo } = page(t, { running: false, first: "first text after 300 ms", last: "whole" });
    assert.deepEqual([first.textContent, said.textContent], ["first text after 300 ms", ""]);
    undo();
  });

  for (const [speed, shown] of [
    [0.25, "0.5 s"],
    [0.5, "1.0 s"],
    [1, "2.0 s"],
    [4, "8.0 s"],
  ]) {
    test(`a replay at ${speed} of its speed shows ${shown} after two seconds`, (t) => {
      const { time, undo } = page(t, { speed });
      t.mock.timers.tick(2_000);
      assert.equal(time.textContent, shown);
      undo();
    });
  }

  test("a page whose clock differs is corrected, after a reload too", (t) => {
    const { model: made, time, undo } = page(t, { began: 90_000, now: 90_000 });
    assert.equal(time.textContent, "0.0 s");
    made.tell({ type: "now", now: 93_000 });
    assert.equal(time.textContent, "3.0 s");
    undo();
  });

  test("it stands still where the kernel is gone", (t) => {
    const { above, time, undo } = page(t);
    t.mock.timers.tick(300);
    above.className = "jupyter-widgets-disconnected";
    t.mock.timers.tick(5_000);
    assert.equal(time.textContent, "0.3 s");
    undo();
  });

  test("nothing runs or listens after the end", (t) => {
    const { model: made, el, undo } = page(t);
    undo();
    assert.equal(made.listening(), 0);
    assert.equal(el.children.length, 0);
    const { document } = globalThis;
    globalThis.document = undefined;
    t.mock.timers.tick(60_000);
    globalThis.document = document;
  });

  test("without a kernel the page's own clock does", (t) => {
    t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: 0 });
    const dead = model({ ...traits });
    dead.send = () => {
      throw new Error("the comm is closed");
    };
    clock().initialize({ model: dead })();
    assert.equal(dead.listening(), 0);
  });
});
