// The server's own code actions that are in the editor's menu: which they are, and how one is found among all that is offered. Pure.
//
// VS Code hands out titles, kinds and commands of actions. The server says in a command's argument which action it is; titles are for people.

import type { Commands } from "../protocol";

/** How the server calls an action, and the kind that it is offered under. The commands of the menu end in these words. */
export const ACTIONS = {
  explain: "coterie.explain",
  fix: "quickfix",
  test: "refactor.rewrite",
  document: "refactor.rewrite",
  refactor: "refactor.rewrite",
} as const;

export type ActionId = keyof typeof ACTIONS;

/** What any extension may have offered: an action, or a command in the place of one. */
interface Offered {
  readonly title?: string;
  readonly command?: string | Chosen;
}

interface Chosen {
  readonly command: string;
  readonly arguments?: readonly unknown[];
}

const COMMANDS: ReadonlySet<string> = new Set<keyof Commands>(["coterie.run", "coterie.ask"]);

/** Return the command of one of the server's actions. An action that was not resolved has none. */
export function commandOf(id: ActionId, offered: readonly Offered[]): Chosen | undefined {
  return offered
    .map(({ command }) => command)
    .filter((command): command is Chosen => typeof command === "object")
    .find(({ command, arguments: [argument] = [] }) => COMMANDS.has(command) && (argument as { action?: unknown } | null)?.action === id);
}
