// The edit that a question is about, as the chat and a notification put it: which files, how much, and what became of it. Pure.

import type { Approval, ChangeEvent } from "../protocol";
import { type Change, moveIn, movesAmong } from "../state/moves";
import { isOpen } from "../state/reviews";

export interface Proposal {
  /** What would happen: `Edit calc.py`. */
  readonly words: string;
  /** How many lines; while something of it is open, of that alone. */
  readonly added: number;
  readonly removed: number;
  /** How many of its parts are decided, how many of those are applied, and how many were, but are taken back. */
  readonly decided: number;
  readonly applied: number;
  readonly undone: number;
  readonly total: number;
}

/** The tools by what they would do. */
const VERBS: Readonly<Record<string, string>> = { delete_file: "Delete", write_file: "Write" };

/** Return what is proposed; undefined where the question is about no edit, or nothing is known of it. */
export function proposalOf({ title }: Pick<Approval, "title">, changes: readonly Change[]): Proposal | undefined {
  const [first] = changes;
  if (first === undefined) {
    return undefined;
  }
  const hunks = changes.flatMap((change) => change.hunks);
  const move = moveIn(changes);
  const open = hunks.filter(isOpen);
  const verb = changes.length === 1 && first.what === "made" ? "Create" : (VERBS[title.split(" ", 1)[0] ?? ""] ?? "Edit");
  // Asked is what is open; of what is decided it says what it was.
  const sized = open.length > 0 ? open : hunks;
  const sum = (side: "newLines" | "oldLines"): number => sized.reduce((all, hunk) => all + hunk[side], 0);
  const what = move
    ? `Move ${move.gone.path} to ${move.made.path}`
    : changes.length === 1
      ? first.path
      : `${changes.length - movesAmong(changes).length} files`;
  return {
    words: move ? what : `${verb} ${what}`,
    added: move ? 0 : sum("newLines"),
    removed: move ? 0 : sum("oldLines"),
    decided: hunks.length - open.length,
    applied: hunks.filter((hunk) => hunk.state === "applied").length,
    undone: hunks.filter((hunk) => hunk.state === "undone").length,
    total: hunks.length,
  };
}

/** Return the changes that a question is about, of all those of its run. */
export function changesIn(
  { changeIds = [] }: Pick<Approval, "changeIds">,
  all: Readonly<Record<string, ChangeEvent>>,
): readonly ChangeEvent[] {
  return changeIds.flatMap((changeId) => all[changeId] ?? []);
}

/** Return the words with how much it is: `Edit calc.py (+2 −1)`. */
export function sizedWords({ words, added, removed }: Pick<Proposal, "words" | "added" | "removed">): string {
  return added === 0 && removed === 0 ? words : `${words} (+${added} −${removed})`;
}

/** Say what became of a proposal; undefined while something of it is open. */
export function outcomeWords({ decided, applied, undone, total }: Proposal): string | undefined {
  if (decided < total) {
    return undefined;
  }
  if (applied === 0) {
    return undone > 0 ? "Taken back" : "Not applied";
  }
  return applied === total ? "Applied" : `${applied} of ${total} changes applied`;
}

/** Return the text that a move would have put into its new place, where that is not so; undefined where it is, or may be yet, and of no move. */
export function unmovedText(changes: readonly Change[]): string | undefined {
  const hunk = moveIn(changes)?.made.hunks[0];
  return hunk?.state === "rejected" || hunk?.state === "undone" ? hunk.newText : undefined;
}
