// The end of a text stays in view while the reader is there; else nothing on the screen moves.

const SLACK = 4;
const ROUNDING = 1.5;
const GAP = 12;

/** @typedef {{top: number, bottom: number}} Band */
/**
 * True if a reader is at the end: `end` is its lower edge, `band` what is on the screen. A reader who was not there
 * must reach it; one who was stays there though layout rounds, if they have not scrolled up, and though what stands
 * above has grown, if they have not scrolled at all (`still`).
 * @param {{end: number, band: Band, following: boolean, scrolledUp: boolean, still: boolean}} place
 */
export function seesEnd({ end, band, following, scrolledUp, still }) {
  if (following && still) return true;
  const slack = following && !scrolledUp ? SLACK : ROUNDING;
  return end > band.top && end <= band.bottom + slack;
}

/**
 * The first of some elements, one below the other, that reaches below `top`; -1 if none does.
 * @param {number} count
 * @param {(index: number) => number} bottomOf
 * @param {number} top
 */
export function firstBelow(count, bottomOf, top) {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (bottomOf(middle) > top) high = middle;
    else low = middle + 1;
  }
  return low < count ? low : -1;
}

/** @param {Element} parent @param {number} top */
function childBelow({ children }, top) {
  const index = firstBelow(children.length, (at) => children[at].getBoundingClientRect().bottom, top);
  return index < 0 ? null : children[index];
}

/** The elements that may scroll `el` up and down, from the inside out. @param {Element} el */
export function scrollersOf(el) {
  const found = [];
  for (let at = el.parentElement; at; at = at.parentElement) {
    const { overflowY } = getComputedStyle(at);
    const page = at === document.scrollingElement;
    if (page || overflowY === "auto" || overflowY === "scroll") found.push(at);
  }
  return found;
}

/** What is on the screen inside all of these scrollers. @param {Element[]} scrollers @returns {Band} */
function bandOf(scrollers) {
  let [top, bottom] = [0, innerHeight];
  for (const scroller of scrollers) {
    if (scroller === document.scrollingElement) continue;
    const begins = scroller.getBoundingClientRect().top + scroller.clientTop;
    top = Math.max(top, begins);
    bottom = Math.min(bottom, begins + scroller.clientHeight);
  }
  return { top, bottom };
}

/** @param {Element} scroller @param {number} by */
function scroll(scroller, by) {
  scroller.scrollTo({ top: scroller.scrollTop + by, behavior: "instant" });
}

/** Bring an element back to where it was. @param {Element} el @param {number} top @param {Element[]} scrollers */
function hold(el, top, scrollers) {
  for (const scroller of scrollers) {
    const moved = el.getBoundingClientRect().top - top;
    if (Math.abs(moved) >= 0.5) scroll(scroller, moved);
  }
}

/** Watches where the reader of one view is, and keeps it so. */
export class Follow {
  /**
   * @param {HTMLElement} root the view
   * @param {HTMLElement} sentinel behind its text
   * @param {HTMLElement} log its text: sections of blocks
   * @param {HTMLElement} pill shown over the text's last line on the screen while there is new text below it
   */
  constructor(root, sentinel, log, pill) {
    this.root = root;
    this.sentinel = sentinel;
    this.log = log;
    this.pill = pill;
    this.following = false;
    /** The reader has asked for this view: its beginning is shown as well, as long as they follow. */
    this.whole = false;
    /** @type {{anchor: Element | null, top: number}} */
    this.aimed = { anchor: null, top: 0 };
    /** @type {Map<Element, number>} */
    this.held = new Map();
    this.watch = new IntersectionObserver((entries) => {
      if (entries.at(-1)?.isIntersecting) this.unseen(false);
    });
    this.watch.observe(sentinel);
    this.float = () => this.place(bandOf(scrollersOf(root)));
  }

  get end() {
    return this.sentinel.getBoundingClientRect().bottom;
  }

