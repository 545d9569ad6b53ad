// What the page of the settings view knows, and what becomes of it with each message of the extension. Pure; `view.tsx` draws it.

import type { SettingsState, ToSettings } from "../../src/messages/settings";
import { announcement, spoken } from "../../src/settings/announcing";

export interface Page {
  readonly section: string;
  /** The project whose file is written; undefined: the person's own. */
  readonly folder: string | undefined;
  readonly state: SettingsState | undefined;
  /** What went wrong with a field, by its key or id. */
  readonly notes: ReadonlyMap<string, string>;
  /** How often a field was saved. */
  readonly saved: ReadonlyMap<string, number>;
  /** How often it was said what became of a field, saved or not. */
  readonly settled: ReadonlyMap<string, number>;
}

export const EMPTY: Page = {
  section: "providers",
  folder: undefined,
  state: undefined,
  notes: new Map(),
  saved: new Map(),
  settled: new Map(),
};

/** Return the page after a message, and what a screen reader is told of it. */
export function after(page: Page, message: ToSettings): { readonly page: Page; readonly said: string } {
  switch (message.kind) {
    case "state":
      return { page: { ...page, state: message.state }, said: announcement(page.state, message.state) };
    case "saved": {
      const notes = new Map([...page.notes].filter(([at]) => !isAbout(at, message.at)));
      const [saved, settled] = [oneMore(page.saved, message.at), oneMore(page.settled, message.at)];
      return { page: { ...page, notes, saved, settled }, said: notes.size < page.notes.size ? "Saved." : "" };
    }
    case "refused":
      return {
        page: { ...page, notes: new Map(page.notes).set(message.at, message.text), settled: oneMore(page.settled, message.at) },
        said: spoken(message.text),
      };
    case "show":
      return { page: { ...page, section: message.section }, said: "" };
  }
}

function oneMore(counts: ReadonlyMap<string, number>, at: string): ReadonlyMap<string, number> {
  return new Map(counts).set(at, (counts.get(at) ?? 0) + 1);
}

/** Whether a note is about what was saved; all about trust is about one list. */
function isAbout(at: string, saved: string): boolean {
  return at === saved || (saved.startsWith("trust") && at.startsWith("trust"));
}
