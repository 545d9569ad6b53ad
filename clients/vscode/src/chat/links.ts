// Follows a link that a model wrote: a web page after VS Code has asked, a file only where it lies in an open folder, and nothing else.

import { posix } from "node:path";
import { env, Position, Range, Uri, window, workspace } from "vscode";
import { unlinked } from "../notices";
import { isInside } from "./inside";
import { readTarget } from "./target";

export async function followLink(target: string): Promise<void> {
  const { web, path, line } = readTarget(target);
  if (web !== undefined) {
    await env.openExternal(Uri.parse(web, true));
    return;
  }
  const uri = path === undefined ? undefined : await fileNamed(path);
  if (uri === undefined) {
    void window.showInformationMessage(unlinked(`${target} is no file of the open folders.`));
    return;
  }
  const at = new Position(Math.max(0, (line ?? 1) - 1), 0);
  await window.showTextDocument(uri, line === undefined ? {} : { selection: new Range(at, at) });
}

/** Return the file of an open folder that a path names, if it is there, and there without a link that leads out. */
export async function fileNamed(path: string): Promise<Uri | undefined> {
  for (const folder of workspace.workspaceFolders ?? []) {
    const uri = path.startsWith("/") ? folder.uri.with({ path: posix.normalize(path) }) : Uri.joinPath(folder.uri, path);
    if (workspace.getWorkspaceFolder(uri) !== undefined && (await isFile(uri)) && (await staysInside(uri))) {
      return uri;
    }
  }
  return undefined;
}

/** Say whether a file lies in an open folder once its links are followed, as far as this machine can tell. */
export async function staysInside(uri: Uri): Promise<boolean> {
  const folders = (workspace.workspaceFolders ?? []).map((folder) => folder.uri.fsPath);
  return uri.scheme !== "file" || isInside(uri.fsPath, folders);
}

async function isFile(uri: Uri): Promise<boolean> {
  try {
    await workspace.fs.stat(uri);
    return true;
  } catch {
    return false;
  }
}
