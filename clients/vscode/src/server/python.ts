// The Python programs of this machine: that of the active environment, and one that an environment can be made with.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { extensions, type LogOutputChannel } from "vscode";
import { bounded } from "./bounded";
import { isNewEnough, noPython, type Version } from "./installing";

const ask = promisify(execFile);
const PYTHONS = ["python3", "python", "python3.14", "python3.13", "python3.12", "python3.11"];
/** For the Python extension to start and answer: it looks through a machine's environments. */
const ACTIVE_MS = 10_000;
/** For a program to say its version. */
const VERSION_MS = 30_000;

/** What the Python extension exports, as far as we ask it. */
interface PythonApi {
  readonly environments: {
    getActiveEnvironmentPath(): { readonly path: string };
    resolveEnvironment(path: {
      readonly path: string;
    }): Promise<{ readonly executable: { readonly uri?: { readonly fsPath: string } } } | undefined>;
  };
}

/** Return the Python of the environment that is active in this window, if the Python extension says one soon. */
export async function activePython(log: LogOutputChannel): Promise<string | undefined> {
  const extension = extensions.getExtension<PythonApi>("ms-python.python");
  if (extension === undefined) {
    return undefined;
  }
  const asked = async (): Promise<string | undefined> => {
    const { environments } = await extension.activate();
    return (await environments.resolveEnvironment(environments.getActiveEnvironmentPath()))?.executable.uri?.fsPath;
  };
  try {
    return await bounded(asked(), ACTIVE_MS, "it takes too long");
  } catch (error) {
    log.warn(`The Python extension did not say which environment is active: ${String(error)}`);
    return undefined;
  }
}

/** Return a Python that an environment can be made with. Throws what a person can act on. */
export async function newEnoughPython(cwd: string, env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<string> {
  const tooOld: Version[] = [];
  for (const python of PYTHONS) {
    signal.throwIfAborted();
    try {
      const options = { cwd, env, signal, timeout: VERSION_MS, killSignal: "SIGKILL", windowsHide: true } as const;
      const { stdout } = await ask(python, ["-c", "import sys; print(*sys.version_info[:2])"], options);
      const [major = 0, minor = 0] = stdout.trim().split(" ").map(Number);
      if (isNewEnough([major, minor])) {
        return python;
      }
      tooOld.push([major, minor]);
    } catch {
      // Not there, or it does not answer: the next one.
    }
  }
  throw new Error(noPython(tooOld));
}
