// What is pasted where one writes: a long text becomes a chip, and what cannot go along is said.

import type { Chip } from "../../src/chat/draft";
import { MOST_PASTED, pastedChip } from "../../src/chat/pasted";
import { NO_PICTURES } from "../../src/chat/pictures";

const TOO_LONG = "That is too long for a message. Save it as a file and name that: an agent reads what it needs of it.";
const NO_TEXT = "Only text can be pasted. To attach a file of text, use @ or the button below, or drag it here while Shift is held.";

/** Take what does not go into the words; all else is the field's. */
export function takePaste(event: ClipboardEvent, attach: (chip: Chip) => void, refuse: (why: string) => void): void {
  const text = event.clipboardData?.getData("text/plain") ?? "";
  const chip = pastedChip(text);
  const isNoText = text === "" && (event.clipboardData?.files.length ?? 0) > 0;
  if (!isNoText && chip === undefined) {
    return;
  }
  event.preventDefault();
  if (chip === undefined) {
    refuse([...(event.clipboardData?.files ?? [])].every(({ type }) => type.startsWith("image/")) ? NO_PICTURES : NO_TEXT);
  } else if (text.length > MOST_PASTED) {
    refuse(TOO_LONG);
  } else {
    attach(chip);
  }
}
