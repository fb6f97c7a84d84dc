// StreamView's page side: one speech bubble that a stream writes into.
import { Body, element } from "./body.js";
import { Fittings } from "./copy.js";
import { Follow } from "./follow.js";
import { listen } from "./line.js";
import { isOpen } from "./received.js";
import { Pace, wholeCharacters } from "./reveal.js";
import { announcement, words } from "./spoken.js";

/** @typedef {import("./received.js").State} State */
/** @typedef {import("./line.js").Model} Model */
/** @typedef {import("./line.js").News} News */
/** @typedef {ReturnType<typeof listen>} Line */

const CURSOR_MS = 600;
const FRAMES_TO_APPEAR = 60;
const TRAITS = ["label", "time", "status", "language", "tabbable"];

/** The elements of one view. */
function elements() {
  const root = element("div", "bubble");
  const head = element("div", "head");
  const label = element("span", "label");
  const time = element("time", "time");
  const log = element("div", "text");
  const thinking = element("div", "thinking");
  const thought = element("span", "hidden");
  const pill = /** @type {HTMLButtonElement} */ (element("button", "pill"));
  const foot = element("div", "foot");
  const note = element("div", "note");
  const status = element("div", "status");
  const heard = element("div", "hidden");
  const sentinel = element("div", "end");
  label.id = `mm-stream-${Math.random().toString(36).slice(2)}`;
  log.setAttribute("role", "log");
  log.setAttribute("aria-live", "polite");
  log.setAttribute("aria-labelledby", label.id);
  note.setAttribute("role", "status");
  // What the note says is announced in a whole sentence, once.
  note.setAttribute("aria-live", "off");
  heard.setAttribute("role", "status");
  thinking.append(...[0, 1, 2].map(() => element("span", "dot")), thought);
  pill.type = "button";
  pill.hidden = true;
  head.append(label, time);
  foot.append(note, status);
  root.append(head, thinking, log, pill, foot, heard, sentinel);
  return { root, label, time, log, thinking, thought, pill, note, status, heard, sentinel };
}

/** One view of a model: draws what is received at its pace, and says so. */
class View {
  /** @param {Model} model @param {Line} line @param {HTMLElement} el */
  constructor(model, line, el) {
    this.model = model;
    this.received = line.received;
    this.drawn = line.drawn;
    this.parts = elements();
    const { root, log, sentinel, pill, heard } = this.parts;
    this.follow = new Follow(root, sentinel, log, pill);
    const language = () => model.get("language");
    this.fittings = new Fittings(log, language, (said) => {
      heard.textContent = said;
    });
    this.body = new Body(log, line.received, {
      keep: (change) => this.follow.keep(change),
      ask: line.render,
      fit: (block) => this.fittings.fit(block),
      unfit: (section) => this.fittings.unfit(section),
    });
    this.pace = new Pace();
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
    this.frame = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.fade = undefined;
    this.live = false;
    /** @type {State | ""} */
    this.said = "";
    this.advance = () => {
      this.frame = 0;
      this.draw(this.live);
    };
    this.named = () => this.follow.keep(() => this.name());
    this.hid = () => {
      if (document.hidden && this.frame) this.advance();
    };
    this.pressed = () => {
      log.focus({ preventScroll: true });
      this.follow.go();
    };
    pill.addEventListener("click", this.pressed);
    document.addEventListener("visibilitychange", this.hid);
    for (const trait of TRAITS) model.on(`change:${trait}`, this.named);
    root.toggleAttribute("data-markdown", !this.received.plain);
    this.name();
    el.append(root);
    this.pace.jump(this.received.units);
    this.draw(false);
  }

  /** @param {News} news */
  show({ change, blocks, live }) {
    this.live = live;
    if (change === "html") return this.follow.keep(() => this.body.refresh(blocks));
    if (change === "replace") {
      this.said = "";
      this.pace.jump(0);
      this.follow.keep(() => this.body.clear());
      this.follow.unseen(false);
    }
    this.pace.arrive(this.received.units, performance.now() / 1000);
    this.draw(live);
  }

