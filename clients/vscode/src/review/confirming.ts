// Asks before a decision that reaches further than what a person has seen: all changes, what is only proposed and not to be seen in its
// file, and changes that may be somebody else's, which a rejection would take back.

import { window } from "vscode";
import { counted } from "../runs/words";
import { doubtLines, doubtsAmong } from "../state/doubt";
import { isProposed, type OpenHunk } from "../state/reviews";
import type { Verdict } from "./reviewing";

/** How a decision came about. */
export interface Asked {
  /** Where all of it is, in words. */
  readonly where?: string;
  /** Whether it is asked about whatever it is. */
  readonly always?: boolean;
  /** Whether a person saw that what is proposed is applied; a single hunk was seen. */
  readonly isSaid?: boolean;
}

/** Return the hunks that are meant, having asked where that is not certain; `count` is how many changes they are for a person. */
export async function confirmed(
  verdict: Verdict,
  hunks: readonly OpenHunk[],
  count: number,
  { where = "", always = false, isSaid = true }: Asked,
): Promise<readonly OpenHunk[]> {
  const details = detailsOf(verdict, hunks);
  const sure = surelyMeant(verdict, hunks);
  const isCertain = sure.length === hunks.length && (isSaid || details.length === 0);
  if (hunks.length === 0 || (isCertain && !always)) {
    return hunks;
  }
  const verb = verdict === "reject" ? "Reject" : isProposed({ hunks }) ? "Apply" : "Accept";
  const [what, yes] = count === 1 ? ["the change", verb] : [`all ${count} changes`, `${verb} All`];
  const others = `${verb} the Others`;
  const options = { modal: true, ...(details.length > 0 ? { detail: details.join("\n\n") } : {}) };
  const isSome = sure.length > 0 && sure.length < hunks.length;
  const chosen = await window.showWarningMessage(`${verb} ${what}${where}?`, options, yes, ...(isSome ? [others] : []));
  return chosen === yes ? hunks : chosen === others ? sure : [];
}

/** Return what is the agent's for sure, as far as that matters: what is accepted stays as it is. */
function surelyMeant(verdict: Verdict, hunks: readonly OpenHunk[]): readonly OpenHunk[] {
  return verdict === "accept" ? hunks : hunks.filter(({ doubt }) => doubt === undefined);
}

/** Say what a person may not know of hunks. */
function detailsOf(verdict: Verdict, hunks: readonly OpenHunk[]): readonly string[] {
  if (verdict === "accept") {
    const proposed = hunks.filter(({ hunk }) => hunk.state === "proposed").length;
    return proposed === 0 ? [] : [`${counted(proposed, "change")} only proposed until now: what is proposed is written into its file.`];
  }
  const doubts = doubtsAmong(hunks);
  const which = surelyMeant(verdict, hunks).length > 0 ? "Some of it" : "It";
  return doubts.length === 0 ? [] : [`${which} may not be the agent's.`, doubtLines(doubts)];
}
