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
import { sidesOf } from "../src/review/sides";
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

describe("the diff of a file", () => {
  const sides = (what: "made" | "changed" | "deleted", oldLines: number, newLines: number) => {
    const reviews = new Reviews();
    const uri = "file:///w/a.py";
    const first = { ...hunk("open"), oldStart: 1, newStart: 1, oldLines, newLines };
    const change = { runId: "r", changeId: "c", path: "a.py", uri, state: "applied" as const, hunks: [first], what };
    reviews.replace({ files: [{ path: "a.py", uri, open: 1, changes: [change] }] });
    const [file] = reviews.files();
    return file && sidesOf(file);
  };
  const file = "file:///w/a.py";

  it.each([
    ["has a line more at its beginning", "changed", 0, 1, { left: "before", right: file }],
    ["has lost its first line", "changed", 1, 0, { left: "before", right: file }],
    ["was not there before", "made", 0, 1, { left: undefined, right: file }],
    ["is not there any more", "deleted", 1, 0, { left: "before", right: undefined }],
  ] as const)("has the sides that there are, where it %s", (_how, what, oldLines, newLines, expected) => {
    expect(sides(what, oldLines, newLines)).toEqual({ file, ...expected });
  });
});
