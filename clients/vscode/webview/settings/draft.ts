// What a person has typed into a field and the server has not taken yet. It stays while the rest of the view changes.

import { useState } from "preact/hooks";

export interface Draft {
  readonly text: string;
  type(text: string): void;
  /** Say that it is on its way: once it is saved, the field shows what the server says again. */
  send(): void;
}

/** Hold what is typed over what is stored; `saved` says how often the field was saved. */
export function useDraft(stored: string, saved: number): Draft {
  const [typed, keep] = useState<{ readonly text: string; readonly sentAfter?: number }>();
  const counts = typed !== undefined && (typed.sentAfter === undefined || typed.sentAfter === saved);
  const text = counts ? typed.text : stored;
  return { text, type: (next) => keep({ text: next }), send: () => keep({ text, sentAfter: saved }) };
}
