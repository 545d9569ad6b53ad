// All chats that this window shows: the one in the side bar and those in editor tabs. Others ask here for a chat to be shown, or whether one is.

import { type Disposable, window } from "vscode";
import { refusalOf } from "../server/wire";
import type { Session } from "../session";
import { Signal } from "../state/signal";
import { Agents } from "./agents";
import type { Chip } from "./draft";
import { Drafts } from "./drafts";
import { ChatPanels } from "./panels";
import { searchChats } from "./searching";
import { ChatView } from "./view";

export class Chats implements Disposable {
  /** Another chat is shown somewhere, or one less. */
  readonly changed = new Signal<void>();
  readonly agents: Agents;
  readonly drafts: Drafts;
  readonly #session: Session;
  readonly #view: ChatView;
  readonly #panels: ChatPanels;

  constructor(session: Session) {
    this.#session = session;
    this.agents = new Agents(session);
    this.drafts = new Drafts(session.context.workspaceState);
    this.#view = new ChatView(session, this);
    this.#panels = new ChatPanels(session, this);
  }

  /** Say whether a person can see a chat now. */
  isVisible(channelId: string): boolean {
    return this.#view.shows(channelId) || this.#panels.shows(channelId);
  }

  /** The chat that the side bar holds. */
  get current(): string | undefined {
    return this.#view.host?.channelId;
  }

  /** Show a chat where it is open already, else in the side bar; none: a new one. */
  async open(channelId: string | undefined, messageId?: string): Promise<void> {
    const host = (channelId === undefined ? undefined : this.#panels.reveal(channelId)) ?? (await this.#view.show());
    if (host.channelId !== channelId || channelId === undefined) {
      host.open(channelId);
    }
    if (messageId === undefined) {
      host.focus();
    } else {
      host.reveal(messageId);
    }
  }

  async focus(): Promise<void> {
    (await this.#view.show()).focus();
  }

  async openInEditor(channelId: string | undefined): Promise<void> {
    await this.#panels.open(channelId);
    if (channelId === undefined && this.current === undefined) {
      this.#view.host?.open(undefined); // What was written there is in the editor now.
    }
  }

  async attach(chip: Chip): Promise<void> {
    (await this.#view.show()).attach(chip);
  }

  stop(): Promise<boolean> | undefined {
    return (this.#panels.active ?? this.#view.host)?.stop();
  }

  search(): Promise<void> {
    return searchChats(this.#session, (channelId, messageId) => this.open(channelId, messageId));
  }

  /** Answer a question. That somebody was faster is no trouble, but it is told. */
  async answer(approvalId: string, optionId: string): Promise<void> {
    try {
      const question = this.#session.approvals.get(approvalId);
      const answer = question === undefined ? { approvalId, optionId } : await this.#session.drafts.answer(question, optionId);
      await this.#session.wire.request("agent/approval/answer", answer);
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal.code !== "already_resolved" && refusal.code !== "unknown_approval") {
        throw refusal;
      }
      void window.showInformationMessage("This question was answered already, or its run has ended.");
    }
    this.#session.approvals.forget(approvalId);
  }

  dispose(): void {
    this.#view.dispose();
    this.#panels.dispose();
    this.agents.dispose();
  }
}
