// The sides of a review's diff that are no files: a text without the changes that wait for review, and, of a proposal, the text without it and
// the one with it. What is applied of it stays on the right side alone, so that the diff shows it also after all of it is decided.

import { Disposable, EventEmitter, type TextDocumentContentProvider, type Uri, workspace } from "vscode";
import { unmovedText } from "../approvals/proposal";
import type { ReviewedChange } from "../protocol";
import { running } from "../server/running";
import { placedHunks } from "../state/reviews";
import { uriKey } from "../state/uris";
import { withoutApplied, withProposed } from "./places";
import type { Reviewing } from "./reviewing";
import { type ChangeId, changesOf, fileOf, isAbout, REVIEW_SCHEME, sideOf } from "./sides";

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
    const { session } = this.#reviewing;
    const file = fileOf(uri);
    const side = sideOf(uri);
    if (side === "before") {
      return withoutApplied(await textOf(file), session.reviews.file(file.toString())?.hunks ?? []);
    }
    await running(session.connection);
    const changes = (await Promise.all(changesOf(uri).map((change) => this.#changeOf(change)))).filter((each) => each !== undefined);
    const unmoved = side === "proposed" ? unmovedText(changes) : undefined;
    if (unmoved !== undefined) {
      // Nothing would be there: the diff would show the whole file as deleted.
      return unmoved;
    }
    const hunks = changes.filter((change) => uriKey(change.uri) === uriKey(file.toString())).flatMap(placedHunks);
    // Read last: what is decided is in the file by the time that it is told.
    const text = await textOf(file);
    return side === "proposed" ? withProposed(text, hunks) : withoutApplied(text, hunks);
  }

  /** Return a change, also one that was decided long ago. */
  async #changeOf({ runId, changeId }: ChangeId): Promise<ReviewedChange | undefined> {
    const { reviews, runs } = this.#reviewing.session;
    const change = reviews.change(changeId) ?? (await runs.known(runId)).changes[changeId];
    return change && { ...change, runId };
  }

  #tell(about: Uri | undefined): void {
    for (const { uri } of workspace.textDocuments) {
      if (uri.scheme === REVIEW_SCHEME && (about === undefined || isAbout(uri, about))) {
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
