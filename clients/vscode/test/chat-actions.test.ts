import { describe, expect, it } from "vitest";
import { commandOf } from "../src/chat/actions";

const offered = (command: string, ...args: unknown[]) => ({ title: "Write tests with Coterie", command: { command, arguments: args } });
const test = offered("coterie.run", { action: "test", prompt: "Write tests" });

describe("an action of the server's among all that is offered", () => {
  it("is the one whose command says so, whatever it is called", () => {
    const refactor = offered("coterie.run", { action: "refactor", prompt: "Refactor" });
    expect(commandOf("test", [refactor, test])).toBe(test.command);
    expect(commandOf("refactor", [refactor, test])).toBe(refactor.command);
    const explain = offered("coterie.ask", { action: "explain", prompt: "Explain" });
    expect(commandOf("explain", [test, explain])).toBe(explain.command);
  });

  it.each([
    ["another extension's, of the same title", offered("other.test", { action: "test" })],
    ["a command in the place of an action", { title: "Write tests with Coterie", command: "coterie.run", arguments: [{ action: "test" }] }],
    ["one that was not resolved", { title: "Write tests with Coterie" }],
    ["one of an earlier server, which does not say so", offered("coterie.run", { prompt: "Write tests" })],
    ["one without arguments", { command: { command: "coterie.run" } }],
    ["one whose argument is nothing", offered("coterie.run", null)],
  ])("is not %s", (_what, other) => {
    expect(commandOf("test", [other])).toBeUndefined();
    expect(commandOf("test", [other, test])).toBe(test.command);
  });
});
