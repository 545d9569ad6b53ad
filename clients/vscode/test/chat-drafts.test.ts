import { expect, it } from "vitest";
import type { Memento } from "vscode";
import { Drafts, SIDE_BAR } from "../src/chat/drafts";

/** What a window keeps. */
function memento(): Memento {
  const kept = new Map<string, unknown>();
  return {
    keys: () => [...kept.keys()],
    get: <T>(key: string, otherwise?: T) => (kept.has(key) ? (kept.get(key) as T) : otherwise),
    update: async (key: string, value: unknown) => void kept.set(key, value),
  } as Memento;
}

const written = (text: string) => ({ text, chips: [] });

it("keeps what is written in a hundred chats, those that were written in last, over a reload", async () => {
  const store = memento();
  const drafts = new Drafts(store).of(SIDE_BAR);
  await drafts.keep(undefined, written("a new chat"));
  for (let number = 0; number < 99; number += 1) {
    await drafts.keep(`c${number}`, written(String(number)));
  }
  await drafts.keep(undefined, written("a new chat, more"));
  await drafts.keep("c99", written("99"));
  const next = new Drafts(store).of(SIDE_BAR);
  expect([undefined, "c0", "c1", "c99"].map((channelId) => next.get(channelId).text)).toEqual(["a new chat, more", "", "1", "99"]);
});

it("keeps of each page what is written in its new chat, and of all pages together what is written in any other", async () => {
  const store = memento();
  const drafts = new Drafts(store);
  const [one, other] = [drafts.ofNew(), drafts.ofNew()];
  await one.keep(undefined, written("one"));
  await other.keep(undefined, written("other"));
  await other.keep("c", written("theirs"));
  const next = new Drafts(store);
  expect([SIDE_BAR, one.page, other.page].map((page) => next.of(page).get(undefined).text)).toEqual(["", "one", "other"]);
  expect(next.of(one.page).get("c").text).toBe("theirs");
});

it("has a new chat that is begun in the side bar go on in the page that takes it over", async () => {
  const drafts = new Drafts(memento());
  await drafts.of(SIDE_BAR).keep(undefined, written("begun"));
  const taken = await drafts.takenOver();
  expect([taken.get(undefined).text, drafts.of(SIDE_BAR).get(undefined).text]).toEqual(["begun", ""]);
  expect((await drafts.takenOver()).get(undefined).text).toBe("");
});

it("gives what was being written in a page that is closed to the next one, once, also after a reload", async () => {
  const store = memento();
  const drafts = new Drafts(store);
  const [closed, open] = [drafts.ofNew(), drafts.ofNew()];
  await closed.keep(undefined, written("left"));
  await open.keep(undefined, written("open"));
  drafts.leave(closed.page);
  expect((await drafts.takenOver()).get(undefined).text).toBe("left");
  expect((await drafts.takenOver()).get(undefined).text).toBe("");

  const next = new Drafts(store);
  expect(next.ofAgain(open.page).get(undefined).text).toBe("open");
  expect(next.ofAgain(undefined).get(undefined).text, "of a page that has forgotten its name").toBe("left");
  expect(next.ofAgain(undefined).get(undefined).text).toBe("");
});
