// The list's rules and its rows, without a page: run with `node --test`.
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import rows, { heir } from "../../mockmate_nb/view/static/rows.js";
import { Element, model, open } from "./fake_page.mjs";

const BLANK = { facts: [], badge: "", mark: "", marked: "", lines: [], act: "" };
const row = (id, more = {}) => ({ ...BLANK, id, title: `Title ${id}`, ...more });
const TEXT = '<img src=x onerror="window.mmOwned = true">';

describe("with other rows the focus goes to", () => {
  for (const [title, before, after, held, wanted] of [
    ["nothing, where nothing had it", ["a"], ["a"], null, null],
    ["the same row", ["a", "b"], ["c", "b", "a"], "b", "b"],
    ["the first new one after a press on more", ["a", "b"], ["a", "b", "c", "d"], "", "c"],
    ["nothing, where more brought none", ["a"], ["a"], "", null],
    ["the row in the place of one that is gone", ["a", "b", "c"], ["a", "c"], "b", "c"],
    ["the last, where the last is gone", ["a", "b"], ["a"], "b", "a"],
    ["nothing, where all are gone", ["a"], [], "a", null],
  ]) {
    test(title, () => assert.equal(heir(before, after, held), wanted));
  }
});

describe("a list", () => {
  let page;
  beforeEach(() => {
    page = open();
  });
  const show = (shown, more = "") => {
    const made = model({ rows: shown, more, label: "All", language: "en" });
    const el = new Element("div");
    const undo = rows.render({ model: made, el });
    return { model: made, el, undo, find: (selector) => el.all().filter((each) => each.is(selector)) };
  };

  test("every text in it is text, and the title is the button", () => {
    const { model: made, find } = show([
      row("a", { title: TEXT, facts: [TEXT, "2"], badge: TEXT, lines: [TEXT], mark: "yes", marked: TEXT }),
    ]);
    const [title] = find(".mm-row-title");
    assert.deepEqual([title.tag, title.textContent, title.type], ["button", TEXT, "button"]);
    for (const [name, text] of [[".mm-row-fact", TEXT], [".mm-row-badge", TEXT], [".mm-row-line", TEXT], [".mm-row-mark", "✓"]]) {
      assert.equal(find(name)[0].textContent, text);
    }
    assert.equal(find(".mm-row-mark")[0].attributes["aria-label"], TEXT);
    title.click();
    assert.deepEqual(made.sent, [{ type: "choose", id: "a" }]);
  });

  test("with a button of its own, the title is none and the button says which row it is for", () => {
    const { model: made, find } = show([row("a", { act: "Practise this" })]);
    assert.equal(find(".mm-row-title")[0].tag, "p");
    const [act] = find(".mm-row-act");
    assert.equal(act.attributes["aria-label"], "Practise this: Title a");
    act.click();
    assert.deepEqual(made.sent, [{ type: "choose", id: "a" }]);
  });

  test("more is there where there is more, and the focus goes on to what it brought", () => {
    const { model: made, find } = show([row("a")], "Show more");
    const [more] = find(".mm-rows-more");
    assert.equal(more.hidden, false);
    more.focus();
    more.click();
    assert.deepEqual(made.sent, [{ type: "more" }]);
    made.set({ rows: [row("a"), row("b")] });
    made.set({ more: "" });
    assert.equal(more.hidden, true);
    assert.equal(document.activeElement.textContent, "Title b");
  });

  test("Python can put the focus on a row, or on the first", () => {
    const { model: made } = show([row("a"), row("b")]);
    made.tell({ type: "focus", id: "b" });
    assert.equal(document.activeElement.textContent, "Title b");
    made.tell({ type: "focus", id: "gone" });
    assert.equal(document.activeElement.textContent, "Title a");
  });

  test("JupyterLab takes neither Enter nor Space from a button, and takes every other key", () => {
    const { el, find } = show([row("a")]);
    const [root] = el.children;
    const [target] = find(".mm-row-title");
    for (const [key, more, own] of [
      ["Enter", {}, true],
      [" ", {}, true],
      ["j", {}, false],
      ["s", { ctrlKey: true }, false],
      ["Enter", { ctrlKey: true }, false],
    ]) {
      page.keydown({ key, target, ...more });
      assert.equal("data-lm-suppress-shortcuts" in root.attributes, own, key);
    }
  });

  test("nothing listens after the end", () => {
    const { model: made, el, undo } = show([row("a")]);
    undo();
    assert.deepEqual([made.listening(), el.children.length, page.keys.size], [0, 0, 0]);
  });
});
