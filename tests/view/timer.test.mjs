// The clock's rules and its running down, without a page: run with `node --test`.
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import timer, { WORDS, clock, passed } from "../../mockmate_nb/view/static/timer.js";
import { Element, model, open } from "./fake_page.mjs";

const MINUTE = 60_000;

describe("a clock shows", () => {
  for (const [left, shown] of [
    [0, "0:00"],
    [-5, "0:00"],
    [1, "0:01"],
    [1_000, "0:01"],
    [1_001, "0:02"],
    [59_999, "1:00"],
    [9 * MINUTE + 5_000, "9:05"],
    [60 * MINUTE, "1:00:00"],
    [90 * MINUTE - 1_000, "1:29:59"],
    [119 * MINUTE, "1:59:00"],
  ]) {
    test(`${left} ms as ${shown}`, () => assert.equal(clock(left), shown));
  }
});

describe("a screen reader is told", () => {
  for (const [before, left, mark] of [
    [Infinity, 3 * MINUTE, -1],
    [Infinity, 0, -1],
    [6 * MINUTE, 5 * MINUTE + 1, -1],
    [5 * MINUTE + 1, 5 * MINUTE, 0],
    [5 * MINUTE, 5 * MINUTE - 1, -1],
    [61_000, 60_000, 1],
    [1_000, 0, 2],
    [0, 0, -1],
    [10 * MINUTE, 30_000, 1],
    [10 * MINUTE, 0, 2],
  ]) {
    test(`${mark} from ${before} to ${left}`, () => assert.equal(passed(before, left), mark));
  }
  test("the same number of things in both languages", () => {
    assert.deepEqual(Object.keys(WORDS.en), Object.keys(WORDS.zh));
    assert.equal(WORDS.en.told.length, WORDS.zh.told.length);
  });
});

describe("in the page", () => {
  beforeEach(open);

  /** The clock on a page whose own stands at 0, with this deadline. */
  const page = (t, deadline, language = "en", now = 0) => {
    t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: 0 });
    const made = model({ deadline, now, language });
    const { initialize, render } = timer();
    const undone = initialize({ model: made });
    const el = new Element("div");
    const removed = render({ model: made, el });
    const [root] = el.children;
    const [label, left, told] = root.children;
    const undo = () => {
      removed();
      undone();
    };
    return { model: made, el, root, label, left, told, undo };
  };

  test("it runs down by itself, warns in the last minute and says three things", (t) => {
    const { root, label, left, told, undo } = page(t, 6 * MINUTE);
    const said = [];
    for (let second = 0; second < 370; second += 1) {
      t.mock.timers.tick(1_000);
      if (told.textContent !== said.at(-1)) said.push(told.textContent);
      assert.equal(root.classes.has("mm-timer-last"), second >= 299);
    }
    assert.deepEqual(said.filter(Boolean), WORDS.en.told);
    assert.deepEqual([label.textContent, left.textContent, left.attributes.role, told.attributes.role], [
      "Time is up",
      "0:00",
      "timer",
      "status",
    ]);
    undo();
  });

  test("a second is a second", (t) => {
    const { left, undo } = page(t, 10_400);
    assert.equal(left.textContent, "0:11");
    t.mock.timers.tick(399);
    assert.equal(left.textContent, "0:11");
    t.mock.timers.tick(2);
    assert.equal(left.textContent, "0:10");
    undo();
  });

  test("a page whose clock differs is corrected, after a reload too", (t) => {
    const { model: made, left, undo } = page(t, 50_000, "en", 20_000);
    assert.deepEqual(made.sent, [{ type: "now" }], "what stands in the model may be old");
    made.tell({ type: "now", now: 40_000 });
    assert.equal(left.textContent, "0:10");
    made.set({ now: 30_000, deadline: 90_000 });
    assert.equal(left.textContent, "1:00");
    undo();
  });

  test("it is hidden without a deadline, speaks both languages, and says nothing at first sight", (t) => {
    const { model: made, root, label, told, undo } = page(t, null, "zh");
    assert.equal(root.hidden, true);
    made.set({ deadline: 30_000 });
    assert.deepEqual([root.hidden, label.textContent, told.textContent], [false, "剩余时间", ""]);
    made.set({ language: "en" });
    assert.equal(label.textContent, "Time left");
    made.set({ deadline: null });
    assert.equal(root.hidden, true);
    undo();
  });

  test("the same deadline said once more announces nothing twice", (t) => {
    const { model: made, told, undo } = page(t, 61_000);
    t.mock.timers.tick(1_500);
    assert.equal(told.textContent, "One minute left.");
    told.textContent = "";
    made.set({ now: 1_500, deadline: 61_040 });
    t.mock.timers.tick(1_000);
    assert.equal(told.textContent, "");
    made.set({ now: 2_500, deadline: 9 * MINUTE });
    made.set({ now: 2_500, deadline: 9 * MINUTE + 20 });
    assert.equal(told.textContent, "");
    undo();
  });

  test("nothing runs or listens after the end", (t) => {
    const { model: made, el, undo } = page(t, 60_000);
    undo();
    assert.equal(made.listening(), 0);
    assert.equal(el.children.length, 0);
    const { document } = globalThis;
    globalThis.document = undefined;
    t.mock.timers.tick(60_000);
    globalThis.document = document;
  });

  test("without a kernel the page's clock does", (t) => {
    t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: 0 });
    const dead = { ...model({ deadline: 1_000, now: 0, language: "en" }) };
    dead.send = () => {
      throw new Error("the comm is closed");
    };
    timer().initialize({ model: dead })();
    assert.equal(dead.listening(), 0);
  });
});
