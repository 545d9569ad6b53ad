import { spawn } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { CancellationToken, LogOutputChannel } from "vscode";
import { bounded } from "../src/server/bounded";
import { current, sweep } from "../src/server/environments";
import { install } from "../src/server/install";
import { running } from "../src/server/running";
import type { ServerState } from "../src/server/state";
import { Signal } from "../src/state/signal";

vi.mock("vscode", () => ({ extensions: {}, workspace: {}, window: {}, ProgressLocation: {} }));

const { outside } = await import("../src/server/find");
const log = { info: vi.fn(), warn: vi.fn(), debug: vi.fn() } as unknown as LogOutputChannel;
const PATIENCE = { timeout: 30_000 };
let home: string;
let store: string;

/** A token, and what cancels it. */
function cancelling(): { readonly token: CancellationToken; readonly cancel: () => void } {
  let listener = (): void => undefined;
  const token = {
    isCancellationRequested: false,
    onCancellationRequested: (told: () => void) => {
      listener = told;
      return { dispose: () => undefined };
    },
  };
  const cancel = (): void => {
    token.isCancellationRequested = true;
    listener();
  };
  return { token: token as unknown as CancellationToken, cancel };
}

/** Install with a Python that does this to make an environment (`$3`). */
async function installed(does: string, token = cancelling().token): Promise<boolean> {
  const python = join(home, "tools", "python3");
  await writeFile(python, `#!/bin/sh\ncase "$1" in -c) echo 3 12 ;; *) ${does} ;; esac\n`);
  await chmod(python, 0o755);
  const env = { PATH: [join(home, "tools"), process.env["PATH"] ?? ""].join(delimiter) };
  return install({ store, wheel: "coterie.whl", env }, { report: () => undefined }, token, log);
}

const WORKS = 'mkdir "$3/bin" && printf "#!/bin/sh\\n" > "$3/bin/python" && chmod +x "$3/bin/python"';
const here = async (): Promise<string[]> => (await readdir(store)).sort();

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "coterie-store-"));
  store = join(home, "server");
  await mkdir(join(home, "tools"));
});

describe.skipIf(process.platform === "win32")("an installation", () => {
  it("leaves the environment that there was when it fails, and takes its place when it works", async () => {
    expect(current(store)).toBeUndefined();
    expect(await installed(WORKS)).toBe(true);
    const first = current(store);
    await expect(installed("echo 'Error: no' >&2; exit 1")).rejects.toThrow("could not be made: no");
    expect(current(store)).toBe(first);
    expect(await here()).toHaveLength(2);
    expect(await installed(WORKS)).toBe(true);
    expect(current(store)).not.toBe(first);
    expect(await here()).toHaveLength(3);
  });

  it("that is cancelled ends what its programs have started, and leaves nothing", async () => {
    const { token, cancel } = cancelling();
    const writes = '(i=0; while :; do i=$((i+1)); echo > "$3/$i"; done) & wait';
    const done = installed(writes, token);
    await vi.waitFor(async () => expect(await readdir(join(store, (await here())[0] ?? ""))).not.toHaveLength(0), PATIENCE);
    cancel();
    expect(await done).toBe(false);
    expect(await here()).toEqual([]);
  });

  it("that is cancelled before it begins starts nothing", async () => {
    const { token, cancel } = cancelling();
    const done = installed(`touch "${home}/begun"`, token);
    cancel();
    expect(await done).toBe(false);
    expect(await readdir(home)).not.toContain("begun");
  });

  it("goes in a later start, unless it is used, young, or runs", async () => {
    await installed(WORKS);
    const used = current(store);
    for (const name of ["env-oldone", "env-runs11", "gone-half11"]) {
      await mkdir(join(store, name));
      await utimes(join(store, name), 0, 0);
    }
    await mkdir(join(store, "env-young1"));
    const server = spawn(process.execPath, ["-e", "setInterval(() => {}, 1e6)", join(store, "env-runs11")]);
    try {
      await vi.waitFor(async () => {
        await sweep(store);
        expect(await here()).toEqual(["current", "env-runs11", "env-young1", used?.slice(store.length + 1)].sort());
      }, PATIENCE);
    } finally {
      server.kill();
    }
  });
});

describe("the folders that programs are looked for in", () => {
  it("are whole paths, and none of a folder that is not trusted", async () => {
    const tools = join(home, "tools");
    await mkdir(store);
    expect(await outside([tools, "relative", "", join(store, "bin")], [home])).toBe("");
    expect(await outside([tools, "relative", `${home}-beside`], [store])).toBe([tools, `${home}-beside`].join(delimiter));
  });
});

describe("who waits", () => {
  const connection = (state: ServerState) => ({ state, changed: new Signal<ServerState>() });

  it("for a server that is missing, or has failed, is told", async () => {
    await expect(running(connection({ kind: "missing" }))).rejects.toThrow("no Coterie server");
    await expect(running(connection({ kind: "failed", reason: "full", doing: "start" }))).rejects.toThrow("full");
  });

  it("waits no longer than is bounded, or until it is stopped", async () => {
    const never = new Promise<never>(() => undefined);
    await expect(bounded(never, 1, "late")).rejects.toThrow("late");
    await expect(bounded(never, 60_000, "late", AbortSignal.abort())).rejects.toThrow("stopped");
    expect(await bounded(Promise.resolve(3), 60_000, "late")).toBe(3);
  });
});
