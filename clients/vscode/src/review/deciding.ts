// Which hunks a person means when they accept or reject: one, a file's, all. Buttons of an editor give its URI, and mean the cursor.

import { Range, type TextEditor, Uri, window } from "vscode";
import type { Node } from "../runs/forest";
import { counted } from "../runs/words";
import { isProposed, type OpenHunk } from "../state/reviews";
import { reveal, showHunk, showNext } from "./navigation";
import { meantAt, type Placed } from "./places";
import { openProposal } from "./proposals";
import type { Reviewing, Verdict } from "./reviewing";
import type { Reviewed } from "./rows";
import { sideOf } from "./sides";

export async function decideOne(
  reviewing: Reviewing,
  verdict: Verdict,
  about: OpenHunk | Node<Reviewed> | Uri | string | undefined,
): Promise<void> {
  if (about !== undefined && !(about instanceof Uri)) {
    const open = given(reviewing, about);
    return open && reviewing.decide(verdict, [open]);
  }
  await decideAtCursor(reviewing, verdict);
}

/** Decide about the hunk that the cursor says and a person sees; show any other first. */
async function decideAtCursor(reviewing: Reviewing, verdict: Verdict): Promise<void> {
  const editor = window.activeTextEditor;
  const meant = editor && meantAt(reviewing.placesIn(editor.document), editor.selection.active.line);
  if (editor === undefined || meant === undefined) {
    window.setStatusBarMessage("Coterie: there is no change to decide here.", 10_000);
    return;
  }
  const { place, sure } = meant;
  const inDiff = sideOf(editor.document.uri) !== undefined;
  const isShown = inDiff || place.open.hunk.state !== "proposed";
  if (sure && isShown && isSeen(place, editor)) {
    await reviewing.decide(verdict, [place.open]);
    // A diff is there to be gone through; in a file a person works.
    if (editor.viewColumn === undefined || inDiff) {
      showNext(reviewing, editor);
    }
  } else {
    await showBefore(reviewing, place, isShown);
    tellOnceMore(verdict, place, sure);
  }
}

/** Show a hunk where it can be seen: what is only proposed is not in its file. */
async function showBefore(reviewing: Reviewing, place: Placed, isShown: boolean): Promise<void> {
  if (isShown) {
    reveal(place);
  } else {
    const { runId, changeId, hunk } = place.open;
    await openProposal(reviewing, runId, [changeId]);
    showHunk(reviewing, hunk.hunkId);
  }
}

function tellOnceMore(verdict: Verdict, { open: { hunk } }: Placed, sure: boolean): void {
  const verb = verdict === "accept" && hunk.state === "proposed" ? "apply" : verdict;
  const which = sure ? "this is the change" : "no change was at the cursor; this is the nearest";
  window.setStatusBarMessage(`Coterie: ${which}. Once more to ${verb} it.`, 10_000);
}

/** Return the hunk that a lens, a row of the list, or a link names by its id. */
function given(reviewing: Reviewing, about: OpenHunk | Node<Reviewed> | string): OpenHunk | undefined {
  if (typeof about === "string") {
    return reviewing.session.reviews
      .files()
      .flatMap((file) => file.hunks)
      .find(({ hunk }) => hunk.hunkId === about);
  }
  return "hunk" in about ? about : about.target.open;
}

/** Say whether a person who decides by a key knows about what: the next change may be far below. */
function isSeen(place: Placed, editor: TextEditor): boolean {
  const lines = new Range(place.start, 0, place.start + Math.max(place.lines, 1) - 1, 0);
  return editor.visibleRanges.length === 0 || editor.visibleRanges.some((seen) => seen.intersection(lines) !== undefined);
}

export async function decideWhole(reviewing: Reviewing, verdict: Verdict, about: Node<Reviewed> | Uri | undefined): Promise<void> {
  const here = window.activeTextEditor?.document.uri;
  const isRow = about !== undefined && !(about instanceof Uri);
  // The buttons of an editor that shows many files give a URI of its own.
  const uris = isRow ? [Uri.parse(about.target.file.uri)] : [about, here];
  const uri = uris.find((each) => each !== undefined && reviewing.openIn(each).length > 0);
  const hunks = uri === undefined ? [] : reviewing.openIn(uri);
  // A diff shows what is proposed, and the row of a file that only has such says that it is applied.
  const isSaid = uri !== undefined && (sideOf(uri) !== undefined || (isRow && isProposed({ hunks })));
  if (isSaid || !writesProposed(verdict, hunks) || (await confirm(verdict, hunks, " of the file"))) {
    await reviewing.decide(verdict, hunks);
  }
}

export async function decideAll(reviewing: Reviewing, verdict: Verdict): Promise<void> {
  const hunks = reviewing.session.reviews.files().flatMap((file) => file.hunks);
  if (hunks.length > 0 && (await confirm(verdict, hunks))) {
    await reviewing.decide(verdict, hunks);
  }
}

/** Ask whether hunks are meant; `where` they all are, in words. */
async function confirm(verdict: Verdict, hunks: readonly OpenHunk[], where = ""): Promise<boolean> {
  const verb = verdict === "reject" ? "Reject" : isProposed({ hunks }) ? "Apply" : "Accept";
  const yes = `${verb} All`;
  const what = `${verb} ${hunks.length === 1 ? "the change" : `all ${hunks.length} changes`}${where}?`;
  const proposed = hunks.filter(({ hunk }) => hunk.state === "proposed").length;
  const detail = `${counted(proposed, "change")} only proposed until now: what is proposed is written into its file.`;
  const asked = { modal: true, ...(writesProposed(verdict, hunks) ? { detail } : {}) };
  return (await window.showWarningMessage(what, asked, yes)) === yes;
}

function writesProposed(verdict: Verdict, hunks: readonly OpenHunk[]): boolean {
  return verdict === "accept" && hunks.some(({ hunk }) => hunk.state === "proposed");
}
