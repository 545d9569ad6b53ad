// Reviewing what agents changed: hunk by hunk in the file, in diffs, from the list, by lenses and by keys.

import { commands, Disposable, type Uri, window } from "vscode";
import { guarded } from "../refusals";
import type { Session } from "../session";
import type { OpenHunk } from "../state/reviews";
import { showLensesInDiffs } from "./choices";
import { decideAll, decideOne, decideWhole } from "./deciding";
import { ReviewDecorations } from "./decorations";
import { ReviewLenses } from "./lenses";
import { go, show } from "./navigation";
import { chooseFile, openAll } from "./opening";
import { Reviewing, type Verdict } from "./reviewing";
import { fileOf } from "./sides";
import { ReviewTexts } from "./texts";
import { type ReviewRow, ReviewTree } from "./tree";

export function registerReview(session: Session): Disposable {
  const reviewing = new Reviewing(session);
  const on = <A extends readonly never[]>(id: string, action: (...given: A) => unknown) =>
    commands.registerCommand(id, (...given) => guarded(() => action(...(given as unknown as A))));
  let told: boolean | undefined;
  const tellContext = () => {
    const document = window.activeTextEditor?.document;
    const inFile = document !== undefined && session.reviews.file(fileOf(document.uri).toString()) !== undefined;
    if (inFile !== told) {
      told = inFile;
      void commands.executeCommand("setContext", "coterie.review.inFile", inFile);
    }
  };
  const decideHunk = (verdict: Verdict) => (about?: OpenHunk | ReviewRow | Uri | string) => decideOne(reviewing, verdict, about);
  const decideFile = (verdict: Verdict) => (about?: ReviewRow | Uri) => decideWhole(reviewing, verdict, about);
  return Disposable.from(
    reviewing,
    new ReviewTexts(reviewing).register(),
    new ReviewLenses(reviewing).register(),
    new ReviewDecorations(reviewing).register(),
    new ReviewTree(reviewing).register(),
    window.onDidChangeActiveTextEditor(tellContext),
    session.reviews.changed.on(tellContext),
    on("coterie.review.open", (runId?: string) => openAll(session, runId)),
    on("coterie.review.files", () => chooseFile(session)),
    on("coterie.review.show", ({ file, open }: ReviewRow) => show(reviewing, file, open)),
    on("coterie.review.next", () => go(reviewing, false)),
    on("coterie.review.previous", () => go(reviewing, true)),
    on("coterie.review.acceptHunk", decideHunk("accept")),
    on("coterie.review.rejectHunk", decideHunk("reject")),
    on("coterie.review.acceptFile", decideFile("accept")),
    on("coterie.review.rejectFile", decideFile("reject")),
    on("coterie.review.lensesInDiffs", showLensesInDiffs),
    on("coterie.review.acceptAll", () => decideAll(reviewing, "accept")),
    on("coterie.review.rejectAll", () => decideAll(reviewing, "reject")),
  );
}
