// Cuts Markdown that still grows into blocks that are finished and one that is not, so that a stream has only its last block rendered anew.
// Pure; looks at each character once.

const FENCE = /^ {0,3}(`{3,}|~{3,})(.*)$/;
const LIST_ITEM = /^ {0,3}(?:[-*+]|\d{1,9}[.)])(?:\s|$)/;

export interface Blocks {
  /** Blocks that ended since the last call. */
  readonly ended: readonly string[];
  /** The block that more may come of. */
  readonly open: string;
}

export class BlockSplitter {
  /** The lines of the open block, without the one that is not at its end. */
  #block = "";
  #line = "";
  #fence: string | undefined;
  /** The line before was blank, or ended a block of code. */
  #isAfterEnd = false;
  #isList = false;

  /** Take in what came, and say what it finished. */
  push(text: string): Blocks {
    const ended: string[] = [];
    const lines = (this.#line + text).split("\n");
    this.#line = lines.pop() ?? "";
    for (const line of lines) {
      if (this.#begins(line)) {
        ended.push(this.#block);
        this.#block = "";
        this.#isList = false;
      }
      this.#take(line);
    }
    return { ended, open: this.#block + this.#line };
  }

  /** Say whether a line begins a new block: what stands behind a blank line or around code, and does not belong to a list above it. */
  #begins(line: string): boolean {
    if (this.#block === "" || this.#fence !== undefined || line.trim() === "") {
      return false;
    }
    const belongs = this.#isList && (/^\s/.test(line) || LIST_ITEM.test(line));
    return !belongs && (this.#isAfterEnd || fenceOf(line) !== undefined);
  }

  #take(line: string): void {
    if (this.#block === "") {
      this.#isList = LIST_ITEM.test(line);
    }
    const isClosing = this.#fence !== undefined && closes(line, this.#fence);
    this.#fence = isClosing ? undefined : (this.#fence ?? fenceOf(line));
    this.#isAfterEnd = isClosing || (line.trim() === "" && this.#fence === undefined);
    this.#block += `${line}\n`;
  }
}

/** The marks that open a block of code. */
function fenceOf(line: string): string | undefined {
  const [, marks = "", info = ""] = FENCE.exec(line) ?? [];
  return marks === "" || (marks.startsWith("`") && info.includes("`")) ? undefined : marks;
}

function closes(line: string, fence: string): boolean {
  const [, marks = "", info = ""] = FENCE.exec(line) ?? [];
  return marks.startsWith(fence) && info.trim() === "";
}
