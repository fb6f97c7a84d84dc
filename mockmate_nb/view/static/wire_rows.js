// The wire inspector's rows: bytes beside events, one row a chunk, as they come.
import { holdFocus, holdKeys } from "./hold_focus.js";
import { RowList } from "./wire_list.js";
import { heldRowOf, part, rowOf } from "./wire_row.js";
import { markText, wireTexts } from "./wire_text.js";

/** @typedef {import("./wire_list.js").Row} Row */
/** @typedef {import("./wire_list.js").RowStep} RowStep */
/**
 * The widget's model as anywidget gives it.
 * @typedef {{get: (trait: string) => any, send: (content: object) => void,
 *   on: (event: string, callback: (...content: any[]) => void) => void,
 *   off: (event: string, callback: (...content: any[]) => void) => void}} Model
 */

const PANEL = ".mockmate-wire";
const AT_END = 24;

/** The elements of one view. */
function wireElements() {
  const root = part("div", "rows");
  const head = part("div", "heads");
  const bytes = part("span", "heading");
  const events = part("span", "heading");
  const hex = /** @type {HTMLButtonElement} */ (part("button", "toggle"));
  const list = part("ol", "list");
  const left = part("p", "quiet");
  const waits = part("p", "quiet");
  const total = part("p", "total");
  hex.type = "button";
  hex.setAttribute("aria-pressed", "false");
  list.tabIndex = 0;
  head.append(bytes, events, hex);
  root.append(head, left, waits, list, total);
  return { root, bytes, events, hex, list, left, waits, total };
}

/** One view of a model. */
class WireView {
  /** @param {Model} model @param {RowList} received @param {HTMLElement} el */
  constructor(model, received, el) {
    this.model = model;
    this.received = received;
    this.parts = wireElements();
    /** @type {Map<number, HTMLElement>} */
    this.items = new Map();
    this.hexadecimal = false;
    this.chosen = 0;
    this.mark = { number: 0, at: 0 };
    this.following = true;
    /** @type {HTMLElement[]} */
    this.held = [];
    this.gone = new AbortController();
    this.all = () => this.draw({ anew: true, rows: [...received.rows.values()], ask: false });
    const { root, hex, list } = this.parts;
    const { signal } = this.gone;
    hex.addEventListener("click", () => {
      this.hexadecimal = !this.hexadecimal;
      hex.setAttribute("aria-pressed", String(this.hexadecimal));
      this.all();
    });
    list.addEventListener("scroll", () => {
      this.following = list.scrollHeight - list.scrollTop - list.clientHeight < AT_END;
    });
    list.addEventListener("pointerover", ({ target }) => this.choose(this.numberOf(target)));
    list.addEventListener("pointerleave", () => this.choose(this.numberOf(document.activeElement)));
    list.addEventListener("focusin", ({ target }) => this.choose(this.numberOf(target)));
    holdFocus(() => this.panel, signal, () => list);
    holdKeys(() => this.panel, signal);
    window.addEventListener("keydown", (event) => this.pressed(event), { capture: true, signal });
    window.addEventListener("click", (event) => this.clicked(event), { capture: true, signal });
    this.sizes = new ResizeObserver(() => this.toEnd());
    this.sizes.observe(list);
    model.on("change:language", this.all);
    el.append(root);
    this.all();
  }

  get words() {
    return wireTexts(this.model.get("language"));
  }

  get panel() {
    return /** @type {HTMLElement} */ (this.parts.root.closest(PANEL) ?? this.parts.root);
  }

  /** The number of the row that this element is in; 0 for none. @param {EventTarget | null} target */
  numberOf(target) {
    const row = target instanceof Element ? target.closest("[data-number]") : null;
    return row instanceof HTMLElement && this.parts.list.contains(row) ? Number(row.dataset.number) : 0;
  }

  /** Show which bytes, events and text belong together. @param {number} number */
  choose(number) {
    this.items.get(this.chosen)?.classList.toggle("mm-wire-chosen", false);
    this.chosen = number;
    this.items.get(number)?.classList.toggle("mm-wire-chosen", true);
    const row = this.received.rows.get(number);
    markText(this.panel.querySelector(".mm-stream-text"), row?.text_at, row ? [...row.text].length : 0);
  }

  /** @param {RowStep} step */
  draw({ anew, rows }) {
    const { list } = this.parts;
    const { words, received } = this;
    const focused = this.numberOf(document.activeElement);
    const seen = anew && !this.following ? this.firstSeen() : 0;
    if (anew) {
      list.replaceChildren();
      this.items.clear();
    }
    this.held.forEach((item) => item.remove());
    for (const row of rows) {
      const made = rowOf(row, this.hexadecimal, words);
      const old = this.items.get(row.number);
      if (old) old.replaceWith(made);
      else {
        list.append(...this.requestLine(row.request, row.text_at, list.lastElementChild), made);
      }
      made.dataset.request = String(row.request);
      this.items.set(row.number, made);
    }
    for (const [number, item] of this.items) {
      if (received.rows.has(number)) break;
      item.remove();
      this.items.delete(number);
    }
    this.drawRest();
    if (focused && this.items.has(focused)) this.items.get(focused)?.focus({ preventScroll: true });
    this.choose(this.chosen);
    if (seen) list.scrollTop = this.items.get(seen)?.offsetTop ?? 0;
    else if (!focused) this.toEnd();
  }

