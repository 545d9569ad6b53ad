// Finds the server on this machine, and installs the one that comes with the extension. `connection.ts` does either; `trouble.ts` asks first.

import { existsSync, readdirSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type ExtensionContext, extensions, type LogOutputChannel, ProgressLocation, window, workspace } from "vscode";
import { install, programIn } from "./install";
import { type Launch, locate } from "./locate";
import { probeFrom } from "./probe";

/**
 * Return the folder that programs are started in: the extension's own. The folder that is open would be searched for programs on Windows, and
 * for modules by `python -m`.
 */
export function homeOf(context: ExtensionContext): string {
  return context.globalStorageUri.fsPath;
}

/** Return the server to start, or undefined where there is none that could be started; one can be installed then. */
export async function findServer(context: ExtensionContext, log: LogOutputChannel): Promise<Launch | undefined> {
  const home = homeOf(context);
  await mkdir(home, { recursive: true });
  const setting = workspace.getConfiguration("coterie").get<string[]>("server.command", []);
  const python = workspace.isTrusted ? await activePython(log) : undefined;
  const wheel = wheelIn(context);
  const found = await locate(
    { setting, python, path: process.env["PATH"] ?? "", own: programIn(environmentOf(context)), wheel, windows: WINDOWS },
    probeFrom(home),
  );
  if (found !== undefined) {
    log.info(`The server is ${[found.command, ...found.args].join(" ")}, found by: ${found.source}.`);
  } else if (wheel === undefined) {
    throw new Error(NONE);
  }
  return found;
}

/** Install the server that comes with the extension, with progress that can be cancelled; return whether it was not. */
export function installServer(context: ExtensionContext, log: LogOutputChannel): Promise<boolean> {
  const wheel = wheelIn(context);
  if (wheel === undefined) {
    throw new Error(NONE);
  }
  const options = { location: ProgressLocation.Notification, title: "Coterie", cancellable: true };
  return Promise.resolve(window.withProgress(options, (progress, token) => install(environmentOf(context), wheel, progress, token, log)));
}

const WINDOWS = process.platform === "win32";
const NONE = "There is no Coterie server on this machine. Install it, or name it in the setting `coterie.server.command`.";

/** The folder of the extension's own environment. */
function environmentOf(context: ExtensionContext): string {
  return join(homeOf(context), "server");
}

/** The server's wheel in the extension. */
function wheelIn(context: ExtensionContext): string | undefined {
  const folder = join(context.extensionPath, "server");
  const name = existsSync(folder) ? readdirSync(folder).find((each) => each.endsWith(".whl")) : undefined;
  return name === undefined ? undefined : join(folder, name);
}

/** What the Python extension exports, as far as we ask it. */
interface PythonApi {
  readonly environments: {
    getActiveEnvironmentPath(): { readonly path: string };
    resolveEnvironment(path: {
      readonly path: string;
    }): Promise<{ readonly executable: { readonly uri?: { readonly fsPath: string } } } | undefined>;
  };
}

async function activePython(log: LogOutputChannel): Promise<string | undefined> {
  const extension = extensions.getExtension<PythonApi>("ms-python.python");
  if (extension === undefined) {
    return undefined;
  }
  try {
    const { environments } = await extension.activate();
    return (await environments.resolveEnvironment(environments.getActiveEnvironmentPath()))?.executable.uri?.fsPath;
  } catch (error) {
    log.warn(`The Python extension did not say which environment is active: ${String(error)}`);
    return undefined;
  }
}
