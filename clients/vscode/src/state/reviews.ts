// What waits for a person's review, of all runs: asked for once, then kept by `change` events. The server knows what is open, so every
// window shows the same.

import type { AgentEvent, Hunk, ReviewedChange, ReviewList } from "../protocol";
import { type Doubt, doubtOf } from "./doubt";
import { type Move, movesAmong } from "./moves";
import { Signal } from "./signal";
import { uriKey } from "./uris";

/** A hunk with where it stands. */
export interface PlacedHunk {
  readonly runId: string;
  readonly changeId: string;
  readonly hunk: Hunk;
  /** The line, from 0, in the file as the change left it: what is only proposed is not in there. */
  readonly start: number;
  /** The line in the file with what is proposed. */
  readonly proposedStart: number;
  /** Why its change may be somebody else's. */
  readonly doubt: Doubt | undefined;
}

/** A hunk that can be accepted or rejected. */
export type OpenHunk = PlacedHunk;

/** A file with open hunks, oldest change first. */
export interface OpenFile {
  readonly path: string;
  readonly uri: string;
  readonly hunks: readonly OpenHunk[];
  /** Whether what is open has made it, and whether it is there no more. */
  readonly isMade: boolean;
  readonly isDeleted: boolean;
  /** How many hunks of it were decided. */
  readonly decided: number;
}

export interface Progress {
  readonly decided: number;
  readonly total: number;
}

/** What is known of a file: its changes, oldest first, and what of them is open. */
interface Reviewed {
  readonly changes: Map<string, ReviewedChange>;
  open: OpenFile | undefined;
}

/** An event costs what its file has of hunks, however many files there are: agents change thousands. */
export class Reviews {
  /** Something is to be seen otherwise: of the file with a URI, or of all. */
  readonly changed = new Signal<string | undefined>();
  /** The last open hunk was decided: so many were. */
  readonly finished = new Signal<number>();
  readonly #changes = new Map<string, ReviewedChange>();
  readonly #files = new Map<string, Reviewed>();
  #open = 0;
  #total = 0;
  #sorted: readonly OpenFile[] | undefined;
  #moves: readonly Move<ReviewedChange>[] | undefined;

  /** Take in what the server lists; what it does not list any more was decided while nobody listened. */
  replace(list: ReviewList): void {
    this.#clear();
    this.add(list);
  }

  /** Take in what the server lists of a folder that is one of this window's now. */
  add(list: ReviewList): void {
    for (const change of list.files.flatMap((file) => file.changes)) {
      this.#put(change);
    }
    this.changed.emit(undefined);
  }

