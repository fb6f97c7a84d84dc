// The answer box's rules without a page: run with `node --test`.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";

/** The package has no package.json that would tell node that a .js file is a module. */
async function load(name) {
  const source = await readFile(new URL(`../../mockmate_nb/view/static/${name}`, import.meta.url), "utf8");
  return import(`data:text/javascript,${encodeURIComponent(source)}`);
}
const { decide, insertSpoken, listen, matching, take } = await load("composer_text.js");
const { Dictation, Reading, sentences, tongue } = await load("composer_speech.js");

const COMMANDS = ["/hint", "/help", "/skip"].map((name) => ({ name, summary: `${name}.` }));

describe("the list offers", () => {
  for (const [text, names] of [
    ["/", ["/hint", "/help", "/skip"]],
    ["/h", ["/hint", "/help"]],
    ["/HI", ["/hint"]],
    ["／h", ["/hint", "/help"]],
    ["/skip", ["/skip"]],
    ["/skipper", []],
    ["/hint please", []],
    ["/h\n", []],
    [" /h", []],
    ["and /h", []],
    ["", []],
  ]) {
    test(JSON.stringify(text), () => assert.deepEqual(matching(text, COMMANDS).map(({ name }) => name), names));
  }
});

describe("a press on Send means", () => {
  const send = (text) => ({ type: "send", text });
  const command = (name, known) => ({ type: "command", name, known });
  for (const [text, act] of [
    ["/hint", command("/hint", true)],
    [" /Hint\n", command("/hint", true)],
    ["／hint", command("/hint", true)],
    ["/foo", command("/foo", false)],
    ["/提示", command("/提示", false)],
    ["/", command("/", false)],
    ["/etc/hosts is a file", send("/etc/hosts is a file")],
    ["/etc/hosts", send("/etc/hosts")],
    ["/hint please", send("/hint please")],
    ["/foo bar", send("/foo bar")],
    ["I would use /hint", send("I would use /hint")],
    ["  an answer \n", send("  an answer \n")],
    ["", send("")],
    [" \n", send(" \n")],
  ]) {
    test(JSON.stringify(text), () => assert.deepEqual(decide(text, COMMANDS), act));
  }
  test("an answer, where there are no commands", () => assert.deepEqual(decide("/foo", []), send("/foo")));
});

describe("what Python sets", () => {
  for (const [name, text, sent, value, revision, after] of [
    ["overwrites", "typed", null, "set", 6, "set"],
    ["overwrites with nothing", "typed", null, "", 6, ""],
    ["is ignored where it is the revision that is there", "typed", null, "old", 5, "typed"],
    ["is ignored where it is an older one", "typed", null, "", 4, "typed"],
    ["takes away what was sent", "answer", "answer", "", 6, ""],
    ["leaves what was typed behind what was sent", "answer, and", "answer", "", 6, ", and"],
    ["takes a blank rest too", "answer\n", "answer", "", 6, ""],
    ["takes another text away", "another", "answer", "", 6, ""],
    ["overwrites what was typed behind it", "answer, and", "answer", "set", 6, "set"],
    ["leaves what was typed behind a blank answer", "so", "", "", 6, "so"],
  ]) {
    test(name, () => assert.equal(take({ text, revision: 5, sent }, value, revision).text, after));
  }
});

describe("spoken words", () => {
  for (const [written, spoken, text] of [
    ["|", " hello ", "hello|"],
    ["I|", "led", "I led|"],
    ["I |", "led", "I led|"],
    ["I| it", "led", "I led| it"],
    ["I|it", "led", "I led |it"],
    ["I|.", "led", "I led|."],
    ["我|它", "负责", "我负责|它"],
    ["用|", "Redis", "用Redis|"],
    ["a\n|", "b", "a\nb|"],
  ]) {
    test(`${JSON.stringify(spoken)} in ${JSON.stringify(written)}`, () => {
      const at = written.indexOf("|");
      const done = insertSpoken(written.replace("|", ""), at, at, spoken);
      assert.equal(`${done.text.slice(0, done.caret)}|${done.text.slice(done.caret)}`, text);
    });
  }
  test("replace what is selected", () =>
    assert.deepEqual(insertSpoken("I lead it", 2, 6, "led"), { text: "I led it", caret: 5 }));
});

