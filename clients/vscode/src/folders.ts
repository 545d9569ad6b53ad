// The folders of this window: whether something that the server tells of is about one of them, as one server may work for several windows, and in
// which of them a run is to work.

import { Uri, window, workspace } from "vscode";

/** Say whether a folder, by its URI, is open here. What has none belongs to every window. */
export function isHere(folder: string | null | undefined): boolean {
  if (folder === undefined || folder === null) {
    return true;
  }
  const uri = Uri.parse(folder).toString();
  return (workspace.workspaceFolders ?? []).some((each) => each.uri.toString() === uri);
}

/**
 * Return the folder, by its URI, in which something about a file works: the file's, or the one that a person chooses where several are open.
 * Null: no folder is open. Undefined: they chose none.
 */
export async function folderFor(file: Uri | undefined): Promise<string | null | undefined> {
  const folders = workspace.workspaceFolders ?? [];
  if (folders.length < 2) {
    return folders[0]?.uri.toString() ?? null;
  }
  const here = file && workspace.getWorkspaceFolder(file);
  return (here ?? (await window.showWorkspaceFolderPick({ placeHolder: "Which folder is it about?" })))?.uri.toString();
}
