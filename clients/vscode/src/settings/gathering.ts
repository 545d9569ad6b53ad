// Gathers what the settings view shows from the server, and keeps it while the view is open.

import type { Disposable } from "vscode";
import type { SettingsState } from "../messages/settings";
import type { AgentEvent, ProviderCheck } from "../protocol";
import { refusalOf } from "../server/wire";
import type { Session } from "../session";
import { Signal } from "../state/signal";
import type { Installations } from "./installations";

const EMPTY: SettingsState = {
  running: false,
  settings: undefined,
  providers: [],
  checks: {},
  keys: [],
  models: [],
  installs: {},
  agents: [],
  grants: [],
  sandbox: undefined,
};

export class Gathering implements Disposable {
  readonly changed = new Signal<SettingsState>();
  readonly #session: Session;
  readonly #installations: Installations;
  readonly #subscriptions: Disposable[];
  #state: SettingsState;
  /** A question was answered, and its call has not gone on yet. */
  #isAnswered = false;

  constructor(session: Session, installations: Installations) {
    this.#session = session;
    this.#installations = installations;
    this.#state = { ...EMPTY, installs: installations.all };
    const { connection } = session;
    this.#subscriptions = [
      connection.changed.on(() => void this.refresh()),
      connection.on("agent/settings/changed", () => void this.refresh()),
      connection.on("agent/event", ({ event }) => this.#happened(event)),
      connection.on("agent/provider/changed", ({ providers }) => this.#become({ providers })),
      session.statusChanged.on(({ sandbox }) => this.#become({ sandbox })),
      installations.changed.on(() => void this.#installsChanged()),
    ];
  }

  get state(): SettingsState {
    return this.#state;
  }

  dispose(): void {
    for (const each of this.#subscriptions) {
      each.dispose();
    }
  }

  /** Ask for everything anew. What one host does not answer leaves the rest as it is. */
  async refresh(): Promise<void> {
    const { wire, connection, status } = this.#session;
    if (connection.state.kind !== "running") {
      this.#become({ running: false });
      return;
    }
    this.#become({ running: true, sandbox: status?.sandbox });
    const asked = await Promise.allSettled([
      wire.request("agent/settings/get", {}).then((settings) => this.#become({ settings })),
      wire.request("agent/provider/list", {}).then(({ providers }) => this.#become({ providers })),
      wire.request("agent/key/list", {}).then(({ keys }) => this.#become({ keys })),
      wire.request("agent/agent/list", {}).then(({ agents }) => this.#become({ agents })),
      wire.request("agent/model/list", {}).then(({ models }) => this.#become({ models })),
      this.#refreshGrants(),
    ]);
    for (const each of asked) {
      if (each.status === "rejected") {
        this.#session.log.warn(`The settings view is not complete: ${refusalOf(each.reason).message}`);
      }
    }
  }

  /** Answers that last are others once one was given, which is known when its call goes on, and where a run begins or ends. */
  #happened(event: AgentEvent["event"]): void {
    this.#isAnswered ||= event.kind === "approval" && event.state === "resolved";
    if (event.kind === "run" || (event.kind === "tool_call" && this.#isAnswered)) {
      this.#isAnswered &&= event.kind === "run";
      this.#refreshGrants().catch((error) => this.#session.log.warn(`The settings view is not complete: ${refusalOf(error).message}`));
    }
  }

  async #refreshGrants(): Promise<void> {
    const { grants } = await this.#session.wire.request("agent/grant/list", {});
    this.#become({ grants });
  }

  async checkAll(): Promise<void> {
    await Promise.all(this.#state.providers.map(({ id }) => this.check(id)));
  }

  async check(provider: string): Promise<void> {
    this.#checked(provider, "checking");
    try {
      this.#checked(provider, await this.#session.wire.request("agent/provider/check", { provider }));
    } catch (error) {
      this.#checked(provider, { provider, state: "unknown", text: refusalOf(error).message });
    }
  }

  #checked(provider: string, check: ProviderCheck | "checking"): void {
    this.#become({ checks: { ...this.#state.checks, [provider]: check } });
  }

  /** The row of a model goes when the list of models tells whether it is there. */
  async #installsChanged(): Promise<void> {
    if (Object.keys(this.#state.installs).some((model) => !(model in this.#installations.all))) {
      await this.refresh();
    }
    this.#become({ installs: this.#installations.all });
  }

  #become(change: Partial<SettingsState>): void {
    this.#state = { ...this.#state, ...change };
    this.changed.emit(this.#state);
  }
}
