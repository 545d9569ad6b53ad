// Keeps the focus in the view when what has it goes with a row: it passes on to what follows, else to what stood before.

const FOCUSABLE = "button, input, select, summary, [tabindex]";

/** Draw a view anew, and leave the focus somewhere in it. */
export function keepingFocus(root: HTMLElement, draw: () => void): void {
  const held = document.activeElement;
  const order = held === null || !document.hasFocus() ? [] : [...root.querySelectorAll<HTMLElement>(FOCUSABLE)];
  const at = order.indexOf(held as HTMLElement);
  draw();
  if (at < 0 || order[at]?.isConnected === true) {
    return;
  }
  for (const next of [...order.slice(at + 1), ...order.slice(0, at).reverse()].filter((each) => each.isConnected)) {
    next.focus();
    if (document.activeElement === next) {
      return;
    }
  }
}
