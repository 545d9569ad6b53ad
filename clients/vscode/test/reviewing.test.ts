import { beforeEach, describe, expect, it, vi } from "vitest";

const { window } = vi.hoisted(() => ({ window: { showInformationMessage: vi.fn(), showWarningMessage: vi.fn() } }));
vi.mock("vscode", () => ({
  Uri: { parse: (text: string) => text },
  env: {},
  window,
  workspace: { onDidChangeTextDocument: () => ({ dispose: vi.fn() }), onDidCloseTextDocument: () => ({ dispose: vi.fn() }) },
}));
vi.mock("vscode-languageclient/node", () => ({ ResponseError: class extends Error {}, LSPErrorCodes: {} }));

import type { HunkResult } from "../src/protocol";
import { Reviewing } from "../src/review/reviewing";
import type { Session } from "../src/session";
import { type OpenHunk, placedHunks } from "../src/state/reviews";
import { Signal } from "../src/state/signal";

const hunkOf = (runId: string): readonly OpenHunk[] => {
  const at = { oldStart: 1, oldLines: 0, newStart: 1, newLines: 1 };
  const hunk = { hunkId: runId, ...at, oldText: "", newText: "a\n", state: "applied", review: "open" } as const;
  return placedHunks({ runId, changeId: "c", path: "a.py", hunks: [hunk] });
};

/** A review whose server answers so for a run. */
function reviewingOf(answers: Record<string, Partial<HunkResult>>): Reviewing {
  const request = async (_method: string, { runId }: { readonly runId: string }) => ({ runId, changes: [], ...answers[runId] });
  return new Reviewing({ reviews: { changed: new Signal() }, wire: { request } } as unknown as Session);
}

const told = () => window.showInformationMessage.mock.calls.map(([text]) => text);

describe("where lies what a rejection took away", () => {
  beforeEach(() => vi.resetAllMocks());

  it("is told once for a run, not for each hunk of it", async () => {
    const reviewing = reviewingOf({ one: { keptIn: "/kept/one" }, two: { keptIn: "/kept/two" } });
    await reviewing.decide("reject", hunkOf("one"));
    await reviewing.decide("reject", [...hunkOf("one"), ...hunkOf("two")]);
    expect(told()).toEqual(["one", "two"].map((run) => `What was taken away is kept for a while in /kept/${run}.`));
  });

  it("is nowhere where nothing was", async () => {
    await reviewingOf({}).decide("reject", hunkOf("one"));
    expect(told()).toEqual([]);
  });
});
