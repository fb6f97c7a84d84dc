// What the answer box is made of: its words in both languages, its elements, its list of commands.

/** @typedef {import("./composer_text.js").Command} Command */
/** @typedef {ReturnType<typeof build>} Parts */

// JupyterLab takes no key from inside this attribute, also where it listens before the element itself.
export const OWN_KEYS = "data-lm-suppress-shortcuts";
const MAC = /mac|iphone|ipad/i.test(globalThis.navigator?.platform ?? "");
/** As a person reads it, and as `aria-keyshortcuts` wants it. */
export const SHORTCUT = MAC ? ["⌘+Enter", "Meta+Enter"] : ["Ctrl+Enter", "Control+Enter"];
const ROWS = { least: 3, most: 16 };
const SVG = "http://www.w3.org/2000/svg";
const ICONS = {
  dictate: "M12 3a3 3 0 0 1 3 3v6a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3M6 11v1a6 6 0 0 0 12 0v-1M12 18v3M9 21h6",
  read: "M4 9.5v5h3.5L12 18V6L7.5 9.5zM15.5 9a4 4 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11",
};
export const WORDS = {
  en: {
    label: "Your answer",
    send: "Send",
    dictate: "Dictate",
    read: "Read aloud",
    commands: "Commands",
    slash: "/ for commands",
    waiting: "Waiting for the kernel to take your answer …",
    gone: "The kernel does not answer. Your text stays here.",
    goes: "Your browser may send your voice to its maker's servers. Press again to start.",
    denied: "The browser may not use the microphone. Allow it beside the address, or type.",
    silent: "Nothing was heard.",
    microphone: "No microphone was found.",
    network: "The browser's speech service cannot be reached.",
    tongue: "The browser's speech service does not know this language.",
    dictation: "Dictation does not work here.",
    reading: "Reading aloud does not work here.",
  },
  zh: {
    label: "你的回答",
    send: "发送",
    dictate: "语音输入",
    read: "朗读",
    commands: "命令",
    slash: "输入 / 查看命令",
    waiting: "正在等待内核接收你的回答……",
    gone: "内核没有响应。你的文字仍保留在这里。",
    goes: "浏览器可能会把你的语音发送到其厂商的服务器。再按一次开始。",
    denied: "浏览器无权使用麦克风。请在地址栏旁允许，或直接输入。",
    silent: "没有听到声音。",
    microphone: "没有找到麦克风。",
    network: "无法连接浏览器的语音服务。",
    tongue: "浏览器的语音服务不支持这种语言。",
    dictation: "此处无法使用语音输入。",
    reading: "此处无法朗读。",
  },
};

let made = 0;

/**
 * @param {string} tag
 * @param {string} name
 * @param {Record<string, string>} [attributes]
 */
function make(tag, name, attributes = {}) {
  const node = document.createElement(tag);
  node.className = `mm-composer-${name}`;
  node.id = `mm-composer-${name}-${(made += 1)}`;
  Object.entries(attributes).forEach(([key, value]) => node.setAttribute(key, value));
  return node;
}

/** A toggle button with a picture. @param {"dictate" | "read"} name */
function makeToggle(name) {
  const button = make("button", name, { type: "button", "aria-pressed": "false" });
  const picture = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  const text = make("span", "name");
  button.classList.add("mm-composer-toggle");
  picture.setAttribute("viewBox", "0 0 24 24");
  picture.setAttribute("aria-hidden", "true");
  path.setAttribute("d", ICONS[name]);
  picture.append(path);
  button.append(picture, text);
  return {
    button,
    /** @param {string} word */
    say(word) {
      text.textContent = word;
      button.title = word;
    },
    /** @param {boolean} on */
    press: (on) => button.setAttribute("aria-pressed", String(on)),
  };
}

