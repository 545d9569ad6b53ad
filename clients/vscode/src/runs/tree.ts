// Gives the rows of runs to VS Code's tree. It knows nothing of runs but when to look again; plans are reordered by dragging their items.

import {
  type Disposable,
  EventEmitter,
  MarkdownString,
  ThemeColor,
  ThemeIcon,
  type TreeDataProvider,
  TreeItem,
  TreeItemCollapsibleState,
  Uri,
  workspace,
} from "vscode";
import { isHere } from "../folders";
import type { RunLimits } from "../protocol";
import type { Session } from "../session";
import type { Run } from "../state/run";
import { Throttle } from "../state/throttle";
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

export class RunTree implements TreeDataProvider<Row>, Disposable {
  readonly #changed = new EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #session: Session;
  readonly #list: RunList;
  readonly #shown = new Map<string, Run>();
  readonly #limits = new Map<string, RunLimits | null | undefined>();
  readonly #parents = new Map<string, Row>();
  readonly #subscriptions: readonly { dispose(): void }[];
  readonly #lookAgain = new Throttle(LOOK_AGAIN_MS, () => this.#changed.fire(undefined));

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
        } else {
          this.#lookAgain.ask();
        }
      }),
      workspace.onDidChangeWorkspaceFolders(() => this.#lookAgain.ask()),
    ];
  }

  dispose(): void {
    this.#lookAgain.dispose();
    for (const subscription of this.#subscriptions) {
      subscription.dispose();
    }
    this.#changed.dispose();
  }

  getTreeItem(row: Row): TreeItem {
    const isRun = row.target.kind === "run" && row.id === row.target.runId;
    const state =
      !isRun && !row.children?.length
        ? TreeItemCollapsibleState.None
        : row.expanded
          ? TreeItemCollapsibleState.Expanded
          : TreeItemCollapsibleState.Collapsed;
    const item = new TreeItem(row.label, state);
    item.id = row.id;
    item.description = row.description ?? "";
    item.tooltip = row.tooltip === undefined ? "" : new MarkdownString().appendText(row.tooltip);
    item.accessibilityInformation = { label: [row.label, row.description].filter(Boolean).join(", ") };
    if (row.icon !== undefined) {
      item.iconPath = new ThemeIcon(row.icon.name, row.icon.color === undefined ? undefined : new ThemeColor(row.icon.color));
    }
    if (row.resource !== undefined) {
      item.resourceUri = Uri.parse(row.resource);
      item.iconPath = ThemeIcon.File;
    }
    if (row.context !== undefined) {
      item.contextValue = row.context;
    }
    if (row.command !== undefined) {
      item.command = { command: row.command, title: row.label, arguments: [row] };
    }
    return item;
  }

  async getChildren(row?: Row): Promise<readonly Row[] & Row[]> {
    const rows = row === undefined ? await this.#roots() : await this.#below(row);
    for (const each of rows) {
      if (row !== undefined) {
        this.#parents.set(each.id, row);
      }
    }
    return [...rows];
  }

  getParent(row: Row): Row | undefined {
    return this.#parents.get(row.id);
  }

  /** Return the row of a run, asked for when it is not on the pages so far. */
  async rowOf(runId: string): Promise<Row | undefined> {
    if (this.#list.get(runId) === undefined) {
      await this.#list.refresh();
    }
    return (await this.#roots()).find((row) => row.id === runId);
  }

  async #roots(): Promise<readonly Row[]> {
    if (this.#session.connection.state.kind !== "running") {
      return [];
    }
    if (!this.#list.loaded) {
      await this.#list.refresh();
    }
    const now = Date.now();
    const rows = this.#list
      .all()
      .filter((summary) => isHere(summary.folder))
      .map((summary) => runRow(summary, this.#session.runs.get(summary.runId), now));
    return this.#list.more ? [...rows, MORE] : rows;
  }

  async #below(row: Row): Promise<readonly Row[]> {
    if (row.target.kind !== "run" || row.id !== row.target.runId) {
      return row.children ?? [];
    }
    const { runId } = row.target;
    // What was heard of it is up to date; one of an earlier time is asked for.
    const run = this.#session.runs.get(runId) ?? (await this.#session.runs.load(runId));
    this.#shown.set(runId, run);
    if (!this.#limits.has(runId)) {
      this.#limits.set(runId, (await this.#session.wire.request("agent/run/get", { runId })).budget);
    }
    return rowsOf(run, this.#session.drafts.get(runId), this.#limits.get(runId));
  }

  #hear(run: Run): void {
    if (this.#list.loaded && this.#list.hear(run)) {
      void this.#list.refresh().catch(() => undefined);
    }
    const shown = this.#shown.get(run.runId);
    this.#shown.set(run.runId, run);
    if (shown === undefined || looksDifferent(shown, run)) {
      this.#lookAgain.ask();
    }
  }
}

/** Say whether the tree shows another thing of a run now: what is only said in the chat changes nothing here. */
function looksDifferent(shown: Run, run: Run): boolean {
  const parts = ["state", "text", "steps", "toolCalls", "plan", "artifacts", "changes", "approvals", "usage"] as const;
  return parts.some((part) => shown[part] !== run[part]);
}
