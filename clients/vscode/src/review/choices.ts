// What can be done with a hunk in a diff, in a hover: lenses are there only for who has switched them on, since VS Code has one setting for all
// diffs (`diffEditor.codeLens`), those of others too, and it is not ours to change unasked.

import { ConfigurationTarget, MarkdownString, workspace } from "vscode";
import { doubtWords } from "../state/doubt";
import type { OpenHunk } from "../state/reviews";

export const LENSES_IN_DIFFS = "diffEditor.codeLens";

const SHOW_LENSES = "coterie.review.lensesInDiffs";

export function showsLensesInDiffs(): boolean {
  return workspace.getConfiguration().get(LENSES_IN_DIFFS, false);
}

/** Switch lenses on in diffs, for a person who asks for it. */
export async function showLensesInDiffs(): Promise<void> {
  await workspace.getConfiguration().update(LENSES_IN_DIFFS, true, ConfigurationTarget.Global);
}

/** Return what can be done with a hunk, and why it may be somebody else's. */
export function choices({ hunk, doubt }: OpenHunk): MarkdownString {
  const about = encodeURIComponent(JSON.stringify([hunk.hunkId]));
  const yes = hunk.state === "proposed" ? "Apply" : "Accept";
  const text = new MarkdownString("", true);
  text.isTrusted = { enabledCommands: ["coterie.review.acceptHunk", "coterie.review.rejectHunk", SHOW_LENSES] };
  text.appendMarkdown(`[$(check) ${yes}](command:coterie.review.acceptHunk?${about})&nbsp;&nbsp; `);
  text.appendMarkdown(`[$(discard) Reject](command:coterie.review.rejectHunk?${about})&nbsp;&nbsp; `);
  text.appendMarkdown(`[Always Show Above Changes](command:${SHOW_LENSES})`);
  if (doubt !== undefined) {
    text.appendMarkdown("\n\n$(question) ").appendText(doubtWords(doubt));
  }
  return text;
}
