// What the page has of an inspected stream: rows by number, whatever order messages come in. No clock, no I/O.

/** @typedef {{event: string, id: string, retry: number | null, size: number, text: string}} WireEvent */
/**
 * A chunk that has passed; `shown` of its `size` bytes are in `bytes`. Times are seconds since it was asked for.
 * @typedef {{number: number, at: number, held: number, request: number, offset: number, size: number, shown: number,
 *   events: WireEvent[], text: string, text_at: number, cut: boolean, lost: number, fault: string,
 *   bytes: Uint8Array}} Row
 */
/** @typedef {{number: number, at: number, request: number, offset: number, size: number, shown: number, bytes: Uint8Array}} HeldRow */
/**
 * @typedef {{type: "rows", run: number, rows: Row[], held: HeldRow | null, state: string, requests: number,
 *   left_out: number, total: {chunks: number, bytes: number, events: number}, characters: number, more: boolean}} RowNews
 */
/** What a message changed: all rows anew, those of these numbers, or none; and whether to ask for what is missing.
 * @typedef {{anew: boolean, rows: Row[], ask: boolean}} RowStep */

/** The rows of one run, those that Python still keeps. */
export class RowList {
  constructor() {
    this.run = 0;
    /** @type {Map<number, Row>} */
    this.rows = new Map();
    this.last = 0;
    /** @type {RowNews | null} */
    this.news = null;
  }

  /**
   * Take a message; `buffer` holds the bytes of its rows, then of what is held.
   * @param {RowNews} news
   * @param {DataView} buffer
   * @returns {RowStep}
   */
  take(news, buffer) {
    if (news.run < this.run) return { anew: false, rows: [], ask: false };
    const anew = news.run > this.run;
    if (anew) {
      this.run = news.run;
      this.rows = new Map();
      this.last = 0;
    }
    let at = 0;
    for (const row of [...news.rows, ...(news.held ? [news.held] : [])]) {
      row.bytes = new Uint8Array(buffer.buffer, buffer.byteOffset + at, row.shown);
      at += row.shown;
    }
    this.news = news;
    const [first] = news.rows;
    const known = Math.max(this.last, news.left_out);
    if (first && first.number > known + 1) return { anew, rows: [], ask: true };
    for (const row of news.rows) this.rows.set(row.number, row);
    this.last = Math.max(this.last, news.rows.at(-1)?.number ?? 0);
    for (const number of this.rows.keys()) {
      if (number > news.left_out) break;
      this.rows.delete(number);
    }
    return { anew, rows: news.rows, ask: news.more };
  }
}

/**
 * What stands in an event's data: the text that the client takes from it, and what is before and after it.
 * @param {string} data
 * @returns {[string, string, string]}
 */
export function taken(data) {
  const found = /("content":\s*)("(?:[^"\\]|\\.)+")/.exec(data);
  if (!found) return [data, "", ""];
  const at = found.index + found[1].length;
  return [data.slice(0, at), found[2], data.slice(at + found[2].length)];
}

/** Seconds as a person reads them. @param {number} seconds */
export function duration(seconds) {
  if (seconds < 0.9995) return `${Number((seconds * 1000).toPrecision(3))} ms`;
  return `${seconds < 99.95 ? seconds.toPrecision(3) : Math.round(seconds)} s`;
}
