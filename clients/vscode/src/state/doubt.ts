// Changes that may be somebody else's: they were found after a command, and who wrote them cannot be told for sure. Whoever is to decide about
// one is told so and why: in lists, beside the text, and before it is taken back. Pure.

import type { ChangeEvent } from "../protocol";

/** What is said of such a change in a row or beside a line. */
export const DOUBTFUL = "maybe not the agent's";

/** How many files a question names. */
const MOST = 8;

/** Why a change may be somebody else's. */
export interface Doubt {
  readonly path: string;
  readonly why: string;
  /** The file came with the change, and goes when the change is taken back. */
  readonly isMade: boolean;
}

/** Return the doubt about a change; undefined where there is none. */
export function doubtOf({ path, unsure, what }: Pick<ChangeEvent, "path" | "unsure" | "what">): Doubt | undefined {
  return unsure ? { path, why: unsure, isMade: what === "made" } : undefined;
}

/** Return the doubts about changes, or parts of some, one for each file. */
export function doubtsAmong(parts: readonly { readonly doubt: Doubt | undefined }[]): readonly Doubt[] {
  const byPath = new Map<string, Doubt>();
  for (const { doubt } of parts) {
    if (doubt !== undefined && !byPath.has(doubt.path)) {
      byPath.set(doubt.path, doubt);
    }
  }
  return [...byPath.values()];
}

/** Say of a change whose it may be, and why. */
export function doubtWords({ why }: Doubt): string {
  return `Maybe not the agent's: ${why}`;
}

/** Say of each file why its change may be somebody else's, and what becomes of it when that is taken back. */
export function doubtLines(doubts: readonly Doubt[]): string {
  const lines = doubts.slice(0, MOST).map(({ path, why, isMade }) => `${path}: ${why}${isMade ? " Taking it back removes the file." : ""}`);
  return [...lines, ...(doubts.length > MOST ? [`… and ${doubts.length - MOST} more`] : [])].join("\n");
}
