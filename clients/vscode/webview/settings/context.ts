// What every section of the settings view gets.

import type { FromSettings, SettingsState } from "../../src/messages/settings";
import type { Json, SettingsView } from "../../src/protocol";

export interface Context {
  readonly state: SettingsState;
  readonly settings: SettingsView;
  /** The project whose file is written; undefined: the person's own. */
  readonly folder: string | undefined;
  readonly post: (message: FromSettings) => void;
  /** How the latest try to change a field ended, if it went wrong. */
  readonly note: (at: string) => string | undefined;
  /** How often a field was saved since the view is there: what was typed for it counts until then. */
  readonly saved: (at: string) => number;
  /** How often it was said what became of a field, saved or not: what was sent for it counts until then. */
  readonly settled: (at: string) => number;
  readonly saveTo: (folder: string | undefined) => void;
}

/** What every part of a section is drawn from. */
export interface Drawn {
  readonly context: Context;
}

/** Say that a field is to have a value. */
export function set(context: Context, key: string, value: Json): void {
  context.post({ kind: "set", key, value, folder: context.folder });
}
