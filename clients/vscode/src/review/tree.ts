// The list of files with open hunks, and how much of the review is done: beside the editor, and in the status bar.

import {
  commands,
  Disposable,
  EventEmitter,
  StatusBarAlignment,
  type TreeDataProvider,
  type TreeItem,
  TreeItemCollapsibleState,
  window,
} from "vscode";
import { Forest, type Node } from "../runs/forest";
import { itemOf } from "../runs/item";
import { counted } from "../runs/words";
import { Throttle } from "../state/throttle";
import type { Reviewing } from "./reviewing";
import { type Reviewed, reviewRows } from "./rows";

/** An agent may change a thousand files in a second: they are listed together. */
const LOOK_AGAIN_MS = 150;

export class ReviewTree implements TreeDataProvider<Node<Reviewed>> {
  readonly #changed = new EventEmitter<Node<Reviewed>[] | undefined>();
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #reviewing: Reviewing;
  readonly #forest = new Forest<Reviewed>();

  constructor(reviewing: Reviewing) {
    this.#reviewing = reviewing;
  }

  register(): Disposable {
    const view = window.createTreeView("coterie.review", { treeDataProvider: this, showCollapseAll: true });
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
      this.#draw();
    };
    show();
    const later = new Throttle(LOOK_AGAIN_MS, show);
    return Disposable.from(
      view,
      item,
      later,
      this.#changed,
      this.#reviewing.session.reviews.changed.on(() => later.ask()),
      this.#reviewing.session.reviews.finished.on((count) => {
        window.setStatusBarMessage(
          `$(pass-filled) Coterie: ${count === 1 ? "the change is" : `all ${count} changes are`} reviewed.`,
          10_000,
        );
      }),
    );
  }

  getChildren(node?: Node<Reviewed>): Node<Reviewed>[] {
    if (node === undefined) {
      this.#update();
      return [...this.#forest.roots];
    }
    return [...(node.children ?? [])];
  }

  getParent(node: Node<Reviewed>): Node<Reviewed> | undefined {
    return node.parent;
  }

  getTreeItem(node: Node<Reviewed>): TreeItem {
    return itemOf(node, node.target.open === undefined ? TreeItemCollapsibleState.Collapsed : TreeItemCollapsibleState.None);
  }

  #update(): readonly Node<Reviewed>[] | undefined {
    const { reviews } = this.#reviewing.session;
    return this.#forest.update(reviewRows(reviews.files(), reviews.moves()));
  }

  /** Have that alone drawn which looks otherwise: a click between two drawings is lost. */
  #draw(): void {
    const anew = this.#update();
    if (anew === undefined) {
      this.#changed.fire(undefined);
    } else if (anew.length > 0) {
      this.#changed.fire([...anew]);
    }
  }
}
