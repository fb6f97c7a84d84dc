// Keeper's page side without a page: `node --test tests/view/keeper.test.mjs`.
import assert from "node:assert/strict";
import { test } from "node:test";

import keeper, { keepIn, output } from "../../mockmate_nb/view/static/keeper.js";

const WIDGET = "application/vnd.jupyter.widget-view+json";
const KEPT = { of: "a1", html: "<p>Hello</p>", text: "Hello" };
const AGAIN = { ...KEPT, html: "<p>Goodbye</p>", text: "Goodbye" };

/** JupyterLab's model of a cell's outputs, as far as Keeper uses it. */
class Outputs {
  trusted = true;
  clearNext = false;
  /** @type {string[]} */
  calls = [];
  contentFactory = { createOutputModel: ({ value }) => value };

  constructor(stored, changed = () => {}) {
    this.stored = stored;
    this.changed = changed;
    this.list = { insert: (at, value) => this.change("insert", () => this.stored.splice(at, 0, value)) };
  }

  get length() {
    return this.stored.length;
  }

  change(name, act) {
    this.calls.push(name);
    act();
    this.changed();
  }

  get(at) {
    return { toJSON: () => this.stored[at] };
  }

  add(value) {
    this.change("add", () => this.stored.push(value));
  }

  set(at, value) {
    this.change("set", () => this.stored.splice(at, 1, value));
  }

  remove(at) {
    this.change("remove", () => this.stored.splice(at, 1));
  }
}

const view = (id) => ({ output_type: "display_data", data: { [WIDGET]: { model_id: id } } });
const printed = { output_type: "stream", name: "stdout", text: "Hello\n" };
const picture = { output_type: "display_data", data: { "image/png": "AAAA" } };
const html = { output_type: "display_data", data: { "text/html": '<p class="mm-kept-of-a1">Mine</p>' } };
const failed = { output_type: "error", ename: "ValueError", evalue: "", traceback: [] };
const other = { ...KEPT, of: "a12" };

const name = (stored) => {
  const shown = stored.data?.[WIDGET]?.model_id;
  const kept = /^<div class="mm-kept mm-kept-of-(\w+)( mm-kept-next)?">/.exec(stored.data?.["text/html"] ?? "");
  if (shown) return shown;
  if (kept) return `twin of ${kept[1]}${kept[2] ? ", next" : ""}: ${stored.data["text/plain"]}`;
  return stored.output_type === "display_data" ? Object.keys(stored.data)[0] : stored.output_type;
};

const CASES = [
  ["no widget", [printed], KEPT, ["stream"]],
  ["another's widget", [view("b2")], KEPT, ["b2"]],
  ["the widget alone", [view("a1")], KEPT, ["a1", "twin of a1, next: Hello"]],
  ["text before", [printed, view("a1")], KEPT, ["stream", "a1", "twin of a1, next: Hello"]],
  ["text after: it may grow", [view("a1"), printed], KEPT, ["a1", "stream", "twin of a1: Hello"]],
  ["a picture after: it may be updated", [view("a1"), picture], KEPT, ["a1", "image/png", "twin of a1: Hello"]],
  ["an error after", [view("a1"), failed], KEPT, ["a1", "twin of a1, next: Hello", "error"]],
  ["another widget after", [view("a1"), view("b2")], KEPT, ["a1", "twin of a1, next: Hello", "b2"]],
  ["shown twice", [view("a1"), view("a1")], KEPT, ["a1", "a1", "twin of a1, next: Hello"]],
  ["equal", [view("a1"), output(KEPT, true)], KEPT, ["a1", "twin of a1, next: Hello"]],
  ["an older one", [view("a1"), output(KEPT, true)], AGAIN, ["a1", "twin of a1, next: Goodbye"]],
  [
    "an older one further down",
    [view("a1"), printed, output(KEPT, false)],
    AGAIN,
    ["a1", "stream", "twin of a1: Goodbye"],
  ],
  [
    "one of a widget whose id begins alike",
    [view("a1"), view("a12"), output(other, true)],
    KEPT,
    ["a1", "twin of a1, next: Hello", "a12", "twin of a12, next: Hello"],
  ],
  ["HTML of somebody else", [view("a1"), html], KEPT, ["a1", "text/html", "twin of a1: Hello"]],
  [
    "two of the same, from two pages on one document",
    [view("a1"), output(KEPT, true), output(KEPT, true)],
    KEPT,
    ["a1", "twin of a1, next: Hello"],
  ],
  ["a twin whose widget is gone", [output(KEPT, true)], AGAIN, ["twin of a1, next: Hello"]],
];

for (const [title, stored, kept, wanted] of CASES) {
  test(`keeps one twin: ${title}`, () => {
    const outputs = new Outputs([...stored]);
    keepIn(outputs, kept, true);
    assert.deepEqual(outputs.stored.map(name), wanted);
    outputs.calls = [];
    keepIn(outputs, kept, true);
    assert.deepEqual(outputs.calls, [], "a second time nothing is left to do");
  });
}

