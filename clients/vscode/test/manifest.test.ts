import { describe, expect, it } from "vitest";
import manifest from "../package.json";

const { keybindings, menus } = manifest.contributes;
const inPalette = (command: string): string | undefined => menus.commandPalette.find((each) => each.command === command)?.when;

describe("what can be reached", () => {
  it("dismisses a suggestion by a key: the palette would take the focus, and the suggestion with it", () => {
    const key = keybindings.find(({ command }) => command === "coterie.suggestion.dismiss");
    expect([key?.key, key?.when]).toEqual(["shift+escape", "inlineSuggestionVisible && editorTextFocus && !editorReadonly"]);
    expect(inPalette("coterie.suggestion.dismiss")).toBe("false");
  });

  it("leaves Enter in lists to opening a row, on macOS, too", () => {
    const enter = keybindings.filter((each) => [each.key, "mac" in each ? each.mac : ""].includes("enter"));
    expect(enter.filter(({ when }) => when?.includes("focusedView"))).toEqual([]);
  });

  it.each(["coterie.chat.askSelection", "coterie.chat.addFile", "coterie.code.explain"])("offers %s where there is a text", (command) => {
    expect(inPalette(command)).toBe("editorLangId || activeEditor == workbench.editor.notebook");
  });
});
