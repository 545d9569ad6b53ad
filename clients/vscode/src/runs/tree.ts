// Gives the rows of runs to VS Code's tree, and says which of them are to be drawn anew.

import { type Disposable, EventEmitter, type TreeDataProvider, type TreeItem, TreeItemCollapsibleState, workspace } from "vscode";
import { isHere } from "../folders";
import type { RunLimits } from "../protocol";
import { phaseOf } from "../server/state";
import type { Session } from "../session";
import type { Run } from "../state/run";
import type { Subscription } from "../state/signal";
import { Throttle } from "../state/throttle";
import { Forest, type Node } from "./forest";
import { itemOf } from "./item";
import type { RunList } from "./list";
import type { Row } from "./row";
import { rowsOf, runRow } from "./rows";

/** Enough for eyes, few enough for a run that calls tools all the time. */
const LOOK_AGAIN_MS = 150;

const MORE: Row = {
  id: "more",
  label: "Show Older Runs…",
  icon: { name: "chevron-down" },
  command: "coterie.run.more",
  target: { kind: "more" },
};

/** A run as it was told of last, which stays for as long as somebody looks below it. */
interface Shown {
  readonly run: Run;
  readonly held: Subscription;
}

export class RunTree implements TreeDataProvider<Node>, Disposable {
  readonly #changed = new EventEmitter<Node[] | undefined>();
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #session: Session;
  readonly #list: RunList;
  readonly #forest = new Forest();
  /** The runs below which somebody has looked. */
  readonly #shown = new Map<string, Shown>();
  readonly #limits = new Map<string, RunLimits | null | undefined>();
  readonly #subscriptions: readonly { dispose(): void }[];
  readonly #lookAgain = new Throttle(LOOK_AGAIN_MS, () => this.#draw());

  constructor(session: Session, list: RunList) {
    this.#session = session;
    this.#list = list;
    this.#subscriptions = [
      session.runs.changed.on((run) => this.#hear(run)),
      list.changed.on(() => this.#lookAgain.ask()),
      session.drafts.changed.on(() => this.#lookAgain.ask()),
      session.connection.changed.on(({ kind }) => {
        if (kind === "running") {
          void list.refresh().catch(() => undefined);
        }
        this.#lookAgain.ask();
      }),
      workspace.onDidChangeWorkspaceFolders(() => this.#lookAgain.ask()),
    ];
  }

  dispose(): void {
    this.#lookAgain.dispose();
    for (const subscription of [...this.#subscriptions, ...[...this.#shown.values()].map(({ held }) => held)]) {
      subscription.dispose();
    }
    this.#changed.dispose();
  }

  getTreeItem(node: Node): TreeItem {
    const { row } = node;
    const isRun = row.target.kind === "run" && row.id === row.target.runId;
    const state =
      !isRun && !row.children?.length
        ? TreeItemCollapsibleState.None
        : row.expanded
          ? TreeItemCollapsibleState.Expanded
          : TreeItemCollapsibleState.Collapsed;
    return itemOf(node, state);
  }

  async getChildren(node?: Node): Promise<Node[]> {
    if (node === undefined) {
      await this.#loaded();
      // VS Code looks below each of them by itself.
      this.#forest.update(this.#rows());
      return [...this.#forest.roots];
    }
    if (node.children === undefined && node.target.kind === "run") {
      node.unfold(this.#below(await this.#lookBelow(node.target.runId)));
      // The row itself may have become another one meanwhile.
      this.#lookAgain.ask();
    }
    return [...(node.children ?? [])];
  }

  getParent(node: Node): Node | undefined {
    return node.parent;
  }

  /** Keep nothing more of a run that nobody looks below. Unfolded again, it is looked at again. */
  fold(node: Node): void {
    if (node.target.kind === "run" && node.row.id === node.target.runId) {
      this.#forget(node.row.id);
      node.fold();
      // VS Code would show again what it was given, also where that was nothing.
      this.#changed.fire([node]);
    }
  }

  /** Return the row of a run, asked for when it is not on the pages so far. */
  async nodeOf(runId: string): Promise<Node | undefined> {
    if (this.#list.get(runId) === undefined) {
      await this.#list.refresh();
    }
    this.#draw();
    return this.#forest.roots.find((node) => node.row.id === runId);
  }

  async #loaded(): Promise<void> {
    if (this.#session.connection.state.kind === "running" && !this.#list.loaded) {
      await this.#list.refresh();
    }
  }

  /** Know all that stands below a run. What was heard of it is up to date; one of an earlier time is asked for. */
  async #lookBelow(runId: string): Promise<Run> {
    const { runs, wire } = this.#session;
    const held = runs.hold(runId);
    try {
      const run = await runs.known(runId);
      const { budget } = await wire.request("agent/run/get", { runId });
      const latest = runs.get(runId) ?? run;
      this.#forget(runId);
      this.#limits.set(runId, budget);
      this.#shown.set(runId, { run: latest, held });
      return latest;
    } catch (error) {
      held.dispose();
      throw error;
    }
  }

  #forget(runId: string): void {
    this.#shown.get(runId)?.held.dispose();
    this.#shown.delete(runId);
    this.#limits.delete(runId);
  }

  #below(run: Run): readonly Row[] {
    return rowsOf(run, this.#session.drafts.get(run.runId), this.#limits.get(run.runId));
  }

  /** Return all rows as they are to be now. */
  #rows(): readonly Row[] {
    const phase = phaseOf(this.#session.connection.state.kind);
    if (phase === "stopped" || phase === "failed") {
      return [];
    }
    const now = Date.now();
    const rows = this.#list
      .all()
      .filter((summary) => isHere(summary.folder))
      .map((summary) => {
        const run = this.#shown.get(summary.runId)?.run;
        const row = runRow(summary, run ?? this.#session.runs.get(summary.runId), now);
        return run === undefined ? row : { ...row, children: this.#below(run) };
      });
    return this.#list.more ? [...rows, MORE] : rows;
  }

  #draw(): void {
    const anew = this.#forest.update(this.#rows());
    if (anew === undefined) {
      this.#changed.fire(undefined);
    } else if (anew.length > 0) {
      this.#changed.fire([...anew]);
    }
  }

  #hear(run: Run): void {
    if (this.#list.loaded && this.#list.hear(run)) {
      void this.#list.refresh().catch(() => undefined);
    }
    const shown = this.#shown.get(run.runId);
    if (shown !== undefined) {
      this.#shown.set(run.runId, { ...shown, run });
    }
    if (shown === undefined || looksDifferent(shown.run, run)) {
      this.#lookAgain.ask();
    }
  }
}

/** Say whether the tree shows another thing of a run now: what is only said in the chat changes nothing here. */
function looksDifferent(shown: Run, run: Run): boolean {
  const parts = ["state", "text", "steps", "toolCalls", "plan", "artifacts", "changes", "approvals", "usage"] as const;
  return parts.some((part) => shown[part] !== run[part]);
}