/** A model, one view, and a kernel that answers when it is told to. */
function scene(t, traits = {}) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const callbacks = new Map();
  const state = { value: "", revision: 0, enabled: true, commands: COMMANDS, ...traits };
  const sent = [];
  const model = {
    get: (name) => state[name],
    send: (content) => sent.push(content),
    on: (event, callback) => callbacks.set(event, callback),
    off: (event, callback) => callbacks.get(event) === callback && callbacks.delete(event),
  };
  const view = {
    text: state.value, busy: false, cleared: false, focused: 0,
    show(text) { this.text = text; },
    update() {},
    typing() { return this.busy; },
    emptied() { this.cleared = true; },
    focus() { this.focused += 1; return true; },
  };
  const views = new Set([view]);
  const line = listen(model, views);
  return {
    model, view, views, line, sent,
    timers: t.mock.timers,
    listeners: () => callbacks.size,
    drafts: () => sent.filter(({ type }) => type === "draft").map(({ text }) => text),
    write(text) { view.text = text; line.type(text, view); },
    hear: (message) => callbacks.get("msg:custom")(message),
    /** Python has heard the last message. */
    answer(type = "draft") {
      const { page, count, text } = sent.at(-1);
      callbacks.get("msg:custom")({ type, page, count, text });
    },
    set(changes) {
      Object.assign(state, changes);
      Object.keys(changes).forEach((name) => callbacks.get(`change:${name}`)?.());
    },
  };
}

describe("a draft", () => {
  test("goes out 300 ms after the last key, once", (t) => {
    const { write, timers, drafts } = scene(t);
    for (const text of ["I", "I l", "I led"]) {
      write(text);
      timers.tick(299);
      assert.deepEqual(drafts(), []);
    }
    timers.tick(1);
    assert.deepEqual(drafts(), ["I led"]);
    timers.tick(10_000);
    assert.deepEqual(drafts(), ["I led"]);
  });

  test("waits for the answer to the one before, and brings the newest then", (t) => {
    const { write, timers, drafts, answer } = scene(t);
    for (const text of ["a", "ab", "abc"]) {
      write(text);
      timers.tick(1_000);
    }
    assert.deepEqual(drafts(), ["a"]);
    answer();
    timers.tick(300);
    assert.deepEqual(drafts(), ["a", "abc"]);
  });

  test("goes at once when the box is left, whatever is unanswered, and never twice", (t) => {
    const { write, line, drafts } = scene(t);
    for (const text of ["a", "ab", "ab"]) {
      write(text);
      line.flush();
    }
    assert.deepEqual(drafts(), ["a", "ab"]);
  });

  test("has no half of a character", (t) => {
    const { write, line, drafts } = scene(t);
    write("a\ud83d");
    line.flush();
    assert.deepEqual(drafts(), ["a\ufffd"]);
  });

  test("that Python repeats late overwrites nothing", (t) => {
    const { write, line, view, answer, set } = scene(t);
    write("a");
    line.flush();
    write("ab");
    answer();
    set({ value: "a" });
    assert.deepEqual([view.text, line.text()], ["ab", "ab"]);
  });

  test("names the revision it was written on", (t) => {
    const { write, line, sent, set } = scene(t, { revision: 3 });
    write("a");
    line.flush();
    set({ value: "set", revision: 4 });
    write("set, and");
    line.flush();
    assert.deepEqual(sent.map(({ revision }) => revision), [3, 4]);
  });

  test("that a kernel which is gone does not take stays, and is said", (t) => {
    const { write, line, model, timers, answer } = scene(t);
    const { send } = model;
    model.send = () => { throw new Error("Cannot send"); };
    write("a");
    timers.tick(300);
    assert.deepEqual([line.text(), line.state()], ["a", "gone"]);
    model.send = send;
    write("ab");
    line.flush();
    answer();
    assert.equal(line.state(), "ready");
  });
});

