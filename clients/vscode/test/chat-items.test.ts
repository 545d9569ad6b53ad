import { describe, expect, it } from "vitest";
import {
  type Conversation,
  itemsOfPart,
  newConversation,
  partsOf,
  spentIn,
  spentWords,
  withLatest,
  withOlder,
  withRun,
} from "../src/chat/conversation";
import { type Item, itemsOfHistory, itemsOfRun } from "../src/chat/items";
import { grownBy, type Patch, patchOf } from "../src/chat/patch";
import { Shown } from "../src/chat/shown";
import type { AgentEvent, ChannelMessage } from "../src/protocol";
import { emptyRun, type Run, reduce } from "../src/state/run";

type Event = AgentEvent["event"];

const runOf = (events: readonly Event[], runId = "r", channelId = "c"): Run =>
  events.reduce(
    (run, event, index) => reduce(run, { seq: index + 1, at: "2026-01-01T00:00:00Z", runId, channelId, event }),
    emptyRun(runId),
  );
const user = (messageId: string, text = messageId): Event => ({ kind: "message", messageId, role: "user", text });
const answer = (messageId: string, text = messageId): Event => ({ kind: "message", messageId, role: "assistant", text, agent: "chat" });
const state = (of: "running" | "succeeded" | "interrupted" | "failed" | "cancelled", reason?: string, text?: string): Event => ({
  kind: "run",
  state: of,
  reason: reason ?? null,
  text: text ?? null,
});
const said = (messageId: string, runId: string | null, role: "user" | "assistant" = "user"): ChannelMessage => ({
  messageId,
  runId,
  role,
  text: messageId,
  at: "2026-01-01T00:00:00Z",
});
const itemsOf = (talk: Conversation, runOf: (runId: string) => Run | undefined): readonly Item[] =>
  partsOf(talk).flatMap((part) => itemsOfPart(part, part.runId === undefined ? undefined : runOf(part.runId)));
const ids = (items: readonly Item[]): string[] =>
  items.map((item) => (item.kind === "user" || item.kind === "answer" ? item.messageId : item.kind));

