// The words of a stream view, in the languages it speaks.

const SPOKEN = {
  en: {
    code: "Code",
    copied: "Copied",
    copy: "Copy",
    formula: "Formula",
    pill: "New text",
    table: "Table",
    thinking: "thinking",
    notes: { stopped: "Stopped", failed: "Cut off" },
    someone: "The other side",
    heard: {
      streaming: "{who} is speaking.",
      complete: "{who} has finished.",
      stopped: "{who} was stopped.",
      failed: "{who} was cut off.",
    },
  },
  zh: {
    code: "代码",
    copied: "已复制",
    copy: "复制",
    formula: "公式",
    pill: "有新内容",
    table: "表格",
    thinking: "正在思考",
    notes: { stopped: "已停止", failed: "已中断" },
    someone: "对方",
    heard: {
      streaming: "{who}正在说话。",
      complete: "{who}说完了。",
      stopped: "{who}已停止。",
      failed: "{who}的话已中断。",
    },
  },
};

/** @typedef {typeof SPOKEN.en} Words */

/** @param {string} language @returns {Words} */
export function words(language) {
  return language === "zh" ? SPOKEN.zh : SPOKEN.en;
}

/**
 * What a screen reader says as a state begins; nothing for `waiting`.
 * @param {string} state
 * @param {string} label who speaks
 * @param {string} language
 */
export function announcement(state, label, language) {
  const { heard, someone } = words(language);
  const sentence = /** @type {Record<string, string>} */ (heard)[state] ?? "";
  return sentence.replace("{who}", () => label.trim() || someone);
}
