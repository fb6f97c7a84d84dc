// The page's own clock: it never runs backwards, and each page has one of its own.

/** Milliseconds since the epoch, as the page counted them when it was opened, to a fraction of one. */
export function pageTime() {
  return performance.timeOrigin + performance.now();
}
