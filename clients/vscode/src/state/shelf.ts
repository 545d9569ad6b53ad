// What may be thrown away, and what of it is thrown away first: what nobody holds and was used longest ago, as soon as all of it together
// weighs too much. Pure; `runs.ts` keeps ended runs by it.

import type { Subscription } from "./signal";

export class Shelf {
  readonly #most: number;
  readonly #drop: (id: string) => void;
  /** The weight of all that is kept, what was used last at the end. */
  readonly #weights = new Map<string, number>();
  /** The same of what nobody holds. */
  readonly #loose = new Map<string, number>();
  readonly #holders = new Map<string, number>();
  #weight = 0;

  /** What nobody holds weighs `most` together; what is more than that is given to `drop`. */
  constructor(most: number, drop: (id: string) => void) {
    this.#most = most;
    this.#drop = drop;
  }

  /** Keep something that may be thrown away one day. */
  put(id: string, weight: number): void {
    this.#weights.set(id, weight);
    this.#settle(id);
  }

  /** Take something off that is not to be thrown away. */
  take(id: string): void {
    this.#weights.delete(id);
    this.#settle(id);
  }

  /** Note that something was used. */
  use(id: string): void {
    if (this.#loose.has(id)) {
      this.#settle(id);
    }
  }

  /** Have something kept for as long as it is shown, also what comes to be here later. */
  hold(id: string): Subscription {
    this.#holders.set(id, (this.#holders.get(id) ?? 0) + 1);
    this.#settle(id);
    let isHeld = true;
    return {
      dispose: () => {
        if (isHeld) {
          isHeld = false;
          this.#release(id);
        }
      },
    };
  }

  #release(id: string): void {
    const left = (this.#holders.get(id) ?? 1) - 1;
    if (left > 0) {
      this.#holders.set(id, left);
    } else {
      this.#holders.delete(id);
      this.#settle(id);
    }
  }

  #settle(id: string): void {
    this.#weight -= this.#loose.get(id) ?? 0;
    this.#loose.delete(id);
    const weight = this.#weights.get(id);
    if (weight === undefined || this.#holders.has(id)) {
      return;
    }
    this.#loose.set(id, weight);
    this.#weight += weight;
    for (const [first, its] of this.#loose) {
      // The last one stays, however heavy it is: somebody has just asked for it.
      if (this.#weight <= this.#most || this.#loose.size === 1) {
        return;
      }
      this.#weight -= its;
      this.#loose.delete(first);
      this.#weights.delete(first);
      this.#drop(first);
    }
  }
}
