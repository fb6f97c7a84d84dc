// What a page has of a text, without a page: run with `node --test`.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { crc32 as crc32OfZlib } from "node:zlib";

import { Received, crc32, isOpen, pieceEnd } from "../../mockmate_nb/view/static/received.js";

const utf8 = (text) => new TextEncoder().encode(text);
const delta = (run, offset, text, blocks = []) => ({ type: "delta", run, offset, text, blocks });
const finish = (run, text, state = "complete") => ({
  type: "finish", run, length: utf8(text).length, crc32: crc32OfZlib(text), state,
});
const html = (run, ...blocks) => ({ type: "html", run, blocks });
const play = (messages, received = new Received()) => {
  let step;
  for (const message of messages) step = received.take(message);
  return { received, step };
};
/** The blocks of a run made of these texts, one after the other. */
const closings = (...texts) => {
  let start = 0;
  return texts.map((text) => {
    const block = { start, end: start + utf8(text).length, units: text.length };
    start = block.end;
    return block;
  });
};

describe("crc32", () => {
  for (const [text, value] of [["", 0], ["123456789", 0xcbf43926], ["a", 0xe8b7be43], ["你好 👋", 0xb8e81356]]) {
    test(`of ${JSON.stringify(text)}`, () => assert.equal(crc32(utf8(text)), value));
  }
  test("goes on from what came before", () => {
    const bytes = utf8("Tell me about 一个项目 🙂");
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      assert.equal(crc32(bytes.subarray(cut), crc32(bytes.subarray(0, cut))), crc32(bytes));
    }
  });
});

describe("a message", () => {
  const cases = [
    ["text grows", [delta(1, 0, "ab"), delta(1, 2, "c")], "abc", "append", false],
    ["offsets are bytes", [delta(1, 0, "é你👋"), delta(1, 9, "!")], "é你👋!", "append", false],
    ["a new run replaces", [delta(1, 0, "old"), delta(2, 0, "new")], "new", "replace", false],
    ["a new run can be empty", [delta(1, 0, "old"), delta(2, 0, "")], "", "replace", false],
    ["an older run is dropped", [delta(2, 0, "new"), delta(1, 0, "old")], "new", "none", false],
    ["an older end is dropped", [delta(2, 0, "new"), finish(1, "old")], "new", "none", false],
    ["a repeat changes nothing", [delta(1, 0, "abc"), delta(1, 1, "bc")], "abc", "none", false],
    ["an overlap is trimmed", [delta(1, 0, "a你"), delta(1, 1, "你好")], "a你好", "append", false],
    ["a byte order mark is kept", [delta(1, 0, "a"), delta(1, 0, "a\ufeffb")], "a\ufeffb", "append", false],
    ["a gap asks", [delta(1, 0, "ab"), delta(1, 5, "f")], "ab", "none", true],
    ["a gap in a new run asks", [delta(1, 0, "ab"), delta(2, 2, "c")], "ab", "none", true],
    ["the end fits", [delta(1, 0, "ab"), finish(1, "ab")], "ab", "state", false],
    ["an empty run ends", [delta(1, 0, ""), finish(1, "")], "", "state", false],
    ["the end asks for missing text", [delta(1, 0, "ab"), finish(1, "abc")], "ab", "none", true],
    ["the end has another text", [delta(1, 0, "ab"), finish(1, "ac")], "ab", "none", true],
    ["the end of a shorter text", [delta(1, 0, "ab"), finish(1, "a")], "ab", "none", true],
    ["the end of an unseen run", [delta(1, 0, "ab"), finish(2, "ab")], "ab", "none", true],
    ["an unknown message", [delta(1, 0, "ab"), { type: "new", run: 1 }], "ab", "none", false],
  ];
  for (const [name, messages, text, change, ask] of cases) {
    test(name, () => {
      const { received, step } = play(messages);
      assert.deepEqual([received.text, step.change, step.ask], [text, change, ask]);
      assert.equal(received.length, utf8(text).length);
      assert.equal(received.units, text.length);
      assert.equal(received.crc32, crc32OfZlib(text));
    });
  }

  for (const [name, messages, here] of [
    ["nothing", [], { run: 0, offset: 0, closed: 0 }],
    ["text", [delta(1, 0, "é")], { run: 1, offset: 2, closed: 0 }],
    ["a closed block", [delta(1, 0, "é\nb", closings("é\n"))], { run: 1, offset: 4, closed: 3 }],
    ["too little at the end", [delta(1, 0, "ab"), finish(1, "abc")], { run: 1, offset: 2, closed: 0 }],
    ["a wrong text at the end", [delta(1, 0, "ab"), finish(1, "ac")], { run: 1, offset: 0, closed: 0 }],
    ["the end of an unseen run", [delta(1, 0, "ab"), finish(2, "ab")], { run: 2, offset: 0, closed: 0 }],
  ]) {
    test(`after ${name} the request says what is here`, () => assert.deepEqual(play(messages).received.here, here));
  }

  test("states follow", () => {
    const received = new Received();
    const states = [delta(1, 0, ""), delta(1, 0, "a"), finish(1, "a", "stopped"), delta(2, 0, "")].map((message) => {
      received.take(message);
      return received.state;
    });
    assert.deepEqual(states, ["waiting", "streaming", "stopped", "waiting"]);
    assert.deepEqual(states.map(isOpen), [true, true, false, true]);
  });

  test("of the whole text replaces a wrong one, even by nothing", () => {
    for (const right of ["right", ""]) {
      const { received } = play([delta(1, 0, "wrong"), finish(1, right.slice(0, 4))]);
      assert.deepEqual([received.take(delta(1, 0, right)).change, received.text], ["replace", right]);
      received.take(finish(1, right));
      assert.equal(received.state, "complete");
    }
  });

  test("that never fits its check ends the run as failed, after three questions", () => {
    const received = new Received();
    const asked = [0, 1, 2, 3].map(() => play([delta(1, 0, "wrong"), finish(1, "right")], received).step.ask);
    assert.deepEqual(asked, [true, true, true, false]);
    assert.deepEqual([received.state, received.text], ["failed", "wrong"]);
  });
});

