import { describe, expect, it } from "vitest";
import manifest from "../package.json";
import { isRemedy, remedyOf } from "../src/remedies";

const refused = (code: string, action?: string) => remedyOf({ code, action });

describe("what helps against a refusal", () => {
  it.each([
    ["no_provider", "coterie.settings.open"],
    ["unknown_model", "coterie.settings.open"],
    ["auth_required", "coterie.configureProviderKey"],
  ])("is known by its code: %s", (code, command) => {
    expect(refused(code)?.command).toBe(command);
    expect(manifest.contributes.commands.map((each) => each.command)).toContain(command);
  });

  it("is what the server names, before all else", () => {
    expect(refused("auth_required", "coterie.checkClaudeCode")).toEqual({
      command: "coterie.checkClaudeCode",
      label: "Check Claude Code",
    });
  });

  it("is no command that is not meant for that, whoever names it", () => {
    expect(refused("failed", "workbench.action.terminal.sendSequence")).toBeUndefined();
    expect(refused("no_provider", "coterie.run.undo")?.command).toBe("coterie.settings.open");
  });

  it.each([
    ["coterie.restartServer", true],
    ["coterie.settings.open", true],
    ["coterie.plan.approve", false],
    ["workbench.action.terminal.sendSequence", false],
    ["constructor", false],
    [["coterie.restartServer"], false],
    [undefined, false],
  ])("may be asked for by a page only as a command of our list: %s", (command, isOne) => {
    expect(isRemedy(command)).toBe(isOne);
  });

  it("is nothing where nobody knows any", () => {
    expect(refused("failed")).toBeUndefined();
  });
});
