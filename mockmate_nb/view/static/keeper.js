// Keeper's page side: writes a widget's plain twin into the notebook's document, below the widget.

/**
 * JupyterLab's model of a cell's outputs. `list` is the part of it that can insert; `clearNext`: the next
 * output that is added clears the others first.
 * @typedef {{length: number, get: (at: number) => {toJSON: () => any}, add: (output: object) => number,
 *   set: (at: number, output: object) => void, remove?: (at: number) => void, clearNext?: boolean,
 *   trusted: boolean, list?: {insert: (at: number, output: object) => void},
 *   contentFactory?: {createOutputModel: (options: {value: object, trusted: boolean}) => object}}} Outputs
 */
/** @typedef {{connect: (slot: () => void) => void, disconnect: (slot: () => void) => void}} Signal */
/**
 * The document context of an open notebook.
 * @typedef {{isDisposed: boolean, ready: Promise<void>,
 *   model: {cells: Iterable<{outputs?: Outputs}>, contentChanged: Signal}}} Context
 */
/**
 * What is to be kept: a twin of the widget whose model id is `of`.
 * @typedef {{of: string, html: string, text: string}} Kept
 */
/**
 * The widget's model as anywidget gives it.
 * @typedef {{get: (trait: string) => string, widget_manager?: {context?: Context},
 *   on: (event: string, callback: () => void) => void,
 *   off: (event: string, callback: () => void) => void}} Model
 */

const WIDGET = "application/vnd.jupyter.widget-view+json";
const MARK = '<div class="mm-kept ';
const PAUSE_MS = 300;

/** The class that says whose twin it is. @param {string} of */
function owner(of) {
  return `mm-kept-of-${of.replace(/[^\w-]/g, "")}`;
}

/**
 * The output to be stored; `next`: it stands right after its widget.
 * @param {Kept} kept
 * @param {boolean} next
 */
export function output({ of, html, text }, next) {
  const open = `${MARK}${owner(of)}${next ? " mm-kept-next" : ""}">`;
  const data = { "text/html": `${open}${html}</div>`, "text/plain": text };
  return { output_type: "display_data", data, metadata: {} };
}

/** The HTML of an output if it is a kept twin, else "". @param {any} stored */
function twinHtml(stored) {
  const html = [stored.data?.["text/html"] ?? ""].flat().join("");
  return html.startsWith(MARK) ? html : "";
}

/**
 * True if an output may move down by one. Not those that Python may still add to or update: JupyterLab knows
 * them by their places.
 * @param {any} stored
 */
function mayMove(stored) {
  return Boolean(stored.data?.[WIDGET] || twinHtml(stored) || stored.output_type === "error");
}

/**
 * Keep the twin once among a cell's outputs, if they show its widget: right after it, or at the end where
 * outputs that cannot move follow. With `anew` it takes the place of another twin of the widget.
 * @param {Outputs} outputs
 * @param {Kept} kept
 * @param {boolean} anew
 */
export function keepIn(outputs, kept, anew) {
  const stored = Array.from({ length: outputs.length }, (_, at) => outputs.get(at).toJSON());
  const shown = stored.map((each) => each.data?.[WIDGET]?.model_id).lastIndexOf(kept.of);
  if (shown < 0 || outputs.clearNext) return;
  const start = new RegExp(`^${MARK}${owner(kept.of)}[ "]`);
  const [first, ...others] = stored.flatMap((each, at) => (start.test(twinHtml(each)) ? [at] : []));
  for (const at of others.reverse()) outputs.remove?.(at);
  const place = shown + 1;
  if (first === undefined) {
    put(outputs, stored.slice(place).every(mayMove) ? place : stored.length, kept, place);
  } else if (anew && !isSame(stored[first], output(kept, first === place))) {
    outputs.set(first, output(kept, first === place));
  }
}

/** @param {Outputs} outputs @param {number} at @param {Kept} kept @param {number} place */
function put(outputs, at, kept, place) {
  const { list, contentFactory, trusted } = outputs;
  if (at < outputs.length && list && contentFactory) {
    list.insert(at, contentFactory.createOutputModel({ value: output(kept, at === place), trusted }));
  } else outputs.add(output(kept, outputs.length === place));
}

/** @param {any} stored @param {ReturnType<typeof output>} wanted */
function isSame(stored, wanted) {
  const text = [stored.data["text/plain"] ?? ""].flat().join("");
  return twinHtml(stored) === wanted.data["text/html"] && text === wanted.data["text/plain"];
}

export default {
  /** @param {{model: Model}} page */
  async initialize({ model }) {
    const context = model.widget_manager?.context;
    if (!context?.model?.cells) return undefined;
    await context.ready;

    /** @param {boolean} anew */
    const keep = (anew) => {
      const kept = { of: model.get("of"), html: model.get("html"), text: model.get("text") };
      if (!kept.html || context.isDisposed) return;
      for (const { outputs } of context.model.cells) if (outputs) keepIn(outputs, kept, anew);
    };
    const renew = () => keep(true);
    // The widget can be displayed later, and again: look after the document has changed, some times a second.
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    const look = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        keep(false);
      }, PAUSE_MS);
    };

    model.on("change:html", renew);
    model.on("change:text", renew);
    context.model.contentChanged.connect(look);
    renew();
    return () => {
      clearTimeout(timer);
      model.off("change:html", renew);
      model.off("change:text", renew);
      if (!context.isDisposed) context.model.contentChanged.disconnect(look);
    };
  },
};
