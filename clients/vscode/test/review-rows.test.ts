import { describe, expect, it } from "vitest";
import type { Hunk, ReviewedChange } from "../src/protocol";
import { type Reviewed, reviewRows } from "../src/review/rows";
import { Forest } from "../src/runs/forest";
import { Reviews } from "../src/state/reviews";

const hunk = (hunkId: string, more: Partial<Hunk> = {}): Hunk => ({
  hunkId,
  oldStart: 1,
  oldLines: 1,
  newStart: 1,
  newLines: 1,
  oldText: "old\n",
  newText: "new\n",
  state: "applied",
  review: "open",
  ...more,
});
const change = (path: string, ...hunks: Hunk[]): ReviewedChange => ({
  runId: "r",
  changeId: `change of ${path}`,
  path,
  uri: `file:///w/${path}`,
  state: "applied",
  hunks,
});

describe("the list of what waits for review", () => {
  const reviews = (...changes: ReviewedChange[]): Reviews => {
    const made = new Reviews();
    made.replace({
      files: changes.map(({ path, uri, hunks, ...of }) => ({ path, uri, open: hunks.length, changes: [{ path, uri, hunks, ...of }] })),
    });
    return made;
  };
  const tell = (told: Reviews, { runId, ...event }: ReviewedChange): void =>
    told.hear({ seq: 2, at: "2026-01-01T00:00:00Z", runId, channelId: "c", event: { kind: "change", ...event } });

  it("says of each file and hunk what it is, and what can be done with it", () => {
    const proposed = hunk("3", { state: "proposed", oldLines: 0, oldText: "" });
    const rows = reviewRows(
      reviews(change("src/calc.py", hunk("1"), hunk("2", { review: "accepted" })), change("new.py", proposed)).files(),
    );
    expect(rows).toMatchObject([
      { label: "new.py", description: "proposed · 0 of 1", context: "reviewFile.proposed" },
      { label: "calc.py", description: "src · 1 of 2", context: "reviewFile", resource: "file:///w/src/calc.py" },
    ]);
    expect(rows.flatMap((row) => row.children ?? [])).toMatchObject([
      { id: "3", description: "+1 −0", icon: { name: "diff-added" }, context: "reviewHunk.proposed", tooltip: "+ new" },
      { id: "1", description: "+1 −1", icon: { name: "diff-modified" }, context: "reviewHunk", tooltip: "− old\n+ new" },
    ]);
  });

  it("says in which folder a file is that has a namesake in another one", () => {
    const at = (root: string, path: string): ReviewedChange => ({
      ...change(path, hunk(`of ${root}`)),
      changeId: root + path,
      uri: `file:///${root}/${path}`,
    });
    const told = (...roots: string[]): unknown[] =>
      reviewRows(reviews(...roots.map((root) => at(root, "app/main.py")), at("w/client", "b.py")).files()).map((row) => [
        row.label,
        row.description,
        row.tooltip,
      ]);
    expect(told("w/my%20client", "w/server")).toEqual([
      ["main.py", "my client/app · 0 of 1", "my client/app/main.py: 0 of 1 change reviewed"],
      ["main.py", "server/app · 0 of 1", "server/app/main.py: 0 of 1 change reviewed"],
      ["b.py", "0 of 1", "b.py: 0 of 1 change reviewed"],
    ]);
    const shops = told("w/one/shop", "w/two/shop").slice(0, 2);
    expect(shops).toMatchObject([
      { 0: "main.py", 1: "/w/one/shop/app · 0 of 1" },
      { 0: "main.py", 1: "/w/two/shop/app · 0 of 1" },
    ]);
  });

  it("says what may be somebody else's, and why", () => {
    const unsure = "It is older than the command.";
    const theirs = { ...change("a.py", hunk("1")), unsure };
    const mixed = { ...change("b.py", hunk("2")), changeId: "other", unsure };
    const [all, some, none] = reviewRows(reviews(theirs, change("b.py", hunk("3")), mixed, change("c.py", hunk("4"))).files());
    expect([all?.description, some?.description, none?.description]).toEqual([
      "maybe not the agent's · 0 of 1",
      "partly maybe not the agent's · 0 of 2",
      "0 of 1",
    ]);
    expect(all?.tooltip).toBe(`a.py: 0 of 1 change reviewed\n\nMaybe not the agent's: ${unsure}`);
    expect(all?.children).toMatchObject([
      {
        description: "maybe not the agent's · +1 −1",
        icon: { name: "question" },
        tooltip: `Maybe not the agent's: ${unsure}\n\n− old\n+ new`,
      },
    ]);
    expect(some?.children?.map(({ icon }) => icon?.name)).toEqual(["diff-modified", "question"]);
  });

  it("says of both places of a file that was moved which the other is", () => {
    const gone = change("a.py", hunk("1", { newLines: 0, newText: "" }));
    const made = change("b.py", hunk("2", { oldLines: 0, oldText: "", newText: "old\n" }));
    const moved = reviews(made, gone);
    expect(reviewRows(moved.files(), moved.moves()).map(({ description }) => description)).toEqual([
      "moved to b.py · 0 of 1",
      "moved from a.py · 0 of 1",
    ]);
  });

  it("is drawn anew where a hunk was decided, and nowhere else", () => {
    const told = reviews(change("a.py", hunk("1"), hunk("2")), change("b.py", hunk("3")), change("c.py", hunk("4")));
    const forest = new Forest<Reviewed>();
    forest.update(reviewRows(told.files()));
    const [first, second] = forest.roots;
    tell(told, change("a.py", hunk("1", { review: "accepted" }), hunk("2")));
    expect(forest.update(reviewRows(told.files()))).toEqual([first]);
    expect(first?.children?.map((node) => node.target.open?.hunk.hunkId)).toEqual(["2"]);
    expect(forest.roots[1]).toBe(second);
    expect(forest.update(reviewRows(told.files()))).toEqual([]);
    tell(told, change("b.py", hunk("3", { review: "accepted" })));
    expect(forest.update(reviewRows(told.files()))).toBeUndefined();
  });
});
