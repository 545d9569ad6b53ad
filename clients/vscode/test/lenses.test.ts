import { beforeEach, describe, expect, it, vi } from "vitest";

const { Emitter, Uri, window } = vi.hoisted(() => {
  class Emitter {
    readonly #listeners: (() => void)[] = [];
    readonly event = (listener: () => void): void => void this.#listeners.push(listener);
    fire(): void {
      for (const listener of this.#listeners) {
        listener();
      }
    }
  }
  class Uri {
    readonly scheme: string;
    constructor(readonly text: string) {
      [this.scheme = ""] = text.split(":");
    }
    toString(): string {
      return this.text;
    }
  }
  return { Emitter, Uri, window: { visibleTextEditors: [] as unknown[] } };
});
vi.mock("vscode", () => ({
  window,
  Uri,
  EventEmitter: Emitter,
  Disposable: { from: () => undefined },
  languages: { registerCodeLensProvider: () => undefined },
}));

import type { Uri as Place } from "vscode";
import { lensMiddleware, ReviewLenses } from "../src/review/lenses";
import type { Reviewing } from "../src/review/reviewing";
import { Signal } from "../src/state/signal";

const SHOWN = new Uri("file:///w/shown.py");
const OTHER = new Uri("file:///w/other.py");

beforeEach(() => {
  window.visibleTextEditors = [{ document: { uri: SHOWN } }];
});

describe("the lenses of a review", () => {
  it("wait for no word of the server, which has none for this window", () => {
    const next = vi.fn();
    expect(lensMiddleware.provideCodeLenses?.({} as never, {} as never, next)).toEqual([]);
    expect(next).not.toHaveBeenCalled();
  });

  it.each([
    ["the file that is shown", SHOWN, 1],
    ["all of the review", undefined, 1],
    ["a file that an agent writes meanwhile", OTHER, 0],
  ])("are looked at again after a change of %s", (_what, file, times) => {
    const changed = new Signal<Place | undefined>();
    const lenses = new ReviewLenses({ changed } as unknown as Reviewing);
    lenses.register();
    const looked = vi.fn();
    lenses.onDidChangeCodeLenses(looked);
    changed.emit(file as unknown as Place | undefined);
    expect(looked).toHaveBeenCalledTimes(times);
  });
});
