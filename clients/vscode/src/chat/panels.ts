// Chats in editor tabs, one for each channel; VS Code brings them back after a reload.

import { type Disposable, Uri, ViewColumn, type WebviewPanel, window } from "vscode";
import type { Session } from "../session";
import { pageOf, webviewOptions } from "../webviews";
import type { Chats } from "./chats";
import type { PageDrafts } from "./drafts";
import { ChatHost } from "./host";

const TYPE = "coterie.chat.editor";

interface Tab {
  readonly panel: WebviewPanel;
  readonly host: ChatHost;
}

export class ChatPanels implements Disposable {
  readonly #session: Session;
  readonly #chats: Chats;
  readonly #registration: Disposable;
  readonly #tabs = new Set<Tab>();

  constructor(session: Session, chats: Chats) {
    this.#session = session;
    this.#chats = chats;
    this.#registration = window.registerWebviewPanelSerializer(TYPE, {
      deserializeWebviewPanel: async (panel: WebviewPanel, state: unknown) => {
        panel.webview.options = webviewOptions(session.context.extensionUri);
        this.#adopt(panel, chats.drafts.ofAgain(keptIn(state, "page")), keptIn(state, "channelId"));
      },
    });
  }

  get active(): ChatHost | undefined {
    return [...this.#tabs].find(({ panel }) => panel.active)?.host;
  }

  shows(channelId: string): boolean {
    return [...this.#tabs].some(({ panel, host }) => panel.visible && host.channelId === channelId);
  }

  /** Bring the tab of a chat to the front, if there is one. */
  reveal(channelId: string): ChatHost | undefined {
    const tab = [...this.#tabs].find(({ host }) => host.channelId === channelId);
    tab?.panel.reveal();
    return tab?.host;
  }

  /** Show a chat in a tab; none: what is begun as a new one in the side bar goes on there. */
  async open(channelId: string | undefined): Promise<void> {
    if (channelId !== undefined && this.reveal(channelId) !== undefined) {
      return;
    }
    const drafts = channelId === undefined ? await this.#chats.drafts.takenOver() : this.#chats.drafts.ofNew();
    const options = { ...webviewOptions(this.#session.context.extensionUri), enableFindWidget: true };
    this.#adopt(window.createWebviewPanel(TYPE, "Chat", ViewColumn.Active, options), drafts, channelId).focus();
  }

  dispose(): void {
    this.#registration.dispose();
    for (const { host } of this.#tabs) {
      host.dispose();
    }
  }

  #adopt(panel: WebviewPanel, drafts: PageDrafts, channelId: string | undefined): ChatHost {
    const { extensionUri } = this.#session.context;
    const host = new ChatHost(this.#session, this.#chats, panel.webview, drafts, channelId);
    const tab = { panel, host };
    this.#tabs.add(tab);
    const icon = (theme: string): Uri => Uri.joinPath(extensionUri, "media", `tab-${theme}.svg`);
    panel.iconPath = { light: icon("light"), dark: icon("dark") };
    host.titled.on((title) => {
      panel.title = title;
    });
    panel.onDidChangeViewState(() => {
      host.seen(panel.visible);
      this.#chats.changed.emit();
    });
    panel.onDidDispose(() => {
      this.#tabs.delete(tab);
      host.dispose();
      this.#chats.drafts.leave(drafts.page);
      this.#chats.changed.emit();
    });
    panel.webview.html = pageOf(panel.webview, extensionUri, "chat", "Coterie Chat");
    return host;
  }
}

/** Read what the page kept for itself. */
function keptIn(state: unknown, name: "channelId" | "page"): string | undefined {
  const kept = typeof state === "object" && state !== null ? (state as Readonly<Record<string, unknown>>)[name] : undefined;
  return typeof kept === "string" ? kept : undefined;
}
