// A plan at its gate as a JSON document: saved, it is the draft that the tree shows and that is approved. The document is in memory alone;
// its URI names the question.

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

export function planUri(approvalId: string): Uri {
  return Uri.from({ scheme: PLAN_SCHEME, path: `/${approvalId}/Plan.json` });
}

/** Return the question that a document belongs to. */
export function questionOf(uri: Uri): string {
  return uri.path.split("/")[1] ?? "";
}

export class PlanDocuments implements FileSystemProvider {
  readonly #changed = new EventEmitter<FileChangeEvent[]>();
  readonly onDidChangeFile = this.#changed.event;
  readonly #drafts: Drafts;
  readonly #planOf: (approvalId: string) => Promise<Plan | undefined>;
  #time = Date.now();

  constructor(drafts: Drafts, planOf: (approvalId: string) => Promise<Plan | undefined>) {
    this.#drafts = drafts;
    this.#planOf = planOf;
    drafts.changed.on((approvalId) => {
      this.#time += 1;
      this.#changed.fire([{ type: FileChangeType.Changed, uri: planUri(approvalId) }]);
    });
  }

  async readFile(uri: Uri): Promise<Uint8Array> {
    const plan = await this.#planOf(questionOf(uri));
    if (plan === undefined) {
      throw FileSystemError.FileNotFound("This plan is approved or gone.");
    }
    return new TextEncoder().encode(asDocument(plan));
  }

  async writeFile(uri: Uri, content: Uint8Array): Promise<void> {
    if ((await this.#planOf(questionOf(uri))) === undefined) {
      throw FileSystemError.NoPermissions("This plan is approved or gone: nothing can be changed in it any more.");
    }
    this.#drafts.set(questionOf(uri), fromDocument(new TextDecoder().decode(content)));
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
