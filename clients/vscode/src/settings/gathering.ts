// Gathers what the settings view shows from the server, and keeps it while the view is open.

import { CancellationTokenSource, type Disposable } from "vscode";
import type { SettingsState } from "../messages/settings";
import type { ProviderCheck } from "../protocol";
import { refusalOf } from "../server/wire";
import type { Session } from "../session";
import { Signal } from "../state/signal";

const EMPTY: SettingsState = {
  running: false,
  settings: undefined,
  providers: [],
  checks: {},
  keys: [],
  models: [],
  installs: {},
  agents: [],
  sandbox: undefined,
};

export class Gathering implements Disposable {
  readonly changed = new Signal<SettingsState>();
  readonly #session: Session;
  readonly #subscriptions: Disposable[];
  readonly #installing = new Map<string, CancellationTokenSource>();
  #state: SettingsState = EMPTY;

  constructor(session: Session) {
    this.#session = session;
    const { connection } = session;
    this.#subscriptions = [
      connection.changed.on(() => void this.refresh()),
      connection.on("agent/settings/changed", () => void this.refresh()),
      connection.on("agent/provider/changed", ({ providers }) => this.#become({ providers })),
      session.statusChanged.on(({ sandbox }) => this.#become({ sandbox })),
    ];
  }

  get state(): SettingsState {
    return this.#state;
  }

  dispose(): void {
    for (const each of [...this.#subscriptions, ...this.#installing.values()]) {
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
    ]);
    for (const each of asked) {
      if (each.status === "rejected") {
        this.#session.log.warn(`The settings view is not complete: ${refusalOf(each.reason).message}`);
      }
    }
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

  async install(model: string): Promise<void> {
    if (this.#installing.has(model)) {
      return;
    }
    const source = new CancellationTokenSource();
    this.#installing.set(model, source);
    const workDoneToken = `coterie-install-${model}`;
    const progress = this.#session.connection.onProgress(workDoneToken, (text) => this.#installed(model, text));
    this.#installed(model, "asking the host");
    try {
      await this.#session.wire.request("agent/model/install", { model, workDoneToken }, source.token);
    } finally {
      progress.dispose();
      source.dispose();
      this.#installing.delete(model);
      await this.refresh();
      this.#installed(model, undefined);
    }
  }

  cancelInstall(model: string): void {
    this.#installing.get(model)?.cancel();
  }

  #checked(provider: string, check: ProviderCheck | "checking"): void {
    this.#become({ checks: { ...this.#state.checks, [provider]: check } });
  }

  #installed(model: string, text: string | undefined): void {
    const { [model]: _before, ...others } = this.#state.installs;
    this.#become({ installs: text === undefined ? others : { ...others, [model]: text } });
  }

  #become(change: Partial<SettingsState>): void {
    this.#state = { ...this.#state, ...change };
    this.changed.emit(this.#state);
  }
}
