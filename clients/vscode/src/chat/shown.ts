// What a page of a chat shows, part by part, and what is different in it after more was told. A word more of an answer costs a look at that
// answer, however long the chat is. Pure; `feed.ts` says what was told.

import type { Run, Touched } from "../state/run";
import { itemsOfPart, type Part } from "./conversation";
import { type Item, itemAt } from "./items";
import { type Patch, patchOf } from "./patch";

export class Shown {
  #parts: readonly Part[] = [];
  /** The items of each part. */
  #items: Item[][] = [];
  readonly #places = new Map<string | undefined, number>();
  readonly #runOf: (runId: string) => Run | undefined;

  constructor(runOf: (runId: string) => Run | undefined) {
    this.#runOf = runOf;
  }

  get items(): readonly Item[] {
    return this.#items.flat();
  }

  has(runId: string): boolean {
    return this.#places.has(runId);
  }

  /** Show these parts, each as it is now. */
  replace(parts: readonly Part[]): Patch | undefined {
    const before = this.items;
    this.#parts = parts;
    this.#items = parts.map((part) => [...itemsOfPart(part, this.#run(part))]);
    this.#places.clear();
    for (const [place, { runId }] of parts.entries()) {
      this.#places.set(runId, place);
    }
    return patchOf(before, this.items);
  }

  /** Show a run as it is now; `touched` are the entries that differ, where no others do. */
  update(runId: string, touched: readonly Touched[] | undefined): Patch | undefined {
    const place = this.#places.get(runId);
    const part = place === undefined ? undefined : this.#parts[place];
    const run = this.#runOf(runId);
    if (place === undefined || part === undefined) {
      return undefined;
    }
    const before = this.#items[place] ?? [];
    // What history cuts off in the middle is told by all of the run.
    const items = touched === undefined || run === undefined || !part.isLive ? undefined : itemsAt(run, touched);
    const places = items?.map((item) => before.findLastIndex(({ id }) => id === item.id));
    if (items !== undefined && places?.includes(-1) === false) {
      return replace(before, places, items);
    }
    const after = [...itemsOfPart(part, run)];
    this.#items[place] = after;
    const patch = patchOf(before, after);
    return patch?.order === undefined ? patch : { ...patch, order: this.#among(place, patch.order.kept) };
  }

  #run({ runId }: Part): Run | undefined {
    return runId === undefined ? undefined : this.#runOf(runId);
  }

  /** The order of the whole, where a part has another one behind so many of its items. */
  #among(place: number, kept: number): Patch["order"] {
    const above = this.#items.slice(0, place).reduce((sum, items) => sum + items.length, 0);
    const [changed = [], ...below] = this.#items.slice(place);
    return { kept: above + kept, ids: [changed.slice(kept), ...below].flat().map((item) => item.id) };
  }
}

/** Return what entries are now; undefined where one of them shows nothing. */
function itemsAt(run: Run, touched: readonly Touched[]): readonly Item[] | undefined {
  const items = touched.flatMap((entry) => itemAt(run, entry) ?? []);
  return items.length === touched.length ? items : undefined;
}

/** Put items in the places of those that they were. */
function replace(items: Item[], places: readonly number[], by: readonly Item[]): Patch | undefined {
  const before = places.flatMap((place) => items[place] ?? []);
  for (const [index, item] of by.entries()) {
    items[places[index] ?? -1] = item;
  }
  return patchOf(before, by);
}