describe("the items of a run", () => {
  it("stand in the order in which they came, each once", () => {
    const call = { kind: "tool_call", callId: "t", tool: "read_file", arguments: { path: "calc.py" } } as const;
    const items = itemsOfRun(
      runOf([user("q"), { ...call, state: "running" }, answer("a"), { ...call, state: "succeeded", output: "text" }]),
    );
    expect(ids(items)).toEqual(["q", "tool", "a"]);
    expect(items[1]).toMatchObject({ title: "Read calc.py", state: "succeeded", output: "text", input: '{\n  "path": "calc.py"\n}' });
  });

  it("leave out answers that say nothing, and the heading of an only step", () => {
    const step: Event = { kind: "step", stepId: "chat", agent: "chat", attempt: 1, state: "running" };
    expect(ids(itemsOfRun(runOf([step, answer("a", " ")])))).toEqual([]);
  });

  it("have a heading for each step of a team, and for each round of a step", () => {
    const step = (stepId: string, attempt: number, of: "running" | "succeeded"): Event => ({
      kind: "step",
      stepId,
      agent: "coder",
      attempt,
      state: of,
    });
    const items = itemsOfRun(runOf([step("plan", 1, "succeeded"), step("code", 1, "succeeded"), step("code", 2, "running")]));
    expect(items).toMatchObject([
      { title: "plan", state: "succeeded" },
      { title: "code", attempt: 1, state: "failed" },
      { title: "code", attempt: 2, state: "running" },
    ]);
  });

  it("count the lines of a change", () => {
    const hunk = { hunkId: "h", oldStart: 1, oldLines: 2, newStart: 1, newLines: 3, oldText: "", newText: "" };
    const change: Event = {
      kind: "change",
      changeId: "x",
      path: "a.py",
      uri: "file:///a.py",
      state: "applied",
      hunks: [hunk, { ...hunk, oldLines: 0 }],
    };
    expect(itemsOfRun(runOf([change]))).toMatchObject([{ kind: "change", added: 6, removed: 2 }]);
    const theirs = itemsOfRun(runOf([{ ...change, unsure: "It is older." }]));
    expect(theirs).toMatchObject([{ doubt: "Maybe not the agent's: It is older." }]);
  });

  it.each([
    ["what was chosen", "yes", "Allow once", true],
    ["that it was refused", "no", "Reject", false],
    ["that nobody chose", null, "Closed without an answer", false],
  ])("say of a question %s", (_what, optionId, words, isGranted) => {
    const options = [
      { optionId: "yes", label: "Allow once", kind: "allow_once" as const },
      { optionId: "no", label: "Reject", kind: "reject_once" as const },
    ];
    const effects = [{ kind: "exec" as const, target: "touch made", rule: "exec(touch made)" }];
    const question = { kind: "approval", approvalId: "p", title: "Run it", effects, options } as const;
    const open = runOf([{ ...question, state: "pending" }]);
    expect(itemsOfRun(open)).toMatchObject([{ decided: undefined, title: "Run touch made", effects: [] }]);
    const decided = runOf([
      { ...question, state: "pending" },
      { ...question, state: "resolved", decision: { optionId, kind: optionId === null ? null : "allow_once" } },
    ]);
    expect(itemsOfRun(decided)).toMatchObject([{ decided: words, isGranted }]);
  });

  it("show an edit in the question about it alone, and there what becomes of it", () => {
    const hunk = { hunkId: "1", oldStart: 1, oldLines: 1, newStart: 1, newLines: 2, oldText: "a\n", newText: "b\nc\n" } as const;
    const change = (first: "proposed" | "applied", second: "proposed" | "rejected" | "undone"): Event => ({
      kind: "change",
      changeId: "x",
      path: "a.py",
      uri: "file:///a.py",
      state: "proposed",
      hunks: [
        { ...hunk, state: first, review: first === "proposed" ? "open" : "accepted" },
        { ...hunk, hunkId: "2", state: second, review: second === "proposed" ? "open" : "rejected" },
      ],
    });
    const options = [
      { optionId: "yes", label: "Apply", kind: "allow_once" as const },
      { optionId: "run", label: "Apply all edits of this run", kind: "allow_run" as const, rule: "write(**)" },
    ];
    const effects = [{ kind: "write" as const, target: "a.py", rule: "write(a.py)" }];
    const question = { kind: "approval" as const, approvalId: "p", title: "edit_file a.py", effects, options, changeIds: ["x"] };
    const asked = runOf([change("proposed", "proposed"), { ...question, state: "pending" }]);
    const pending = {
      kind: "approval",
      title: "Edit a.py",
      effects: [],
      proposal: { added: 4, removed: 2, decided: 0 },
      decided: undefined,
    };
    expect(itemsOfRun(asked)).toMatchObject([pending]);
    const tell = (run: Run, event: Event): Run => reduce(run, { seq: run.seq + 1, at: "2026-01-01T00:00:00Z", runId: "r", event });
    const shown = new Shown(() => current);
    let current = asked;
    shown.replace([{ runId: "r", told: [], isLive: true }]);
    current = tell(asked, change("applied", "proposed"));
    const patch = shown.update("r", [{ kind: "change", id: "x" }]);
    expect(patch?.items).toMatchObject([{ ...pending, proposal: { decided: 1, applied: 1, total: 2 } }]);
    const decided = (optionId: string, after: Event): readonly Item[] =>
      itemsOfRun(tell(tell(current, after), { ...question, state: "resolved", decision: { optionId, kind: "allow_once" } }));
    expect(decided("yes", change("applied", "rejected"))).toMatchObject([{ decided: "1 of 2 changes applied" }]);
    expect(decided("run", change("applied", "rejected"))).toMatchObject([
      { decided: "1 of 2 changes applied: Apply all edits of this run" },
    ]);
  });

  it("show the plan that a question is about", () => {
    const plan = { goal: "add adds", steps: [{ id: "s1", title: "Correct the sign", files: ["calc.py"] }], risks: ["None"] };
    const options = [
      { optionId: "yes", label: "Approve", kind: "approve" as const },
      { optionId: "edit", label: "Approve an edited plan", kind: "edit" as const },
    ];
    const effects = [{ kind: "gate" as const, target: "plan", rule: "gate(plan)" }];
    const gate = { kind: "approval", approvalId: "p", title: "Approve the plan?", effects, options, state: "pending" } as const;
    expect(itemsOfRun(runOf([{ kind: "plan", plan }, gate]))).toMatchObject([
      { title: "Approve the plan?", plan: { goal: "add adds", steps: ["Correct the sign (calc.py)"], risks: ["None"] } },
    ]);
    expect(
      itemsOfRun(
        runOf([
          { kind: "plan", plan },
          { ...gate, options: options.slice(0, 1) },
        ]),
      ),
    ).toMatchObject([{ plan: undefined }]);
  });

  it.each([
    [state("failed", "auth_required", "The key is wrong."), { tone: "error", text: "The key is wrong.", helps: ["configure", "resume"] }],
    [state("failed", "provider_failed", "Nothing listens there."), { tone: "error", helps: ["configure", "resume"] }],
    [state("failed", "tests_failed"), { tone: "error", helps: ["resume"] }],
    [state("failed", "context_overflow", "Too long."), { tone: "error", helps: ["context", "resume"] }],
    [state("interrupted", "asked"), { tone: "warning", helps: ["resume"] }],
    [state("cancelled"), { tone: "info", helps: [] }],
  ])("say how a run ended that did not succeed", (event, end) => {
    expect(itemsOfRun(runOf([event]))).toMatchObject([{ kind: "note", ...end }]);
    expect(itemsOfRun(runOf([state("succeeded")]))).toEqual([]);
  });

  it("show of warnings in a row about the same the last", () => {
    const warning = (code: string, text: string): Event => ({ kind: "warning", code, text });
    const items = itemsOfRun(
      runOf([warning("retry", "1 of 3"), warning("retry", "2 of 3"), warning("other", "x"), warning("retry", "3 of 3")]),
    );
    expect(items).toMatchObject([{ text: "2 of 3" }, { text: "x" }, { text: "3 of 3" }]);
  });

  it.each(["transient", "rate_limited"])("show that a model is tried again only until something comes of it: %s", (code) => {
    const tries: Event = { kind: "warning", code, text: "Trying again" };
    expect(itemsOfRun(runOf([tries]))).toMatchObject([{ text: "Trying again" }]);
    expect(itemsOfRun(runOf([tries, answer("a")]))).toMatchObject([{ kind: "answer" }]);
    expect(itemsOfRun(runOf([tries, state("failed", "provider_failed", "No.")]))).toMatchObject([{ text: "No.", tone: "error" }]);
  });

  it("show what was attached to a message by name and not as text", () => {
    const CALC = { label: "calc.py", part: undefined, path: "src/calc.py" };
    const text = '<attachment path="src/calc.py">\n<a>\n</attachment>\n\n<attachment>\nx\n</attachment>\n\nWhy?';
    expect(itemsOfRun(runOf([user("q", text)]))).toMatchObject([
      { text: "Why?", attached: [CALC, { label: "text", part: undefined, path: undefined }] },
    ]);
    expect(itemsOfRun(runOf([user("q", "<attachment> is an element")]))).toMatchObject([
      { text: "<attachment> is an element", attached: [] },
    ]);
  });

  it("show what went along with the message that began the run, and with one that history alone tells of", () => {
    const attachments = [
      { label: "a b.py", uri: "file:///src/a%20b.py", excerpt: null },
      { label: "calc.py", uri: "vscode-remote://host/src/calc.py", excerpt: "Selected, lines 3 to 5:" },
      { label: "Problems:", uri: null, excerpt: null },
    ];
    const attached = [
      { label: "a b.py", part: undefined, path: "/src/a b.py" },
      { label: "calc.py", part: "Selected, lines 3 to 5", path: "/src/calc.py" },
      { label: "Problems:", part: undefined, path: undefined },
    ];
    expect(itemsOfRun(runOf([{ kind: "message", messageId: "q", role: "user", text: "Why?", attachments }]))).toMatchObject([{ attached }]);
    expect(itemsOfHistory([{ ...said("q", null), attachments }])).toMatchObject([{ attached }]);
  });
});

