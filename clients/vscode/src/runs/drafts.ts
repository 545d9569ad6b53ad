// Plans that a person has begun to change and not approved yet, by their question. Kept for the window's life: a plan is approved as its
// draft says, or forgotten when the question is answered elsewhere.

import { Signal } from "../state/signal";
import type { Plan } from "./plan";

export class Drafts {
  readonly changed = new Signal<string>();
  readonly #drafts = new Map<string, Plan>();

  get(approvalId: string): Plan | undefined {
    return this.#drafts.get(approvalId);
  }

  set(approvalId: string, plan: Plan): void {
    this.#drafts.set(approvalId, plan);
    this.changed.emit(approvalId);
  }

  forget(approvalId: string): void {
    if (this.#drafts.delete(approvalId)) {
      this.changed.emit(approvalId);
    }
  }
}
