// A row as VS Code's trees take it.

import { MarkdownString, ThemeColor, ThemeIcon, TreeItem, type TreeItemCollapsibleState, Uri } from "vscode";
import type { Node } from "./forest";

/** Return what VS Code draws of a node; the command of a click is given the node. */
export function itemOf<T>(node: Node<T>, state: TreeItemCollapsibleState): TreeItem {
  const { row } = node;
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
    item.command = { command: row.command, title: row.label, arguments: [node] };
  }
  return item;
}
