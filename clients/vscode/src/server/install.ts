// The extension's own environment: a virtual environment in its storage, made from the wheel that comes with it, after a person said yes.

import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { CancellationToken, Progress } from "vscode";

const run = promisify(execFile);
const OLDEST_PYTHON = [3, 11] as const;
const PYTHONS = ["python3", "python", "python3.13", "python3.12", "python3.11"];

/** Where the program of the environment in a folder is. */
export function programIn(environment: string, windows: boolean): string {
  return windows ? join(environment, "Scripts", "coterie.exe") : join(environment, "bin", "coterie");
}

/** Make the environment anew. A half-made one is not left behind. Throws what a person can act on. */
export async function install(
  environment: string,
  wheel: string,
  progress: Progress<{ message: string }>,
  token: CancellationToken,
): Promise<void> {
  const abort = new AbortController();
  const cancelled = token.onCancellationRequested(() => abort.abort());
  // Never in the folder that is open: `python -m venv` would take a `venv.py` there for its own.
  const options = { cwd: dirname(environment), signal: abort.signal, windowsHide: true, maxBuffer: 16 * 1024 * 1024 };
  try {
    progress.report({ message: "looking for Python" });
    const python = await newEnoughPython(options.cwd);
    progress.report({ message: "making an environment" });
    await run(python, ["-m", "venv", "--clear", environment], options);
    const own = process.platform === "win32" ? join(environment, "Scripts", "python.exe") : join(environment, "bin", "python");
    progress.report({ message: "installing the server and what it needs" });
    await run(own, ["-m", "pip", "install", "--disable-pip-version-check", "--quiet", wheel], options);
  } catch (error) {
    await rm(environment, { recursive: true, force: true });
    throw error;
  } finally {
    cancelled.dispose();
  }
}

async function newEnoughPython(cwd: string): Promise<string> {
  for (const python of PYTHONS) {
    try {
      const { stdout } = await run(python, ["-c", "import sys; print(*sys.version_info[:2])"], { cwd, windowsHide: true });
      const [major = 0, minor = 0] = stdout.trim().split(" ").map(Number);
      if (major > OLDEST_PYTHON[0] || (major === OLDEST_PYTHON[0] && minor >= OLDEST_PYTHON[1])) {
        return python;
      }
    } catch {
      // Not there: the next one.
    }
  }
  throw new Error(`Python ${OLDEST_PYTHON.join(".")} or later was not found. Install it, then restart the server.`);
}