test("text stored in lines, as files have it, is the same text", () => {
  const stored = output({ ...KEPT, html: "<p>a\nb</p>", text: "a\nb" }, true);
  const lines = Object.entries(stored.data).map(([type, text]) => [type, text.split(/(?<=\n)/)]);
  const outputs = new Outputs([view("a1"), { ...stored, data: Object.fromEntries(lines) }]);
  keepIn(outputs, { ...KEPT, html: "<p>a\nb</p>", text: "a\nb" }, true);
  assert.deepEqual(outputs.calls, []);
});

test("a twin that is there already stays when only the document has changed", () => {
  const outputs = new Outputs([view("a1"), output(KEPT, true)]);
  keepIn(outputs, AGAIN, false);
  assert.deepEqual(outputs.calls, []);
});

test("outputs that are about to be cleared are left alone", () => {
  const outputs = new Outputs([view("a1")]);
  outputs.clearNext = true;
  keepIn(outputs, KEPT, true);
  assert.deepEqual(outputs.calls, []);
});

test("no model id reaches the HTML unchecked", () => {
  const { data } = output({ ...KEPT, of: '"><img src=x>' }, false);
  assert.match(data["text/html"], /^<div class="mm-kept mm-kept-of-imgsrcx">/);
});

/** A model, its traits, and a notebook of these cells; `slots` are what listens. */
function page(traits, cells) {
  const slots = new Map();
  const on = (event, slot) => slots.set(event, [...(slots.get(event) ?? []), slot]);
  const off = (event, slot) => slots.set(event, slots.get(event).filter((each) => each !== slot));
  const tell = (event) => (slots.get(event) ?? []).forEach((slot) => slot());
  const contentChanged = { connect: (slot) => on("content", slot), disconnect: (slot) => off("content", slot) };
  const made = cells.map((stored) => (stored ? { outputs: new Outputs(stored, () => tell("content")) } : {}));
  const context = { isDisposed: false, ready: Promise.resolve(), model: { cells: made, contentChanged } };
  const model = { get: (trait) => traits[trait], on, off, widget_manager: { context } };
  const shown = () => made.map(({ outputs }) => outputs?.stored.map(name) ?? []);
  return { model, context, cells: made, tell, shown, listening: () => [...slots.values()].flat().length };
}

test("every cell that shows the widget gets the twin, what came before the page too", async () => {
  const { model, shown } = page(KEPT, [null, [view("a1")], [printed], [view("a1")]]);
  const undo = await keeper.initialize({ model });
  const both = ["a1", "twin of a1, next: Hello"];
  assert.deepEqual(shown(), [[], both, ["stream"], both]);
  undo();
});

test("a new twin takes the place of the old", async () => {
  const traits = { ...KEPT, html: "" };
  const { model, tell, shown } = page(traits, [[view("a1")]]);
  const undo = await keeper.initialize({ model });
  assert.deepEqual(shown(), [["a1"]]);
  for (const [kept, said] of [[KEPT, "Hello"], [AGAIN, "Goodbye"]]) {
    Object.assign(traits, kept);
    tell("change:html");
    assert.deepEqual(shown(), [["a1", `twin of a1, next: ${said}`]]);
  }
  undo();
});

test("a widget that is displayed later, or again, gets its twin; a cell that ran anew does not", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { model, cells, shown } = page(KEPT, [[], [view("a1")]]);
  const undo = await keeper.initialize({ model });
  cells[0].outputs.add(view("a1"));
  cells[1].outputs.stored.length = 0;
  cells[1].outputs.add(view("b2"));
  t.mock.timers.tick(1_000);
  assert.deepEqual(shown(), [["a1", "twin of a1, next: Hello"], ["b2"]]);
  cells[0].outputs.stored.length = 0;
  cells[0].outputs.add(view("a1"));
  t.mock.timers.tick(1_000);
  assert.deepEqual(shown()[0], ["a1", "twin of a1, next: Hello"]);
  undo();
});

test("two keepers of one widget end with one twin and come to rest", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { model, cells, shown } = page(KEPT, [[view("a1")]]);
  const second = { ...model, get: (trait) => AGAIN[trait] };
  const undone = [await keeper.initialize({ model }), await keeper.initialize({ model: second })];
  t.mock.timers.tick(1_000);
  cells[0].outputs.calls = [];
  t.mock.timers.tick(10_000);
  assert.deepEqual(cells[0].outputs.calls, []);
  assert.deepEqual(shown(), [["a1", "twin of a1, next: Goodbye"]]);
  undone.forEach((undo) => undo());
});

test("nothing listens after the end, and a closed notebook is left alone", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { model, tell, listening } = page(KEPT, [[view("a1")]]);
  const undo = await keeper.initialize({ model });
  assert.ok(listening() > 0);
  tell("content");
  undo();
  assert.equal(listening(), 0);
  const closed = page(AGAIN, [[view("a1")]]);
  closed.context.isDisposed = true;
  await keeper.initialize({ model: closed.model });
  t.mock.timers.tick(1_000);
  assert.deepEqual(closed.shown(), [["a1"]]);
});

for (const manager of [undefined, {}, { context: {} }, { context: { model: {} } }]) {
  test(`where there is no notebook nothing happens: ${JSON.stringify(manager)}`, async () => {
    assert.equal(await keeper.initialize({ model: { get: () => "", widget_manager: manager } }), undefined);
  });
}
