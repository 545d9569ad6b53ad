// What is being written: which word at the cursor asks for completion, and what goes along with a message. Pure.

import type { Attachment } from "../protocol";

/** Something attached to what is being written, as a chip above it. */
export interface Chip {
  readonly id: string;
  readonly icon: "file" | "symbol-method" | "selection" | "warning";
  readonly label: string;
  /** What it is, in full. */
  readonly title: string;
  readonly attachment: Attachment;
  /** Of the file at the attachment's URI only these lines go along; they count from 0. */
  readonly lines?: { readonly first: number; readonly last: number } | undefined;
}

/** What a completion puts in the place of the word that asked for it. */
export interface Completion {
  readonly label: string;
  readonly detail: string;
  readonly icon: string;
  readonly insert: string;
  readonly chip: Chip | undefined;
}

export interface Asking {
  readonly sigil: "/" | "@";
  readonly query: string;
  /** Where the word begins; it ends at the cursor. */
  readonly start: number;
}

/** Return what the word before the cursor asks for: a command at the very beginning, or something to attach anywhere. */
export function askingAt(text: string, cursor: number): Asking | undefined {
  const before = text.slice(0, cursor);
  const start = Math.max(before.lastIndexOf(" "), before.lastIndexOf("\n"), before.lastIndexOf("\t")) + 1;
  const word = before.slice(start);
  if (word.startsWith("@")) {
    return { sigil: "@", query: word.slice(1), start };
  }
  return start === 0 && /^\/[\w-]*$/.test(word) ? { sigil: "/", query: word.slice(1), start } : undefined;
}

/** Return the text and the cursor after a completion was chosen. */
export function completed(
  text: string,
  cursor: number,
  asking: Asking,
  insert: string,
): { readonly text: string; readonly cursor: number } {
  const after = text.slice(cursor);
  const space = insert === "" || after.startsWith(" ") ? "" : " ";
  const head = text.slice(0, asking.start) + insert + space;
  return { text: head + (insert === "" ? after.trimStart() : after), cursor: head.length };
}

/** Return the chips with one more, each thing once. */
export function withChip(chips: readonly Chip[], chip: Chip): readonly Chip[] {
  return [...chips.filter((each) => each.id !== chip.id), chip];
}
