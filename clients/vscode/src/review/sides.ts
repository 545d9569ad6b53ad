// The two sides of a review's diff, and what their URIs say: a side that is no file has the file's own path, and its URI as the query.

import { Uri, workspace } from "vscode";
import type { OpenFile } from "../state/reviews";

export const REVIEW_SCHEME = "coterie-review";

/** A text without the changes that wait for review, or one with those that are proposed. */
type Side = "before" | "proposed";

/** What a diff editor shows: the left side, the right one, and the file that both are about. */
export interface Sides {
  readonly file: Uri;
  readonly left: Uri | undefined;
  readonly right: Uri | undefined;
}

export function sidesOf(file: OpenFile): Sides {
  const uri = Uri.parse(file.uri);
  const isNew = file.hunks.every(({ hunk }) => hunk.oldLines === 0 && hunk.oldStart <= 1) && file.hunks.length === 1;
  const isGone = file.hunks.some(({ hunk }) => hunk.state === "applied" && hunk.newLines === 0 && hunk.newStart <= 1 && !isOpenFile(uri));
  const isProposed = proposes(file);
  return {
    file: uri,
    left: isNew && !isProposed ? undefined : sideUri(uri, "before"),
    right: isGone ? undefined : isProposed ? sideUri(uri, "proposed") : uri,
  };
}

/** Say whether something waits to be written into a file. */
export function proposes(file: OpenFile): boolean {
  return file.hunks.some(({ hunk }) => hunk.state === "proposed");
}

export function sideUri(file: Uri, side: Side): Uri {
  // The file's own path, so that VS Code takes neither side for another file's.
  return Uri.from({ scheme: REVIEW_SCHEME, authority: side, path: file.path, query: file.toString() });
}

/** Return which side a text is; undefined when it is a file. */
export function sideOf(uri: Uri): Side | undefined {
  return uri.scheme !== REVIEW_SCHEME ? undefined : uri.authority === "proposed" ? "proposed" : "before";
}

/** Return the file that a text is about. */
export function fileOf(uri: Uri): Uri {
  return uri.scheme === REVIEW_SCHEME ? Uri.parse(uri.query) : uri;
}

function isOpenFile(uri: Uri): boolean {
  return workspace.textDocuments.some((document) => document.uri.toString() === uri.toString());
}