describe("two views", () => {
  const other = () => ({ text: "", show(text) { this.text = text; }, update() {}, typing: () => false, emptied() {} });
  test("of one page follow one another at once, and nothing comes back to where one types", (t) => {
    const { write, view, views } = scene(t);
    const second = other();
    views.add(second);
    view.show = () => assert.fail("the view in which a person types was overwritten");
    write("typed");
    assert.equal(second.text, "typed");
  });

  const foreign = { type: "draft", page: "another", count: 1, text: "from there" };
  for (const [name, busy, written, after] of [
    ["follow a draft from another page", false, "", "from there"],
    ["not where a person types", true, "", ""],
    ["not before what was typed has gone out", false, "typed", "typed"],
  ]) {
    test(name, (t) => {
      const { write, view, hear } = scene(t);
      if (written) write(written);
      view.busy = busy;
      hear(foreign);
      assert.equal(view.text, after);
    });
  }

  test("show what Python sets, also where a person types", (t) => {
    const { write, view, set, drafts, timers } = scene(t);
    write("typed");
    view.busy = true;
    set({ value: "set", revision: 1 });
    timers.tick(1_000);
    assert.deepEqual([view.text, drafts()], ["set", []]);
  });
});

describe("Send", () => {
  test("carries the text of that moment, and no draft follows", (t) => {
    const { write, line, sent, timers } = scene(t);
    write("typed just now");
    line.press();
    timers.tick(10_000);
    line.flush();
    assert.deepEqual(sent.map(({ type, text }) => [type, text]), [["send", "typed just now"]]);
  });

  test("is heard once, until Python has answered", (t) => {
    const { write, line, sent, answer, timers } = scene(t);
    write("a");
    line.press();
    assert.equal(line.takes(), false);
    line.press();
    timers.tick(1_500);
    assert.equal(line.state(), "waiting");
    line.press();
    assert.equal(sent.length, 1);
    answer("heard");
    assert.equal(line.state(), "ready");
    line.press();
    assert.equal(sent.length, 2);
  });

  test("an answer to another page's press is none", (t) => {
    const { line, hear } = scene(t);
    line.press();
    hear({ type: "heard", page: "another" });
    assert.equal(line.state(), "sending");
  });

  test("does nothing while Python takes no answer; a command is heard all the same", (t) => {
    const { write, line, sent } = scene(t, { enabled: false });
    write("an answer");
    line.press();
    assert.deepEqual(sent, []);
    write("/skip");
    line.press();
    assert.deepEqual(sent.map(({ type, name }) => [type, name]), [["command", "/skip"]]);
  });

  test("leaves what was typed behind it when Python clears the box, and tells Python of it", (t) => {
    const { write, line, view, answer, set, timers, drafts } = scene(t);
    write("answer");
    line.press();
    answer("heard");
    write("answer and more");
    timers.tick(300);
    answer();
    set({ value: "", revision: 1 });
    assert.deepEqual([view.text, view.cleared], [" and more", true]);
    timers.tick(300);
    assert.deepEqual(drafts(), ["answer and more", " and more"]);
  });

  test("of an answer that Python did not take is forgotten when it takes the next", (t) => {
    const { write, line, view, answer, set } = scene(t);
    write("answer");
    line.press();
    set({ enabled: false });
    answer("heard");
    set({ enabled: true });
    write("answer, longer");
    set({ value: "", revision: 1 });
    assert.equal(view.text, "");
  });
});

describe("a command", () => {
  test("empties the box, in Python's eyes too", (t) => {
    const { write, line, view, sent, timers } = scene(t);
    write("/hi");
    line.flush();
    line.run("/hint");
    timers.tick(1_000);
    assert.equal(view.text, "");
    assert.deepEqual(sent.map(({ type, text, name }) => [type, text ?? name]), [
      ["draft", "/hi"], ["draft", ""], ["command", "/hint"],
    ]);
  });

  test("that is unknown stays in the box", (t) => {
    const { write, line, view, sent } = scene(t);
    write("/foo");
    line.press();
    assert.deepEqual([view.text, sent.at(-1).name], ["/foo", "/foo"]);
  });
});

test("the focus waits for the first view", (t) => {
  const { view, views, line, hear } = scene(t);
  views.clear();
  hear({ type: "focus" });
  views.add(view);
  line.settle();
  line.settle();
  assert.equal(view.focused, 1);
  hear({ type: "focus" });
  assert.equal(view.focused, 2);
});

