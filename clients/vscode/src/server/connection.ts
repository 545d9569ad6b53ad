// The server's life as this window sees it: found, started, ended by itself and started again (at most so often), stopped.
//
// `state` tells every change; views show it, `trouble.ts` explains a failure and offers what helps. Each life of the server has a language
// client of its own (`client.ts`); what listens here goes on listening.

import type { ExtensionContext, LogOutputChannel } from "vscode";
import { type LanguageClient, type Middleware, State, WorkDoneProgress } from "vscode-languageclient/node";
import type { Notifications } from "../protocol";
import { Signal, type Subscription } from "../state/signal";
import { bounded } from "./bounded";
import { clientOf, isOfItsEnd, type ServerClient } from "./client";
import { findServer, installServer } from "./find";
import type { Launch } from "./locate";
import { Restarts } from "./restarts";
import type { ServerState } from "./state";
import type { Notification, Told } from "./wire";
import { type Wire, wireOver } from "./wire";

/** A server says within this what it can do; the first start of the one that windows share is the longest. */
const START_MS = 60_000;
const LATE = "The server was started and did not answer within a minute.";

type Listener = (params: never) => void;

export class Connection {
  readonly changed = new Signal<ServerState>();
  readonly wire: Wire = wireOver(() => (this.#state.kind === "running" ? this.#client : undefined));
  readonly #context: ExtensionContext;
  readonly #log: LogOutputChannel;
  readonly #middleware: Middleware;
  readonly #restarts = new Restarts();
  readonly #listeners = new Map<Notification, Signal<unknown>>();
  #client: ServerClient | undefined;
  #state: ServerState = { kind: "stopped" };
  #starting: Promise<void> | undefined;
  /** Given when a start that goes on is not wanted any more. */
  #halt = new AbortController();
  #stopping: Promise<void> | undefined;

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
    return this.#once("start", async () => {
      this.#become({ kind: "starting" });
      const { signal } = this.#halt;
      const launch = await Promise.race([findServer(this.#context, this.#log), halted(signal)]);
      if (signal.aborted) {
        return;
      }
      if (launch === undefined) {
        this.#become({ kind: "missing" });
      } else {
        await this.#run(launch);
      }
    });
  }

  /**
   * Stop the server and start it; asked while it is stopped, it is done once: a second client beside the first would never be stopped. Asked
   * while it starts, it is done again: that start may never end.
   */
  async restart(): Promise<void> {
    this.#stopping ??= this.#stopAll().finally(() => {
      this.#stopping = undefined;
    });
    await this.#stopping;
    await this.start();
  }

  /** Install the server that comes with the extension, and start it; asked while that goes on, it is done once. Never throws. */
  async install(): Promise<void> {
    if (this.#state.kind === "installing") {
      return;
    }
    await this.stop();
    await this.#starting;
    await this.#once("install", async () => {
      this.#become({ kind: "installing" });
      if (!(await installServer(this.#context, this.#log))) {
        this.#become({ kind: "stopped" });
      }
    });
    if (this.state.kind === "installing") {
      await this.restart();
    }
  }

  /** Stop the server, also one that has not answered yet, and a search for one. */
  async stop(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    this.#halt.abort();
    this.#halt = new AbortController();
    this.#become({ kind: "stopped" });
    await client?.leave().catch((error: unknown) => this.#log.warn(`The server did not stop in order: ${String(error)}`));
  }

  async #stopAll(): Promise<void> {
    if (this.#state.kind === "installing") {
      await this.#starting;
    }
    await this.stop();
    await this.#starting;
    this.#restarts.forget();
  }

  /** Do one thing at a time that ends with a server or without; what it throws is the state. */
  #once(doing: "start" | "install", work: () => Promise<void>): Promise<void> {
    this.#starting ??= work()
      .catch((error: unknown) => this.#fail(error instanceof Error ? error.message : String(error), doing))
      .finally(() => {
        this.#starting = undefined;
      });
    return this.#starting;
  }

  /** Start a server that was found. One that ends while it starts is started again, as often as one that ends later. */
  async #run(launch: Launch): Promise<void> {
    while (!(await this.#begin(launch))) {
      if (!this.#mayBeginAgain()) {
        return;
      }
    }
  }

  #mayBeginAgain(): boolean {
    if (!this.#restarts.mayRestart(Date.now())) {
      this.#fail("The server ended by itself several times in a few minutes and was not started again.", "start");
      return false;
    }
    this.#log.warn("The server ended by itself and is started again.");
    this.#become({ kind: "restarting" });
    return true;
  }

  /** Start a server once. False: it ended meanwhile. Throws when it is no server, or refuses. */
  async #begin(launch: Launch): Promise<boolean> {
    const { signal } = this.#halt;
    let ended = false;
    const client = clientOf(launch, this.#context, this.#log, this.#middleware, () => {
      ended = true;
      if (client === this.#client && this.#starting === undefined) {
        void this.#once("start", async () => (this.#mayBeginAgain() ? this.#run(launch) : undefined));
      }
    });
    client.onDidChangeState(({ newState }) => {
      if (client === this.#client && newState === State.Running) {
        const version = client.initializeResult?.serverInfo?.version ?? "";
        this.#become({ kind: "running", version, ...(launch.brings === undefined ? {} : { brings: launch.brings }) });
      }
    });
    const before = this.#client;
    this.#client = client;
    await before?.leave().catch((error: unknown) => this.#log.debug(`What was left of the server: ${String(error)}`));
    for (const [method, signal] of this.#listeners) {
      this.#relay(client, method, signal);
    }
    try {
      if (signal.aborted) {
        return true;
      }
      await bounded(client.start(), START_MS, LATE, signal);
      return !ended || client !== this.#client;
    } catch (error) {
      if (client !== this.#client) {
        return true; // Stopped meanwhile: nobody waits for it.
      }
      if (ended || isOfItsEnd(error)) {
        return false;
      }
      throw error;
    }
  }

  #relay(client: LanguageClient | undefined, method: Notification, signal: Signal<unknown>): void {
    client?.onNotification(method, (params: Notifications[Notification]["params"]) => signal.emit(params));
  }

  #fail(reason: string, doing: "start" | "install"): void {
    this.#log.error(reason);
    // That its server has ended may be told later than that nothing could be written to it; it is nobody's any more.
    const left = this.#client;
    this.#client = undefined;
    void left?.leave().catch((error: unknown) => this.#log.debug(`What was left of the server: ${String(error)}`));
    this.#become({ kind: "failed", reason, doing });
  }

  #become(state: ServerState): void {
    this.#state = state;
    this.changed.emit(state);
  }
}

/** Wait until a signal is given. */
function halted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(undefined), { once: true }));
}
