// StreamView's page side. Text arrives as deltas with byte offsets; what is missing is asked for.

/** @typedef {"waiting" | "streaming" | "complete" | "stopped" | "failed"} State */
/** @typedef {{type: "delta", run: number, offset: number, text: string, answer?: true}} Delta */
/** @typedef {{type: "finish", run: number, length: number, crc32: number, state: State}} Finish */
/**
 * What the page has of the current run: `length` and `crc32` are over its UTF-8 bytes; `faults` counts wrong
 * endings; `stale` means that the text is known to be wrong and all of it was asked for.
 * @typedef {{run: number, text: string, length: number, crc32: number, state: State,
 *   faults: number, stale: boolean}} Received
 */
/**
 * What a message changed: `added` goes at the end of the text, or replaces it; `ask`: something is missing.
 * @typedef {{received: Received, change: "none" | "append" | "replace" | "state", added: string,
 *   ask: boolean}} Step
 */
/**
 * The widget's model as anywidget gives it.
 * @typedef {{get: (trait: string) => any, send: (content: object) => void,
 *   on: (event: string, callback: (content: any) => void) => void,
 *   off: (event: string, callback: (content: any) => void) => void}} Model
 */

const STALL_MS = 4_000;
const STALL_MS_MAX = 64_000;
const CURSOR_MS = 600;
const FAULTS_MAX = 3;
const BLOCK_LENGTH = 4_096;
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
const NOTES = {
  en: { stopped: "Stopped", failed: "Cut off" },
  zh: { stopped: "已停止", failed: "已中断" },
};

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
  for (const byte of bytes) rest = (rest >>> 8) ^ CRC32[(rest ^ byte) & 0xff];
  return ~rest >>> 0;
}

/** @type {Received} */
export const NOTHING = Object.freeze({
  run: 0, text: "", length: 0, crc32: 0, state: "waiting", faults: 0, stale: false,
});

/**
 * Take one message from Python. One of an older run changes nothing; after a gap, or if length or CRC-32
 * are wrong at the end, `ask` is set.
 * @param {Received} received
 * @param {Delta | Finish} message
 * @returns {Step}
 */
export function receive(received, message) {
  /** @type {Step} */
  const nothing = { received, change: "none", added: "", ask: false };
  if (message.run < received.run) return nothing;
  if (message.type === "delta") return receiveDelta(received, message, nothing);
  if (message.type === "finish") return receiveFinish(received, message, nothing);
  return nothing;
}

/** @param {Received} received @param {Delta} message @param {Step} nothing @returns {Step} */
function receiveDelta(received, { run, offset, text }, nothing) {
  const begins = run > received.run || received.stale;
  const base = begins ? { ...NOTHING, run, faults: run === received.run ? received.faults : 0 } : received;
  if (offset > base.length) return { ...nothing, ask: true };
  const bytes = new TextEncoder().encode(text).subarray(base.length - offset);
  if (!begins && bytes.length === 0) return nothing;
  const whole = offset === base.length;
  const added = whole ? text : new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  return {
    received: {
      ...base,
      text: base.text + added,
      length: base.length + bytes.length,
      crc32: crc32(bytes, base.crc32),
      state: bytes.length ? "streaming" : "waiting",
    },
    change: begins ? "replace" : "append",
    added,
    ask: false,
  };
}

/** @param {Received} received @param {Finish} message @param {Step} nothing @returns {Step} */
function receiveFinish(received, { run, length, crc32, state }, nothing) {
  const same = run === received.run;
  if (same && length === received.length && crc32 === received.crc32) {
    const change = received.state === state ? "none" : "state";
    return { ...nothing, received: { ...received, state }, change };
  }
  const faults = same ? received.faults + 1 : 1;
  if (faults > FAULTS_MAX) {
    return { ...nothing, received: { ...received, faults, state: "failed" }, change: "state" };
  }
  return { ...nothing, received: { ...NOTHING, run, faults, stale: true }, ask: true };
}

/** True while more may come. @param {State} state */
export function isOpen(state) {
  return state === "waiting" || state === "streaming";
}

/**
 * Cut a text into what goes to the open block, which has `filled` characters, and to each new one after it.
 * A block ends at the first line feed past BLOCK_LENGTH, so the layout of a long text is not made anew.
 * @param {string} text
 * @param {number} filled
 */
export function blocks(text, filled) {
  const pieces = [];
  let from = 0;
  for (let room = BLOCK_LENGTH - filled; ; room = BLOCK_LENGTH) {
    const end = text.indexOf("\n", from + Math.max(0, room)) + 1;
    pieces.push(text.slice(from, end || undefined));
    if (end === 0) return pieces;
    from = end;
  }
}

/** @param {string} tag @param {string} name */
function element(tag, name) {
  const made = document.createElement(tag);
  made.className = `mm-stream-${name}`;
  return made;
}

