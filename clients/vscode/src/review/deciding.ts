// Which hunks a person means when they accept or reject: one, a file's, all. Buttons of an editor give its URI, and mean the cursor.

import { Range, type TextEditor, Uri, window } from "vscode";
import type { Node } from "../runs/forest";
import { isProposed, type OpenHunk } from "../state/reviews";
import { type Asked, confirmed } from "./confirming";
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
    return open && decide(reviewing, verdict, [open]);
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
    await decide(reviewing, verdict, [place.open]);
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
  await decide(reviewing, verdict, hunks, { where: " of the file", isSaid });
}

export async function decideAll(reviewing: Reviewing, verdict: Verdict): Promise<void> {
  const hunks = reviewing.session.reviews.files().flatMap((file) => file.hunks);
  await decide(reviewing, verdict, hunks, { always: true });
}

/** Decide about hunks, or those that a person still means once asked. */
async function decide(reviewing: Reviewing, verdict: Verdict, hunks: readonly OpenHunk[], asked: Asked = {}): Promise<void> {
  const meant = await confirmed(verdict, hunks, reviewing.session.reviews.count(hunks), asked);
  if (meant.length > 0) {
    await reviewing.decide(verdict, meant);
  }
}
