// A plan as a JSON document: saved while it waits, it is the draft that the tree shows and that is approved. The document is in memory alone;
// its URI names the run.

import {
  Disposable,
  EventEmitter,
  type FileChangeEvent,
  FileChangeType,
  type FileStat,
  FileSystemError,
  type FileSystemProvider,
  FileType,
  Uri,
} from "vscode";
import type { Drafts } from "../state/drafts";
import { asDocument, fromDocument, type Plan } from "./plan";

export const PLAN_SCHEME = "coterie-plan";

export function planUri(runId: string): Uri {
  return Uri.from({ scheme: PLAN_SCHEME, path: `/${runId}/Plan.json` });
}

/** Return the run that a document belongs to. */
export function runOf(uri: Uri): string {
  return uri.path.split("/")[1] ?? "";
}

export class PlanDocuments implements FileSystemProvider {
  readonly #changed = new EventEmitter<FileChangeEvent[]>();
  readonly onDidChangeFile = this.#changed.event;
  readonly #drafts: Drafts;
  readonly #planOf: (runId: string) => Promise<Plan | undefined>;
  readonly #waits: (runId: string) => boolean;
  #time = Date.now();

  /** `planOf` tells a run's plan as it stands now, `waits` whether it can be changed. */
  constructor(drafts: Drafts, planOf: (runId: string) => Promise<Plan | undefined>, waits: (runId: string) => boolean) {
    this.#drafts = drafts;
    this.#planOf = planOf;
    this.#waits = waits;
    drafts.changed.on((runId) => {
      this.#time += 1;
      this.#changed.fire([{ type: FileChangeType.Changed, uri: planUri(runId) }]);
    });
  }

  async readFile(uri: Uri): Promise<Uint8Array> {
    const plan = await this.#planOf(runOf(uri));
    if (plan === undefined) {
      throw FileSystemError.FileNotFound("This plan is gone.");
    }
    return new TextEncoder().encode(asDocument(plan));
  }

  writeFile(uri: Uri, content: Uint8Array): void {
    if (!this.#waits(runOf(uri))) {
      throw FileSystemError.NoPermissions("This plan does not wait for approval: nothing can be changed in it now.");
    }
    this.#drafts.set(runOf(uri), fromDocument(new TextDecoder().decode(content)));
  }

  async stat(uri: Uri): Promise<FileStat> {
    return { type: FileType.File, ctime: 0, mtime: this.#time, size: (await this.readFile(uri)).length };
  }

  watch(): Disposable {
    return new Disposable(() => undefined);
  }

  readDirectory(): never {
    throw FileSystemError.NoPermissions();
  }

  createDirectory(): never {
    throw FileSystemError.NoPermissions();
  }

  delete(): never {
    throw FileSystemError.NoPermissions();
  }

  rename(): never {
    throw FileSystemError.NoPermissions();
  }
}
