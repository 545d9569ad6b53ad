// Shows open hunks beside the text: a bar at their lines and a mark in the overview ruler; and in the Explorer the files that have some.

import {
  Disposable,
  EventEmitter,
  FileDecoration,
  type FileDecorationProvider,
  OverviewRulerLane,
  Range,
  type TextEditor,
  ThemeColor,
  Uri,
  window,
} from "vscode";
import { counted } from "../runs/words";
import { uriKey } from "../state/reviews";
import type { Reviewing } from "./reviewing";

const COLOR = new ThemeColor("coterie.openChangeForeground");

export class ReviewDecorations implements FileDecorationProvider {
  readonly #changed = new EventEmitter<Uri | Uri[] | undefined>();
  readonly onDidChangeFileDecorations = this.#changed.event;
  readonly #reviewing: Reviewing;
  readonly #lines = window.createTextEditorDecorationType({
    isWholeLine: true,
    borderColor: COLOR,
    borderStyle: "solid",
    borderWidth: "0 0 0 3px",
    overviewRulerColor: COLOR,
    overviewRulerLane: OverviewRulerLane.Left,
  });
  readonly #gone = window.createTextEditorDecorationType({
    isWholeLine: true,
    borderColor: COLOR,
    borderStyle: "dashed",
    borderWidth: "1px 0 0 0",
    overviewRulerColor: COLOR,
    overviewRulerLane: OverviewRulerLane.Left,
  });

  constructor(reviewing: Reviewing) {
    this.#reviewing = reviewing;
  }

  register(): Disposable {
    const show = (about?: Uri) => {
      for (const editor of window.visibleTextEditors) {
        if (about === undefined || uriKey(editor.document.uri.toString()) === uriKey(about.toString())) {
          this.#show(editor);
        }
      }
    };
    return Disposable.from(
      this.#lines,
      this.#gone,
      this.#changed,
      window.registerFileDecorationProvider(this),
      window.onDidChangeVisibleTextEditors(() => show()),
      this.#reviewing.changed.on(show),
      this.#reviewing.session.reviews.changed.on((uri) => this.#changed.fire(uri === undefined ? undefined : Uri.parse(uri))),
    );
  }

  provideFileDecoration(uri: Uri): FileDecoration | undefined {
    const file = uri.scheme === "file" ? this.#reviewing.session.reviews.file(uri.toString()) : undefined;
    if (file === undefined) {
      return undefined;
    }
    const decoration = new FileDecoration("✎", `${counted(file.hunks.length, "change")} of Coterie to review`, COLOR);
    decoration.propagate = true;
    return decoration;
  }

  #show(editor: TextEditor): void {
    if (editor.document.uri.scheme !== "file") {
      return;
    }
    const places = this.#reviewing.placesIn(editor.document);
    const rangesOf = (gone: boolean) =>
      places
        .filter(({ lines }) => (lines === 0) === gone)
        .map(({ start, lines }) => new Range(start, 0, start + Math.max(lines, 1) - 1, 0));
    editor.setDecorations(this.#lines, rangesOf(false));
    editor.setDecorations(this.#gone, rangesOf(true));
  }
}
