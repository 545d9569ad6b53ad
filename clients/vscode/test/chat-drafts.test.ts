import { expect, it } from "vitest";
import type { Memento } from "vscode";
import { Drafts } from "../src/chat/drafts";

/** What a window keeps. */
function memento(): Memento {
  const kept = new Map<string, unknown>();
  return {
    keys: () => [...kept.keys()],
    get: <T>(key: string, otherwise?: T) => (kept.has(key) ? (kept.get(key) as T) : otherwise),
    update: async (key: string, value: unknown) => void kept.set(key, value),
  } as Memento;
}

it("keeps what is written in a hundred chats, those that were written in last, over a reload", async () => {
  const store = memento();
  const drafts = new Drafts(store);
  await drafts.keep(undefined, { text: "a new chat", chips: [] });
  for (let number = 0; number < 99; number += 1) {
    await drafts.keep(`c${number}`, { text: String(number), chips: [] });
  }
  await drafts.keep(undefined, { text: "a new chat, more", chips: [] });
  await drafts.keep("c99", { text: "99", chips: [] });
  const next = new Drafts(store);
  expect([undefined, "c0", "c1", "c99"].map((channelId) => next.get(channelId).text)).toEqual(["a new chat, more", "", "1", "99"]);
});
