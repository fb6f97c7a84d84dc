// The line to Python: listens, asks for what is missing, tells what is drawn.
import { pageTime } from "./page_clock.js";
import { Paints } from "./paint.js";
import { Received, isOpen } from "./received.js";

/** @typedef {import("./received.js").Step} Step */
/** @typedef {import("./received.js").Message} Message */
/**
 * The widget's model as anywidget gives it.
 * @typedef {{get: (trait: string) => any, send: (content: object) => void,
 *   on: (event: string, callback: (content: any) => void) => void,
 *   off: (event: string, callback: (content: any) => void) => void}} Model
 */
/**
 * A step as views get it; `live`: it is news, not the answer to a question about what was there before.
 * @typedef {Step & {live: boolean}} News
 */

const STALL_MS = 4_000;
const STALL_MS_MAX = 64_000;

/**
 * Keep what is received in step with Python's text and tell every change. Blocks near the screen are asked for
 * by `render`, all of a frame in one message; an answer that does not come is asked for again.
 * @param {Model} model
 * @param {(news: News) => void} tell
 */
export function listen(model, tell) {
  const received = new Received({ plain: model.get("markdown") !== true });
  let asked = false;
  let live = false;
  let pause = STALL_MS;
  let framed = 0;
  /** Python has asked to be told when all this is drawn. */
  let due = false;
  /** @type {Set<number>} */
  let wanted = new Set();
  /** @type {Set<number>} */
  const waiting = new Set();
  let waitingIn = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let renderTimer;

  /** @param {object} content */
  const send = (content) => {
    try {
      model.send(content);
      return true;
    } catch {
      // The kernel was restarted: nobody is left to go on with this text.
      lose();
      return false;
    }
  };
  const paints = new Paints(send);
  const lose = () => {
    if (!isOpen(received.state)) return;
    received.state = "failed";
    tell({ change: "state", ask: false, blocks: [], live });
  };
  const ask = () => {
    asked = true;
    if (send({ type: "resync", ...received.here })) watch();
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

  const flush = () => {
    cancelAnimationFrame(framed);
    framed = 0;
    const { run, length } = received;
    if (due) send({ type: "ack", run, length });
    due = false;
    if (wanted.size === 0) return;
    const starts = [...wanted];
    wanted = new Set();
    if (!send({ type: "render", run, starts })) return;
    for (const start of starts) waiting.add(start);
    clearTimeout(renderTimer);
    renderTimer = setTimeout(renderAgain, STALL_MS);
  };
  const renderAgain = () => {
    for (const start of waiting) if (received.byStart.get(start)?.html === null) wanted.add(start);
    waiting.clear();
    if (wanted.size) later();
  };
  /** In the next frame; at once in a hidden tab, which has none. */
  const later = () => {
    if (document.hidden) flush();
    else if (!framed) framed = requestAnimationFrame(flush);
  };
  const visibility = () => {
    if (document.hidden) flush();
  };
  /** @param {number[]} starts */
  const render = (starts) => {
    if (received.plain || received.stale) return;
    if (waitingIn !== received.run) forget();
    for (const start of starts) if (!waiting.has(start)) wanted.add(start);
    if (wanted.size) later();
  };
  const forget = () => {
    waitingIn = received.run;
    waiting.clear();
    wanted.clear();
  };

  /** @param {Message} message */
  const hear = (message) => {
    const at = message.type === "delta" && message.paint ? pageTime() : 0;
    if (asked && received.lacks(message)) return;
    const { run, length } = received;
    const step = received.take(message);
    if (step.ask) return ask();
    if (message.type === "delta" && message.run === received.run) {
      if (received.run !== run || step.change === "replace") {
        live = due = false;
        forget();
        paints.forget();
      }
      if (at) paints.ask({ run: received.run, length: received.length, units: received.units, received: at });
      live = live || !(message.answer || received.length === 0);
      asked = asked && !(message.answer && (!message.more || received.length > length || received.run > run));
    }
    for (const { start } of step.blocks) waiting.delete(start);
    if (step.change !== "none") {
      tell({ ...step, live });
      pause = STALL_MS;
      watch();
    }
    if (!isOpen(received.state)) paints.end();
    if (message.type === "delta" && message.run === received.run) {
      if (message.more && !asked) ask();
      if (message.ack) {
        due = true;
        later();
      }
    }
  };

  model.on("msg:custom", hear);
  document.addEventListener("visibilitychange", visibility);
  ask();
  return {
    received,
    render,
    /** A view shows so much of the text. @param {number} units */
    drawn: (units) => paints.drawn(units),
    undo() {
      paints.undo();
      clearTimeout(timer);
      clearTimeout(renderTimer);
      cancelAnimationFrame(framed);
      document.removeEventListener("visibilitychange", visibility);
      model.off("msg:custom", hear);
    },
  };
}
