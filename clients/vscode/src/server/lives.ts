// The lives of a server that was found, one after the other: each is a process with a language client of its own (`client.ts`). One that ends
// by itself is started again, at most so often. `connection.ts` says which server it is and what a person is told.

import type { ExtensionContext, LogOutputChannel } from "vscode";
import { type Middleware, State } from "vscode-languageclient/node";
import { bounded } from "./bounded";
import { clientOf, isOfItsEnd, type ServerClient } from "./client";
import { Hearing } from "./hearing";
import type { Launch } from "./locate";
import { Restarts } from "./restarts";

/** A server says within this what it can do; the first start of the one that windows share is the longest. */
const START_MS = 60_000;
const LATE = "The server was started and did not answer within a minute.";
const TOO_OFTEN = "The server ended by itself several times in a few minutes and was not started again.";

/** Hears how a server fares. */
export interface Fate {
  runs(launch: Launch, version: string): void;
  /** It has ended by itself and is started again. */
  begins(): void;
  /** It has ended by itself, at a time when nobody waits for it. */
  ended(launch: Launch): void;
}

export class Lives {
  readonly hearing = new Hearing();
  readonly #context: ExtensionContext;
  readonly #log: LogOutputChannel;
  readonly #middleware: Middleware;
  readonly #fate: Fate;
  readonly #restarts = new Restarts();
  #client: ServerClient | undefined;

  constructor(context: ExtensionContext, log: LogOutputChannel, middleware: Middleware, fate: Fate) {
    this.#context = context;
    this.#log = log;
    this.#middleware = middleware;
    this.#fate = fate;
  }

  /** The language client of this life. */
  get client(): ServerClient | undefined {
    return this.#client;
  }

  /** Start a server, again where it ends while it starts. The signal ends the wait. Throws when it is no server, refuses, or ends too often. */
  async begin(launch: Launch, signal: AbortSignal): Promise<void> {
    while (!(await this.#once(launch, signal))) {
      this.#again();
    }
  }

  /** Start a server again that has ended by itself; throws as `begin` does. */
  async beginAgain(launch: Launch, signal: AbortSignal): Promise<void> {
    this.#again();
    await this.begin(launch, signal);
  }

  /** Stop the server, also one that has not answered yet: it is nobody's from now on. Throws when it did not stop in order. */
  async leave(): Promise<void> {
    const left = this.#client;
    this.#client = undefined;
    await left?.leave();
  }

  /** Forget how often it has ended: a person wants it started. */
  forget(): void {
    this.#restarts.forget();
  }

  #again(): void {
    if (!this.#restarts.mayRestart(Date.now())) {
      throw new Error(TOO_OFTEN);
    }
    this.#log.warn("The server ended by itself and is started again.");
    this.#fate.begins();
  }

  /** Start a server once. False: it ended meanwhile. */
  async #once(launch: Launch, signal: AbortSignal): Promise<boolean> {
    let ended = false;
    const client = clientOf(launch, this.#context, this.#log, this.#middleware, () => {
      ended = true;
      if (client === this.#client) {
        this.#fate.ended(launch);
      }
    });
    client.onDidChangeState(({ newState }) => {
      if (client === this.#client && newState === State.Running) {
        this.#fate.runs(launch, client.initializeResult?.serverInfo?.version ?? "");
      }
    });
    const before = this.#client;
    this.#client = client;
    await before?.leave().catch((error: unknown) => this.#log.debug(`What was left of the server: ${String(error)}`));
    this.hearing.follow(client);
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
}
