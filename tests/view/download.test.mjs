// Saving a file, without a page: run with `node --test`.
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import download, { KINDS, WORDS } from "../../mockmate_nb/view/static/download.js";
import { Element, model, open } from "./fake_page.mjs";

const BYTES = new DataView(new TextEncoder().encode("# Report\n").buffer);

describe("the buttons", () => {
  let page;
  let offered;
  let revoked;
  beforeEach(() => {
    page = open();
    offered = [];
    revoked = [];
    URL.createObjectURL = (blob) => {
      offered.push(blob);
      return `blob:${offered.length}`;
    };
    URL.revokeObjectURL = (address) => revoked.push(address);
  });
  const show = (language = "en") => {
    const made = model({ language });
    const el = new Element("div");
    const undo = download.render({ model: made, el });
    const buttons = el.all().filter((each) => each.tag === "button");
    const said = el.all().find((each) => each.attributes.role === "status");
    return { model: made, el, undo, buttons, said };
  };
  const file = (asked) => ({ type: "file", page: asked.page, name: "mockmate-<b>.md", mime: "text/markdown" });

  test("ask for one file at a time and say so", () => {
    const { model: made, buttons, said } = show();
    buttons.forEach((each) => each.click());
    assert.equal(made.sent.length, 1);
    assert.deepEqual([made.sent[0].type, made.sent[0].kind], ["make", KINDS[0]]);
    assert.equal(said.textContent, "Making Markdown …");
    assert.equal(buttons[3].attributes["aria-disabled"], "true");
  });

  test("what comes is offered as a click on a link, and forgotten", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const clicked = [];
    const { createElement } = document;
    document.createElement = (tag) => {
      const made = createElement(tag);
      if (tag === "a") made.slots.click = () => clicked.push([made.href, made.download, made.parent === page.body]);
      return made;
    };
    const { model: made, buttons, said } = show();
    buttons[0].click();
    made.tell(file(made.sent[0]), [BYTES]);
    assert.deepEqual(clicked, [["blob:1", "mockmate-<b>.md", true]]);
    assert.equal(page.body.children.length, 0);
    assert.equal(await offered[0].text(), "# Report\n");
    assert.equal(offered[0].type, "text/markdown");
    assert.equal(said.textContent, "mockmate-<b>.md is in your browser's downloads.");
    assert.deepEqual(revoked, []);
    t.mock.timers.tick(60_000);
    assert.deepEqual(revoked, ["blob:1"]);
    buttons[1].click();
    assert.equal(made.sent.length, 2);
  });

  test("what another page asked for is not this page's", () => {
    const { model: made, buttons } = show();
    buttons[0].click();
    made.tell({ ...file(made.sent[0]), page: "another" }, [BYTES]);
    made.tell({ type: "fault", page: "another", text: "No." });
    assert.deepEqual(offered, []);
    buttons[1].click();
    assert.equal(made.sent.length, 1, "it still waits for its own");
  });

  test("a fault is said as text, and the next file can be asked for", () => {
    const { model: made, buttons, said } = show("zh");
    buttons[3].click();
    assert.equal(said.textContent, "正在生成 PDF ……");
    made.tell({ type: "fault", page: made.sent[0].page, text: "<b>none</b>" });
    assert.equal(said.textContent, "<b>none</b>");
    assert.ok(said.classes.has("mm-export-failed"));
    buttons[0].click();
    assert.equal(made.sent.length, 2);
    assert.ok(!said.classes.has("mm-export-failed"));
  });

  test("another interview takes away what was said of the one before", () => {
    const { model: made, buttons, said } = show();
    buttons[0].click();
    made.tell({ type: "reset" });
    assert.equal(said.textContent, "");
    buttons[0].click();
    assert.equal(made.sent.length, 2);
  });

  test("without a kernel they say so", () => {
    const { model: made, buttons, said } = show();
    made.send = () => {
      throw new Error("the comm is closed");
    };
    buttons[0].click();
    assert.equal(said.textContent, WORDS.en.gone);
    assert.notEqual(buttons[0].attributes["aria-disabled"], "true");
  });

  test("nothing listens after the end", () => {
    const { model: made, el, undo } = show();
    made.set({ language: "zh" });
    assert.equal(el.children[0].attributes["aria-label"], "报告另存为");
    undo();
    assert.deepEqual([made.listening(), el.children.length, page.keys.size], [0, 0, 0]);
  });
});
