import { beforeEach, describe, expect, it, vi } from "vitest";

const { executeCommand, setStatusBarMessage } = vi.hoisted(() => ({ executeCommand: vi.fn(), setStatusBarMessage: vi.fn() }));
vi.mock("vscode", () => ({
  commands: { executeCommand },
  window: { setStatusBarMessage },
  workspace: { asRelativePath: (uri: string) => uri.replace("file:///w/", "") },
  Uri: { parse: (text: string) => text, from: ({ authority }: { authority: string }) => authority },
}));

import type { Hunk } from "../src/protocol";
import { openChange } from "../src/review/opening";
import type { Session } from "../src/session";
import { Reviews } from "../src/state/reviews";

const ENCODED = "file:///w/a%20b.py";
const hunk = (review: "open" | "accepted"): Hunk => {
  const at = { hunkId: "h", oldStart: 2, oldLines: 1, newStart: 2, newLines: 1 };
  return { ...at, oldText: "old\n", newText: "new\n", state: "applied", review };
};
/** A session in which a run has changed two files. */
function session(review: "open" | "accepted"): Session {
  const reviews = new Reviews();
  const files = ["file:///w/a b.py", "file:///w/other.py"].map((uri) => {
    const path = uri.replace("file:///w/", "");
    const change = { runId: "r", changeId: path, path, uri, state: "applied" as const, hunks: [hunk(review)] };
    return { path, uri, open: 1, changes: [change] };
  });
  reviews.replace({ files });
  return { reviews } as unknown as Session;
}

beforeEach(() => vi.clearAllMocks());

describe("a change of a run", () => {
  it("is opened alone, as its review, while it waits", async () => {
    await openChange(session("open"), "r", ENCODED);
    expect(executeCommand.mock.calls).toEqual([["vscode.diff", "before", "file:///w/a b.py", "a b.py (Review)"]]);
  });

  it.each([
    ["after its review", session("accepted"), "r"],
    ["where another run's waits", session("open"), "another"],
  ])("is shown as what the run made of the file %s", async (_when, of, runId) => {
    await openChange(of, runId, ENCODED);
    const target = { kind: "file", runId, uri: ENCODED, path: "a%20b.py" };
    expect(executeCommand.mock.calls).toEqual([["coterie.run.showChange", { target }]]);
    expect(setStatusBarMessage).not.toHaveBeenCalled();
  });
});
