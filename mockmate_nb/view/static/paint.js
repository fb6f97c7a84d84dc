// When text was painted, for those who ask: the page's times go back to Python, for each delta that asked.
import { pageTime } from "./page_clock.js";

/**
 * Text that was received: the run's first `length` bytes, which are `units` UTF-16 code units.
 * @typedef {{run: number, length: number, units: number, received: number}} Due
 */

const DUE_MAX = 100;
/** A message to the kernel makes the page itself busy for some frames: what was painted is told at the end, or then. */
const TELL_MS = 2_000;

/** What has been asked about waits here until a view has drawn it, then for the end of the frame that shows it. */
export class Paints {
  /** @param {(content: object) => void} send */
  constructor(send) {
    this.send = send;
    /** @type {Due[]} */
    this.due = [];
    /** @type {Due[]} */
    this.fresh = [];
    /** @type {object[]} */
    this.painted = [];
    this.over = false;
    this.gone = false;
    this.frame = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
  }

  /** Python wants to know when this is painted. @param {Due} text */
  ask(text) {
    this.due.push(text);
    if (this.due.length > DUE_MAX) this.due.shift();
  }

  /** A view shows the first `units` of the text. A hidden tab paints nothing, and says nothing. @param {number} units */
  drawn(units) {
    if (this.due.length === 0) return;
    const drawn = this.due.filter((text) => text.units <= units);
    this.due = this.due.filter((text) => text.units > units);
    if (drawn.length === 0 || document.hidden) return;
    this.fresh.push(...drawn);
    this.frame ||= requestAnimationFrame(() => this.framed());
  }

  /** The callbacks of a frame come before it is painted; the next task comes after. */
  framed() {
    this.frame = 0;
    const shown = this.fresh;
    this.fresh = [];
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      const painted = pageTime();
      this.painted.push(...shown.map(({ run, length, received }) => ({ run, length, received, painted })));
      if (this.over) this.tell();
      else this.timer ??= setTimeout(() => this.tell(), TELL_MS);
    };
    port2.postMessage(null);
  }

  /** The text has ended: tell as soon as all is painted. */
  end() {
    this.over = true;
    if (!this.frame) this.tell();
  }

  /** A new text stands in place of the old. */
  forget() {
    this.tell();
    this.over = false;
    this.due = [];
    this.fresh = [];
  }

  tell() {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.painted.length === 0 || this.gone) return;
    this.send({ type: "painted", origin: performance.timeOrigin, paints: this.painted });
    this.painted = [];
  }

  undo() {
    this.gone = true;
    clearTimeout(this.timer);
    cancelAnimationFrame(this.frame);
  }
}
