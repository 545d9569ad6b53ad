import { beforeEach, describe, expect, it, vi } from "vitest";

const { Uri, window, openProposal } = vi.hoisted(() => {
  class Uri {
    readonly scheme: string;
    readonly authority: string;
    constructor(readonly text: string) {
      [this.scheme = "", this.authority = ""] = text.split(/:\/\/|\//);
    }
    static parse(text: string): Uri {
      return new Uri(text);
    }
    toString(): string {
      return this.text;
    }
  }
  const window = { activeTextEditor: undefined as unknown, setStatusBarMessage: vi.fn(), showWarningMessage: vi.fn() };
  return { Uri, window, openProposal: vi.fn() };
});
vi.mock("vscode", () => ({
  Uri,
  window,
  workspace: { textDocuments: [] },
  commands: {},
  Range: class {},
  Selection: class {},
  TextEditorRevealType: {},
}));
vi.mock("../src/review/proposals", () => ({ openProposal }));

import type { Hunk } from "../src/protocol";
import { decideAll, decideOne, decideWhole } from "../src/review/deciding";
import type { Placed } from "../src/review/places";
import type { Reviewing } from "../src/review/reviewing";
import { type OpenHunk, placedHunks } from "../src/state/reviews";

const FILE = new Uri("file:///w/a.py");
const DIFF = new Uri("coterie-review://proposed/w/a.py");
const hunk = (hunkId: string, oldStart: number, state: "applied" | "proposed"): Hunk => {
  const at = { oldStart, oldLines: 1, newStart: oldStart, newLines: 1 };
  return { hunkId, ...at, oldText: "old\n", newText: "new\n", state, review: "open" };
};
const inFile = hunk("in the file", 3, "applied");
const only = hunk("only proposed", 9, "proposed");

/** An editor with the cursor at a line, a review of hunks, and what was decided in it. */
function stage(uri: InstanceType<typeof Uri>, line: number, ...hunks: Hunk[]) {
  return stageOf(uri, line, placedHunks({ runId: "r", changeId: "c", path: "a.py", hunks }));
}

function stageOf(uri: InstanceType<typeof Uri>, line: number, open: readonly OpenHunk[]) {
  const places = open.map((each): Placed => ({ open: each, start: each.start, lines: 1 }));
  const decided: string[] = [];
  const reviewing = {
    session: { reviews: { files: () => [{ path: "a.py", uri: FILE.text, hunks: open, decided: 0 }], count: () => open.length } },
    placesIn: () => places,
    openIn: () => open,
    decide: async (verdict: string, given: readonly OpenHunk[]) => {
      decided.push(...given.map((each) => `${verdict} ${each.hunk.hunkId}`));
    },
  } as unknown as Reviewing;
  window.activeTextEditor = {
    document: { uri },
    selection: { active: { line } },
    visibleRanges: [],
    viewColumn: 1,
    revealRange: () => undefined,
  };
  const row = { target: { file: { uri: FILE.text, hunks: open } } } as unknown as Parameters<typeof decideWhole>[2];
  return { reviewing, decided, row };
}

beforeEach(() => vi.clearAllMocks());

describe("a key decides", () => {
  it("about the change at the cursor", async () => {
    const { reviewing, decided } = stage(FILE, 2, inFile, only);
    await decideOne(reviewing, "reject", undefined);
    expect(decided).toEqual(["reject in the file"]);
  });

  it("about none from further away, and says so", async () => {
    const { reviewing, decided } = stage(FILE, 20, inFile);
    await decideOne(reviewing, "reject", undefined);
    expect(decided).toEqual([]);
    expect(window.setStatusBarMessage).toHaveBeenCalledWith(expect.stringContaining("Once more to reject it"), expect.anything());
  });

  it.each(["accept", "reject"] as const)("to %s what is proposed only in its diff, and from the file goes there", async (verdict) => {
    const file = stage(FILE, 8, inFile, only);
    await decideOne(file.reviewing, verdict, undefined);
    expect(file.decided).toEqual([]);
    expect(openProposal).toHaveBeenCalledWith(file.reviewing, "r", ["c"]);
    const diff = stage(DIFF, 8, inFile, only);
    await decideOne(diff.reviewing, verdict, undefined);
    expect(diff.decided).toEqual([`${verdict} only proposed`]);
  });
});

describe("all of a file", () => {
  it.each([
    ["applied in the file", FILE, [inFile]],
    ["proposed in its diff", DIFF, [only]],
    ["both in its diff", DIFF, [inFile, only]],
  ] as const)("is accepted at once where it is %s", async (_words, uri, hunks) => {
    const { reviewing, decided } = stage(uri, 0, ...hunks);
    await decideWhole(reviewing, "accept", undefined);
    expect(decided).toHaveLength(hunks.length);
    expect(window.showWarningMessage).not.toHaveBeenCalled();
  });

  it.each([
    ["in the file", [inFile, only], false],
    ["in the file, which has nothing else", [only], false],
    ["from a row that says Accept", [inFile, only], true],
  ] as const)("is not written unasked where some is only proposed, %s", async (_words, hunks, byRow) => {
    const { reviewing, decided, row } = stage(FILE, 0, ...hunks);
    const about = byRow ? row : undefined;
    await decideWhole(reviewing, "accept", about);
    expect(decided).toEqual([]);
    window.showWarningMessage.mockImplementationOnce(async (_what, _options, yes) => yes);
    await decideWhole(reviewing, "accept", about);
    expect(decided).toHaveLength(hunks.length);
  });

  it("is taken at its word from a row that says Apply, and where it is rejected", async () => {
    const applied = stage(FILE, 0, only);
    await decideWhole(applied.reviewing, "accept", applied.row);
    const rejected = stage(FILE, 0, inFile, only);
    await decideWhole(rejected.reviewing, "reject", undefined);
    expect([...applied.decided, ...rejected.decided]).toHaveLength(3);
    expect(window.showWarningMessage).not.toHaveBeenCalled();
  });
});

it("asks about all changes of all files", async () => {
  const { reviewing, decided } = stage(FILE, 0, inFile, only);
  await decideAll(reviewing, "accept");
  expect(decided).toEqual([]);
  const [what, options] = window.showWarningMessage.mock.lastCall ?? [];
  expect([what, options.detail]).toEqual(["Accept all 2 changes?", expect.stringContaining("1 change only proposed")]);
});

describe("what may be somebody else's", () => {
  const of = (changeId: string, what: "made" | "changed", unsure: string | null, given: Hunk): readonly OpenHunk[] =>
    placedHunks({ runId: "r", changeId, path: `${changeId}.py`, hunks: [given], unsure, what });
  const theirs = of("theirs", "made", "It is older than the command.", { ...inFile, hunkId: "theirs" });
  const ours = of("ours", "changed", null, { ...inFile, hunkId: "ours" });
  const answer = (label: string | undefined) => window.showWarningMessage.mockImplementationOnce(async () => label);

  it.each([
    ["at the cursor", undefined],
    ["of a row", "theirs"],
  ])("is rejected once it was said why, and what becomes of its file: %s", async (_where, about) => {
    const { reviewing, decided } = stageOf(FILE, 2, theirs);
    answer(undefined);
    await decideOne(reviewing, "reject", about);
    expect(decided).toEqual([]);
    answer("Reject");
    await decideOne(reviewing, "reject", about);
    expect(decided).toEqual(["reject theirs"]);
    expect(window.showWarningMessage.mock.lastCall).toEqual([
      "Reject the change?",
      { modal: true, detail: "It may not be the agent's.\n\ntheirs.py: It is older than the command. Taking it back removes the file." },
      "Reject",
    ]);
  });

  it.each([
    ["Reject All", ["reject theirs", "reject ours"]],
    ["Reject the Others", ["reject ours"]],
    [undefined, []],
  ])("can be left out where all is rejected: %s", async (label, wanted) => {
    const { reviewing, decided } = stageOf(FILE, 0, [...theirs, ...ours]);
    answer(label);
    await decideAll(reviewing, "reject");
    expect(decided).toEqual(wanted);
    const [what, options, ...labels] = window.showWarningMessage.mock.lastCall ?? [];
    expect([what, options.detail.split("\n")[0], labels]).toEqual([
      "Reject all 2 changes?",
      "Some of it may not be the agent's.",
      ["Reject All", "Reject the Others"],
    ]);
  });

  it("is accepted like any other, since nothing happens to its file", async () => {
    const { reviewing, decided, row } = stageOf(FILE, 0, [...theirs, ...ours]);
    await decideWhole(reviewing, "accept", row);
    expect(decided).toEqual(["accept theirs", "accept ours"]);
    expect(window.showWarningMessage).not.toHaveBeenCalled();
  });
});
