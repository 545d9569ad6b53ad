// Which changes are the two halves of a move: a file that is gone, and one that has all of its text. Pure; questions, runs and reviews tell
// and count the two as one.

import type { ChangeEvent } from "../protocol";
import { uriKey } from "./uris";

/** What of a change says whether it is half of a move. */
export type Change = Pick<ChangeEvent, "path" | "uri" | "hunks" | "what">;

/** The two halves of a move: the file that would go, and the one that would come. */
export interface Move<C extends Change = Change> {
  readonly gone: C;
  readonly made: C;
}

/** Return the move that changes are; undefined where they are another edit. */
export function moveIn<C extends Change>(changes: readonly C[]): Move<C> | undefined {
  const [one, other, ...more] = changes;
  if (one === undefined || other === undefined || more.length > 0 || one.uri === other.uri) {
    return undefined;
  }
  // Of an empty file there is nothing to tell them by but their order: the server makes the new one first.
  const [gone, made] = whole(one, "old") === "" ? [other, one] : [one, other];
  const isSame = whole(gone, "old") === whole(made, "new") && whole(gone, "new") === "" && whole(made, "old") === "";
  return isSame ? { gone, made } : undefined;
}

/** Return the moves among changes: files that are gone, or would be, each with one that has all of its text. */
export function movesAmong<C extends Change>(changes: readonly C[]): readonly Move<C>[] {
  const made = new Map<string, C[]>();
  for (const change of changes) {
    const text = whole(change, "new");
    if (text && whole(change, "old") === "") {
      made.set(text, [...(made.get(text) ?? []), change]);
    }
  }
  return changes.flatMap((gone) => {
    const text = whole(gone, "old");
    const other = text && whole(gone, "new") === "" ? made.get(text)?.shift() : undefined;
    return other === undefined ? [] : [{ gone, made: other }];
  });
}

/** Say of both places of each move which the other is, by their URIs as they can be compared. */
export function movedWords(moves: readonly Move[]): ReadonlyMap<string, string> {
  return new Map(
    moves.flatMap(({ gone, made }) => [
      [uriKey(gone.uri), `moved to ${made.path}`],
      [uriKey(made.uri), `moved from ${gone.path}`],
    ]),
  );
}

/** Return one side of a change that is all of a file; undefined where it is not. */
function whole({ hunks }: Change, side: "old" | "new"): string | undefined {
  const [hunk, ...more] = hunks;
  return more.length > 0 ? undefined : side === "old" ? hunk?.oldText : hunk?.newText;
}
