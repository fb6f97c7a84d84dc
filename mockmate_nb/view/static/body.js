// The text of one view: sections of blocks, of which only those near the screen are on the page.
//
// A long text's finished sections that are far from the screen leave their height behind, and come back when
// the reader comes near. The browser's own search finds only what is on the page.
import { scrollersOf } from "./follow.js";
import { pieceEnd } from "./received.js";

/** @typedef {import("./received.js").Received} Received */
/** @typedef {import("./received.js").Block} Block */
/**
 * Blocks [first, last) of the run, `units` UTF-16 code units. `seen`: the browser found it near the screen;
 * `near`: it is laid out; `here`: its blocks are on the page.
 * @typedef {{el: HTMLElement, first: number, last: number, units: number, seen: boolean, near: boolean,
 *   here: boolean, height: number}} Section
 */

const SECTION_UNITS = 16_384;
const LONG_UNITS = 200_000;
const MARGIN = "200% 0px";
/** A box that grows with its text can seem to be a pixel higher inside than outside. */
const SCROLLS_BY = 4;
/** The sections at the end that are laid out as they come: more than a screen. */
const FRESH = 2;
/** HTML is asked for when its text has been near the screen this long: what rushes by needs none. */
const LOOK_MS = 100;
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** @param {string} tag @param {string} name */
export function element(tag, name) {
  const made = document.createElement(tag);
  made.className = `mm-stream-${name}`;
  return made;
}

/**
 * What the body needs of its view: `keep` makes a change without moving the reader, `ask` gets HTML by the
 * blocks' starts, `fit` and `unfit` are for HTML that comes and goes.
 * @typedef {{keep: (change: () => void) => void, ask: (starts: number[]) => void,
 *   fit: (block: HTMLElement) => void, unfit: (section: HTMLElement) => void}} Surroundings
 */

export class Body {
  /** @param {HTMLElement} log @param {Received} received @param {Surroundings} around */
  constructor(log, received, around) {
    this.log = log;
    this.received = received;
    this.around = around;
    this.cursor = element("span", "cursor");
    this.cursor.setAttribute("aria-hidden", "true");
    this.raw = element("div", "tail");
    /** @type {IntersectionObserver | undefined} */
    this.watch = undefined;
    this.print = () => this.around.keep(() => this.sections.forEach((section) => this.bring(section)));
    this.printed = () => this.around.keep(() => this.sections.forEach((section) => this.leave(section)));
    addEventListener("beforeprint", this.print);
    addEventListener("afterprint", this.printed);
    this.clear();
  }

  /** Watch which sections are near what the scroller around them shows: the page itself would see no margin. */
  look() {
    const root = scrollersOf(this.log).find((each) => each.scrollHeight > each.clientHeight + SCROLLS_BY) ?? null;
    const around = root === document.scrollingElement ? null : root;
    if (this.watch && this.watch.root === around) return;
    this.watch?.disconnect();
    // scrollMargin is for scrollers in between; a browser without it looks less far ahead there.
    const margins = { root: around, rootMargin: MARGIN, scrollMargin: MARGIN };
    this.watch = new IntersectionObserver((entries) => this.moved(entries), margins);
    for (const { el } of this.sections) this.watch.observe(el);
  }

  clear() {
    this.watch?.disconnect();
    /** @type {Section[]} */
    this.sections = [];
    /** @type {Map<Element, Section>} */
    this.byElement = new Map();
    /** Blocks that are in sections. */
    this.placed = 0;
    clearTimeout(this.timer);
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    /** Pixels a UTF-16 code unit takes in height, as seen so far. */
    this.ratio = 0.3;
    this.clearRaw();
    this.log.replaceChildren(this.raw);
  }

  clearRaw() {
    /** @type {Text | null} */
    this.open = null;
    /** UTF-16 code units of the first block that is not placed, or of the tail. */
    this.written = 0;
    this.raw.replaceChildren(this.cursor);
  }

  /** Show the text up to this place, in UTF-16 code units. @param {number} to */
  draw(to) {
    const { blocks, tail, tailFrom } = this.received;
    const before = this.placed;
    while (this.placed < blocks.length && blocks[this.placed].to <= to) {
      this.place(blocks[this.placed]);
      this.placed += 1;
    }
    if (this.placed > before) {
      this.clearRaw();
      this.settle();
    }
    const block = blocks[this.placed];
    const from = block?.from ?? tailFrom;
    this.write((block?.text ?? tail).slice(this.written, to - from));
    this.written = Math.max(this.written, to - from);
  }

  /** @param {Block} block */
  place(block) {
    let section = this.sections.at(-1);
    if (!section || section.units >= SECTION_UNITS) {
      const el = element("div", "section");
      const [first, last] = [this.placed, this.placed];
      section = { el, first, last, units: 0, seen: false, near: true, here: true, height: 0 };
      this.sections.push(section);
      this.byElement.set(el, section);
      this.raw.before(el);
      this.look();
      this.watch?.observe(el);
    }
    section.last = this.placed + 1;
    section.units += block.to - block.from;
  }

