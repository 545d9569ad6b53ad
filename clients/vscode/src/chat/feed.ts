// One chat as it goes on: its history page by page, its runs as they are told, and patches of what there is to show, at most one a frame.
// Knows nothing of VS Code.

import type { Wire } from "../server/wire";
import type { Run } from "../state/run";
import type { Runs } from "../state/runs";
import { Signal, type Subscription } from "../state/signal";
import { type Conversation, itemsOf, newConversation, runsOf, type Spent, spentIn, withLatest, withOlder, withRun } from "./conversation";
import type { Item } from "./items";
import { type Patch, patchOf } from "./patch";

const PAGE = 40;
const FRAME_MS = 16;

export class Feed {
  readonly patched = new Signal<Patch>();
  readonly channelId: string;
  readonly #wire: Pick<Wire, "request">;
  readonly #runs: Runs;
  readonly #listening: Subscription;
  #conversation: Conversation;
  #shown: readonly Item[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(wire: Pick<Wire, "request">, runs: Runs, channelId: string) {
    this.#wire = wire;
    this.#runs = runs;
    this.channelId = channelId;
    this.#conversation = newConversation(channelId);
    this.#listening = runs.changed.on((run) => this.#hear(run));
    for (const run of runs.all()) {
      this.#conversation = withRun(this.#conversation, run);
    }
  }

  get items(): readonly Item[] {
    return this.#shown;
  }

  get hasOlder(): boolean {
    return this.#conversation.hasOlder;
  }

  /** The run that goes on here. */
  get active(): Run | undefined {
    return this.#runs.active(this.channelId);
  }

  get spent(): Spent {
    return spentIn(this.#known());
  }

  /** Read the latest messages, and all that is known of their runs; what was read before of earlier ones stays. */
  async refresh(): Promise<void> {
    const page = await this.#wire.request("agent/channel/history", { channelId: this.channelId, limit: PAGE });
    await this.#load(page.messages.map((message) => message.runId));
    this.#conversation = withLatest(this.#conversation, page);
    this.#flush();
  }

  async older(): Promise<void> {
    const before = this.#conversation.history[0]?.messageId;
    if (before === undefined || !this.hasOlder) {
      return;
    }
    const page = await this.#wire.request("agent/channel/history", { channelId: this.channelId, before, limit: PAGE });
    await this.#load(page.messages.map((message) => message.runId));
    this.#conversation = withOlder(this.#conversation, page);
    this.#flush();
  }

  /** Begin anew for a page that has nothing yet. */
  repeat(): void {
    this.#shown = [];
    this.#flush();
  }

  dispose(): void {
    this.#listening.dispose();
    clearTimeout(this.#timer);
  }

  #known(): readonly Run[] {
    return runsOf(this.#conversation).flatMap((runId) => this.#runs.get(runId) ?? []);
  }

  /** A run that cannot be had is shown as far as history tells of it. */
  async #load(runs: readonly (string | null | undefined)[]): Promise<void> {
    const missing = [...new Set(runs)].filter((runId): runId is string => typeof runId === "string" && this.#runs.get(runId) === undefined);
    await Promise.allSettled(missing.map((runId) => this.#runs.load(runId)));
  }

  #hear(run: Run): void {
    this.#conversation = withRun(this.#conversation, run);
    if (runsOf(this.#conversation).includes(run.runId)) {
      this.#timer ??= setTimeout(() => this.#flush(), FRAME_MS);
    }
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const items = itemsOf(this.#conversation, (runId) => this.#runs.get(runId));
    const patch = patchOf(this.#shown, items);
    this.#shown = items;
    if (patch !== undefined) {
      this.patched.emit(patch);
    }
  }
}
