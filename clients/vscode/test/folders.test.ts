import { beforeEach, expect, it, vi } from "vitest";

const { workspace, window } = vi.hoisted(() => ({
  workspace: { workspaceFolders: undefined as unknown, getWorkspaceFolder: (file: unknown): unknown => file },
  window: { showWorkspaceFolderPick: vi.fn() },
}));
vi.mock("vscode", () => ({ workspace, window, Uri: {} }));

import type { Uri } from "vscode";
import { folderFor } from "../src/folders";

const folder = (name: string) => ({ uri: `file:///${name}` });
/** A file, which stands for the folder that it is in. */
const fileIn = (name: string): Uri => folder(name) as unknown as Uri;

beforeEach(() => window.showWorkspaceFolderPick.mockReset());

it.each([
  ["none is open", undefined, undefined, null],
  ["one is open", [folder("a")], undefined, "file:///a"],
  ["a file of one of several is open", [folder("a"), folder("b")], fileIn("b"), "file:///b"],
])("knows which folder it is about where %s", async (_words, folders, file, expected) => {
  workspace.workspaceFolders = folders;
  expect(await folderFor(file)).toBe(expected);
  expect(window.showWorkspaceFolderPick).not.toHaveBeenCalled();
});

it.each([
  [folder("b"), "file:///b"],
  [undefined, undefined],
])("asks where several are open and no file: %j", async (chosen, expected) => {
  workspace.workspaceFolders = [folder("a"), folder("b")];
  window.showWorkspaceFolderPick.mockResolvedValue(chosen);
  expect(await folderFor(undefined)).toBe(expected);
});
