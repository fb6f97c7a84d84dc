// The wire inspector's page side, without a page: run with `node --test`.
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { hexLines, inHex, pieces } from "../../mockmate_nb/view/static/wire_bytes.js";
import { RowList, duration, taken } from "../../mockmate_nb/view/static/wire_list.js";
import { bytesOf, heldRowOf, rowOf } from "../../mockmate_nb/view/static/wire_row.js";
import { places, wireTexts } from "../../mockmate_nb/view/static/wire_text.js";
import { open } from "./fake_page.mjs";

const utf8 = (text) => new TextEncoder().encode(text);
const bytes = (...values) => Uint8Array.from(values.flat());
const shown = (raw, mark) => pieces(raw, mark).map(({ text }) => text);
const HOSTILE = '<img src=x onerror="window.mmOwned = true">';

describe("bytes are shown as", () => {
  for (const [title, raw, wanted] of [
    ["nothing, where there is none", bytes(), []],
    ["letters in one piece", utf8('data: {"a"}'), ['data: {"a"}']],
    ["line ends by name", utf8("a\r\n\tb"), ["a", "\\r", "\\n", "\\t", "b"]],
    ["a backslash twice", utf8("a\\n"), ["a", "\\\\", "n"]],
    ["characters of several bytes, each by itself", utf8("你é🙂"), ["你", "é", "🙂"]],
    ["a character that is cut at the end, byte by byte", utf8("你").subarray(0, 2), ["\\xE4", "\\xBD"]],
    ["a character's rest at the beginning", utf8("你a").subarray(1), ["\\xBD", "\\xA0", "a"]],
    ["bytes that are no UTF-8", bytes(0xff, 0xc0, 0x80, 0xed, 0xa0, 0x80), ["\\xFF", "\\xC0", "\\x80", "\\xED", "\\xA0", "\\x80"]],
    ["what has no letter by its number", utf8("\u0000\u007f\u202e\u200b\u00a0\ufeff"), ["\\x00", "\\x7F", "\\u{202E}", "\\u{200B}", "\\u{A0}", "\\u{FEFF}"]],
  ]) {
    test(title, () => assert.deepEqual(shown(raw), wanted));
  }

  test("no piece goes over the mark, wherever it stands, and none is lost", () => {
    const raw = utf8("ab你\nc🙂d");
    for (let mark = 0; mark <= raw.length; mark += 1) {
      const found = pieces(raw, mark);
      assert.equal(found.reduce((sum, { size }) => sum + size, 0), raw.length);
      assert.ok(found.every(({ at, size }) => at >= mark || at + size <= mark), `${mark}`);
      assert.ok(mark === raw.length || found.some(({ at }) => at === mark));
    }
  });

  test("hex, for a piece and for lines", () => {
    const raw = utf8("data: 你\n\n");
    assert.equal(inHex(raw, pieces(raw)[1]), "E4 BD A0");
    assert.deepEqual(hexLines(raw, 1234), ["001234  64 61 74 61 3A 20 E4 BD  data: ··", "001242  A0 0A 0A                 ···"]);
  });
});

describe("what an event says", () => {
  for (const [data, wanted] of [
    ["[DONE]", ["[DONE]", "", ""]],
    ['{"delta":{"content":""}}', ['{"delta":{"content":""}}', "", ""]],
    ['{"delta": {"content": " a\\"b"}, "x": 1}', ['{"delta": {"content": ', '" a\\"b"', '}, "x": 1}']],
  ]) {
    test(data, () => assert.deepEqual(taken(data), wanted));
  }
  for (const [seconds, wanted] of [[0.0004, "0.4 ms"], [0.0313, "31.3 ms"], [0.9994, "999 ms"], [0.9996, "1.00 s"], [12.345, "12.3 s"], [123.4, "123 s"]]) {
    test(`${seconds} s are ${wanted}`, () => assert.equal(duration(seconds), wanted));
  }
});

const row = (number, text = "", more = {}) => ({
  number, at: number / 100, held: 0, request: 1, offset: 0, size: 2, shown: 2, events: [], text, text_at: 0,
  cut: false, lost: 0, fault: "", ...more,
});
const news = (rows, more = {}) => ({
  type: "rows", run: 1, rows, held: null, state: "playing", requests: 1, left_out: 0,
  total: { chunks: rows.length, bytes: 2 * rows.length, events: 0 }, characters: 0, more: false, ...more,
});
const buffer = (text) => new DataView(utf8(text).buffer);
const numbers = (list) => [...list.rows.keys()];

describe("the rows of a run", () => {
  test("come with their bytes, and those of the held chunk after them", () => {
    const list = new RowList();
    const held = { number: 3, at: 1, request: 1, offset: 4, size: 9, shown: 1 };
    const step = list.take(news([row(1), row(2)], { held }), buffer("aabbc"));
    assert.deepEqual([step.anew, step.ask, numbers(list)], [true, false, [1, 2]]);
    assert.deepEqual([list.rows.get(2).bytes, list.news.held.bytes], [utf8("bb"), utf8("c")]);
  });

  test("that are missing are asked for, and what came meanwhile is not shown out of order", () => {
    const list = new RowList();
    list.take(news([row(1)]), buffer("aa"));
    const step = list.take(news([row(3)]), buffer("cc"));
    assert.deepEqual([step, numbers(list), list.last], [{ anew: false, rows: [], ask: true }, [1], 1]);
    list.take(news([row(2), row(3)]), buffer("bbcc"));
    assert.deepEqual(numbers(list), [1, 2, 3]);
  });

  test("that come once more replace themselves", () => {
    const list = new RowList();
    list.take(news([row(1), row(2)]), buffer("aabb"));
    const { rows } = list.take(news([row(2, "more")]), buffer("bb"));
    assert.deepEqual([numbers(list), list.rows.get(2).text, rows.length, list.last], [[1, 2], "more", 1, 2]);
  });

  test("go when Python keeps them no longer, and a page that comes later begins behind them", () => {
    const list = new RowList();
    list.take(news([row(1), row(2), row(3)]), buffer("aabbcc"));
    list.take(news([row(4)], { left_out: 2 }), buffer("dd"));
    assert.deepEqual(numbers(list), [3, 4]);
    const late = new RowList();
    assert.equal(late.take(news([row(3), row(4)], { left_out: 2 }), buffer("ccdd")).ask, false);
    assert.deepEqual(numbers(late), [3, 4]);
  });

  test("give way to a new run, and an older run's are not taken", () => {
    const list = new RowList();
    list.take(news([row(1), row(2)]), buffer("aabb"));
    assert.equal(list.take(news([row(1)], { run: 2 }), buffer("aa")).anew, true);
    assert.deepEqual(numbers(list), [1]);
    list.take(news([row(2)]), buffer("bb"));
    assert.deepEqual([list.run, numbers(list)], [2, [1]]);
  });

  test("go on being asked for while there are more", () => {
    assert.equal(new RowList().take(news([row(1)], { more: true }), buffer("aa")).ask, true);
  });
});

