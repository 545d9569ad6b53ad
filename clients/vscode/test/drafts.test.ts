import { describe, expect, it } from "vitest";
import type { ApprovalOption } from "../src/protocol";
import { Drafts } from "../src/state/drafts";

const option = (kind: ApprovalOption["kind"]): ApprovalOption => ({ optionId: `the-${kind}`, label: kind, kind });
const GATE = { approvalId: "a", options: [option("approve"), option("edit"), option("reject")] };
const CALL = { approvalId: "a", options: [option("allow_once"), option("reject_once")] };

describe("the draft of a plan", () => {
  it.each([
    [GATE, "the-approve", { approvalId: "a", optionId: "the-edit", plan: { goal: "mine" } }],
    [GATE, "the-reject", { approvalId: "a", optionId: "the-reject" }],
    [CALL, "the-allow_once", { approvalId: "a", optionId: "the-allow_once" }],
  ])("is what is approved", (question, optionId, expected) => {
    const drafts = new Drafts();
    drafts.set("a", { goal: "mine" });
    expect(drafts.answer(question, optionId)).toEqual(expected);
  });

  it("is not there any more when it is forgotten", () => {
    const drafts = new Drafts();
    drafts.set("a", { goal: "mine" });
    drafts.forget("a");
    expect(drafts.answer(GATE, "the-approve")).toEqual({ approvalId: "a", optionId: "the-approve" });
  });
});
