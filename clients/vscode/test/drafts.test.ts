import { describe, expect, it } from "vitest";
import type { AgentEvent, ApprovalEvent, ApprovalOption } from "../src/protocol";
import { type DraftStore, Drafts } from "../src/state/drafts";

const option = (kind: ApprovalOption["kind"]): ApprovalOption => ({ optionId: `the-${kind}`, label: kind, kind });
const GATE = { approvalId: "a", runId: "r", options: [option("approve"), option("edit"), option("reject")] };
const CALL = { approvalId: "b", runId: "r", options: [option("allow_once"), option("reject_once")] };

/** What a window keeps, as text, so that nothing is kept that cannot be. */
class Kept implements DraftStore {
  #text: string | undefined;

  constructor(value?: unknown) {
    this.#text = value === undefined ? undefined : JSON.stringify(value);
  }

  get(): unknown {
    return this.#text === undefined ? undefined : JSON.parse(this.#text);
  }

  async update(_key: string, value: unknown): Promise<void> {
    this.#text = JSON.stringify(value);
  }
}

const PLAN = { goal: "the planner's" };
const planOf = (): typeof PLAN => PLAN;
const read = async (): Promise<void> => undefined;

/** What is told of the end of a question of the run. */
const ended = (question: Pick<ApprovalEvent, "approvalId" | "options">, kind: ApprovalOption["kind"] | null): AgentEvent => ({
  seq: 1,
  at: "2026-01-01T00:00:00Z",
  runId: "r",
  event: { kind: "approval", ...question, title: "", effects: [], state: "resolved", decision: { optionId: kind, kind } },
});

describe("the draft of a plan", () => {
  it.each([
    [GATE, "the-approve", { approvalId: "a", optionId: "the-edit", plan: { goal: "mine" } }],
    [GATE, "the-reject", { approvalId: "a", optionId: "the-reject" }],
    [CALL, "the-allow_once", { approvalId: "b", optionId: "the-allow_once" }],
  ])("is what is approved", async (question, optionId, expected) => {
    const drafts = new Drafts(new Kept(), planOf, read);
    drafts.set("r", { goal: "mine" });
    expect(await drafts.answer(question, optionId)).toEqual(expected);
  });

  it.each([
    ["the plan was approved", GATE, "edit", undefined],
    ["the plan was rejected", GATE, "reject", undefined],
    ["nobody was left to answer", GATE, null, { goal: "mine" }],
    ["a call was allowed meanwhile", CALL, "allow_once", { goal: "mine" }],
  ] as const)("is what it is after %s", (_words, question, kind, expected) => {
    const drafts = new Drafts(new Kept(), planOf, read);
    drafts.set("r", { goal: "mine" });
    drafts.hear(ended(question, kind));
    expect(drafts.get("r")).toEqual(expected);
  });

  it("is there in the next window, until it is forgotten", () => {
    const store = new Kept();
    new Drafts(store, planOf, read).set("r", { goal: "mine" });
    const next = new Drafts(store, planOf, read);
    expect(next.get("r")).toEqual({ goal: "mine" });
    const told: string[] = [];
    next.changed.on((runId) => told.push(runId));
    next.forget("r");
    next.forget("r");
    expect([new Drafts(store, planOf, read).get("r"), told]).toEqual([undefined, ["r"]]);
  });

  it("is what is approved in the next window, which reads the run first", async () => {
    const store = new Kept();
    new Drafts(store, planOf, read).set("r", { goal: "mine" });
    const runs = new Map<string, typeof PLAN>();
    const next = new Drafts(
      store,
      (runId) => runs.get(runId),
      async (runId) => runs.set(runId, PLAN),
    );
    expect(await next.answer(GATE, "the-approve")).toEqual({ approvalId: "a", optionId: "the-edit", plan: { goal: "mine" } });
  });

  it("keeps its plan from being approved without it where the run cannot be read", async () => {
    const store = new Kept();
    new Drafts(store, planOf, read).set("r", { goal: "mine" });
    const next = new Drafts(
      store,
      () => undefined,
      () => Promise.reject(new Error("no server")),
    );
    await expect(next.answer(GATE, "the-approve")).rejects.toThrow("no server");
    expect(await next.answer(GATE, "the-reject")).toEqual({ approvalId: "a", optionId: "the-reject" });
  });

  it("is none of another plan of the run", async () => {
    const store = new Kept();
    new Drafts(store, planOf, read).set("r", { goal: "mine" });
    const drafts = new Drafts(store, () => ({ goal: "the planner's second" }), read);
    expect([drafts.get("r"), await drafts.answer(GATE, "the-approve")]).toEqual([undefined, { approvalId: "a", optionId: "the-approve" }]);
  });

  it("is one of the twenty that were changed last", () => {
    const store = new Kept();
    const drafts = new Drafts(store, planOf, read);
    for (let number = 0; number < 20; number += 1) {
      drafts.set(`p${number}`, { goal: String(number) });
    }
    drafts.set("p0", { goal: "again" });
    drafts.set("p20", { goal: "one more" });
    const after = new Drafts(store, planOf, read);
    expect([after.get("p0"), after.get("p1"), after.get("p2")]).toEqual([{ goal: "again" }, undefined, { goal: "2" }]);
  });

  it.each([
    [undefined],
    ["text"],
    [{ a: 1 }],
    [[["r", []], ["r"], 3, [1, {}], ["r", { of: "{}", plan: null }]]],
  ])("is none where something else was kept: %j", (value) => {
    const drafts = new Drafts(new Kept(value), planOf, read);
    expect(drafts.get("r")).toBeUndefined();
  });
});
