// The chat's commands, for the palette, keys and menus.

import { type CodeAction, type Command, commands, type Disposable, type Range, type TextEditor, type Uri, window } from "vscode";
import { guarded } from "../refusals";
import { Refusal } from "../server/wire";
import { ACTIONS, type ActionId, commandOf } from "./actions";
import type { Chats } from "./chats";
import { readableChip, selectionChip } from "./chips";

export function registerCommands(chats: Chats): readonly Disposable[] {
  const on = (name: string, action: (...args: never[]) => unknown): Disposable =>
    commands.registerCommand(name, (...args: unknown[]) => guarded(() => action(...(args as never[]))));
  return [
    on("coterie.chat.new", () => chats.open(undefined)),
    on("coterie.chat.focusInput", () => chats.focus()),
    on("coterie.chat.open", (channelId?: string, messageId?: string) => chats.open(channelId, messageId)),
    on("coterie.chat.openInEditor", () => chats.openInEditor(chats.current)),
    on("coterie.chat.search", () => chats.search()),
    on("coterie.chat.stop", async () => {
      if ((await chats.stop()) !== true) {
        throw new Refusal("Nothing goes on in the chat.", "nothing_to_stop", undefined);
      }
    }),
    on("coterie.chat.inspectContext", () => commands.executeCommand("coterie.inspectContext", { channelId: chats.current ?? null })),
    on("coterie.chat.askSelection", () => chats.attach(selectionChip(editorNow()))),
    on("coterie.chat.addFile", async (uri?: Uri, chosen?: readonly Uri[]) => {
      for (const each of chosen ?? [uri ?? editorNow().document.uri]) {
        await chats.attach(await readableChip(each));
      }
    }),
    ...(Object.keys(ACTIONS) as ActionId[]).map((action) => on(`coterie.code.${action}`, () => act(editorNow(), action))),
  ];
}

function editorNow(): TextEditor {
  const editor = window.activeTextEditor;
  if (editor === undefined) {
    throw new Refusal("Open a file first.", "no_editor", undefined);
  }
  return editor;
}

/** Run an action of the server's on the selection, or on the line of the cursor, as VS Code's light bulb does. */
async function act(editor: TextEditor, action: ActionId): Promise<void> {
  const { document, selection } = editor;
  const kind = ACTIONS[action];
  const range: Range = selection.isEmpty && kind === "quickfix" ? document.lineAt(selection.active.line).range : selection;
  const found = await commands.executeCommand<(CodeAction | Command)[]>(
    "vscode.executeCodeActionProvider",
    document.uri,
    range,
    kind,
    MANY,
  );
  const command = commandOf(action, found);
  if (command === undefined) {
    throw new Refusal(kind === "quickfix" ? "There is no problem here to fix." : "The server offers nothing here.", "no_action", undefined);
  }
  await commands.executeCommand(command.command, ...(command.arguments ?? []));
}

/** How many actions are resolved, those of other extensions among them: an action's command is known only then. */
const MANY = 50;
