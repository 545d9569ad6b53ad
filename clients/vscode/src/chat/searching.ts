// Finds a chat by its title or by what was said in it.

import { type QuickPickItem, QuickPickItemKind, window } from "vscode";
import { ago } from "../channels/words";
import { accepted } from "../picking";
import type { Channel } from "../protocol";
import { guarded } from "../refusals";
import type { Session } from "../session";

interface Choice extends QuickPickItem {
  readonly channelId?: string;
  readonly messageId?: string;
}

const LIMIT = 30;
const PAUSE_MS = 120;

export async function searchChats(
  session: Session,
  open: (channelId: string, messageId: string | undefined) => Promise<void>,
): Promise<void> {
  const picker = window.createQuickPick<Choice>();
  picker.placeholder = "Search in titles and messages";
  picker.matchOnDescription = true;
  picker.matchOnDetail = true;
  picker.items = session.channels.all().map(row);
  let timer: ReturnType<typeof setTimeout> | undefined;
  picker.onDidChangeValue((value) => {
    clearTimeout(timer);
    timer = setTimeout(() => void search(value), PAUSE_MS);
  });
  const search = async (value: string): Promise<void> => {
    if (value.trim() === "") {
      picker.items = session.channels.all().map(row);
      return;
    }
    picker.busy = true;
    const items = await guarded(() => found(session, value));
    picker.busy = false;
    // Somebody who types on asks again.
    if (items !== undefined && picker.value === value) {
      picker.items = items;
    }
  };
  picker.onDidHide(() => clearTimeout(timer));
  const chosen = await accepted(picker);
  if (chosen?.channelId !== undefined) {
    await open(chosen.channelId, chosen.messageId);
  }
}

async function found(session: Session, query: string): Promise<Choice[]> {
  const { channels, messages } = await session.wire.request("agent/channel/search", { query, limit: LIMIT });
  const said = messages.map((message): Choice => {
    const title = session.channels.get(message.channelId)?.title ?? "";
    return {
      label: `$(comment) ${message.text.replace(/\s+/g, " ").trim()}`,
      description: title,
      alwaysShow: true,
      channelId: message.channelId,
      messageId: message.messageId,
    };
  });
  const heading = (label: string): Choice => ({ label, kind: QuickPickItemKind.Separator });
  return [
    ...(channels.length > 0 ? [heading("chats"), ...channels.map((channel) => ({ ...row(channel), alwaysShow: true }))] : []),
    ...(said.length > 0 ? [heading("messages"), ...said] : []),
  ];
}

function row(channel: Channel): Choice {
  const symbol = channel.state === "archived" ? "archive" : channel.folder === "tasks" ? "organization" : "comment-discussion";
  return { label: `$(${symbol}) ${channel.title}`, description: ago(channel.updatedAt, Date.now()), channelId: channel.channelId };
}
