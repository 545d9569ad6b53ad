// Above each open hunk, in the file and in the diff: accept, reject, and which of how many it is. VS Code draws the lenses of a text once all
// who have some have answered, and waits the longer before it asks again the longer that took: nobody is to be slow here.

import { CodeLens, type CodeLensProvider, Disposable, EventEmitter, languages, Range, type TextDocument, window } from "vscode";
import type { Middleware } from "vscode-languageclient/node";
import { DOUBTFUL, type Doubt, doubtWords } from "../state/doubt";
import type { OpenHunk } from "../state/reviews";
import type { Reviewing } from "./reviewing";
import { isAbout, isLeft, REVIEW_SCHEME, sideOf } from "./sides";

/** What a lens says, and what it does, of a hunk that is in the file, and of one that is only proposed. */
const ACCEPT = ["Accept", "Keep this change", "Take this change back; an agent that works on is told"] as const;
const APPLY = ["Apply", "Write this change into the file", "Leave this change out; the agent is told"] as const;

/** The server has lenses for editors without views of their own alone. To wait for its word that there are none would keep ours as they were. */
export const lensMiddleware: Middleware = { provideCodeLenses: () => [] };

export class ReviewLenses implements CodeLensProvider {
  readonly #changed = new EventEmitter<void>();
  readonly onDidChangeCodeLenses = this.#changed.event;
  readonly #reviewing: Reviewing;

  constructor(reviewing: Reviewing) {
    this.#reviewing = reviewing;
  }

  register(): Disposable {
    return Disposable.from(
      this.#changed,
      this.#reviewing.changed.on((file) => {
        // Each word puts off the look of VS Code, into every text: not for each file that an agent writes.
        if (file === undefined || window.visibleTextEditors.some(({ document }) => isAbout(document.uri, file))) {
          this.#changed.fire();
        }
      }),
      languages.registerCodeLensProvider([{ scheme: "file" }, { scheme: REVIEW_SCHEME }], this),
    );
  }

  provideCodeLenses(document: TextDocument): readonly CodeLens[] & CodeLens[] {
    const places = isLeft(document.uri) ? [] : this.#reviewing.placesIn(document);
    return places.flatMap(({ open, start }, index) => {
      const range = new Range(start, 0, start, 0);
      const [yes, about, no] = open.hunk.state === "proposed" ? APPLY : ACCEPT;
      // What is only proposed is not to be seen in its file.
      const isShown = open.hunk.state !== "proposed" || sideOf(document.uri) !== undefined;
      const more =
        places.length < 2 ? [] : [new CodeLens(range, { title: `${index + 1} of ${places.length}`, command: "coterie.review.next" })];
      const whose = open.doubt === undefined ? [] : [doubtLens(range, open.doubt)];
      return [
        new CodeLens(range, {
          title: `$(check)\u00a0${yes}`,
          tooltip: about,
          command: "coterie.review.acceptHunk",
          arguments: [open],
        }),
        new CodeLens(range, {
          title: "$(discard)\u00a0Reject",
          tooltip: no,
          command: "coterie.review.rejectHunk",
          arguments: [open],
        }),
        ...(isShown ? [] : [reviewLens(range, open)]),
        ...more,
        ...whose,
      ];
    });
  }
}

/** Return what does nothing, and says why when the pointer rests on it. */
function doubtLens(range: Range, doubt: Doubt): CodeLens {
  return new CodeLens(range, { title: `$(question)\u00a0${DOUBTFUL}`, tooltip: doubtWords(doubt), command: "" });
}

function reviewLens(range: Range, { runId, changeId }: OpenHunk): CodeLens {
  const command = { title: "$(diff)\u00a0Review", tooltip: "Show what it would be", command: "coterie.review.proposal" };
  return new CodeLens(range, { ...command, arguments: [runId, [changeId]] });
}
