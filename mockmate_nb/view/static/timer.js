// The time that is left, counted down in the page. A screen reader is told of it three times, not every second.
import { KernelClock } from "./kernel_clock.js";

/** @typedef {import("./kernel_clock.js").ClockModel} Model */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
/** Milliseconds left at which a screen reader is told. */
export const TOLD_AT = [5 * MINUTE, MINUTE, 0];
export const WORDS = {
  en: { left: "Time left", up: "Time is up", told: ["Five minutes left.", "One minute left.", "Time is up."] },
  zh: { left: "剩余时间", up: "时间到", told: ["还剩五分钟。", "还剩一分钟。", "时间到。"] },
};

/** As a clock shows it; a second that has begun counts. @param {number} left milliseconds */
export function clock(left) {
  const seconds = Math.ceil(Math.max(0, left) / SECOND);
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, "0"));
  const hours = Math.floor(seconds / 3600);
  return hours ? `${hours}:${parts.join(":")}` : `${Number(parts[0])}:${parts[1]}`;
}

/**
 * The last of TOLD_AT that was passed between two looks, as its place there; -1 for none.
 * @param {number} before milliseconds left at the look before; Infinity at the first
 * @param {number} left milliseconds left now
 */
export function passed(before, left) {
  return before === Infinity ? -1 : TOLD_AT.findLastIndex((mark) => before > mark && left <= mark);
}

/** One clock a model, set by the kernel's. */
export default () => {
  const kernel = new KernelClock();

  /** @param {{model: Model}} context */
  const initialize = ({ model }) => kernel.follow(model);

  /** @param {{model: Model, el: HTMLElement}} context */
  function render({ model, el }) {
    const root = document.createElement("div");
    root.className = "mm-timer";
    const label = document.createElement("span");
    label.className = "mm-timer-label";
    const shown = document.createElement("span");
    shown.className = "mm-timer-left";
    shown.setAttribute("role", "timer");
    const told = document.createElement("span");
    told.className = "mm-timer-told";
    told.setAttribute("role", "status");
    root.append(label, shown, told);
    el.append(root);

    let before = Infinity;
    /** @type {number | null} */
    let running = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    const look = () => {
      clearTimeout(timer);
      const deadline = model.get("deadline");
      const words = model.get("language") === "zh" ? WORDS.zh : WORDS.en;
      root.lang = model.get("language");
      root.hidden = deadline === null;
      if (deadline === null) {
        running = null;
        return;
      }
      const left = Math.max(0, deadline - kernel.now());
      // Another interview's deadline, not the same with the message's delay in it.
      if (running === null || Math.abs(deadline - running) > MINUTE) before = Infinity;
      running = deadline;
      label.textContent = left ? words.left : words.up;
      shown.setAttribute("aria-label", words.left);
      shown.textContent = clock(left);
      root.classList.toggle("mm-timer-last", left <= MINUTE);
      const mark = passed(before, left);
      if (mark >= 0) told.textContent = words.told[mark];
      else if (before === Infinity) told.textContent = "";
      before = left;
      if (left > 0) timer = setTimeout(look, left % SECOND || SECOND);
    };
    kernel.looks.add(look);
    const traits = ["deadline", "language"];
    traits.forEach((name) => model.on(`change:${name}`, look));
    look();
    return () => {
      clearTimeout(timer);
      kernel.looks.delete(look);
      traits.forEach((name) => model.off(`change:${name}`, look));
      root.remove();
    };
  }

  return { initialize, render };
};
