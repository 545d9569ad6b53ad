import { describe, expect, it } from "vitest";
import type { ApprovalOption } from "../src/protocol";
import { type DraftStore, Drafts } from "../src/state/drafts";

const option = (kind: ApprovalOption["kind"]): ApprovalOption => ({ optionId: `the-${kind}`, label: kind, kind });
const GATE = { approvalId: "a", options: [option("approve"), option("edit"), option("reject")] };
const CALL = { approvalId: "a", options: [option("allow_once"), option("reject_once")] };

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

describe("the draft of a plan", () => {
  it.each([
    [GATE, "the-approve", { approvalId: "a", optionId: "the-edit", plan: { goal: "mine" } }],
    [GATE, "the-reject", { approvalId: "a", optionId: "the-reject" }],
    [CALL, "the-allow_once", { approvalId: "a", optionId: "the-allow_once" }],
  ])("is what is approved", (question, optionId, expected) => {
    const drafts = new Drafts(new Kept());
    drafts.set("a", { goal: "mine" });
    expect(drafts.answer(question, optionId)).toEqual(expected);
  });

  it("is not there any more when it is forgotten", () => {
    const drafts = new Drafts(new Kept());
    drafts.set("a", { goal: "mine" });
    drafts.forget("a");
    expect(drafts.answer(GATE, "the-approve")).toEqual({ approvalId: "a", optionId: "the-approve" });
  });

  it("is there in the next window, until its question is answered", () => {
    const store = new Kept();
    const before = new Drafts(store);
    before.set("a", { goal: "mine" });
    before.set("b", { goal: "also mine" });
    const after = new Drafts(store);
    expect(after.get("a")).toEqual({ goal: "mine" });
    const told: string[] = [];
    after.changed.on((approvalId) => told.push(approvalId));
    after.forgetAllBut(["b", "c"]);
    const last = new Drafts(store);
    expect([last.get("a"), last.get("b"), told]).toEqual([undefined, { goal: "also mine" }, ["a"]]);
  });

  it("is one of the twenty that were changed last", () => {
    const store = new Kept();
    const drafts = new Drafts(store);
    for (let number = 0; number < 20; number += 1) {
      drafts.set(`p${number}`, { goal: String(number) });
    }
    drafts.set("p0", { goal: "again" });
    drafts.set("p20", { goal: "one more" });
    const after = new Drafts(store);
    expect([after.get("p0"), after.get("p1"), after.get("p2")]).toEqual([{ goal: "again" }, undefined, { goal: "2" }]);
  });

  it.each([[undefined], ["text"], [{ a: 1 }], [[["a", []], ["b"], 3, [1, {}]]]])("is none where something else was kept: %j", (value) => {
    const drafts = new Drafts(new Kept(value));
    expect([drafts.get("a"), drafts.get("b")]).toEqual([undefined, undefined]);
  });
});
