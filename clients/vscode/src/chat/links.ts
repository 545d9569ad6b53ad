// Follows a link that a model wrote: a web page after VS Code has asked, a file only where it lies in an open folder, and nothing else.

import { env, Position, Range, Uri, window, workspace } from "vscode";
import { unlinked } from "../notices";
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

/** Return the file of an open folder that a path names, if it is there. */
export async function fileNamed(path: string): Promise<Uri | undefined> {
  for (const folder of workspace.workspaceFolders ?? []) {
    const uri = path.startsWith("/") ? folder.uri.with({ path }) : Uri.joinPath(folder.uri, path);
    const isInside = workspace.getWorkspaceFolder(uri) !== undefined;
    if (isInside && (await isFile(uri))) {
      return uri;
    }
  }
  return undefined;
}

async function isFile(uri: Uri): Promise<boolean> {
  try {
    await workspace.fs.stat(uri);
    return true;
  } catch {
    return false;
  }
}
