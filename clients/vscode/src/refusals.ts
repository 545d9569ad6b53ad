// Shows a person why something could not be done, with a button for what helps. Every command of the extension runs in `guarded`.

import { commands, window } from "vscode";
import { unlinked } from "./notices";
import { type Remedy, remedyOf } from "./remedies";
import { CANCELLED, refusalOf } from "./server/wire";

/** Run what a person asked for; what goes wrong is shown, not thrown, and what they cancelled is neither. */
export async function guarded<T>(action: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal.code === CANCELLED) {
      return undefined;
    }
    await showRemedy(refusal.message, remedyOf(refusal));
    return undefined;
  }
}

/** Show what is wrong with the button of what helps. */
export async function showRemedy(text: string, remedy: Remedy | undefined): Promise<void> {
  const chosen = await window.showErrorMessage(unlinked(text), ...(remedy === undefined ? [] : [remedy.label]));
  if (remedy !== undefined && chosen === remedy.label) {
    await commands.executeCommand(remedy.command);
  }
}
