import { mkdir, mkdtemp, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, it, vi } from "vitest";

const { workspace, uriOf } = vi.hoisted(() => {
  const uriOf = (path: string): object => ({ scheme: "file", path, fsPath: path, with: (to: { path: string }) => uriOf(to.path) });
  return {
    uriOf,
    workspace: { workspaceFolders: [] as unknown, getWorkspaceFolder: (): unknown => undefined, fs: { stat: (): unknown => undefined } },
  };
});
vi.mock("vscode", () => ({
  workspace,
  env: {},
  window: {},
  Uri: { joinPath: ({ path }: { path: string }, name: string) => uriOf(join(path, name)) },
}));

import { fileNamed } from "../src/chat/links";

let root = "";

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "links-"));
  await mkdir(join(root, "open", "src"), { recursive: true });
  await writeFile(join(root, "secret"), "");
  await writeFile(join(root, "open", "src", "calc.py"), "");
  await symlink(join(root, "secret"), join(root, "open", "link"));
  Object.assign(workspace, {
    workspaceFolders: [{ uri: uriOf(join(root, "open")) }],
    // As VS Code does, by the text of the path alone.
    getWorkspaceFolder: ({ path }: { path: string }) => (path.startsWith(join(root, "open")) ? {} : undefined),
    fs: { stat: ({ fsPath }: { fsPath: string }) => stat(fsPath) },
  });
});

it.each([
  ["src/calc.py", "open/src/calc.py"],
  ["/open/src/../src/calc.py", "open/src/calc.py"],
  ["/open/../secret", undefined],
  ["../secret", undefined],
  ["link", undefined],
  ["nothing.py", undefined],
])("a link to %s leads to %s", async (target, expected) => {
  const found = await fileNamed(target.startsWith("/") ? root + target : target);
  expect(found?.fsPath).toBe(expected === undefined ? undefined : join(root, expected));
});
