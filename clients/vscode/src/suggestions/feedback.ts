// Tells the server what became of its suggestions: seen, and taken in part. That one was taken as a whole VS Code tells by the item's own
// command. What can be known, and what cannot, is in `tracker.ts`.

import {
  type CancellationToken,
  commands,
  Disposable,
  type InlineCompletionContext,
  type InlineCompletionItem,
  type InlineCompletionList,
  type Position,
  type TextDocument,
  window,
  workspace,
} from "vscode";
import type { Middleware } from "vscode-languageclient/node";
import type { Requests } from "../protocol";
import type { Session } from "../session";
import { offeredBy } from "./offered";
import { type Offered, Tracker } from "./tracker";

type Items = InlineCompletionItem[] | InlineCompletionList | null | undefined;
type Next = (
  document: TextDocument,
  position: Position,
  context: InlineCompletionContext,
  token: CancellationToken,
) => Items | Thenable<Items>;

export class SuggestionFeedback {
  readonly #tracker = new Tracker();
  #session: Session | undefined;
  #latest: readonly Offered[] = [];
  #seen: string | undefined;

  /** Stands between VS Code and the language client, which asks the server. */
  readonly middleware: Middleware = {
    provideInlineCompletionItems: async (document, position, context, token, next: Next) => {
      const answer = await next(document, position, context, token);
      if (token.isCancellationRequested) {
        return answer; // VS Code looks at no such answer: what it shows is what was offered before.
      }
      const items = Array.isArray(answer) ? answer : (answer?.items ?? []);
      const offered = items.map((item) => {
        // What of the replaced text stands before the cursor.
        const before = item.range === undefined ? "" : document.getText(item.range.with({ end: position }));
        return offeredBy(item, { document: document.uri.toString(), offset: document.offsetAt(position), before });
      });
      this.#offer(
        offered.filter((each) => each !== undefined),
        document,
        position,
      );
      return answer;
    },
  };

  register(session: Session): Disposable {
    this.#session = session;
    return Disposable.from(
      workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        const edits = contentChanges.map(({ rangeOffset, rangeLength, text }) => ({ offset: rangeOffset, removed: rangeLength, text }));
        const taken = this.#tracker.edited(document.uri.toString(), edits);
        if (taken !== undefined) {
          this.#tell("agent/suggestion/accepted", { suggestionId: taken.suggestionId, length: taken.length });
        }
      }),
      commands.registerCommand("coterie.suggestion.dismiss", async () => {
        await commands.executeCommand("editor.action.inlineSuggest.hide");
        for (const { suggestionId } of this.#latest) {
          this.#tell("agent/suggestion/rejected", { suggestionId });
        }
      }),
    );
  }

  #offer(offered: readonly Offered[], document: TextDocument, position: Position): void {
    this.#tracker.offer(offered);
    this.#latest = offered;
    const editor = window.activeTextEditor;
    const onScreen = editor?.document === document && editor.selection.isEmpty && editor.selection.active.isEqual(position);
    const [first] = offered;
    if (first !== undefined && onScreen && this.#seen !== first.suggestionId) {
      this.#seen = first.suggestionId;
      this.#tell("agent/suggestion/shown", { suggestionId: first.suggestionId });
    }
  }

  #tell<M extends "agent/suggestion/shown" | "agent/suggestion/accepted" | "agent/suggestion/rejected">(
    method: M,
    params: Requests[M]["params"],
  ): void {
    this.#session?.wire.request(method, params).catch((error: unknown) => this.#session?.log.debug(`${method}: ${String(error)}`));
  }
}
