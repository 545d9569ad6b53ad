// The sides of a review's diff that are no files, and what their URIs say: the file's own path, and as the query which file it is and, of a
// proposal, the changes that it is made of, so that it shows the same after they are decided.

import { Uri } from "vscode";
import type { OpenFile, OpenHunk } from "../state/reviews";
import { uriKey } from "../state/uris";

export const REVIEW_SCHEME = "coterie-review";

/** A text without the changes that wait for review; one without changes that were proposed; one with them. */
export type Side = "before" | "was" | "proposed";

/** What a diff editor shows: the left side, the right one, and the file that both are about. */
export interface Sides {
  readonly file: Uri;
  readonly left: Uri | undefined;
  readonly right: Uri | undefined;
}

/** A change of a run. */
export type ChangeId = Pick<OpenHunk, "runId" | "changeId">;

export function sidesOf(file: OpenFile): Sides {
  const uri = Uri.parse(file.uri);
  if (proposes(file)) {
    const changes = new Map(file.hunks.map(({ runId, changeId }) => [changeId, { runId, changeId }]));
    return proposalSides(uri, [...changes.values()]);
  }
  return { file: uri, left: file.isMade ? undefined : sideUri(uri, "before"), right: file.isDeleted ? undefined : uri };
}

/** Return the sides of changes of a file that are, or were, proposed. */
export function proposalSides(file: Uri, changes: readonly ChangeId[]): Sides {
  return { file, left: sideUri(file, "was", changes), right: sideUri(file, "proposed", changes) };
}

/** Say whether something waits to be written into a file. */
export function proposes(file: OpenFile): boolean {
  return file.hunks.some(({ hunk }) => hunk.state === "proposed");
}

function sideUri(file: Uri, side: Side, changes: readonly ChangeId[] = []): Uri {
  const query = JSON.stringify([file.toString(), ...changes.map(({ runId, changeId }) => [runId, changeId])]);
  // The file's own path, so that VS Code takes neither side for another file's.
  return Uri.from({ scheme: REVIEW_SCHEME, authority: side, path: file.path, query });
}

/** Return which side a text is; undefined when it is a file. */
export function sideOf(uri: Uri): Side | undefined {
  return uri.scheme === REVIEW_SCHEME ? (uri.authority as Side) : undefined;
}

/** Say whether a text is the left side of a diff, where nothing that waits is to be seen. */
export function isLeft(uri: Uri): boolean {
  return sideOf(uri) === "before" || sideOf(uri) === "was";
}

/** Return the file that a text is about. */
export function fileOf(uri: Uri): Uri {
  return uri.scheme === REVIEW_SCHEME ? Uri.parse(read(uri)[0]) : uri;
}

/** Say whether a text is a file, or a side of a diff about it. */
export function isAbout(uri: Uri, file: Uri): boolean {
  return uriKey(fileOf(uri).toString()) === uriKey(file.toString());
}

/** Return the changes that a side is made of; none: whatever waits for review. */
export function changesOf(uri: Uri): readonly ChangeId[] {
  return uri.scheme === REVIEW_SCHEME
    ? read(uri)
        .slice(1)
        .map(([runId = "", changeId = ""]) => ({ runId, changeId }))
    : [];
}

/** Read what a URI says: its file, and the ids of changes. Anybody may open any URI. */
function read({ query }: Uri): readonly [string, ...(readonly string[])[]] {
  try {
    const [file, ...changes] = listOf(JSON.parse(query));
    return [String(file ?? ""), ...changes.map((change) => listOf(change).map(String))];
  } catch {
    return [""];
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