  /** Fill the sections that grew. */
  settle() {
    for (const section of this.sections.slice(0, -FRESH)) this.leave(section);
    for (const section of this.sections) if (section.here) this.fill(section);
    this.ask();
  }

  /** @param {Section} section */
  fill({ el, first, last }) {
    if (el.childElementCount === last - first) return;
    const added = document.createDocumentFragment();
    for (let at = first + el.childElementCount; at < last; at += 1) {
      const block = element("div", "block");
      this.render(block, this.received.blocks[at]);
      added.append(block);
    }
    el.append(added);
  }

  /** @param {HTMLElement} el @param {Block} block */
  render(el, { text, html }) {
    if (RIGHT_TO_LEFT.test(text)) el.classList.add("mm-stream-bidi");
    el.classList.toggle("mm-md", html !== null);
    if (html === null) {
      el.textContent = this.received.plain ? text : text.replace(/^\n+|\n+$/g, "");
      return;
    }
    const template = document.createElement("template");
    template.innerHTML = html; // sanitised by Python
    el.replaceChildren(template.content);
    this.around.fit(el);
  }

  /** Put the HTML of these blocks, which has come, in place of their text. @param {Block[]} blocks */
  refresh(blocks) {
    for (const block of blocks) {
      const { index } = block;
      const section = this.sections.find(({ first, last }) => first <= index && index < last);
      const el = section?.here && section.el.children[index - section.first];
      if (el instanceof HTMLElement) this.render(el, block);
    }
  }

  /** @param {string} text after what is written */
  write(text) {
    const begins = this.cursor.parentElement === this.raw && !this.received.plain;
    let rest = begins ? text.replace(/^\n+/, "") : text;
    while (rest) {
      const open = this.open ?? this.piece();
      const before = open.data;
      const end = pieceEnd(before + rest, 0);
      const added = end < 0 ? rest : rest.slice(0, Math.max(0, end - before.length));
      open.appendData(added);
      if (RIGHT_TO_LEFT.test(added)) open.parentElement?.classList.add("mm-stream-bidi");
      rest = rest.slice(added.length);
      if (end >= 0) this.open = null;
    }
  }

  piece() {
    const open = document.createTextNode("");
    const block = element("div", "block");
    block.append(open, this.cursor);
    this.raw.append(block);
    this.open = open;
    return open;
  }

  /** @param {IntersectionObserverEntry[]} entries */
  moved(entries) {
    /** @type {Section[]} */
    const back = [];
    /** @type {Section[]} */
    const left = [];
    for (const { target, isIntersecting, boundingClientRect } of entries) {
      const section = this.byElement.get(target);
      // Nothing is known of a view that is not laid out, as in a notebook behind another.
      if (!section || boundingClientRect.height === 0) continue;
      section.seen = isIntersecting;
      section.height = boundingClientRect.height;
      if (section.near && section.units > SECTION_UNITS) this.ratio = section.height / section.units;
      if (isIntersecting === section.near) continue;
      (isIntersecting ? back : left).push(section);
    }
    if (back.length || left.length) {
      this.around.keep(() => {
        for (const section of back) this.bring(section);
        for (const section of left) this.leave(section);
      });
    }
    this.ask();
  }

  /** Ask for the HTML of what is near the screen, a moment from now. */
  ask() {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      const seen = this.sections.filter((section) => section.seen);
      const blocks = seen.flatMap(({ first, last }) => this.received.blocks.slice(first, last));
      const starts = blocks.filter(({ html }) => html === null).map(({ start }) => start);
      if (starts.length) this.around.ask(starts);
    }, LOOK_MS);
  }

  /** @param {Section} section */
  bring(section) {
    section.near = section.here = true;
    section.el.classList.remove("mm-stream-far");
    section.el.style.removeProperty("contain-intrinsic-size");
    section.el.style.removeProperty("height");
    this.fill(section);
  }

  /** A finished section is not laid out any more; one of a long text leaves but its height. @param {Section} section */
  leave(section) {
    const { el, units } = section;
    if (units < SECTION_UNITS || section.seen || !section.here) return;
    const height = section.height || this.ratio * units;
    if (section.near) {
      section.near = false;
      el.classList.add("mm-stream-far");
      el.style.setProperty("contain-intrinsic-size", `auto ${height}px`);
    }
    if (this.received.plain || this.received.units < LONG_UNITS) return;
    section.here = false;
    el.style.height = `${height}px`;
    this.around.unfit(el);
    el.replaceChildren();
  }

  undo() {
    clearTimeout(this.timer);
    this.watch?.disconnect();
    removeEventListener("beforeprint", this.print);
    removeEventListener("afterprint", this.printed);
  }
}
