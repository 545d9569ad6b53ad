// The installations of models that this window asked for: how far each is, and the way to cancel it. They go on while the settings view is
// closed, and are there when it opens again.

import { CancellationTokenSource, type Disposable } from "vscode";
import type { Session } from "../session";
import { Signal } from "../state/signal";

interface Installation {
  readonly source: CancellationTokenSource;
  text: string;
}

export class Installations implements Disposable {
  readonly changed = new Signal<void>();
  readonly #session: Pick<Session, "connection" | "wire">;
  readonly #underWay = new Map<string, Installation>();

  constructor(session: Pick<Session, "connection" | "wire">) {
    this.#session = session;
  }

  /** How far each is, by the model's id. */
  get all(): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.#underWay].map(([model, { text }]) => [model, text]));
  }

  /** Have a host fetch a model, and wait until it is there. */
  async install(model: string): Promise<void> {
    if (this.#underWay.has(model)) {
      return;
    }
    const installation: Installation = { source: new CancellationTokenSource(), text: "asking the host" };
    const workDoneToken = `coterie-install-${model}`;
    const progress = this.#session.connection.onProgress(workDoneToken, (text) => {
      installation.text = text;
      this.changed.emit();
    });
    this.#underWay.set(model, installation);
    this.changed.emit();
    try {
      await this.#session.wire.request("agent/model/install", { model, workDoneToken }, installation.source.token);
    } finally {
      progress.dispose();
      installation.source.dispose();
      this.#underWay.delete(model);
      this.changed.emit();
    }
  }

  cancel(model: string): void {
    this.#underWay.get(model)?.source.cancel();
  }

  dispose(): void {
    for (const { source } of this.#underWay.values()) {
      source.dispose();
    }
  }
}
