// Installs the server: a virtual environment in the extension's storage, made from the wheel that comes with it, after a person said yes.

import { join } from "node:path";
import { createInterface } from "node:readline";
import type { CancellationToken, LogOutputChannel, Progress } from "vscode";
import { end, listenedTo } from "./child";
import { begin, remove, use } from "./environments";
import { explained, type Step, stepOf } from "./installing";
import { newEnoughPython } from "./python";

const WINDOWS = process.platform === "win32";

/** Where the program of the environment in a folder is. */
export function programIn(environment: string, name = "coterie"): string {
  return WINDOWS ? join(environment, "Scripts", `${name}.exe`) : join(environment, "bin", name);
}

/** What an installation needs: where environments are, what goes into one, and the environment variables of what is run. */
export interface Plan {
  readonly store: string;
  readonly wheel: string;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Make an environment and use it from then on, and return whether that was done: false when the person has cancelled it. A half-made one is
 * not left behind, and one that there was stays. Throws what a person can act on; all that the programs said is in the log.
 */
export async function install(
  { store, wheel, env }: Plan,
  progress: Progress<{ message: string }>,
  token: CancellationToken,
  log: LogOutputChannel,
): Promise<boolean> {
  const abort = new AbortController();
  const cancelled = token.onCancellationRequested(() => abort.abort());
  if (token.isCancellationRequested) {
    abort.abort();
  }
  const environment = await begin(store);
  const run = async (step: Step, program: string, ...args: readonly string[]): Promise<void> => {
    abort.signal.throwIfAborted();
    // Never in the folder that is open: `python -m venv` would take a `venv.py` there for its own.
    await followed(program, args, { cwd: store, env, signal: abort.signal }, (line) => {
      log.info(line);
      const message = stepOf(line);
      if (message !== undefined) {
        progress.report({ message });
      }
    }).catch((said: unknown) => {
      throw new Error(explained(step, String(said)));
    });
  };
  try {
    progress.report({ message: "looking for Python" });
    const python = await newEnoughPython(store, env, abort.signal);
    progress.report({ message: "making an environment" });
    await run("environment", python, "-m", "venv", environment);
    progress.report({ message: "installing the server and what it needs" });
    const pip = ["-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off"];
    await run("packages", programIn(environment, "python"), ...pip, wheel);
    abort.signal.throwIfAborted();
    await use(environment);
    return true;
  } catch (error) {
    await remove(environment).catch((left: unknown) => log.warn(`A half-made environment stays: ${String(left)}`));
    if (token.isCancellationRequested) {
      return false;
    }
    throw error;
  } finally {
    cancelled.dispose();
  }
}

interface Surroundings {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Ends the program and what it has started; it is waited for. */
  readonly signal: AbortSignal;
}

/** Run a program to its end, and tell its lines. Rejects with all that it said. */
function followed(
  program: string,
  args: readonly string[],
  { cwd, env, signal }: Surroundings,
  tell: (line: string) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const said: string[] = [];
    const child = listenedTo(program, args, cwd, env);
    const stop = (): void => end(child);
    signal.addEventListener("abort", stop);
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        said.push(line);
        tell(line);
      });
    }
    child.on("error", (error) => reject(error.message));
    child.on("close", (code) => {
      signal.removeEventListener("abort", stop);
      if (code === 0) {
        resolve();
      } else {
        reject(said.join("\n"));
      }
    });
  });
}
