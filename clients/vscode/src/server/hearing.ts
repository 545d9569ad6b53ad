// What the server tells, heard from one life of it to the next: each has a language client of its own, who listens stays.

import { type LanguageClient, WorkDoneProgress } from "vscode-languageclient/node";
import type { Notifications } from "../protocol";
import { Signal, type Subscription } from "../state/signal";
import type { Notification, Told } from "./wire";

type Listener = (params: never) => void;

export class Hearing {
  readonly #signals = new Map<Notification, Signal<unknown>>();
  #client: LanguageClient | undefined;

  /** Listen to a client from now on, for all who listen. */
  follow(client: LanguageClient): void {
    this.#client = client;
    for (const [method, signal] of this.#signals) {
      relay(client, method, signal);
    }
  }

  /** Listen to a notification. */
  on<N extends Notification>(method: N, listener: (params: Told<N>) => void): Subscription {
    let signal = this.#signals.get(method);
    if (signal === undefined) {
      signal = new Signal();
      this.#signals.set(method, signal);
      relay(this.#client, method, signal);
    }
    return signal.on(listener as Listener as (params: unknown) => void);
  }

  /** Listen to what a piece of work that the client gave a token says of itself. */
  onProgress(token: string, listener: (text: string) => void): Subscription {
    const told = this.#client?.onProgress(WorkDoneProgress.type, token, (value) => {
      const percentage = "percentage" in value && value.percentage !== undefined ? `${value.percentage} %` : "";
      const text = [percentage, value.message ?? ""].filter((part) => part !== "").join(" ");
      if (value.kind !== "end" && text !== "") {
        listener(text);
      }
    });
    return { dispose: () => told?.dispose() };
  }
}

function relay(client: LanguageClient | undefined, method: Notification, signal: Signal<unknown>): void {
  client?.onNotification(method, (params: Notifications[Notification]["params"]) => signal.emit(params));
}
