// The chat as a whole: its views, the list of chats, questions to the person, commands and menus; and what VS Code does with the server's own
// commands, which code actions run: the chat that they are about is shown.

import { commands, type Disposable, Disposable as Disposables, Uri, window } from "vscode";
import type { Middleware } from "vscode-languageclient/node";
import { registerQuestions } from "../approvals/questions";
import { registerChannels } from "../channels/view";
import type { OpenChannelArguments } from "../protocol";
import { guarded } from "../refusals";
import type { Session } from "../session";
import { registerSuggestions } from "./applying";
import { Chats } from "./chats";
import { selectionChip } from "./chips";
import { registerCommands } from "./commands";

export class ChatFeature {
  readonly middleware: Middleware;
  #chats: Chats | undefined;

  /** `others` shows what the commands answer that are not about a chat. */
  constructor(others: Middleware) {
    this.middleware = {
      executeCommand: (command, args, next) =>
        this.#execute(command, args, async () =>
          others.executeCommand ? others.executeCommand(command, args, next) : next(command, args),
        ),
    };
  }

  register(session: Session): Disposable {
    const chats = new Chats(session);
    this.#chats = chats;
    return Disposables.from(
      chats,
      registerChannels(session, chats),
      registerQuestions(session, chats),
      ...registerCommands(chats),
      ...registerSuggestions(),
    );
  }

  async #execute(command: string, args: readonly unknown[], next: () => Promise<unknown>): Promise<unknown> {
    const chats = this.#chats;
    if (chats === undefined) {
      return next();
    }
    switch (command) {
      case "coterie.openChannel":
        return guarded(() => openChannel(chats, (args[0] ?? {}) as OpenChannelArguments));
      case "coterie.channels":
        return chats.search();
      case "coterie.ask":
      case "coterie.run":
      case "coterie.fix": {
        const started = await guarded(next);
        const channelId = textIn(started, "channelId");
        if (channelId !== undefined) {
          await chats.open(channelId);
        }
        return started;
      }
      case "coterie.inspectContext": {
        const shown = await guarded(next);
        const uri = textIn(shown, "uri");
        if (uri !== undefined) {
          await commands.executeCommand("markdown.showPreview", Uri.parse(uri, true));
        }
        return shown;
      }
      default:
        return guarded(next);
    }
  }
}

/** Show a chat, or a new one with what is selected: a plain client would get a document to write in. */
async function openChannel(chats: Chats, { channelId, selection }: OpenChannelArguments): Promise<void> {
  if (channelId !== null && channelId !== undefined) {
    return chats.open(channelId);
  }
  const editor = window.activeTextEditor;
  if (selection !== null && selection !== undefined && editor !== undefined) {
    return chats.attach(selectionChip(editor));
  }
  return chats.open(undefined);
}

function textIn(answer: unknown, name: string): string | undefined {
  const value = typeof answer === "object" && answer !== null ? (answer as Readonly<Record<string, unknown>>)[name] : undefined;
  return typeof value === "string" ? value : undefined;
}
