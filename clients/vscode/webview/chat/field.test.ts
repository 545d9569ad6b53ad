// @vitest-environment jsdom
import { afterEach, expect, it, vi } from "vitest";
import { Field } from "./field";

afterEach(() => vi.unstubAllGlobals());

/** What a person did who changed the one text into the other by typing, as a browser is told it. */
function typed(before: string, after: string, cursor = after.length): { readonly done: readonly unknown[]; readonly field: Field } {
  const field = new Field();
  field.begin(before);
  const done: unknown[] = [];
  const execCommand = (command: string, _ui: boolean, text: string): boolean => {
    const { selectionStart, selectionEnd } = field.element;
    done.push([command, before.slice(selectionStart, selectionEnd), text]);
    field.element.setRangeText(text, selectionStart, selectionEnd, "end");
    return true;
  };
  Object.assign(document, { execCommand });
  field.change(after, cursor);
  Reflect.deleteProperty(document, "execCommand");
  return { done, field };
}

it.each([
  ["a completion", "see @ca and", "see and", [["delete", "@ca ", ""]]],
  ["a command", "/ex", "/explain ", [["insertText", "", "plain "]]],
  ["another text", "one", "two", [["insertText", "one", "two"]]],
  ["the same text", "one", "one", []],
])("changes what it holds as a person would who types, so that it can be undone: %s", (_what, before, after, done) => {
  const change = typed(before, after, 2);
  expect(change.field.text).toBe(after);
  expect(change.field.cursor).toBe(2);
  expect(change.done).toEqual(done);
});

it("changes it also where nobody can type for a person", () => {
  const field = new Field();
  field.begin("one");
  field.change("two", 3);
  expect([field.text, field.cursor]).toEqual(["two", 3]);
});

it("knows whether the cursor is in the first line and in the last, and that a selection is in none", () => {
  const field = new Field();
  field.begin("a\nb");
  const at = (start: number, end = start): readonly boolean[] => {
    field.element.setSelectionRange(start, end);
    return [field.isIn("first"), field.isIn("last")];
  };
  expect([at(1), at(2), at(0, 2)]).toEqual([
    [true, false],
    [false, true],
    [false, false],
  ]);
});
