// Plans that a person has begun to change and not approved yet, by their question: wherever the plan is approved, it is approved as its draft
// says. They outlive the window, in the store that it has, until the question is answered.

import type { Approval, ApprovalAnswerParams, Json } from "../protocol";
import { Signal } from "./signal";

type Plan = Readonly<Record<string, Json>>;

/** What keeps them: VS Code's `Memento`, as far as it is asked. */
export interface DraftStore {
  get(key: string): unknown;
  update(key: string, value: unknown): PromiseLike<void>;
}

const KEY = "coterie.planDrafts";
/** How many are kept: nobody changes more plans at once. */
const MOST = 20;

export class Drafts {
  readonly changed = new Signal<string>();
  readonly #store: DraftStore;
  readonly #drafts: Map<string, Plan>;

  constructor(store: DraftStore) {
    this.#store = store;
    this.#drafts = new Map(kept(store.get(KEY)));
  }

  get(approvalId: string): Plan | undefined {
    return this.#drafts.get(approvalId);
  }

  set(approvalId: string, plan: Plan): void {
    this.#drafts.delete(approvalId);
    this.#drafts.set(approvalId, plan);
    for (const oldest of [...this.#drafts.keys()].slice(0, -MOST)) {
      this.forget(oldest);
    }
    this.#keep(approvalId);
  }

  forget(approvalId: string): void {
    if (this.#drafts.delete(approvalId)) {
      this.#keep(approvalId);
    }
  }

  /** Forget those whose question was answered while nobody listened. */
  forgetAllBut(open: readonly string[]): void {
    for (const approvalId of [...this.#drafts.keys()].filter((each) => !open.includes(each))) {
      this.forget(approvalId);
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

  #keep(approvalId: string): void {
    void this.#store.update(KEY, [...this.#drafts]);
    this.changed.emit(approvalId);
  }
}

/** Return what was kept, as far as it is what we keep. */
function kept(value: unknown): readonly (readonly [string, Plan])[] {
  return Array.isArray(value) ? value.filter(isDraft) : [];
}

function isDraft(value: unknown): value is [string, Plan] {
  const plan: unknown = Array.isArray(value) ? value[1] : undefined;
  return Array.isArray(value) && typeof value[0] === "string" && typeof plan === "object" && plan !== null && !Array.isArray(plan);
}