test("undo leaves no listener and no timer", (t) => {
  const { write, line, sent, timers, listeners } = scene(t);
  write("a");
  line.press();
  write("ab");
  line.undo();
  const before = sent.length;
  timers.tick(1_000_000);
  assert.deepEqual([listeners(), sent.length, line.state()], [0, before, "sending"]);
});

/** A recognition that says what it is told to. */
function fakeRecognition() {
  const made = [];
  class Recognition {
    constructor() { this.calls = []; made.push(this); }
    start() { this.calls.push("start"); }
    stop() { this.calls.push("stop"); }
    abort() { this.calls.push("abort"); }
    say(transcript, isFinal) {
      this.onresult({ resultIndex: 0, results: [Object.assign([{ transcript }], { isFinal })] });
    }
  }
  const log = { inserted: [], interim: "", notes: [], pressed: false };
  const dictation = new Dictation(Recognition, {
    language: () => "en-GB",
    insert: (spoken) => log.inserted.push(spoken),
    interim: (spoken) => { log.interim = spoken; },
    note: (note) => log.notes.push(note),
    pressed: (on) => { log.pressed = on; },
  });
  return { made, log, dictation };
}

/** A dictation that listens. */
function listening() {
  const scene = fakeRecognition();
  scene.dictation.toggle();
  scene.dictation.toggle();
  return { ...scene, recognition: scene.made[0] };
}

describe("dictation", () => {
  test("says first where the voice may go, and starts on the second press", () => {
    const { made, log, dictation } = fakeRecognition();
    dictation.toggle();
    assert.deepEqual([made.length, log.notes, log.pressed], [0, ["goes"], false]);
    dictation.toggle();
    assert.deepEqual([made.length, log.notes.at(-1), log.pressed], [1, "", true]);
    const { lang, continuous, interimResults } = made[0];
    assert.deepEqual([lang, continuous, interimResults], ["en-GB", true, true]);
    dictation.toggle();
    made[0].onend();
    dictation.toggle();
    assert.deepEqual([made.length, log.notes.includes("goes", 1)], [2, false]);
  });

  test("shows what is not certain yet, and writes what is", () => {
    const { log, recognition } = listening();
    recognition.say("tell me", false);
    assert.deepEqual([log.interim, log.inserted], ["tell me", []]);
    recognition.say("Tell me.", true);
    assert.deepEqual([log.interim, log.inserted], ["", ["Tell me."]]);
  });

  test("stopped, it still writes what was said before", () => {
    const { log, dictation, recognition } = listening();
    dictation.toggle();
    assert.deepEqual([recognition.calls, log.pressed], [["start", "stop"], false]);
    recognition.say("the rest", true);
    assert.deepEqual(log.inserted, ["the rest"]);
    recognition.onend();
    assert.equal(recognition.onresult, null);
  });

  test("ended by Send, it writes what is on screen and nothing later", () => {
    const { log, dictation, recognition } = listening();
    recognition.say("nearly certain", false);
    dictation.finish();
    assert.deepEqual([log.inserted, log.interim, log.pressed], [["nearly certain"], "", false]);
    assert.deepEqual([recognition.calls.at(-1), recognition.onresult], ["abort", null]);
  });

  test("goes on after a silence, and not where it ends at once", (t) => {
    let now = 0;
    t.mock.method(performance, "now", () => now);
    const { made, log, recognition } = listening();
    now += 8_000;
    recognition.onerror({ error: "no-speech" });
    recognition.onend();
    assert.deepEqual([made.length, log.pressed, log.notes.at(-1)], [2, true, "silent"]);
    made[1].onend();
    assert.deepEqual([made.length, log.pressed], [2, false]);
  });

  for (const [error, note] of [
    ["not-allowed", "denied"], ["audio-capture", "microphone"], ["network", "network"],
    ["language-not-supported", "tongue"], ["bad-grammar", "dictation"],
  ]) {
    test(`${error} is said, and ends it`, (t) => {
      let now = 0;
      t.mock.method(performance, "now", () => now);
      const { made, log, recognition } = listening();
      now += 8_000;
      recognition.onerror({ error });
      recognition.onend();
      assert.deepEqual([log.notes.at(-1), log.pressed, made.length], [note, false, 1]);
    });
  }

  test("started again before the last one has ended, it listens once", () => {
    const { made, log, dictation } = listening();
    made[0].stop = () => {};
    dictation.toggle();
    dictation.toggle();
    assert.deepEqual([made.length, made[0].calls.at(-1), made[0].onend], [2, "abort", null]);
    made[1].say("heard", true);
    assert.deepEqual([log.inserted, log.pressed], [["heard"], true]);
  });

  test("a browser that refuses to start is said", () => {
    const { log, made, dictation } = fakeRecognition();
    dictation.Recognition = class extends dictation.Recognition { start() { throw new Error("busy"); } };
    dictation.toggle();
    dictation.toggle();
    assert.deepEqual([made.length, log.notes.at(-1), log.pressed], [1, "dictation", false]);
  });
});