describe("a row", () => {
  const words = wireTexts("en");
  const event = (text, more = {}) => ({ event: "message", id: "", retry: null, size: text.length, text, ...more });
  const made = (more, raw = "ab", hexadecimal = false) => {
    open();
    return rowOf({ ...row(7, "", more), bytes: utf8(raw), size: utf8(raw).length, shown: utf8(raw).length, ...more }, hexadecimal, words);
  };
  const find = (item, selector) => item.all().filter((each) => each.is(selector));

  test("sets every text as text", () => {
    const item = made({ events: [event(HOSTILE, { event: HOSTILE, id: HOSTILE })], text: HOSTILE, fault: HOSTILE }, HOSTILE);
    assert.ok(item.textContent.includes(HOSTILE));
    assert.equal(find(item, ".mm-wire-raw")[0].textContent, HOSTILE);
    assert.deepEqual(find(item, ".mm-wire-field").map(({ textContent }) => textContent), [`event: ${HOSTILE}`, `id: ${HOSTILE}`]);
  });

  for (const [title, more, raw, wanted] of [
    ["half an event", {}, "data: {", words.none],
    ["a comment", {}, ": hello\n\n", words.comment],
    ["no byte at all", {}, "", words.nothing],
    ["bytes that cannot be read", { fault: "too large" }, "x", "too large"],
  ]) {
    test(`with ${title} says so`, () => assert.equal(find(made(more, raw), ".mm-wire-quiet")[0].textContent, wanted));
  }

  test("shows the retry, the end mark, what the client takes, and what is left out", () => {
    const said = '{"delta":{"content":"Hi"}}';
    const item = made({ events: [event(said, { retry: 0 }), event("[DONE]"), event("abc", { size: 5003 })], text: "Hi" });
    assert.deepEqual(find(item, ".mm-wire-field").map(({ textContent }) => textContent), ["retry: 0", words.done]);
    assert.equal(find(item, ".mm-wire-said")[0].textContent, '"Hi"');
    assert.equal(find(item, ".mm-wire-more")[0].textContent, " … 5,000 more");
    assert.equal(find(item, ".mm-wire-text")[0].textContent, "#7 Hi");
  });

  test("says that the line was cut in it, and how much was lost", () => {
    const item = made({ cut: true, lost: 1234 });
    assert.equal(find(item, ".mm-wire-cut")[0].textContent, "✂ The line is cut here. 1,234 bytes of this chunk never reached the client.");
  });

  test("one of a kind is told in the singular", () => {
    const total = (count) => words.total({ chunks: count, bytes: count, events: count }, count);
    assert.equal(total(1), "1 chunk · 1 byte · 1 event · 1 character");
    assert.equal(total(0), "0 chunks · 0 bytes · 0 events · 0 characters");
    assert.match(words.request(2, 1), /the 1 character it has/);
    assert.match(words.lost(1), / 1 byte of/);
  });

  test("gives the bytes of a wide character when the pointer is on it", () => {
    assert.equal(find(made({}, "a你"), ".mm-wire-wide")[0].title, "E4 BD A0");
  });

  test("that is held shows where the cut comes, in letters and in hex, and says so when it moves", () => {
    open();
    const held = { number: 2, at: 1, request: 1, offset: 0, size: 6, shown: 6, bytes: utf8("abcdef") };
    const chosen = [];
    const item = heldRowOf(held, false, words, 2, (at) => chosen.push(at));
    const raw = () => find(item, ".mm-wire-raw")[0].textContent;
    assert.equal(raw(), "ab✂cdef");
    const slider = find(item, ".mm-wire-slider")[0];
    slider.value = "6";
    slider.slots.input();
    assert.deepEqual([raw(), chosen], ["abcdef✂", [6]]);
    assert.ok(bytesOf(held, true, words, 2).textContent.includes("✂000002  63 64 65 66"));
  });
});

describe("the characters of a row in the text beside it", () => {
  for (const [title, texts, from, count, wanted] of [
    ["in one node", ["abcdef"], 2, 3, [[0, 2], [0, 5]]],
    ["over two nodes", ["abc", "def"], 2, 2, [[0, 2], [1, 1]]],
    ["after what has two code units", ["🙂🙂ab"], 2, 1, [[0, 4], [0, 5]]],
    ["to the very end", ["abc"], 0, 3, [[0, 0], [0, 3]]],
    ["that are not drawn yet", ["abc"], 2, 3, null],
  ]) {
    test(title, () => assert.deepEqual(places(texts, from, count), wanted));
  }
});
