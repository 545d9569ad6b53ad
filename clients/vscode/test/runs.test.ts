import { describe, expect, it } from "vitest";
import type { AgentEvent } from "../src/protocol";
import type { Run } from "../src/state/run";
import { Runs } from "../src/state/runs";

const told = (seq: number, event: AgentEvent["event"]): AgentEvent => ({
  seq,
  at: "2026-01-01T00:00:00Z",
  runId: "r",
  channelId: "c",
  event,
});
const delta = (seq: number, offset: number, text: string) => told(seq, { kind: "message_delta", messageId: "m", offset, text });
const whole = (seq: number, text: string) => told(seq, { kind: "message", messageId: "m", role: "assistant", text, partial: true });

describe("runs", () => {
  it("asks for what was before the first event that it hears, and loses none that come meanwhile", async () => {
    let answer: (events: readonly AgentEvent[]) => void = () => undefined;
    const journal = new Promise<readonly AgentEvent[]>((resolve) => {
      answer = resolve;
    });
    const runs = new Runs(() => journal);
    runs.hear(delta(4, 3, "lo"));
    runs.hear(delta(5, 5, "!"));
    const load = runs.load("r");
    answer([told(1, { kind: "run", state: "running" }), whole(3, "Hel"), delta(4, 3, "lo")]);
    await load;
    expect(runs.get("r")?.messages["m"]?.text).toBe("Hello!");
  });

  it("asks again, once, for a message of which a piece is missing", async () => {
    const asked: number[] = [];
    const answers = [[whole(1, "a")], [whole(9, "abcdef")]];
    const runs = new Runs(async (_run, after) => {
      asked.push(after);
      return answers[asked.length - 1] ?? [];
    });
    await runs.load("r");
    runs.hear(delta(5, 4, "e"));
    await runs.load("r");
    expect(asked).toEqual([0, 1]);
    expect(runs.get("r")?.messages["m"]?.text).toBe("abcdef");
  });

  it("keeps what else came where a piece stays missing however often it is asked for", async () => {
    let asked = 0;
    const runs: Runs = new Runs(async () => {
      asked += 1;
      runs.hear(delta(10 * asked, 50, "late"));
      runs.hear(told(10 * asked + 1, { kind: "tool_call", callId: `t${asked}`, tool: "search", arguments: {}, state: "running" }));
      return asked === 1 ? [told(1, { kind: "run", state: "running" })] : [];
    });
    await runs.load("r");
    expect(runs.get("r")).toMatchObject({ gap: false, toolCalls: { [`t${asked}`]: { tool: "search" } } });
  });

  it("tells each state once", async () => {
    const runs = new Runs(async () => [told(1, { kind: "run", state: "running" })]);
    const seen: (string | undefined)[] = [];
    runs.changed.on((run: Run) => seen.push(run.state));
    await runs.load("r");
    runs.hear(told(2, { kind: "run", state: "succeeded" }));
    runs.hear(told(2, { kind: "run", state: "succeeded" }));
    expect(seen).toEqual(["running", "succeeded"]);
  });

  it("catches up with the runs that go on, and leaves the ended ones alone", async () => {
    const asked: string[] = [];
    const runs = new Runs(async (runId, after) => {
      asked.push(`${runId} ${after}`);
      return after > 0 ? [] : [{ ...told(1, { kind: "run", state: runId === "done" ? "succeeded" : "running" }), runId }];
    });
    await runs.load("done");
    await runs.load("live");
    asked.length = 0;
    await runs.catchUp();
    expect(asked).toEqual(["live 1"]);
  });

  it("can be asked again after the server did not answer", async () => {
    let down = true;
    const runs = new Runs(async () => {
      if (down) {
        throw new Error("gone");
      }
      return [told(1, { kind: "run", state: "running" })];
    });
    await expect(runs.load("r")).rejects.toThrow("gone");
    down = false;
    expect((await runs.load("r")).state).toBe("running");
  });

  describe("that have ended", () => {
    const ended = new Runs(async (runId) => [{ ...told(1, { kind: "run", state: "succeeded" }), runId }], 3);

    it("are kept as many as fit, those that were asked for last", async () => {
      for (const runId of ["a", "b", "c"]) {
        await ended.load(runId);
      }
      ended.get("a");
      await ended.load("d");
      expect(ended.all().map(({ runId }) => runId)).toEqual(["a", "c", "d"]);
    });

    it("stay for as long as somebody shows them", async () => {
      const [one, other] = [ended.hold("a"), ended.hold("a")];
      for (const runId of ["e", "f", "g", "h"]) {
        await ended.load(runId);
      }
      one.dispose();
      one.dispose();
      expect(ended.get("a")).toBeDefined();
      other.dispose();
      await ended.load("i");
      await ended.load("j");
      await ended.load("k");
      expect(ended.get("a")).toBeUndefined();
    });

    it("are asked for again when they are heard of", async () => {
      expect(ended.get("b")).toBeUndefined();
      ended.hear({ ...told(2, { kind: "run", state: "running" }), runId: "b" });
      expect((await ended.load("b")).state).toBe("succeeded");
    });
  });

  it("that go on are never let go of", async () => {
    const runs = new Runs(async (runId) => [{ ...told(1, { kind: "run", state: "running" }), runId }], 1);
    await Promise.all(["a", "b", "c"].map((runId) => runs.load(runId)));
    expect(runs.all()).toHaveLength(3);
    expect(runs.active("c")?.runId).toBe("c");
  });
});
