// What a person does with a plan at its gate: change it in the tree (by commands and keys, or by dragging) or as a document, approve it as it
// stands then, reject it.

import { commands, DataTransferItem, Disposable, type TreeDragAndDropController, Uri, window, workspace } from "vscode";
import { isHere } from "../folders";
import { guarded } from "../refusals";
import type { Session } from "../session";
import type { Drafts } from "../state/drafts";
import { added, itemsOf, moved, type Plan, removed, renamed } from "./plan";
import { PLAN_SCHEME, PlanDocuments, planUri, questionOf } from "./planDocument";
import { isPlanGate } from "./planRows";
import type { Row } from "./row";

const DRAGGED = "application/vnd.code.tree.coterie.runs";

export class PlanEditing {
  readonly #session: Session;
  readonly #drafts: Drafts;

  constructor(session: Session) {
    this.#session = session;
    this.#drafts = session.drafts;
  }

  /** Give the plan's commands; by keys they are about what is selected. */
  register(selected: () => Row | undefined): Disposable {
    const onItem = (id: string, change: (plan: Plan, itemId: string) => Plan | undefined | Promise<Plan | undefined>) =>
      commands.registerCommand(id, (row?: Row) => guarded(() => this.#change(row ?? selected(), change)));
    return Disposable.from(
      onItem("coterie.plan.rename", async (plan, id) => {
        const value = itemsOf(plan).find((item) => item.id === id)?.title ?? "";
        const title = await askTitle("Change the Item of the Plan", value);
        return title === undefined ? undefined : renamed(plan, id, title);
      }),
      onItem("coterie.plan.moveUp", (plan, id) => moved(plan, id, placeOf(plan, id) - 1)),
      onItem("coterie.plan.moveDown", (plan, id) => moved(plan, id, placeOf(plan, id) + 2)),
      onItem("coterie.plan.remove", (plan, id) => removed(plan, id)),
      onItem("coterie.plan.add", async (plan, id) => {
        const title = await askTitle("Add an Item to the Plan", "");
        return title === undefined ? undefined : added(plan, title, id);
      }),
      commands.registerCommand("coterie.plan.edit", (about?: Row | Uri | string) => guarded(() => this.#open(about))),
      commands.registerCommand("coterie.plan.approve", (about?: Row | Uri | string) => guarded(() => this.#answer(about, true))),
      commands.registerCommand("coterie.plan.reject", (about?: Row | Uri | string) => guarded(() => this.#answer(about, false))),
      workspace.registerFileSystemProvider(PLAN_SCHEME, new PlanDocuments(this.#drafts, (id) => this.#planOf(id)), {
        isCaseSensitive: true,
      }),
      this.#session.approvals.changed.on(() => this.#tellContext()),
    );
  }

  /** Items of a plan are dragged within their plan. */
  get dragging(): TreeDragAndDropController<Row> {
    return {
      dragMimeTypes: [DRAGGED],
      dropMimeTypes: [DRAGGED],
      handleDrag: (rows, data) => {
        const [row] = rows;
        if (row?.target.kind === "item" && row.target.approvalId !== undefined) {
          data.set(DRAGGED, new DataTransferItem(row.target));
        }
      },
      handleDrop: async (onto, data) => {
        const dragged: unknown = data.get(DRAGGED)?.value;
        if (isItem(dragged) && (onto?.target.kind === "item" || onto?.target.kind === "plan")) {
          const { target } = onto;
          await guarded(() => this.#drop(dragged, target.approvalId, target.kind === "item" ? target.itemId : undefined));
        }
      },
    };
  }

  async #drop(dragged: { approvalId: string; itemId: string }, approvalId: string | undefined, onto: string | undefined): Promise<void> {
    const plan = await this.#planOf(dragged.approvalId);
    if (plan === undefined || approvalId !== dragged.approvalId) {
      return;
    }
    const from = placeOf(plan, dragged.itemId);
    const to = onto === undefined ? 0 : placeOf(plan, onto);
    // Dropped on a later one it takes its place, too.
    this.#drafts.set(approvalId, moved(plan, dragged.itemId, to > from ? to + 1 : to));
  }

  async #change(row: Row | undefined, change: (plan: Plan, itemId: string) => Plan | undefined | Promise<Plan | undefined>): Promise<void> {
    const target = row?.target;
    if (target === undefined || (target.kind !== "item" && target.kind !== "plan") || target.approvalId === undefined) {
      return;
    }
    const before = await this.#planOf(target.approvalId);
    const after = before && (await change(before, target.kind === "item" ? target.itemId : ""));
    if (after !== undefined && after !== before) {
      this.#drafts.set(target.approvalId, after);
    }
  }

  async #open(about: Row | Uri | string | undefined): Promise<void> {
    const approvalId = this.#questionOf(about);
    if (approvalId !== undefined) {
      await window.showTextDocument(planUri(approvalId), { preview: false });
    }
  }

  async #answer(about: Row | Uri | string | undefined, yes: boolean): Promise<void> {
    const approvalId = this.#questionOf(about);
    const gate = approvalId === undefined ? undefined : this.#session.approvals.get(approvalId);
    if (approvalId === undefined || gate === undefined) {
      throw new Error("No plan waits for approval.");
    }
    const open = workspace.textDocuments.find((document) => document.uri.toString() === planUri(approvalId).toString());
    if (yes && open?.isDirty && !(await open.save())) {
      return; // VS Code has said what is wrong with it
    }
    const kind = yes ? "approve" : "reject";
    const option = gate.options.find((each) => each.kind === kind);
    await this.#session.wire.request("agent/approval/answer", this.#drafts.answer(gate, option?.optionId ?? kind));
    this.#drafts.forget(approvalId);
  }

  /** Return which plan is meant: that of a row, of a document, of a question's id, or the one that waits. */
  #questionOf(about: Row | Uri | string | undefined): string | undefined {
    if (typeof about === "string") {
      return about;
    }
    if (about instanceof Uri) {
      return about.scheme === PLAN_SCHEME ? questionOf(about) : undefined;
    }
    if (about !== undefined && "target" in about) {
      const { target } = about;
      return target.kind === "plan" || target.kind === "item" ? target.approvalId : undefined;
    }
    return this.#gates()[0];
  }

  #gates(): readonly string[] {
    return this.#session.approvals
      .all()
      .filter((approval) => isPlanGate(approval) && isHere(approval.folder))
      .map(({ approvalId }) => approvalId);
  }

  /** Return the plan that a question is about, as it stands now, while the question is open. */
  async #planOf(approvalId: string): Promise<Plan | undefined> {
    const gate = this.#session.approvals.get(approvalId);
    if (gate === undefined || !isPlanGate(gate)) {
      return undefined;
    }
    return this.#drafts.get(approvalId) ?? (this.#session.runs.get(gate.runId) ?? (await this.#session.runs.load(gate.runId))).plan;
  }

  #told = false;

  #tellContext(): void {
    const waits = this.#gates().length > 0;
    if (waits !== this.#told) {
      this.#told = waits;
      void commands.executeCommand("setContext", "coterie.plan.waits", waits);
    }
  }
}

function placeOf(plan: Plan, id: string): number {
  return itemsOf(plan).findIndex((item) => item.id === id);
}

function isItem(value: unknown): value is { approvalId: string; itemId: string } {
  return typeof value === "object" && value !== null && "itemId" in value && "approvalId" in value;
}

async function askTitle(title: string, value: string): Promise<string | undefined> {
  const given = await window.showInputBox({
    title,
    value,
    prompt: "What is to be done",
    validateInput: (text) => (text.trim() === "" ? "Say what is to be done." : undefined),
  });
  return given?.trim();
}
