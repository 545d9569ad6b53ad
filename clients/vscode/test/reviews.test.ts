import { describe, expect, it } from "vitest";
import type { AgentEvent, Hunk } from "../src/protocol";
import { linesOf, meantAt, neighbour, placesOf, shifted, withoutApplied, withProposed } from "../src/review/places";
import { type OpenHunk, placedHunks, Reviews } from "../src/state/reviews";
import { uriKey } from "../src/state/uris";

const hunk = (id: string, at: number, oldText: string, newText: string, more: Partial<Hunk> = {}): Hunk => ({
  hunkId: id,
  oldStart: at,
  oldLines: linesOf(oldText).length,
  newStart: at,
  newLines: linesOf(newText).length,
  oldText,
  newText,
  state: "applied",
  review: "open",
  ...more,
});
const placed = (...hunks: Hunk[]): readonly OpenHunk[] => placedHunks({ runId: "r", changeId: "c", path: "a.py", hunks });
/** Each hunk in a change of its own. */
const open = (given: Hunk): OpenHunk => {
  const [only] = placed(given);
  if (only === undefined) {
    throw new Error("there is no hunk");
  }
  return only;
};
const lines = (text: string) => linesOf(text);

describe("where hunks stand", () => {
  it.each([
    ["where it was put", "a\nNEW\nb\n", 1],
    ["below what a person wrote above it", "x\ny\na\nNEW\nb\n", 3],
    ["at the nearest of several", "NEW\na\nNEW\nb\n", 0],
    ["where it was, when its own lines were rewritten", "a\nNEWER\nb\n", 1],
  ])("is %s", (_words, text, expected) => {
    const [place] = placesOf(lines(text), [open(hunk("h", 2, "old\n", "NEW\n"))]);
    expect(place?.start).toBe(expected);
  });

  it("is that of the new lines where a proposal is shown as if it were there, and of the old ones where it is not", () => {
    const hunks = placed(
      hunk("h", 2, "old\n", "NEW\nTOO\n", { state: "proposed" }),
      hunk("i", 3, "", "END\n", { state: "proposed", newStart: 4 }),
    );
    expect(placesOf(lines("a\nold\nb\n"), hunks.slice(0, 1))).toMatchObject([{ start: 1, lines: 1 }]);
    expect(placesOf(lines("a\nNEW\nTOO\nEND\nb\n"), hunks, [], "proposed")).toMatchObject([
      { start: 1, lines: 2 },
      { start: 3, lines: 1 },
    ]);
    expect(placesOf(lines("a\nold\nb\n"), hunks, [], "before")).toMatchObject([
      { start: 1, lines: 1 },
      { start: 2, lines: 0 },
    ]);
  });

  it("follows typing inside of a hunk, which has no other lines to be found by", () => {
    const known = placesOf(lines("a\nNEW\nTOO\nb\n"), [open(hunk("h", 2, "", "NEW\nTOO\n"))]);
    const typed = shifted(known, { from: 1, to: 1, now: 3 });
    expect(placesOf(lines("a\nNEW\nmine\nmine\nTOO\nb\n"), [open(hunk("h", 2, "", "NEW\nTOO\n"))], typed)).toMatchObject([
      { start: 1, lines: 4 },
    ]);
  });

  it.each([
    ["above", { from: 0, to: 0, now: 3 }, 7, 2],
    ["below", { from: 9, to: 9, now: 3 }, 5, 2],
    ["over it", { from: 4, to: 7, now: 1 }, 4, 0],
  ])("is moved by edits %s", (_where, edit, start, count) => {
    expect(shifted([{ open: open(hunk("h", 6, "", "x\ny\n")), start: 5, lines: 2 }], edit)).toMatchObject([{ start, lines: count }]);
  });

  it("goes from one to the next, and at the end to the first", () => {
    const places = placesOf(lines("a\nA\nb\nc\nC\n"), [open(hunk("1", 2, "", "A\n")), open(hunk("2", 5, "", "C\n"))]);
    const go = (line: number, back: boolean) => neighbour(places, line, back)?.open.hunk.hunkId;
    expect([go(0, false), go(1, false), go(4, false), go(4, true), go(1, true)]).toEqual(["1", "2", "1", "1", "2"]);
  });

  const several = [
    { open: open(hunk("1", 5, "", "A\nB\n")), start: 4, lines: 2 },
    { open: open(hunk("2", 8, "", "C\n")), start: 7, lines: 1 },
    { open: open(hunk("2b", 10, "", "D\n")), start: 9, lines: 1 },
    { open: open(hunk("3", 13, "gone\n", "")), start: 12, lines: 0 },
  ];
  const at = (line: number) => {
    const meant = meantAt(several, line);
    return [meant?.place.open.hunk.hunkId, meant?.sure];
  };

  it.each([
    ["holds it", 4, "1", true],
    ["is the only one beside it, above", 10, "2b", true],
    ["is the only one beside it, below", 3, "1", true],
    ["took lines away there", 12, "3", true],
  ])("means the one at the cursor that %s", (_words, line, id, sure) => {
    expect(at(line)).toEqual([id, sure]);
  });

  it.each([
    ["far below all of them", 40, "3"],
    ["far above all of them", 0, "1"],
    ["one line too far away", 2, "1"],
    ["between two, each beside it", 8, "2"],
  ])("means none for sure with the cursor %s, though one is the nearest", (_words, line, id) => {
    expect(at(line)).toEqual([id, false]);
  });
});

