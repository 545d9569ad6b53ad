import { describe, expect, it } from "vitest";
import { offeredBy } from "../src/suggestions/offered";

const place = { document: "file:///a.py", offset: 20, before: "" };
const item = (insertText: unknown, argument: unknown) => ({ insertText, command: { arguments: [argument] } });

describe("a suggestion that VS Code gets", () => {
  it("is offered at the cursor", () => {
    expect(offeredBy(item("return a", { suggestionId: "s" }), place)).toEqual({
      suggestionId: "s",
      document: "file:///a.py",
      offset: 20,
      text: "return a",
      reached: 0,
    });
  });

  it("is reached as far as the text goes that stands there and that it repeats", () => {
    expect(offeredBy(item("    return a", { suggestionId: "s" }), { ...place, before: "    " })).toMatchObject({
      text: "    return a",
      reached: 4,
    });
  });

  it.each([
    ["nothing", undefined],
    ["another extension's", { insertText: "x" }],
    ["without an id", item("x", {})],
    ["a command with no such argument", item("x", null)],
    ["a snippet", item({ value: "x" }, { suggestionId: "s" })],
  ])("is not followed when it is %s", (_what, given) => {
    expect(offeredBy(given, place)).toBeUndefined();
  });

  it("is not followed when it changes what stands before the cursor", () => {
    expect(offeredBy(item("return a", { suggestionId: "s" }), { ...place, before: "rat" })).toBeUndefined();
  });
});
