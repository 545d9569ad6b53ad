// From one open hunk to the next, over the ends of files.

import { Range, Selection, type TextEditor, TextEditorRevealType, Uri, window, workspace } from "vscode";
import { neighbour, type Placed } from "./places";
import type { Reviewing } from "./reviewing";

/** Go to the next or the previous open hunk; behind the last of a file into the next file. */
export async function go(reviewing: Reviewing, back: boolean): Promise<void> {
  const editor = window.activeTextEditor;
  const files = reviewing.session.reviews.files();
  const here = editor === undefined ? -1 : files.findIndex((file) => Uri.parse(file.uri).toString() === editor.document.uri.toString());
  const place = editor && here >= 0 ? within(reviewing, editor, back, files.length === 1) : undefined;
  if (place !== undefined) {
    reveal(place);
    return;
  }
  const next = files.at(here < 0 ? 0 : (here + (back ? -1 : 1)) % files.length);
  if (next === undefined) {
    tellNothingWaits();
    return;
  }
  const shown = await window.showTextDocument(await workspace.openTextDocument(Uri.parse(next.uri)));
  const places = reviewing.placesIn(shown.document);
  reveal(back ? places.at(-1) : places[0]);
}

/** Return the neighbour of the cursor in its file; over the file's end only where there is no other one. */
function within(reviewing: Reviewing, editor: TextEditor, back: boolean, isOnly: boolean): Placed | undefined {
  const { line } = editor.selection.active;
  const place = neighbour(reviewing.placesIn(editor.document), line, back);
  const wraps = place !== undefined && (back ? place.start >= line : place.start <= line);
  return wraps && !isOnly ? undefined : place;
}

/** Put the cursor at a hunk of the active editor. */
export function reveal(place: Placed | undefined): void {
  const editor = window.activeTextEditor;
  if (editor !== undefined && place !== undefined) {
    const at = new Range(place.start, 0, place.start, 0);
    editor.selection = new Selection(at.start, at.start);
    editor.revealRange(at, TextEditorRevealType.InCenterIfOutsideViewport);
  }
}

export function tellNothingWaits(): void {
  window.setStatusBarMessage("$(pass-filled) Coterie: nothing waits for your review.", 10_000);
}
