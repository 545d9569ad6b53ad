import { expect, it, vi } from "vitest";

const { list } = vi.hoisted(() => ({ list: { focus: undefined as string | undefined, selection: [] as string[] } }));
vi.mock("vscode", () => ({
  commands: {
    // As VS Code's own: the focused row of the list that has the focus is selected besides, or no longer.
    executeCommand: async (command: string) => {
      expect(command).toBe("list.toggleSelection");
      const { focus, selection } = list;
      if (focus !== undefined) {
        list.selection = selection.includes(focus) ? selection.filter((each) => each !== focus) : [...selection, focus];
      }
    },
  },
}));

import { FocusedRow } from "../src/focused";

// Each look gives rows of its own, as a tree that was drawn anew between two does.
const row = (focus: string | undefined, ...selection: string[]) => {
  Object.assign(list, { focus, selection });
  const view = {
    get selection() {
      return list.selection.map((id) => ({ id }));
    },
  };
  return new FocusedRow(view, ({ id }: { readonly id: string }) => id);
};

it.each([
  ["reached with the arrows", "second", ["first"], "second"],
  ["selected", "first", ["first"], "first"],
  ["the only one that anybody was at", "first", [], "first"],
  ["selected in a tree that has no focus", undefined, ["first"], "first"],
  ["none", undefined, [], undefined],
])("is the row that is %s, and what is selected stays", async (_what, focus, selection, expected) => {
  expect((await row(focus, ...selection).get())?.id).toBe(expected);
  expect(list.selection).toEqual(selection);
});

it("is found by each key of a person who holds one down", async () => {
  const focused = row("second", "first");
  const found = await Promise.all([focused.get(), focused.get(), focused.get()]);
  expect(found.map((each) => each?.id)).toEqual(["second", "second", "second"]);
  expect(list.selection).toEqual(["first"]);
});
