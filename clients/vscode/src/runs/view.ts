// The view of runs: live and past ones, each with its plan, steps, changes, hand-offs and cost.

import { Disposable, window } from "vscode";
import { FocusedRow } from "../focused";
import type { Session } from "../session";
import { registerActions } from "./actions";
import { RunDocuments } from "./documents";
import type { Node } from "./forest";
import { registerLeftWaiting } from "./leftWaiting";
import { RunList } from "./list";
import { PlanEditing } from "./planEditing";
import { registerStarting } from "./start";
import { RunTerminals } from "./terminal";
import { RunTree } from "./tree";

const PAGE = 30;

export function registerRuns(session: Session): Disposable {
  const list = new RunList((before) =>
    session.wire.request("agent/run/list", { limit: PAGE, ...(before === undefined ? {} : { before }) }),
  );
  const tree = new RunTree(session, list);
  const editing = new PlanEditing(session);
  const view = window.createTreeView<Node>("coterie.runs", {
    treeDataProvider: tree,
    dragAndDropController: editing.dragging,
    showCollapseAll: true,
  });
  const focused = new FocusedRow(view, ({ row }) => row.id);
  const documents = new RunDocuments(session);
  const terminals = new RunTerminals(session);
  return Disposable.from(
    tree,
    view,
    view.onDidCollapseElement(({ element }) => tree.fold(element)),
    terminals,
    documents.register(),
    editing.register(() => focused.get()),
    registerStarting(session),
    registerLeftWaiting(session),
    registerActions({ session, list, tree, view, documents, terminals }),
  );
}
