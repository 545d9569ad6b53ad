// What helps against a refusal: the command that the server names, or one by its code. Pure.

/** A command that helps, and what its button says. */
export interface Remedy {
  readonly label: string;
  readonly command: RemedyCommand;
}

/** Every command that a refusal or a page of ours may ask for: what is shown there was written by others, in part by a model. */
const LABELS = {
  "coterie.checkClaudeCode": "Check Claude Code",
  "coterie.configureProviderKey": "Enter a Key",
  "coterie.models.find": "Find Models",
  "coterie.restartServer": "Start the Server",
  "coterie.settings.open": "Open the Settings",
} as const;

export type RemedyCommand = keyof typeof LABELS;

/** Say whether a command is one that a page may ask for; a message of a page is a claim, whatever its type says. */
export function isRemedy(command: unknown): command is RemedyCommand {
  return typeof command === "string" && Object.hasOwn(LABELS, command);
}

/** What helps where the server names no command, by the code. */
const COMMANDS: Readonly<Record<string, RemedyCommand>> = {
  no_provider: "coterie.settings.open",
  unknown_model: "coterie.settings.open",
  auth_required: "coterie.configureProviderKey",
};

/** Return the command that helps, if there is one. */
export function remedyOf(refusal: { readonly code: string; readonly action: string | undefined }): Remedy | undefined {
  const command = isRemedy(refusal.action) ? refusal.action : COMMANDS[refusal.code];
  return command === undefined ? undefined : { label: LABELS[command], command };
}
