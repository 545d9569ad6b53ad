// From one open hunk to the next, over the ends of files.

import { Range, Selection, type TextEditor, TextEditorRevealType, window } from "vscode";
import type { OpenFile, OpenHunk } from "../state/reviews";
import { uriKey } from "../state/uris";
import { openDiff, openFile, tellNothingWaits } from "./opening";
import { neighbour, type Placed } from "./places";
import type { Reviewing } from "./reviewing";
import { fileOf } from "./sides";

/** Go to the next or the previous open hunk; behind the last of a file into the next file. */
export async function go(reviewing: Reviewing, back: boolean): Promise<void> {
  const editor = window.activeTextEditor;
  const files = reviewing.session.reviews.files();
  const key = editor && uriKey(fileOf(editor.document.uri).toString());
  const here = files.findIndex((file) => uriKey(file.uri) === key);
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
  await openFile(next);
  const shown = window.activeTextEditor;
  const places = shown === undefined ? [] : reviewing.placesIn(shown.document);
  reveal(back ? places.at(-1) : places[0]);
}

/** Return the neighbour of the cursor in its file; over the file's end only where there is no other one. */
function within(reviewing: Reviewing, editor: TextEditor, back: boolean, isOnly: boolean): Placed | undefined {
  const { line } = editor.selection.active;
  const place = neighbour(reviewing.placesIn(editor.document), line, back);
  const wraps = place !== undefined && (back ? place.start >= line : place.start <= line);
  return wraps && !isOnly ? undefined : place;
}

/** Show a file, or one of its hunks, in its diff. */
export async function show(reviewing: Reviewing, file: OpenFile, open: OpenHunk | undefined): Promise<void> {
  await openDiff(file);
  showHunk(reviewing, open?.hunk.hunkId);
}

/** Go to a hunk of the active editor. */
export function showHunk(reviewing: Reviewing, hunkId: string | undefined): void {
  const editor = window.activeTextEditor;
  reveal(editor && reviewing.placesIn(editor.document).find((each) => each.open.hunk.hunkId === hunkId));
}

/** Go to the first open hunk of the active editor. */
export function showFirst(reviewing: Reviewing): void {
  const editor = window.activeTextEditor;
  reveal(editor && reviewing.placesIn(editor.document)[0]);
}

/** Go on to the next open hunk of an editor, if there is one. */
export function showNext(reviewing: Reviewing, editor: TextEditor): void {
  if (window.activeTextEditor === editor) {
    reveal(neighbour(reviewing.placesIn(editor.document), editor.selection.active.line - 1, false));
  }
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