describe("the text without what is open", () => {
  it.each([
    [
      "a changed line",
      "def add(a, b):\n    return a + b\n",
      [hunk("h", 2, "    return a - b\n", "    return a + b\n")],
      "def add(a, b):\n    return a - b\n",
    ],
    ["added lines, with words of the person around", "mine\nx\nNEW\ny\n", [hunk("h", 2, "", "NEW\n")], "mine\nx\ny\n"],
    ["lines taken away", "a\nc\n", [hunk("h", 2, "b\n", "")], "a\nb\nc\n"],
    ["the end of the file", "a\n", [hunk("h", 2, "b", "")], "a\nb"],
    ["a whole new file", "a\nb\n", [hunk("h", 1, "", "a\nb\n")], ""],
    ["a later change of the same line", "3\n", [hunk("1", 1, "1\n", "2\n"), hunk("2", 1, "2\n", "3\n")], "1\n"],
    ["lines that end as on Windows", "a\r\nNEW\r\n", [hunk("h", 2, "old\r\n", "NEW\r\n")], "a\r\nold\r\n"],
    ["what a person has rewritten: it stays", "a\nMINE\n", [hunk("h", 2, "old\n", "NEW\n")], "a\nMINE\n"],
  ])("has %s taken back", (_what, text, hunks, expected) => {
    expect(withoutApplied(text, hunks.map(open))).toBe(expected);
  });

  it("has a proposal only on the other side", () => {
    const proposed = open(hunk("h", 2, "b\n", "B\n", { state: "proposed" }));
    expect(withoutApplied("a\nb\n", [proposed])).toBe("a\nb\n");
    expect(withProposed("a\nb\n", [proposed])).toBe("a\nB\n");
  });

  // One line becomes three, one comes and one goes: whatever of it was decided, the sides are what it was and what it would be.
  it.each([
    ["nothing", ["proposed", "proposed", "proposed"], "a\nb\nc\nd\n", "A\nA\nA\nb\nNEW\nc\n"],
    ["the first one is applied", ["applied", "proposed", "proposed"], "A\nA\nA\nb\nc\nd\n", "A\nA\nA\nb\nNEW\nc\n"],
    ["the first one is rejected", ["rejected", "proposed", "proposed"], "a\nb\nc\nd\n", "a\nb\nNEW\nc\n"],
    ["all but the one between are", ["applied", "proposed", "applied"], "A\nA\nA\nb\nc\n", "A\nA\nA\nb\nNEW\nc\n"],
    ["all, one each way", ["applied", "rejected", "applied"], "A\nA\nA\nb\nc\n", "A\nA\nA\nb\nc\n"],
    ["all of it is applied", ["applied", "applied", "applied"], "A\nA\nA\nb\nNEW\nc\n", "A\nA\nA\nb\nNEW\nc\n"],
  ] as const)("is that of a proposal when %s", (_decided, states, text, proposed) => {
    const hunks = placed(
      hunk("1", 1, "a\n", "A\nA\nA\n", { state: states[0] }),
      hunk("2", 3, "", "NEW\n", { state: states[1] }),
      hunk("3", 4, "d\n", "", { state: states[2] }),
    );
    expect([withoutApplied(text, hunks), withProposed(text, hunks)]).toEqual(["a\nb\nc\nd\n", proposed]);
    const waiting = hunks.filter((each) => each.hunk.state === "proposed");
    const inserted = placesOf(lines(proposed), waiting, [], "proposed").find((place) => place.open.hunk.hunkId === "2");
    expect(inserted?.start).toBe(waiting.length > 0 && states[1] === "proposed" ? linesOf(proposed).indexOf("NEW") : undefined);
  });
});

const told = (changeId: string, hunks: Hunk[]): AgentEvent => ({
  seq: 1,
  at: "2026-01-01T00:00:00Z",
  runId: "r",
  channelId: "c",
  event: { kind: "change", changeId, path: `${changeId}.py`, uri: `file:///w/${changeId}.py`, state: "applied", hunks },
});