  /** Draw what is to be seen by now. @param {boolean} news */
  draw(news) {
    const { units, state } = this.received;
    const speed = this.live && !document.hidden && !this.still.matches ? Number(this.model.get("speed")) || 0 : 0;
    const shown = this.pace.step(speed, performance.now() / 1000);
    this.follow.keep(() => {
      this.body.draw(shown < units ? this.whole(shown) : units);
      this.state(shown < units ? "streaming" : state);
    }, { news });
    this.drawn(Math.min(shown, units));
    cancelAnimationFrame(this.frame);
    this.frame = shown < units ? requestAnimationFrame(this.advance) : 0;
  }

  /** The end of the last whole character up to here. @param {number} shown */
  whole(shown) {
    const { placed } = this.body;
    const { blocks, tail, tailFrom } = this.received;
    let at = placed;
    while (at < blocks.length && blocks[at].to <= shown) at += 1;
    const { text, from } = blocks[at] ?? { text: tail, from: tailFrom };
    return from + wholeCharacters(text, shown - from);
  }

  /** @param {State} state */
  state(state) {
    const { root, log, note, thinking, heard } = this.parts;
    if (root.dataset.state === state) return;
    root.dataset.state = state;
    log.setAttribute("aria-busy", String(isOpen(state)));
    thinking.hidden = state !== "waiting";
    this.name();
    clearTimeout(this.fade);
    if (!isOpen(state)) this.fade = setTimeout(() => this.body.cursor.remove(), CURSOR_MS);
    if (this.live && state !== "waiting" && this.said !== state) {
      heard.textContent = announcement(state, this.model.get("label"), this.model.get("language"));
      this.said = state;
    }
  }

  /** Everything that is written around the text. */
  name() {
    const { root, label, time, log, thought, pill, note, status } = this.parts;
    const { notes, pill: news, thinking } = words(this.model.get("language"));
    root.lang = this.model.get("language") === "zh" ? "zh" : "en";
    log.tabIndex = this.model.get("tabbable") ? 0 : -1;
    label.textContent = this.model.get("label");
    time.textContent = this.model.get("time") ?? "";
    status.textContent = this.model.get("status") ?? "";
    pill.textContent = news;
    thought.textContent = thinking;
    const { state } = root.dataset;
    note.textContent = state === "stopped" || state === "failed" ? notes[state] : "";
  }

  undo() {
    clearTimeout(this.fade);
    cancelAnimationFrame(this.frame);
    document.removeEventListener("visibilitychange", this.hid);
    for (const trait of TRAITS) this.model.off(`change:${trait}`, this.named);
    for (const part of [this.follow, this.fittings, this.body]) part.undo();
    this.parts.root.remove();
  }
}

/** Go to the end of a view, once it is on the page. @param {View} view */
function goToEnd(view, frames = FRAMES_TO_APPEAR) {
  if (view.parts.root.isConnected) view.follow.go();
  else if (frames > 0) requestAnimationFrame(() => goToEnd(view, frames - 1));
}

/** One definition a model: its views share what is received, so a second one needs no answer from Python. */
export default () => {
  /** @type {Set<View>} */
  const views = new Set();
  /** @type {Line} */
  let line;
  let wanted = false;
  return {
    /** @param {{model: Model}} context */
    initialize({ model }) {
      line = listen(model, (news) => views.forEach((view) => view.show(news)));
      /** @param {{type: string}} message */
      const show = ({ type }) => {
        if (type !== "into_view") return;
        wanted = views.size === 0;
        views.forEach((view) => goToEnd(view));
      };
      model.on("msg:custom", show);
      return () => {
        model.off("msg:custom", show);
        line.undo();
      };
    },
    /** @param {{model: Model, el: HTMLElement}} context */
    render({ model, el }) {
      const view = new View(model, line, el);
      views.add(view);
      if (wanted) goToEnd(view);
      wanted = false;
      return () => {
        views.delete(view);
        view.undo();
      };
    },
  };
};
