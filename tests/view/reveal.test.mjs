// The typewriter's pace, without a page: run with `node --test`.
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Pace, wholeCharacters } from "../../mockmate_nb/view/static/reveal.js";

/** What is shown at each frame of 1/60 s; arrivals are [second, length]. */
function frames(arrivals, speed, seconds) {
  const pace = new Pace();
  const shown = [];
  let next = 0;
  for (let frame = 0; frame <= seconds * 60; frame += 1) {
    const now = frame / 60;
    while (next < arrivals.length && arrivals[next][0] <= now) {
      pace.arrive(arrivals[next][1], arrivals[next][0]);
      next += 1;
    }
    shown.push([now, pace.step(speed, now)]);
  }
  return shown;
}
const steady = Array.from({ length: 50 }, (_, at) => [at / 25, 4 * (at + 1)]);

describe("the pace", () => {
  test("without a speed shows all at once", () => {
    const pace = new Pace();
    pace.arrive(1_000, 1);
    assert.equal(pace.step(0, 1), 1_000);
  });

  test("is the speed while the text comes faster than it is shown, but never late", () => {
    for (const [arrivals, speed] of [[steady, 120], [steady, 10], [[[0, 10_000]], 30], [[[0, 5], [1, 9_999]], 30]]) {
      for (const [now, shown] of frames(arrivals, speed, 3)) {
        const must = arrivals.filter(([at]) => at + 0.25 <= now).at(-1)?.[1] ?? 0;
        const came = arrivals.filter(([at]) => at <= now).at(-1)?.[1] ?? 0;
        assert.ok(shown >= must && shown <= came, `${now}: ${must} <= ${shown} <= ${came}`);
      }
    }
  });

  test("only grows, and by no more than the speed where nothing is due", () => {
    const shown = frames([[0, 20]], 100, 1).map(([, length]) => length);
    assert.deepEqual(shown, shown.toSorted((a, b) => a - b));
    for (let at = 1; at < shown.length; at += 1) assert.ok(shown[at] - shown[at - 1] <= 2);
    assert.ok(shown[6] < 20);
    assert.equal(shown.at(-1), 20);
  });

  test("catches up evenly", () => {
    const shown = frames([[0, 1_500]], 1, 1).map(([, length]) => length);
    for (let at = 2; at <= 15; at += 1) assert.ok(Math.abs(shown[at] - shown[at - 1] - 100) <= 1);
  });

  test("begins anew after a pause", () => {
    const pace = new Pace();
    pace.arrive(10, 0);
    assert.equal(pace.step(100, 0.3), 10);
    pace.arrive(20, 60);
    assert.equal(pace.step(64, 60), 10);
    assert.equal(pace.step(64, 60.0625), 14);
  });

  test("can jump, also back to the begin of a new run", () => {
    const pace = new Pace();
    pace.arrive(10, 0);
    pace.jump(0);
    assert.equal(pace.step(100, 5), 0);
    pace.arrive(4, 5);
    assert.equal(pace.step(100, 6), 4);
  });
});

describe("a character is never cut", () => {
  const text = "ab é 你 👩🏽‍🚀 🇩🇪🇫🇷 e\u0301 \r\nमनी x";
  const boundaries = [...new Intl.Segmenter().segment(text)].map(({ index }) => index);
  for (const [name, segmenter, allowed] of [
    ["as readers see it", new Intl.Segmenter(), new Set([...boundaries, text.length])],
    ["by code points where the browser knows no more", null, null],
  ]) {
    test(name, () => {
      for (let at = 0; at <= text.length; at += 1) {
        const cut = wholeCharacters(text, at, segmenter);
        assert.ok(cut <= at);
        if (allowed) assert.ok(allowed.has(cut), `${at} → ${cut}`);
        else assert.ok(text.slice(0, cut).isWellFormed());
      }
      assert.equal(wholeCharacters(text, 999, segmenter), text.length);
    });
  }
  test("in a long text without spaces", () => {
    const long = "你".repeat(2_000);
    assert.equal(wholeCharacters(long, 1_777), 1_777);
  });
});
