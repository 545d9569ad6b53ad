// Plans that a person has begun to change and not approved yet, by their question. Kept for the window's life: wherever the plan is approved,
// it is approved as its draft says.

import type { Approval, ApprovalAnswerParams, Json } from "../protocol";
import { Signal } from "./signal";

type Plan = Readonly<Record<string, Json>>;

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

  /** Return what is to be answered by an option: yes to a plan that was changed is yes to the changed one. */
  answer({ approvalId, options }: Pick<Approval, "approvalId" | "options">, optionId: string): ApprovalAnswerParams {
    const draft = this.#drafts.get(approvalId);
    const edit = options.find((option) => option.kind === "edit");
    const isYes = options.some((option) => option.optionId === optionId && (option.kind === "approve" || option.kind === "edit"));
    return draft === undefined || edit === undefined || !isYes
      ? { approvalId, optionId }
      : { approvalId, optionId: edit.optionId, plan: draft };
  }
}
