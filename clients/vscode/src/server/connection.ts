// The server's life as this window sees it: found, started, ended by itself and started again (`lives.ts`), stopped.
//
// `state` tells every change; views show it, `trouble.ts` explains a failure and offers what helps. What listens here goes on listening from one
// life of the server to the next.

import type { ExtensionContext, LogOutputChannel } from "vscode";
import type { Middleware } from "vscode-languageclient/node";
import { Signal } from "../state/signal";
import { findServer, installServer } from "./find";
import type { Hearing } from "./hearing";
import { Lives } from "./lives";
import { isSame, type Launch } from "./locate";
import type { ServerState } from "./state";
import { type Wire, wireOver } from "./wire";

export class Connection {
  readonly changed = new Signal<ServerState>();
  readonly wire: Wire = wireOver(() => (this.#state.kind === "running" ? this.#lives.client : undefined));
  readonly #context: ExtensionContext;
  readonly #log: LogOutputChannel;
  readonly #lives: Lives;
  #state: ServerState = { kind: "stopped" };
  #launch: Launch | undefined;
  #starting: Promise<void> | undefined;
  /** Given when a start that goes on is not wanted any more. */
  #halt = new AbortController();
  #stopping: Promise<void> | undefined;

  constructor(context: ExtensionContext, log: LogOutputChannel, middleware: Middleware) {
    this.#context = context;
    this.#log = log;
    this.#lives = new Lives(context, log, middleware, {
      runs: ({ brings }, version) => this.#become({ kind: "running", version, ...(brings === undefined ? {} : { brings }) }),
      begins: () => this.#become({ kind: "restarting" }),
      ended: (launch) => {
        if (this.#starting === undefined) {
          void this.#once("start", () => this.#lives.beginAgain(launch, this.#halt.signal));
        }
      },
    });
  }

  get state(): ServerState {
    return this.#state;
  }

  /** Listen to a notification, over restarts too. */
  get on(): Hearing["on"] {
    return this.#lives.hearing.on.bind(this.#lives.hearing);
  }

  /** Listen to what a piece of work that this client gave a token says of itself. */
  get onProgress(): Hearing["onProgress"] {
    return this.#lives.hearing.onProgress.bind(this.#lives.hearing);
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
      this.#launch = launch;
      if (launch === undefined) {
        this.#become({ kind: "missing" });
      } else {
        await this.#lives.begin(launch, signal);
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

  /** Look for the server anew, where more may be looked at than before; what is found is started, unless it is what runs. Never throws. */
  async lookAgain(): Promise<void> {
    if (this.#state.kind === "running") {
      const found = await findServer(this.#context, this.#log).catch(() => undefined);
      if (found === undefined || isSame(found, this.#launch)) {
        return;
      }
    }
    if (this.#state.kind !== "installing") {
      await this.restart();
    }
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
    const left = this.#lives.leave();
    this.#halt.abort();
    this.#halt = new AbortController();
    this.#become({ kind: "stopped" });
    await left.catch((error: unknown) => this.#log.warn(`The server did not stop in order: ${String(error)}`));
  }

  async #stopAll(): Promise<void> {
    if (this.#state.kind === "installing") {
      await this.#starting;
    }
    await this.stop();
    await this.#starting;
    this.#lives.forget();
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

  #fail(reason: string, doing: "start" | "install"): void {
    this.#log.error(reason);
    // That its server has ended may be told later than that nothing could be written to it; it is nobody's any more.
    void this.#lives.leave().catch((error: unknown) => this.#log.debug(`What was left of the server: ${String(error)}`));
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
