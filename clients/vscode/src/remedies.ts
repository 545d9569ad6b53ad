// What helps against a refusal: the command that the server names, or one by its code. Pure.

/** A command that helps, and what its button says. */
export interface Remedy {
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

/** Return the command that helps, if there is one. */
export function remedyOf(refusal: { readonly code: string; readonly action: string | undefined }): Remedy | undefined {
  const command = refusal.action ?? COMMANDS[refusal.code];
  return command === undefined ? undefined : { label: LABELS[command] ?? "Show What Helps", command };
}
