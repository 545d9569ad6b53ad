import { beforeEach, describe, expect, it, vi } from "vitest";

const { window, env } = vi.hoisted(() => ({
  window: { showWarningMessage: vi.fn(), showInformationMessage: vi.fn(), setStatusBarMessage: vi.fn(), showTextDocument: vi.fn() },
  env: { clipboard: { writeText: vi.fn() } },
}));
vi.mock("vscode", () => ({ env, window, Uri: { parse: (text: string) => text } }));

import type { ChangeEvent, UndoResult } from "../src/protocol";
import type { Target } from "../src/runs/row";
import { undo, undoPart, undoRun } from "../src/runs/undoing";
import type { Session } from "../src/session";
import { emptyRun } from "../src/state/run";

const change = (changeId: string, unsure: string | null, state: "applied" | "undone" = "applied"): ChangeEvent => ({
  kind: "change",
  changeId,
  path: `${changeId}.py`,
  uri: `file:///w/${changeId}.py`,
  state,
  unsure,
  hunks: [{ hunkId: `${changeId}-hunk`, oldStart: 1, oldLines: 1, newStart: 1, newLines: 1, oldText: "a\n", newText: "b\n", state }],
});

/** A session with one run, and what was asked of its server. */
function stage(...changes: ChangeEvent[]) {
  const asked: unknown[] = [];
  const run = { ...emptyRun("r"), changes: Object.fromEntries(changes.map((each) => [each.changeId, each])) };
  const request = async (_method: string, params: unknown) => {
    asked.push(params);
    return { restored: ["ours.py"], conflicts: [] };
  };
  return { session: { runs: { known: async () => run }, wire: { request } } as unknown as Session, asked };
}

const WHY = "It is older than the command.";
const [ours, theirs] = [change("ours", null), change("theirs", WHY)];
const file = (changeId: string): Target => ({ kind: "file", runId: "r", uri: `file:///w/${changeId}.py`, path: `${changeId}.py` });
const hunk = (changeId: string): Target => ({ ...file(changeId), kind: "hunk", hunkId: `${changeId}-hunk` }) as Target;
const STEP: Target = { kind: "step", runId: "r", stepId: "code" };

beforeEach(() => vi.resetAllMocks());

describe("before a run is undone", () => {
  it("is said what the server leaves alone then, and why", async () => {
    const { session, asked } = stage(ours, theirs, change("gone", WHY, "undone"));
    window.showWarningMessage.mockResolvedValueOnce("Undo the Run");
    await undoRun(session, "r");
    const [, { detail }] = window.showWarningMessage.mock.lastCall ?? [];
    expect(detail).toContain(`Left as it is, because it may not be the agent's`);
    expect(detail.split("\n\n").at(-1)).toBe(`theirs.py: ${WHY}`);
    expect(asked).toEqual([{ runId: "r", scope: "run" }]);
  });

  it("nothing is said of others where there are none, and nothing done where a person does not mean it", async () => {
    const { session, asked } = stage(ours);
    await undoRun(session, "r");
    expect(window.showWarningMessage.mock.lastCall?.[1].detail).not.toContain("agent");
    expect(asked).toEqual([]);
  });
});

describe("a part of a run", () => {
  it.each([
    ["a file", file("ours"), { scope: "file", ids: ["file:///w/ours.py"] }],
    ["a hunk", hunk("ours"), { scope: "hunk", ids: ["ours-hunk"] }],
    ["a step, of which the server leaves alone what it is not sure of", STEP, { scope: "step", ids: ["code"] }],
  ])("is taken back at once: %s", async (_what, target, params) => {
    const { session, asked } = stage(ours, theirs);
    await undoPart(session, { target });
    expect(asked).toEqual([{ runId: "r", ...params }]);
    expect(window.showWarningMessage).not.toHaveBeenCalled();
  });

  it.each([
    ["a file", file("theirs")],
    ["a hunk", hunk("theirs")],
  ])("that may be somebody else's is taken back once a person was told so: %s", async (_what, target) => {
    const { session, asked } = stage(ours, theirs);
    await undoPart(session, { target });
    expect(asked).toEqual([]);
    window.showWarningMessage.mockResolvedValueOnce("Take Back");
    await undoPart(session, { target });
    expect(asked).toHaveLength(1);
    expect(window.showWarningMessage.mock.lastCall?.[1].detail).toContain(`theirs.py: ${WHY}`);
  });
});

describe("what came of an undo is told", () => {
  const left = (path: string) => ({ path, uri: `file:///w/${path}`, reason: `${path} is another now.` });
  const answers: Record<string, UndoResult> = {
    one: { restored: ["a.py", "b.py"], conflicts: [left("c.py")], keptIn: "/kept/one" },
    three: { restored: [], conflicts: [], keptIn: "/kept/three", letGo: 2 },
    two: { restored: ["b.py"], conflicts: [], notUndoable: [left("d.png")] },
  };
  const request = async (_method: string, { runId }: { readonly runId: string }) => {
    const answer = answers[runId];
    if (answer === undefined) {
      throw new Error("There is no such run.");
    }
    return answer;
  };
  const session = { wire: { request } } as unknown as Session;

  it("of several runs together, also where one could not be asked", async () => {
    window.showInformationMessage.mockImplementation(async (_text: string, button?: string) => button);
    await expect(undo(session, { runId: "one" }, { runId: "gone" }, { runId: "two" })).rejects.toThrow("There is no such run.");
    expect(window.setStatusBarMessage.mock.lastCall?.[0]).toContain("2 files");
    expect(window.showWarningMessage.mock.calls).toEqual([["Not taken back: c.py: c.py is another now.", "Show the File"]]);
    const told = window.showInformationMessage.mock.calls.map(([text]) => text);
    expect(told.sort()).toEqual(["Not taken back: d.png: d.png is another now.", "What was taken away is kept for a while in /kept/one."]);
    expect(env.clipboard.writeText.mock.calls).toEqual([["/kept/one"]]);
  });

  it("with what was deleted to make room for what it took away", async () => {
    await undo(session, { runId: "three" });
    const told = "What was taken away is kept for a while in /kept/three. To make room, what was kept of 2 earlier runs was deleted.";
    expect(window.showInformationMessage.mock.calls).toEqual([[told, "Copy the Path"]]);
  });
});
