// What became of the suggestion that was offered last, told from the edits that follow it. Pure.
//
// VS Code tells an extension when a whole suggestion was taken (it runs the item's command), and nothing else. What can be known besides:
// it was on the screen when its place was still the cursor's, and a part of it was taken when a text of several characters appeared at that
// place that is how the suggestion begins: nobody types more than one at a time. A dismissal cannot be known.

/** A suggestion as it was offered: `text` goes in at `offset` (UTF-16 units from the start of the document). */
export interface Offered {
  readonly suggestionId: string;
  readonly document: string;
  readonly offset: number;
  readonly text: string;
}

/** An edit of a document, in the form in which VS Code tells it. */
export interface Edit {
  readonly offset: number;
  readonly removed: number;
  readonly text: string;
}

/** A part of a suggestion was taken: `length` UTF-16 units from its start, what was typed of it included. */
export interface Taken {
  readonly suggestionId: string;
  readonly length: number;
}

/** What editors add by themselves when a bracket or a quote is typed looks like a taken part, and is none. */
const PAIRS: ReadonlySet<string> = new Set(["()", "[]", "{}", '""', "''", "``", "<>"]);

export class Tracker {
  #offered: Offered | undefined;
  /** How much of the suggestion stands in the document. */
  #reached = 0;

  offer(offered: Offered | undefined): void {
    const before = this.#offered;
    // What is left of a suggestion that is being typed comes again under its id, and its length counts on from the start.
    if (before !== undefined && offered?.suggestionId === before.suggestionId && before.text.slice(this.#reached) === offered.text) {
      return;
    }
    this.#offered = offered;
    this.#reached = 0;
  }

  /** Take in the edits of one change of a document; returns what was taken by them. */
  edited(document: string, edits: readonly Edit[]): Taken | undefined {
    const offered = this.#offered;
    const [edit] = edits;
    if (offered === undefined || offered.document !== document || edit === undefined) {
      return undefined;
    }
    const place = offered.offset + this.#reached;
    const rest = offered.text.slice(this.#reached);
    const goesOn = edits.length === 1 && edit.removed === 0 && edit.offset === place && edit.text !== "" && rest.startsWith(edit.text);
    if (!goesOn) {
      this.#offered = undefined;
      return undefined;
    }
    this.#reached += edit.text.length;
    const whole = this.#reached === offered.text.length;
    if (whole) {
      // Taken as a whole, which the item's command tells, or typed to its end.
      this.#offered = undefined;
    }
    return whole || [...edit.text].length === 1 || PAIRS.has(edit.text)
      ? undefined
      : { suggestionId: offered.suggestionId, length: this.#reached };
  }
}
