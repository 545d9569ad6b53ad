import { expect, test, vi } from "vitest";
import type { CancellationToken, InlineCompletionContext, Position, TextDocument } from "vscode";
import type { Session } from "../src/session";
import { SuggestionFeedback } from "../src/suggestions/feedback";

const heard = vi.hoisted((): ((change: unknown) => void)[] => []);

vi.mock("vscode", () => ({
  Disposable: { from: () => undefined },
  commands: { registerCommand: () => undefined },
  window: {},
  workspace: { onDidChangeTextDocument: (listener: (change: unknown) => void) => heard.push(listener) },
}));

test("an answer that VS Code has given up changes nothing of what is followed", async () => {
  const told: unknown[] = [];
  const feedback = new SuggestionFeedback();
  const wire = { request: (method: string, params: unknown) => Promise.resolve(told.push([method, params])) };
  feedback.register({ wire } as unknown as Session);
  const document = { uri: "file:///mean.py", offsetAt: () => 0 } as unknown as TextDocument;
  const ask = (items: object[], isCancellationRequested: boolean): unknown =>
    feedback.middleware.provideInlineCompletionItems?.(
      document,
      {} as Position,
      {} as InlineCompletionContext,
      { isCancellationRequested } as CancellationToken,
      () => items as never,
    );
  await ask([{ insertText: "return 1", command: { arguments: [{ suggestionId: "s1" }] } }], false);
  await ask([], true);
  heard[0]?.({ document, contentChanges: [{ rangeOffset: 0, rangeLength: 0, text: "return" }] });
  expect(told).toEqual([["agent/suggestion/accepted", { suggestionId: "s1", length: 6 }]]);
});
