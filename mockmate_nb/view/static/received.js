// What the page has of a text: deltas with byte offsets in, closed blocks and an open tail out. No clock, no I/O.

/** @typedef {"waiting" | "streaming" | "complete" | "stopped" | "failed"} State */
/**
 * A finished block as Python tells it: bytes [start, end) of the run, `units` UTF-16 code units.
 * @typedef {{start: number, end: number, units: number, html?: string}} Closing
 */
/**
 * @typedef {{type: "delta", run: number, offset: number, text: string, blocks?: Closing[], answer?: true, ack?: true,
 *   more?: true, paint?: true}} Delta
 */
/** @typedef {{type: "finish", run: number, length: number, crc32: number, state: State}} Finish */
/** @typedef {{type: "html", run: number, blocks: {start: number, end: number, html: string}[]}} Html */
/** @typedef {Delta | Finish | Html} Message */
/**
 * A block that will not change: it begins at byte `start`, and is [from, to) in UTF-16 code units.
 * @typedef {{index: number, start: number, from: number, to: number, text: string, html: string | null}} Block
 */
/**
 * What a message changed. `ask`: something is missing. `blocks`: those whose HTML came.
 * @typedef {{change: "none" | "append" | "replace" | "html" | "state", ask: boolean, blocks: Block[]}} Step
 */

const FAULTS_MAX = 3;
const PIECE_LENGTH = 4_096;
const PIECE_LENGTH_MAX = 65_536;

const CRC32 = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit += 1) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest;
});

/**
 * The CRC-32 of zlib and PNG; give the result so far to go on from it.
 * @param {Uint8Array} bytes
 * @param {number} [before]
 */
export function crc32(bytes, before = 0) {
  let rest = ~before;
  for (let at = 0; at < bytes.length; at += 1) rest = (rest >>> 8) ^ CRC32[(rest ^ bytes[at]) & 0xff];
  return ~rest >>> 0;
}

/** True while more may come. @param {State} state */
export function isOpen(state) {
  return state === "waiting" || state === "streaming";
}

/**
 * Where the piece that begins at `from` ends, or -1 if it goes on: after the first line feed past PIECE_LENGTH,
 * or between two characters at PIECE_LENGTH_MAX. So the layout of a long text is not made anew with each delta.
 * @param {string} text
 * @param {number} from
 */
export function pieceEnd(text, from) {
  const end = text.indexOf("\n", from + PIECE_LENGTH - 1) + 1;
  if (end > 0 && end - from <= PIECE_LENGTH_MAX) return end;
  if (text.length - from <= PIECE_LENGTH_MAX) return -1;
  const last = from + PIECE_LENGTH_MAX;
  return (text.charCodeAt(last) & 0xfc00) === 0xdc00 ? last - 1 : last;
}

/** @param {Step["change"]} change @param {Block[]} [blocks] @returns {Step} */
const changed = (change, blocks = []) => ({ change, ask: false, blocks });
/** @returns {Step} */
const missing = () => ({ change: "none", ask: true, blocks: [] });

/**
 * The current run: closed `blocks`, then the open `tail`. `length` and `crc32` are over the UTF-8 bytes of all
 * text, `closed` bytes of it lie in blocks. `faults` counts wrong endings; `stale`: the text is known to be
 * wrong, and all of it must be asked for. A plain text has no blocks from Python: it is cut into pieces here.
 */
export class Received {
  /** @param {{plain?: boolean}} [options] */
  constructor({ plain = false } = {}) {
    this.plain = plain;
    this.faults = 0;
    this.begin(0);
  }

  /** @param {number} run */
  begin(run) {
    this.run = run;
    /** @type {State} */
    this.state = "waiting";
    this.stale = false;
    this.length = 0;
    this.crc32 = 0;
    this.closed = 0;
    /** @type {Block[]} */
    this.blocks = [];
    this.tail = "";
    /** @type {Map<number, Block>} */
    this.byStart = new Map();
  }

  /** Where the tail begins, in UTF-16 code units. */
  get tailFrom() {
    return this.blocks.at(-1)?.to ?? 0;
  }

