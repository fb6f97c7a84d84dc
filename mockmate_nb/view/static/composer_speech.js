// Speaking in place of typing, and hearing in place of reading, where the browser can. Text is always enough.

/**
 * What may be said to a person about speech; the words are the view's.
 * @typedef {"goes" | "denied" | "silent" | "microphone" | "network" | "tongue" | "dictation" | "reading"} Note
 */

const RESTART_MS = 1_000;
/** @type {Record<string, Note>} */
const FAULTS = {
  "not-allowed": "denied",
  "service-not-allowed": "denied",
  "no-speech": "silent",
  "audio-capture": "microphone",
  "network": "network",
  "language-not-supported": "tongue",
};

/**
 * The language tag to listen and speak in: the person's own variety where the browser names one.
 * @param {string} language
 * @param {readonly string[]} preferred
 */
export function tongue(language, preferred) {
  const own = preferred.find((tag) => tag.toLowerCase().startsWith(`${language}-`));
  return own ?? (language === "zh" ? "zh-CN" : "en-US");
}

/** Dictation behind one button. The first press only says where the voice may go; the second one starts. */
export class Dictation {
  /**
   * @param {any} Recognition
   * @param {{language: () => string, insert: (spoken: string) => void, interim: (spoken: string) => void,
   *   note: (note: Note | "") => void, pressed: (on: boolean) => void}} told
   */
  constructor(Recognition, told) {
    this.Recognition = Recognition;
    this.told = told;
    this.warned = false;
    this.wanted = false;
    this.pending = "";
    /** @type {any} */
    this.recognition = null;
  }

  toggle() {
    if (this.wanted) return this.stop();
    this.told.note(this.warned ? "" : "goes");
    if (this.warned) this.start();
    this.warned = true;
  }

  start() {
    this.recognition?.abort();
    this.leave();
    const recognition = new this.Recognition();
    const began = performance.now();
    Object.assign(recognition, { lang: this.told.language(), continuous: true, interimResults: true });
    recognition.onresult = (/** @type {any} */ event) => this.hear(event);
    recognition.onerror = (/** @type {any} */ { error }) => {
      if (error === "aborted") return;
      this.told.note(FAULTS[error] ?? "dictation");
      if (error !== "no-speech") this.wanted = false;
    };
    recognition.onend = () => {
      this.leave();
      // Browsers end by themselves after a silence, and a candidate may think. One that ends at once is broken.
      if (this.wanted && performance.now() - began > RESTART_MS) this.start();
      else this.press(false);
    };
    this.recognition = recognition;
    try {
      recognition.start();
      this.press(true);
    } catch {
      this.drop();
      this.told.note("dictation");
    }
  }

  /** @param {any} event */
  hear(event) {
    let interim = "";
    for (const result of [...event.results].slice(event.resultIndex)) {
      if (result.isFinal) this.told.insert(result[0].transcript);
      else interim += result[0].transcript;
    }
    this.show(interim);
  }

  /** @param {string} interim */
  show(interim) {
    this.pending = interim;
    this.told.interim(interim);
  }

  /** @param {boolean} on */
  press(on) {
    this.wanted = on;
    this.told.pressed(on);
  }

  /** Listen no more; what was said before still arrives. */
  stop() {
    this.press(false);
    this.recognition?.stop();
  }

  /** End at once, with what has been heard so far in its place. */
  finish() {
    if (this.pending.trim()) this.told.insert(this.pending);
    this.drop();
  }

  /** End at once; what is still on its way is dropped. */
  drop() {
    const { recognition } = this;
    this.leave();
    this.press(false);
    recognition?.abort();
  }

  leave() {
    if (this.recognition) Object.assign(this.recognition, { onresult: null, onerror: null, onend: null });
    this.recognition = null;
    this.show("");
  }
}

/**
 * A text cut into sentences without its Markdown marks: Chromium falls silent in utterances of over 15 s.
 * @param {string} text
 * @param {string} language
 * @returns {string[]}
 */
export function sentences(text, language) {
  const plain = text.replace(/[`*#]+/g, "");
  const cut = new Intl.Segmenter(language, { granularity: "sentence" }).segment(plain);
  return [...cut].map(({ segment }) => segment.trim()).filter(Boolean);
}

/** Reading aloud behind one button. */
export class Reading {
  /**
   * @param {{speechSynthesis: any, SpeechSynthesisUtterance: any}} speech
   * @param {{note: (note: Note | "") => void, pressed: (on: boolean) => void}} told
   */
  constructor(speech, told) {
    this.speech = speech;
    this.told = told;
    /** @type {any[]} What is still to be said; the browser forgets utterances that nobody holds. */
    this.queue = [];
  }

  /** @param {string} text @param {string} lang */
  toggle(text, lang) {
    if (this.queue.length) return this.stop();
    const { speechSynthesis, SpeechSynthesisUtterance } = this.speech;
    const voices = [...speechSynthesis.getVoices()].filter(({ lang: of }) => of.startsWith(lang.slice(0, 2)));
    // A voice on this machine sends the text nowhere.
    const voice = voices.find(({ localService }) => localService) ?? voices[0] ?? null;
    this.queue = sentences(text, lang).map((sentence) => {
      const utterance = new SpeechSynthesisUtterance(sentence);
      utterance.onend = () => this.said(utterance);
      utterance.onerror = (/** @type {any} */ { error }) => this.failed(utterance, error);
      return Object.assign(utterance, { lang, voice });
    });
    this.told.note("");
    this.told.pressed(this.queue.length > 0);
    this.queue.forEach((utterance) => speechSynthesis.speak(utterance));
  }

  /** @param {any} utterance */
  said(utterance) {
    this.queue = this.queue.filter((each) => each !== utterance);
    if (this.queue.length === 0) this.told.pressed(false);
  }

  /** @param {any} utterance @param {string} error */
  failed(utterance, error) {
    if (!this.queue.includes(utterance)) return;
    this.stop();
    if (error !== "canceled" && error !== "interrupted") this.told.note("reading"); // else another page spoke up
  }

  stop() {
    if (this.queue.length === 0) return;
    this.queue = [];
    this.told.pressed(false);
    this.speech.speechSynthesis.cancel();
  }
}