  /**
   * Make a change of the view's text; where the reader is stays where it is.
   * @param {() => void} change
   * @param {{news?: boolean}} [options] `news`: the change brings text that is new to the reader
   */
  keep(change, { news = false } = {}) {
    if (!this.root.isConnected || this.root.getClientRects().length === 0) return change();
    const scrollers = scrollersOf(this.root);
    const band = bandOf(scrollers);
    const steps = scrollers.map((each) => each.scrollTop - (this.held.get(each) ?? 0));
    const scrolledUp = steps.some((step) => step < -ROUNDING);
    const still = steps.every((step) => Math.abs(step) <= ROUNDING);
    this.following =
      seesEnd({ end: this.end, band, following: this.following, scrolledUp, still }) && !this.isSelecting();
    this.whole = this.whole && this.following;
    const anchor = this.anchor(band.top);
    const before = this.aim(anchor);
    change();
    if (anchor?.isConnected) hold(anchor, before, scrollers);
    if (this.following) this.toEnd(scrollers);
    this.held = new Map(scrollers.map((each) => [each, each.scrollTop]));
    if (news && !this.following && this.end > band.bottom) this.unseen(true);
    if (!this.pill.hidden) this.place(band);
  }

  /** Where an element is to be held: browsers scroll by whole pixels, and what is left over must not add up. */
  aim(/** @type {Element | null} */ anchor) {
    const top = anchor?.getBoundingClientRect().top ?? 0;
    const same = anchor === this.aimed.anchor && Math.abs(top - this.aimed.top) < 1;
    if (!same) this.aimed = { anchor, top };
    return this.aimed.top;
  }

  /** Go to the end and stay there; the beginning is shown as well where there is room for both. */
  go() {
    const scrollers = scrollersOf(this.root);
    this.whole = true;
    this.toEnd(scrollers);
    this.held = new Map(scrollers.map((each) => [each, each.scrollTop]));
    this.following = true;
    this.unseen(false);
  }

  /** @param {boolean} unseen there is new text below the screen */
  unseen(unseen) {
    if (this.pill.hidden !== unseen) return;
    this.pill.hidden = !unseen;
    const listen = unseen ? "addEventListener" : "removeEventListener";
    document[listen]("scroll", this.float, { capture: true });
  }

  /** Notebooks put boxes around a view in which `position: sticky` sticks to nothing. @param {Band} band */
  place({ bottom }) {
    const { top, height } = this.root.getBoundingClientRect();
    const lowest = Math.min(bottom - top, height) - GAP - this.pill.offsetHeight;
    this.pill.style.top = `${Math.max(GAP, lowest)}px`;
  }

  /** Scroll until the view's lower edge is seen, and all of the view if that is wanted. @param {Element[]} scrollers */
  toEnd(scrollers) {
    for (const scroller of scrollers) {
      const { top, bottom } = bandOf([scroller]);
      const below = this.root.getBoundingClientRect().bottom + SLACK - bottom;
      // A text that begins anew is suddenly short, and its end above the screen.
      if (below > 0 || this.end <= top) scroll(scroller, Math.ceil(below));
      const root = this.root.getBoundingClientRect();
      const hidden = Math.min(top + SLACK - root.top, bottom - SLACK - root.bottom);
      if (this.whole && hidden > 0) scroll(scroller, -hidden);
    }
  }

  /** True while a selection lies in the text: it must not slip away from under the pointer. */
  isSelecting() {
    const selection = getSelection();
    return Boolean(selection && !selection.isCollapsed && this.root.contains(selection.anchorNode));
  }

  /** What the reader looks at first, or has passed last: it must not move. @param {number} top */
  anchor(top) {
    const { top: begins, bottom } = this.root.getBoundingClientRect();
    if (begins >= top) return null;
    if (bottom <= top) return this.sentinel;
    const section = childBelow(this.log, top);
    return section && (childBelow(section, top) ?? section);
  }

  undo() {
    this.unseen(false);
    this.watch.disconnect();
  }
}