  /** Forget what is of no file that this window has any more: it is not to be decided from here. */
  keep(isWanted: (uri: string) => boolean): void {
    const wanted = [...this.#changes.values()].filter(({ uri }) => isWanted(uri));
    this.#clear();
    if (wanted.some(({ hunks }) => hunks.some(isOpen))) {
      for (const change of wanted) {
        this.#put(change);
      }
    }
    this.changed.emit(undefined);
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
    this.#put({ ...change, runId, folder: told.folder ?? null });
    if (this.#open === 0) {
      const { total } = this.progress();
      this.#clear();
      this.finished.emit(total);
      this.changed.emit(undefined);
    } else {
      this.changed.emit(event.uri);
    }
  }

  /** Return the files with open hunks, by path; of one run, or of all. */
  files(runId?: string): readonly OpenFile[] {
    this.#sorted ??= [...this.#files.values()]
      .map(({ open }) => open)
      .filter((file) => file !== undefined)
      .sort(byPath);
    return runId === undefined
      ? this.#sorted
      : this.#sorted
          .map((file) => openOf([...(this.#files.get(uriKey(file.uri))?.changes.values() ?? [])].filter((each) => each.runId === runId)))
          .filter((file) => file !== undefined);
  }

  file(uri: string): OpenFile | undefined {
    return this.#files.get(uriKey(uri))?.open;
  }

  /** Return a change, as long as anything waits for review. */
  change(changeId: string): ReviewedChange | undefined {
    return this.#changes.get(changeId);
  }

  /** Return how much is decided. A file that was moved is one change, and the server decides about both of its halves at once. */
  progress(): Progress {
    const open = this.moves().filter(({ gone, made }) => openIn(gone) > 0 && openIn(made) > 0);
    const total = this.#total - this.moves().length;
    return { decided: total - (this.#open - open.length), total };
  }

  /** Return how many changes hunks are for a person: the two halves of a move are one. */
  count(hunks: readonly Pick<PlacedHunk, "changeId" | "hunk">[]): number {
    const changes = new Set(hunks.map(({ changeId }) => changeId));
    const whole = this.moves().filter(({ gone, made }) => changes.has(gone.changeId) && changes.has(made.changeId));
    return hunks.length - whole.length;
  }

  /** Return the moves among what waits for review, and what was decided with it. */
  moves(): readonly Move<ReviewedChange>[] {
    if (this.#moves === undefined) {
      const byRun = new Map<string, ReviewedChange[]>();
      for (const change of this.#changes.values()) {
        const changes = byRun.get(change.runId) ?? [];
        changes.push(change);
        byRun.set(change.runId, changes);
      }
      this.#moves = [...byRun.values()].flatMap((changes) => movesAmong(changes));
    }
    return this.#moves;
  }

  #put(change: ReviewedChange): void {
    const before = this.#changes.get(change.changeId);
    this.#open += openIn(change) - (before === undefined ? 0 : openIn(before));
    this.#total += change.hunks.length - (before?.hunks.length ?? 0);
    this.#changes.set(change.changeId, change);
    this.#moves = undefined;
    const key = uriKey(change.uri);
    const file = this.#files.get(key) ?? { changes: new Map(), open: undefined };
    file.changes.set(change.changeId, change);
    file.open = openOf([...file.changes.values()]);
    this.#files.set(key, file);
    this.#sorted = undefined;
  }

  #clear(): void {
    this.#changes.clear();
    this.#files.clear();
    this.#open = 0;
    this.#total = 0;
    this.#sorted = undefined;
    this.#moves = undefined;
  }
}

/** Return what is open of a file's changes; undefined when nothing is. */
function openOf(changes: readonly ReviewedChange[]): OpenFile | undefined {
  const hunks = changes.flatMap((change) => placedHunks(change).filter(({ hunk }) => isOpen(hunk)));
  const latest = changes.at(-1);
  const total = changes.reduce((sum, change) => sum + change.hunks.length, 0);
  return latest === undefined || hunks.length === 0
    ? undefined
    : {
        path: latest.path,
        uri: latest.uri,
        hunks,
        isMade: changes.find((change) => change.hunks.some(isOpen))?.what === "made",
        isDeleted: latest.what === "deleted",
        decided: total - hunks.length,
      };
}

/** Return the hunks of a change, each with where it stands: some of a proposal may be in the file, others not yet, or never. */
export function placedHunks(
  change: Pick<ReviewedChange, "runId" | "changeId" | "path" | "hunks" | "unsure" | "what">,
): readonly PlacedHunk[] {
  const { runId, changeId, hunks } = change;
  const doubt = doubtOf(change);
  let [grown, proposed] = [0, 0];
  return hunks.map((hunk) => {
    const at = Math.max(hunk.oldStart - 1, 0);
    const placed = { runId, changeId, hunk, start: at + grown, proposedStart: at + proposed, doubt };
    const growth = hunk.newLines - hunk.oldLines;
    grown += hunk.state === "applied" ? growth : 0;
    proposed += hunk.state === "applied" || hunk.state === "proposed" ? growth : 0;
    return placed;
  });
}

function openIn({ hunks }: ReviewedChange): number {
  return hunks.filter(isOpen).length;
}

function byPath(one: OpenFile, other: OpenFile): number {
  return one.path === other.path ? (one.uri < other.uri ? -1 : 1) : one.path < other.path ? -1 : 1;
}

/** Say whether all that is open of a file is only proposed. */
export function isProposed({ hunks }: Pick<OpenFile, "hunks">): boolean {
  return hunks.every(({ hunk }) => hunk.state === "proposed");
}

/** Say whether a hunk waits for a person's word. */
export function isOpen(hunk: Hunk): boolean {
  return (hunk.review ?? "open") === "open" && (hunk.state === "applied" || hunk.state === "proposed");
}