describe("reviews", () => {
  it("counts what is decided until nothing is open, and then begins anew", () => {
    const reviews = new Reviews();
    const finished: number[] = [];
    reviews.finished.on((count) => finished.push(count));
    const [one, two] = [hunk("1", 1, "", "x\n"), hunk("2", 5, "", "y\n")];
    reviews.hear(told("a", [one, two]));
    reviews.hear(told("b", [hunk("3", 1, "", "z\n", { review: "accepted" })]));
    expect(reviews.progress()).toEqual({ decided: 0, total: 2 });
    reviews.hear(told("a", [one, { ...two, review: "rejected", state: "rejected" }]));
    expect(reviews.progress()).toEqual({ decided: 1, total: 2 });
    expect(reviews.file("file:///w/a.py")?.hunks.map(({ hunk: each }) => each.hunkId)).toEqual(["1"]);
    reviews.hear(
      told("a", [
        { ...one, review: "accepted" },
        { ...two, review: "rejected", state: "rejected" },
      ]),
    );
    expect([reviews.files(), finished, reviews.progress()]).toEqual([[], [2], { decided: 0, total: 0 }]);
  });

  it("counts a file that was moved once, and as decided when both of its places are", () => {
    const reviews = new Reviews();
    const finished: number[] = [];
    reviews.finished.on((count) => finished.push(count));
    const [made, gone, other] = [hunk("m", 1, "", "a\nb\n"), hunk("g", 1, "a\nb\n", ""), hunk("o", 1, "x\n", "y\n")];
    for (const [id, given] of [
      ["made", made],
      ["gone", gone],
      ["other", other],
    ] as const) {
      reviews.hear(told(id, [given]));
    }
    const hunks = () => reviews.files().flatMap((file) => file.hunks);
    expect([reviews.progress(), reviews.count(hunks())]).toEqual([{ decided: 0, total: 2 }, 2]);
    expect(reviews.count(hunks().filter(({ changeId }) => changeId !== "gone"))).toBe(2);
    reviews.hear(told("gone", [{ ...gone, review: "accepted" }]));
    expect(reviews.progress()).toEqual({ decided: 0, total: 2 });
    reviews.hear(told("made", [{ ...made, review: "accepted" }]));
    expect(reviews.progress()).toEqual({ decided: 1, total: 2 });
    reviews.hear(told("other", [{ ...other, review: "accepted" }]));
    expect(finished).toEqual([2]);
  });

  it("takes files of two runs with the same text for no move", () => {
    const reviews = new Reviews();
    reviews.hear(told("made", [hunk("m", 1, "", "a\n")]));
    reviews.hear({ ...told("gone", [hunk("g", 1, "a\n", "")]), runId: "s" });
    expect([reviews.progress().total, reviews.moves()]).toEqual([2, []]);
  });

  it("lists the files by path, of one run or of all, the changes of a file together", () => {
    const reviews = new Reviews();
    const by = (runId: string, changeId: string, path: string, id: string): AgentEvent => {
      const event = told(changeId, [hunk(id, 1, "", "x\n")]);
      return { ...event, runId, event: { ...event.event, path, uri: `file:///w/${path}` } as AgentEvent["event"] };
    };
    reviews.hear(by("r", "1", "b.py", "h1"));
    reviews.hear(by("r", "2", "a.py", "h2"));
    reviews.hear(by("s", "3", "b.py", "h3"));
    const listed = (runId?: string) => reviews.files(runId).map((file) => [file.path, ...file.hunks.map((each) => each.hunk.hunkId)]);
    expect(listed()).toEqual([
      ["a.py", "h2"],
      ["b.py", "h1", "h3"],
    ]);
    expect(listed("s")).toEqual([["b.py", "h3"]]);
  });

  it("looks at one file's hunks for an event, however many files are open", () => {
    let looks = 0;
    const watched = (id: string): Hunk =>
      Object.defineProperty({ ...hunk(id, 1, "", "x\n") }, "state", {
        get: () => {
          looks += 1;
          return "applied";
        },
      });
    const looksFor = (files: number): number => {
      const reviews = new Reviews();
      const changed: (string | undefined)[] = [];
      reviews.changed.on((uri) => changed.push(uri));
      for (let file = 0; file < files; file += 1) {
        reviews.hear(told(`f${file}`, [watched(`h${file}`)]));
      }
      expect(changed.at(-1)).toBe(`file:///w/f${files - 1}.py`);
      reviews.files();
      looks = 0;
      reviews.hear(told("f1", [watched("h1")]));
      reviews.progress();
      reviews.files();
      reviews.file("file:///w/f2.py");
      return looks;
    };
    const few = looksFor(3);
    expect(few).toBeGreaterThan(0);
    expect(looksFor(1_000)).toBe(few);
  });

  it("finds a file whatever is escaped in its URI", () => {
    expect(uriKey("file:///w/%C3%A4%20b.py")).toBe(uriKey("file:///w/ä b.py"));
    expect(uriKey("file:///w/%zz")).toBe("file:///w/%zz");
  });
});
