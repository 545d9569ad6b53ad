// Above each open hunk, in the file and in the diff: accept, reject, and which of how many it is.

import { CodeLens, type CodeLensProvider, type Disposable, EventEmitter, languages, Range, type TextDocument } from "vscode";
import type { Reviewing } from "./reviewing";
import { REVIEW_SCHEME } from "./sides";

export class ReviewLenses implements CodeLensProvider {
  readonly #changed = new EventEmitter<void>();
  readonly onDidChangeCodeLenses = this.#changed.event;
  readonly #reviewing: Reviewing;

  constructor(reviewing: Reviewing) {
    this.#reviewing = reviewing;
    reviewing.changed.on(() => this.#changed.fire());
  }

  register(): Disposable {
    return languages.registerCodeLensProvider([{ scheme: "file" }, { scheme: REVIEW_SCHEME }], this);
  }

  provideCodeLenses(document: TextDocument): readonly CodeLens[] & CodeLens[] {
    const places = this.#reviewing.placesIn(document);
    return places.flatMap(({ open, start }, index) => {
      const range = new Range(start, 0, start, 0);
      const kind = open.hunk.state === "proposed" ? "Apply" : "Accept";
      const more =
        places.length < 2 ? [] : [new CodeLens(range, { title: `${index + 1} of ${places.length}`, command: "coterie.review.next" })];
      return [
        new CodeLens(range, {
          title: `$(check)\u00a0${kind}`,
          tooltip: "Keep this change",
          command: "coterie.review.acceptHunk",
          arguments: [open],
        }),
        new CodeLens(range, {
          title: "$(discard)\u00a0Reject",
          tooltip: "Take this change back; an agent that works on is told",
          command: "coterie.review.rejectHunk",
          arguments: [open],
        }),
        ...more,
      ];
    });
  }
}
