import { describe, expect, it } from "vitest";
import { Forest } from "../src/runs/forest";
import type { Row } from "../src/runs/row";

const row = (id: string, label: string, children?: readonly Row[]): Row => ({
  id,
  label,
  target: { kind: "run", runId: label },
  ...(children && { children }),
});
const run = (state: string, ...calls: readonly Row[]): readonly Row[] => [
  row("r", "Run", [row("step", "Coding", calls), row("cost", state)]),
  row("old", "Earlier"),
];

describe("the rows that are shown", () => {
  it.each([
    ["nothing", run("$1", row("a", "Read")), []],
    ["a row that reads otherwise", run("$2", row("a", "Read")), ["cost"]],
    ["a row deep below", run("$1", row("a", "Read, failed")), ["a"]],
    ["the parent of one that came", run("$1", row("a", "Read"), row("b", "Edit")), ["step"]],
    ["the parent of one that went", run("$1"), ["step"]],
    ["several, none of them below another one", run("$2", row("a", "Read, failed")), ["a", "cost"]],
    [
      "one with what is below it",
      [row("r", "Run, done", [row("step", "Coding, done", [row("a", "Read, done")])]), row("old", "Earlier")],
      ["r"],
    ],
    ["all when there is another run", [row("new", "New"), ...run("$1", row("a", "Read"))], undefined],
    ["all when their order changed", [...run("$1", row("a", "Read"))].reverse(), undefined],
  ])("draw %s anew", (_what, next, expected) => {
    const forest = new Forest();
    expect(forest.update(run("$1", row("a", "Read")))).toBeUndefined();
    const before = new Map(forest.roots.map((node) => [node.row.id, node]));
    expect(forest.update(next)?.map((node) => node.row.id)).toEqual(expected);
    expect(forest.roots.map((node) => node.row)).toEqual(next);
    expect(forest.roots.filter((node) => before.has(node.row.id))).toEqual(
      [...before.values()]
        .filter((node) => forest.roots.includes(node))
        .sort((one, other) => forest.roots.indexOf(one) - forest.roots.indexOf(other)),
    );
  });

  it("are what they are about now, also where they look as before", () => {
    const forest = new Forest();
    forest.update([row("r", "Run")]);
    const [node] = forest.roots;
    expect(forest.update([{ ...row("r", "Run"), target: { kind: "run", runId: "another" } }])).toEqual([]);
    expect(node?.target).toEqual({ kind: "run", runId: "another" });
  });

  it("are drawn anew where they became others while somebody began to look below them", () => {
    const forest = new Forest();
    forest.update([row("r", "Run, running")]);
    const [node] = forest.roots;
    node?.unfold([row("step", "Coding")]);
    expect(forest.update([row("r", "Run, running", [row("step", "Coding")])])).toEqual([]);
    expect(forest.update([row("r", "Run, done", [row("step", "Coding")])])).toEqual([node]);
    expect(node?.children?.[0]?.parent).toBe(node);
  });

  it("have parents, and a row that can be unfolded now is drawn anew", () => {
    const forest = new Forest();
    forest.update([row("r", "Run")]);
    const [node] = forest.roots;
    expect(node?.children).toBeUndefined();
    expect(forest.update([row("r", "Run", [row("step", "Coding")])])).toEqual([node]);
    expect(node?.children?.[0]?.parent).toBe(node);
  });
});
