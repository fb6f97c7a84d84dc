// The kernel's clock, as a page knows it: what a running clock in the page is set by.

/**
 * The widget's model as anywidget gives it.
 * @typedef {{get: (trait: string) => any, send: (content: object) => void,
 *   on: (event: string, callback: (content: any) => void) => void,
 *   off: (event: string, callback: (content: any) => void) => void}} ClockModel
 */

/** One a model. The views that `looks` holds are called when it is set. */
export class KernelClock {
  constructor() {
    this.ahead = 0;
    /** @type {Set<() => void>} */
    this.looks = new Set();
  }

  /** Milliseconds since the epoch, by the kernel's clock. */
  now() {
    return Date.now() + this.ahead;
  }

  /** Follow the model's `now`, and ask for it once; gives what undoes it. @param {ClockModel} model */
  follow(model) {
    /** @param {number} now */
    const set = (now) => {
      this.ahead = now - Date.now();
      this.looks.forEach((look) => look());
    };
    const moved = () => set(model.get("now"));
    /** @param {{type: string, now: number}} content */
    const heard = ({ type, now }) => {
      if (type === "now") set(now);
    };
    model.on("change:now", moved);
    model.on("msg:custom", heard);
    // What stands in the model may be old: after a reload its `now` is that of the last setting.
    try {
      model.send({ type: "now" });
    } catch {
      // Without a kernel the page's own clock has to do.
    }
    return () => {
      model.off("change:now", moved);
      model.off("msg:custom", heard);
    };
  }
}
