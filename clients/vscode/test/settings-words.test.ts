import { describe, expect, it } from "vitest";
import { foundWords } from "../src/settings/words";

describe("what is said of the providers that were looked for", () => {
  it.each([
    [[], "Nothing was found: no key in the environment, no claude command line, and no server of models on this machine."],
    [[["ollama", "ready"]], "ollama answers."],
    [
      [
        ["box", "down"],
        ["ollama", "ready"],
        ["claude_code", "auth_required"],
        ["work", "ready"],
      ],
      "ollama and work answer. box is not reachable. claude_code is without a key or login.",
    ],
  ] as const)("is who answers, and then what the others lack: %j", (found, words) => {
    expect(foundWords(found.map(([id, state]) => ({ id, state })))).toBe(words);
  });
});
