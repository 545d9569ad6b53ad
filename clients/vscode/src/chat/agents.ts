// The agents that can answer, and with which model each does, as the server has told it last.

import type { Disposable } from "vscode";
import type { AgentView } from "../protocol";
import type { Session } from "../session";
import { Signal, type Subscription } from "../state/signal";

export class Agents implements Disposable {
  readonly changed = new Signal<void>();
  readonly #session: Session;
  readonly #subscriptions: readonly Subscription[];
  #all: readonly AgentView[] | undefined;

  constructor(session: Session) {
    this.#session = session;
    const again = (): void => void this.load().catch((error: unknown) => session.log.warn(`The agents are not known: ${String(error)}`));
    this.#subscriptions = [
      session.connection.on("agent/settings/changed", again),
      session.connection.on("agent/provider/changed", again),
      session.connection.on("agent/status/changed", again),
    ];
  }

  /** Undefined as long as they are not known. */
  get all(): readonly AgentView[] | undefined {
    return this.#all;
  }

  async load(): Promise<void> {
    const { agents } = await this.#session.wire.request("agent/agent/list", {});
    if (JSON.stringify(agents) !== JSON.stringify(this.#all)) {
      this.#all = agents;
      this.changed.emit();
    }
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) {
      subscription.dispose();
    }
  }
}
