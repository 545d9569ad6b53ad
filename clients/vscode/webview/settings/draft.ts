// What a person has typed into a field, or sent, and the server has not taken yet. It stays while the rest of the view changes.

import { useRef, useState } from "preact/hooks";

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

export interface Sent<T> {
  readonly value: T;
  /** Send what a change makes of the value as it was sent last. */
  send(change: (value: T) => T): void;
}

/**
 * Hold what was sent over what is stored until all of it is settled, saved or not; `settled` says how often that was. Who changes a value twice
 * in a row changes what they made of it, not what the server had.
 */
export function useSent<T>(stored: T, settled: number, pass: (value: T) => void): Sent<T> {
  const sent = useRef<{ readonly value: T; readonly until: number } | undefined>(undefined);
  const [, drawAnew] = useState(0);
  const underWay = (): typeof sent.current => (sent.current !== undefined && settled < sent.current.until ? sent.current : undefined);
  const send = (change: (value: T) => T): void => {
    const before = underWay();
    const value = change(before === undefined ? stored : before.value);
    sent.current = { value, until: (before?.until ?? settled) + 1 };
    drawAnew((count) => count + 1);
    pass(value);
  };
  return { value: underWay()?.value ?? stored, send };
}
