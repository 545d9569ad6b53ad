import { describe, expect, it } from "vitest";
import type { AgentEvent, ApprovalEvent } from "../src/protocol";
import { emptyRun, hasEnded, type Run, reduce } from "../src/state/run";

const told = (seq: number, event: AgentEvent["event"]): AgentEvent => ({
  seq,
  at: "2026-01-01T00:00:00Z",
  runId: "r",
  channelId: "c",
  event,
});
const runOf = (...events: AgentEvent["event"][]): Run =>
  events.reduce((run, event, index) => reduce(run, told(index + 1, event)), emptyRun("r"));
const delta = (offset: number, text: string): AgentEvent["event"] => ({ kind: "message_delta", messageId: "m", offset, text });

describe("a run", () => {
  it("joins the pieces of a message and takes its end for the truth", () => {
    const run = runOf(delta(0, "Hel"), delta(3, "lo"), {
      kind: "message",
      messageId: "m",
      role: "assistant",
      text: "Hello.",
      agent: "chat",
    });
    expect(run.messages["m"]).toMatchObject({ text: "Hello.", partial: false, agent: "chat" });
    expect(run.entries).toEqual([{ kind: "message", id: "m" }]);
  });

  it("looks through nothing for a piece of a message, however much is listed", () => {
    const run = runOf(delta(0, "Hel"));
    const refuse = (): never => {
      throw new Error("looked through");
    };
    const entries = Object.assign([...run.entries], { some: refuse, find: refuse, findIndex: refuse, filter: refuse });
    expect(reduce({ ...run, entries }, told(2, delta(3, "lo"))).messages["m"]?.text).toBe("Hello");
  });

  it("lists what has the name of something that every object has", () => {
    const call = { kind: "tool_call", callId: "constructor", tool: "search", arguments: {}, state: "running" } as const;
    expect(runOf(call as AgentEvent["event"]).entries).toEqual([{ kind: "tool_call", id: "constructor" }]);
  });

  it("counts offsets in UTF-16 units", () => {
    expect(runOf(delta(0, "🎉"), delta(2, "!")).messages["m"]?.text).toBe("🎉!");
  });

  it("writes over what a repeated piece tells again", () => {
    expect(runOf(delta(0, "Hello"), delta(3, "lo!")).messages["m"]?.text).toBe("Hello!");
  });

  it("says that a piece is missing instead of joining what does not belong together", () => {
    const run = runOf(delta(0, "He"), delta(4, "o"));
    expect(run.gap).toBe(true);
    expect(run.messages["m"]?.text).toBe("He");
  });

  it("forgets a message that is made anew", () => {
    const run = runOf(delta(0, "wrong"), { kind: "message_discarded", messageId: "m", reason: "provider_failed" });
    expect(run.messages).toEqual({});
    expect(run.entries).toEqual([]);
  });

  it("takes no event twice", () => {
    const once = reduce(emptyRun("r"), told(5, delta(0, "a")));
    expect(reduce(once, told(5, delta(1, "b")))).toBe(once);
    expect(reduce(once, told(4, delta(1, "b")))).toBe(once);
  });

  it("lists a second attempt of a step, and keeps the latest as the step", () => {
    const step = (attempt: number, state: "running" | "failed"): AgentEvent["event"] => ({
      kind: "step",
      stepId: "s",
      agent: "coder",
      attempt,
      state,
    });
    const run = runOf(step(1, "running"), step(1, "failed"), step(2, "running"));
    expect(run.steps).toEqual([expect.objectContaining({ attempt: 2, state: "running" })]);
    expect(run.entries).toEqual([
      { kind: "step", id: "s", attempt: 1 },
      { kind: "step", id: "s", attempt: 2 },
    ]);
  });

  it("passes over kinds that it does not know, and counts them", () => {
    const run = reduce(emptyRun("r"), told(7, { kind: "of_a_later_server" } as unknown as AgentEvent["event"]));
    expect(run).toEqual({ ...emptyRun("r"), seq: 7, channelId: "c" });
  });

  it.each(["succeeded", "failed", "cancelled", "interrupted"] as const)("has ended when it is %s", (state) => {
    expect(hasEnded(runOf({ kind: "run", state }))).toBe(true);
  });

  it("has no question any more when it has ended, whatever became of who asked", () => {
    const question: ApprovalEvent = { kind: "approval", approvalId: "a", title: "Run it", effects: [], options: [], state: "pending" };
    const other: ApprovalEvent = { ...question, approvalId: "b", state: "resolved", decision: { optionId: "yes", kind: "allow_once" } };
    const asked = runOf(question, other);
    const ended = runOf(question, other, { kind: "run", state: "interrupted", reason: "server_restart" });
    expect(asked.approvals["a"]?.state).toBe("pending");
    expect([ended.approvals["a"]?.state, ended.approvals["b"]]).toEqual(["resolved", other]);
    const again = runOf(
      question,
      { kind: "run", state: "interrupted" },
      { kind: "run", state: "running" },
      { ...question, approvalId: "c" },
    );
    expect(Object.values(again.approvals).map(({ state }) => state)).toEqual(["resolved", "pending"]);
  });

  it("goes on after it was resumed", () => {
    expect(hasEnded(runOf({ kind: "run", state: "interrupted", reason: "asked" }, { kind: "run", state: "running" }))).toBe(false);
  });
});
