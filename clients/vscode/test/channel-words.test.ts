import { describe, expect, it } from "vitest";
import { looks } from "../src/channels/words";
import type { Channel } from "../src/protocol";
import { Channels } from "../src/state/channels";

const CHAT: Channel = { channelId: "c", title: "Sums", folder: "chats", state: "idle", updatedAt: "2026-01-01T00:00:00Z" };
const NOW = Date.parse("2026-01-01T00:05:10Z");

describe("the list of chats", () => {
  it.each<[string, readonly Channel[], number, boolean]>([
    ["nothing is seen otherwise", [{ ...CHAT, updatedAt: "2026-01-01T00:00:05Z" }], NOW, true],
    ["a chat has another title", [{ ...CHAT, title: "Products" }], NOW, false],
    ["a run goes on in it", [{ ...CHAT, state: "active" }], NOW, false],
    ["a question waits in it", [{ ...CHAT, pendingApprovals: 1 }], NOW, false],
    ["it has grown older", [CHAT], NOW + 60_000, false],
    ["there is another one", [CHAT, { ...CHAT, channelId: "d" }], NOW, false],
    ["it is none of a person's any more", [{ ...CHAT, folder: "tasks" }], NOW, false],
  ])("when %s: drawn as before or not", (_when, channels, now, same) => {
    expect(looks(channels, now) === looks([CHAT], NOW)).toBe(same);
  });
});

describe("chats that were last used in the same moment", () => {
  const chat = (channelId: string): Channel => ({ ...CHAT, channelId });
  const ids = (channels: Channels) => channels.all().map(({ channelId }) => channelId);

  it("stand with the latest first, however the list came to know of them", () => {
    const [heard, listed] = [new Channels(), new Channels()];
    for (const id of ["a", "b", "c"]) {
      heard.hear({ channelId: id, change: "created", channel: chat(id) });
    }
    listed.replace([chat("c"), chat("b"), chat("a")]);
    expect([ids(heard), ids(listed)]).toEqual([
      ["c", "b", "a"],
      ["c", "b", "a"],
    ]);
  });

  it("stay in their order when something is told of one of them", () => {
    const channels = new Channels();
    channels.replace([chat("c"), chat("b"), chat("a")]);
    channels.hear({ channelId: "a", change: "updated", channel: { ...chat("a"), title: "Products" } });
    expect(ids(channels)).toEqual(["c", "b", "a"]);
    channels.hear({ channelId: "a", change: "updated", channel: { ...chat("a"), updatedAt: "2026-01-02T00:00:00Z" } });
    expect(ids(channels)).toEqual(["a", "c", "b"]);
  });
});
