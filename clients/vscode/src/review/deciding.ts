// Which hunks a person means when they accept or reject: one, a file's, all. Buttons of an editor give its URI, and mean the cursor.

import { Range, type TextEditor, Uri, window } from "vscode";
import type { Node } from "../runs/forest";
import { counted } from "../runs/words";
import type { OpenHunk } from "../state/reviews";
import { reveal, showNext } from "./navigation";
import { neighbour, type Placed, placeAt } from "./places";
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
  const editor = window.activeTextEditor;
  const place = editor && placeAtCursor(reviewing, editor);
  if (editor === undefined || place === undefined) {
    window.setStatusBarMessage("Coterie: there is no change to decide here.", 10_000);
  } else if (isSeen(place, editor)) {
    await reviewing.decide(verdict, [place.open]);
    // A diff is there to be gone through; in a file a person works.
    if (editor.viewColumn === undefined || sideOf(editor.document.uri) !== undefined) {
      showNext(reviewing, editor);
    }
  } else {
    reveal(place);
    const verb = verdict === "accept" && place.open.hunk.state === "proposed" ? "apply" : verdict;
    window.setStatusBarMessage(`Coterie: this is the change. Once more to ${verb} it.`, 10_000);
  }
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

function placeAtCursor(reviewing: Reviewing, editor: TextEditor): Placed | undefined {
  const places = reviewing.placesIn(editor.document);
  const { line } = editor.selection.active;
  return placeAt(places, line) ?? neighbour(places, line - 1, false);
}

/** Say whether a person who decides by a key knows about what: the next change may be far below. */
function isSeen(place: Placed, editor: TextEditor): boolean {
  const lines = new Range(place.start, 0, place.start + Math.max(place.lines, 1) - 1, 0);
  return editor.visibleRanges.length === 0 || editor.visibleRanges.some((seen) => seen.intersection(lines) !== undefined);
}

export async function decideWhole(reviewing: Reviewing, verdict: Verdict, about: Node<Reviewed> | Uri | undefined): Promise<void> {
  const here = window.activeTextEditor?.document.uri;
  // The buttons of an editor that shows many files give a URI of its own.
  const uris = about === undefined || about instanceof Uri ? [about, here] : [Uri.parse(about.target.file.uri)];
  const hunks = uris.map((uri) => (uri === undefined ? [] : reviewing.openIn(uri))).find((each) => each.length > 0);
  if (hunks !== undefined) {
    await reviewing.decide(verdict, hunks);
  }
}

export async function decideAll(reviewing: Reviewing, verdict: Verdict): Promise<void> {
  const hunks = reviewing.session.reviews.files().flatMap((file) => file.hunks);
  const yes = verdict === "accept" ? "Accept All" : "Reject All";
  const what = `${yes} ${counted(hunks.length, "change")}?`;
  const proposed = hunks.some(({ hunk }) => hunk.state === "proposed");
  const detail = proposed && verdict === "accept" ? "What is only proposed is written into its files." : undefined;
  const asked = { modal: true, ...(detail === undefined ? {} : { detail }) };
  if (hunks.length > 0 && (await window.showWarningMessage(what, asked, yes)) === yes) {
    await reviewing.decide(verdict, hunks);
  }
}
