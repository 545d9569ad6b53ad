// Shows a person why something could not be done, with a button for what helps. Every command of the extension runs in `guarded`.

import { commands, window } from "vscode";
import { type Refusal, refusalOf } from "./server/wire";

/** Run what a person asked for; what goes wrong is shown, not thrown. */
export async function guarded<T>(action: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    const refusal = refusalOf(error);
    await showRemedy(refusal.message, remedyOf(refusal));
    return undefined;
  }
}

interface Remedy {
  readonly label: string;
  readonly command: string;
}

const LABELS: Readonly<Record<string, string>> = {
  "coterie.checkClaudeCode": "Check Claude Code",
  "coterie.configureProviderKey": "Enter a Key",
  "coterie.restartServer": "Start the Server",
  "coterie.settings.open": "Open the Settings",
};

/** What helps where the server names no command, by the code. */
const COMMANDS: Readonly<Record<string, string>> = {
  no_provider: "coterie.settings.open",
  unknown_model: "coterie.settings.open",
  auth_required: "coterie.configureProviderKey",
};

/** Return the command that helps, if there is one, and what its button says. */
export function remedyOf(refusal: Refusal): Remedy | undefined {
  const command = refusal.action ?? COMMANDS[refusal.code];
  return command === undefined ? undefined : { label: LABELS[command] ?? "Show What Helps", command };
}

/** Show what is wrong with the button of what helps. */
export async function showRemedy(text: string, remedy: Remedy | undefined): Promise<void> {
  const chosen = await window.showErrorMessage(text, ...(remedy === undefined ? [] : [remedy.label]));
  if (remedy !== undefined && chosen === remedy.label) {
    await commands.executeCommand(remedy.command);
  }
}
