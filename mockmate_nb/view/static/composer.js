// The answer box: a text that is never lost, commands behind a slash, dictation and reading aloud.
import { listen, matching, insertSpoken } from "./composer_text.js";
import { Dictation, Reading, tongue } from "./composer_speech.js";
import { Menu, OWN_KEYS, SHORTCUT, WORDS, build, grow } from "./composer_parts.js";

/** @typedef {import("./composer_text.js").Model} Model */
/** @typedef {ReturnType<typeof listen>} Line */
/** @typedef {keyof typeof WORDS.en} Word */

const TRAITS = ["label", "placeholder", "send_label", "language", "commands"];

/** One view of the box. @implements {import("./composer_text.js").View} */
class Box {
  /** @param {Model} model @param {HTMLElement} el @param {Line} line */
  constructor(model, el, line) {
    this.model = model;
    this.line = line;
    this.parts = build();
    this.gone = new AbortController();
    /** @type {Word | ""} */
    this.said = "";
    const { dictate, interim, read } = this.parts;
    const note = (/** @type {Word | ""} */ word) => this.tell(word);
    this.menu = new Menu(this.parts, (name) => line.run(name));
    this.reading = new Reading(globalThis, { note, pressed: read.press });
    this.listener = globalThis.SpeechRecognition ?? globalThis.webkitSpeechRecognition;
    this.dictation = new Dictation(this.listener, {
      note,
      pressed: dictate.press,
      language: () => this.tongue(),
      insert: (spoken) => this.insert(spoken),
      interim: (spoken) => {
        interim.textContent = spoken;
      },
    });
    this.listen();
    el.append(this.parts.root);
    this.show(line.text());
    this.update();
  }

  tongue() {
    return tongue(this.model.get("language"), navigator.languages);
  }

  listen() {
    const { root, field, dictate, read, send } = this.parts;
    const { signal } = this.gone;
    /** @param {EventTarget} target @param {string} type @param {(event: any) => void} act */
    const on = (target, type, act, capture = false) => target.addEventListener(type, act, { signal, capture });
    on(field, "input", () => this.typed(field.value));
    on(field, "keydown", (event) => this.key(event));
    on(field, "blur", () => {
      this.line.flush();
      this.menu.offer([]);
    });
    on(send, "click", () => this.press());
    on(dictate.button, "click", () => {
      this.reading.stop();
      this.dictation.toggle();
    });
    on(read.button, "click", () => this.reading.toggle(this.model.get("spoken"), this.tongue()));
    // Keys are the box's own. Saving the notebook stays JupyterLab's.
    const saves = (/** @type {KeyboardEvent} */ { ctrlKey, metaKey, key }) =>
      (ctrlKey || metaKey) && key.toLowerCase() === "s";
    on(window, "keydown", (event) => {
      if (root.contains(event.target)) root.toggleAttribute(OWN_KEYS, !saves(event));
    }, true);
    for (const type of ["keydown", "keypress", "keyup"]) {
      on(root, type, (event) => saves(event) || event.stopPropagation());
    }
    this.update = this.update.bind(this);
    this.respoken = this.respoken.bind(this);
    TRAITS.forEach((name) => this.model.on(`change:${name}`, this.update));
    this.model.on("change:spoken", this.respoken);
  }

  undo() {
    this.gone.abort();
    this.dictation.drop();
    this.reading.stop();
    TRAITS.forEach((name) => this.model.off(`change:${name}`, this.update));
    this.model.off("change:spoken", this.respoken);
    this.parts.root.remove();
  }

  /** @param {string} text */
  typed(text) {
    this.line.type(text, this);
    this.show(text);
  }

  /** @param {string} text */
  show(text) {
    const { field } = this.parts;
    if (field.value !== text) field.value = text;
    this.menu.offer(this.holdsFocus() ? matching(text, this.model.get("commands")) : []);
    grow(field);
  }

  /** @param {string} spoken */
  insert(spoken) {
    const { field } = this.parts;
    const { text, caret } = insertSpoken(field.value, field.selectionStart, field.selectionEnd, spoken);
    field.value = text;
    field.setSelectionRange(caret, caret);
    this.typed(text);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.isComposing || event.keyCode === 229) return;
    const { key, ctrlKey, metaKey, shiftKey, altKey } = event;
    const sends = key === "Enter" && (ctrlKey || metaKey) && !shiftKey && !altKey;
    if (sends && !event.repeat) this.press();
    if (sends || this.menu.takes(event)) event.preventDefault();
  }

  press() {
    this.dictation.finish();
    this.tell("");
    this.line.press();
  }

  /** Say it below the box. @param {Word | ""} word */
  tell(word) {
    this.said = word;
    this.update();
  }

  update() {
    const { root, label, field, list, dictate, read, slash, send, sendName, note } = this.parts;
    /** @param {string} name */
    const get = (name) => this.model.get(name);
    const words = get("language") === "zh" ? WORDS.zh : WORDS.en;
    const state = this.line.state();
    root.lang = get("language");
    label.textContent = get("label") || words.label;
    field.placeholder = get("placeholder");
    list.setAttribute("aria-label", words.commands);
    dictate.say(words.dictate);
    dictate.button.hidden = !this.listener;
    read.say(words.read);
    read.button.hidden = !globalThis.speechSynthesis || !get("spoken");
    slash.textContent = get("commands").length ? words.slash : "";
    sendName.textContent = get("send_label") || words.send;
    send.title = `${sendName.textContent} (${SHORTCUT[0]})`;
    send.setAttribute("aria-disabled", String(!this.line.takes()));
    const word = state === "waiting" || state === "gone" ? state : this.said;
    note.textContent = word && words[word];
  }

  respoken() {
    this.reading.stop();
    this.update();
  }

  emptied() {
    this.reading.stop();
  }

  holdsFocus() {
    return document.activeElement === this.parts.field;
  }

  typing() {
    return document.hasFocus() && this.holdsFocus();
  }

  focus() {
    const { root, field } = this.parts;
    const near = root.closest(".jp-OutputArea, .output_area") ?? root;
    const { activeElement, body } = document;
    if (activeElement && activeElement !== body && !near.contains(activeElement)) return false;
    field.focus({ preventScroll: true });
    return this.holdsFocus();
  }
}

/** One definition a model: its views share one text. */
export default () => {
  /** @type {Set<Box>} */
  const views = new Set();
  /** @type {Line} */
  let line;
  return {
    /** @param {{model: Model}} context */
    initialize({ model }) {
      line = listen(model, views);
      const { flush, undo } = line;
      window.addEventListener("pagehide", flush);
      document.addEventListener("visibilitychange", flush);
      return () => {
        window.removeEventListener("pagehide", flush);
        document.removeEventListener("visibilitychange", flush);
        undo();
      };
    },
    /** @param {{model: Model, el: HTMLElement}} context */
    render({ model, el }) {
      const view = new Box(model, el, line);
      views.add(view);
      const frame = requestAnimationFrame(line.settle);
      return () => {
        cancelAnimationFrame(frame);
        views.delete(view);
        view.undo();
      };
    },
  };
};