/** The text of one view, with the cursor behind it. */
class Body {
  /** @param {HTMLElement} el */
  constructor(el) {
    this.el = el;
    this.cursor = element("span", "cursor");
    this.cursor.setAttribute("aria-hidden", "true");
    /** @type {Text | null} */
    this.open = null;
  }

  /** @param {string} text */
  replace(text) {
    this.el.replaceChildren(this.cursor);
    this.open = null;
    this.append(text);
  }

  /** @param {string} text */
  append(text) {
    blocks(text, this.open?.length ?? 0).forEach((piece, index) => {
      if (index > 0) this.open = null;
      if (piece) this.write(piece);
    });
  }

  /** @param {string} piece */
  write(piece) {
    if (this.open) this.open.appendData(piece);
    else {
      this.open = document.createTextNode(piece);
      const block = element("div", "block");
      block.append(this.open, this.cursor);
      this.el.append(block);
    }
    if (RIGHT_TO_LEFT.test(piece)) this.open.parentElement?.classList.add("mm-stream-bidi");
  }
}

/**
 * One view's elements; gives the function that draws a step, and one that undoes all.
 * @param {Model} model
 * @param {HTMLElement} el
 */
function draw(model, el) {
  const root = element("div", "bubble");
  const label = element("div", "label");
  const log = element("div", "text");
  const note = element("div", "note");
  label.id = `mm-stream-${Math.random().toString(36).slice(2)}`;
  log.setAttribute("role", "log");
  log.setAttribute("aria-live", "polite");
  log.setAttribute("aria-labelledby", label.id);
  note.setAttribute("role", "status");
  root.append(label, log, note);
  const body = new Body(log);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let fade;

  /** @param {State} state */
  const showState = (state) => {
    const words = model.get("language") === "zh" ? NOTES.zh : NOTES.en;
    root.lang = model.get("language") === "zh" ? "zh" : "en";
    root.dataset.state = state;
    log.setAttribute("aria-busy", String(isOpen(state)));
    note.textContent = state === "stopped" || state === "failed" ? words[state] : "";
    clearTimeout(fade);
    if (!isOpen(state)) fade = setTimeout(() => body.cursor.remove(), CURSOR_MS);
  };
  const showLabel = () => {
    label.textContent = model.get("label");
  };
  const showLanguage = () => showState(/** @type {State} */ (root.dataset.state));

  showLabel();
  model.on("change:label", showLabel);
  model.on("change:language", showLanguage);
  el.append(root);
  return {
    /** @param {Pick<Step, "received" | "change" | "added">} step */
    show({ received, change, added }) {
      if (change === "append") body.append(added);
      if (change === "replace") body.replace(added);
      if (root.dataset.state !== received.state) showState(received.state);
    },
    undo() {
      clearTimeout(fade);
      model.off("change:label", showLabel);
      model.off("change:language", showLanguage);
      root.remove();
    },
  };
}

/**
 * Keep `received` in step with Python's text and tell every change; gives what is received, and an undo.
 * @param {Model} model
 * @param {(step: Step) => void} tell
 */
export function listen(model, tell) {
  let received = NOTHING;
  let asked = false;
  let pause = STALL_MS;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  const ask = () => {
    asked = true;
    try {
      model.send({ type: "resync", run: received.run, offset: received.length });
      watch();
    } catch {
      // The kernel was restarted: nobody is left to go on with this text.
      received = { ...received, state: "failed" };
      tell({ received, change: "state", added: "", ask: false });
    }
  };
  // A lost message can be the last one, or the answer: look again as long as silence lasts, ever less often.
  const watch = () => {
    clearTimeout(timer);
    if (!isOpen(received.state)) return;
    timer = setTimeout(() => {
      pause = Math.min(2 * pause, STALL_MS_MAX);
      ask();
    }, pause);
  };
  /** @param {Delta | Finish} message */
  const hear = (message) => {
    if (message.type === "delta" && message.answer) asked = false;
    const step = receive(received, message);
    if (step.ask && asked) return;
    received = step.received;
    if (step.ask) return ask();
    if (step.change === "none") return;
    tell(step);
    pause = STALL_MS;
    watch();
  };

  model.on("msg:custom", hear);
  ask();
  return {
    received: () => received,
    undo() {
      clearTimeout(timer);
      model.off("msg:custom", hear);
    },
  };
}

/** One definition a model: its views share what is received, so a second one needs no answer from Python. */
export default () => {
  /** @type {Set<(step: Step) => void>} */
  const views = new Set();
  let received = () => NOTHING;
  return {
    /** @param {{model: Model}} context */
    initialize({ model }) {
      const line = listen(model, (step) => views.forEach((show) => show(step)));
      received = line.received;
      return line.undo;
    },
    /** @param {{model: Model, el: HTMLElement}} context */
    render({ model, el }) {
      const { show, undo } = draw(model, el);
      show({ received: received(), change: "replace", added: received().text });
      views.add(show);
      return () => {
        views.delete(show);
        undo();
      };
    },
  };
};