  /** The length of the whole text in UTF-16 code units. */
  get units() {
    return this.tailFrom + this.tail.length;
  }

  /** The whole text; made anew at each call. */
  get text() {
    return this.blocks.map(({ text }) => text).join("") + this.tail;
  }

  /** What a request to Python says about the text that is here. */
  get here() {
    const { run, length, closed, stale } = this;
    return stale ? { run, offset: 0, closed: 0 } : { run, offset: length, closed };
  }

  /** True if something before this message has not come yet. @param {Message} message */
  lacks(message) {
    const begins = message.run > this.run || this.stale;
    if (message.type === "delta") return message.run >= this.run && message.offset > (begins ? 0 : this.length);
    return message.type === "finish" && message.run >= this.run && (begins || message.length > this.length);
  }

  /**
   * Take one message from Python. One of an older run changes nothing.
   * @param {Message} message
   * @returns {Step}
   */
  take(message) {
    if (message.run < this.run) return changed("none");
    if (message.type === "delta") return this.lacks(message) ? missing() : this.takeDelta(message);
    if (message.type === "finish") return this.takeFinish(message);
    if (message.type === "html") return this.takeHtml(message);
    return changed("none");
  }

  /** @param {Delta} message @returns {Step} */
  takeDelta({ run, offset, text, blocks = [] }) {
    const begins = run > this.run || this.stale;
    if (run > this.run) this.faults = 0;
    if (begins) this.begin(run);
    const bytes = new TextEncoder().encode(text).subarray(this.length - offset);
    const whole = offset === this.length;
    this.tail += whole ? text : new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
    this.length += bytes.length;
    this.crc32 = crc32(bytes, this.crc32);
    if (this.state === "waiting" && this.length > 0) this.state = "streaming";
    const closes = this.plain ? this.cut() : this.close(blocks);
    if (begins) return changed("replace");
    return changed(bytes.length > 0 || closes ? "append" : "none");
  }

  /** Move what these blocks hold out of the tail; true if any fits. @param {Closing[]} blocks */
  close(blocks) {
    let at = 0;
    for (const { start, end, units, html = null } of blocks) {
      if (start !== this.closed || end > this.length) continue;
      this.add(start, this.tail.slice(at, at + units), html);
      this.closed = end;
      at += units;
    }
    this.tail = this.tail.slice(at);
    return at > 0;
  }

  /** Cut a plain text's tail into pieces; true if one is whole. */
  cut() {
    let at = 0;
    for (let end = pieceEnd(this.tail, 0); end >= 0; end = pieceEnd(this.tail, at)) {
      this.add(this.tailFrom, this.tail.slice(at, end), null);
      at = end;
    }
    this.tail = this.tail.slice(at);
    return at > 0;
  }

  /** @param {number} start @param {string} text @param {string | null} html */
  add(start, text, html) {
    const from = this.tailFrom;
    const block = { index: this.blocks.length, start, from, to: from + text.length, text, html };
    this.blocks.push(block);
    this.byStart.set(start, block);
  }

  /** @param {Finish} message @returns {Step} */
  takeFinish({ run, length, crc32, state }) {
    const same = run === this.run && !this.stale;
    if (same && length === this.length && crc32 === this.crc32) {
      if (this.state === state) return changed("none");
      this.state = state;
      return changed("state");
    }
    this.faults = run === this.run ? this.faults + 1 : 1;
    this.run = run;
    if (this.faults > FAULTS_MAX) {
      this.state = "failed";
      return changed("state");
    }
    this.stale = !same || length <= this.length;
    return missing();
  }

  /** @param {Html} message @returns {Step} */
  takeHtml({ run, blocks }) {
    if (run !== this.run || this.stale) return changed("none");
    const filled = [];
    for (const { start, html } of blocks) {
      const block = this.byStart.get(start);
      if (!block || block.html !== null) continue;
      block.html = html;
      filled.push(block);
    }
    return changed(filled.length ? "html" : "none", filled);
  }
}
