// What a person asks of a conversation on its page: to say something, to try again, to go on elsewhere, to choose who answers. `errands.ts`
// has what is about something else, `host.ts` gives each message of the page to the one or the other.

import { Uri } from "vscode";
import type { FromView } from "../messages/chat";
import { Refusal, refusalOf } from "../server/wire";
import type { Session } from "../session";
import { chooseAttachment, complete } from "./attaching";
import type { Chats } from "./chats";
import { attachedAgain, readableChip } from "./chips";
import { chooseAgent, chooseModel } from "./choosing";
import type { Current } from "./current";
import type { Chip } from "./draft";
import { NO_DRAFT, type PageDrafts } from "./drafts";
import type { Errand } from "./errands";
import { Outgoing } from "./outgoing";
import type { Page } from "./page";

export type Asked = Exclude<FromView, Errand | { kind: "ready" | "heard" }>;

export class Asking {
  readonly #session: Session;
  readonly #chats: Chats;
  readonly #current: Current;
  readonly #page: Page;
  readonly #drafts: PageDrafts;
  readonly #show: (channelId: string | undefined) => void;
  readonly #outgoing: Outgoing;

  /** `show` puts another chat before the person. */
  constructor(
    session: Session,
    chats: Chats,
    current: Current,
    page: Page,
    drafts: PageDrafts,
    show: (channelId: string | undefined) => void,
  ) {
    this.#session = session;
    this.#chats = chats;
    this.#current = current;
    this.#page = page;
    this.#drafts = drafts;
    this.#show = show;
    this.#outgoing = new Outgoing(session);
  }

  async do(asked: Asked): Promise<void> {
    switch (asked.kind) {
      case "draft":
        return this.#keep(asked.channelId, asked.text, asked.chips);
      case "send":
        return this.#send(asked.text, asked.chips, asked.insteadOf);
      case "stop":
        await this.#current.stop();
        return;
      case "older":
        return this.#current.feed?.older();
      case "complete": {
        const found = await complete(this.#session.wire, asked.sigil, asked.query);
        return this.#page.say({ kind: "completions", request: asked.request, found });
      }
      case "choose":
        return this.#choose(asked.what);
      case "drop":
        return this.#attachAll(asked.uris);
      case "retry":
        return this.#retry(asked.messageId);
      case "fork":
        return this.#fork(asked.messageId);
      case "answer":
        return this.#answer(asked.approvalId, asked.optionId);
    }
  }

  #keep(channelId: string | undefined, text: string, chips: readonly Chip[] | undefined): Promise<void> {
    return this.#drafts.keep(channelId, { text, chips: chips ?? this.#drafts.get(channelId).chips });
  }

  async #send(text: string, chips: readonly Chip[], insteadOf: string | undefined): Promise<void> {
    const { channelId } = this.#current;
    this.#page.say({ kind: "trouble", trouble: undefined });
    try {
      await this.#post(text, chips, insteadOf);
    } catch (error) {
      if (this.#current.channelId === channelId) {
        this.#page.say({ kind: "write", text, chips });
      } else {
        await this.#drafts.keep(channelId, { text, chips });
      }
      throw error;
    }
  }

  /** Who has turned to another chat by the time it is said stays there. */
  async #post(text: string | undefined, chips: readonly Chip[], insteadOf: string | undefined): Promise<void> {
    const { channelId, choice } = this.#current;
    const said = await this.#outgoing.send({ channelId, text, chips, choice, insteadOf });
    // What goes on in a chat of its own leaves alone what was being written here.
    if (insteadOf === undefined) {
      await this.#drafts.keep(channelId, NO_DRAFT);
    }
    if (this.#current.channelId !== channelId) {
      return;
    }
    if (said !== channelId) {
      this.#show(said);
      this.#current.choose(choice);
    }
    this.#page.say({ kind: "sent" });
  }

  /** Ask again what an answer answers, in a chat that goes on without it. */
  async #retry(messageId: string): Promise<void> {
    const items = this.#current.feed?.items ?? [];
    const at = items.findIndex((item) => item.kind === "answer" && item.messageId === messageId);
    // -1: the chat has gone on without it meanwhile.
    const asked = items.slice(0, Math.max(0, at)).findLast((item) => item.kind === "user");
    if (asked?.kind === "user") {
      await this.#post(undefined, [], asked.messageId);
    }
  }

  async #fork(messageId: string): Promise<void> {
    if (this.#current.channelId !== undefined) {
      const forked = await this.#outgoing.fork(this.#current.channelId, messageId);
      await this.#drafts.keep(forked.channelId, { text: forked.text ?? "", chips: (forked.attachments ?? []).map(attachedAgain) });
      this.#show(forked.channelId);
      this.#page.say({ kind: "focus" });
    }
  }

  /** What could not be answered can be answered again. */
  async #answer(approvalId: string, optionId: string): Promise<void> {
    try {
      await this.#chats.answer(approvalId, optionId);
    } catch (error) {
      this.#page.say({ kind: "unanswered", itemId: `approval:${approvalId}` });
      throw error;
    }
  }

  #attach(chips: readonly Chip[]): void {
    for (const chip of chips) {
      this.#page.say({ kind: "attach", chip });
    }
  }

  /** What cannot go along is said, and does not keep the others from it. */
  async #attachAll(uris: readonly string[]): Promise<void> {
    const read = await Promise.allSettled(uris.map((uri) => readableChip(Uri.parse(uri, true))));
    this.#attach(read.flatMap((each) => (each.status === "fulfilled" ? [each.value] : [])));
    const refused = read.flatMap((each) => (each.status === "rejected" ? [refusalOf(each.reason).message] : []));
    if (refused.length > 0) {
      throw new Refusal(refused.join(" "), "not_attached", undefined);
    }
  }

  async #choose(what: "agent" | "model" | "attachment"): Promise<void> {
    if (what === "attachment") {
      const chip = await chooseAttachment();
      return this.#attach(chip === undefined ? [] : [chip]);
    }
    const { wire } = this.#session;
    const { channelId, choice } = this.#current;
    const chosen = what === "agent" ? await chooseAgent(wire, choice) : await chooseModel(wire, choice);
    if (chosen === undefined) {
      return;
    }
    this.#current.choose(chosen);
    if (channelId !== undefined) {
      const { agent = null, model = null } = chosen;
      await wire.request("agent/channel/choose", { channelId, agent, model });
    }
  }
}
