// The extension's own environment: a virtual environment in its storage, made from the wheel that comes with it, after a person said yes.

import { execFile, spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import type { CancellationToken, LogOutputChannel, Progress } from "vscode";
import { explained, isNewEnough, noPython, type Step, stepOf, type Version } from "./installing";

const ask = promisify(execFile);
const WINDOWS = process.platform === "win32";
const PYTHONS = ["python3", "python", "python3.14", "python3.13", "python3.12", "python3.11"];

/** Where the program of the environment in a folder is. */
export function programIn(environment: string, name = "coterie"): string {
  return WINDOWS ? join(environment, "Scripts", `${name}.exe`) : join(environment, "bin", name);
}

/**
 * Make the environment anew, and return whether it was: false when the person has cancelled it. A half-made one is not left behind. Throws
 * what a person can act on; all that the programs said is in the log.
 */
export async function install(
  environment: string,
  wheel: string,
  progress: Progress<{ message: string }>,
  token: CancellationToken,
  log: LogOutputChannel,
): Promise<boolean> {
  const abort = new AbortController();
  const cancelled = token.onCancellationRequested(() => abort.abort());
  // Never in the folder that is open: `python -m venv` would take a `venv.py` there for its own.
  const cwd = dirname(environment);
  const run = (step: Step, program: string, ...args: readonly string[]): Promise<void> =>
    followed(program, args, cwd, abort.signal, (line) => {
      log.info(line);
      const message = stepOf(line);
      if (message !== undefined) {
        progress.report({ message });
      }
    }).catch((said: unknown) => {
      throw new Error(explained(step, String(said)));
    });
  try {
    progress.report({ message: "looking for Python" });
    const python = await newEnoughPython(cwd);
    progress.report({ message: "making an environment" });
    await run("environment", python, "-m", "venv", "--clear", environment);
    progress.report({ message: "installing the server and what it needs" });
    const pip = ["-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off"];
    await run("packages", programIn(environment, "python"), ...pip, wheel);
    return true;
  } catch (error) {
    await rm(environment, { recursive: true, force: true });
    if (token.isCancellationRequested) {
      return false;
    }
    throw error;
  } finally {
    cancelled.dispose();
  }
}

/** Run a program to its end, and tell its lines. Rejects with all that it said. */
function followed(program: string, args: readonly string[], cwd: string, signal: AbortSignal, tell: (line: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const said: string[] = [];
    const child = spawn(program, args, { cwd, signal, windowsHide: true, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        said.push(line);
        tell(line);
      });
    }
    child.on("error", (error) => reject(error.message));
    child.on("close", (code) => (code === 0 ? resolve() : reject(said.join("\n"))));
  });
}

async function newEnoughPython(cwd: string): Promise<string> {
  const tooOld: Version[] = [];
  for (const python of PYTHONS) {
    try {
      const { stdout } = await ask(python, ["-c", "import sys; print(*sys.version_info[:2])"], { cwd, windowsHide: true });
      const [major = 0, minor = 0] = stdout.trim().split(" ").map(Number);
      if (isNewEnough([major, minor])) {
        return python;
      }
      tooOld.push([major, minor]);
    } catch {
      // Not there: the next one.
    }
  }
  throw new Error(noPython(tooOld));
}