/** The elements of one view, in the order in which the keyboard meets them. */
export function build() {
  const root = document.createElement("div");
  const [box, bar] = [make("div", "box"), make("div", "bar")];
  const label = make("label", "label");
  const field = /** @type {HTMLTextAreaElement} */ (make("textarea", "text", { rows: String(ROWS.least) }));
  const list = make("div", "commands", { role: "listbox" });
  const interim = make("div", "interim");
  const [dictate, read] = [makeToggle("dictate"), makeToggle("read")];
  const slash = make("span", "slash");
  const send = make("button", "send", { type: "button", "aria-keyshortcuts": SHORTCUT[1] });
  const sendName = make("span", "send-name");
  const shortcut = make("kbd", "shortcut", { "aria-hidden": "true" });
  const note = make("div", "note", { role: "status" });
  root.className = "mm-composer";
  root.setAttribute(OWN_KEYS, "true");
  label.setAttribute("for", field.id);
  field.setAttribute("aria-describedby", `${slash.id} ${note.id}`);
  field.autocomplete = "off";
  shortcut.textContent = SHORTCUT[0];
  send.append(sendName, shortcut);
  bar.append(dictate.button, read.button, slash, send);
  box.append(field, list, interim, bar);
  root.append(label, box, note);
  return { root, label, field, list, interim, dictate, read, slash, send, sendName, note };
}

/** Where the browser does not size the field by its text. @param {HTMLTextAreaElement} field */
export function grow(field) {
  if (CSS.supports("field-sizing", "content")) return;
  field.rows = Math.min(Math.max(field.value.split("\n").length, ROWS.least), ROWS.most);
}

/** The commands that fit what is written, as the list of a combobox whose field keeps the focus. */
export class Menu {
  /** @param {{field: HTMLTextAreaElement, list: HTMLElement}} parts @param {(name: string) => void} choose */
  constructor({ field, list }, choose) {
    this.field = field;
    this.list = list;
    this.choose = choose;
    list.hidden = true;
    /** @type {Command[]} */
    this.offered = [];
    this.at = 0;
    list.addEventListener("pointerdown", (event) => event.preventDefault()); // the field keeps the focus
  }

  /** @param {Command[]} commands */
  offer(commands) {
    this.offered = commands;
    this.list.replaceChildren(
      ...commands.map(({ name, summary }) => {
        const option = make("div", "command", { role: "option" });
        const [word, what] = [make("span", "command-name"), make("span", "command-summary")];
        word.textContent = name;
        what.textContent = summary;
        option.append(word, what);
        option.addEventListener("click", () => this.choose(name));
        return option;
      }),
    );
    this.list.hidden = commands.length === 0;
    if (this.list.hidden) {
      for (const name of ["role", "aria-expanded", "aria-controls", "aria-activedescendant", "aria-haspopup"])
        this.field.removeAttribute(name);
      return;
    }
    // A field of many lines is a combobox only while it offers something.
    this.field.setAttribute("role", "combobox");
    this.field.setAttribute("aria-expanded", "true");
    this.field.setAttribute("aria-haspopup", "listbox");
    this.field.setAttribute("aria-controls", this.list.id);
    this.move(-this.at);
  }

  /** @param {number} steps */
  move(steps) {
    this.at = (this.at + steps + this.offered.length) % this.offered.length;
    [...this.list.children].forEach((option, index) => {
      option.setAttribute("aria-selected", String(index === this.at));
      if (index !== this.at) return;
      this.field.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView?.({ block: "nearest" });
    });
  }

  /** Whether the key was for the list. @param {KeyboardEvent} event */
  takes({ key, shiftKey, ctrlKey, metaKey, altKey }) {
    if (this.list.hidden || shiftKey || ctrlKey || metaKey || altKey) return false;
    if (key === "ArrowDown") this.move(1);
    else if (key === "ArrowUp") this.move(-1);
    else if (key === "Escape") this.offer([]);
    else if (key === "Enter" || key === "Tab") this.choose(this.offered[this.at].name);
    else return false;
    return true;
  }
}
