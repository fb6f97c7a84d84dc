// Raw bytes as a person reads them: escaped text, or hex beside it. Pure.

/**
 * A piece to show: what it says, how ("text", "escape" for what has no letter, "wide" for a character of several
 * bytes), where its first byte is, and how many it has.
 * @typedef {{text: string, kind: "text" | "escape" | "wide", at: number, size: number}} Piece
 */

export const HEX_WIDTH = 8;
const NAMED = /** @type {Record<number, string>} */ ({ 9: "\\t", 10: "\\n", 13: "\\r", 92: "\\\\" });
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u;

/** @param {number} byte */
export const hex = (byte) => byte.toString(16).toUpperCase().padStart(2, "0");

/** The bytes of a piece, as in "E4 BD A0". @param {Uint8Array} bytes @param {Piece} piece */
export const inHex = (bytes, { at, size }) => [...bytes.subarray(at, at + size)].map(hex).join(" ");

/** How many bytes the character at `at` has; 0 where none is whole there. @param {Uint8Array} bytes @param {number} at */
function width(bytes, at) {
  const first = bytes[at];
  const size = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
  if (!size || at + size > bytes.length) return 0;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(at, at + size));
  } catch {
    return 0;
  }
  return size;
}

/**
 * The bytes as pieces. None goes over `mark`, a number of bytes, but a character of several bytes that is cut there
 * is shown as its bytes.
 * @param {Uint8Array} bytes
 * @param {number} [mark]
 * @returns {Piece[]}
 */
export function pieces(bytes, mark = -1) {
  /** @type {Piece[]} */
  const found = [];
  for (let at = 0; at < bytes.length; ) {
    const byte = bytes[at];
    const open = found.at(-1);
    if (byte >= 0x20 && byte < 0x7f && byte !== 92) {
      if (open?.kind === "text" && at !== mark) {
        open.text += String.fromCharCode(byte);
        open.size += 1;
      } else found.push({ text: String.fromCharCode(byte), kind: "text", at, size: 1 });
      at += 1;
      continue;
    }
    let size = byte < 0x80 ? 1 : width(bytes, at);
    if (size > 1 && mark > at && mark < at + size) size = 0;
    const letter = size > 1 ? new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes.subarray(at, at + size)) : "";
    if (letter && !UNSEEN.test(letter)) found.push({ text: letter, kind: "wide", at, size });
    else {
      const code = letter ? `\\u{${letter.codePointAt(0)?.toString(16).toUpperCase()}}` : `\\x${hex(byte)}`;
      found.push({ text: NAMED[byte] ?? code, kind: "escape", at, size: size || 1 });
    }
    at += size || 1;
  }
  return found;
}

/**
 * The bytes as lines of hex: where a line begins, its bytes, and the letters among them.
 * @param {Uint8Array} bytes
 * @param {number} from the number of the first byte
 */
export function hexLines(bytes, from) {
  const lines = [];
  for (let at = 0; at < bytes.length; at += HEX_WIDTH) {
    const part = [...bytes.subarray(at, at + HEX_WIDTH)];
    const letters = part.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·")).join("");
    const pairs = part.map(hex).join(" ").padEnd(3 * HEX_WIDTH - 1);
    lines.push(`${String(from + at).padStart(6, "0")}  ${pairs}  ${letters}`);
  }
  return lines;
}
