// The chat in the side bar.

import { commands, type Disposable, type WebviewView, type WebviewViewProvider, window } from "vscode";
import type { Session } from "../session";
import { pageOf, webviewOptions } from "../webviews";
import type { Chats } from "./chats";
import { SIDE_BAR } from "./drafts";
import { ChatHost } from "./host";

const VIEW = "coterie.chat";
const KEPT = "coterie.chat.shown";

export class ChatView implements WebviewViewProvider, Disposable {
  readonly #session: Session;
  readonly #chats: Chats;
  readonly #registration: Disposable;
  #view: WebviewView | undefined;
  #host: ChatHost | undefined;
  /** Those who wait for the view to be there. */
  #waiting: ((host: ChatHost) => void)[] = [];

  constructor(session: Session, chats: Chats) {
    this.#session = session;
    this.#chats = chats;
    this.#registration = window.registerWebviewViewProvider(VIEW, this);
  }

  get host(): ChatHost | undefined {
    return this.#host;
  }

  resolveWebviewView(view: WebviewView): void {
    const { extensionUri } = this.#session.context;
    // Not what the page itself keeps: VS Code writes that down too late where a window is reloaded in a browser.
    const kept = this.#host === undefined ? this.#session.context.workspaceState.get<string>(KEPT) : this.#host.channelId;
    this.#host?.dispose();
    const host = new ChatHost(this.#session, this.#chats, view.webview, this.#chats.drafts.of(SIDE_BAR), kept);
    this.#view = view;
    this.#host = host;
    host.titled.on((title) => {
      void this.#keep(host.channelId);
      view.description = host.channelId === undefined ? "" : title;
    });
    view.onDidChangeVisibility(() => {
      host.seen(view.visible);
      this.#chats.changed.emit();
    });
    view.onDidDispose(() => {
      if (this.#view === view) {
        this.#view = undefined;
        this.#chats.changed.emit();
      }
    });
    view.webview.options = webviewOptions(extensionUri);
    view.webview.html = pageOf(view.webview, extensionUri, "chat", "Coterie Chat");
    for (const resolve of this.#waiting.splice(0)) {
      resolve(host);
    }
    this.#chats.changed.emit();
  }

  shows(channelId: string): boolean {
    return this.#view?.visible === true && this.#host?.channelId === channelId;
  }

  /** Bring the view to the front; it may not have been there before. */
  async show(): Promise<ChatHost> {
    const host = this.#view === undefined ? new Promise<ChatHost>((resolve) => this.#waiting.push(resolve)) : undefined;
    await commands.executeCommand(`${VIEW}.focus`);
    return host === undefined && this.#host !== undefined ? this.#host : ((await host) ?? this.show());
  }

  /** Remember what is shown, for after a reload. */
  async #keep(channelId: string | undefined): Promise<void> {
    const { workspaceState } = this.#session.context;
    if (workspaceState.get<string>(KEPT) !== channelId) {
      await workspaceState.update(KEPT, channelId);
    }
  }

  dispose(): void {
    this.#registration.dispose();
    this.#host?.dispose();
  }
}
