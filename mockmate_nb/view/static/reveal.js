// How much of a text a view shows when: a steady pace between arrivals. Pure: times are arguments, in seconds.

/** Text is shown this long after it came at the latest. */
const LATEST = 0.25;
const WINDOW = 256;

/** @type {Intl.Segmenter | null} */
const SEGMENTER = typeof Intl.Segmenter === "function" ? new Intl.Segmenter() : null;

/**
 * The last place at or before `at` that is not inside a character as a reader sees it.
 * @param {string} text
 * @param {number} at
 * @param {Intl.Segmenter | null} [segmenter] null where the browser has none: then not inside a code point
 */
export function wholeCharacters(text, at, segmenter = SEGMENTER) {
  if (at <= 0 || at >= text.length) return Math.max(0, Math.min(at, text.length));
  const low = (/** @type {number} */ place) => (text.charCodeAt(place) & 0xfc00) === 0xdc00;
  if (!segmenter) return low(at) ? at - 1 : at;
  // Between two letters of ASCII a character begins: looking on from there is looking from the start.
  const ascii = (/** @type {number} */ place) => text.charCodeAt(place) >= 0x20 && text.charCodeAt(place) < 0x80;
  let from = at;
  while (from > 0 && at - from < WINDOW && !(ascii(from) && ascii(from - 1))) from -= 1;
  if (low(from)) from -= 1;
  const segment = segmenter.segment(text.slice(from, at + WINDOW)).containing(at - from);
  return segment ? from + segment.index : at;
}

/** The pace of one view over one run; lengths are UTF-16 code units. */
export class Pace {
  constructor() {
    /** @type {{length: number, by: number}[]} what must be shown by when */
    this.due = [];
    this.shown = 0;
    this.at = 0;
  }

  /** The text is now this long. @param {number} length @param {number} now */
  arrive(length, now) {
    if (this.due.length === 0) this.at = now;
    if (length > (this.due.at(-1)?.length ?? this.shown)) this.due.push({ length, by: now + LATEST });
  }

  /**
   * The length to show now: at `speed` characters a second, faster where that would be later than LATEST;
   * 0 is all at once.
   * @param {number} speed
   * @param {number} now
   */
  step(speed, now) {
    const passed = Math.max(0, now - this.at);
    this.at = now;
    const total = this.due.at(-1)?.length ?? this.shown;
    const needed = this.due.map(({ length, by }) =>
      by > now ? ((length - this.shown) / (by - now + passed)) * passed : length - this.shown,
    );
    const wanted = speed > 0 ? Math.max(speed * passed, ...needed) : total;
    this.shown = Math.min(total, this.shown + Math.max(0, wanted));
    this.due = this.due.filter(({ length }) => length > this.shown);
    return Math.floor(this.shown);
  }

  /** All that has come is shown. @param {number} length */
  jump(length) {
    this.due = [];
    this.shown = length;
  }
}
