// Where the reader is, and what is said, without a page: run with `node --test`.
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { firstBelow, seesEnd } from "../../mockmate_nb/view/static/follow.js";
import { announcement } from "../../mockmate_nb/view/static/spoken.js";

describe("the reader sees the end", () => {
  const band = { top: 100, bottom: 900 };
  for (const [name, place, sees] of [
    ["on the screen", { end: 500 }, true],
    ["at the edge", { end: 901 }, true],
    ["not below it", { end: 903 }, false],
    ["not above it", { end: 90 }, false],
    ["still, though layout rounds", { end: 903, following: true }, true],
    ["not after a small step up", { end: 903, following: true, scrolledUp: true }, false],
    ["after a step up that leaves it on the screen", { end: 700, following: true, scrolledUp: true }, true],
    ["still, though what stands above has grown", { end: 1500, following: true, still: true }, true],
    ["not for the first time by standing still", { end: 1500, still: true }, false],
  ]) {
    test(name, () => assert.equal(seesEnd({ band, following: false, scrolledUp: false, still: false, ...place }), sees));
  }
});

test("the first element below a line is found", () => {
  const bottoms = [10, 20, 20, 35, 50];
  for (let top = 0; top <= 60; top += 1) {
    assert.equal(firstBelow(bottoms.length, (at) => bottoms[at], top), bottoms.findIndex((bottom) => bottom > top));
  }
  assert.equal(firstBelow(0, () => 0, 5), -1);
});

describe("a screen reader is told", () => {
  for (const [state, label, language, said] of [
    ["streaming", "Interviewer", "en", "Interviewer is speaking."],
    ["complete", "Interviewer", "en", "Interviewer has finished."],
    ["stopped", "$& ", "en", "$& was stopped."],
    ["failed", "", "en", "The other side was cut off."],
    ["streaming", "面试官", "zh", "面试官正在说话。"],
    ["complete", "面试官", "zh", "面试官说完了。"],
    ["failed", " ", "zh", "对方的话已中断。"],
    ["waiting", "Interviewer", "en", ""],
  ]) {
    test(said || "nothing", () => assert.equal(announcement(state, label, language), said));
  }
});
