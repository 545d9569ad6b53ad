// What a person does with a plan at its gate: change it in the tree (by commands and keys, or by dragging) or as a document, approve it as it
// stands then, reject it.

import { commands, DataTransferItem, Disposable, type TreeDragAndDropController, Uri, window, workspace } from "vscode";
import { isHere } from "../folders";
import type { Approval } from "../protocol";
import { guarded } from "../refusals";
import { running } from "../server/running";
import type { Session } from "../session";
import type { Drafts } from "../state/drafts";
import { added, itemsOf, moved, type Plan, removed, renamed } from "./plan";
import { PLAN_SCHEME, PlanDocuments, planUri, runOf } from "./planDocument";
import { isPlanGate } from "./planRows";
import type { About } from "./row";

const DRAGGED = "application/vnd.code.tree.coterie.runs";

export class PlanEditing {
  readonly #session: Session;
  readonly #drafts: Drafts;

  constructor(session: Session) {
    this.#session = session;
    this.#drafts = session.drafts;
  }

  /** Give the plan's commands; by keys they are about the row that has the focus. */
  register(focused: () => Promise<About | undefined>): Disposable {
    const onItem = (id: string, change: (plan: Plan, itemId: string) => Plan | undefined | Promise<Plan | undefined>) =>
      commands.registerCommand(id, (row?: About) => guarded(async () => this.#change(row ?? (await focused()), change)));
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
      commands.registerCommand("coterie.plan.edit", (about?: About | Uri) => guarded(() => this.#open(about))),
      commands.registerCommand("coterie.plan.approve", (about?: About | Uri) => guarded(() => this.#answer(about, true))),
      commands.registerCommand("coterie.plan.reject", (about?: About | Uri) => guarded(() => this.#answer(about, false))),
      workspace.registerFileSystemProvider(PLAN_SCHEME, this.#documents(), { isCaseSensitive: true }),
      this.#session.approvals.changed.on(() => this.#tellContext()),
    );
  }

  #documents(): PlanDocuments {
    return new PlanDocuments(
      this.#drafts,
      (runId) => this.#planOf(runId),
      (runId) => this.#gateOf(runId) !== undefined,
    );
  }

  /** Items of a plan are dragged within their plan. */
  get dragging(): TreeDragAndDropController<About> {
    return {
      dragMimeTypes: [DRAGGED],
      dropMimeTypes: [DRAGGED],
      handleDrag: (rows, data) => {
        const [row] = rows;
        if (row?.target.kind === "item" && row.target.waits) {
          data.set(DRAGGED, new DataTransferItem(row.target));
        }
      },
      handleDrop: async (onto, data) => {
        const dragged: unknown = data.get(DRAGGED)?.value;
        const target = onto?.target;
        if (isItem(dragged) && (target?.kind === "item" || target?.kind === "plan") && target.runId === dragged.runId) {
          await guarded(() => this.#drop(dragged, target.kind === "item" ? target.itemId : undefined));
        }
      },
    };
  }

  async #drop({ runId, itemId }: Dragged, onto: string | undefined): Promise<void> {
    const plan = await this.#planOf(runId);
    if (plan === undefined || this.#gateOf(runId) === undefined) {
      return;
    }
    const from = placeOf(plan, itemId);
    const to = onto === undefined ? 0 : placeOf(plan, onto);
    // Dropped on a later one it takes its place, too.
    this.#drafts.set(runId, moved(plan, itemId, to > from ? to + 1 : to));
  }

  async #change(
    row: About | undefined,
    change: (plan: Plan, itemId: string) => Plan | undefined | Promise<Plan | undefined>,
  ): Promise<void> {
    const target = row?.target;
    if ((target?.kind !== "item" && target?.kind !== "plan") || this.#gateOf(target.runId) === undefined) {
      return;
    }
    const before = await this.#planOf(target.runId);
    const after = before && (await change(before, target.kind === "item" ? target.itemId : ""));
    if (after !== undefined && after !== before) {
      this.#drafts.set(target.runId, after);
    }
  }

  async #open(about: About | Uri | undefined): Promise<void> {
    const runId = this.#runOf(about);
    if (runId !== undefined) {
      await window.showTextDocument(planUri(runId), { preview: false });
    }
  }

  async #answer(about: About | Uri | undefined, yes: boolean): Promise<void> {
    const runId = this.#runOf(about);
    const gate = runId === undefined ? undefined : this.#gateOf(runId);
    if (runId === undefined || gate === undefined) {
      throw new Error("No plan waits for approval.");
    }
    const open = workspace.textDocuments.find((document) => document.uri.toString() === planUri(runId).toString());
    if (yes && open?.isDirty && !(await open.save())) {
      return; // VS Code has said what is wrong with it
    }
    const kind = yes ? "approve" : "reject";
    const option = gate.options.find((each) => each.kind === kind);
    const answer = await this.#drafts.answer(gate, option?.optionId ?? kind);
    await this.#session.wire.request("agent/approval/answer", answer);
  }

  /** Return whose plan is meant: that of a row, of a document, or the one that waits. */
  #runOf(about: About | Uri | undefined): string | undefined {
    if (about instanceof Uri) {
      return about.scheme === PLAN_SCHEME ? runOf(about) : undefined;
    }
    if (about !== undefined && "target" in about) {
      const { target } = about;
      return target.kind === "plan" || target.kind === "item" ? target.runId : undefined;
    }
    return this.#gates()[0]?.runId;
  }

  #gates(): readonly Approval[] {
    return this.#session.approvals.all().filter((approval) => isPlanGate(approval) && isHere(approval.folder));
  }

  /** Return the question about a run's plan, while it is open. */
  #gateOf(runId: string): Approval | undefined {
    return this.#gates().find((gate) => gate.runId === runId);
  }

  /** Return a run's plan as it stands now. A document of an earlier window is asked for before the server runs. */
  async #planOf(runId: string): Promise<Plan | undefined> {
    await running(this.#session.connection);
    const run = await this.#session.runs.known(runId);
    return this.#drafts.get(runId) ?? run.plan;
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

interface Dragged {
  readonly runId: string;
  readonly itemId: string;
}

function isItem(value: unknown): value is Dragged {
  return typeof value === "object" && value !== null && "itemId" in value && "runId" in value;
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
