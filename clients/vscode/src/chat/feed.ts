// One chat as it goes on: its history page by page, its runs as they are told, and patches of what there is to show, at most one a frame.
// Knows nothing of VS Code.

import type { Wire } from "../server/wire";
import { spoken } from "../settings/announcing";
import type { Run } from "../state/run";
import type { Runs } from "../state/runs";
import { Signal, type Subscription } from "../state/signal";
import { type Conversation, newConversation, partsOf, type Spent, spentIn, withLatest, withOlder, withRun } from "./conversation";
import { endOf, type Item } from "./items";
import { News } from "./news";
import type { Patch } from "./patch";
import { Shown } from "./shown";

const PAGE = 40;
const FRAME_MS = 16;

/** What of the runs a chat needs. */
export interface Source extends Pick<Runs, "get" | "live" | "active" | "load" | "hold"> {
  readonly changed: Pick<Signal<Run>, "on">;
}

export class Feed {
  readonly patched = new Signal<Patch>();
  /** Something was told, also what no item shows. */
  readonly changed = new Signal<void>();
  readonly channelId: string;
  readonly #wire: Pick<Wire, "request">;
  readonly #runs: Source;
  readonly #listening: Subscription;
  /** What is shown stays in this window's memory. */
  readonly #held = new Map<string, Subscription>();
  readonly #news = new News();
  #conversation: Conversation;
  #shown: Shown;
  #spent: Spent | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;
  /** A run goes on that was not here, or was shown as far as history had it alone. */
  #isOther = false;

  constructor(wire: Pick<Wire, "request">, runs: Source, channelId: string) {
    this.#wire = wire;
    this.#runs = runs;
    this.channelId = channelId;
    this.#shown = this.#nothing();
    this.#listening = runs.changed.on((run) => this.#hear(run));
    this.#conversation = runs.live().reduce(withRun, newConversation(channelId));
  }

  get items(): readonly Item[] {
    return this.#shown.items;
  }

  get hasOlder(): boolean {
    return this.#conversation.hasOlder;
  }

  /** The run that goes on here. */
  get active(): Run | undefined {
    return this.#runs.active(this.channelId);
  }

  /** How the latest run that was seen to go on here ended, in words; undefined while it goes on, and where it came to the end that one expects. */
  get ended(): string | undefined {
    const latest = this.#conversation.live.at(-1);
    const run = latest === undefined ? undefined : this.#runs.get(latest);
    const end = run && endOf(run);
    return end && spoken(end.text);
  }

  get spent(): Spent {
    this.#spent ??= spentIn([...this.#held.keys()].flatMap((runId) => this.#runs.get(runId) ?? []));
    return this.#spent;
  }

  /** Read the latest messages, and all that is known of their runs; what was read before of earlier ones stays. */
  async refresh(): Promise<void> {
    const page = await this.#wire.request("agent/channel/history", { channelId: this.channelId, limit: PAGE });
    await this.#load(page.messages.map((message) => message.runId));
    this.#show(withLatest(this.#conversation, page));
  }

  async older(): Promise<void> {
    const before = this.#conversation.history[0]?.messageId;
    if (before === undefined || !this.hasOlder) {
      return;
    }
    const page = await this.#wire.request("agent/channel/history", { channelId: this.channelId, before, limit: PAGE });
    await this.#load(page.messages.map((message) => message.runId));
    this.#show(withOlder(this.#conversation, page));
  }

  /** Begin anew for a page that has nothing yet. */
  repeat(): void {
    this.#shown = this.#nothing();
    this.#show(this.#conversation);
  }

  /** Whoever reads on meanwhile reads for nobody. */
  dispose(): void {
    this.#isClosed = true;
    this.#listening.dispose();
    clearTimeout(this.#timer);
    for (const held of this.#held.values()) {
      held.dispose();
    }
  }

  #nothing(): Shown {
    return new Shown((runId) => this.#runs.get(runId));
  }

  /** A run that cannot be had is shown as far as history tells of it. What was loaded may not fit into memory until it is held. */
  async #load(runs: readonly (string | null | undefined)[]): Promise<void> {
    if (this.#isClosed) {
      return;
    }
    const named = [...new Set(runs)].filter((runId): runId is string => typeof runId === "string");
    for (const runId of named) {
      this.#hold(runId);
    }
    await Promise.allSettled(named.filter((runId) => this.#runs.get(runId) === undefined).map((runId) => this.#runs.load(runId)));
  }

  #hear(run: Run): void {
    const before = this.#conversation;
    this.#conversation = withRun(before, run);
    this.#isOther ||= this.#conversation !== before;
    if (this.#isOther || this.#shown.has(run.runId)) {
      this.#news.note(run);
      this.#timer ??= setTimeout(() => this.#flush(), FRAME_MS);
    }
  }

  #flush(): void {
    this.#timer = undefined;
    if (this.#isOther) {
      this.#show(this.#conversation);
      return;
    }
    const told = this.#news.take();
    // What was used is told by an event that touches no entry.
    this.#spent = told.some(({ touched }) => touched === undefined) ? undefined : this.#spent;
    for (const { runId, touched } of told) {
      this.#tell(this.#shown.update(runId, touched));
    }
    this.changed.emit();
  }

  /** Show a conversation, all of it as it is now. */
  #show(conversation: Conversation): void {
    if (this.#isClosed) {
      return;
    }
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#news.take();
    this.#isOther = false;
    this.#spent = undefined;
    this.#conversation = conversation;
    const parts = partsOf(conversation);
    this.#holdAll(new Set(parts.flatMap(({ runId }) => runId ?? [])));
    this.#tell(this.#shown.replace(parts));
    this.changed.emit();
  }

  #tell(patch: Patch | undefined): void {
    if (patch !== undefined) {
      this.patched.emit(patch);
    }
  }

  #holdAll(runs: ReadonlySet<string>): void {
    for (const runId of runs) {
      this.#hold(runId);
    }
    for (const [runId, held] of this.#held) {
      if (!runs.has(runId)) {
        held.dispose();
        this.#held.delete(runId);
      }
    }
  }

  #hold(runId: string): void {
    if (!this.#held.has(runId)) {
      this.#held.set(runId, this.#runs.hold(runId));
    }
  }
}
