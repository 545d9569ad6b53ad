// @vitest-environment jsdom
import { expect, test } from "vitest";
import { isStop } from "./keys";

test.each([
  ["Linux x86_64", { key: "Escape", ctrlKey: true }, true],
  ["Linux x86_64", { key: "Escape" }, false],
  ["Linux x86_64", { key: "Escape", ctrlKey: true, shiftKey: true }, false],
  ["MacIntel", { key: "Escape", metaKey: true }, true],
  ["MacIntel", { key: "Escape", ctrlKey: true }, false],
  ["MacIntel", { key: "Backspace", altKey: true }, false],
  ["Win32", { key: "Backspace", altKey: true }, true],
  ["Win32", { key: "Backspace", ctrlKey: true }, false],
  ["Win32", { key: "Escape", ctrlKey: true }, false],
])("on %s %o stops an answer: %s", (platform, keys, stops) => {
  expect(isStop(new KeyboardEvent("keydown", keys), platform)).toBe(stops);
});
