// The extension's own environments: each installation makes one in a folder of its own, and a file says which is in use. So one that is
// used, perhaps by a server that other windows share, is neither emptied nor lost when a later installation fails.

import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";

const WINDOWS = process.platform === "win32";
/** Half-made ones of other windows are younger. */
const YOUNG_MS = 3_600_000;
const LISTING = { timeout: 10_000, maxBuffer: 64 * 1024 * 1024, windowsHide: true };

/** Return the environment that is in use, or undefined where there is none. */
export function current(store: string): string | undefined {
  const pointer = join(store, "current");
  const name = existsSync(pointer) ? basename(readFileSync(pointer, "utf8").trim()) : "";
  return name === "" ? undefined : join(store, name);
}

/** Make an empty folder for one. */
export async function begin(store: string): Promise<string> {
  await mkdir(store, { recursive: true });
  return mkdtemp(join(store, "env-"));
}

/** Use one from now on. */
export async function use(environment: string): Promise<void> {
  const draft = `${environment}.use`;
  await writeFile(draft, `${basename(environment)}\n`);
  await rename(draft, join(environment, "..", "current"));
}

/** Take one away, also where something in it ends only just now. */
export async function remove(environment: string): Promise<void> {
  await rm(environment, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}

/** Remove those that are old, not in use, and run in no process. Where that cannot be told they stay. */
export async function sweep(store: string, now = Date.now()): Promise<void> {
  const used = current(store);
  const others = (await readdir(store)).filter((name) => /^(env|gone)-\w+$/.test(name) && name !== (used && basename(used)));
  if (others.length === 0) {
    return;
  }
  const processes = WINDOWS ? "" : (await promisify(execFile)("ps", ["-ww", "-eo", "args"], { ...LISTING, cwd: store })).stdout;
  for (const name of others) {
    const folder = join(store, name);
    if (!processes.includes(name) && now - (await stat(folder)).mtimeMs > YOUNG_MS) {
      const gone = join(store, name.replace("env-", "gone-"));
      await rename(folder, gone); // Windows refuses where one of its programs runs.
      await remove(gone);
    }
  }
}