describe("a conversation", () => {
  const first = runOf([user("q1"), answer("a1"), state("succeeded")], "r1");
  const second = runOf([user("q2"), answer("a2"), state("running")], "r2");
  const runs: Readonly<Record<string, Run>> = { r1: first, r2: second };
  const runOfId = (runId: string): Run | undefined => runs[runId];
  const page = (...messages: ChannelMessage[]) => ({ messages, more: false });

  it("is its runs in the order of its history, and then what goes on", () => {
    const talk = withRun(withLatest(newConversation("c"), page(said("q1", "r1"), said("a1", "r1", "assistant"))), second);
    expect(ids(itemsOf(talk, runOfId))).toEqual(["q1", "a1", "q2", "a2"]);
  });

  it("shows a live run once, also when history has it by now", () => {
    const talk = withLatest(withRun(newConversation("c"), second), page(said("q1", "r1"), said("a1", "r1", "assistant"), said("q2", "r2")));
    expect(ids(itemsOf(talk, runOfId))).toEqual(["q1", "a1", "q2", "a2"]);
  });

  it("does not take in the runs of other chats", () => {
    expect(itemsOf(withRun(newConversation("other"), second), runOfId)).toEqual([]);
  });

  it("ends where history ends when it was forked in the middle of a run", () => {
    const long = runOf([user("q1"), answer("a1"), user("q1b"), answer("a1b"), state("interrupted")], "r1");
    const talk = withLatest(newConversation("fork"), page(said("q1", "r1"), said("a1", "r1", "assistant")));
    expect(ids(itemsOf(talk, () => long))).toEqual(["q1", "a1"]);
  });

  it("shows what history tells of a run that cannot be had", () => {
    const talk = withLatest(newConversation("c"), page(said("q0", "gone"), said("note", null, "assistant")));
    expect(ids(itemsOf(talk, runOfId))).toEqual(["q0", "note"]);
  });

  it("grows upwards without a repeat, and a fresh page takes away what is gone", () => {
    let talk = withLatest(newConversation("c"), { messages: [said("m3", null), said("m4", null)], more: true });
    talk = withOlder(talk, { messages: [said("m1", null), said("m2", null), said("m3", null)], more: false });
    expect(talk.history.map((message) => message.messageId)).toEqual(["m1", "m2", "m3", "m4"]);
    talk = withLatest(talk, { messages: [said("m3", null)], more: true });
    expect(talk.history.map((message) => message.messageId)).toEqual(["m1", "m2", "m3"]);
    expect(talk.hasOlder).toBe(false);
    talk = withLatest(talk, { messages: [said("m8", null)], more: true });
    expect(talk.history.map((message) => message.messageId)).toEqual(["m8"]);
    expect(talk.hasOlder).toBe(true);
  });

  it("knows what it has cost, and that it does not where a price is unknown", () => {
    const used = (usd: string | null): Event => ({ kind: "usage", input: 900, cacheRead: 50, cacheWrite: null, output: 50, usd });
    expect(spentWords(spentIn([runOf([used("0.25")]), runOf([used("0.5")])]))).toBe("2,000 tokens · $0.75");
    expect(spentWords(spentIn([runOf([used(null)]), runOf([used("0.5")])]))).toBe("2,000 tokens · over $0.50");
    expect(spentWords(spentIn([runOf([used(null)])]))).toBe("1,000 tokens");
    expect(spentWords(spentIn([]))).toBe("");
  });
});

