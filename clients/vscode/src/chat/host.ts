// One page of a chat and what stands behind it: relays what the page asks to the server, and what the server tells to the page. There is one
// for the view in the side bar and one for each editor tab.

import type { Disposable, Webview } from "vscode";
import type { FromView, Surroundings, ToView, Trouble } from "../messages/chat";
import type { Channel } from "../protocol";
import { remedyOf } from "../remedies";
import { refusalOf } from "../server/wire";
import type { Session } from "../session";
import { Signal, type Subscription } from "../state/signal";
import { type Choice, choiceOf } from "./answerer";
import { chooseAttachment, complete } from "./attaching";
import type { Chats } from "./chats";
import { attachedAgain } from "./chips";
import { chooseAgent, chooseModel } from "./choosing";
import { spentWords } from "./conversation";
import type { Chip } from "./draft";
import { NO_DRAFT } from "./drafts";
import { isErrand, runErrand } from "./errands";
import { Feed } from "./feed";
import { Outgoing } from "./outgoing";
import { surroundingsOf } from "./surroundings";

export class ChatHost implements Disposable {
  /** Another chat is shown, or it is called otherwise. */
  readonly titled = new Signal<string>();
  readonly #session: Session;
  readonly #chats: Chats;
  readonly #webview: Webview;
  readonly #outgoing: Outgoing;
  readonly #subscriptions: (Disposable | Subscription)[];
  #channelId: string | undefined;
  #choice: Choice = choiceOf(undefined);
  #feed: Feed | undefined;
  #isReady = false;
  #isSeen = true;
  /** Somebody said which chat is shown. */
  #isChosen: boolean;
  /** What is to be said to the page once it listens. */
  #waiting: ToView[] = [];
  /** The run that was asked to stop. */
  #stopping: string | undefined;
  #told = "";

  constructor(session: Session, chats: Chats, webview: Webview, channelId: string | undefined) {
    this.#session = session;
    this.#chats = chats;
    this.#webview = webview;
    this.#outgoing = new Outgoing(session);
    this.#channelId = channelId;
    this.#isChosen = channelId !== undefined;
    const surround = (): void => this.#surround();
    this.#subscriptions = [
      webview.onDidReceiveMessage((message: FromView) => void this.#hear(message)),
      session.channels.changed.on(() => this.#rename()),
      session.connection.on("agent/channel/changed", ({ channelId: changed, change }) => {
        if (change === "deleted" && changed === this.#channelId) {
          this.open(undefined);
        }
      }),
      session.connection.changed.on((state) => {
        surround();
        if (state.kind === "running") {
          void this.#load();
        }
      }),
      chats.agents.changed.on(surround),
    ];
    this.#choice = choiceOf(this.#channel());
  }

  get channelId(): string | undefined {
    return this.#channelId;
  }

  /** Show another chat; none: a new one. */
  open(channelId: string | undefined): void {
    this.#isChosen = true;
    if (this.#channelId !== channelId || this.#feed === undefined) {
      this.#show(channelId);
    }
  }

  attach(chip: Chip): void {
    this.#say({ kind: "attach", chip });
  }

  focus(): void {
    this.#say({ kind: "focus" });
  }

  reveal(messageId: string): void {
    this.#say({ kind: "reveal", itemId: `message:${messageId}` });
  }

  /** A page that nobody sees is told nothing of what goes on: VS Code would keep every word of it until the page is there again. */
  seen(isSeen: boolean): void {
    const isBack = isSeen && !this.#isSeen;
    this.#isSeen = isSeen;
    if (isBack) {
      this.#feed?.repeat();
    }
  }

  async stop(): Promise<void> {
    const run = this.#feed?.active;
    if (run === undefined) {
      return;
    }
    const isSecond = this.#stopping === run.runId;
    this.#stopping = run.runId;
    this.#surround();
    await this.#session.wire.request(isSecond ? "agent/run/cancel" : "agent/run/interrupt", { runId: run.runId });
  }

  dispose(): void {
    this.#feed?.dispose();
    for (const subscription of this.#subscriptions) {
      subscription.dispose();
    }
  }

  #show(channelId: string | undefined): void {
    this.#channelId = channelId;
    this.#choice = choiceOf(this.#channel());
    this.#stopping = undefined;
    this.#follow();
    if (this.#isReady) {
      this.#begin();
    }
    this.#chats.changed.emit();
  }

