// What of a run an open text is made of: a run is told of with each word that streams, and a text is asked for anew only where it may be another
// one. Pure; `documents.ts` asks.

import type { Run } from "../state/run";
import { uriKey } from "../state/uris";

export type Kind = "before" | "after" | "artifact" | "output";

/** A part of a run, and what of it the text is made of. */
interface Source {
  readonly of: unknown;
  readonly things: readonly unknown[];
}

export class Sources {
  readonly #known = new Map<string, Source>();

  /** Take in the run of a text, and say whether the text may be another one than at the last time. */
  differs(text: string, run: Run, kind: Kind, id: string): boolean {
    const of = partOf(run, kind);
    const known = this.#known.get(text);
    if (known?.of === of) {
      return false;
    }
    const things = thingsOf(run, kind, id);
    this.#known.set(text, { of, things });
    return known?.things.length !== things.length || things.some((thing, index) => thing !== known.things[index]);
  }

  forget(text: string): void {
    this.#known.delete(text);
  }
}

function partOf(run: Run, kind: Kind): unknown {
  return kind === "artifact" ? run.artifacts : kind === "output" ? run.toolCalls : run.changes;
}

function thingsOf(run: Run, kind: Kind, id: string): readonly unknown[] {
  switch (kind) {
    case "artifact":
      return [run.artifacts[Number(id)]];
    case "output":
      return [run.toolCalls[id]?.output];
    case "before":
    case "after":
      return Object.values(run.changes).filter(({ uri }) => uriKey(uri) === uriKey(id));
  }
}
