// Which hunks a person means when they accept or reject: one, a file's, all.

import { Uri, window } from "vscode";
import { counted } from "../runs/words";
import type { OpenHunk } from "../state/reviews";
import { neighbour, placeAt } from "./places";
import type { Reviewing, Verdict } from "./reviewing";
import { fileOf } from "./texts";
import type { ReviewRow } from "./tree";

export async function decideOne(reviewing: Reviewing, verdict: Verdict, about: OpenHunk | ReviewRow | undefined): Promise<void> {
  const given = about === undefined ? undefined : "hunk" in about ? about : about.open;
  const open = given ?? hunkAtCursor(reviewing);
  if (open !== undefined) {
    await reviewing.decide(verdict, [open]);
  }
}

function hunkAtCursor(reviewing: Reviewing): OpenHunk | undefined {
  const editor = window.activeTextEditor;
  if (editor === undefined) {
    return undefined;
  }
  const places = reviewing.placesIn(editor.document);
  const { line } = editor.selection.active;
  return (placeAt(places, line) ?? neighbour(places, line - 1, false))?.open;
}

export async function decideWhole(reviewing: Reviewing, verdict: Verdict, about: ReviewRow | Uri | undefined): Promise<void> {
  const uri = about === undefined ? window.activeTextEditor?.document.uri : about instanceof Uri ? about : Uri.parse(about.file.uri);
  const file = uri && reviewing.session.reviews.file(fileOf(uri).toString());
  if (file !== undefined) {
    await reviewing.decide(verdict, file.hunks);
  }
}

export async function decideAll(reviewing: Reviewing, verdict: Verdict): Promise<void> {
  const hunks = reviewing.session.reviews.files().flatMap((file) => file.hunks);
  const yes = verdict === "accept" ? "Accept All" : "Reject All";
  const what = `${yes} ${counted(hunks.length, "change")}?`;
  if (hunks.length > 0 && (await window.showWarningMessage(what, { modal: true }, yes)) === yes) {
    await reviewing.decide(verdict, hunks);
  }
}
