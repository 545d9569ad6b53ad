// Finds the server on this machine, and installs the one that comes with the extension. `connection.ts` does either; `trouble.ts` asks first.

import { existsSync, readdirSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";
import { type ExtensionContext, type LogOutputChannel, ProgressLocation, window, workspace } from "vscode";
import { isInside } from "../chat/inside";
import { current, sweep } from "./environments";
import { install, programIn } from "./install";
import { type Launch, locate } from "./locate";
import { probeFrom } from "./probe";
import { activePython } from "./python";

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
  // The setting is the whole answer: nothing else is looked at then.
  const python = workspace.isTrusted && setting.length === 0 ? await activePython(log) : undefined;
  const wheel = wheelIn(context);
  const store = storeOf(context);
  const environment = current(store);
  const own = environment === undefined ? undefined : programIn(environment);
  const found = await locate({ setting, python, path: await trustedPath(), own, wheel, windows: WINDOWS }, probeFrom(home));
  if (found !== undefined) {
    log.info(`The server is ${[found.command, ...found.args].join(" ")}, found by: ${found.source}.`);
    if (found.source === "own") {
      void sweep(store).catch((error: unknown) => log.debug(`Earlier environments stay: ${String(error)}`));
    }
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
  return Promise.resolve(
    window.withProgress(options, async (progress, token) => {
      const plan = { store: storeOf(context), wheel, env: { ...process.env, PATH: await trustedPath() } };
      return install(plan, progress, token, log);
    }),
  );
}

const WINDOWS = process.platform === "win32";
const NONE = "There is no Coterie server on this machine. Install it, or name it in the setting `coterie.server.command`.";

/** The folder of the extension's own environments. */
function storeOf(context: ExtensionContext): string {
  return join(homeOf(context), "server");
}

/** The server's wheel in the extension. */
function wheelIn(context: ExtensionContext): string | undefined {
  const folder = join(context.extensionPath, "server");
  const name = existsSync(folder) ? readdirSync(folder).find((each) => each.endsWith(".whl")) : undefined;
  return name === undefined ? undefined : join(folder, name);
}

/**
 * Return the folders that programs are looked for in: those of the PATH. A relative one would be looked for in the folder that is open, and
 * one below a folder that is not trusted is the folder's own.
 */
async function trustedPath(): Promise<string> {
  const files = (workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === "file");
  const untrusted = workspace.isTrusted ? [] : files.map(({ uri }) => uri.fsPath);
  return outside((process.env["PATH"] ?? "").split(delimiter), untrusted);
}

/** Join those folders that are whole paths and in none of the others. */
export async function outside(folders: readonly string[], others: readonly string[]): Promise<string> {
  const keeps = await Promise.all(folders.map(async (folder) => isAbsolute(folder) && !(await isInside(folder, others))));
  return folders.filter((_folder, index) => keeps[index]).join(delimiter);
}
