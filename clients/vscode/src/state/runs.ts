// All runs that this window has heard of, each brought up to date without gap or repeat: what was missed is asked for by
// `agent/run/events`, what arrives meanwhile waits.

import type { AgentEvent } from "../protocol";
import { emptyRun, hasEnded, type Run, reduce } from "./run";
import { Signal } from "./signal";

/** Asks the server for the events of a run after a number. */
export type FetchEvents = (runId: string, after: number) => Promise<readonly AgentEvent[]>;

/** How often a run is asked for whose pieces come faster than they can be joined. */
const ATTEMPTS = 3;

export class Runs {
  readonly changed = new Signal<Run>();
  readonly #fetch: FetchEvents;
  readonly #runs = new Map<string, Run>();
  readonly #waiting = new Map<string, AgentEvent[]>();
  readonly #loads = new Map<string, Promise<Run>>();

  constructor(fetch: FetchEvents) {
    this.#fetch = fetch;
  }

  get(runId: string): Run | undefined {
    return this.#runs.get(runId);
  }

  all(): readonly Run[] {
    return [...this.#runs.values()];
  }

  /** The run that goes on in a channel; there is one at most. */
  active(channelId: string): Run | undefined {
    return this.all().findLast((run) => run.channelId === channelId && run.state !== undefined && !hasEnded(run));
  }

  /** Take in an event of the server. A run that is heard of in its middle is caught up with. */
  hear(told: AgentEvent): void {
    const runId = told.runId;
    if (runId === undefined || runId === null) {
      return;
    }
    const waiting = this.#waiting.get(runId);
    if (waiting !== undefined) {
      waiting.push(told);
      return;
    }
    const known = this.#runs.get(runId);
    if (known === undefined) {
      void this.load(runId).catch(() => undefined);
      return;
    }
    const run = reduce(known, told);
    if (run.gap) {
      void this.load(runId).catch(() => undefined);
      return;
    }
    this.#keep(run);
  }

  /** Bring a run up to date and return it; asked twice at once, it is done once. */
  load(runId: string): Promise<Run> {
    const running = this.#loads.get(runId);
    if (running !== undefined) {
      return running;
    }
    const load = this.#load(runId).finally(() => this.#loads.delete(runId));
    this.#loads.set(runId, load);
    return load;
  }

  /** Bring all runs up to date that may have gone on unheard, such as after the server was started again. */
  async catchUp(): Promise<void> {
    await Promise.allSettled(this.all().map((run) => (hasEnded(run) ? run : this.load(run.runId))));
  }

  async #load(runId: string): Promise<Run> {
    const waiting: AgentEvent[] = [];
    this.#waiting.set(runId, waiting);
    try {
      let run = this.#runs.get(runId) ?? emptyRun(runId);
      for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
        run = [...(await this.#fetch(runId, run.seq))].reduce(reduce, { ...run, gap: false });
        const caughtUp = waiting.splice(0).reduce(reduce, run);
        if (!caughtUp.gap) {
          this.#keep(caughtUp);
          return caughtUp;
        }
      }
      // What is missing comes with the message's end, which is told as a whole.
      this.#keep(run);
      return run;
    } finally {
      this.#waiting.delete(runId);
    }
  }

  #keep(run: Run): void {
    if (this.#runs.get(run.runId) !== run) {
      this.#runs.set(run.runId, run);
      this.changed.emit(run);
    }
  }
}
