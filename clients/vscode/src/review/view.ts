// Reviewing what agents changed: hunk by hunk in the file, in diffs, from the list, by lenses and by keys.

import { commands, Disposable, type Uri, window } from "vscode";
import { guarded } from "../refusals";
import type { Node } from "../runs/forest";
import type { Session } from "../session";
import { isProposed, type OpenHunk } from "../state/reviews";
import { showLensesInDiffs } from "./choices";
import { decideAll, decideOne, decideWhole } from "./deciding";
import { ReviewDecorations } from "./decorations";
import { ReviewLenses } from "./lenses";
import { go, show } from "./navigation";
import { chooseFile, openAll, openChange } from "./opening";
import { openProposal } from "./proposals";
import { Reviewing, type Verdict } from "./reviewing";
import type { Reviewed } from "./rows";
import { ReviewTexts } from "./texts";
import { ReviewTree } from "./tree";

export function registerReview(session: Session): Disposable {
  const reviewing = new Reviewing(session);
  const on = <A extends readonly never[]>(id: string, action: (...given: A) => unknown) =>
    commands.registerCommand(id, (...given) => guarded(() => action(...(given as unknown as A))));
  const decideHunk = (verdict: Verdict) => (about?: OpenHunk | Node<Reviewed> | Uri | string) => decideOne(reviewing, verdict, about);
  const decideFile = (verdict: Verdict) => (about?: Node<Reviewed> | Uri) => decideWhole(reviewing, verdict, about);
  return Disposable.from(
    reviewing,
    new ReviewTexts(reviewing).register(),
    new ReviewLenses(reviewing).register(),
    new ReviewDecorations(reviewing).register(),
    new ReviewTree(reviewing).register(),
    keepContext(reviewing),
    on("coterie.review.open", (runId?: string) => openAll(session, runId)),
    on("coterie.review.change", (runId: string | undefined, uri: string) => openChange(session, runId, uri)),
    on("coterie.review.files", () => chooseFile(session)),
    on("coterie.review.show", ({ target }: Node<Reviewed>) => show(reviewing, target.file, target.open)),
    on("coterie.review.proposal", (runId: string, changeIds: readonly string[]) => openProposal(reviewing, runId, changeIds)),
    on("coterie.review.next", () => go(reviewing, false)),
    on("coterie.review.previous", () => go(reviewing, true)),
    on("coterie.review.acceptHunk", decideHunk("accept")),
    on("coterie.review.applyHunk", decideHunk("accept")),
    on("coterie.review.rejectHunk", decideHunk("reject")),
    on("coterie.review.acceptFile", decideFile("accept")),
    on("coterie.review.applyFile", decideFile("accept")),
    on("coterie.review.rejectFile", decideFile("reject")),
    on("coterie.review.lensesInDiffs", showLensesInDiffs),
    on("coterie.review.acceptAll", () => decideAll(reviewing, "accept")),
    on("coterie.review.rejectAll", () => decideAll(reviewing, "reject")),
  );
}

/** Let keys and bars know whether the active editor has open hunks, and whether these are only proposed: then they are applied, not accepted. */
function keepContext(reviewing: Reviewing): Disposable {
  const told = new Map<string, boolean>();
  const tell = (name: string, value: boolean): void => {
    if (told.get(name) !== value) {
      told.set(name, value);
      void commands.executeCommand("setContext", name, value);
    }
  };
  const look = (): void => {
    const document = window.activeTextEditor?.document;
    const hunks = document === undefined ? [] : reviewing.openIn(document.uri);
    tell("coterie.review.inFile", hunks.length > 0);
    tell("coterie.review.proposed", hunks.length > 0 && isProposed({ hunks }));
  };
  return Disposable.from(window.onDidChangeActiveTextEditor(look), reviewing.session.reviews.changed.on(look));
}
