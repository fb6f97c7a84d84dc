// The page side of StreamView without a page: run with `node --test`.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { crc32 as crc32OfZlib } from "node:zlib";

const path = new URL("../../mockmate_nb/view/static/stream_view.js", import.meta.url);
const source = await readFile(path, "utf8");
// The package has no package.json that would tell node that a .js file is a module.
const url = `data:text/javascript,${encodeURIComponent(source)}`;
const { NOTHING, blocks, crc32, isOpen, listen, receive } = await import(url);

const utf8 = (text) => new TextEncoder().encode(text);
const delta = (run, offset, text) => ({ type: "delta", run, offset, text });
const finish = (run, text, state = "complete") => ({
  type: "finish", run, length: utf8(text).length, crc32: crc32(utf8(text)), state,
});
const play = (messages, from = NOTHING) =>
  messages.reduce((step, message) => receive(step.received, message), { received: from });

describe("crc32", () => {
  const known = [["", 0], ["123456789", 0xcbf43926], ["a", 0xe8b7be43], ["你好 👋", 0xb8e81356]];
  for (const [text, value] of known) {
    test(`of ${JSON.stringify(text)}`, () => assert.equal(crc32(utf8(text)), value));
  }
  test("goes on from what came before", () => {
    const bytes = utf8("Tell me about 一个项目 🙂");
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      assert.equal(crc32(bytes.subarray(cut), crc32(bytes.subarray(0, cut))), crc32(bytes));
    }
  });
});

describe("receive", () => {
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
    ["the end is short of text", [delta(1, 0, "ab"), finish(1, "abc")], "", "none", true],
    ["the end has another text", [delta(1, 0, "ab"), finish(1, "ac")], "", "none", true],
    ["the end has another length", [delta(1, 0, "ab"), { ...finish(1, "ab"), length: 3 }], "", "none", true],
    ["the end of an unseen run", [delta(1, 0, "ab"), finish(2, "ab")], "", "none", true],
    ["an unknown message", [delta(1, 0, "ab"), { type: "new", run: 1 }], "ab", "none", false],
  ];
  for (const [name, messages, text, change, ask] of cases) {
    test(name, () => {
      const step = play(messages);
      assert.deepEqual([step.received.text, step.change, step.ask], [text, change, ask]);
      assert.equal(step.received.length, utf8(text).length);
      assert.equal(step.received.crc32, crc32OfZlib(text));
    });
  }

  test("states follow the messages", () => {
    const states = [delta(1, 0, ""), delta(1, 0, "a"), finish(1, "a", "stopped"), delta(2, 0, "")].reduce(
      ({ received, seen }, message) => {
        const next = receive(received, message).received;
        return { received: next, seen: [...seen, next.state] };
      },
      { received: NOTHING, seen: [] },
    ).seen;
    assert.deepEqual(states, ["waiting", "streaming", "stopped", "waiting"]);
    assert.deepEqual(states.map(isOpen), [true, true, false, true]);
  });

  test("after a wrong end the whole text replaces what was there, even by nothing", () => {
    for (const right of ["right", ""]) {
      const wrong = play([delta(1, 0, "wrong"), finish(1, right)]).received;
      const step = receive(wrong, delta(1, 0, right));
      assert.deepEqual([step.change, step.added], ["replace", right]);
      assert.equal(receive(step.received, finish(1, right)).received.state, "complete");
    }
  });

  test("a text that never fits its check ends as failed, and is asked for three times", () => {
    let received = NOTHING;
    const asked = [];
    for (let round = 0; round < 4; round += 1) {
      received = play([delta(1, 0, "wrong")], received).received;
      const step = receive(received, finish(1, "right"));
      received = step.received;
      asked.push(step.ask);
    }
    assert.deepEqual(asked, [true, true, true, false]);
    assert.deepEqual([received.state, received.text], ["failed", "wrong"]);
  });
});

describe("blocks", () => {
  const line = `${"x".repeat(999)}\n`;
  for (const [name, text, filled, count] of [
    ["nothing", "", 0, 1],
    ["a short text", "a\nb\n", 0, 1],
    ["a long line is not cut", "x".repeat(50_000), 0, 1],
    ["many lines", line.repeat(12), 0, 3],
    ["a full block ends at the next line", `end\nnext${line}`, 5_000, 2],
  ]) {
    test(name, () => {
      const pieces = blocks(text, filled);
      assert.equal(pieces.join(""), text);
      assert.equal(pieces.length, count);
      for (const piece of pieces.slice(0, -1)) assert.ok(piece.endsWith("\n"));
    });
  }
});

/** A model whose messages from Python are given by `hear`. */
function fakeModel() {
  const callbacks = new Map();
  return {
    sent: [],
    send(content) { this.sent.push(content); },
    on: (event, callback) => callbacks.set(event, callback),
    off: (event, callback) => callbacks.get(event) === callback && callbacks.delete(event),
    hear: (message) => callbacks.get("msg:custom")?.(message),
    listeners: () => callbacks.size,
  };
}

describe("asking", () => {
  const begin = (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const model = fakeModel();
    const told = [];
    const { undo } = listen(model, (step) => told.push([step.change, step.received.state]));
    model.hear({ ...delta(1, 0, "ab"), answer: true });
    return { model, told, undo, timers: t.mock.timers };
  };

  test("at first, then once a gap until the answer", (t) => {
    const { model, undo } = begin(t);
    for (const offset of [5, 6, 7]) model.hear(delta(1, offset, "x"));
    assert.deepEqual(model.sent, [
      { type: "resync", run: 0, offset: 0 },
      { type: "resync", run: 1, offset: 2 },
    ]);
    model.hear({ ...delta(1, 2, "cdexxx"), answer: true });
    model.hear(delta(1, 99, "y"));
    assert.deepEqual(model.sent.at(-1), { type: "resync", run: 1, offset: 8 });
    undo();
  });

  test("from zero after a wrong end", (t) => {
    const { model, undo } = begin(t);
    model.hear(finish(1, "ac"));
    assert.deepEqual(model.sent.at(-1), { type: "resync", run: 1, offset: 0 });
    undo();
  });

  test("ever less often while all is silent, and not after the end", (t) => {
    const { model, undo, timers } = begin(t);
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
    undo();
  });

  test("of a kernel that is gone ends the run as failed", (t) => {
    const { model, told, undo, timers } = begin(t);
    model.send = () => { throw new Error("Cannot send"); };
    timers.tick(1_000_000);
    assert.deepEqual(told, [["replace", "streaming"], ["state", "failed"]]);
    undo();
  });

  test("undo leaves no listener and no timer", (t) => {
    const { model, undo, timers } = begin(t);
    const before = model.sent.length;
    undo();
    timers.tick(1_000_000);
    assert.deepEqual([model.listeners(), model.sent.length], [0, before]);
  });
});
