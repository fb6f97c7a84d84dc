// Enter and Space on a button inside a notebook are the button's own; every other key stays JupyterLab's.

const OWN = "data-lm-suppress-shortcuts";

/**
 * JupyterLab takes no key from inside an element with the attribute; it listens at the document, before the
 * element itself, so the attribute is set at the window.
 * @param {HTMLElement} root
 * @param {AbortSignal} signal its end
 */
export function keepPresses(root, signal) {
  /** @param {KeyboardEvent} event */
  const pressed = ({ key, target, ctrlKey, metaKey, altKey }) => {
    const presses = (key === "Enter" || key === " ") && !ctrlKey && !metaKey && !altKey;
    if (target instanceof Node && root.contains(target)) root.toggleAttribute(OWN, presses);
  };
  window.addEventListener("keydown", pressed, { capture: true, signal });
}
