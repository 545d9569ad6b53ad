// Review in this window: where the open hunks stand in each text, and what a person decides. The state itself is the server's, so what is
// decided in one window is gone in all.

import { type Disposable, type TextDocument, type TextDocumentChangeEvent, Uri, window, workspace } from "vscode";
import { guarded } from "../refusals";
import { tellConflicts, tellKept } from "../runs/undoing";
import { Refusal } from "../server/wire";
import type { Session } from "../session";
import type { OpenHunk } from "../state/reviews";
import { Signal } from "../state/signal";
import { uriKey } from "../state/uris";
import { linesOf, type Placed, placesOf, shifted, type Text } from "./places";
import { changesOf, fileOf, isAbout, sideOf } from "./sides";

export type Verdict = "accept" | "reject";

export class Reviewing implements Disposable {
  /** Places are others now: of a document, or of all. */
  readonly changed = new Signal<Uri | undefined>();
  readonly session: Session;
  readonly #places = new Map<string, readonly Placed[]>();
  /** Where lies what rejections took away, as far as it was told: it is one folder for all hunks of a run. */
  readonly #told = new Set<string>();
  readonly #subscriptions: readonly { dispose(): void }[];

  constructor(session: Session) {
    this.session = session;
    this.#subscriptions = [
      session.reviews.changed.on((uri) => {
        const file = uri === undefined ? undefined : Uri.parse(uri);
        if (file === undefined) {
          this.#places.clear();
        } else {
          for (const { uri: of } of workspace.textDocuments.filter((document) => isAbout(document.uri, file))) {
            this.#places.delete(uriKey(of.toString()));
          }
        }
        this.changed.emit(file);
      }),
      workspace.onDidChangeTextDocument((event) => this.#follow(event)),
      workspace.onDidCloseTextDocument(({ uri }) => this.#places.delete(uriKey(uri.toString()))),
    ];
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) {
      subscription.dispose();
    }
  }

  /** Return where the open hunks of a document stand now. */
  placesIn(document: TextDocument): readonly Placed[] {
    const key = uriKey(document.uri.toString());
    const known = this.#places.get(key);
    if (known !== undefined) {
      return known;
    }
    const places = placesOf(linesOf(document.getText()), this.openIn(document.uri), [], textOf(document.uri));
    this.#places.set(key, places);
    return places;
  }

  /** Return the open hunks that a text is about: of a proposal its own ones. */
  openIn(uri: Uri): readonly OpenHunk[] {
    const hunks = this.session.reviews.file(fileOf(uri).toString())?.hunks ?? [];
    const own = new Set(changesOf(uri).map(({ changeId }) => changeId));
    return own.size === 0 ? hunks : hunks.filter(({ changeId }) => own.has(changeId));
  }

  /** Tell the server what a person says of hunks. */
  async decide(verdict: Verdict, hunks: readonly OpenHunk[]): Promise<void> {
    const byRun = new Map<string, string[]>();
    for (const { runId, hunk } of hunks) {
      byRun.set(runId, [...(byRun.get(runId) ?? []), hunk.hunkId]);
    }
    for (const [runId, hunkIds] of byRun) {
      try {
        const { conflicts, keptIn, letGo } = await this.session.wire.request(`agent/hunk/${verdict}`, { runId, hunkIds });
        void guarded(() => tellConflicts(verdict === "accept" ? "applied" : "taken back", conflicts ?? []));
        if (keptIn && (letGo || !this.#told.has(keptIn))) {
          this.#told.add(keptIn);
          void guarded(() => tellKept(keptIn, letGo));
        }
      } catch (error) {
        if (!(error instanceof Refusal && error.code === "already_resolved")) {
          throw error;
        }
        window.setStatusBarMessage("Coterie: this was decided already, in another window or editor.", 10_000);
      }
    }
  }

  #follow({ document, contentChanges }: TextDocumentChangeEvent): void {
    const key = uriKey(document.uri.toString());
    if (sideOf(document.uri) !== undefined) {
      this.#places.delete(key);
      this.changed.emit(fileOf(document.uri));
      return;
    }
    const file = contentChanges.length === 0 ? undefined : this.session.reviews.file(document.uri.toString());
    if (file === undefined) {
      this.#places.delete(key);
      if (contentChanges.length > 0 && workspace.textDocuments.some(({ uri }) => sideOf(uri) !== undefined && isAbout(uri, document.uri))) {
        this.changed.emit(document.uri);
      }
      return;
    }
    let places = this.#places.get(key) ?? [];
    for (const { range, text } of contentChanges) {
      const now = text.split("\n").length;
      places = shifted(places, { from: range.start.line, to: range.end.line, now });
    }
    this.#places.set(key, placesOf(linesOf(document.getText()), file.hunks, places));
    this.changed.emit(document.uri);
  }
}

function textOf(uri: Uri): Text {
  const side = sideOf(uri);
  return side === undefined ? "file" : side === "proposed" ? "proposed" : "before";
}
