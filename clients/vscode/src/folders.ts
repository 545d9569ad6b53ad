// Whether something that the server tells of is about a folder of this window: one server may work for several.

import { Uri, workspace } from "vscode";

/** Say whether a folder, by its URI, is open here. What has none belongs to every window. */
export function isHere(folder: string | null | undefined): boolean {
  if (folder === undefined || folder === null) {
    return true;
  }
  const uri = Uri.parse(folder).toString();
  return (workspace.workspaceFolders ?? []).some((each) => each.uri.toString() === uri);
}
