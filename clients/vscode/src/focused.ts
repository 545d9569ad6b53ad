// Which row of a tree the keys are for. VS Code tells an extension which rows are selected, and not which has the focus; an arrow key moves the
// focus alone. But it can be told to select the row that has it, or to take that back: what is different then is that row.

import { commands, type TreeView } from "vscode";

const TOGGLE = "list.toggleSelection";

export class FocusedRow<T> {
  readonly #view: Pick<TreeView<T>, "selection">;
  readonly #idOf: (row: T) => string;
  #asked: Promise<unknown> = Promise.resolve();

  constructor(view: Pick<TreeView<T>, "selection">, idOf: (row: T) => string) {
    this.#view = view;
    this.#idOf = idOf;
  }

  /** Return the row that has the focus. One after the other: keys repeat themselves, and each question changes for a moment what is selected. */
  get(): Promise<T | undefined> {
    const found = this.#asked.then(() => this.#look());
    this.#asked = found.catch(() => undefined);
    return found;
  }

  async #look(): Promise<T | undefined> {
    const before = this.#view.selection;
    await commands.executeCommand(TOGGLE);
    const after = this.#view.selection;
    await commands.executeCommand(TOGGLE);
    // Where no list has the focus nothing is different.
    return this.#without(after, before) ?? this.#without(before, after) ?? before[0];
  }

  /** Return the row of a selection that another one does not have. */
  #without(rows: readonly T[], others: readonly T[]): T | undefined {
    const known = new Set(others.map(this.#idOf));
    return rows.find((row) => !known.has(this.#idOf(row)));
  }
}
