// What has changed between two states of a chat, as little as can be: a streamed answer is sent as what came behind it, the rest by item. Pure,
// and used at both ends.

import type { Item } from "./items";

export interface Patch {
  /** What stands in which order now; undefined: as before. */
  readonly order: Order | undefined;
  readonly items: readonly Item[];
  readonly grown: readonly Growth[];
}

/** So many of the first stay, and behind them stand these: a chat is long, and most of it stays as it is. */
export interface Order {
  readonly kept: number;
  readonly ids: readonly string[];
}

/** More text behind an answer or its thoughts. */
export interface Growth {
  readonly id: string;
  readonly text: string;
  readonly thought: string;
}

/** Return what leads from one state to the next; undefined when nothing does. */
export function patchOf(before: readonly Item[], after: readonly Item[]): Patch | undefined {
  const known = new Map(before.map((item) => [item.id, item]));
  const items: Item[] = [];
  const grown: Growth[] = [];
  for (const item of after) {
    const old = known.get(item.id);
    const more = growthOf(old, item);
    if (more !== undefined) {
      grown.push(more);
    } else if (old === undefined || !isSame(old, item)) {
      items.push(item);
    }
  }
  const order = orderOf(before, after);
  return order === undefined && items.length === 0 && grown.length === 0 ? undefined : { order, items, grown };
}

function orderOf(before: readonly Item[], after: readonly Item[]): Order | undefined {
  const differs = after.findIndex((item, index) => before[index]?.id !== item.id);
  const kept = differs < 0 ? after.length : differs;
  return kept === before.length && kept === after.length ? undefined : { kept, ids: after.slice(kept).map((item) => item.id) };
}

/** Return an item that has grown. */
export function grownBy(item: Item | undefined, growth: Growth): Item | undefined {
  return item?.kind === "answer" ? { ...item, text: item.text + growth.text, thought: item.thought + growth.thought } : item;
}

function growthOf(old: Item | undefined, item: Item): Growth | undefined {
  if (old?.kind !== "answer" || item.kind !== "answer" || !item.partial || (old.text === item.text && old.thought === item.thought)) {
    return undefined;
  }
  const { text, thought, ...rest } = item;
  const grew =
    text.startsWith(old.text) && thought.startsWith(old.thought) && isSame({ ...old, text, thought }, { ...rest, text, thought });
  return grew ? { id: item.id, text: text.slice(old.text.length), thought: thought.slice(old.thought.length) } : undefined;
}

function isSame(one: Item, other: Item): boolean {
  if (one === other) {
    return true;
  }
  const [left, right] = [Object.entries(one), other as unknown as Readonly<Record<string, unknown>>];
  return left.length === Object.keys(other).length && left.every(([name, value]) => isEqual(value, right[name]));
}

function isEqual(one: unknown, other: unknown): boolean {
  return one === other || (isObject(one) && isObject(other) && JSON.stringify(one) === JSON.stringify(other));
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
