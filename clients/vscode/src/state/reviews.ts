// What waits for a person's review, of all runs: asked for once, then kept by `change` events. The server knows what is open, so every
// window shows the same.

import type { AgentEvent, Hunk, ReviewedChange, ReviewList } from "../protocol";
import { Signal } from "./signal";

/** A hunk that can be accepted or rejected. */
export interface OpenHunk {
  readonly runId: string;
  readonly changeId: string;
  readonly hunk: Hunk;
}

/** A file with open hunks, oldest change first. */
export interface OpenFile {
  readonly path: string;
  readonly uri: string;
  readonly hunks: readonly OpenHunk[];
  /** How many hunks of it were decided. */
  readonly decided: number;
}

export interface Progress {
  readonly decided: number;
  readonly total: number;
}

export class Reviews {
  readonly changed = new Signal<void>();
  /** The last open hunk was decided: so many were. */
  readonly finished = new Signal<number>();
  readonly #changes = new Map<string, ReviewedChange>();

  /** Take in what the server lists; what it does not list any more was decided while nobody listened. */
  replace(list: ReviewList): void {
    this.#changes.clear();
    for (const change of list.files.flatMap((file) => file.changes)) {
      this.#changes.set(change.changeId, change);
    }
    this.changed.emit();
  }

  hear(told: AgentEvent): void {
    const { event, runId } = told;
    if (event.kind !== "change" || runId === undefined || runId === null) {
      return;
    }
    const known = this.#changes.has(event.changeId);
    if (!known && !event.hunks.some(isOpen)) {
      return;
    }
    const { kind: _kind, ...change } = event;
    this.#changes.set(event.changeId, { ...change, runId, folder: told.folder ?? null });
    const { decided, total } = this.progress();
    if (decided === total) {
      this.#changes.clear();
      this.finished.emit(decided);
    }
    this.changed.emit();
  }

  /** Return the files with open hunks, by path; of one run, or of all. */
  files(runId?: string): readonly OpenFile[] {
    const files = new Map<string, OpenFile>();
    for (const change of this.#changes.values()) {
      if (runId !== undefined && change.runId !== runId) {
        continue;
      }
      const known = files.get(change.uri);
      const open = change.hunks.filter(isOpen);
      files.set(change.uri, {
        path: change.path,
        uri: change.uri,
        hunks: [...(known?.hunks ?? []), ...open.map((hunk) => ({ runId: change.runId, changeId: change.changeId, hunk }))],
        decided: (known?.decided ?? 0) + change.hunks.length - open.length,
      });
    }
    return [...files.values()].filter((file) => file.hunks.length > 0).sort((one, other) => (one.path < other.path ? -1 : 1));
  }

  file(uri: string): OpenFile | undefined {
    const wanted = uriKey(uri);
    return this.files().find((file) => uriKey(file.uri) === wanted);
  }

  progress(): Progress {
    const hunks = [...this.#changes.values()].flatMap((change) => change.hunks);
    return { decided: hunks.filter((hunk) => !isOpen(hunk)).length, total: hunks.length };
  }
}

/** Say whether a hunk waits for a person's word. */
export function isOpen(hunk: Hunk): boolean {
  return (hunk.review ?? "open") === "open" && (hunk.state === "applied" || hunk.state === "proposed");
}

/** Return a URI as it can be compared: what is escaped in it differs between editors and servers. */
export function uriKey(uri: string): string {
  try {
    return decodeURIComponent(uri);
  } catch {
    return uri;
  }
}
