// The list of files with open hunks, and how much of the review is done: beside the editor, and as a quick list.

import {
  commands,
  Disposable,
  EventEmitter,
  StatusBarAlignment,
  ThemeColor,
  ThemeIcon,
  type TreeDataProvider,
  TreeItem,
  TreeItemCollapsibleState,
  Uri,
  window,
} from "vscode";
import { counted } from "../runs/words";
import { linesOf } from "../runs/workRows";
import type { OpenFile, OpenHunk } from "../state/reviews";
import { Throttle } from "../state/throttle";
import type { Reviewing } from "./reviewing";

/** An agent may change a thousand files in a second: they are listed together. */
const LOOK_AGAIN_MS = 150;

/** A file of the list, or a hunk of one. */
export type ReviewRow = { readonly file: OpenFile; readonly open?: OpenHunk };

export class ReviewTree implements TreeDataProvider<ReviewRow> {
  readonly #changed = new EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #reviewing: Reviewing;

  constructor(reviewing: Reviewing) {
    this.#reviewing = reviewing;
  }

  register(): Disposable {
    const view = window.createTreeView<ReviewRow>("coterie.review", { treeDataProvider: this, showCollapseAll: true });
    const item = window.createStatusBarItem("coterie.review", StatusBarAlignment.Left, 10);
    item.name = "Coterie: Review";
    item.command = "coterie.review.files";
    const show = () => {
      const { decided, total } = this.#reviewing.session.reviews.progress();
      void commands.executeCommand("setContext", "coterie.review.active", total > 0);
      view.description = total > 0 ? `${decided} of ${total} reviewed` : "";
      item.text = `$(diff) ${decided}/${total}`;
      item.tooltip = `Coterie: ${decided} of ${counted(total, "change")} reviewed`;
      item.accessibilityInformation = { label: item.tooltip };
      item[total > 0 ? "show" : "hide"]();
      this.#changed.fire(undefined);
    };
    show();
    const later = new Throttle(LOOK_AGAIN_MS, show);
    return Disposable.from(
      view,
      item,
      later,
      this.#reviewing.session.reviews.changed.on(() => later.ask()),
      this.#reviewing.session.reviews.finished.on((count) => {
        window.setStatusBarMessage(`$(pass-filled) Coterie: all ${counted(count, "change")} reviewed.`, 10_000);
      }),
    );
  }

  getChildren(row?: ReviewRow): ReviewRow[] {
    if (row === undefined) {
      return this.#reviewing.session.reviews.files().map((file) => ({ file }));
    }
    return row.open === undefined ? row.file.hunks.map((open) => ({ file: row.file, open })) : [];
  }

  getTreeItem({ file, open }: ReviewRow): TreeItem {
    const item = open === undefined ? fileItem(file) : hunkItem(open);
    item.command = { command: "coterie.review.show", title: "Show", arguments: [{ file, open }] };
    return item;
  }
}

function fileItem(file: OpenFile): TreeItem {
  const item = new TreeItem(Uri.parse(file.uri), TreeItemCollapsibleState.Collapsed);
  const folder = file.path.split("/").slice(0, -1).join("/");
  const total = file.decided + file.hunks.length;
  item.id = file.uri;
  item.iconPath = ThemeIcon.File;
  item.description = [folder, `${file.decided} of ${total}`].filter(Boolean).join(" · ");
  item.tooltip = `${file.path}: ${file.decided} of ${counted(total, "change")} reviewed`;
  item.contextValue = "reviewFile";
  return item;
}

function hunkItem({ hunk }: OpenHunk): TreeItem {
  const item = new TreeItem(linesOf(hunk));
  item.id = hunk.hunkId;
  item.description = `${hunk.state === "proposed" ? "proposed · " : ""}+${hunk.newLines} −${hunk.oldLines}`;
  item.tooltip = `${hunk.oldText.replace(/^/gm, "− ")}\n${hunk.newText.replace(/^/gm, "+ ")}`;
  item.iconPath = new ThemeIcon(
    hunk.newLines === 0 ? "diff-removed" : hunk.oldLines === 0 ? "diff-added" : "diff-modified",
    new ThemeColor("coterie.openChangeForeground"),
  );
  item.contextValue = "reviewHunk";
  return item;
}