  /** Show the newest chunk, unless the person has scrolled away from it. */
  toEnd() {
    const { list } = this.parts;
    if (this.following) list.scrollTop = list.scrollHeight;
  }

  /** Who presses a button of the panel wants to see what comes of it. @param {MouseEvent} event */
  clicked({ target }) {
    const button = target instanceof Element ? target.closest("button") : null;
    if (button && this.panel.contains(button) && !this.parts.root.contains(button)) this.following = true;
  }

  /** The number of the first row that is to be seen. */
  firstSeen() {
    const { scrollTop } = this.parts.list;
    for (const [number, { offsetTop, offsetHeight }] of this.items) {
      if (offsetTop + offsetHeight > scrollTop) return number;
    }
    return 0;
  }

  /** The line between two requests. @param {number} request @param {number} had @param {Element | null} before */
  requestLine(request, had, before) {
    const last = before instanceof HTMLElement ? Number(before.dataset.request) : 1;
    if (request <= last) return [];
    const made = part("li", "again", this.words.request(request, had));
    made.dataset.request = String(request);
    return [made];
  }

  /** What stands around the rows, and the chunk that is held. */
  drawRest() {
    const { root, bytes, events, hex, list, left, waits, total } = this.parts;
    const { words } = this;
    const { news } = this.received;
    root.lang = this.model.get("language");
    list.setAttribute("aria-label", words.list);
    bytes.textContent = words.bytes;
    events.textContent = words.events;
    hex.textContent = words.hex;
    waits.textContent = words.waits;
    waits.hidden = list.childElementCount > 0 || Boolean(news?.held);
    left.textContent = words.leftOut(news?.left_out ?? 0);
    left.hidden = !news?.left_out;
    total.hidden = !news;
    if (!news) return;
    const each = news.characters ? words.ratio(Math.round(news.total.bytes / news.characters)) : "";
    total.textContent = words.total(news.total, news.characters) + each;
    const { held } = news;
    if (!held) return;
    const { number, request } = held;
    if (this.mark.number !== number) this.mark = { number, at: Math.floor(held.shown / 2) };
    const made = heldRowOf(held, this.hexadecimal, words, this.mark.at, (at) => {
      this.mark = { number, at };
      this.model.send({ type: "cut_at", number, at });
    });
    this.held = [...this.requestLine(request, news.characters, list.lastElementChild), made];
    list.append(...this.held);
  }

  /**
   * The keys of the whole panel. A field keeps its own, and a button Enter and Space.
   * @param {KeyboardEvent} event
   */
  pressed(event) {
    const { key, target, ctrlKey, metaKey, altKey, shiftKey } = event;
    const { panel } = this;
    if (!(target instanceof Element) || !panel.contains(target)) return;
    const free = !(ctrlKey || metaKey || altKey || shiftKey) && !target.closest("input, select, textarea");
    const button = target.closest("button");
    const presses = free && button && (key === "Enter" || key === " ");
    const act = free && !presses ? this.actOf(key, this.parts.list.contains(target)) : null;
    if (!act) return;
    event.preventDefault();
    act();
  }

  /** What a key does, if anything. @param {string} key @param {boolean} inList */
  actOf(key, inList) {
    if (key === "ArrowRight") return () => this.model.send({ type: "key", key: "step" });
    if (key === " ") return () => this.model.send({ type: "key", key: "toggle" });
    const by = { ArrowUp: -1, ArrowDown: 1 }[key];
    return by && inList ? () => this.go(by) : null;
  }

  /** Go to the row before or after the one that has the focus; from none, to the last. @param {number} by */
  go(by) {
    const now = this.numberOf(document.activeElement);
    const next = now ? this.items.get(now + by) : [...this.items.values()].at(-1);
    next?.focus();
  }

  undo() {
    this.gone.abort();
    this.sizes.disconnect();
    this.model.off("change:language", this.all);
    markText(null);
    this.parts.root.remove();
  }
}

/** One definition a model: its views share what is received. */
export default () => {
  /** @type {Set<WireView>} */
  const views = new Set();
  const received = new RowList();
  return {
    /** @param {{model: Model}} context */
    initialize({ model }) {
      const want = () => model.send({ type: "want", run: received.run, after: received.last });
      /** @param {any} message @param {DataView[]} buffers */
      const heard = (message, buffers) => {
        if (message.type !== "rows") return;
        const step = received.take(message, buffers[0]);
        views.forEach((view) => view.draw(step));
        if (step.ask) want();
      };
      model.on("msg:custom", heard);
      want();
      return () => model.off("msg:custom", heard);
    },
    /** @param {{model: Model, el: HTMLElement}} context */
    render({ model, el }) {
      const view = new WireView(model, received, el);
      views.add(view);
      return () => {
        views.delete(view);
        view.undo();
      };
    },
  };
};
