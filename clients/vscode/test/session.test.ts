import { expect, it, vi } from "vitest";
import type { ExtensionContext, LogOutputChannel } from "vscode";
import type { ReviewList } from "../src/protocol";
import type { Connection } from "../src/server/connection";
import { Session } from "../src/session";
import { Signal } from "../src/state/signal";

type Changed = (event: { added: { uri: string }[] }) => void;

const here = vi.hoisted(() => ({ folders: [] as string[], changed: undefined as Changed | undefined }));

vi.mock("vscode", () => ({
  Uri: { parse: (uri: string) => uri },
  workspace: {
    getWorkspaceFolder: (uri: string) => here.folders.find((folder) => uri.startsWith(`${folder}/`)),
    onDidChangeWorkspaceFolders: (listener: Changed) => {
      here.changed = listener;
      return { dispose: () => undefined };
    },
  },
}));

/** The open changes of one file in a folder. */
function listOf(folder: string): ReviewList {
  const uri = `${folder}/calc.py`;
  const hunk = { hunkId: uri, oldStart: 1, oldLines: 0, newStart: 1, newLines: 1, oldText: "", newText: "x\n", state: "applied" } as const;
  const change = { changeId: uri, path: "calc.py", uri, state: "applied", hunks: [hunk], runId: "r", folder } as const;
  return { files: [{ path: "calc.py", uri, open: 1, changes: [{ ...change, hunks: [hunk] }] }] };
}

/** A session with a server that answers so. */
function sessionWith(request: (method: string, params: { folder: string }) => Promise<unknown>) {
  const connection = {
    state: { kind: "running" },
    changed: new Signal<{ kind: string }>(),
    on: () => ({ dispose: () => undefined }),
    wire: { request },
  };
  const session = new Session(
    connection as unknown as Connection,
    { workspaceState: { get: () => undefined, update: async () => undefined } } as unknown as ExtensionContext,
    { warn: () => undefined } as unknown as LogOutputChannel,
  );
  return { session, connection };
}

it("knows what waits for review in a folder that is opened, and forgets what is of one that is closed", async () => {
  const { session } = sessionWith(async (_method, { folder }) => listOf(folder));
  const open = (): readonly string[] => session.reviews.files().map(({ uri }) => uri);
  for (const folder of ["file:///one", "file:///two"]) {
    here.folders.push(folder);
    here.changed?.({ added: [{ uri: folder }] });
  }
  await vi.waitFor(() => expect(open()).toEqual(["file:///one/calc.py", "file:///two/calc.py"]), { timeout: 30_000 });

  here.folders.shift();
  here.changed?.({ added: [] });
  expect([open(), session.reviews.progress()]).toEqual([["file:///two/calc.py"], { decided: 0, total: 1 }]);
});

it("says of a server that runs and answers with errors that it does, until it says how it is", async () => {
  let isBroken = true;
  const { session, connection } = sessionWith(async (method) => {
    if (method !== "agent/status" || isBroken) {
      throw new Error(`${method} failed inside the server.`);
    }
    return { version: "1" };
  });
  const troubled = vi.fn();
  session.troubled.on(troubled);
  connection.changed.emit({ kind: "running" });
  await vi.waitFor(() => expect(troubled).toHaveBeenCalledOnce(), { timeout: 30_000 });
  expect(session.trouble).toBe("agent/status failed inside the server.");
  isBroken = false;
  connection.changed.emit({ kind: "running" });
  await vi.waitFor(() => expect(session.trouble).toBeUndefined(), { timeout: 30_000 });
});
