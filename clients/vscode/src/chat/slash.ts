// The completions of `/commands`: those that the server has. Pure.

import type { CommandView } from "../protocol";
import type { Completion } from "./draft";

export function commandCompletions(commands: readonly CommandView[], query: string): readonly Completion[] {
  return commands
    .filter(({ name }) => name.slice(1).startsWith(query.toLowerCase()))
    .map(({ name, doc, arguments: words }) => ({
      label: `${name} ${words.toLowerCase()}`.trim(),
      detail: doc,
      icon: "terminal",
      insert: name,
      chip: undefined,
    }));
}