  #follow(): void {
    this.#feed?.dispose();
    this.#feed = undefined;
    if (this.#channelId !== undefined) {
      const feed = new Feed(this.#session.wire, this.#session.runs, this.#channelId);
      feed.patched.on((patch) => this.#say({ kind: "patch", patch }));
      feed.changed.on(() => this.#surround());
      this.#feed = feed;
    }
  }

  /** Tell a page that knows nothing everything. */
  #begin(): void {
    const { text, chips } = this.#chats.drafts.get(this.#channelId);
    this.#say({ kind: "opened", channelId: this.#channelId, text, chips });
    this.#told = "";
    this.#surround();
    this.#feed?.repeat();
    for (const message of this.#waiting.splice(0)) {
      this.#say(message);
    }
    void this.#load();
  }

  async #load(): Promise<void> {
    if (this.#session.connection.state.kind !== "running") {
      return;
    }
    await this.#try(async () => {
      await this.#chats.agents.load();
      try {
        await this.#feed?.refresh();
      } catch (error) {
        if (refusalOf(error).code !== "unknown_channel") {
          throw error;
        }
        // It was deleted while nobody looked.
        this.open(undefined);
      }
      this.#surround();
    });
  }

  async #hear(message: FromView): Promise<void> {
    if (message.kind === "ready") {
      this.#isReady = true;
      // What the page remembers counts where nobody has said anything else, as after a reload of the window.
      if (!this.#isChosen && message.channelId !== undefined) {
        this.#show(message.channelId);
      } else if (this.#feed === undefined) {
        this.#show(this.#channelId);
      } else {
        this.#begin();
      }
      return;
    }
    await this.#try(() => this.#do(message));
  }

  async #do(message: Exclude<FromView, { kind: "ready" }>): Promise<void> {
    const { wire } = this.#session;
    if (isErrand(message)) {
      return runErrand(message, wire, this.#channelId);
    }
    switch (message.kind) {
      case "draft":
        return this.#chats.drafts.keep(this.#channelId, message);
      case "send":
        return this.#send(message.text, message.chips, message.insteadOf);
      case "stop":
        return this.stop();
      case "older":
        await this.#feed?.older();
        return this.#surround();
      case "complete":
        return this.#say({ kind: "completions", request: message.request, found: await complete(wire, message.sigil, message.query) });
      case "choose":
        return this.#choose(message.what);
      case "new":
        return this.open(undefined);
      case "retry":
        return this.#retry(message.messageId);
      case "fork":
        return this.#fork(message.messageId);
      case "answer":
        await this.#chats.answer(message.approvalId, message.optionId);
        return;
    }
  }

  async #send(text: string, chips: readonly Chip[], insteadOf: string | undefined): Promise<void> {
    this.#complain(undefined);
    try {
      await this.#post(text, chips, insteadOf);
    } catch (error) {
      this.#say({ kind: "write", text, chips });
      throw error;
    }
  }

  async #post(text: string | undefined, chips: readonly Chip[], insteadOf: string | undefined): Promise<void> {
    const choice = this.#choice;
    const channelId = await this.#outgoing.send({ channelId: this.#channelId, text, chips, choice, insteadOf });
    await this.#chats.drafts.keep(this.#channelId, NO_DRAFT);
    if (channelId !== this.#channelId) {
      this.#show(channelId);
      this.#choice = choice;
      this.#surround();
    }
    this.#say({ kind: "sent" });
  }

  /** Ask again what an answer answers, in a chat that goes on without it. */
  async #retry(messageId: string): Promise<void> {
    const items = this.#feed?.items ?? [];
    const at = items.findIndex((item) => item.kind === "answer" && item.messageId === messageId);
    const asked = items.slice(0, at).findLast((item) => item.kind === "user");
    if (asked?.kind === "user") {
      await this.#post(undefined, [], asked.messageId);
    }
  }

  async #fork(messageId: string): Promise<void> {
    if (this.#channelId !== undefined) {
      const forked = await this.#outgoing.fork(this.#channelId, messageId);
      await this.#chats.drafts.keep(forked.channelId, { text: forked.text ?? "", chips: (forked.attachments ?? []).map(attachedAgain) });
      this.open(forked.channelId);
      this.focus();
    }
  }

  async #choose(what: "agent" | "model" | "attachment" | "chat"): Promise<void> {
    if (what === "chat") {
      return this.#chats.search();
    }
    if (what === "attachment") {
      const chip = await chooseAttachment();
      return chip === undefined ? undefined : this.attach(chip);
    }
    const { wire } = this.#session;
    const chosen = what === "agent" ? await chooseAgent(wire, this.#choice) : await chooseModel(wire, this.#choice);
    if (chosen === undefined) {
      return;
    }
    this.#choice = chosen;
    this.#surround();
    if (this.#channelId !== undefined) {
      const { agent = null, model = null } = chosen;
      await wire.request("agent/channel/choose", { channelId: this.#channelId, agent, model });
    }
  }

  async #try(action: () => unknown): Promise<void> {
    try {
      await action();
    } catch (error) {
      const refusal = refusalOf(error);
      this.#session.log.warn(`In a chat: ${refusal.message}`);
      this.#complain({ text: refusal.message, action: remedyOf(refusal) });
    }
  }

  #complain(trouble: Trouble | undefined): void {
    this.#say({ kind: "trouble", trouble });
  }

  #rename(): void {
    const channel = this.#channel();
    if (channel !== undefined && this.#choice.workflow === undefined) {
      this.#choice = choiceOf(channel);
    }
    this.#surround();
  }

  #channel(): Channel | undefined {
    return this.#channelId === undefined ? undefined : this.#session.channels.get(this.#channelId);
  }

  #surround(): void {
    const now = this.#surroundings();
    const told = JSON.stringify(now);
    if (told !== this.#told && this.#isReady) {
      this.#told = told;
      this.#say({ kind: "surroundings", now });
    }
    this.titled.emit(now.title);
  }

  #surroundings(): Surroundings {
    const run = this.#feed?.active;
    if (run?.runId !== this.#stopping) {
      this.#stopping = undefined;
    }
    return surroundingsOf({
      channelId: this.#channelId,
      channel: this.#channel(),
      choice: this.#choice,
      agents: this.#chats.agents.all,
      server: this.#session.connection.state.kind,
      run,
      isStopping: this.#stopping !== undefined,
      spent: this.#feed === undefined ? "" : spentWords(this.#feed.spent),
      hasOlder: this.#feed?.hasOlder ?? false,
    });
  }

  #say(message: ToView): void {
    if (message.kind === "patch" && !this.#isSeen) {
      return;
    }
    if (this.#isReady) {
      void this.#webview.postMessage(message);
    } else if (message.kind !== "patch") {
      this.#waiting.push(message);
    }
  }
}