describe("a patch", () => {
  const apply = (items: readonly Item[], patch: Patch | undefined): readonly Item[] => {
    const known = new Map(items.map((item) => [item.id, item]));
    for (const item of patch?.items ?? []) {
      known.set(item.id, item);
    }
    for (const growth of patch?.grown ?? []) {
      const item = grownBy(known.get(growth.id), growth);
      if (item !== undefined) {
        known.set(item.id, item);
      }
    }
    const order = items.map((item) => item.id);
    const { kept, ids: behind } = patch?.order ?? { kept: order.length, ids: [] };
    return [...order.slice(0, kept), ...behind].flatMap((id) => known.get(id) ?? []);
  };
  const delta = (offset: number, text: string): Event => ({ kind: "message_delta", messageId: "a", offset, text });

  it("leads through every state of a run to its end, and is nothing where nothing changed", () => {
    const events: Event[] = [
      user("q"),
      delta(0, "Hel"),
      { kind: "thought_delta", messageId: "a", offset: 0, text: "hm" },
      delta(3, "lo"),
      { kind: "tool_call", callId: "t", tool: "search", arguments: { query: "x" }, state: "running" },
      { kind: "message_discarded", messageId: "a", reason: "failed" },
      answer("b", "Hello."),
      { kind: "tool_call", callId: "t", tool: "search", arguments: { query: "x" }, state: "succeeded" },
      state("interrupted"),
      state("running"),
    ];
    let shown: readonly Item[] = [];
    for (let count = 1; count <= events.length; count += 1) {
      const next = itemsOfRun(runOf(events.slice(0, count)));
      shown = apply(shown, patchOf(shown, next));
      expect(shown).toEqual(next);
      expect(patchOf(shown, itemsOfRun(runOf(events.slice(0, count))))).toBeUndefined();
    }
  });

  it("is the same whether all of a run is looked at or what was told of it", () => {
    const call = { kind: "tool_call", callId: "t", tool: "search", arguments: { query: "x" } } as const;
    const events: Event[] = [
      state("running"),
      delta(0, " "),
      delta(1, "Hello"),
      { ...call, state: "running" },
      delta(6, "!"),
      { ...call, state: "succeeded", output: "found" },
      answer("a", "Hello!!"),
      { kind: "warning", code: "x", text: "x" },
      { kind: "message_discarded", messageId: "a", reason: "failed" },
      delta(0, "again"),
      state("interrupted"),
    ];
    let run = emptyRun("r");
    const shown = new Shown(() => run);
    run = runOf([user("q")]);
    let page = apply([], shown.replace(partsOf(withRun(newConversation("c"), { ...run, state: "running" }))));
    for (const [index, event] of events.entries()) {
      run = reduce(run, { seq: index + 2, at: "", runId: "r", channelId: "c", event });
      page = apply(page, shown.update("r", run.touched && [run.touched]));
      expect(page).toEqual(itemsOfRun(run));
      expect(shown.items).toEqual(page);
    }
  });

  it("carries only what came behind a streamed text", () => {
    const patch = patchOf(itemsOfRun(runOf([delta(0, "a long text")])), itemsOfRun(runOf([delta(0, "a long text"), delta(11, "!")])));
    expect(patch).toEqual({ order: undefined, items: [], grown: [{ id: "message:a", text: "!", thought: "" }] });
  });

  it("replaces a text that became another one", () => {
    const patch = patchOf(itemsOfRun(runOf([delta(0, "wrong")])), itemsOfRun(runOf([delta(0, "wrong"), answer("a", "right")])));
    expect(patch?.items).toMatchObject([{ text: "right", partial: false }]);
  });
});
