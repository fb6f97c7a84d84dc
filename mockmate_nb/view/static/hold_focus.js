// The focus stays in the panel where somebody pressed, also when what was pressed can be pressed no longer.

export const OWN_KEYS = "data-lm-suppress-shortcuts";
const FIELDS = "input, select, textarea";
const HALTS = ".mockmate-halts button, button.mockmate-halts";

/** @param {Element} button */
const usable = (button) => !(/** @type {HTMLButtonElement} */ (button).disabled) && button.getClientRects().length > 0;

/**
 * Until `signal`: where the panel's focused button is disabled or hidden, the focus goes to what halts the work that
 * has begun, or else `home`. Never to what begins something: the next press of the same key would begin it.
 * @param {() => HTMLElement | null} panelOf
 * @param {AbortSignal} signal
 * @param {(panel: HTMLElement) => HTMLElement} [homeOf]
 */
export function holdFocus(panelOf, signal, homeOf = (panel) => panel) {
  /** @type {HTMLElement | null} */
  let panel = null;
  /** @type {HTMLElement | null} */
  let held = null;
  const look = () => {
    if (!panel || !held) return;
    const { activeElement: active, body } = document;
    const home = homeOf(panel);
    if (usable(held) || (active !== held && active !== body && active !== home && active !== panel)) return;
    const halt = [...panel.querySelectorAll(HALTS)].find(usable);
    if (halt) /** @type {HTMLElement} */ (halt).focus({ preventScroll: true });
    else if (active !== home) {
      home.tabIndex = Math.max(home.tabIndex, -1);
      home.focus({ preventScroll: true });
      if (document.activeElement !== home) {
        panel.tabIndex = -1;
        panel.focus({ preventScroll: true });
      }
    }
  };
  /** @type {MutationObserver | null} */
  let observer = null;
  const leave = () => {
    observer?.disconnect();
    held = null;
  };
  /** @param {FocusEvent} event */
  const came = ({ target }) => {
    const here = panelOf();
    if (!here || !(target instanceof HTMLElement) || !here.contains(target)) return leave();
    const button = target.closest("button");
    if (!button) {
      if (target !== here && target !== homeOf(here)) leave();
      return;
    }
    observer ??= new MutationObserver(look);
    observer.disconnect();
    [panel, held] = [here, button];
    observer.observe(here, { subtree: true, attributes: true, attributeFilter: ["disabled", "style", "class"] });
  };
  /** Who leaves a button that could still be pressed has left; another window is no leaving. @param {FocusEvent} event */
  const left = ({ target, relatedTarget }) => {
    if (target === held && held && usable(held) && !relatedTarget && document.hasFocus()) leave();
  };
  window.addEventListener("focusin", came, { capture: true, signal });
  window.addEventListener("focusout", left, { capture: true, signal });
  signal.addEventListener("abort", leave);
}

/**
 * Until `signal`: JupyterLab takes no plain key from inside the panel, as it would for its cells; a field keeps its own.
 * It listens at the document, before the panel itself, so the attribute is set at the window; and it looks from the
 * target upwards, where its keys for whatever has the focus match first, so it is the target that gets it.
 * @param {() => HTMLElement | null} panelOf
 * @param {AbortSignal} signal
 */
export function holdKeys(panelOf, signal) {
  /** @param {KeyboardEvent} event */
  const pressed = ({ target, ctrlKey, metaKey, altKey, shiftKey }) => {
    const panel = panelOf();
    if (!panel || !(target instanceof Element) || !panel.contains(target)) return;
    target.toggleAttribute(OWN_KEYS, !(ctrlKey || metaKey || altKey || shiftKey || target.closest(FIELDS)));
  };
  window.addEventListener("keydown", pressed, { capture: true, signal });
}