describe("blocks", () => {
  const [one, two, three] = ["# 你好\n\n", "👋🏽 b\n\n", "c"];
  const text = one + two + three;
  const all = closings(one, two, three);
  const shown = ({ blocks, tail }) => [...blocks.map((block) => block.text), tail];

  test("close what they hold, however the text comes", () => {
    const characters = [...text];
    for (let cut = 0; cut <= characters.length; cut += 1) {
      const [before, after] = [characters.slice(0, cut).join(""), characters.slice(cut).join("")];
      const here = utf8(before).length;
      const first = all.filter(({ end }) => end <= here);
      const rest = all.slice(first.length, 2);
      const { received } = play([delta(1, 0, before, first.slice(0, 2)), delta(1, here, after, rest)]);
      assert.deepEqual(shown(received), [one, two, three]);
      assert.equal(received.crc32, crc32OfZlib(text));
    }
  });

  for (const [name, blocks, expected] of [
    ["in order", all, [one, two, three, ""]],
    ["told twice", [all[0], all[0], all[1]], [one, two, three]],
    ["after a gap are ignored", [all[1], all[2]], [text]],
    ["beyond the text are ignored", [{ start: 0, end: 1_000, units: 3 }], [text]],
  ]) {
    test(name, () => assert.deepEqual(shown(play([delta(1, 0, text, blocks)]).received), expected));
  }

  test("can close without new text", () => {
    const { received, step } = play([delta(1, 0, text), delta(1, utf8(text).length, "", all)]);
    assert.deepEqual([step.change, received.blocks.length, received.closed], ["append", 3, received.length]);
  });

  test("know their places", () => {
    const { received } = play([delta(1, 0, text, all)]);
    for (const { index, start, from, to } of received.blocks) {
      assert.equal(start, all[index].start);
      assert.equal(text.slice(from, to), [one, two, three][index]);
    }
  });

  test("get their HTML with the text or later, once", () => {
    const { received } = play([delta(1, 0, text, [{ ...all[0], html: "<h3>" }, all[1]])]);
    const step = received.take(html(1, { ...all[0], html: "other" }, { ...all[1], html: "<p>" }, { start: 999, html: "" }));
    assert.deepEqual([step.change, step.blocks.map(({ index }) => index)], ["html", [1]]);
    assert.deepEqual(received.blocks.map((block) => block.html), ["<h3>", "<p>"]);
    assert.equal(received.take(html(0, { ...all[1], html: "late" })).change, "none");
  });

  test("of a wrong text get none", () => {
    const { received } = play([delta(1, 0, text, all), finish(1, "x")]);
    assert.equal(received.take(html(1, { ...all[0], html: "<h3>" })).change, "none");
  });
});

describe("a plain text", () => {
  test("is cut into pieces that are the text, whatever Python says of blocks", () => {
    const line = `${"x".repeat(999)}\n`;
    const text = line.repeat(12);
    const { received } = play([delta(1, 0, text, closings(line))], new Received({ plain: true }));
    assert.equal(received.text, text);
    assert.deepEqual(received.blocks.map((block) => block.text.length), [5_000, 5_000]);
    assert.equal(received.here.closed, 0);
  });
});

describe("a piece ends", () => {
  for (const [name, text, from, end] of [
    ["not in a short text", "a\nb\n", 0, -1],
    ["not in a long line", "x".repeat(60_000), 0, -1],
    ["after the first line feed past its length", `${"x".repeat(4_095)}\n\n`, 0, 4_096],
    ["behind where it began", `ab${"x".repeat(5_000)}\nrest`, 2, 5_003],
    ["in an endless line", "x".repeat(70_000), 0, 65_536],
    ["between two characters", `x${"👋".repeat(40_000)}`, 0, 65_535],
  ]) {
    test(name, () => assert.equal(pieceEnd(text, from), end));
  }
});

test("ten megabytes cost their length, not its square", () => {
  const paragraph = `${"words ".repeat(70)}\n\n`;
  const bytes = paragraph.length;
  const cost = (count) => {
    const received = new Received();
    const begins = performance.now();
    for (let at = 0; at < count; at += 1) {
      const block = { start: at * bytes, end: (at + 1) * bytes, units: bytes };
      received.take(delta(1, at * bytes, paragraph, [block]));
    }
    assert.equal(received.units, count * bytes);
    return performance.now() - begins;
  };
  cost(2_000);
  assert.ok(cost(24_000) < 40 * Math.max(cost(2_000), 5));
});
