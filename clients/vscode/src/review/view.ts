// Reviewing what agents changed: hunk by hunk in the file, in diffs, from the list, by lenses and by keys.

import { commands, Disposable, type QuickPickItem, type Uri, window } from "vscode";
import { guarded } from "../refusals";
import { counted } from "../runs/words";
import type { Session } from "../session";
import type { OpenFile, OpenHunk } from "../state/reviews";
import { decideAll, decideOne, decideWhole } from "./deciding";
import { ReviewDecorations } from "./decorations";
import { ReviewLenses } from "./lenses";
import { go, reveal, tellNothingWaits } from "./navigation";
import { Reviewing, type Verdict } from "./reviewing";
import { fileOf, ReviewTexts, sidesOf } from "./texts";
import { type ReviewRow, ReviewTree } from "./tree";

export function registerReview(session: Session): Disposable {
  const reviewing = new Reviewing(session);
  const on = <A extends readonly never[]>(id: string, action: (...given: A) => unknown) =>
    commands.registerCommand(id, (...given) => guarded(() => action(...(given as unknown as A))));
  const tellContext = () => {
    const document = window.activeTextEditor?.document;
    const inFile = document !== undefined && session.reviews.file(fileOf(document.uri).toString()) !== undefined;
    void commands.executeCommand("setContext", "coterie.review.inFile", inFile);
  };
  const decideHunk = (verdict: Verdict) => (about?: OpenHunk | ReviewRow) => decideOne(reviewing, verdict, about);
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
    on("coterie.review.acceptAll", () => decideAll(reviewing, "accept")),
    on("coterie.review.rejectAll", () => decideAll(reviewing, "reject")),
  );
}

/** Show all open changes, of a run or of all, in one editor; a single file in a diff of its own. */
async function openAll(session: Session, runId: unknown): Promise<void> {
  const files = session.reviews.files(typeof runId === "string" ? runId : undefined);
  const [first] = files;
  if (first === undefined) {
    tellNothingWaits();
  } else if (files.length === 1) {
    await openDiff(first);
  } else {
    const sides = files.map(sidesOf).map(({ file, left, right }) => [file, left, right]);
    await commands.executeCommand("vscode.changes", `Review ${counted(files.length, "File")}`, sides);
  }
}

async function openDiff(file: OpenFile): Promise<void> {
  const { file: uri, left, right } = sidesOf(file);
  if (left !== undefined && right !== undefined) {
    await commands.executeCommand("vscode.diff", left, right, `${file.path} (Review)`);
  } else {
    await window.showTextDocument(right ?? left ?? uri);
  }
}

async function chooseFile(session: Session): Promise<void> {
  const files = session.reviews.files();
  const choices: (QuickPickItem & { readonly file?: OpenFile })[] = files.map((file) => ({
    label: file.path,
    description: counted(file.hunks.length, "open change"),
    file,
  }));
  if (choices.length > 1) {
    choices.unshift({ label: "$(diff-multiple) All Files", description: "in one editor" });
  }
  const { decided, total } = session.reviews.progress();
  const choice = await window.showQuickPick(choices, { title: `Review: ${decided} of ${total} done`, placeHolder: "Which file?" });
  if (choice !== undefined) {
    await (choice.file === undefined ? openAll(session, undefined) : openDiff(choice.file));
  }
}

async function show(reviewing: Reviewing, file: OpenFile, open: OpenHunk | undefined): Promise<void> {
  await openDiff(file);
  const editor = window.activeTextEditor;
  const place = editor && reviewing.placesIn(editor.document).find((each) => each.open.hunk.hunkId === open?.hunk.hunkId);
  reveal(place);
}
