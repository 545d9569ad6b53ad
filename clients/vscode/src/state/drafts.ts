// Plans that a person has begun to change and not decided yet, by their run: wherever the plan is approved, it is approved as its draft says.
// They outlive the window, in the store that it has, and the question too: one that nobody was left to answer is asked again.

import type { AgentEvent, Approval, ApprovalAnswerParams, Json } from "../protocol";
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

/** A draft, and the text of the plan that it was made of: of another plan it is none. */
interface Draft {
  readonly of: string;
  readonly plan: Plan;
}

export class Drafts {
  /** The run whose draft is another one now. */
  readonly changed = new Signal<string>();
  readonly #store: DraftStore;
  readonly #planOf: (runId: string) => Plan | undefined;
  readonly #read: (runId: string) => Promise<unknown>;
  readonly #drafts: Map<string, Draft>;

  /** `planOf` tells a run's plan as the planner wrote it, once the run was read, which `read` does. */
  constructor(store: DraftStore, planOf: (runId: string) => Plan | undefined, read: (runId: string) => Promise<unknown>) {
    this.#store = store;
    this.#planOf = planOf;
    this.#read = read;
    this.#drafts = new Map(kept(store.get(KEY)));
  }

  get(runId: string): Plan | undefined {
    const draft = this.#drafts.get(runId);
    return draft?.of === JSON.stringify(this.#planOf(runId)) ? draft?.plan : undefined;
  }

  set(runId: string, plan: Plan): void {
    this.#drafts.delete(runId);
    this.#drafts.set(runId, { of: JSON.stringify(this.#planOf(runId)) ?? "", plan });
    for (const oldest of [...this.#drafts.keys()].slice(0, -MOST)) {
      this.forget(oldest);
    }
    this.#keep(runId);
  }

  forget(runId: string): void {
    if (this.#drafts.delete(runId)) {
      this.#keep(runId);
    }
  }

  /** Take in how a question ended: the draft of a plan that was decided is none any more. */
  hear({ event, runId }: AgentEvent): void {
    if (event.kind === "approval" && event.decision?.kind && event.options.some(({ kind }) => kind === "edit") && runId) {
      this.forget(runId);
    }
  }

  /**
   * Return what is to be answered by an option: yes to a plan that was changed is yes to the changed one. A window that was loaded again may
   * not have read the run yet whose draft it has kept. Throws when it cannot be read: nobody has agreed to the plan without the changes.
   */
  async answer(
    { approvalId, runId, options }: Pick<Approval, "approvalId" | "runId" | "options">,
    optionId: string,
  ): Promise<ApprovalAnswerParams> {
    const edit = options.find((option) => option.kind === "edit");
    const isYes = options.some((option) => option.optionId === optionId && (option.kind === "approve" || option.kind === "edit"));
    if (edit === undefined || !isYes || !this.#drafts.has(runId)) {
      return { approvalId, optionId };
    }
    if (this.#planOf(runId) === undefined) {
      await this.#read(runId);
    }
    const draft = this.get(runId);
    return draft === undefined ? { approvalId, optionId } : { approvalId, optionId: edit.optionId, plan: draft };
  }

  #keep(runId: string): void {
    void this.#store.update(KEY, [...this.#drafts]);
    this.changed.emit(runId);
  }
}

/** Return what was kept, as far as it is what we keep. */
function kept(value: unknown): readonly (readonly [string, Draft])[] {
  return Array.isArray(value) ? value.filter(isDraft) : [];
}

function isDraft(value: unknown): value is [string, Draft] {
  const draft: unknown = Array.isArray(value) && typeof value[0] === "string" ? value[1] : undefined;
  return (
    typeof draft === "object" && draft !== null && "of" in draft && "plan" in draft && typeof draft.plan === "object" && draft.plan !== null
  );
}
