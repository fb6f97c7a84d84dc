// What Python's HTML gets on the page: a copy button for code, and focus for what scrolls sideways.
import { words } from "./spoken.js";

const COPIED_MS = 1_500;
const SCROLLS = "pre, .mm-table, .mm-display";

/** @param {string} text */
async function toClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // No permission, or no secure page: the old way still works there.
    const before = document.activeElement;
    const area = document.createElement("textarea");
    area.value = text;
    area.style.cssText = "position: fixed; opacity: 0";
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
    if (before instanceof HTMLElement) before.focus({ preventScroll: true });
  }
}

/** The fittings of one view's text. */
export class Fittings {
  /**
   * @param {HTMLElement} log the text
   * @param {() => string} language
   * @param {(said: string) => void} say to a screen reader
   */
  constructor(log, language, say) {
    this.log = log;
    this.language = language;
    this.say = say;
    /** @type {Set<ReturnType<typeof setTimeout>>} */
    this.timers = new Set();
    this.sizes = new ResizeObserver((entries) => {
      for (const { target } of entries) this.focusable(/** @type {HTMLElement} */ (target));
    });
    this.clicked = (/** @type {MouseEvent} */ { target }) => {
      const button = target instanceof Element && target.closest(".mm-stream-copy");
      if (button instanceof HTMLElement) void this.copy(button);
    };
    log.addEventListener("click", this.clicked);
  }

  /** @param {HTMLElement} block filled with Python's HTML */
  fit(block) {
    for (const pre of block.querySelectorAll("pre")) {
      const frame = document.createElement("div");
      frame.className = "mm-stream-code";
      const button = document.createElement("button");
      button.type = "button";
      button.className = "mm-stream-copy";
      button.textContent = words(this.language()).copy;
      button.setAttribute("aria-live", "off");
      pre.replaceWith(frame);
      frame.append(pre, button);
    }
    for (const each of block.querySelectorAll(SCROLLS)) this.sizes.observe(each);
  }

  /** @param {HTMLElement} section that leaves the page */
  unfit(section) {
    for (const each of section.querySelectorAll(SCROLLS)) this.sizes.unobserve(each);
  }

  /** What scrolls sideways can be scrolled by keyboard. @param {HTMLElement} el */
  focusable(el) {
    const scrolls = el.scrollWidth > el.clientWidth + 1;
    if (scrolls === el.hasAttribute("tabindex")) return;
    if (!scrolls) {
      for (const name of ["tabindex", "role", "aria-label"]) el.removeAttribute(name);
      return;
    }
    const { code, formula, table } = words(this.language());
    const name = el.localName === "pre" ? code : el.classList.contains("mm-table") ? table : formula;
    el.tabIndex = 0;
    el.setAttribute("role", "region");
    el.setAttribute("aria-label", name);
  }

  /** @param {HTMLElement} button */
  async copy(button) {
    const { copy, copied } = words(this.language());
    await toClipboard(button.parentElement?.querySelector("pre")?.textContent ?? "");
    button.textContent = copied;
    button.dataset.copied = "";
    this.say(copied);
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      button.textContent = copy;
      delete button.dataset.copied;
      this.say("");
    }, COPIED_MS);
    this.timers.add(timer);
  }

  undo() {
    for (const timer of this.timers) clearTimeout(timer);
    this.sizes.disconnect();
    this.log.removeEventListener("click", this.clicked);
  }
}
