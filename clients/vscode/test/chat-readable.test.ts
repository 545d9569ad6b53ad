import { beforeEach, describe, expect, it, vi } from "vitest";

const { workspace } = vi.hoisted(() => ({ workspace: { textDocuments: [] as unknown[], fs: { stat: vi.fn(), readFile: vi.fn() } } }));
vi.mock("vscode", () => ({ FileType: { File: 1, Directory: 2, SymbolicLink: 64 }, workspace }));

import type { Uri } from "vscode";
import { unreadable } from "../src/chat/readable";

const uri = (path: string, scheme = "file"): Uri => ({ scheme, path, toString: () => `${scheme}://${path}` }) as Uri;

/** Have a file hold so much, or be something else. */
function holds(content: Uint8Array, { type = 1, size = content.length } = {}): void {
  workspace.fs.stat.mockResolvedValue({ type, size });
  workspace.fs.readFile.mockResolvedValue(content);
}

describe("what a model would get nothing of", () => {
  beforeEach(() => {
    vi.resetAllMocks();
    workspace.textDocuments = [];
  });

  it.each([
    ["a picture, whatever is in it", "/w/a shot.PNG", () => holds(new Uint8Array([65])), "a shot.PNG was not attached. Pictures"],
    ["a folder, also behind a link", "/w/src/", () => holds(new Uint8Array(), { type: 66 }), "src is a folder"],
    ["what is too large", "/w/log", () => holds(new Uint8Array(), { size: 7_400_000 }), "log is too large to go along (7 MB)"],
    ["zeros among its bytes", "/w/a.out", () => holds(new Uint8Array([65, 0, 66])), "a.out was not attached. It holds no text"],
    ["another encoding", "/w/old.txt", () => holds(new Uint8Array([0xe4, 65])), "old.txt was not attached. It holds no text"],
    [
      "what is not there",
      "/w/gone",
      () => workspace.fs.stat.mockRejectedValue(new Error("gone")),
      "gone was not attached. It cannot be read",
    ],
  ])("is not attached, and said why: %s", async (_what, path, given, said) => {
    given();
    expect(await unreadable(uri(path))).toContain(said);
  });

  it.each([
    ["text", () => holds(new TextEncoder().encode("Größe: 1\n"))],
    ["nothing yet", () => holds(new Uint8Array())],
  ])("is no file that holds %s", async (_what, given) => {
    given();
    expect(await unreadable(uri("/w/a.py"))).toBeUndefined();
  });

  it("is nothing that is open, or that is no file: its text is sent as it stands there", async () => {
    workspace.textDocuments = [{ uri: uri("/w/utf16.txt") }];
    expect(await unreadable(uri("/w/utf16.txt"))).toBeUndefined();
    expect(await unreadable(uri("Untitled-1", "untitled"))).toBeUndefined();
    expect(workspace.fs.stat).not.toHaveBeenCalled();
  });
});
