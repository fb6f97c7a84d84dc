// Saves a file that Python makes: the bytes come in one message, go into the browser's downloads and are forgotten.
import { keepPresses } from "./keys.js";

/**
 * The widget's model as anywidget gives it.
 * @typedef {{get: (trait: string) => any, send: (content: object) => void,
 *   on: (event: string, callback: (...content: any[]) => void) => void,
 *   off: (event: string, callback: (...content: any[]) => void) => void}} Model
 */
/** @typedef {{type: "file", page: string, name: string, mime: string}} File */

export const KINDS = ["markdown", "html", "json", "pdf"];
const NAMES = /** @type {Record<string, string>} */ ({
  markdown: "Markdown",
  html: "HTML",
  json: "JSON",
  pdf: "PDF",
});
export const WORDS = {
  en: {
    save: "Save the report as",
    making: "Making {name} …",
    saved: "{name} is in your browser's downloads.",
    gone: "The kernel is gone. Run the cell again.",
  },
  zh: {
    save: "报告另存为",
    making: "正在生成 {name} ……",
    saved: "{name} 已保存到浏览器的下载中。",
    gone: "内核已经结束。请重新运行这个单元格。",
  },
};
// Long enough for a browser to begin to read it.
const HELD_MS = 10_000;

/** Offer a file as a click on a link does. @param {File} file @param {DataView} bytes */
export function save({ name, mime }, bytes) {
  const address = URL.createObjectURL(new Blob([/** @type {BlobPart} */ (bytes)], { type: mime }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.hidden = true;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), HELD_MS);
}

/** @param {string} sentence @param {string} name */
function filled(sentence, name) {
  return sentence.replace("{name}", () => name);
}

/** @param {{model: Model, el: HTMLElement}} context */
function render({ model, el }) {
  const gone = new AbortController();
  // Of all the pages that show the widget, the one that asked gets the file.
  const page = `${Date.now()}-${Math.random()}`;
  let waiting = false;
  const root = document.createElement("div");
  root.className = "mm-export";
  root.setAttribute("role", "group");
  const label = document.createElement("span");
  label.className = "mm-export-label";
  const said = document.createElement("p");
  said.className = "mm-export-said";
  said.setAttribute("role", "status");

  const words = () => (model.get("language") === "zh" ? WORDS.zh : WORDS.en);
  /** @param {string} text @param {boolean} [failed] */
  const tell = (text, failed = false) => {
    said.textContent = text;
    said.classList.toggle("mm-export-failed", failed);
  };
  /** @param {boolean} busy */
  const wait = (busy) => {
    waiting = busy;
    for (const each of buttons) each.setAttribute("aria-disabled", String(busy));
  };
  /** @param {string} kind */
  const ask = (kind) => {
    if (waiting) return;
    try {
      model.send({ type: "make", kind, page });
    } catch {
      tell(words().gone, true);
      return;
    }
    wait(true);
    tell(filled(words().making, NAMES[kind]));
  };
  const buttons = KINDS.map((kind) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = NAMES[kind];
    made.addEventListener("click", () => ask(kind));
    return made;
  });
  /** @param {File | {type: "fault", page: string, text: string} | {type: "reset"}} content @param {DataView[]} [buffers] */
  const heard = (content, buffers = []) => {
    if (content.type === "reset") {
      wait(false);
      tell("");
    }
    if (!("page" in content) || content.page !== page) return;
    wait(false);
    if (content.type === "fault") tell(content.text, true);
    else {
      save(content, buffers[0]);
      tell(filled(words().saved, content.name));
    }
  };
  const speak = () => {
    root.lang = model.get("language");
    label.textContent = words().save;
    root.setAttribute("aria-label", words().save);
  };

  root.append(label, ...buttons, said);
  el.append(root);
  keepPresses(root, gone.signal);
  model.on("msg:custom", heard);
  model.on("change:language", speak);
  speak();
  return () => {
    gone.abort();
    model.off("msg:custom", heard);
    model.off("change:language", speak);
    root.remove();
  };
}

export default { render };
