// A lane's clock: runs in the page, without a word from the kernel. What was measured comes from Python, as text.
import { holdFocus, holdKeys } from "./hold_focus.js";
import { KernelClock } from "./kernel_clock.js";

/** @typedef {import("./kernel_clock.js").ClockModel} Model */

const TENTH = 100;
const MINUTE = 60_000;
const UNITS = { en: " s", zh: " 秒" };
const TRAITS = ["label", "running", "began", "speed", "shown", "first", "last", "language"];

/**
 * As a running clock shows it: tenths of a second, from a minute on minutes and seconds.
 * @param {number} gone milliseconds @param {"en" | "zh"} language
 */
export function running(gone, language) {
  const left = Math.max(0, gone);
  if (left < MINUTE) return `${(Math.floor(left / TENTH) / 10).toFixed(1)}${UNITS[language]}`;
  const seconds = Math.floor(left / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

/**
 * What a screen reader is told when these marks have come: each once, both in one sentence where both are new.
 * @param {string} label @param {string[]} before the marks at the look before @param {string[]} now
 */
export function told(label, before, now) {
  const fresh = now.filter((mark, at) => mark && !before[at]);
  return fresh.length ? `${label}: ${fresh.join(", ")}` : "";
}

/** One clock a model, set by the kernel's. */
export default () => {
  const kernel = new KernelClock();

  /** @param {{model: Model}} context */
  const initialize = ({ model }) => kernel.follow(model);

  /** @param {{model: Model, el: HTMLElement}} context */
  function render({ model, el }) {
    const part = (/** @type {string} */ name, /** @type {string} */ role) => {
      const made = document.createElement("span");
      made.className = `mm-race-${name}`;
      if (role) made.setAttribute("role", role);
      return made;
    };
    const root = document.createElement("div");
    root.className = "mm-race-clock";
    const [time, first, last] = [part("time", "timer"), part("mark", ""), part("mark", "")];
    const said = part("told", "status");
    root.append(time, first, last, said);
    el.append(root);

    /** @type {string[] | null} */
    let before = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    const look = () => {
      clearTimeout(timer);
      const marks = [model.get("first"), model.get("last")];
      const language = model.get("language");
      const runs = model.get("running");
      root.lang = language;
      time.setAttribute("aria-label", model.get("label"));
      [first.textContent, last.textContent] = marks;
      root.classList.toggle("mm-race-running", runs);
      const news = told(model.get("label"), before ?? marks, marks);
      if (news || !marks.some(Boolean)) said.textContent = news;
      before = marks;
      if (!runs) {
        time.textContent = model.get("shown");
        return;
      }
      // Where the kernel is gone nobody will stop the clock: it stands still, as all does.
      if (root.closest(".jupyter-widgets-disconnected")) return;
      const speed = model.get("speed");
      const past = Math.max(0, (kernel.now() - model.get("began")) * speed);
      time.textContent = running(past, language);
      timer = setTimeout(look, (TENTH - (past % TENTH)) / speed);
    };
    const gone = new AbortController();
    const panelOf = () => /** @type {HTMLElement | null} */ (root.closest(".mockmate-race") ?? root.closest(".mockmate-measuring"));
    holdFocus(panelOf, gone.signal);
    holdKeys(panelOf, gone.signal);
    kernel.looks.add(look);
    TRAITS.forEach((name) => model.on(`change:${name}`, look));
    look();
    return () => {
      clearTimeout(timer);
      gone.abort();
      kernel.looks.delete(look);
      TRAITS.forEach((name) => model.off(`change:${name}`, look));
      root.remove();
    };
  }

  return { initialize, render };
};
