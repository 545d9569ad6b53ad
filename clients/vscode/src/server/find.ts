// Finds the server on this machine, and asks before it installs one.

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

/** Return the server to start, or undefined when a person did not want one installed. */
export async function findServer(context: ExtensionContext, log: LogOutputChannel): Promise<Launch | undefined> {
  const windows = process.platform === "win32";
  const home = homeOf(context);
  await mkdir(home, { recursive: true });
  const environment = join(home, "server");
  const own = programIn(environment, windows);
  const wheel = wheelIn(join(context.extensionPath, "server"));
  const setting = workspace.getConfiguration("coterie").get<string[]>("server.command", []);
  const python = workspace.isTrusted ? await activePython(log) : undefined;
  const found = await locate({ setting, python, path: process.env["PATH"] ?? "", own, wheel, windows }, probeFrom(home));
  if (found !== undefined) {
    log.info(`The server is ${[found.command, ...found.args].join(" ")}, found by: ${found.source}.`);
    return found;
  }
  if (wheel === undefined) {
    throw new Error("There is no Coterie server on this machine. Install it, or name it in the setting `coterie.server.command`.");
  }
  const yes = "Install";
  const answer = await window.showInformationMessage(
    "Coterie's server is not on this machine. Install it into the extension's own folder? It needs Python and your package index.",
    yes,
  );
  if (answer !== yes) {
    return undefined;
  }
  await window.withProgress({ location: ProgressLocation.Notification, title: "Coterie", cancellable: true }, (progress, token) =>
    install(environment, wheel, progress, token),
  );
  return { source: "own", command: own, args: [] };
}

function wheelIn(folder: string): string | undefined {
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
