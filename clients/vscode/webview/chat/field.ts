// The field that one writes in: as high as its text, and what the page changes in it can be undone like what a person types.

import { element } from "../base/dom";

export class Field {
  readonly element = element("textarea", {
    rows: 1,
    dir: "auto",
    role: "combobox",
    aria: { label: "Message", autocomplete: "list", controls: "completions", expanded: false },
  });

  get text(): string {
    return this.element.value;
  }

  /** Where one writes; undefined while something is selected. */
  get cursor(): number | undefined {
    const { selectionStart, selectionEnd } = this.element;
    return selectionStart === selectionEnd ? selectionEnd : undefined;
  }

  /** Hold another text, of which nothing before is undone. */
  begin(text: string): void {
    this.element.value = text;
  }

  /** Hold another text as if a person had typed what is different in it. */
  change(text: string, cursor: number): void {
    const before = this.text;
    const start = sameLength(before, text);
    const end = sameLength(reversed(before.slice(start)), reversed(text.slice(start)));
    const typed = text.slice(start, text.length - end);
    this.element.setSelectionRange(start, before.length - end);
    if (before !== text) {
      // What a page may do and VS Code undoes is this alone, however old it is.
      document.execCommand?.(typed === "" ? "delete" : "insertText", false, typed);
    }
    if (this.text !== text) {
      this.element.value = text;
    }
    this.element.setSelectionRange(cursor, cursor);
  }

  /** Say whether the cursor is in the first line, or in the last. */
  isIn(line: "first" | "last"): boolean {
    const { cursor } = this;
    return cursor !== undefined && !(line === "first" ? this.text.slice(0, cursor) : this.text.slice(cursor)).includes("\n");
  }

  /** Be as high as the text, up to what the style allows. */
  grow(): void {
    this.element.rows = Math.min(MOST_ROWS, Math.max(1, this.text.split("\n").length));
    while (this.element.scrollHeight > this.element.clientHeight && this.element.rows < MOST_ROWS) {
      this.element.rows += 1;
    }
  }
}

const MOST_ROWS = 14;

function reversed(text: string): string {
  return [...text].reverse().join("");
}

/** How many characters two texts begin with alike. */
function sameLength(one: string, other: string): number {
  let length = 0;
  while (length < one.length && one[length] === other[length]) {
    length += 1;
  }
  return length;
}
