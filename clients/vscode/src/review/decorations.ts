// Shows open hunks beside the text: a bar at their lines and a mark in the overview ruler, in a diff with the choices in a hover; and in the
// Explorer the files that have some.

import {
  type DecorationOptions,
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
  workspace,
} from "vscode";
import { counted } from "../runs/words";
import { DOUBTFUL } from "../state/doubt";
import { choices, LENSES_IN_DIFFS, showsLensesInDiffs } from "./choices";
import type { Reviewing } from "./reviewing";
import { isAbout, isLeft, REVIEW_SCHEME } from "./sides";

/** VS Code takes a place behind the end of a line for its end. */
const LINE_END = Number.MAX_SAFE_INTEGER;

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

  /** Where there is no lens that says so, behind the first line of a hunk. */
  readonly #doubtful = window.createTextEditorDecorationType({
    after: { contentText: DOUBTFUL, color: new ThemeColor("editorCodeLens.foreground"), margin: "0 0 0 2em" },
  });

  constructor(reviewing: Reviewing) {
    this.#reviewing = reviewing;
  }

  register(): Disposable {
    const show = (about?: Uri) => {
      for (const editor of window.visibleTextEditors) {
        if (about === undefined || isAbout(editor.document.uri, about)) {
          this.#show(editor);
        }
      }
    };
    return Disposable.from(
      this.#lines,
      this.#gone,
      this.#doubtful,
      this.#changed,
      window.registerFileDecorationProvider(this),
      window.onDidChangeVisibleTextEditors(() => show()),
      this.#reviewing.changed.on(show),
      workspace.onDidChangeConfiguration((event) => event.affectsConfiguration(LENSES_IN_DIFFS) && show()),
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
    if (editor.document.uri.scheme !== "file" && editor.document.uri.scheme !== REVIEW_SCHEME) {
      return;
    }
    const places = isLeft(editor.document.uri) ? [] : this.#reviewing.placesIn(editor.document);
    // One without a column is inside of another, as those of a diff are, where VS Code shows no lenses unless it is told to.
    const hasLenses = editor.viewColumn !== undefined || showsLensesInDiffs();
    const marksOf = (gone: boolean): DecorationOptions[] =>
      places
        .filter(({ lines }) => (lines === 0) === gone)
        .map(({ open, start, lines }) => ({
          range: new Range(start, 0, start + Math.max(lines, 1) - 1, 0),
          ...(hasLenses ? {} : { hoverMessage: choices(open) }),
        }));
    editor.setDecorations(this.#lines, marksOf(false));
    editor.setDecorations(this.#gone, marksOf(true));
    const doubtful = hasLenses ? [] : places.filter(({ open }) => open.doubt !== undefined);
    editor.setDecorations(
      this.#doubtful,
      doubtful.map(({ start }) => new Range(start, LINE_END, start, LINE_END)),
    );
  }
}
