// Lists in Quick Open that begin at what holds now: who presses Enter at once has changed nothing.

import { type QuickPick, type QuickPickItem, window } from "vscode";

export interface Words {
  readonly title?: string;
  readonly placeholder: string;
}

/** Let a person choose; undefined: what holds. `holds` says of an item that it is what holds now. */
export function picked<T extends QuickPickItem>(
  items: readonly T[],
  holds: (item: T) => boolean,
  { title, placeholder }: Words,
): Promise<T | undefined> {
  const picker = window.createQuickPick<T>();
  picker.title = title;
  picker.placeholder = placeholder;
  picker.matchOnDescription = true;
  picker.matchOnDetail = true;
  fill(picker, items, holds);
  return accepted(picker);
}

/** Give a list its items, and begin at the one that holds. */
export function fill<T extends QuickPickItem>(picker: QuickPick<T>, items: readonly T[], holds: (item: T) => boolean): void {
  picker.items = items;
  picker.activeItems = items.filter(holds).slice(0, 1);
}

/** Show a list until something of it is chosen, which is returned, or it is left. */
export function accepted<T extends QuickPickItem>(picker: QuickPick<T>): Promise<T | undefined> {
  const chosen = new Promise<T | undefined>((resolve) => {
    picker.onDidAccept(() => {
      resolve(picker.selectedItems[0]);
      picker.hide();
    });
    picker.onDidHide(() => {
      resolve(undefined);
      picker.dispose();
    });
  });
  picker.show();
  return chosen;
}
