import { describe, expect, it } from "vitest";
import { added, asDocument, fromDocument, itemsOf, moved, type Plan, removed, renamed } from "../src/runs/plan";

const PLAN: Plan = {
  goal: "add adds",
  criteria: ["add(1, 2) is 3"],
  files: ["calc.py"],
  steps: [
    { id: "s1", title: "One", detail: "of the planner" },
    { id: "s2", title: "Two", depends_on: ["s1"] },
    { id: "s3", title: "Three", depends_on: ["s1", "s2"], estimate_minutes: 5 },
  ],
};
const order = (plan: Plan): string =>
  itemsOf(plan)
    .map(({ id }) => id)
    .join(" ");

describe("a plan that is edited", () => {
  it.each([
    ["s3", 0, "s3 s1 s2"],
    ["s1", 3, "s2 s3 s1"],
    ["s1", 2, "s2 s1 s3"],
    ["s2", 1, "s1 s2 s3"],
    ["s1", -1, "s1 s2 s3"],
    ["s2", 99, "s1 s3 s2"],
    ["nobody", 0, "s1 s2 s3"],
  ])("puts %s before place %i", (id, to, expected) => {
    expect(order(moved(PLAN, id, to))).toBe(expected);
  });

  it("takes an item out of what others wait for, too", () => {
    const plan = removed(PLAN, "s1");
    expect(itemsOf(plan).map(({ id, dependsOn }) => [id, dependsOn])).toEqual([
      ["s2", []],
      ["s3", ["s2"]],
    ]);
  });

  it("adds an item behind another one, under an id that nobody has", () => {
    const plan = added(removed(PLAN, "s2"), "More", "s1");
    expect(itemsOf(plan).map(({ title }) => title)).toEqual(["One", "More", "Three"]);
    expect(new Set(itemsOf(plan).map(({ id }) => id)).size).toBe(3);
    expect(order(added(PLAN, "Last"))).toBe("s1 s2 s3 s4");
  });

  it("keeps what the planner wrote beside a new title", () => {
    expect(renamed(PLAN, "s1", "Uno")["steps"]).toEqual([
      { id: "s1", title: "Uno", detail: "of the planner" },
      ...(PLAN["steps"] as object[]).slice(1),
    ]);
  });

  it("comes back from its document as it went, and says what is wrong with one", () => {
    expect(fromDocument(asDocument(PLAN))).toEqual(PLAN);
    expect(() => fromDocument("{")).toThrow(/not JSON/);
    expect(() => fromDocument("[]")).toThrow(/not a JSON object/);
  });
});
