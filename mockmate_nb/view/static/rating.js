// Five points to press: one is on, or none; a press on the one that is on takes it back.

/**
 * The widget's model as anywidget gives it.
 * @typedef {{get: (trait: string) => any, set: (trait: string, value: any) => void, save_changes: () => void,
 *   on: (event: string, callback: () => void) => void, off: (event: string, callback: () => void) => void}} Model
 */

const POINTS = [1, 2, 3, 4, 5];
const TRAITS = ["value", "label", "names", "language"];

/** @param {{model: Model, el: HTMLElement}} view */
function render({ model, el }) {
  const root = document.createElement("div");
  const label = document.createElement("span");
  const points = document.createElement("span");
  root.className = "mm-rating";
  points.className = "mm-rating-points";
  root.setAttribute("role", "group");
  label.className = "mm-rating-label";
  const gone = new AbortController();
  const buttons = POINTS.map((point) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = String(point);
    button.addEventListener("click", () => {
      model.set("value", model.get("value") === point ? null : point);
      model.save_changes();
    }, { signal: gone.signal });
    return button;
  });
  const update = () => {
    root.lang = model.get("language");
    label.textContent = model.get("label");
    root.setAttribute("aria-label", model.get("label"));
    buttons.forEach((button, at) => {
      const name = model.get("names")[at] ?? "";
      button.setAttribute("aria-pressed", String(model.get("value") === POINTS[at]));
      button.setAttribute("aria-label", name);
      button.title = name;
    });
  };
  TRAITS.forEach((trait) => model.on(`change:${trait}`, update));
  update();
  points.append(...buttons);
  root.append(label, points);
  el.append(root);
  return () => {
    gone.abort();
    TRAITS.forEach((trait) => model.off(`change:${trait}`, update));
    root.remove();
  };
}

export default { render };
