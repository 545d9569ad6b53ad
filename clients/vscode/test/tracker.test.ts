import { describe, expect, it } from "vitest";
import { type Edit, Tracker } from "../src/suggestions/tracker";

const offered = { suggestionId: "s", document: "a.py", offset: 10, text: "return a + b" };
const at = (offset: number, text: string, removed = 0): Edit => ({ offset, removed, text });

/** Returns what each change told, after the suggestion was offered. */
function told(...changes: Edit[][]) {
  const tracker = new Tracker();
  tracker.offer(offered);
  return changes.map((edits) => tracker.edited("a.py", edits)?.length);
}

describe("a part of a suggestion", () => {
  it("was taken when how it begins appears at its place", () => {
    expect(told([at(10, "return")])).toEqual([6]);
  });

  it("is counted from the start of the suggestion", () => {
    expect(told([at(10, "return")], [at(16, " a")])).toEqual([6, 8]);
  });

  it("is counted with what was typed before it", () => {
    expect(told([at(10, "r")], [at(11, "eturn")])).toEqual([undefined, 6]);
  });

  it("is counted on when the rest of the suggestion is offered again under its id", () => {
    const tracker = new Tracker();
    tracker.offer(offered);
    tracker.edited("a.py", [at(10, "return")]);
    tracker.offer({ ...offered, offset: 16, text: " a + b" });
    expect(tracker.edited("a.py", [at(16, " a")])).toEqual({ suggestionId: "s", length: 8 });
  });

  it.each([
    ["typed, one character after the other", [[at(10, "r")], [at(11, "e")]]],
    ["another text", [[at(10, "raise")]]],
    ["at another place", [[at(9, "return")]]],
    ["in place of something", [[at(10, "return", 2)]]],
    ["at several places at once", [[at(10, "return"), at(40, "return")]]],
    ["nothing but a deletion", [[at(10, "", 1)]]],
    ["the whole of it, which its command tells", [[at(10, "return a + b")]]],
  ])("was not taken by what is %s", (_what, changes) => {
    expect(told(...changes).every((length) => length === undefined)).toBe(true);
  });

  it("was not taken by a bracket that the editor closes", () => {
    const tracker = new Tracker();
    tracker.offer({ ...offered, text: "()" });
    expect(tracker.edited("a.py", [at(10, "()")])).toBeUndefined();
    tracker.offer({ ...offered, text: "().x" });
    expect(tracker.edited("a.py", [at(10, "()")])).toBeUndefined();
  });

  it("is no longer told after something else was written", () => {
    expect(told([at(3, "x")], [at(10, "return")])).toEqual([undefined, undefined]);
  });

  it("is told of its own document alone", () => {
    const tracker = new Tracker();
    tracker.offer(offered);
    expect(tracker.edited("b.py", [at(10, "return")])).toBeUndefined();
    expect(tracker.edited("a.py", [at(10, "return")])).toEqual({ suggestionId: "s", length: 6 });
  });
});
