// Which hunks a person means when they accept or reject: one, a file's, all. Buttons of an editor give its URI, and mean the cursor.

import { Uri, window } from "vscode";
import type { Node } from "../runs/forest";
import { counted } from "../runs/words";
import type { OpenHunk } from "../state/reviews";
import { neighbour, placeAt } from "./places";
import type { Reviewing, Verdict } from "./reviewing";
import type { Reviewed } from "./rows";
import { fileOf } from "./sides";

export async function decideOne(
  reviewing: Reviewing,
  verdict: Verdict,
  about: OpenHunk | Node<Reviewed> | Uri | string | undefined,
): Promise<void> {
  const open = about === undefined || about instanceof Uri ? hunkAtCursor(reviewing) : given(reviewing, about);
  if (open === undefined) {
    window.setStatusBarMessage("Coterie: there is no change to decide here.", 10_000);
  } else {
    await reviewing.decide(verdict, [open]);
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

function hunkAtCursor(reviewing: Reviewing): OpenHunk | undefined {
  const editor = window.activeTextEditor;
  if (editor === undefined) {
    return undefined;
  }
  const places = reviewing.placesIn(editor.document);
  const { line } = editor.selection.active;
  return (placeAt(places, line) ?? neighbour(places, line - 1, false))?.open;
}

export async function decideWhole(reviewing: Reviewing, verdict: Verdict, about: Node<Reviewed> | Uri | undefined): Promise<void> {
  const { reviews } = reviewing.session;
  const here = window.activeTextEditor?.document.uri;
  // The buttons of an editor that shows many files give a URI of its own.
  const uris = about === undefined || about instanceof Uri ? [about, here] : [Uri.parse(about.target.file.uri)];
  const file = uris.map((uri) => uri && reviews.file(fileOf(uri).toString())).find((each) => each !== undefined);
  if (file !== undefined) {
    await reviewing.decide(verdict, file.hunks);
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
