// What the answer box does with its text, without a page: commands, and who may overwrite what.

/** @typedef {{name: string, summary: string}} Command */
/** @typedef {{type: "send", text: string} | {type: "command", name: string, known: boolean}} Act */
/**
 * The text of a box. `revision` counts what Python has set; `sent` is what was sent last, while Python has not
 * said what becomes of it.
 * @typedef {{text: string, revision: number, sent: string | null}} Draft
 */
/**
 * The widget's model as anywidget gives it.
 * @typedef {{get: (trait: string) => any, send: (content: object) => void,
 *   on: (event: string, callback: (content: any) => void) => void,
 *   off: (event: string, callback: (content: any) => void) => void}} Model
 */
/**
 * What each view is told: show a text, what changed around it, that Python emptied the box; and asked: whether
 * a person types there, whether it can take the focus (and then has it).
 * @typedef {{show: (text: string) => void, update: () => void, emptied: () => void,
 *   typing: () => boolean, focus: () => boolean}} View
 */

const DRAFT_MS = 300;
const PATIENCE_MS = 1_500;
const CJK = /[\u3000-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]/;

/** A Chinese keyboard's first slash counts as one. @param {string} text */
function slashed(text) {
  return text.replace(/^／/, "/");
}

/**
 * The commands to offer for a text: all that begin with it, while it is one word with a slash before it.
 * @param {string} text
 * @param {Command[]} commands
 */
export function matching(text, commands) {
  const word = slashed(text).toLowerCase();
  return /^\/\S*$/.test(word) ? commands.filter(({ name }) => name.toLowerCase().startsWith(word)) : [];
}

/**
 * What a press on Send means: a command if the text is one word of the list, or a lone unknown one with one
 * slash; "/etc/hosts" and "/hint at it" are answers.
 * @param {string} text
 * @param {Command[]} commands
 * @returns {Act}
 */
export function decide(text, commands) {
  const word = slashed(text.trim());
  const known = commands.find(({ name }) => name.toLowerCase() === word.toLowerCase());
  if (known) return { type: "command", name: known.name, known: true };
  const lone = commands.length > 0 && /^\/[^\s/]*$/.test(word);
  return lone ? { type: "command", name: word, known: false } : { type: "send", text };
}

/**
 * What Python has set in place of the text. Only a newer revision overwrites; where Python takes away what was
 * sent, characters that were typed behind it since then stay.
 * @param {Draft} draft
 * @param {string} value
 * @param {number} revision
 * @returns {Draft}
 */
export function take(draft, value, revision) {
  if (revision <= draft.revision) return draft;
  const { text, sent } = draft;
  const later = sent !== null && text.startsWith(sent) ? text.slice(sent.length) : "";
  return { text: value || (later.trim() && later), revision, sent: null };
}

/**
 * Put spoken words in place of the selection, with the spaces that the letters around ask for.
 * @param {string} text
 * @param {number} start
 * @param {number} end
 * @param {string} spoken
 * @returns {{text: string, caret: number}}
 */
export function insertSpoken(text, start, end, spoken) {
  const words = spoken.trim();
  const [before, after] = [text.slice(0, start), text.slice(end)];
  /** @param {string} left @param {string} right */
  const gap = (left, right) => left && right && !/\s/.test(left + right) && !CJK.test(left + right);
  const lead = gap(before.slice(-1), words.slice(0, 1)) ? " " : "";
  const trail = gap(words.slice(-1), after.slice(0, 1)) && !/^[.,;:!?)]/.test(after) ? " " : "";
  const head = before + lead + words + trail;
  return { text: head + after, caret: head.length };
}

/**
 * The one text of all views of a model on this page, kept in step with Python's.
 * A draft goes out 300 ms after the last key, one at a time; `flush` sends it at once.
 * @param {Model} model
 * @param {Set<View>} views
 */
export function listen(model, views) {
  const page = Math.random().toString(36).slice(2);
  /** @type {Draft} */
  let draft = { text: model.get("value"), revision: model.get("revision"), sent: null };
  let told = draft.text;
  let count = 0;
  let unheard = 0;
  let wanted = false;
  /** @type {"ready" | "sending" | "waiting" | "gone"} */
  let state = "ready";
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let patience;

  /** @param {typeof state} now */
  const say = (now) => {
    clearTimeout(patience);
    state = now;
    if (now === "sending") patience = setTimeout(say, PATIENCE_MS, "waiting");
    views.forEach((view) => view.update());
  };
  /** @param {object} content */
  const post = (content) => {
    count += 1;
    try {
      model.send({ ...content, revision: draft.revision, page, count });
      return true;
    } catch {
      say("gone"); // the kernel was restarted
      return false;
    }
  };
  const flush = () => {
    clearTimeout(timer);
    if (draft.text === told) return;
    if (post({ type: "draft", text: draft.text.toWellFormed() })) [told, unheard] = [draft.text, count];
  };
  const schedule = () => {
    clearTimeout(timer);
    timer = setTimeout(() => unheard || flush(), DRAFT_MS);
  };
  /** @param {string} text @param {View} [from] */
  const type = (text, from) => {
    draft = { ...draft, text };
    views.forEach((view) => view !== from && view.show(text));
    schedule();
  };
  const overwrite = () => {
    const value = model.get("value");
    const next = take(draft, value, model.get("revision"));
    if (next === draft) return;
    draft = next;
    told = value;
    views.forEach((view) => view.show(draft.text));
    if (value === "") views.forEach((view) => view.emptied());
    if (draft.text !== told) schedule();
  };
  const enabled = () => {
    if (model.get("enabled")) draft = { ...draft, sent: null };
    views.forEach((view) => view.update());
  };
  /** @param {string} name */
  const run = (name) => {
    type("");
    flush();
    post({ type: "command", name });
  };
  /** @param {any} message */
  const hear = (message) => {
    const mine = message.page === page;
    if (mine && state === "gone") say("ready");
    if (message.type === "draft" && mine && message.count >= unheard) {
      unheard = 0;
      if (draft.text !== told) schedule();
    } else if (message.type === "draft" && !mine) {
      if (draft.text !== told || [...views].some((view) => view.typing())) return;
      told = message.text;
      draft = { ...draft, text: told };
      views.forEach((view) => view.show(told));
    } else if (message.type === "heard" && mine) {
      say("ready");
    } else if (message.type === "focus") {
      wanted = true;
      settle();
    }
  };
  const settle = () => {
    if (views.size === 0 || !wanted) return; // the first view may still be on its way
    wanted = false;
    [...views].some((view) => view.focus());
  };
  const takes = () => model.get("enabled") && state !== "sending" && state !== "waiting";

  model.on("msg:custom", hear);
  model.on("change:revision", overwrite);
  model.on("change:enabled", enabled);
  return {
    text: () => draft.text,
    state: () => state,
    /** Whether a press on Send does something: not while one waits for Python, nor while Python takes none. */
    takes,
    type,
    flush,
    run,
    settle,
    /** One press on Send. A command is heard at any time. */
    press() {
      const act = decide(draft.text, model.get("commands"));
      if (act.type === "command") {
        if (act.known) run(act.name);
        else post({ type: "command", name: act.name });
        return;
      }
      if (!takes()) return;
      clearTimeout(timer);
      if (!post({ type: "send", text: act.text.toWellFormed() })) return;
      draft = { ...draft, sent: draft.text };
      told = draft.text;
      say("sending");
    },
    undo() {
      clearTimeout(timer);
      clearTimeout(patience);
      model.off("msg:custom", hear);
      model.off("change:revision", overwrite);
      model.off("change:enabled", enabled);
    },
  };
}
