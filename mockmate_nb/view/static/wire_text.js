// The words of the wire inspector's rows, and the marks in the text beside them.

/** "1 chunk", "1,234 chunks". @param {number} count @param {string} noun */
const some = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;

const WIRE_TEXTS = {
  en: {
    list: "Chunks, oldest first",
    bytes: "Bytes on the wire",
    events: "Events, and their text",
    hex: "Hex",
    waits: "No chunk has come yet.",
    none: "No event ends here: nothing to show yet.",
    comment: "Only a comment: the client drops it.",
    nothing: "Nothing of this chunk passed.",
    done: "end mark",
    held: "held",
    half: "Half an event: the client shows nothing of it.",
    heldNote: "The client has not seen these bytes yet.",
    /** @param {number} at @param {number} size */
    cutAt: (at, size) => `Cut here breaks the line after ${at} of these ${some(size, "byte")}.`,
    cut: "The line is cut here.",
    /** @param {number} count */ lost: (count) => ` ${some(count, "byte")} of this chunk never reached the client.`,
    /** @param {number} count */ more: (count) => `… ${count.toLocaleString("en")} more`,
    /** @param {number} number @param {number} had */
    request: (number, had) => `Request ${number}: the client asks again, with the ${some(had, "character")} it has.`,
    /** @param {number} count */ leftOut: (count) => `Counted, not kept: ${some(count, "earlier chunk")}.`,
    /** @param {number} byte */ offset: (byte) => `from byte ${byte.toLocaleString("en")}`,
    /** @param {string} time */ wasHeld: (time) => `held ${time}`,
    /** @param {{chunks: number, bytes: number, events: number}} total @param {number} characters */
    total: ({ chunks, bytes, events }, characters) =>
      [some(chunks, "chunk"), some(bytes, "byte"), some(events, "event"), some(characters, "character")].join(" · "),
    /** @param {number} ratio */ ratio: (ratio) => ` · ${some(ratio, "byte")} for each character of text`,
  },
  zh: {
    list: "各块，从最早的开始",
    bytes: "线路上的字节",
    events: "事件及其文字",
    hex: "十六进制",
    waits: "还没有收到任何一块。",
    none: "这里没有事件结束：还没有可显示的内容。",
    comment: "只有注释：客户端会丢弃。",
    nothing: "这一块没有任何字节通过。",
    done: "结束标记",
    held: "被扣住",
    half: "只有半个事件：客户端什么也不显示。",
    heldNote: "客户端还没有看到这些字节。",
    /** @param {number} at @param {number} size */
    cutAt: (at, size) => `“在此切断”会在这 ${size} 个字节中的前 ${at} 个之后切断线路。`,
    cut: "线路在此切断。",
    /** @param {number} count */ lost: (count) => `这一块还有 ${count.toLocaleString("en")} 字节没有到达客户端。`,
    /** @param {number} count */ more: (count) => `……还有 ${count.toLocaleString("en")}`,
    /** @param {number} number @param {number} had */
    request: (number, had) => `第 ${number} 次请求：客户端带着已有的 ${had} 个字符再次请求。`,
    /** @param {number} count */ leftOut: (count) => `更早的 ${count.toLocaleString("en")} 块只计数，不保留。`,
    /** @param {number} byte */ offset: (byte) => `从第 ${byte.toLocaleString("en")} 字节起`,
    /** @param {string} time */ wasHeld: (time) => `扣住 ${time}`,
    /** @param {{chunks: number, bytes: number, events: number}} total @param {number} characters */
    total: ({ chunks, bytes, events }, characters) =>
      [`${chunks} 块`, `${bytes.toLocaleString("en")} 字节`, `${events} 个事件`, `${characters} 个字符`].join(" · "),
    /** @param {number} ratio */ ratio: (ratio) => ` · 每个字符 ${ratio} 字节`,
  },
};

/** @param {string} language */
export const wireTexts = (language) => (language === "zh" ? WIRE_TEXTS.zh : WIRE_TEXTS.en);

const MARK = "mm-wire-here";

/**
 * The places in a list of texts, of which each is [number of the text, offset in it], of characters [from, from + count).
 * @param {string[]} texts
 * @param {number} from
 * @param {number} count
 * @returns {[[number, number], [number, number]] | null}
 */
export function places(texts, from, count) {
  /** @type {[number, number] | null} */
  let start = null;
  let seen = 0;
  for (const [index, text] of texts.entries()) {
    let unit = 0;
    for (const character of text) {
      if (seen === from) start = [index, unit];
      unit += character.length;
      seen += 1;
      if (start && seen === from + count) return [start, [index, unit]];
    }
  }
  return null;
}

/**
 * Mark so many characters of the text that grows beside the rows; none without a count, or where the browser can not.
 * @param {Element | null} log
 * @param {number} [from]
 * @param {number} [count]
 */
export function markText(log, from = 0, count = 0) {
  if (typeof Highlight === "undefined") return;
  CSS.highlights.delete(MARK);
  if (!log || !count) return;
  const walker = document.createTreeWalker(log, NodeFilter.SHOW_TEXT);
  const nodes = [];
  while (walker.nextNode()) nodes.push(/** @type {Text} */ (walker.currentNode));
  const found = places(nodes.map(({ data }) => data), from, count);
  if (!found) return;
  const range = new Range();
  range.setStart(nodes[found[0][0]], found[0][1]);
  range.setEnd(nodes[found[1][0]], found[1][1]);
  CSS.highlights.set(MARK, new Highlight(range));
}
