// How often a server that ends by itself is started again. Pure.

export interface RestartLimit {
  readonly count: number;
  readonly withinMs: number;
}

/** Enough for a crash, too few for a loop of them. */
export const LIMIT: RestartLimit = { count: 4, withinMs: 3 * 60_000 };

export class Restarts {
  readonly #limit: RestartLimit;
  #ends: readonly number[] = [];

  constructor(limit: RestartLimit = LIMIT) {
    this.#limit = limit;
  }

  /** Note that the server ended, and say whether it may be started again. */
  mayRestart(nowMs: number): boolean {
    this.#ends = [...this.#ends.filter((end) => nowMs - end < this.#limit.withinMs), nowMs];
    return this.#ends.length <= this.#limit.count;
  }

  forget(): void {
    this.#ends = [];
  }
}
