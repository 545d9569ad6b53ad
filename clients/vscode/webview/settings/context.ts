// What every section of the settings view gets.

import type { FromSettings, SettingsState } from "../../src/messages/settings";
import type { SettingsView } from "../../src/protocol";

export interface Context {
  readonly state: SettingsState;
  readonly settings: SettingsView;
  /** The project whose file is written; undefined: the person's own. */
  readonly folder: string | undefined;
  readonly post: (message: FromSettings) => void;
  /** How the latest try to change a field ended, if it went wrong. */
  readonly note: (at: string) => { readonly kind: "saved" | "refused"; readonly text: string } | undefined;
  readonly saveTo: (folder: string | undefined) => void;
}

/** A piece of a section, or nothing. */
export type Part = Node | undefined | false;
