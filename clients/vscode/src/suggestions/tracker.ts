// What became of the suggestions that were offered last, told from the edits that follow them. Pure.
//
// VS Code tells an extension when a whole suggestion was taken (it runs the item's command), and nothing else. What can be known besides:
// one was on the screen when its place was still the cursor's, and a part of one was taken when a text of several characters appeared at that
// place that is how it begins: nobody types more than one at a time. Which of several choices is looked at cannot be known, nor a dismissal.

/** A suggestion as it was offered: what of `text` is behind the first `reached` units goes in at `offset`. All of it in UTF-16 units. */
export interface Offered {
  readonly suggestionId: string;
  readonly document: string;
  readonly offset: number;
  readonly text: string;
  readonly reached: number;
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
  /** The choices at one place, the first one being shown first. */
  #offered: readonly Offered[] = [];

  offer(offered: readonly Offered[]): void {
    // What is left of a suggestion that is being typed comes again under its id, and its length counts on from the start.
    this.#offered = offered.map((now) => {
      const before = this.#offered.find(({ suggestionId }) => suggestionId === now.suggestionId);
      return before !== undefined && rest(before) === rest(now) ? { ...before, offset: now.offset } : now;
    });
  }

  /** Take in the edits of one change of a document; returns what was taken by them. */
  edited(document: string, edits: readonly Edit[]): Taken | undefined {
    const [edit] = edits;
    if (edit === undefined || this.#offered.every((offered) => offered.document !== document)) {
      return undefined;
    }
    // A suggestion's lines end with line feeds, whatever the document's end with.
    const text = edit.text.replaceAll("\r\n", "\n");
    const adds = edits.length === 1 && edit.removed === 0 && text !== "";
    const goesOn = this.#offered
      .filter((offered) => adds && edit.offset === offered.offset && rest(offered).startsWith(text))
      .map((offered) => ({ ...offered, offset: offered.offset + edit.text.length, reached: offered.reached + text.length }));
    this.#offered = goesOn.filter((offered) => rest(offered) !== "");
    const [first] = this.#offered;
    // One that is there as a whole was taken, which its command tells, or typed to its end.
    const isWhole = this.#offered.length < goesOn.length;
    return first === undefined || isWhole || [...text].length === 1 || PAIRS.has(text)
      ? undefined
      : { suggestionId: first.suggestionId, length: first.reached };
  }
}

function rest({ text, reached }: Offered): string {
  return text.slice(reached);
}
