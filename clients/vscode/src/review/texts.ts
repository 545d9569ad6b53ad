// The two sides of a review's diff that are no files: a text without the changes that wait for review, and with those that are proposed.

import { Disposable, EventEmitter, type TextDocumentContentProvider, type Uri, workspace } from "vscode";
import { type OpenHunk, uriKey } from "../state/reviews";
import { withoutOpen, withProposed } from "./places";
import type { Reviewing } from "./reviewing";
import { fileOf, REVIEW_SCHEME, sideOf } from "./sides";

export class ReviewTexts implements TextDocumentContentProvider {
  readonly #reviewing: Reviewing;
  readonly #changed = new EventEmitter<Uri>();
  readonly onDidChange = this.#changed.event;

  constructor(reviewing: Reviewing) {
    this.#reviewing = reviewing;
  }

  register(): Disposable {
    return Disposable.from(
      this.#changed,
      workspace.registerTextDocumentContentProvider(REVIEW_SCHEME, this),
      this.#reviewing.changed.on((about) => this.#tell(about)),
    );
  }

  async provideTextDocumentContent(uri: Uri): Promise<string> {
    const file = fileOf(uri);
    const hunks: readonly OpenHunk[] = this.#reviewing.session.reviews.file(file.toString())?.hunks ?? [];
    const text = await textOf(file);
    return sideOf(uri) === "proposed" ? withProposed(text, hunks) : withoutOpen(text, hunks);
  }

  #tell(about: Uri | undefined): void {
    for (const { uri } of workspace.textDocuments) {
      if (uri.scheme === REVIEW_SCHEME && (about === undefined || uriKey(fileOf(uri).toString()) === uriKey(about.toString()))) {
        this.#changed.fire(uri);
      }
    }
  }
}

/** Return a file's text as the person sees it, unsaved words too; empty when there is no such file. */
async function textOf(uri: Uri): Promise<string> {
  const open = workspace.textDocuments.find((document) => document.uri.toString() === uri.toString());
  if (open !== undefined) {
    return open.getText();
  }
  try {
    return new TextDecoder().decode(await workspace.fs.readFile(uri));
  } catch {
    return "";
  }
}
