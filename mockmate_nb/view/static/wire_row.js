// One chunk as a row: its bytes, its events, its text. Everything is set as text.
import { hexLines, inHex, pieces } from "./wire_bytes.js";
import { duration, taken } from "./wire_list.js";
import { wireTexts } from "./wire_text.js";

/** @typedef {import("./wire_list.js").Row} Row */
/** @typedef {import("./wire_list.js").HeldRow} HeldRow */
/** @typedef {ReturnType<typeof wireTexts>} Words */

/** @param {string} tag @param {string} name @param {string} [text] */
export function part(tag, name, text = "") {
  const made = document.createElement(tag);
  made.className = name ? `mm-wire-${name}` : "";
  made.textContent = text;
  return made;
}

/**
 * The bytes of a chunk; with `mark`, the place of the cut is to be seen in them.
 * @param {Row | HeldRow} row @param {boolean} inHexadecimal @param {Words} words @param {number} [mark]
 */
export function bytesOf(row, inHexadecimal, words, mark = -1) {
  const made = part("code", inHexadecimal ? "raw mm-wire-hex" : "raw");
  const { bytes, offset, size, shown } = row;
  const scissors = () => made.append(part("span", "here", "✂"));
  if (inHexadecimal) {
    const before = mark < 0 ? bytes : bytes.subarray(0, mark);
    made.append(hexLines(before, offset).join("\n"));
    if (mark >= 0) scissors();
    if (mark >= 0 && mark < shown) made.append(hexLines(bytes.subarray(mark), offset + mark).join("\n"));
  } else {
    for (const piece of pieces(bytes, mark)) {
      if (piece.at === mark) scissors();
      const { text, kind } = piece;
      if (kind === "text") {
        made.append(text);
        continue;
      }
      const span = part("span", kind, text);
      span.title = inHex(bytes, piece);
      made.append(span);
      if (text === "\\n") made.append("\n");
    }
    if (mark >= shown) scissors();
  }
  if (shown < size) made.append(part("span", "more", ` ${words.more(size - shown)}`));
  return made;
}

/** @param {Row["events"][number]} event @param {Words} words */
function eventOf({ event, id, retry, size, text }, words) {
  const made = part("p", "event");
  if (event !== "message") made.append(part("span", "field", `event: ${event}`), " ");
  if (id) made.append(part("span", "field", `id: ${id}`), " ");
  if (retry !== null) made.append(part("span", "field", `retry: ${retry}`), " ");
  const [before, said, after] = taken(text);
  made.append(before);
  if (said) made.append(part("strong", "said", said), after);
  if (text === "[DONE]") made.append(" ", part("span", "field", words.done));
  if (text.length < size) made.append(part("span", "more", ` ${words.more(size - text.length)}`));
  return made;
}

/** What a chunk without an event says of itself. @param {Row} row @param {Words} words */
function silence(row, words) {
  if (row.fault) return row.fault;
  if (!row.size) return words.nothing;
  const lines = new TextDecoder().decode(row.bytes).split(/\r\n?|\n/).filter(Boolean);
  if (row.cut) return words.half;
  return lines.length && lines.every((line) => line.startsWith(":")) ? words.comment : words.none;
}

/** @param {Row | HeldRow} row @param {Words} words @param {string[]} more */
function headOf({ number, at, size, offset }, words, more) {
  const made = part("p", "head");
  made.append(part("b", "number", `#${number}`));
  for (const fact of [duration(at), `${size.toLocaleString("en")} B`, words.offset(offset), ...more]) {
    made.append(" ", part("span", "fact", fact));
  }
  return made;
}

/** A chunk that has passed. @param {Row} row @param {boolean} inHexadecimal @param {Words} words */
export function rowOf(row, inHexadecimal, words) {
  const made = part("li", "row");
  made.tabIndex = -1;
  made.dataset.number = String(row.number);
  const left = part("div", "bytes");
  const held = row.held >= 0.05 ? [words.wasHeld(duration(row.held))] : [];
  left.append(headOf(row, words, held), bytesOf(row, inHexadecimal, words));
  const right = part("div", "events");
  for (const event of row.events) right.append(eventOf(event, words));
  if (!row.events.length) right.append(part("p", "quiet", silence(row, words)));
  if (row.text) {
    const line = part("p", "text");
    line.append(part("b", "number", `#${row.number}`), " ", part("q", "", row.text));
    right.append(line);
  }
  made.append(left, right);
  if (row.cut) made.append(part("p", "cut", `✂ ${words.cut}${row.lost ? words.lost(row.lost) : ""}`));
  return made;
}

/** The chunk that waits, and where in it the cut would be. @param {HeldRow} row @param {boolean} inHexadecimal
 * @param {Words} words @param {number} mark @param {(at: number) => void} choose */
export function heldRowOf(row, inHexadecimal, words, mark, choose) {
  const made = part("li", "row mm-wire-held");
  const left = part("div", "bytes");
  const right = part("div", "events");
  const raw = part("div", "");
  const slider = /** @type {HTMLInputElement} */ (part("input", "slider"));
  const label = part("label", "quiet");
  const where = part("span", "");
  const show = () => {
    where.textContent = words.cutAt(Number(slider.value), row.size);
    raw.replaceChildren(bytesOf(row, inHexadecimal, words, Number(slider.value)));
  };
  Object.assign(slider, { type: "range", min: "0", max: String(row.shown), value: String(mark) });
  slider.addEventListener("input", () => {
    show();
    choose(Number(slider.value));
  });
  left.append(headOf(row, words, [words.held]), raw);
  label.append(where, slider);
  right.append(part("p", "quiet", words.heldNote), label);
  made.append(left, right);
  show();
  return made;
}
