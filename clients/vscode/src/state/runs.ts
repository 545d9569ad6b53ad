// The runs that this window has heard of, each brought up to date without gap or repeat: what was missed is asked for by
// `agent/run/events`, what arrives meanwhile waits. Those that go on and those that somebody shows (`hold`) stay; of the others the ones that
// were asked for last, as many as fit: the rest is asked for again.

import type { AgentEvent } from "../protocol";
import { emptyRun, hasEnded, type Run, reduce } from "./run";
import { Shelf } from "./shelf";
import { Signal, type Subscription } from "./signal";

/** Asks the server for the events of a run after a number. */
export type FetchEvents = (runId: string, after: number) => Promise<readonly AgentEvent[]>;

/** How often a run is asked for whose pieces come faster than they can be joined. */
const ATTEMPTS = 3;
/** How many entries of ended runs are kept that nobody shows. */
const MOST_ENTRIES = 5000;

export class Runs {
  readonly changed = new Signal<Run>();
  readonly #fetch: FetchEvents;
  readonly #runs = new Map<string, Run>();
  /** Those that go on. */
  readonly #live = new Map<string, Run>();
  /** Those that have ended. */
  readonly #ended: Shelf;
  readonly #waiting = new Map<string, AgentEvent[]>();
  readonly #loads = new Map<string, Promise<Run>>();

  constructor(fetch: FetchEvents, most: number = MOST_ENTRIES) {
    this.#fetch = fetch;
    this.#ended = new Shelf(most, (runId) => this.#runs.delete(runId));
  }

  get(runId: string): Run | undefined {
    this.#ended.use(runId);
    return this.#runs.get(runId);
  }

  /** All that are here now. */
  all(): readonly Run[] {
    return [...this.#runs.values()];
  }

  /** The runs that go on, as far as this window has heard of them. */
  live(): readonly Run[] {
    return [...this.#live.values()];
  }

  /** The run that goes on in a channel; there is one at most. */
  active(channelId: string): Run | undefined {
    return this.live().findLast((run) => run.channelId === channelId);
  }

  /** Keep a run for as long as it is shown. */
  hold(runId: string): Subscription {
    return this.#ended.hold(runId);
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

  /** Return a run, asked for where it is not here, or not any more. */
  async known(runId: string): Promise<Run> {
    return this.get(runId) ?? (await this.load(runId));
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
    // One without a state was heard of and could not be read.
    const open = this.all().filter((run) => !hasEnded(run));
    await Promise.allSettled(open.map((run) => this.load(run.runId)));
  }

  async #load(runId: string): Promise<Run> {
    const waiting: AgentEvent[] = [];
    this.#waiting.set(runId, waiting);
    try {
      let run = this.#runs.get(runId) ?? emptyRun(runId);
      let latest = run;
      for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
        run = [...(await this.#fetch(runId, run.seq))].reduce(reduce, { ...run, gap: false });
        latest = waiting.splice(0).reduce(reduce, run);
        if (!latest.gap) {
          break;
        }
      }
      // A piece that is missing still comes with its message's end, which is told as a whole; all else that came meanwhile is in here.
      const caughtUp: Run = { ...latest, gap: false, touched: undefined };
      this.#keep(caughtUp);
      return caughtUp;
    } finally {
      this.#waiting.delete(runId);
    }
  }

  #keep(run: Run): void {
    if (this.#runs.get(run.runId) === run) {
      return;
    }
    this.#runs.set(run.runId, run);
    const goesOn = run.state !== undefined && !hasEnded(run);
    if (goesOn) {
      this.#live.set(run.runId, run);
      this.#ended.take(run.runId);
    } else {
      this.#live.delete(run.runId);
      this.#ended.put(run.runId, run.entries.length + 1);
    }
    this.changed.emit(run);
  }
}