/** A browser's voices; what is spoken waits in `queue`. */
function fakeSpeech(voices = []) {
  const queue = [];
  const log = { notes: [], pressed: [], cancelled: 0 };
  const speech = {
    SpeechSynthesisUtterance: class { constructor(text) { this.text = text; } },
    speechSynthesis: {
      getVoices: () => voices,
      speak: (utterance) => queue.push(utterance),
      cancel: () => { log.cancelled += 1; },
    },
  };
  const reading = new Reading(speech, {
    note: (note) => log.notes.push(note), pressed: (on) => log.pressed.push(on),
  });
  return { queue, log, reading };
}

describe("reading aloud", () => {
  test("says sentence after sentence, in a voice of this machine where there is one", () => {
    const voices = [
      { lang: "de-DE", localService: true }, { lang: "en-US", localService: false }, { lang: "en-GB", localService: true },
    ];
    const { queue, log, reading } = fakeSpeech(voices);
    reading.toggle("Tell me about **a project**. What was hard?", "en-US");
    assert.deepEqual(queue.map(({ text }) => text), ["Tell me about a project.", "What was hard?"]);
    assert.ok(queue.every(({ lang, voice }) => lang === "en-US" && voice === voices[2]));
    queue[0].onend();
    assert.deepEqual(log.pressed, [true]);
    queue[1].onend();
    assert.deepEqual(log.pressed, [true, false]);
  });

  test("stops on the second press, and a late word of it changes nothing", () => {
    const { queue, log, reading } = fakeSpeech();
    reading.toggle("One. Two.", "en-US");
    reading.toggle("One. Two.", "en-US");
    queue.forEach((utterance) => utterance.onerror({ error: "interrupted" }));
    assert.deepEqual([log.pressed, log.cancelled, log.notes], [[true, false], 1, [""]]);
  });

  test("goes on when the end of the one before is told late", () => {
    const { queue, log, reading } = fakeSpeech();
    for (let press = 0; press < 3; press += 1) reading.toggle("One. Two.", "en-US");
    queue[0].onerror({ error: "interrupted" });
    queue[1].onend();
    assert.deepEqual([log.pressed, log.cancelled], [[true, false, true], 1]);
  });

  test("ends without a word where another page silences it", () => {
    const { queue, log, reading } = fakeSpeech();
    reading.toggle("One. Two.", "en-US");
    queue[0].onerror({ error: "canceled" });
    assert.deepEqual([log.pressed, log.notes], [[true, false], [""]]);
  });

  test("silences nobody else", () => {
    const { log, reading } = fakeSpeech();
    reading.stop();
    assert.deepEqual([log.cancelled, log.pressed], [0, []]);
  });

  test("a fault is said, and ends it", () => {
    const { queue, log, reading } = fakeSpeech();
    reading.toggle("One. Two.", "en-US");
    queue[0].onerror({ error: "synthesis-failed" });
    assert.deepEqual([log.pressed.at(-1), log.notes.at(-1), log.cancelled], [false, "reading", 1]);
  });

  test("cuts Chinese into sentences too", () =>
    assert.deepEqual(sentences("请介绍一下。为什么？", "zh-CN"), ["请介绍一下。", "为什么？"]));
});

for (const [language, preferred, expected] of [
  ["en", ["de-DE", "en-GB"], "en-GB"],
  ["en", ["de-DE", "en"], "en-US"],
  ["zh", ["en-GB", "zh-TW"], "zh-TW"],
  ["zh", [], "zh-CN"],
]) {
  test(`${language} for a browser in ${preferred} is ${expected}`, () => assert.equal(tongue(language, preferred), expected));
}
