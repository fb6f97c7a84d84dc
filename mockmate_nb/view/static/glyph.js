// The buttons of the panel that times a click, and the page's side of its clock.
import { holdKeys } from "./hold_focus.js";
import { pageTime } from "./page_clock.js";

/**
 * The widget's model as anywidget gives it.
 * @typedef {{get: (trait: string) => any, send: (content: object) => void,
 *   on: (event: string, callback: (content?: any) => void) => void,
 *   off: (event: string, callback: (content?: any) => void) => void}} Model
 */

const BUTTONS = ["ask", "more", "stop", "reset"];
const TRAITS = ["busy", "labels", "language"];
const LOOK_MS = 5;

/** The step in which the page's clock counts, in milliseconds: browsers make it coarse. */
export function tick(now = () => performance.now(), least = Infinity) {
  const begin = now();
  for (let before = begin, at = begin; at - begin < LOOK_MS; before = at) {
    at = now();
    if (at > before) least = Math.min(least, at - before);
  }
  return Math.min(least, LOOK_MS);
}

/** When the person pressed, in the page's time: the event knows, however late we are called. @param {Event} event */
function pressed(event) {
  const now = pageTime();
  const at = performance.timeOrigin + event.timeStamp;
  return event.timeStamp > 0 && at <= now ? at : now;
}

/** One set of buttons a model; the page answers the kernel as long as one of them is shown. */
export default () => {
  let shown = 0;
  /** @type {number | undefined} */
  let step;

  /** @param {Model} model @param {number} number @param {number} clicked */
  const click = (model, number, clicked) => {
    step ??= tick();
    model.send({ type: "click", number, clicked, said: pageTime(), origin: performance.timeOrigin, tick: step });
  };

  return {
    /** @param {{model: Model}} context */
    initialize({ model }) {
      /** @param {{type: string, number: number, origin?: number}} content */
      const hear = ({ type, number, origin }) => {
        const received = pageTime();
        if (shown === 0) return;
        if (type === "press") click(model, number, received);
        if (type === "ping" && origin === performance.timeOrigin) {
          model.send({ type: "pong", number, received, answered: pageTime() });
        }
      };
      model.on("msg:custom", hear);
      return () => model.off("msg:custom", hear);
    },

    /** @param {{model: Model, el: HTMLElement}} context */
    render({ model, el }) {
      const root = document.createElement("div");
      root.className = "mm-glyph";
      const gone = new AbortController();
      holdKeys(() => root.closest(".mockmate-glyph"), gone.signal);
      /** @param {string} name */
      const idle = (name) => model.get("busy") === (name !== "stop");
      const buttons = BUTTONS.map((name) => {
        const button = document.createElement("button");
        button.type = "button";
        button.className = `mm-glyph-${name}`;
        button.addEventListener("click", (event) => {
          const at = pressed(event);
          if (idle(name)) return;
          if (name === "ask") click(model, 0, at);
          else model.send({ type: name });
        }, { signal: gone.signal });
        return button;
      });
      const update = () => {
        root.lang = model.get("language");
        buttons.forEach((button, at) => {
          const name = BUTTONS[at];
          button.textContent = model.get("labels")[name] ?? "";
          // Not `disabled`: that would take the focus away from who has just pressed it.
          button.setAttribute("aria-disabled", String(idle(name)));
        });
      };
      TRAITS.forEach((trait) => model.on(`change:${trait}`, update));
      update();
      root.append(...buttons);
      el.append(root);
      shown += 1;
      step ??= tick();
      return () => {
        shown -= 1;
        gone.abort();
        TRAITS.forEach((trait) => model.off(`change:${trait}`, update));
        root.remove();
      };
    },
  };
};
