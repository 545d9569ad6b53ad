// The page of a chat as the extension talks to it: what goes on in a conversation is not told to a page that nobody sees, and what a person did
// is told until the page says that it has heard it. VS Code makes the page anew whenever its view is shown again, and what is sent to it
// meanwhile may be lost. `host.ts` has one.

import type { FromView, Spoken, ToView } from "../messages/chat";
import type { Subscription } from "../state/signal";

/** The part of a webview that is needed here. */
export interface Line {
  readonly onDidReceiveMessage: (hear: (message: FromView) => void) => Subscription;
  postMessage(message: Spoken): unknown;
}

const SURE: ReadonlySet<ToView["kind"]> = new Set(["attach", "write", "reveal", "focus", "trouble"]);

export class Page {
  readonly #line: Line;
  readonly #listening: Subscription;
  #isReady = false;
  #isSeen = true;
  #count = 0;
  readonly #unheard = new Map<number, ToView>();

  constructor(line: Line, hear: (message: FromView) => void) {
    this.#line = line;
    this.#listening = line.onDidReceiveMessage((message) => {
      if (message.kind === "heard") {
        this.#unheard.delete(message.number);
        return;
      }
      this.#isReady ||= message.kind === "ready";
      hear(message);
    });
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  /** Note whether somebody sees it: VS Code would keep every word until the page is there again. Returns whether it has come back. */
  seen(isSeen: boolean): boolean {
    const isBack = isSeen && !this.#isSeen;
    this.#isSeen = isSeen;
    return isBack;
  }

  say(message: ToView): void {
    if (SURE.has(message.kind)) {
      this.#count += 1;
      this.#unheard.set(this.#count, message);
      this.#post({ message, number: this.#count });
    } else if (message.kind !== "patch" || this.#isSeen) {
      this.#post({ message, number: undefined });
    }
  }

  /** Let go of what was not heard: it was about a chat that is not shown any more. */
  forget(): void {
    this.#unheard.clear();
  }

  /** Say again what was not heard. */
  repeat(): void {
    for (const [number, message] of this.#unheard) {
      this.#post({ message, number });
    }
  }

  dispose(): void {
    this.#listening.dispose();
  }

  #post(spoken: Spoken): void {
    if (this.#isReady) {
      void this.#line.postMessage(spoken);
    }
  }
}
