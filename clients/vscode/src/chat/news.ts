// What was told of runs since the last frame: of each the entries that have changed, or that anything may have. Pure.

import type { Run, Touched } from "../state/run";

export interface Told {
  readonly runId: string;
  /** Undefined: anything may be different. */
  readonly touched: readonly Touched[] | undefined;
}

export class News {
  #told = new Map<string, Map<string, Touched> | undefined>();

  note({ runId, touched }: Run): void {
    const before = this.#told.get(runId);
    if (touched === undefined || (before === undefined && this.#told.has(runId))) {
      this.#told.set(runId, undefined);
    } else {
      this.#told.set(runId, (before ?? new Map<string, Touched>()).set(`${touched.kind} ${touched.id}`, touched));
    }
  }

  /** Return all of it, and begin anew. */
  take(): readonly Told[] {
    const told = [...this.#told].map(([runId, touched]) => ({ runId, touched: touched && [...touched.values()] }));
    this.#told.clear();
    return told;
  }
}
