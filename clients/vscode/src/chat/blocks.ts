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
  #isAfterBlank = false;
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

  /** Say whether a line begins a new block: whatever stands behind a blank line and does not belong to what is above it. */
  #begins(line: string): boolean {
    if (this.#block === "" || this.#fence !== undefined || !this.#isAfterBlank || line.trim() === "") {
      return false;
    }
    return !(this.#isList && (/^\s/.test(line) || LIST_ITEM.test(line)));
  }

  #take(line: string): void {
    if (this.#block === "") {
      this.#isList = LIST_ITEM.test(line);
    }
    const [, marks = "", info = ""] = FENCE.exec(line) ?? [];
    if (this.#fence !== undefined) {
      if (marks.startsWith(this.#fence) && info.trim() === "") {
        this.#fence = undefined;
      }
    } else if (marks !== "" && !(marks.startsWith("`") && info.includes("`"))) {
      this.#fence = marks;
    }
    this.#isAfterBlank = line.trim() === "" && this.#fence === undefined;
    this.#block += `${line}\n`;
  }
}
