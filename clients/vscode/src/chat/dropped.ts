// What was dragged from VS Code, or from the machine's own file manager, onto a chat: which files these are. Pure.

/** The kinds of data that name files, the one that names all of them first. */
export const DROPPED = ["application/vnd.code.uri-list", "text/uri-list"] as const;

const OURS = /^(?:file|vscode-remote):\/\//i;

/** Read a list of URIs, one in a line. What is not a file is left out. */
export function readDropped(list: string): readonly string[] {
  const lines = list.split(/\r?\n/).map((line) => line.trim());
  return [...new Set(lines.filter((line) => OURS.test(line)).map(local))];
}

/** A window that is not where its files are names the machine that has them, which is the one that we run on. */
function local(uri: string): string {
  return uri.replace(/^vscode-remote:\/\/[^/]*/i, "file://");
}
