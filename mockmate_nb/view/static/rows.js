// A list whose rows can be chosen. Everything in it is set as text.
import { keepPresses } from "./keys.js";

/**
 * A row as Python gives it. `mark` is "yes", "no", "none" or ""; with `act` the row has a button of that name,
 * else its title is the button.
 * @typedef {{id: string, title: string, facts: string[], badge: string, mark: string, marked: string,
 *   lines: string[], act: string}} Row
 */
/**
 * The widget's model as anywidget gives it.
 * @typedef {{get: (trait: string) => any, send: (content: object) => void,
 *   on: (event: string, callback: (content: any) => void) => void,
 *   off: (event: string, callback: (content: any) => void) => void}} Model
 */

const TRAITS = ["rows", "more", "label", "language"];
const MARKS = /** @type {Record<string, string>} */ ({ yes: "✓", no: "○", none: "–" });

/**
 * What has the focus once other rows stand there: the same row; the first new one, if "more" was pressed; else
 * none.
 * @param {string[]} before ids
 * @param {string[]} after ids
 * @param {string | null} held the id of the row that had it, "" for the button that brings more, null for none
 */
export function heir(before, after, held) {
  if (held === null) return null;
  if (held === "") return after.find((id) => !before.includes(id)) ?? null;
  if (after.includes(held)) return held;
  return after[Math.min(before.indexOf(held), after.length - 1)] ?? null;
}

/** @param {string} tag @param {string} name @param {string} [text] */
function element(tag, name, text = "") {
  const made = document.createElement(tag);
  made.className = name;
  made.textContent = text;
  return made;
}

/** @param {string} name @param {string} text @param {() => void} press */
function button(name, text, press) {
  const made = /** @type {HTMLButtonElement} */ (element("button", name, text));
  made.type = "button";
  made.addEventListener("click", press);
  return made;
}

/** @param {Row} row @param {(id: string) => void} choose */
function item(row, choose) {
  const made = element("li", "mm-row");
  made.dataset.row = row.id;
  if (row.mark) {
    const mark = element("span", `mm-row-mark mm-row-${row.mark}`, MARKS[row.mark]);
    mark.setAttribute("role", "img");
    mark.setAttribute("aria-label", row.marked);
    made.append(mark);
  }
  const main = element("div", "mm-row-main");
  const title = row.act
    ? element("p", "mm-row-title", row.title)
    : button("mm-row-title mm-row-press", row.title, () => choose(row.id));
  title.dir = "auto";
  const head = element("div", "mm-row-head");
  head.append(title);
  if (row.badge) head.append(element("span", "mm-row-badge", row.badge));
  main.append(head);
  const facts = element("p", "mm-row-facts");
  for (const fact of row.facts) facts.append(element("span", "mm-row-fact", fact), " ");
  if (row.facts.length) main.append(facts);
  if (row.lines.length) {
    const lines = element("ul", "mm-row-lines");
    for (const line of row.lines) lines.append(element("li", "mm-row-line", line));
    main.append(lines);
  }
  made.append(main);
  if (row.act) {
    const act = button("mm-row-act mm-row-press", row.act, () => choose(row.id));
    act.setAttribute("aria-label", `${row.act}: ${row.title}`);
    made.append(act);
  }
  return made;
}

/** @param {{model: Model, el: HTMLElement}} context */
function render({ model, el }) {
  const gone = new AbortController();
  const root = element("div", "mm-rows");
  const list = element("ul", "mm-rows-list");
  const more = button("mm-rows-more", "", () => model.send({ type: "more" }));
  root.append(list, more);
  el.append(root);
  keepPresses(root, gone.signal);

  /** @type {string[]} */
  let shown = [];
  /** @param {string | null} id */
  const focus = (id) => {
    const rows = /** @type {HTMLElement[]} */ ([...list.children]);
    const wanted = rows.find((row) => row.dataset.row === id);
    /** @type {HTMLElement | null | undefined} */ (wanted?.querySelector(".mm-row-press"))?.focus();
  };
  const held = () => {
    const { activeElement: active } = document;
    if (active === more) return "";
    const row = active instanceof HTMLElement && list.contains(active) ? active.closest(".mm-row") : null;
    return row instanceof HTMLElement ? (row.dataset.row ?? null) : null;
  };
  const update = () => {
    /** @type {Row[]} */
    const rows = model.get("rows");
    const ids = rows.map(({ id }) => id);
    const next = heir(shown, ids, held());
    root.lang = model.get("language");
    list.setAttribute("aria-label", model.get("label"));
    list.replaceChildren(...rows.map((row) => item(row, (id) => model.send({ type: "choose", id }))));
    more.textContent = model.get("more");
    more.hidden = !model.get("more");
    shown = ids;
    focus(next);
  };
  /** @param {{type: string, id: string}} content */
  const heard = (content) => {
    if (content.type === "focus") focus(shown.includes(content.id) ? content.id : (shown[0] ?? null));
  };

  TRAITS.forEach((name) => model.on(`change:${name}`, update));
  model.on("msg:custom", heard);
  update();
  return () => {
    gone.abort();
    TRAITS.forEach((name) => model.off(`change:${name}`, update));
    model.off("msg:custom", heard);
    root.remove();
  };
}

export default { render };
