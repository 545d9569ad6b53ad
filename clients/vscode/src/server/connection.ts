// The server's life as this window sees it: found, started, ended by itself and started again (at most so often), stopped.
//
// `state` tells every change; views show it, `trouble.ts` explains a failure. The language client is made anew with each start by a person,
// and kept when the server only died, so that what listens to it goes on listening.

import { type ConfigurationScope, type ExtensionContext, type LogOutputChannel, Uri, workspace } from "vscode";
import {
  CloseAction,
  ErrorAction,
  type ErrorHandler,
  LanguageClient,
  type LanguageClientOptions,
  type Middleware,
  RevealOutputChannelOn,
  State,
  type StaticFeature,
  WorkDoneProgress,
} from "vscode-languageclient/node";
import type { Notifications } from "../protocol";
import { Signal, type Subscription } from "../state/signal";
import { findServer, homeOf } from "./find";
import type { Launch } from "./locate";
import { showMessagesOf } from "./messages";
import { Restarts } from "./restarts";
import { collected, keysOf } from "./settings";
import type { Notification, Told } from "./wire";
import { type Wire, wireOver } from "./wire";

export type ServerState =
  | { readonly kind: "stopped" }
  | { readonly kind: "starting" }
  | { readonly kind: "restarting" }
  | { readonly kind: "running"; readonly version: string }
  | { readonly kind: "failed"; readonly reason: string };

type Listener = (params: never) => void;

export class Connection {
  readonly changed = new Signal<ServerState>();
  readonly wire: Wire = wireOver(() => (this.#state.kind === "running" ? this.#client : undefined));
  readonly #context: ExtensionContext;
  readonly #log: LogOutputChannel;
  readonly #middleware: Middleware;
  readonly #restarts = new Restarts();
  readonly #listeners = new Map<Notification, Signal<unknown>>();
  #client: LanguageClient | undefined;
  #state: ServerState = { kind: "stopped" };
  #starting: Promise<void> | undefined;
  #restarting: Promise<void> | undefined;

  constructor(context: ExtensionContext, log: LogOutputChannel, middleware: Middleware) {
    this.#context = context;
    this.#log = log;
    this.#middleware = middleware;
  }

  get state(): ServerState {
    return this.#state;
  }

  /** Listen to a notification, over restarts too. */
  on<N extends Notification>(method: N, listener: (params: Told<N>) => void): Subscription {
    let signal = this.#listeners.get(method);
    if (signal === undefined) {
      signal = new Signal();
      this.#listeners.set(method, signal);
      this.#relay(this.#client, method, signal);
    }
    return signal.on(listener as Listener as (params: unknown) => void);
  }

  /** Listen to what a piece of work that this client gave a token says of itself. */
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

  /** Start the server; asked while it starts, it is one start. Never throws: a failure is a state. */
  start(): Promise<void> {
    this.#starting ??= this.#start().finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  /** Stop the server and start it; asked while that goes on, it is done once: a second client beside the first would never be stopped. */
  restart(): Promise<void> {
    this.#restarting ??= this.#restart().finally(() => {
      this.#restarting = undefined;
    });
    return this.#restarting;
  }

  async #restart(): Promise<void> {
    await this.#starting;
    await this.stop();
    this.#restarts.forget();
    await this.start();
  }

  async stop(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    this.#become({ kind: "stopped" });
    await client?.dispose().catch((error: unknown) => this.#log.warn(`The server did not stop in order: ${String(error)}`));
  }

  async #start(): Promise<void> {
    this.#become({ kind: "starting" });
    try {
      const launch = await findServer(this.#context, this.#log);
      if (launch === undefined) {
        this.#become({ kind: "stopped" });
        return;
      }
      this.#client = this.#clientOf(launch);
      for (const [method, signal] of this.#listeners) {
        this.#relay(this.#client, method, signal);
      }
      await this.#client.start();
    } catch (error) {
      this.#fail(error instanceof Error ? error.message : String(error));
    }
  }

  #clientOf(launch: Launch): LanguageClient {
    const shared = workspace.getConfiguration("coterie").get("server.shared", true);
    const args = [...launch.args, ...(shared ? ["attach"] : ["serve", "--stdio"])];
    const options: LanguageClientOptions = {
      documentSelector: [{ scheme: "file" }, { scheme: "untitled" }, { notebook: "*" }],
      initializationOptions: () => this.#settings(),
      outputChannel: this.#log,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      errorHandler: this.#errorHandler(),
      initializationFailedHandler: () => false,
      middleware: {
        ...this.#middleware,
        workspace: {
          ...this.#middleware.workspace,
          configuration: (params) =>
            params.items.map((item) =>
              item.section === "coterie" ? this.#settings(item.scopeUri ? Uri.parse(item.scopeUri) : null) : null,
            ),
        },
      },
    };
    const client = new LanguageClient(
      "coterie",
      "Coterie",
      { command: launch.command, args, options: { cwd: homeOf(this.#context) } },
      options,
    );
    client.registerFeature(announcement);
    showMessagesOf(client);
    client.onDidChangeState(({ newState }) => this.#follow(client, newState));
    return client;
  }

  #follow(client: LanguageClient, state: State): void {
    if (client !== this.#client) {
      return;
    }
    if (state === State.Running) {
      this.#become({ kind: "running", version: client.initializeResult?.serverInfo?.version ?? "" });
    } else if (state === State.Starting && this.#state.kind === "running") {
      this.#become({ kind: "restarting" });
    } else if (state === State.StartFailed && this.#state.kind === "restarting") {
      this.#fail("The server ended by itself and could not be started again.");
    }
  }

  #errorHandler(): ErrorHandler {
    return {
      error: () => ({ action: ErrorAction.Continue }),
      closed: () => {
        if (this.#restarts.mayRestart(Date.now())) {
          this.#log.warn("The server ended by itself and is started again.");
          this.#become({ kind: "restarting" });
          return { action: CloseAction.Restart, handled: true };
        }
        this.#fail("The server ended by itself several times in a few minutes and was not started again.");
        return { action: CloseAction.DoNotRestart, handled: true };
      },
    };
  }

  #relay(client: LanguageClient | undefined, method: Notification, signal: Signal<unknown>): void {
    client?.onNotification(method, (params: Notifications[Notification]["params"]) => signal.emit(params));
  }

  #settings(scope: ConfigurationScope | null = null): Record<string, unknown> {
    const settings = workspace.getConfiguration("coterie", scope);
    return collected(keysOf(this.#context.extension.packageJSON), (name) => settings.inspect(name));
  }

  #fail(reason: string): void {
    this.#log.error(reason);
    this.#become({ kind: "failed", reason });
  }

  #become(state: ServerState): void {
    this.#state = state;
    this.changed.emit(state);
  }
}

/** Says that this client speaks `agent/*`: it is told of runs, and answers their questions. */
const announcement: StaticFeature = {
  fillClientCapabilities: (capabilities) => {
    capabilities.experimental = { ...(capabilities.experimental as object | undefined), coterie: true };
  },
  initialize: () => undefined,
  getState: () => ({ kind: "static" }),
  clear: () => undefined,
};
