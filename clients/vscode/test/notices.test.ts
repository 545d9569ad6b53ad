import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { unlinked } from "../src/notices";

/** What VS Code makes links of in a notification. */
const LINK = /\[([^\]]+)\]\(((?:https?:\/\/|command:|file:)[^)\s]+)(?: (["'])(.+?)(\3))?\)/i;

describe("words of others in a notification", () => {
  it.each([
    "Run echo [Details](command:workbench.action.terminal.sendSequence?%7B%22text%22%3A%22rm%20x%22%7D)",
    '[a](https://example.com "title")',
    "[[a](file:///etc/passwd)](command:x)",
    "[a](command:[b](command:x))",
  ])("hold no link: %s", (text) => {
    expect(text).toMatch(LINK);
    expect(unlinked(text)).not.toMatch(LINK);
  });

  it("stay as they are otherwise", () => {
    expect(unlinked("Run pytest tests/test_a.py[1] (fast)")).toBe("Run pytest tests/test_a.py[1] (fast)");
  });

  it("go through here wherever a notification is made of them", () => {
    const source = join(import.meta.dirname, "../src");
    const shown = readdirSync(source, { recursive: true, encoding: "utf-8" })
      .filter((name) => name.endsWith(".ts"))
      .flatMap((name) =>
        [...readFileSync(join(source, name), "utf-8").matchAll(/\bshow(?:Information|Warning|Error)Message\(\s*([^,)]+)/g)].map(
          ([, given = ""]) => `${name}: ${given.trim()}`,
        ),
      );
    // A literal text is ours, and so is a modal one: there VS Code makes no links.
    const open = shown.filter((call) => !/: (?:"|unlinked\()/.test(call));
    expect(shown.length).toBeGreaterThan(10);
    expect(open.map((call) => call.replace(/: .*/, ""))).toEqual(["channels/view.ts", "review/confirming.ts"]);
  });
});
