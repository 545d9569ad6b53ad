import { describe, expect, it } from "vitest";
import { Feed, type Source } from "../src/chat/feed";
import type { Item } from "../src/chat/items";
import type { Patch } from "../src/chat/patch";
import { withDrafts } from "../src/chat/planned";
import type { AgentEvent, ApprovalOption, ChannelMessage } from "../src/protocol";
import type { Wire } from "../src/server/wire";
import { Drafts } from "../src/state/drafts";
import { Runs } from "../src/state/runs";

const event = (runId: string, seq: number, of: AgentEvent["event"]): AgentEvent => ({
  seq,
  at: "2026-01-01T00:00:00Z",
  runId,
  channelId: "c",
  event: of,
});
const user = (messageId: string): AgentEvent["event"] => ({ kind: "message", messageId, role: "user", text: messageId });
const delta = (offset: number, text: string): AgentEvent["event"] => ({ kind: "message_delta", messageId: "a", offset, text });
const said = (number: number): ChannelMessage => ({ messageId: `m${number}`, runId: `r${number}`, role: "user", text: "", at: "" });
const ids = (items: readonly Item[]): string[] => items.map((item) => item.id.replace("message:", ""));

/** A server whose channel has so many messages, each of a run of its own. */
function serverOf(count: number): { wire: Pick<Wire, "request">; runs: Runs; loaded: string[] } {
  const loaded: string[] = [];
  const runs = new Runs(async (runId) => {
    loaded.push(runId);
    return [event(runId, 1, user(runId.replace("r", "m"))), event(runId, 2, { kind: "run", state: "succeeded" })];
  });
  const request = async (_method: string, params: { before?: string; limit: number }): Promise<unknown> => {
    const end = params.before === undefined ? count : Number(params.before.slice(1));
    const start = Math.max(0, end - params.limit);
    return { messages: Array.from({ length: end - start }, (_, index) => said(start + index)), more: start > 0 };
  };
  return { wire: { request: request as Wire["request"] }, runs, loaded };
}

