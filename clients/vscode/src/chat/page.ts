// The page of a chat as the extension talks to it: what is said before it listens waits for it, and what goes on in a conversation is not told
// to a page that nobody sees. `host.ts` has one.

import type { Disposable, Webview } from "vscode";
import type { FromView, ToView } from "../messages/chat";

export class Page implements Disposable {
  readonly #webview: Webview;
  readonly #listening: Disposable;
  #isReady = false;
  #isSeen = true;
  #waiting: ToView[] = [];

  constructor(webview: Webview, hear: (message: FromView) => void) {
    this.#webview = webview;
    this.#listening = webview.onDidReceiveMessage((message: FromView) => {
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
    if (message.kind === "patch" && !this.#isSeen) {
      return;
    }
    if (this.#isReady) {
      void this.#webview.postMessage(message);
    } else if (message.kind !== "patch") {
      this.#waiting.push(message);
    }
  }

  /** Say what has waited. */
  catchUp(): void {
    for (const message of this.#waiting.splice(0)) {
      this.say(message);
    }
  }

  dispose(): void {
    this.#listening.dispose();
  }
}
