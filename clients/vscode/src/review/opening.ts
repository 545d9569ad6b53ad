// Shows what waits for review: a file in a diff, all of them in one editor, one that a person chooses.

import { commands, type QuickPickItem, Uri, window, workspace } from "vscode";
import { counted } from "../runs/words";
import type { Session } from "../session";
import type { OpenFile } from "../state/reviews";
import { foldersOfNamesakes, uriKey } from "../state/uris";
import { proposes, sidesOf } from "./sides";

/** How many files one editor shows at once: VS Code loads each of them. */
const MOST = 200;

/** Show all open changes, of a run or of all, in one editor; a single file in a diff of its own. */
export async function openAll(session: Session, runId: unknown): Promise<void> {
  const files = session.reviews.files(typeof runId === "string" ? runId : undefined);
  const [first] = files;
  if (first === undefined) {
    tellNothingWaits();
  } else if (files.length === 1) {
    await openDiff(first);
  } else {
    const sides = files
      .slice(0, MOST)
      .map(sidesOf)
      .map(({ file, left, right }) => [file, left, right]);
    // How many files it shows VS Code says itself.
    const title = files.length > MOST ? `Review: The First of ${files.length} Files` : "Review";
    await commands.executeCommand("vscode.changes", title, sides);
  }
}

/** Show what a run changed in a file: what waits for review, or, where nothing does any more, all of it. */
export async function openChange(session: Session, runId: string | undefined, uri: string): Promise<void> {
  const file = session.reviews.files(runId).find((each) => uriKey(each.uri) === uriKey(uri));
  if (file === undefined && runId !== undefined) {
    const target = { kind: "file", runId, uri, path: workspace.asRelativePath(Uri.parse(uri)) };
    await commands.executeCommand("coterie.run.showChange", { target });
  } else if (file === undefined) {
    tellNothingWaits();
  } else {
    await openDiff(file);
  }
}

export async function openDiff(file: OpenFile): Promise<void> {
  const { file: uri, left, right } = sidesOf(file);
  if (left !== undefined && right !== undefined) {
    await commands.executeCommand("vscode.diff", left, right, `${file.path} (${proposes(file) ? "Proposed" : "Review"})`);
  } else {
    await window.showTextDocument(right ?? left ?? uri);
  }
}

/** Show a file itself, or, where its text is only proposed, what it would be. */
export async function openFile(file: OpenFile): Promise<void> {
  if (proposes(file)) {
    await openDiff(file);
  } else {
    await window.showTextDocument(await workspace.openTextDocument(sidesOf(file).file));
  }
}

export async function chooseFile(session: Session): Promise<void> {
  const files = session.reviews.files();
  const folders = foldersOfNamesakes(files);
  const choices: (QuickPickItem & { readonly file?: OpenFile })[] = files.map((file) => ({
    label: file.path,
    description: [folders.get(uriKey(file.uri)), counted(file.hunks.length, "open change")].filter(Boolean).join(" · "),
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

export function tellNothingWaits(): void {
  window.setStatusBarMessage("$(pass-filled) Coterie: nothing waits for your review.", 10_000);
}
