// Live and past runs, newest first: the pages that were asked for, and what began since. What is told of a run is newer than its page. Pure.

import type { RunPage, RunSummary } from "../protocol";
import type { Run } from "../state/run";
import { Signal } from "../state/signal";

/** Asks for runs older than one, the newest without. */
export type FetchRuns = (before: string | undefined) => Promise<RunPage>;

export class RunList {
  readonly changed = new Signal<void>();
  readonly #fetch: FetchRuns;
  #runs: readonly RunSummary[] = [];
  #more = false;
  #loaded = false;
  #loading: Promise<void> | undefined;
  /** Unknown runs that were told of since the newest were asked for. */
  readonly #unlisted = new Set<string>();
  /** Those that were not among the newest when these were asked for: they stand on an older page. */
  readonly #older = new Set<string>();

  constructor(fetch: FetchRuns) {
    this.#fetch = fetch;
  }

  get loaded(): boolean {
    return this.#loaded;
  }

  get more(): boolean {
    return this.#more;
  }

  all(): readonly RunSummary[] {
    return this.#runs;
  }

  get(runId: string): RunSummary | undefined {
    return this.#runs.find((run) => run.runId === runId);
  }

  /** Ask for the newest runs; older ones that are known stay. Asked twice at once, it is done once. */
  refresh(): Promise<void> {
    this.#loading ??= this.#refresh().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  async loadMore(): Promise<void> {
    const page = await this.#fetch(this.#runs.at(-1)?.runId);
    this.#take(page.runs);
    this.#more = page.more;
    this.changed.emit();
  }

  /** Take in what was told of a run; says whether the list has to be asked for, because it may be a new run. */
  hear(run: Run): boolean {
    const known = this.get(run.runId);
    if (known === undefined) {
      if (this.#older.has(run.runId)) {
        return false;
      }
      this.#unlisted.add(run.runId);
      return true;
    }
    const state = run.state ?? known.state;
    const { kind: _kind, ...usage } = run.usage ?? { kind: "usage", ...known.usage };
    this.#runs = this.#runs.map((each) => (each === known ? { ...known, state, usage } : each));
    return false;
  }

  async #refresh(): Promise<void> {
    do {
      await this.#askNewest();
      // What was told of meanwhile may have begun meanwhile.
    } while (this.#unlisted.size > 0);
  }

  async #askNewest(): Promise<void> {
    const unlisted = [...this.#unlisted];
    this.#unlisted.clear();
    const page = await this.#fetch(undefined);
    // Nothing that is known on the page: there may be runs in between, so what is known is asked for anew by "more".
    if (!page.runs.some((run) => this.get(run.runId) !== undefined)) {
      this.#runs = [];
      this.#more = page.more;
    }
    this.#loaded = true;
    this.#take(page.runs);
    for (const runId of unlisted.filter((each) => this.get(each) === undefined)) {
      this.#older.add(runId);
    }
    this.changed.emit();
  }

  #take(runs: readonly RunSummary[]): void {
    const told = new Set(runs.map((run) => run.runId));
    const all = [...runs, ...this.#runs.filter((run) => !told.has(run.runId))];
    this.#runs = all.sort((one, other) => (one.startedAt < other.startedAt ? 1 : one.startedAt > other.startedAt ? -1 : 0));
  }
}
