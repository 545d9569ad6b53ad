// One page of a chat and what stands behind it: `page.ts` talks to it, `current.ts` knows the chat, `asked.ts` does what a person asks of that.
// There is one for the view in the side bar and one for each editor tab.

import type { Disposable, Webview } from "vscode";
import type { FromView } from "../messages/chat";
import { isRemedy, remedyOf } from "../remedies";
import { refusalOf } from "../server/wire";
import type { Session } from "../session";
import { Signal, type Subscription } from "../state/signal";
import { Asking } from "./asked";
import type { Chats } from "./chats";
import { Current } from "./current";
import type { Chip } from "./draft";
import type { PageDrafts } from "./drafts";
import { isErrand, runErrand } from "./errands";
import { Page } from "./page";

export class ChatHost implements Disposable {
  /** Another chat is shown, or it is called otherwise. */
  readonly titled = new Signal<string>();
  readonly #session: Session;
  readonly #chats: Chats;
  readonly #page: Page;
  readonly #drafts: PageDrafts;
  readonly #current: Current;
  readonly #asking: Asking;
  readonly #subscriptions: readonly (Disposable | Subscription)[];
  /** Somebody said which chat is shown. */
  #isChosen: boolean;
  #told = "";

  constructor(session: Session, chats: Chats, webview: Webview, drafts: PageDrafts, channelId: string | undefined) {
    this.#session = session;
    this.#chats = chats;
    this.#drafts = drafts;
    this.#page = new Page(webview, (message) => void this.#hear(message));
    this.#current = new Current(session, chats.agents, channelId);
    this.#asking = new Asking(session, chats, this.#current, this.#page, drafts, (shown) => this.open(shown));
    this.#isChosen = channelId !== undefined;
    this.#subscriptions = [
      this.#page,
      this.#current,
      this.#current.patched.on((patch) => this.#page.say({ kind: "patch", patch })),
      this.#current.changed.on(() => this.#surround()),
      session.channels.changed.on(() => this.#current.listed()),
      session.connection.on("agent/channel/changed", ({ channelId: changed, change }) => {
        if (change === "deleted" && changed === this.channelId) {
          this.open(undefined);
        }
      }),
      session.connection.changed.on((state) => {
        this.#surround();
        if (state.kind === "running") {
          void this.#load();
        }
      }),
      chats.agents.changed.on(() => this.#surround()),
    ];
  }

  get channelId(): string | undefined {
    return this.#current.channelId;
  }

  /** Show another chat; none: a new one. */
  open(channelId: string | undefined): void {
    this.#isChosen = true;
    if (this.channelId !== channelId || this.#current.feed === undefined) {
      this.#page.forget();
      this.#show(channelId);
    }
  }

  attach(chip: Chip): void {
    this.#page.say({ kind: "attach", chip });
  }

  focus(): void {
    this.#page.say({ kind: "focus" });
  }

  reveal(messageId: string): void {
    this.#page.say({ kind: "reveal", itemId: `message:${messageId}` });
  }

  /** Note whether somebody sees the page: one that was hidden has to be told everything again. */
  seen(isSeen: boolean): void {
    if (this.#page.seen(isSeen)) {
      this.#current.feed?.repeat();
    }
  }

  stop(): Promise<boolean> {
    return this.#current.stop();
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) {
      subscription.dispose();
    }
  }

  #show(channelId: string | undefined): void {
    this.#current.show(channelId);
    if (this.#page.isReady) {
      this.#begin();
    }
    this.#chats.changed.emit();
  }

  /** Tell a page that knows nothing everything. */
  #begin(): void {
    const { text, chips } = this.#drafts.get(this.channelId);
    this.#page.say({ kind: "opened", channelId: this.channelId, page: this.#drafts.page, text, chips });
    this.#told = "";
    this.#surround();
    this.#current.feed?.repeat();
    this.#page.repeat();
    void this.#load();
  }

  async #load(): Promise<void> {
    if (this.#session.connection.state.kind !== "running") {
      return;
    }
    await this.#try(async () => {
      await this.#chats.agents.load();
      try {
        await this.#current.feed?.refresh();
      } catch (error) {
        if (refusalOf(error).code !== "unknown_channel") {
          throw error;
        }
        // It was deleted while nobody looked.
        this.open(undefined);
      }
    });
  }

  async #hear(message: FromView): Promise<void> {
    if (message.kind === "ready") {
      this.#arrive(message.channelId);
    } else if (message.kind !== "heard") {
      await this.#try(() => (isErrand(message) ? runErrand(message, this.#session.wire, this.channelId) : this.#asking.do(message)));
    }
  }

  /** What the page remembers counts where nobody has said anything else, as after a reload of the window. */
  #arrive(remembered: string | undefined): void {
    if (!this.#isChosen && remembered !== undefined) {
      this.#show(remembered);
    } else if (this.#current.feed === undefined) {
      this.#show(this.channelId);
    } else {
      this.#begin();
    }
  }

  async #try(action: () => unknown): Promise<void> {
    try {
      await action();
    } catch (error) {
      const refusal = refusalOf(error);
      this.#session.log.warn(`In a chat: ${refusal.message}`);
      const remedy = remedyOf(refusal);
      const action = remedy !== undefined && isRemedy(remedy.command) ? { label: remedy.label, command: remedy.command } : undefined;
      this.#page.say({ kind: "trouble", trouble: { text: refusal.message, action } });
    }
  }

  #surround(): void {
    const now = this.#current.surroundings();
    const told = JSON.stringify(now);
    if (told !== this.#told && this.#page.isReady) {
      this.#told = told;
      this.#page.say({ kind: "surroundings", now });
    }
    this.titled.emit(now.title);
  }
}
