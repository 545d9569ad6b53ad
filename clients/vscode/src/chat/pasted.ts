// What is pasted into a message: a long text goes along as a chip. As words of the message it could not be read, and a text field takes seconds
// for a thousand lines, minutes for a megabyte. Pure.

import type { Chip } from "./draft";

/** More than this nobody writes. */
const LONGEST = 8_000;
const MOST_LINES = 150;
/** Of what is longer the server would send a part alone: an agent reads all of a file, part by part. */
export const MOST_PASTED = 100_000;

/** Return the chip of a long text; undefined: it goes into the words. */
export function pastedChip(text: string): Chip | undefined {
  const lines = text.replace(/\n$/, "").split("\n").length;
  if (text.length <= LONGEST && lines <= MOST_LINES) {
    return undefined;
  }
  const label = lines === 1 ? `Pasted, ${text.length.toLocaleString("en")} characters` : `Pasted, ${lines.toLocaleString("en")} lines`;
  const title = `${text.slice(0, SHOWN).trim()}…`;
  // The same text goes along once.
  return { id: `pasted:${text.length}:${hash(text)}`, icon: "selection", label, title, attachment: { text } };
}

const SHOWN = 200;

function hash(text: string): number {
  let sum = 0;
  for (let at = 0; at < text.length; at += 1) {
    sum = (Math.imul(sum, 31) + text.charCodeAt(at)) | 0;
  }
  return sum;
}
