import { describe, expect, it } from "vitest";
import type { AgentEvent } from "../src/protocol";
import { type Kind, Sources } from "../src/runs/sources";
import { emptyRun, type Run, reduce } from "../src/state/run";

/** A run after these events. */
const after = (run: Run, ...events: readonly AgentEvent["event"][]): Run =>
  events.reduce((at, event) => reduce(at, { seq: at.seq + 1, at: "2026-01-01T00:00:00Z", runId: "r", event }), run);
const word = { kind: "message_delta", messageId: "m", offset: 0, text: "Hello" } as const;
const change = (changeId: string, path: string): AgentEvent["event"] => ({
  kind: "change",
  changeId,
  path,
  uri: `file:///w/${path}`,
  state: "applied",
  hunks: [],
});
const call = (callId: string, output: string): AgentEvent["event"] => ({
  kind: "tool_call",
  callId,
  tool: "read",
  arguments: {},
  state: "running",
  output,
});
const RUN = after(emptyRun("r"), change("c", "a b.py"), call("k", "one"));
const FILE = "file:///w/a%20b.py";

describe("an open text of a run", () => {
  it.each<[string, Kind, string, AgentEvent["event"], boolean]>([
    ["a word is said", "before", FILE, word, false],
    ["a word is said", "output", "k", word, false],
    ["its file was changed again", "after", FILE, change("d", "a b.py"), true],
    ["its change was decided", "before", FILE, change("c", "a b.py"), true],
    ["another file was changed", "after", FILE, change("d", "other.py"), false],
    ["its call has written more", "output", "k", call("k", "one two"), true],
    ["its call has written the same", "output", "k", call("k", "one"), false],
    ["another call has written", "output", "k", call("other", "two"), false],
    ["it was handed on", "artifact", "0", { kind: "artifact", stepId: "s", type: "plan", value: {} }, true],
    ["another thing was handed on", "artifact", "1", { kind: "artifact", stepId: "s", type: "plan", value: {} }, false],
  ])("when %s (%s of %s): another one or not", (_when, kind, id, event, expected) => {
    const sources = new Sources();
    sources.differs("text", RUN, kind, id);
    expect(sources.differs("text", after(RUN, event), kind, id)).toBe(expected);
  });

  it("is another one when it was closed and nobody knows what it was made of", () => {
    const sources = new Sources();
    sources.differs("text", RUN, "output", "k");
    sources.forget("text");
    expect(sources.differs("text", RUN, "output", "k")).toBe(true);
  });
});
