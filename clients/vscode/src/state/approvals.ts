// The questions that wait for an answer, of all runs: read once, then kept by `approval` events.

import type { AgentEvent, Approval } from "../protocol";
import { Signal } from "./signal";

export class Approvals {
  readonly changed = new Signal<void>();
  readonly asked = new Signal<Approval>();
  readonly #pending = new Map<string, Approval>();

  replace(approvals: readonly Approval[]): void {
    const asked = approvals.filter((approval) => !this.#pending.has(approval.approvalId));
    this.#pending.clear();
    for (const approval of approvals) {
      this.#pending.set(approval.approvalId, approval);
    }
    this.changed.emit();
    for (const approval of asked) {
      this.asked.emit(approval);
    }
  }

  hear(told: AgentEvent): void {
    const event = told.event;
    if (event.kind !== "approval" || !told.runId || !told.channelId) {
      return;
    }
    if (event.state === "resolved") {
      this.forget(event.approvalId);
      return;
    }
    if (this.#pending.has(event.approvalId)) {
      return;
    }
    const { kind: _kind, decision: _decision, ...question } = event;
    const approval: Approval = { ...question, runId: told.runId, channelId: told.channelId, folder: told.folder ?? null, at: told.at };
    this.#pending.set(approval.approvalId, approval);
    this.changed.emit();
    this.asked.emit(approval);
  }

  /** Take a question away that is known to be answered. */
  forget(approvalId: string): void {
    if (this.#pending.delete(approvalId)) {
      this.changed.emit();
    }
  }

  get(approvalId: string): Approval | undefined {
    return this.#pending.get(approvalId);
  }

  all(): readonly Approval[] {
    return [...this.#pending.values()];
  }
}