describe("a chat's feed", () => {
  it("reads the latest page and then upwards, each message once", async () => {
    const { wire, runs, loaded } = serverOf(100);
    const feed = new Feed(wire, runs, "c");
    await feed.refresh();
    expect(ids(feed.items)).toEqual(Array.from({ length: 40 }, (_, index) => `m${60 + index}`));
    expect(feed.hasOlder).toBe(true);
    await feed.older();
    await feed.older();
    await feed.older();
    expect(ids(feed.items)).toEqual(Array.from({ length: 100 }, (_, index) => `m${index}`));
    expect(feed.hasOlder).toBe(false);
    expect(loaded).toHaveLength(100);
    feed.dispose();
  });

  it("joins what comes within a frame in one patch, and tells a page that begins anew everything", async () => {
    const { wire, runs } = serverOf(0);
    const feed = new Feed(wire, runs, "c");
    await feed.refresh();
    const patches: Patch[] = [];
    const first = new Promise<void>((resolve) => {
      feed.patched.on((patch) => {
        patches.push(patch);
        resolve();
      });
    });
    await runs.load("live");
    runs.hear(event("live", 3, { kind: "run", state: "running" }));
    runs.hear(event("live", 4, delta(0, "Hel")));
    runs.hear(event("live", 5, delta(3, "lo")));
    await first;
    expect(patches).toHaveLength(1);
    expect(patches[0]?.items).toMatchObject([{ kind: "user" }, { text: "Hello", partial: true }]);
    expect(feed.active?.runId).toBe("live");
    feed.repeat();
    expect(patches[1]).toEqual(patches[0]);
    feed.dispose();
  });

  it("says at once how a run ended that did not come to the end one expects, and nothing while the next one goes on", async () => {
    const { wire, runs } = serverOf(0);
    const feed = new Feed(wire, runs, "c");
    await feed.refresh();
    await Promise.all(["bad", "good"].map((runId) => runs.load(runId)));
    runs.hear(event("bad", 3, { kind: "run", state: "running" }));
    expect(feed.ended).toBeUndefined();
    runs.hear(event("bad", 4, { kind: "run", state: "failed", reason: "provider_failed", text: "Nothing listens at `base_url`." }));
    expect(feed.ended).toBe("Nothing listens at base_url.");
    runs.hear(event("good", 3, { kind: "run", state: "running" }));
    expect(feed.ended).toBeUndefined();
    runs.hear(event("good", 4, { kind: "run", state: "succeeded" }));
    expect(feed.ended).toBeUndefined();
    feed.dispose();
  });

  it("shows what comes of a run that history alone told of when it goes on again", async () => {
    const { wire, runs } = serverOf(1);
    const feed = new Feed(wire, runs, "c");
    await feed.refresh();
    const answered = nextPatch(feed);
    runs.hear(event("r0", 3, { kind: "run", state: "running" }));
    runs.hear(event("r0", 4, { kind: "message", messageId: "answer", role: "assistant", text: "Here it is." }));
    await answered;
    expect(ids(feed.items)).toEqual(["m0", "answer"]);
    const more = nextPatch(feed);
    runs.hear(event("r0", 5, { kind: "message", messageId: "more", role: "assistant", text: "And more." }));
    await more;
    expect(ids(feed.items)).toEqual(["m0", "answer", "more"]);
    feed.dispose();
  });

  it("hears nothing of other chats, and nothing once it is closed", async () => {
    const { wire, runs } = serverOf(0);
    const other = new Feed(wire, runs, "other");
    const closed = new Feed(wire, runs, "c");
    closed.dispose();
    const open = new Feed(wire, runs, "c");
    const told: string[] = [];
    other.patched.on(() => told.push("other"));
    closed.patched.on(() => told.push("closed"));
    const heard = new Promise<void>((resolve) => {
      open.patched.on(() => resolve());
    });
    await runs.load("live");
    runs.hear(event("live", 3, { kind: "run", state: "running" }));
    await heard;
    expect(told).toEqual([]);
    open.dispose();
    other.dispose();
  });

  it("looks at one entry for a word more, however long the chat and its run are", async () => {
    const looksFor = async (count: number): Promise<number> => {
      const { wire, runs } = serverOf(count);
      const looks = { count: 0 };
      const feed = new Feed(wire, watched(runs, looks), "c");
      await feed.refresh();
      await runs.load("live");
      runs.hear(event("live", 3, { kind: "run", state: "running" }));
      for (let call = 0; call < count; call += 1) {
        runs.hear(event("live", 4 + call, { kind: "tool_call", callId: `t${call}`, tool: "search", arguments: {}, state: "running" }));
      }
      runs.hear(event("live", 4 + count, delta(0, "Hel")));
      await nextPatch(feed);
      looks.count = 0;
      runs.hear(event("live", 5 + count, delta(3, "lo")));
      expect(await nextPatch(feed)).toEqual({ order: undefined, items: [], grown: [{ id: "message:a", text: "lo", thought: "" }] });
      feed.dispose();
      return looks.count;
    };
    const few = await looksFor(3);
    expect(few).toBeGreaterThan(0);
    expect(await looksFor(300)).toBe(few);
  });

  it("tells of a row more what stands behind it, and not what is above", async () => {
    const { wire, runs } = serverOf(30);
    const feed = new Feed(wire, runs, "c");
    await feed.refresh();
    await runs.load("live");
    runs.hear(event("live", 3, { kind: "run", state: "running" }));
    await nextPatch(feed);
    runs.hear(event("live", 4, delta(0, "Hel")));
    expect(await nextPatch(feed)).toMatchObject({ order: { kept: 31, ids: ["message:a"] }, items: [{ text: "Hel" }] });
    feed.dispose();
  });

  it("shows the whole of what it holds though the window has room for less, and lets it go with its page", async () => {
    const { wire, loaded } = serverOf(20);
    const runs = new Runs(async (runId) => {
      loaded.push(runId);
      return [event(runId, 1, user(runId.replace("r", "m"))), event(runId, 2, { kind: "run", state: "succeeded" })];
    }, 4);
    const feed = new Feed(wire, runs, "c");
    await feed.refresh();
    await feed.refresh();
    expect(loaded).toHaveLength(20);
    expect(runs.all()).toHaveLength(20);
    feed.dispose();
    expect(runs.all().length).toBeLessThanOrEqual(4);
  });

  it("shows the plan that a question is about as the person has changed it", async () => {
    const plan = { goal: "add adds", steps: [] };
    const options = ["approve", "edit", "reject"].map((kind) => ({ optionId: kind, label: kind, kind }) as ApprovalOption);
    const effects = [{ kind: "gate" as const, target: "plan", rule: "gate(plan)" }];
    const runs = new Runs(async () => [
      event("r", 1, { kind: "run", state: "waiting" }),
      event("r", 2, { kind: "plan", plan }),
      event("r", 3, { kind: "approval", approvalId: "p", title: "Approve the plan?", effects, options, state: "pending" }),
    ]);
    const drafts = new Drafts(
      { get: () => undefined, update: async () => undefined },
      () => runs.get("r")?.plan,
      async () => undefined,
    );
    await runs.load("r");
    const feed = new Feed(serverOf(0).wire, withDrafts(runs, drafts), "c");
    await feed.refresh();
    const goals: unknown[] = [];
    for (const change of [() => drafts.set("r", { goal: "add adds well", steps: [] }), () => drafts.forget("r")]) {
      const patched = nextPatch(feed);
      change();
      goals.push((await patched).items);
    }
    expect(goals).toMatchObject([
      [{ id: "approval:p", plan: { goal: "add adds well" } }],
      [{ id: "approval:p", plan: { goal: "add adds" } }],
    ]);
    feed.dispose();
  });

  it("that was closed while it read shows nothing, and holds nothing", async () => {
    const { wire, runs, loaded } = serverOf(20);
    const feed = new Feed(wire, runs, "c");
    const patches: Patch[] = [];
    feed.patched.on((patch) => patches.push(patch));
    const refreshing = feed.refresh();
    feed.dispose();
    await refreshing;
    expect([patches, feed.items, loaded]).toEqual([[], [], []]);
  });
});

const nextPatch = (feed: Feed): Promise<Patch> =>
  new Promise((resolve) => {
    const listening = feed.patched.on((patch) => {
      listening.dispose();
      resolve(patch);
    });
  });

/** The runs, and how often somebody looks at one of them or at a thing that it lists. */
function watched(runs: Runs, looks: { count: number }): Source {
  const counted = <T extends object>(of: T): T =>
    new Proxy(of, {
      get(target, name) {
        looks.count += 1;
        const value: unknown = Reflect.get(target, name);
        return typeof value === "object" && value !== null ? counted(value) : value;
      },
    });
  return {
    changed: runs.changed,
    get: (runId) => {
      const run = runs.get(runId);
      return run && counted(run);
    },
    live: () => runs.live(),
    active: (channelId) => runs.active(channelId),
    load: (runId) => runs.load(runId),
    hold: (runId) => runs.hold(runId),
  };
}
