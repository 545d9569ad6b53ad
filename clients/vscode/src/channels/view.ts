// The list of chats and tasks in the side bar, and what can be done with each.

import {
  commands,
  type Disposable,
  Disposable as Disposables,
  EventEmitter,
  ThemeIcon,
  type TreeDataProvider,
  TreeItem,
  TreeItemCollapsibleState,
  type TreeView,
  window,
} from "vscode";
import type { Chats } from "../chat/chats";
import { FocusedRow } from "../focused";
import type { Channel } from "../protocol";
import { guarded } from "../refusals";
import type { Session } from "../session";
import { Throttle } from "../state/throttle";
import { entryOf, FOLDERS, type Folder, inFolder, looks } from "./words";

const VIEW = "coterie.channels";
const MINUTE_MS = 60_000;
/** A run that begins tells of its chat several times. */
const LOOK_AGAIN_MS = 150;

type Node = Folder | Channel;

class ChannelTree implements TreeDataProvider<Node> {
  readonly #changed = new EventEmitter<Node | undefined>();
  readonly onDidChangeTreeData = this.#changed.event;
  readonly #session: Session;
  /** How the list looked when it was drawn; undefined when it may look otherwise. */
  #seen: string | undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Have the list drawn anew where it looks otherwise: a click between two drawings is lost. */
  refresh(): void {
    const seen = looks(this.#session.channels.all(), Date.now());
    if (seen !== this.#seen) {
      this.#seen = seen;
      this.#changed.fire(undefined);
    }
  }

  getChildren(node?: Node): readonly Node[] & Node[] {
    const all = this.#session.channels.all();
    if (looks(all, Date.now()) !== this.#seen) {
      // Drawn without having been asked to, as when the view is opened.
      this.#seen = undefined;
    }
    if (node === undefined) {
      // With nothing in it the view shows what can be done instead.
      return all.length === 0 ? [] : [...FOLDERS];
    }
    return "id" in node ? [...inFolder(all, node.id)] : [];
  }

  getTreeItem(node: Node): TreeItem {
    if ("id" in node) {
      const item = new TreeItem(node.label, TreeItemCollapsibleState.Expanded);
      item.id = node.id;
      item.contextValue = "folder";
      return item;
    }
    const entry = entryOf(node, Date.now());
    const item = new TreeItem(entry.label, TreeItemCollapsibleState.None);
    item.id = entry.id;
    item.iconPath = new ThemeIcon(entry.icon);
    item.description = entry.age;
    item.tooltip = entry.tooltip;
    item.contextValue = entry.context;
    item.accessibilityInformation = { label: entry.spoken };
    item.command = { command: "coterie.chat.open", title: "Open", arguments: [node.channelId] };
    return item;
  }
}

export function registerChannels(session: Session, chats: Chats): Disposable {
  const tree = new ChannelTree(session);
  const view = window.createTreeView(VIEW, { treeDataProvider: tree, showCollapseAll: false });
  const showBadge = (): void => {
    const waiting = session.approvals.all().length;
    view.badge =
      waiting === 0
        ? undefined
        : { value: waiting, tooltip: waiting === 1 ? "A question waits for you" : `${waiting} questions wait for you` };
  };
  // Ages grow by themselves.
  const timer = setInterval(() => view.visible && tree.refresh(), MINUTE_MS);
  const later = new Throttle(LOOK_AGAIN_MS, () => tree.refresh());
  return Disposables.from(
    view,
    later,
    session.channels.changed.on(() => later.ask()),
    session.approvals.changed.on(showBadge),
    { dispose: () => clearInterval(timer) },
    ...actions(session, chats, view),
  );
}

function actions(session: Session, chats: Chats, view: TreeView<Node>): readonly Disposable[] {
  const { wire } = session;
  const focused = new FocusedRow(view, (node) => ("id" in node ? node.id : node.channelId));
  const on = (name: string, action: (channel: Channel) => unknown): Disposable =>
    commands.registerCommand(`coterie.channels.${name}`, (node?: Node) =>
      guarded(async () => {
        const chosen = node ?? (await focused.get());
        return chosen !== undefined && "channelId" in chosen ? action(chosen) : undefined;
      }),
    );
  return [
    on("interrupt", async ({ channelId }) => {
      const run = session.runs.active(channelId);
      if (run !== undefined) {
        await wire.request("agent/run/interrupt", { runId: run.runId });
      }
    }),
    on("rename", async ({ channelId, title }) => {
      const chosen = await window.showInputBox({ title: "Rename the Chat", value: title });
      if (chosen !== undefined && chosen.trim() !== "") {
        await wire.request("agent/channel/rename", { channelId, title: chosen });
      }
    }),
    on("archive", ({ channelId }) => wire.request("agent/channel/archive", { channelId, archived: true })),
    on("unarchive", ({ channelId }) => wire.request("agent/channel/archive", { channelId, archived: false })),
    on("delete", async ({ channelId, title }) => {
      const yes = "Delete";
      const detail = "Its messages are gone for good. Its runs stay, and what they changed can still be undone.";
      if ((await window.showWarningMessage(`Delete “${title}”?`, { modal: true, detail }, yes)) === yes) {
        await wire.request("agent/channel/delete", { channelId });
      }
    }),
    on("openInEditor", ({ channelId }) => chats.openInEditor(channelId)),
  ];
}
