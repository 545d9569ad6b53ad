// What reaches a page before it was told which chat it shows. VS Code keeps the messages to a page that is not loaded, as while its view is
// hidden, and delivers them at once: what they say of the conversation is told again, what a person did has to wait. Pure.

import type { ToView } from "../../src/messages/chat";

const KEPT: ReadonlySet<ToView["kind"]> = new Set(["attach", "write", "reveal", "focus", "trouble"]);

export class Opening {
  #isOpen = false;
  #early: ToView[] = [];

  /** Return what is to be done about now, in its order. */
  take(message: ToView): readonly ToView[] {
    if (this.#isOpen) {
      return [message];
    }
    if (message.kind === "opened") {
      this.#isOpen = true;
      return [message, ...this.#early.splice(0)];
    }
    if (KEPT.has(message.kind)) {
      this.#early.push(message);
    }
    return [];
  }
}
