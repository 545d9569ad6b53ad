import { describe, expect, it } from "vitest";
import { type Edit, Tracker } from "../src/suggestions/tracker";

const offered = { suggestionId: "s", document: "a.py", offset: 10, text: "return a + b", reached: 0 };
const at = (offset: number, text: string, removed = 0): Edit => ({ offset, removed, text });

/** Returns what each change told, after the suggestion was offered. */
function told(...changes: Edit[][]) {
  const tracker = new Tracker();
  tracker.offer([offered]);
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
    tracker.offer([offered]);
    tracker.edited("a.py", [at(10, "return")]);
    tracker.offer([{ ...offered, offset: 16, text: " a + b" }]);
    expect(tracker.edited("a.py", [at(16, " a")])).toEqual({ suggestionId: "s", length: 8 });
  });

  it("is counted with what of it stood there before", () => {
    const tracker = new Tracker();
    tracker.offer([{ ...offered, reached: 3 }]);
    expect(tracker.edited("a.py", [at(10, "urn")])?.length).toBe(6);
  });

  it("is counted in the suggestion's own line ends, and looked for in the document's", () => {
    const tracker = new Tracker();
    tracker.offer([{ ...offered, text: "a = 1\n    b = 2" }]);
    expect(tracker.edited("a.py", [at(10, "a = 1\r\n")])?.length).toBe(6);
    expect(tracker.edited("a.py", [at(17, "    b")])?.length).toBe(11);
  });

  it("is counted in UTF-16 units", () => {
    const tracker = new Tracker();
    tracker.offer([{ ...offered, text: "🎈🎈 up" }]);
    expect(tracker.edited("a.py", [at(10, "🎈")])).toBeUndefined();
    expect(tracker.edited("a.py", [at(12, "🎈 ")])?.length).toBe(5);
  });

  it("is counted where its place is now", () => {
    const tracker = new Tracker();
    tracker.offer([offered]);
    tracker.offer([{ ...offered, offset: 30 }]);
    expect(tracker.edited("a.py", [at(30, "return")])?.length).toBe(6);
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
    tracker.offer([{ ...offered, text: "()" }]);
    expect(tracker.edited("a.py", [at(10, "()")])).toBeUndefined();
    tracker.offer([{ ...offered, text: "().x" }]);
    expect(tracker.edited("a.py", [at(10, "()")])).toBeUndefined();
  });

  it("is no longer told after something else was written", () => {
    expect(told([at(3, "x")], [at(10, "return")])).toEqual([undefined, undefined]);
  });

  it("is told of its own document alone", () => {
    const tracker = new Tracker();
    tracker.offer([offered]);
    expect(tracker.edited("b.py", [at(10, "return")])).toBeUndefined();
    expect(tracker.edited("a.py", [at(10, "return")])).toEqual({ suggestionId: "s", length: 6 });
  });
});

describe("a part of one of several choices", () => {
  const another = { ...offered, suggestionId: "t", text: "return sum" };

  it("was taken of the one that goes on so", () => {
    const tracker = new Tracker();
    tracker.offer([offered, another]);
    expect(tracker.edited("a.py", [at(10, "return")])).toEqual({ suggestionId: "s", length: 6 });
    expect(tracker.edited("a.py", [at(16, " sum")])).toBeUndefined();
    tracker.offer([offered, { ...another, text: "raise sum" }]);
    expect(tracker.edited("a.py", [at(10, "raise")])).toEqual({ suggestionId: "t", length: 5 });
  });

  it("is counted on for each of those that are left", () => {
    const tracker = new Tracker();
    tracker.offer([offered, { ...another, text: "raise sum" }]);
    tracker.edited("a.py", [at(10, "raise")]);
    tracker.offer([
      { ...another, offset: 15, text: " sum" },
      { ...offered, suggestionId: "u", offset: 15, text: " a" },
    ]);
    expect(tracker.edited("a.py", [at(15, " s")])).toEqual({ suggestionId: "t", length: 7 });
  });

  it("was not taken where another one is whole by it", () => {
    const tracker = new Tracker();
    tracker.offer([
      { ...offered, text: "alpha()\nbeta()" },
      { ...another, text: "alpha()" },
    ]);
    expect(tracker.edited("a.py", [at(10, "alpha()")])).toBeUndefined();
    expect(tracker.edited("a.py", [at(17, "\nbeta")])).toEqual({ suggestionId: "s", length: 12 });
  });
});
