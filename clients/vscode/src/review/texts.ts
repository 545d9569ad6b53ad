// The two sides of a review's diff that are no files: a text without the changes that wait for review, and with those that are proposed.

import { Disposable, EventEmitter, type TextDocumentContentProvider, Uri, workspace } from "vscode";
import { type OpenFile, type OpenHunk, uriKey } from "../state/reviews";
import { withoutOpen, withProposed } from "./places";
import type { Reviewing } from "./reviewing";

export const REVIEW_SCHEME = "coterie-review";

type Side = "before" | "proposed";

/** What a diff editor shows: the left side, the right one, and the file that both are about. */
export interface Sides {
  readonly file: Uri;
  readonly left: Uri | undefined;
  readonly right: Uri | undefined;
}

export function sidesOf(file: OpenFile): Sides {
  const uri = Uri.parse(file.uri);
  const isNew = file.hunks.every(({ hunk }) => hunk.oldLines === 0 && hunk.oldStart <= 1) && file.hunks.length === 1;
  const isGone = file.hunks.some(({ hunk }) => hunk.state === "applied" && hunk.newLines === 0 && hunk.newStart <= 1 && !isOpenFile(uri));
  const proposes = file.hunks.some(({ hunk }) => hunk.state === "proposed");
  return {
    file: uri,
    left: isNew && !proposes ? undefined : sideUri(file, "before"),
    right: isGone ? undefined : proposes ? sideUri(file, "proposed") : uri,
  };
}

function sideUri(file: OpenFile, side: Side): Uri {
  // The file's own path, so that VS Code takes neither side for another file's.
  return Uri.from({ scheme: REVIEW_SCHEME, authority: side, path: Uri.parse(file.uri).path, query: file.uri });
}

/** Return the file that one of our texts is about. */
export function fileOf(uri: Uri): Uri {
  return uri.scheme === REVIEW_SCHEME ? Uri.parse(uri.query) : uri;
}

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
    return uri.authority === "proposed" ? withProposed(text, hunks) : withoutOpen(text, hunks);
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

function isOpenFile(uri: Uri): boolean {
  return workspace.textDocuments.some((document) => document.uri.toString() === uri.toString());
}
