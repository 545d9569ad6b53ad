import { describe, expect, it } from "vitest";
import { outcomeWords, proposalOf, sizedWords, unmovedText } from "../src/approvals/proposal";
import type { ChangeEvent, Hunk } from "../src/protocol";
import { moveIn } from "../src/state/moves";

const hunk = (oldLines: number, newLines: number, more: Partial<Hunk> = {}): Hunk => ({
  hunkId: "h",
  oldStart: 1,
  oldLines,
  newStart: 1,
  newLines,
  oldText: "x\n".repeat(oldLines),
  newText: "y\n".repeat(newLines),
  state: "proposed",
  review: "open",
  ...more,
});
const change = (path: string, ...hunks: Hunk[]): ChangeEvent => ({
  kind: "change",
  changeId: path,
  path,
  uri: `file:///w/${path}`,
  state: "proposed",
  hunks,
});

describe("the edit that a question is about", () => {
  it.each([
    ["edit_file calc.py", [change("calc.py", hunk(1, 2), hunk(2, 0))], "Edit calc.py (+2 −3)"],
    ["write_file notes.md", [change("notes.md", hunk(0, 4))], "Write notes.md (+4 −0)"],
    ["write_file notes.md", [{ ...change("notes.md", hunk(0, 4)), what: "made" as const }], "Create notes.md (+4 −0)"],
    ["delete_file old.py", [change("old.py", hunk(3, 0))], "Delete old.py (+0 −3)"],
    ["move_file a.py to b.py", [change("b.py", hunk(0, 9)), change("a.py", hunk(9, 0, { oldText: "y\n".repeat(9) }))], "Move a.py to b.py"],
    ["What the worker did", [change("a.py", hunk(1, 1)), change("b.py", hunk(1, 1)), change("c.py", hunk(0, 1))], "Edit 3 files (+3 −2)"],
    [
      "What the worker did",
      [change("a.py", hunk(1, 1)), change("old.py", hunk(2, 0)), change("new.py", hunk(0, 2, { newText: "x\nx\n" }))],
      "Edit 2 files (+3 −3)",
    ],
    ["write_file empty.py", [change("empty.py", hunk(0, 0))], "Write empty.py"],
  ])("is said in words: %s", (title, changes, words) => {
    const proposal = proposalOf({ title }, changes);
    expect(proposal && sizedWords(proposal)).toBe(words);
  });

  it("is as large as what is left of it to be decided, and then as all of it", () => {
    const size = (...hunks: Hunk[]) => {
      const proposal = proposalOf({ title: "edit_file calc.py" }, [change("calc.py", ...hunks)]);
      return proposal && sizedWords(proposal);
    };
    const rejected = hunk(1, 1, { state: "rejected", review: "rejected" });
    expect(size(rejected, hunk(0, 3))).toBe("Edit calc.py (+3 −0)");
    expect(size(rejected, hunk(0, 3, { state: "applied", review: "accepted" }))).toBe("Edit calc.py (+4 −1)");
  });

  it("is none where nothing is known of a change", () => {
    expect(proposalOf({ title: "execute_command touch made" }, [])).toBeUndefined();
  });

  it.each([
    ["proposed", undefined],
    ["applied", undefined],
    ["rejected", "y\n"],
    ["undone", "y\n"],
  ] as const)("still has the text of its new place to show where it is a move that is %s", (state, text) => {
    const made = change("b.py", hunk(0, 1, { state }));
    expect(unmovedText([change("a.py", hunk(1, 0, { oldText: "y\n", state })), made])).toBe(text);
    expect(unmovedText([made])).toBeUndefined();
  });

  it("is no move where two files are edited", () => {
    expect(moveIn([change("a.py", hunk(1, 1)), change("b.py", hunk(0, 1))])).toBeUndefined();
    expect(moveIn([change("a.py", hunk(1, 0)), change("b.py", hunk(0, 1))])).toBeUndefined();
    expect(moveIn([change("a.py", hunk(1, 0, { oldText: "y\n" })), change("a.py", hunk(0, 1))])).toBeUndefined();
  });

  it.each([
    [["proposed", "applied"], undefined],
    [["applied", "applied"], "Applied"],
    [["rejected", "applied"], "1 of 2 changes applied"],
    [["rejected", "rejected"], "Not applied"],
    [["undone", "rejected"], "Taken back"],
  ] as const)("says what became of it: %j", (states, words) => {
    const hunks = states.map((state) => hunk(1, 1, { state, review: state === "proposed" ? "open" : "accepted" }));
    const proposal = proposalOf({ title: "edit_file calc.py" }, [change("calc.py", ...hunks)]);
    expect(proposal && outcomeWords(proposal)).toBe(words);
  });
});
