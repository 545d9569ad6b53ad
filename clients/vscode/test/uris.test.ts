import { describe, expect, it } from "vitest";
import type { ChangeEvent } from "../src/protocol";
import { changeRows } from "../src/runs/workRows";
import { emptyRun } from "../src/state/run";
import { foldersOfNamesakes } from "../src/state/uris";

describe("files of the same path", () => {
  const file = (uri: string, path = "app/main.py") => ({ uri, path });

  it("are told apart by their folders, and others need none", () => {
    const files = [file("file:///w/my%20client/app/main.py"), file("file:///w/server/app/main.py"), file("file:///w/server/b.py", "b.py")];
    expect([...foldersOfNamesakes(files)]).toEqual([
      ["file:///w/my client/app/main.py", "my client"],
      ["file:///w/server/app/main.py", "server"],
    ]);
    expect(foldersOfNamesakes([file("file:///w/a%2Bb/app/main.py"), file("file:///w/a+b/app/main.py")]).size).toBe(0);
  });

  it("are two rows of a run that say where they are", () => {
    const change = (changeId: string, uri: string): ChangeEvent => ({
      kind: "change",
      changeId,
      path: "app/main.py",
      uri,
      state: "applied",
      hunks: [],
    });
    const changes = { b: change("b", "file:///w/server/app/main.py"), a: change("a", "file:///w/client/app/main.py") };
    const rows = changeRows({ ...emptyRun("r"), changes });
    expect(rows?.children?.map(({ label }) => label)).toEqual(["client/app/main.py", "server/app/main.py"]);
  });
});
